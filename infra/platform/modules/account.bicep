// A storage account of the platform: no keys, no anonymous readers, TLS, reached through private endpoints. Only the
// airlock's can be reached from outside too, from the ranges that are given.
metadata description = 'A storage account without keys, behind private endpoints.'

param location string
param tags object

@minLength(3)
@maxLength(24)
param name string

@allowed(['Standard_LRS', 'Standard_ZRS'])
param redundancy string

@description('Services that are used, each by a private endpoint of its own: blob, queue, table.')
param services string[]

@description('Containers that nobody but this deployment may make.')
param containers string[]

param subnetId string

@description('Private DNS zones by service.')
param zoneIds object

param logId string

@description('Storage account that reads, writes and deletes of blobs are also written to. Empty: none.')
param auditId string = ''

@description('AzureServices: services of Azure that Azure trusts come in by their identities. None: they do not.')
@allowed(['AzureServices', 'None'])
param bypass string = 'None'

@description('Whether the account is reached from outside at all.')
param outside bool = false

@description('Whether it is reached from anywhere, where it is reached from outside.')
param anywhere bool = false

@description('Public ranges that it is reached from, where it is reached from outside.')
param admittedRanges string[] = []

@description('Whether Defender for Storage scans here.')
param scanned bool = false

@description('Origins of pages that upload.')
param origins string[] = []

@description('Days for which a deleted container can be had back.')
param containerRetention int = 7

// Storage takes a single address without its /32.
// https://learn.microsoft.com/azure/storage/common/storage-network-security-ip-address-range
var addresses = map(admittedRanges, range => endsWith(range, '/32') ? split(range, '/')[0] : range)
// Defender adds this rule itself; left out here, the next update would take it away and scanning would end.
var scanner = {
  tenantId: tenant().tenantId
  resourceId: '${subscription().id}/providers/Microsoft.Security/datascanners/StorageDataScanner'
}

resource account 'Microsoft.Storage/storageAccounts@2025-08-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: redundancy }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    // What "copy from URL" fetches has to lie behind a private endpoint, or in the tenant where links come from outside.
    allowedCopyScope: outside ? 'AAD' : 'PrivateLink'
    defaultToOAuthAuthentication: true
    isHnsEnabled: false
    isLocalUserEnabled: false
    isNfsV3Enabled: false
    isSftpEnabled: false
    minimumTlsVersion: 'TLS1_2'
    publicNetworkAccess: outside ? 'Enabled' : 'Disabled'
    supportsHttpsTrafficOnly: true
    encryption: {
      keySource: 'Microsoft.Storage'
      requireInfrastructureEncryption: true
      // These can be chosen only when the account is made, and keys of your own need them.
      services: {
        blob: { enabled: true, keyType: 'Account' }
        file: { enabled: true, keyType: 'Account' }
        queue: { enabled: true, keyType: 'Account' }
        table: { enabled: true, keyType: 'Account' }
      }
    }
    networkAcls: {
      bypass: bypass
      defaultAction: outside && anywhere ? 'Allow' : 'Deny'
      ipRules: outside && !anywhere ? map(addresses, a => { value: a, action: 'Allow' }) : []
      resourceAccessRules: scanned ? [scanner] : []
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-08-01' = {
  parent: account
  name: 'default'
  properties: {
    // What is purged has to be gone: no versions, no deleted blobs.
    isVersioningEnabled: false
    changeFeed: { enabled: false }
    deleteRetentionPolicy: { enabled: false }
    containerDeleteRetentionPolicy: { enabled: true, days: containerRetention }
    restorePolicy: { enabled: false }
    cors: {
      corsRules: empty(origins)
        ? []
        : [
            {
              allowedOrigins: origins
              allowedMethods: ['GET', 'HEAD', 'PUT', 'OPTIONS']
              allowedHeaders: ['content-type', 'if-match', 'if-none-match', 'x-ms-*']
              exposedHeaders: ['etag', 'x-ms-*']
              maxAgeInSeconds: 3600
            }
          ]
    }
  }

  resource container 'containers' = [
    for c in containers: {
      name: c
      properties: { publicAccess: 'None' }
    }
  ]
}

module endpoint 'endpoint.bicep' = [
  for service in services: {
    name: 'pe-${name}-${service}'
    params: {
      name: 'pe-${name}-${service}'
      location: location
      tags: tags
      subnetId: subnetId
      targetId: account.id
      part: service
      zoneId: zoneIds[service]
    }
  }
]

// Reads, writes and deletes are the only proof of who took what.
resource blobsLog 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: blobs
  name: 'platform-log'
  properties: {
    workspaceId: logId
    logs: [{ categoryGroup: 'allLogs', enabled: true }]
    metrics: [{ category: 'Transaction', enabled: true }]
  }
}

resource blobsAudit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (!empty(auditId)) {
  scope: blobs
  name: 'audit'
  properties: {
    storageAccountId: auditId
    logs: [{ categoryGroup: 'allLogs', enabled: true }]
  }
}

output id string = account.id
