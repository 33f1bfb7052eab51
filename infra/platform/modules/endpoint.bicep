// A private endpoint with its DNS record; its network card is named, so that nothing it makes has a name of chance.
metadata description = 'One private endpoint and the record in its zone.'

@description('Name of the endpoint; its network card is named after it.')
param name string

param location string
param tags object

@description('Subnet that the endpoint stands in.')
param subnetId string

@description('Resource that the endpoint leads to.')
param targetId string

@description('What of the resource: blob, queue, table, vault, topic.')
param part string

@description('Private DNS zone that gets the record.')
param zoneId string

resource endpoint 'Microsoft.Network/privateEndpoints@2025-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    subnet: { id: subnetId }
    customNetworkInterfaceName: 'nic-${name}'
    privateLinkServiceConnections: [
      {
        name: name
        properties: {
          privateLinkServiceId: targetId
          groupIds: [part]
        }
      }
    ]
  }
}

resource record 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2025-05-01' = {
  parent: endpoint
  name: 'default'
  properties: {
    privateDnsZoneConfigs: [
      {
        name: part
        properties: { privateDnsZoneId: zoneId }
      }
    ]
  }
}
