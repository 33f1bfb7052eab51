// Private DNS zones. There are two of the same name, in two groups: a zone holds one address for a name, and an account of
// a workspace has an endpoint in the core network and one in its own.
// https://learn.microsoft.com/azure/private-link/private-endpoint-dns
metadata description = 'Private DNS zones, linked to a network if one is given.'

param tags object

@description('Names of the zones.')
param names string[]

@description('Whether a network resolves by them from the start; workspaces link their own.')
param linked bool

@description('That network.')
param networkId string = ''

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for n in names: {
    name: n
    location: 'global'
    tags: tags
  }
]

resource link 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (n, i) in names: if (linked) {
    parent: zone[i]
    name: 'core'
    location: 'global'
    tags: tags
    properties: {
      registrationEnabled: false
      resolutionPolicy: 'Default'
      virtualNetwork: { id: networkId }
    }
  }
]
