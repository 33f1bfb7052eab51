// The keys that every TRE has. Nobody's keys.
using '../main.bicep'

param treId = 'heart'
param cookieKeys = 'of-a-snapshot-only-32-characters'
param tokenKeys = 'of-a-snapshot-only-32-characters'
