// Without the topic of the subscription.
using '../main.bicep'

param treId = 'heart-2'
param generation = '2'
param subscriptionEvents = false
