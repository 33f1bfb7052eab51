// Typical values of system parameters, for the snapshots of all templates. No resource of this name exists anywhere.
metadata description = 'Typical parameters for snapshots.'

// The addresses of public Azure, written out: a snapshot is to be the same everywhere.
#disable-diagnostics no-hardcoded-env-urls

var core = '/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups'
var ids = {
  engine: '00000000-0000-4000-8000-00000000000e'
  front: '00000000-0000-4000-8000-00000000000f'
  signer: '00000000-0000-4000-8000-00000000005a'
}

@export()
var treId = 'heart'

@export()
var location = 'uksouth'

@export()
var workspaceId = '3f0c1d2e-5b6a-4c7d-8e9f-a0b1c2d3e4f5'

@export()
var serviceId = '7a1b2c3d-4e5f-4061-8273-8495a6b7c8d9'

@export()
var userResourceId = '9d8c7b6a-5f4e-4d3c-8b2a-190807060504'

@export()
var ownerId = '00000000-0000-4000-8000-0000000000a1'

@export()
var workspaceSuffix = 'w2w3w4w5w6w7wawbwcwd'

@export()
var serviceSuffix = 's2s3s4s5s6s7sasbscsd'

@export()
var userResourceSuffix = 'u2u3u4u5u6u7uaubucud'

@export()
var platform = {
  endpoint_subnet_id: '${core}/rg-heart/providers/Microsoft.Network/virtualNetworks/vnet-heart/subnets/snet-pe'
  core_blob_zone_id: '${core}/rg-heart/providers/Microsoft.Network/privateDnsZones/privatelink.blob.core.windows.net'
  workspaces_resource_group: 'rg-heart-workspaces'
  workspace_zones: {
    blob: '${core}/rg-heart-workspaces/providers/Microsoft.Network/privateDnsZones/privatelink.blob.core.windows.net'
    file: '${core}/rg-heart-workspaces/providers/Microsoft.Network/privateDnsZones/privatelink.file.core.windows.net'
    vault: '${core}/rg-heart-workspaces/providers/Microsoft.Network/privateDnsZones/privatelink.vaultcore.azure.net'
  }
  front_app_id: '${core}/rg-heart/providers/Microsoft.Web/sites/func-heart-front'
  log_analytics_id: '${core}/rg-heart/providers/Microsoft.OperationalInsights/workspaces/log-heart'
  engine_principal_id: ids.engine
  front_principal_id: ids.front
  signer_principal_id: ids.signer
  signer_role_id: '/subscriptions/11111111-1111-4111-8111-111111111111/providers/Microsoft.Authorization/roleDefinitions/00000000-0000-4000-8000-0000000000d0'
  deadletter_storage_id: '${core}/rg-heart/providers/Microsoft.Storage/storageAccounts/stheartstate'
  deadletter_container: 'deadletters'
  scan_topic_id: '${core}/rg-heart/providers/Microsoft.EventGrid/topics/evgt-heart-scans'
  admitted_ranges: ['192.0.2.0/24', '198.51.100.16/28']
  portal_origin: 'https://tre.example.org'
  oidc: {
    issuer: 'https://login.microsoftonline.com/22222222-2222-4222-8222-222222222222/v2.0'
    client_id: '00000000-0000-4000-8000-0000000000c1'
  }
  guacamole_image: 'registry.example.org/tre/guacamole@sha256:0000000000000000000000000000000000000000000000000000000000000000'
}

@export()
var workspaceTags = {
  tre_id: treId
  tre_workspace_id: workspaceId
}

@export()
var serviceTags = {
  tre_id: treId
  tre_workspace_id: workspaceId
  tre_workspace_service_id: serviceId
}

@export()
var userResourceTags = {
  tre_id: treId
  tre_workspace_id: workspaceId
  tre_workspace_service_id: serviceId
  tre_user_resource_id: userResourceId
}

var group = '${core}/rg-heart-ws-${workspaceSuffix}'
var network = '${group}/providers/Microsoft.Network/virtualNetworks/vnet-${workspaceSuffix}'

@export()
var workspace = {
  resource_group_name: 'rg-heart-ws-${workspaceSuffix}'
  storage_account_name: 'st${workspaceSuffix}'
  key_vault_id: '${group}/providers/Microsoft.KeyVault/vaults/kv-${workspaceSuffix}'
  address_spaces: ['10.2.5.0/24']
  services_subnet_id: '${network}/subnets/snet-services'
  webapps_subnet_id: '${network}/subnets/snet-webapps'
  log_analytics_id: '${group}/providers/Microsoft.OperationalInsights/workspaces/log-${workspaceSuffix}'
  shared_storage_account_id: '${group}/providers/Microsoft.Storage/storageAccounts/stws${workspaceSuffix}'
  shared_storage_account_name: 'stws${workspaceSuffix}'
  shared_storage_host: 'stws${workspaceSuffix}.file.core.windows.net'
  shared_storage_name: 'vm-shared-storage'
}

@export()
var service = {
  connection_uri: 'https://guac-${serviceSuffix}.azurewebsites.net'
}
