// Desktops in the browser: Apache Guacamole in a container on App Service, in the workspace's network. Whoever opens it
// has signed in with the TRE's identity provider first, and comes from a range that the TRE admits.
metadata name = 'tre-service-guacamole'
metadata description = 'Browser desktops of the machines of a workspace.'

@description('Id of the TRE.')
param tre_id string

@description('Id of the workspace.')
param workspace_id string

@description('Id of this service: the machines that belong to it carry it.')
param resource_id string

@description('Region of the workspace.')
param azure_location string

@description('Twenty characters, fresh each generation: what makes names unique.')
@minLength(20)
@maxLength(20)
param suffix string

@description('Tags of costs.')
param tags object

@description('What the TRE knows of itself: see the table in infra/templates/README.md.')
param platform object

@description('Outputs of the workspace.')
param workspace object

@description('Whether copying text out of a desktop is disabled.')
param guac_disable_copy bool = true

@description('Whether pasting text into a desktop is disabled.')
param guac_disable_paste bool = true

@description('Whether desktops have a drive for files.')
param guac_enable_drive bool = false

@description('Whether downloading files from the drive is disabled.')
param guac_disable_download bool = true

@description('Whether uploading files to the drive is disabled.')
param guac_disable_upload bool = true

@description('Whether the service is reached through the internet, from admitted ranges, or through the core network alone.')
param is_exposed_externally bool = false

@description('Size of the plan.')
@allowed(['P0v3', 'P1v3', 'P1v2', 'S1'])
param app_service_plan_sku string = 'P0v3'

var name = 'guac-${suffix}'
var vault_name = last(split(workspace.key_vault_id, '/'))
var registry_id = platform.?image_registry_id ?? ''

// https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/security
var secrets_user = '4633458b-17de-408a-b874-0445c86b69e6'

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'id-${name}'
  location: azure_location
  tags: tags
}

resource vault 'Microsoft.KeyVault/vaults@2025-05-01' existing = {
  name: vault_name
}

// How a machine is signed in to lies in the workspace's vault; nobody types it.
resource reads_vault 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: vault
  name: guid(vault.id, identity.id, secrets_user)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', secrets_user)
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

module pulls_image 'pull-role.bicep' = if (!empty(registry_id)) {
  scope: resourceGroup(
    empty(registry_id) ? subscription().subscriptionId : split(registry_id, '/')[2],
    empty(registry_id) ? resourceGroup().name : split(registry_id, '/')[4]
  )
  name: 'pull-${suffix}'
  params: {
    registryName: empty(registry_id) ? '' : last(split(registry_id, '/'))
    identityId: identity.id
    principalId: identity.properties.principalId
  }
}

module site 'site.bicep' = {
  name: 'site-${suffix}'
  dependsOn: [reads_vault, pulls_image]
  params: {
    name: name
    location: azure_location
    tags: tags
    sku: app_service_plan_sku
    image: platform.guacamole_image
    pullsByIdentity: !empty(registry_id)
    identityId: identity.id
    identityClientId: identity.properties.clientId
    subnetId: workspace.webapps_subnet_id
    exposed: is_exposed_externally
    admittedRanges: platform.admitted_ranges
    oidc: platform.oidc
    logId: workspace.log_analytics_id
    settings: {
      TRE_ID: tre_id
      WORKSPACE_ID: workspace_id
      SERVICE_ID: resource_id
      KEYVAULT_URL: vault.properties.vaultUri
      GUAC_DISABLE_COPY: toLower(string(guac_disable_copy))
      GUAC_DISABLE_PASTE: toLower(string(guac_disable_paste))
      GUAC_ENABLE_DRIVE: toLower(string(guac_enable_drive))
      GUAC_DISABLE_DOWNLOAD: toLower(string(guac_disable_download))
      GUAC_DISABLE_UPLOAD: toLower(string(guac_disable_upload))
    }
  }
}

// Through the core network, for people who come by VPN or ExpressRoute. Machines have no way to it.
module endpoint '../modules/endpoint.bicep' = if (!is_exposed_externally) {
  name: 'pe-${name}'
  params: {
    name: 'pe-${name}'
    location: platform.?endpoint_location ?? azure_location
    tags: tags
    subnetId: platform.endpoint_subnet_id
    targetId: site.outputs.id
    part: 'sites'
    zoneId: platform.?core_sites_zone_id ?? ''
  }
}

output connection_uri string = site.outputs.uri
output authentication_callback_uri string = '${site.outputs.uri}/.auth/login/aad/callback'
output is_exposed_externally bool = is_exposed_externally
