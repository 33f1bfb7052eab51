// A password of the mail server and a secret of the portal's registration beside them.
using '../main.bicep'

param treId = 'heart-2'
param generation = '2'
param cookieKeys = 'of-a-snapshot-only-32-characters'
param tokenKeys = 'of-a-snapshot-only-32-characters'
param mailSignIn = true
param smtpPassword = 'of-a-snapshot'
param confidential = true
param clientSecret = 'of-a-snapshot'
