// The file store that the workspace's machines share. Machines sign in with their own identities; it has no keys.
metadata description = 'The shared file store of the workspace.'

param location string
param tags object
param suffix string

@minLength(3)
param accountName string

@minLength(3)
param shareName string

@description('GRS or ZRS.')
param redundancy string

@description('Quota of the share, in GiB.')
param quota int

param subnetId string
param endpointsGroupId string
param zoneId string
param logId string

resource account 'Microsoft.Storage/storageAccounts@2025-08-01' = {
  name: accountName
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: 'Standard_${redundancy}' }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    allowedCopyScope: 'PrivateLink'
    azureFilesIdentityBasedAuthentication: {
      directoryServiceOptions: 'None'
      smbOAuthSettings: { isSmbOAuthEnabled: true }
    }
    defaultToOAuthAuthentication: true
    isHnsEnabled: false
    isLocalUserEnabled: false
    isNfsV3Enabled: false
    isSftpEnabled: false
    largeFileSharesState: 'Enabled'
    minimumTlsVersion: 'TLS1_2'
    publicNetworkAccess: 'Disabled'
    supportsHttpsTrafficOnly: true
    encryption: {
      keySource: 'Microsoft.Storage'
      requireInfrastructureEncryption: true
      services: { file: { enabled: true, keyType: 'Account' } }
    }
    networkAcls: { bypass: 'None', defaultAction: 'Deny' }
  }
}

resource files 'Microsoft.Storage/storageAccounts/fileServices@2025-08-01' = {
  parent: account
  name: 'default'
  properties: {
    protocolSettings: {
      smb: {
        versions: 'SMB3.1.1'
        authenticationMethods: 'Kerberos'
        kerberosTicketEncryption: 'AES-256'
        channelEncryption: 'AES-256-GCM'
      }
    }
    shareDeleteRetentionPolicy: { enabled: true, days: 7 }
  }
}

resource share 'Microsoft.Storage/storageAccounts/fileServices/shares@2025-08-01' = {
  parent: files
  name: shareName
  properties: {
    accessTier: 'TransactionOptimized'
    enabledProtocols: 'SMB'
    shareQuota: quota
  }
}

module endpoint '../modules/endpoint.bicep' = {
  name: 'pe-storage-${suffix}'
  params: {
    name: 'pe-storage-${suffix}'
    location: location
    tags: tags
    subnetId: subnetId
    targetId: account.id
    part: 'file'
    zoneId: zoneId
    securityGroupIds: [endpointsGroupId]
  }
}

resource filesLog 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: files
  name: 'workspace-log'
  properties: {
    workspaceId: logId
    logs: [{ categoryGroup: 'allLogs', enabled: true }]
    metrics: [{ category: 'Transaction', enabled: true }]
  }
}

output id string = account.id
