// A private endpoint with its DNS record, tagged; its network card is named, so that nothing it makes has a name of chance.
metadata description = 'One private endpoint and, where a zone is given, the record in it.'

@description('Name of the endpoint; its network card is named after it.')
param name string

@description('Region of the network that the endpoint stands in.')
param location string

@description('Tags of costs.')
param tags object

@description('Subnet that the endpoint stands in.')
param subnetId string

@description('Resource that the endpoint leads to.')
param targetId string

@description('What of the resource: blob, file, vault, sites.')
param part string

@description('Private DNS zone that gets the record. Empty: no record.')
param zoneId string

@description('Application security groups that rules of the network know the endpoint by; none in a network of others.')
param securityGroupIds array = []

resource endpoint 'Microsoft.Network/privateEndpoints@2025-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    subnet: { id: subnetId }
    customNetworkInterfaceName: 'nic-${name}'
    applicationSecurityGroups: [for id in securityGroupIds: { id: id }]
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

resource record 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2025-05-01' = if (!empty(zoneId)) {
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
