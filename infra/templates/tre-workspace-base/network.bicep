// The workspace's network: closed both ways, peered with nothing. Machines reach the private endpoints, web apps reach
// machines and endpoints, and web apps reach Entra to check who signs in. All else is denied.
metadata description = 'Network, subnets and their rules.'

param location string
param tags object
@minLength(20)
param suffix string

@description('Ranges as CIDR; the first is halved.')
param addressSpaces array

param logId string

var half = parseCidr(addressSpaces[0]).cidr + 1
var services = cidrSubnet(addressSpaces[0], half, 0)
var webapps = cidrSubnet(addressSpaces[0], half, 1)

// What no other rule allows. Azure's own default rules would let a network talk within itself and to the internet.
var deny = [
  {
    name: 'deny-inbound'
    properties: {
      priority: 4096
      direction: 'Inbound'
      access: 'Deny'
      protocol: '*'
      sourceAddressPrefix: '*'
      sourcePortRange: '*'
      destinationAddressPrefix: '*'
      destinationPortRange: '*'
    }
  }
  {
    name: 'deny-outbound'
    properties: {
      priority: 4096
      direction: 'Outbound'
      access: 'Deny'
      protocol: '*'
      sourceAddressPrefix: '*'
      sourcePortRange: '*'
      destinationAddressPrefix: '*'
      destinationPortRange: '*'
    }
  }
]

// Private endpoints are known by this group, not by address: they share the subnet with machines.
resource endpoints 'Microsoft.Network/applicationSecurityGroups@2025-05-01' = {
  name: 'asg-endpoints-${suffix}'
  location: location
  tags: tags
}

resource servicesRules 'Microsoft.Network/networkSecurityGroups@2025-05-01' = {
  name: 'nsg-services-${suffix}'
  location: location
  tags: tags
  properties: {
    securityRules: concat(
      [
        {
          name: 'desktops-from-webapps'
          properties: {
            priority: 100
            direction: 'Inbound'
            access: 'Allow'
            protocol: 'Tcp'
            sourceAddressPrefix: webapps
            sourcePortRange: '*'
            destinationAddressPrefix: services
            destinationPortRanges: ['22', '3389']
          }
        }
        {
          name: 'endpoints-from-workspace'
          properties: {
            priority: 110
            direction: 'Inbound'
            access: 'Allow'
            protocol: 'Tcp'
            sourceAddressPrefixes: [services, webapps]
            sourcePortRange: '*'
            destinationApplicationSecurityGroups: [{ id: endpoints.id }]
            destinationPortRanges: ['443', '445']
          }
        }
        {
          name: 'machines-to-endpoints'
          properties: {
            priority: 100
            direction: 'Outbound'
            access: 'Allow'
            protocol: 'Tcp'
            sourceAddressPrefix: services
            sourcePortRange: '*'
            destinationApplicationSecurityGroups: [{ id: endpoints.id }]
            destinationPortRanges: ['443', '445']
          }
        }
      ],
      deny
    )
  }
}

resource webappsRules 'Microsoft.Network/networkSecurityGroups@2025-05-01' = {
  name: 'nsg-webapps-${suffix}'
  location: location
  tags: tags
  properties: {
    securityRules: concat(
      [
        {
          name: 'webapps-to-desktops'
          properties: {
            priority: 100
            direction: 'Outbound'
            access: 'Allow'
            protocol: 'Tcp'
            sourceAddressPrefix: webapps
            sourcePortRange: '*'
            destinationAddressPrefix: services
            destinationPortRanges: ['22', '3389']
          }
        }
        {
          name: 'webapps-to-endpoints'
          properties: {
            priority: 110
            direction: 'Outbound'
            access: 'Allow'
            protocol: 'Tcp'
            sourceAddressPrefix: webapps
            sourcePortRange: '*'
            destinationApplicationSecurityGroups: [{ id: endpoints.id }]
            destinationPortRange: '443'
          }
        }
        {
          name: 'webapps-to-entra'
          properties: {
            priority: 120
            direction: 'Outbound'
            access: 'Allow'
            protocol: 'Tcp'
            sourceAddressPrefix: webapps
            sourcePortRange: '*'
            destinationAddressPrefix: 'AzureActiveDirectory'
            destinationPortRange: '443'
          }
        }
      ],
      deny
    )
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
          addressPrefix: services
          defaultOutboundAccess: false
          networkSecurityGroup: { id: servicesRules.id }
          // Rules hold for private endpoints too, not for machines alone.
          privateEndpointNetworkPolicies: 'Enabled'
        }
      }
      {
        name: 'snet-webapps'
        properties: {
          addressPrefix: webapps
          defaultOutboundAccess: false
          networkSecurityGroup: { id: webappsRules.id }
          delegations: [
            {
              name: 'webapps'
              properties: { serviceName: 'Microsoft.Web/serverFarms' }
            }
          ]
        }
      }
    ]
  }
}

resource networkLog 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: network
  name: 'workspace-log'
  properties: {
    workspaceId: logId
    logs: [{ categoryGroup: 'allLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

resource servicesRulesLog 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: servicesRules
  name: 'workspace-log'
  properties: {
    workspaceId: logId
    logs: [{ categoryGroup: 'allLogs', enabled: true }]
  }
}

resource webappsRulesLog 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: webappsRules
  name: 'workspace-log'
  properties: {
    workspaceId: logId
    logs: [{ categoryGroup: 'allLogs', enabled: true }]
  }
}

output networkId string = network.id
output servicesSubnetId string = '${network.id}/subnets/snet-services'
output webappsSubnetId string = '${network.id}/subnets/snet-webapps'
output endpointsGroupId string = endpoints.id
