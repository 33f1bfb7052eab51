// A vault of the platform. Rights on it are roles; what is asked of it is logged, and kept where nobody changes it.
metadata description = 'A Key Vault behind a private endpoint.'

param location string
param tags object

@maxLength(24)
param name string

@description('Whether Azure Resource Manager may read secrets that a deployment refers to.')
param forDeployments bool

param subnetId string
param zoneId string
param logId string
param auditId string

resource vault 'Microsoft.KeyVault/vaults@2025-05-01' = {
  name: name
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
    enabledForTemplateDeployment: forDeployments
    // Closed; Resource Manager is let in as a service that Azure trusts, for nothing but references.
    // https://learn.microsoft.com/azure/key-vault/general/overview-vnet-service-endpoints#trusted-services
    publicNetworkAccess: 'Disabled'
    networkAcls: { bypass: forDeployments ? 'AzureServices' : 'None', defaultAction: 'Deny' }
  }
}

module endpoint 'endpoint.bicep' = {
  name: 'pe-${name}'
  params: {
    name: 'pe-${name}'
    location: location
    tags: tags
    subnetId: subnetId
    targetId: vault.id
    part: 'vault'
    zoneId: zoneId
  }
}

resource vaultLog 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: vault
  name: 'platform-log'
  properties: {
    workspaceId: logId
    logs: [{ categoryGroup: 'allLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

resource vaultAudit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: vault
  name: 'audit'
  properties: {
    storageAccountId: auditId
    logs: [{ category: 'AuditEvent', enabled: true }]
  }
}

output id string = vault.id
