// Where the records of who read, wrote and deleted lie so that nobody changes them: Azure Monitor appends, and until its
// time is over nothing is deleted. The policy is made unlocked; docs/deploy.md says how to lock it for good.
metadata description = 'Containers of resource logs that cannot be changed, and when they go.'

param accountName string

@description('Days for which a record cannot be changed or deleted.')
param retention int

// Azure Monitor names the containers after the categories of logs.
// https://learn.microsoft.com/azure/azure-monitor/essentials/resource-logs#send-to-azure-storage
var categories = ['storageread', 'storagewrite', 'storagedelete', 'auditevent']

resource account 'Microsoft.Storage/storageAccounts@2025-08-01' existing = {
  name: accountName

  resource blobs 'blobServices' existing = {
    name: 'default'
  }
}

resource container 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-08-01' = [
  for category in categories: {
    parent: account::blobs
    name: 'insights-logs-${category}'
    properties: { publicAccess: 'None' }
  }
]

// https://learn.microsoft.com/azure/storage/blobs/immutable-time-based-retention-policy-overview#allow-protected-append-blobs-writes
resource policy 'Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies@2025-08-01' = [
  for (category, i) in categories: {
    parent: container[i]
    name: 'default'
    properties: {
      immutabilityPeriodSinceCreationInDays: retention
      allowProtectedAppendWrites: true
    }
  }
]

resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2025-08-01' = {
  parent: account
  name: 'default'
  properties: {
    policy: {
      rules: [
        {
          name: 'gone-after-retention'
          enabled: true
          type: 'Lifecycle'
          definition: {
            filters: { blobTypes: ['appendBlob'], prefixMatch: ['insights-logs-'] }
            actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: retention + 1 } } }
          }
        }
      ]
    }
  }
}
