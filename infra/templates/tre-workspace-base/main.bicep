// The base of a workspace: a closed network, the account that its airlock drafts and deliveries live in, a shared file
// store, a vault and a log, in a resource group of its own. Nothing in it has a public address, and nothing in it can
// reach the core network.
targetScope = 'subscription'

metadata name = 'tre-workspace-base'
metadata description = 'A closed workspace: network, airlock account, shared storage, vault, log.'

@description('Id of the TRE; administrators read it in the names of resources.')
param tre_id string

@description('Region of the workspace.')
param azure_location string

@description('Twenty characters, fresh each generation: what makes names unique.')
@minLength(20)
@maxLength(20)
param suffix string

@description('Resource group to make.')
param resource_group_name string

@description('Ranges of the workspace, as CIDR. The first is halved: machines and endpoints, web apps.')
@minLength(1)
param address_spaces array

@description('Tags of costs.')
param tags object

@description('What the TRE knows of itself: see the table in infra/templates/README.md.')
param platform object

@description('Quota of the shared file store, in GiB.')
@minValue(1)
@maxValue(102400)
param shared_storage_quota int = 50

@description('Redundancy of the shared file store.')
@allowed(['GRS', 'ZRS'])
param storage_account_redundancy string = 'GRS'

@description('Whether the shared file store is backed up, where the platform names a policy of a backup vault.')
param enable_backup bool = true

@description('How much is scanned for malware in a month, in GB; beyond it nothing passes the airlock.')
@minValue(1)
param malware_scanning_cap int = 5000

var zones = platform.workspace_zones

// Names are settled here, before anything is made, so that a snapshot shows them.
var airlock_account = 'st${suffix}'
var shared_account = 'stws${suffix}'
var shared_storage = 'vm-shared-storage'
var backup_policy = enable_backup ? (platform.?backup_policy_id ?? '') : ''

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: resource_group_name
  location: azure_location
  tags: tags
}

module log 'log.bicep' = {
  scope: group
  name: 'log-${suffix}'
  params: {
    location: azure_location
    tags: tags
    suffix: suffix
  }
}

module network 'network.bicep' = {
  scope: group
  name: 'network-${suffix}'
  params: {
    location: azure_location
    tags: tags
    suffix: suffix
    addressSpaces: address_spaces
    logId: log.outputs.id
  }
}

// The zones belong to all workspaces and lie where the platform keeps them.
module links 'links.bicep' = {
  scope: resourceGroup(split(zones.blob, '/')[2], platform.workspaces_resource_group)
  name: 'links-${suffix}'
  params: {
    name: '${tre_id}-ws-${suffix}'
    tags: tags
    zones: zones
    networkId: network.outputs.networkId
  }
}

module airlock 'airlock.bicep' = {
  scope: group
  name: 'airlock-${suffix}'
  params: {
    location: azure_location
    tags: tags
    suffix: suffix
    accountName: airlock_account
    platform: platform
    subnetId: network.outputs.servicesSubnetId
    endpointsGroupId: network.outputs.endpointsGroupId
    logId: log.outputs.id
  }
}

module events 'airlock-events.bicep' = {
  scope: group
  name: 'events-${suffix}'
  dependsOn: [airlock]
  params: {
    location: azure_location
    tags: tags
    suffix: suffix
    platform: platform
    accountName: airlock_account
    scanningCap: malware_scanning_cap
    logId: log.outputs.id
  }
}

module storage 'storage.bicep' = {
  scope: group
  name: 'storage-${suffix}'
  params: {
    location: azure_location
    tags: tags
    suffix: suffix
    accountName: shared_account
    shareName: shared_storage
    redundancy: storage_account_redundancy
    quota: shared_storage_quota
    subnetId: network.outputs.servicesSubnetId
    endpointsGroupId: network.outputs.endpointsGroupId
    zoneId: zones.file
    logId: log.outputs.id
  }
}

module vault 'vault.bicep' = {
  scope: group
  name: 'vault-${suffix}'
  params: {
    location: azure_location
    tags: tags
    suffix: suffix
    subnetId: network.outputs.servicesSubnetId
    endpointsGroupId: network.outputs.endpointsGroupId
    zoneId: zones.vault
    logId: log.outputs.id
  }
}

// A policy's id names its vault, and where that lies: .../resourceGroups/{4}/.../vaults/{8}/backupPolicies/{10}.
module backup 'backup.bicep' = if (!empty(backup_policy)) {
  scope: resourceGroup(
    empty(backup_policy) ? subscription().subscriptionId : split(backup_policy, '/')[2],
    empty(backup_policy) ? resource_group_name : split(backup_policy, '/')[4]
  )
  name: 'backup-${suffix}'
  dependsOn: [storage]
  params: {
    vaultName: empty(backup_policy) ? '' : split(backup_policy, '/')[8]
    policyId: backup_policy
    accountId: resourceId(
      subscription().subscriptionId,
      resource_group_name,
      'Microsoft.Storage/storageAccounts',
      shared_account
    )
    shareName: shared_storage
  }
}

output resource_group_name string = group.name
output storage_account_name string = airlock_account
output storage_account_id string = airlock.outputs.id
output key_vault_id string = vault.outputs.id
output key_vault_uri string = vault.outputs.uri
output address_spaces array = address_spaces
output virtual_network_id string = network.outputs.networkId
output services_subnet_id string = network.outputs.servicesSubnetId
output webapps_subnet_id string = network.outputs.webappsSubnetId
output endpoints_group_id string = network.outputs.endpointsGroupId
output log_analytics_id string = log.outputs.id
output shared_storage_account_id string = storage.outputs.id
output shared_storage_account_name string = shared_account
output shared_storage_host string = '${shared_account}.file.${environment().suffixes.storage}'
output shared_storage_name string = shared_storage
