targetScope = 'subscription'
@minLength(3)
param tre_id string
param suffix string
param location string = deployment().location
param address_spaces array = ['10.1.0.0/24']
param enable_backup bool = false
@secure()
param admin_password string
param tags object = {}
param platform object
output zone string = platform.zones.blob
var rg = 'rg-${tre_id}-ws-${suffix}'
var merged = union(tags, {kind: 'workspace'})
resource group 'Microsoft.Resources/resourceGroups@2024-03-01' = {
  name: rg
  location: location
  tags: merged
}
module net 'net.bicep' = {
  scope: group
  params: { prefix: address_spaces[0], suffix: suffix, tags: merged, pw: admin_password }
}
module extra 'extra.bicep' = if (enable_backup) {
  scope: group
  params: { vnet: net.outputs.vnet }
}
output resource_group_name string = group.name
output vnet string = net.outputs.vnet
output subnets array = net.outputs.subnets
output uri string = net.outputs.uri
output halves array = [for i in range(0, 2): cidrSubnet(address_spaces[0], 25, i)]
