// The workspace's vault: what its machines and services keep secret. Rights on it are roles; its name stays taken after
// it is deleted, which is why names carry a fresh suffix.
metadata description = 'The vault of the workspace.'

param location string
param tags object
@minLength(20)
param suffix string
param subnetId string
param endpointsGroupId string
param zoneId string
param logId string

resource vault 'Microsoft.KeyVault/vaults@2025-05-01' = {
  name: 'kv-${suffix}'
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enablePurgeProtection: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 90
    enabledForDeployment: false
    enabledForDiskEncryption: false
    enabledForTemplateDeployment: false
    publicNetworkAccess: 'Disabled'
    networkAcls: { bypass: 'None', defaultAction: 'Deny' }
  }
}

module endpoint '../modules/endpoint.bicep' = {
  name: 'pe-vault-${suffix}'
  params: {
    name: 'pe-vault-${suffix}'
    location: location
    tags: tags
    subnetId: subnetId
    targetId: vault.id
    part: 'vault'
    zoneId: zoneId
    securityGroupIds: [endpointsGroupId]
  }
}

resource vaultLog 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: vault
  name: 'workspace-log'
  properties: {
    workspaceId: logId
    logs: [{ categoryGroup: 'allLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

output id string = vault.id
output uri string = vault.properties.vaultUri
