// Who hears of which event. Event Grid looks for the functions when a subscription is made, so that this comes after the
// package, and stays as it is when a new one follows. What an event leads to is in functions/.
targetScope = 'subscription'

metadata name = 'tre-platform-events'
metadata description = 'Event subscriptions of a TRE, and the right to put aside what could not be delivered.'

import { namesOf } from '../names.bicep'

@description('As of the platform.')
@minLength(2)
@maxLength(32)
param treId string

@description('As of the platform.')
param generation string = ''

@description('As of the platform: whether there is a topic of the subscription.')
param subscriptionEvents bool = true

var name = namesOf(treId, subscription().subscriptionId, generation)

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' existing = {
  name: name.group
}

module subscriptions 'subscriptions.bicep' = {
  scope: group
  name: 'events'
  params: {
    name: name
    subscriptionEvents: subscriptionEvents
  }
}
