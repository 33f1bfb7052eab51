metadata description = 'Event subscriptions, each with a place for what cannot be delivered.'

import { names } from '../names.bicep'
import { roles } from '../roles.bicep'

param name names
param subscriptionEvents bool

var deadletters = 'deadletters'

resource state 'Microsoft.Storage/storageAccounts@2025-08-01' existing = {
  name: name.state

  resource blobs 'blobServices' existing = {
    name: 'default'

    resource letters 'containers' existing = {
      name: deadletters
    }
  }
}

resource front 'Microsoft.Web/sites@2025-03-01' existing = {
  name: name.front
}

resource ownTopic 'Microsoft.EventGrid/topics@2025-02-15' existing = {
  name: name.ownTopic
}

resource scanTopic 'Microsoft.EventGrid/topics@2025-02-15' existing = {
  name: name.scanTopic
}

resource airlockTopic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = {
  name: name.airlockTopic
}

resource subscriptionTopic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = if (subscriptionEvents) {
  name: name.subscriptionTopic
}

// Into a function of the front, one event a call. What it is not given for a day is put aside.
func into(app string, function string) object => {
  endpointType: 'AzureFunction'
  properties: {
    resourceId: '${app}/functions/${function}'
    maxEventsPerBatch: 1
    preferredBatchSizeInKilobytes: 64
  }
}

var retry = {
  maxDeliveryAttempts: 30
  eventTimeToLiveInMinutes: 1440
}

func aside(account string, container string) object => {
  identity: { type: 'SystemAssigned' }
  deadLetterDestination: {
    endpointType: 'StorageBlob'
    properties: {
      resourceId: account
      blobContainerName: container
    }
  }
}

// Event Grid writes what it could not deliver by each topic's own identity: the account has no keys.
resource ownRight 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: state::blobs::letters
  name: guid(state::blobs::letters.id, name.ownTopic)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.blobDataContributor)
    principalId: ownTopic.identity.principalId
    principalType: 'ServicePrincipal'
  }
}

resource scanRight 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: state::blobs::letters
  name: guid(state::blobs::letters.id, name.scanTopic)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.blobDataContributor)
    principalId: scanTopic.identity.principalId
    principalType: 'ServicePrincipal'
  }
}

resource airlockRight 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: state::blobs::letters
  name: guid(state::blobs::letters.id, name.airlockTopic)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.blobDataContributor)
    principalId: airlockTopic.identity.principalId
    principalType: 'ServicePrincipal'
  }
}

resource subscriptionRight 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (subscriptionEvents) {
  scope: state::blobs::letters
  name: guid(state::blobs::letters.id, name.subscriptionTopic)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.blobDataContributor)
    principalId: subscriptionTopic!.identity.principalId
    principalType: 'ServicePrincipal'
  }
}

resource blobcreated 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = {
  parent: airlockTopic
  name: 'blobcreated'
  dependsOn: [airlockRight]
  properties: {
    eventDeliverySchema: 'EventGridSchema'
    destination: into(front.id, 'blobcreated')
    filter: {
      includedEventTypes: ['Microsoft.Storage.BlobCreated']
      // Sealed, released and rescanned files are the engine's own doing.
      subjectBeginsWith: '/blobServices/default/containers/draft-'
    }
    retryPolicy: retry
    deadLetterWithResourceIdentity: aside(state.id, deadletters)
  }
}

resource blobscanned 'Microsoft.EventGrid/topics/eventSubscriptions@2025-02-15' = {
  parent: scanTopic
  name: 'blobscanned'
  dependsOn: [scanRight]
  properties: {
    eventDeliverySchema: 'EventGridSchema'
    destination: into(front.id, 'blobscanned')
    filter: { includedEventTypes: ['Microsoft.Security.MalwareScanningResult'] }
    retryPolicy: retry
    deadLetterWithResourceIdentity: aside(state.id, deadletters)
  }
}

resource airlockchanged 'Microsoft.EventGrid/topics/eventSubscriptions@2025-02-15' = {
  parent: ownTopic
  name: 'airlockchanged'
  dependsOn: [ownRight]
  properties: {
    eventDeliverySchema: 'EventGridSchema'
    destination: into(front.id, 'airlockchanged')
    filter: { includedEventTypes: ['statusChanged'] }
    retryPolicy: retry
    deadLetterWithResourceIdentity: aside(state.id, deadletters)
  }
}

resource workspacerequested 'Microsoft.EventGrid/topics/eventSubscriptions@2025-02-15' = {
  parent: ownTopic
  name: 'workspacerequested'
  dependsOn: [ownRight]
  properties: {
    eventDeliverySchema: 'EventGridSchema'
    destination: into(front.id, 'workspacerequested')
    filter: { includedEventTypes: ['WorkspaceRequested'] }
    retryPolicy: retry
    deadLetterWithResourceIdentity: aside(state.id, deadletters)
  }
}

resource armchanged 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = if (subscriptionEvents) {
  parent: subscriptionTopic
  name: 'armchanged'
  dependsOn: [subscriptionRight]
  properties: {
    eventDeliverySchema: 'EventGridSchema'
    destination: into(front.id, 'armchanged')
    filter: {
      // Ends alone; beginnings say nothing that the engine does not know.
      // https://learn.microsoft.com/azure/event-grid/event-schema-subscriptions
      includedEventTypes: flatten(map(
        ['Write', 'Delete', 'Action'],
        what => map(['Success', 'Failure', 'Cancel'], end => 'Microsoft.Resources.Resource${what}${end}')
      ))
      advancedFilters: [
        {
          operatorType: 'StringBeginsWith'
          key: 'data.operationName'
          values: ['Microsoft.Resources/deploymentStacks/']
        }
      ]
    }
    retryPolicy: retry
    deadLetterWithResourceIdentity: aside(state.id, deadletters)
  }
}
