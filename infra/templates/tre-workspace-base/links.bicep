// Makes the workspaces' private DNS zones known in the workspace's network. A name without a record in them does not
// exist there: that keeps accounts with endpoints elsewhere, the airlock above all, out of reach.
metadata description = 'Links of the workspace network to the private DNS zones of all workspaces.'

@description('Name of each link.')
param name string

param tags object

@description('Zones by what they are for: blob, file, vault. All lie in this resource group.')
param zones object

param networkId string

var names = map(items(zones), z => last(split(z.value, '/')))

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' existing = [
  for n in names: {
    name: n
  }
]

resource link 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (n, i) in names: {
    parent: zone[i]
    name: name
    location: 'global'
    tags: tags
    properties: {
      registrationEnabled: false
      resolutionPolicy: 'Default'
      virtualNetwork: { id: networkId }
    }
  }
]
