// What is told about the airlock account: every file that is dropped goes to the front app, every verdict on malware to
// the topic of verdicts. A source has one system topic, and Defender makes one where there is none: ours comes first.
metadata description = 'Events and malware scanning of the airlock account.'

param location string
param tags object
@minLength(20)
param suffix string
param platform object
param accountName string

@description('How much is scanned in a month, in GB.')
param scanningCap int

param logId string

var deadletters = platform.deadletter_container

resource account 'Microsoft.Storage/storageAccounts@2025-08-01' existing = {
  name: accountName
}

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: 'evgt-airlock-${suffix}'
  location: location
  tags: tags
  identity: { type: 'SystemAssigned' }
  properties: {
    source: account.id
    topicType: 'Microsoft.Storage.StorageAccounts'
  }
}

// Event Grid writes what it could not deliver by the topic's own identity: the state account has no keys.
module deadletterRole 'deadletter-role.bicep' = {
  scope: resourceGroup(split(platform.deadletter_storage_id, '/')[2], split(platform.deadletter_storage_id, '/')[4])
  name: 'deadletters-${suffix}'
  params: {
    accountName: last(split(platform.deadletter_storage_id, '/'))
    containerName: deadletters
    topicId: topic.id
    principalId: topic.identity.principalId
  }
}

resource dropped 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = {
  parent: topic
  name: 'blobcreated'
  dependsOn: [deadletterRole]
  properties: {
    eventDeliverySchema: 'EventGridSchema'
    destination: {
      endpointType: 'AzureFunction'
      properties: {
        resourceId: '${platform.front_app_id}/functions/blobcreated'
        maxEventsPerBatch: 1
        preferredBatchSizeInKilobytes: 64
      }
    }
    filter: {
      includedEventTypes: ['Microsoft.Storage.BlobCreated']
      subjectBeginsWith: '/blobServices/default/containers/draft-'
    }
    retryPolicy: {
      maxDeliveryAttempts: 30
      eventTimeToLiveInMinutes: 1440
    }
    deadLetterWithResourceIdentity: {
      identity: { type: 'SystemAssigned' }
      deadLetterDestination: {
        endpointType: 'StorageBlob'
        properties: {
          resourceId: platform.deadletter_storage_id
          blobContainerName: deadletters
        }
      }
    }
  }
}

// Drafts and rescan copies are scanned; sealed and released files carry the verdict of the draft they are copies of.
resource defender 'Microsoft.Security/defenderForStorageSettings@2025-06-01' = {
  scope: account
  name: 'current'
  dependsOn: [dropped]
  properties: {
    isEnabled: true
    overrideSubscriptionLevelSettings: true
    malwareScanning: {
      onUpload: {
        isEnabled: true
        capGBPerMonth: scanningCap
        filters: { excludeBlobsWithPrefix: ['sealed-', 'released-'] }
      }
      scanResultsEventGridTopicResourceId: platform.scan_topic_id
      // Index tags are not proof against tampering. A malicious file is the engine's to purge: an automated response,
      // such as soft delete, is not asked for, and is off unless it is.
      blobScanResultsOptions: 'None'
    }
    sensitiveDataDiscovery: { isEnabled: false }
  }
}

resource topicLog 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: topic
  name: 'workspace-log'
  properties: {
    workspaceId: logId
    logs: [{ categoryGroup: 'allLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}
