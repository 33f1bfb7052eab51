// A workspace: a resource group with a closed network. It has no airlock; infra/templates/tre-workspace-base shows what
// one needs, and that a workspace with an airlock has the output storage_account_name.
targetScope = 'subscription'

@description('Region of the workspace.')
param azure_location string

@description('Twenty characters, fresh each generation: what makes names unique.')
@minLength(20)
@maxLength(20)
param suffix string

@description('Resource group to make.')
param resource_group_name string

@description('Ranges of the workspace, as CIDR.')
@minLength(1)
param address_spaces array

@description('Tags of costs.')
param tags object

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: resource_group_name
  location: azure_location
  tags: tags
}

module network 'network.bicep' = {
  scope: group
  name: 'network-${suffix}'
  params: {
    location: azure_location
    tags: tags
    suffix: suffix
    addressSpaces: address_spaces
  }
}

output resource_group_name string = group.name
output address_spaces array = address_spaces
output network_id string = network.outputs.networkId
