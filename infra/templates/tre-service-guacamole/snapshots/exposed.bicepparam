// Through the internet from the admitted ranges, with pasting allowed, and the image in a private registry.
using '../main.bicep'
import * as typical from '../../typical.bicep'

param tre_id = typical.treId
param workspace_id = typical.workspaceId
param resource_id = typical.serviceId
param azure_location = typical.location
param suffix = typical.serviceSuffix
param tags = typical.serviceTags
param platform = union(typical.platform, {
  image_registry_id: '/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg-heart/providers/Microsoft.ContainerRegistry/registries/crheart'
})
param workspace = typical.workspace
param is_exposed_externally = true
param guac_disable_paste = false
param app_service_plan_sku = 'P1v3'
