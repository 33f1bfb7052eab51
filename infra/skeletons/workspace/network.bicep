// The workspace's network, closed both ways: a service opens what it needs by rules of its own.
metadata description = 'Network, subnet and rules.'

param location string
param tags object
param suffix string

@description('Ranges as CIDR.')
param addressSpaces array

resource rules 'Microsoft.Network/networkSecurityGroups@2025-05-01' = {
  name: 'nsg-${suffix}'
  location: location
  tags: tags
  properties: {
    securityRules: [
      for direction in ['Inbound', 'Outbound']: {
        name: 'deny-${toLower(direction)}'
        properties: {
          priority: 4096
          direction: direction
          access: 'Deny'
          protocol: '*'
          sourceAddressPrefix: '*'
          sourcePortRange: '*'
          destinationAddressPrefix: '*'
          destinationPortRange: '*'
        }
      }
    ]
  }
}

resource network 'Microsoft.Network/virtualNetworks@2025-05-01' = {
  name: 'vnet-${suffix}'
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: addressSpaces }
    subnets: [
      {
        name: 'snet-services'
        properties: {
          addressPrefix: addressSpaces[0]
          networkSecurityGroup: { id: rules.id }
          defaultOutboundAccess: false
        }
      }
    ]
  }
}

output networkId string = network.id
