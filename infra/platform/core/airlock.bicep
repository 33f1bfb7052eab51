// What is told about the airlock account: Event Grid's topic for what is dropped, and the scanner. A source has one system
// topic, and Defender makes one where there is none: ours comes first.
metadata description = 'System topic and malware scanning of the airlock account.'

param location string
param tags object
param accountName string
param topicName string

@description('Topic that verdicts go to.')
param scanTopicId string

@description('How much is scanned in a month, in GB. Beyond it nothing passes.')
param scanningCap int

param logId string

resource account 'Microsoft.Storage/storageAccounts@2025-08-01' existing = {
  name: accountName
}

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: topicName
  location: location
  tags: tags
  identity: { type: 'SystemAssigned' }
  properties: {
    source: account.id
    topicType: 'Microsoft.Storage.StorageAccounts'
  }
}

// Drafts and rescan copies are scanned; sealed and released files carry the verdict of the draft they are copies of.
resource defender 'Microsoft.Security/defenderForStorageSettings@2025-06-01' = {
  scope: account
  name: 'current'
  dependsOn: [topic]
  properties: {
    isEnabled: true
    overrideSubscriptionLevelSettings: true
    malwareScanning: {
      onUpload: {
        isEnabled: true
        capGBPerMonth: scanningCap
        filters: { excludeBlobsWithPrefix: ['sealed-', 'released-'] }
      }
      scanResultsEventGridTopicResourceId: scanTopicId
      // Index tags are not proof against tampering. A malicious file is the engine's to purge.
      blobScanResultsOptions: 'None'
    }
    sensitiveDataDiscovery: { isEnabled: false }
  }
}

resource topicLog 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: topic
  name: 'platform-log'
  properties: {
    workspaceId: logId
    logs: [{ categoryGroup: 'allLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

output topicId string = topic.id
