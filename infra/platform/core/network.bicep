// The core network: where the two apps stand and where everything that they use has an endpoint. Workspaces have networks
// of their own, which are peered with nothing; the engine reaches their accounts by endpoints in here.
metadata description = 'Network, subnets and their rules.'

param location string
param tags object
param name string

@description('Range of the network as CIDR, /22 or larger.')
param addressSpace string

@description('Port of the mail server.')
param mailPort int

@description('Private ranges from which people reach endpoints in here, by VPN for instance.')
param internalRanges string[]

param logId string

// Half for endpoints, one for each workspace; an eighth for each app; the rest is free.
var bits = parseCidr(addressSpace).cidr
var endpoints = cidrSubnet(addressSpace, bits + 1, 0)
var engine = cidrSubnet(addressSpace, bits + 3, 4)
var front = cidrSubnet(addressSpace, bits + 3, 5)

// What no other rule allows. Azure's own default rules would let a network talk within itself and to the internet.
var deny = map(['Inbound', 'Outbound'], direction => {
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
})

// A way out, by TCP.
func leads(name string, priority int, from string, to string, port string) object => {
  name: name
  properties: {
    priority: priority
    direction: 'Outbound'
    access: 'Allow'
    protocol: 'Tcp'
    sourceAddressPrefix: from
    sourcePortRange: '*'
    destinationAddressPrefix: to
    destinationPortRange: port
  }
}

// What both apps call: endpoints; sign-in, to which Microsoft Graph belongs; monitoring; and the place that the Functions
// host has its extensions from.
// https://learn.microsoft.com/azure/virtual-network/service-tags-overview
func common(app string, from string, endpoints string) object[] => [
  leads('${app}-to-endpoints', 100, from, endpoints, '443')
  leads('${app}-to-entra', 110, from, 'AzureActiveDirectory', '443')
  leads('${app}-to-monitor', 120, from, 'AzureMonitor', '443')
  leads('${app}-to-extensions', 130, from, 'AzureFrontDoor.FirstParty', '443')
]

resource endpointsRules 'Microsoft.Network/networkSecurityGroups@2025-05-01' = {
  name: 'nsg-${name}-endpoints'
  location: location
  tags: tags
  properties: {
    securityRules: concat(
      [
        {
          name: 'endpoints-from-apps'
          properties: {
            priority: 100
            direction: 'Inbound'
            access: 'Allow'
            protocol: 'Tcp'
            sourceAddressPrefixes: concat([engine, front], internalRanges)
            sourcePortRange: '*'
            destinationAddressPrefix: endpoints
            destinationPortRange: '443'
          }
        }
      ],
      deny
    )
  }
}

resource engineRules 'Microsoft.Network/networkSecurityGroups@2025-05-01' = {
  name: 'nsg-${name}-engine'
  location: location
  tags: tags
  properties: {
    securityRules: concat(
      common('engine', engine, endpoints),
      [
        leads('engine-to-arm', 140, engine, 'AzureResourceManager', '443')
        leads('engine-to-mail', 150, engine, 'Internet', string(mailPort))
      ],
      deny
    )
  }
}

resource frontRules 'Microsoft.Network/networkSecurityGroups@2025-05-01' = {
  name: 'nsg-${name}-front'
  location: location
  tags: tags
  properties: { securityRules: concat(common('front', front, endpoints), deny) }
}

resource network 'Microsoft.Network/virtualNetworks@2025-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: [addressSpace] }
    subnets: concat(
      [
        {
          name: 'snet-endpoints'
          properties: {
            addressPrefix: endpoints
            defaultOutboundAccess: false
            networkSecurityGroup: { id: endpointsRules.id }
            // Rules hold for private endpoints too.
            privateEndpointNetworkPolicies: 'Enabled'
          }
        }
      ],
      map(
        [
          { name: 'engine', range: engine, rules: engineRules.id }
          { name: 'front', range: front, rules: frontRules.id }
        ],
        app => {
          name: 'snet-${app.name}'
          properties: {
            addressPrefix: app.range
            // What leaves for the internet has the addresses of the Functions platform, not of the network.
            // https://learn.microsoft.com/azure/azure-functions/functions-networking-options
            defaultOutboundAccess: true
            networkSecurityGroup: { id: app.rules }
            delegations: [
              {
                name: 'flex'
                properties: { serviceName: 'Microsoft.App/environments' }
              }
            ]
          }
        }
      )
    )
  }
}

resource networkLog 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: network
  name: 'platform-log'
  properties: {
    workspaceId: logId
    logs: [{ categoryGroup: 'allLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

output id string = network.id
output endpointsSubnetId string = '${network.id}/subnets/snet-endpoints'
output engineSubnetId string = '${network.id}/subnets/snet-engine'
output frontSubnetId string = '${network.id}/subnets/snet-front'
