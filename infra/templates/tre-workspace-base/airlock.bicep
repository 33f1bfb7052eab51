// The account that the workspace's airlock drafts (exports) and deliveries (imports) live in. It has two private
// endpoints: one here, for researchers, and one in the core network, where the engine copies across the boundary:
// caller, source and destination of a copy have to meet in one network.
metadata description = 'The airlock account of the workspace.'

param location string
param tags object
param suffix string

@minLength(3)
param accountName string

param platform object
param subnetId string
param endpointsGroupId string
param logId string

// https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/storage
var blobDataOwner = 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'

resource account 'Microsoft.Storage/storageAccounts@2025-08-01' = {
  name: accountName
  location: location
  tags: tags
  kind: 'StorageV2'
  // What lies here is on its way; copies in another region would outlive the promise that it is purged.
  sku: { name: 'Standard_LRS' }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    // "Copy from URL" would otherwise fetch anything from anywhere into the workspace.
    allowedCopyScope: 'PrivateLink'
    defaultToOAuthAuthentication: true
    isHnsEnabled: false
    isLocalUserEnabled: false
    isNfsV3Enabled: false
    isSftpEnabled: false
    minimumTlsVersion: 'TLS1_2'
    publicNetworkAccess: 'Disabled'
    supportsHttpsTrafficOnly: true
    encryption: {
      keySource: 'Microsoft.Storage'
      requireInfrastructureEncryption: true
      services: { blob: { enabled: true, keyType: 'Account' } }
    }
    networkAcls: {
      bypass: 'None'
      defaultAction: 'Deny'
      // Defender adds this rule itself; left out here, the next update would take it away and scanning would end.
      resourceAccessRules: [
        {
          tenantId: tenant().tenantId
          resourceId: '${subscription().id}/providers/Microsoft.Security/datascanners/StorageDataScanner'
        }
      ]
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-08-01' = {
  parent: account
  name: 'default'
  properties: {
    // What is purged has to be gone: no versions, no deleted blobs. A deleted container can be had back for a week.
    isVersioningEnabled: false
    changeFeed: { enabled: false }
    deleteRetentionPolicy: { enabled: false }
    containerDeleteRetentionPolicy: { enabled: true, days: 7 }
    restorePolicy: { enabled: false }
  }
}

module workspaceEndpoint '../modules/endpoint.bicep' = {
  name: 'pe-airlock-${suffix}'
  params: {
    name: 'pe-airlock-${suffix}'
    location: location
    tags: tags
    subnetId: subnetId
    targetId: account.id
    part: 'blob'
    zoneId: platform.workspace_zones.blob
    securityGroupIds: [endpointsGroupId]
  }
}

module coreEndpoint '../modules/endpoint.bicep' = {
  name: 'pe-airlock-core-${suffix}'
  params: {
    name: 'pe-airlock-core-${suffix}'
    location: platform.?endpoint_location ?? location
    tags: tags
    subnetId: platform.endpoint_subnet_id
    targetId: account.id
    part: 'blob'
    zoneId: platform.core_blob_zone_id
  }
}

resource engine 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: account
  name: guid(account.id, 'engine', platform.engine_principal_id)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobDataOwner)
    principalId: platform.engine_principal_id
    principalType: 'ServicePrincipal'
  }
}

// A link can do no more than who signed it: the signer's role has no delete.
resource signer 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: account
  name: guid(account.id, 'signer', platform.signer_principal_id)
  properties: {
    roleDefinitionId: platform.signer_role_id
    principalId: platform.signer_principal_id
    principalType: 'ServicePrincipal'
  }
}

// Reads, writes and deletes are the only proof of who took what.
resource blobsLog 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: blobs
  name: 'workspace-log'
  properties: {
    workspaceId: logId
    logs: [{ categoryGroup: 'allLogs', enabled: true }]
    metrics: [{ category: 'Transaction', enabled: true }]
  }
}

output id string = account.id
