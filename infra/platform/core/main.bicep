// The platform of a TRE: everything but what a workspace is made of, and but who hears of which event, which needs the
// functions (../events). docs/deploy.md says in which order.
targetScope = 'subscription'

metadata name = 'tre-platform'
metadata description = 'Core network, accounts, vaults, topics, two function apps, their rights, logs and alerts of a TRE.'

import * as cloud from '../cloud.bicep'
import { groupId, namesOf } from '../names.bicep'
import { mail, signIn } from 'settings.bicep'

@description('Id of the TRE, two to 32 characters: lower-case letters, digits and hyphens. It is part of names, and never changes.')
@minLength(2)
@maxLength(32)
param treId string

@description('Region.')
param location string = deployment().location

@description('What sets names apart from those of a TRE of this id that was removed: vaults keep theirs for 90 days.')
param generation string = ''

@description('Range of the core network, /22 or larger: half of its addresses are endpoints of workspaces.')
param coreAddressSpace string = '10.0.0.0/22'

@description('Range of all workspaces together. It may contain that of the core.')
param addressSpace string = '10.0.0.0/12'

@description('Public ranges that people come from: to the portal, the API, and the airlock account. A single address is a /32.')
param admittedRanges string[]

@description('Whether links into the airlock work from anywhere, not only from the admitted ranges.')
param linksFromAnywhere bool = false

@description('Private ranges that people reach the core network from, by VPN for instance.')
param internalRanges string[] = []

@description('Public ranges that packages are deployed from. Empty: nobody deploys one.')
param deploymentRanges string[] = []

@description('Public ranges that other systems publish requests for workspaces from. Empty: none does.')
param publisherRanges string[] = []

@description('Origin of portal and API as people see it, such as https://tre.example.org. Empty: that of the front app.')
param origin string = ''

@description('Registrations in Entra: audience of the API, tenants, clients; whether the portal has a secret, and whether the front may ask Microsoft Graph.')
param people signIn

@description('Mail server, and who hears of what only administrators can mend.')
param mailServer mail

@description('Registration that desktops in workspaces sign in with.')
param desktopClientId string

@description('Image of Guacamole, by digest; empty where no template needs it.')
param guacamoleImage string = ''

@description('More that templates are told: image_registry_id, machine_images, backup_policy_id.')
param facts object = {}

@description('Object ids beside the engine that the deny settings of workspaces exempt, four at most: backup, policy.')
@maxLength(4)
param exemptPrincipals string[] = []

@description('Whether there is a topic of the subscription, so that ends of deployments are heard of sooner. A subscription has one system topic.')
param subscriptionEvents bool = true

@description('How much Defender scans in the airlock account in a month, in GB. Beyond it nothing passes.')
param scanningCap int = 5000

@description('Of the accounts that hold state and records.')
@allowed(['Standard_LRS', 'Standard_ZRS'])
param redundancy string = 'Standard_ZRS'

@description('Days that logs are kept.')
param logRetention int = 90

@description('Days for which records of who read what cannot be changed.')
param auditRetention int = 365

@description('Memory of an instance, in MB.')
@allowed([512, 2048, 4096])
param memory int = 512

@description('Most instances of each app.')
param instances int = 40

@description('Whether the health of the TRE is asked for from outside, every five minutes.')
param healthTest bool = true

@description('Amount of a month past which people are told, in the currency of the subscription; 0: no budget.')
param monthlyBudget int = 0

@description('First day of the month in which the budget is made, such as 2027-01-01.')
param budgetStart string = ''

@description('Tags for all resources beside tre_id, by which costs are told apart.')
param tags object = {}

var name = namesOf(treId, subscription().subscriptionId, generation)
var labels = union(tags, { tre_id: treId })
var address = empty(origin) ? 'https://${name.front}.${cloud.sites}' : origin
var core = groupId(subscription().subscriptionId, name.group)
var zoneIds = toObject(
  items(cloud.zones),
  z => z.key,
  z => '${core}/providers/Microsoft.Network/privateDnsZones/${z.value}'
)
var workspaceZones = ['blob', 'file', 'vault']
var workspaceZoneIds = toObject(
  workspaceZones,
  z => z,
  z =>
    '${groupId(subscription().subscriptionId, name.workspacesGroup)}/providers/Microsoft.Network/privateDnsZones/${cloud.zones[z]}'
)

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: name.group
  location: location
  tags: labels
}

// What all workspaces share, and the core does not: their zones.
resource workspacesGroup 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: name.workspacesGroup
  location: location
  tags: labels
}

module customRoles 'custom-roles.bicep' = {
  name: 'roles-${treId}'
  params: { treId: treId }
}

module log 'log.bicep' = {
  scope: group
  name: 'log'
  params: {
    location: location
    tags: labels
    treId: treId
    name: name.log
    insightsName: name.insights
    retention: logRetention
    contacts: mailServer.administrators
  }
}

module network 'network.bicep' = {
  scope: group
  name: 'network'
  params: {
    location: location
    tags: labels
    name: name.network
    addressSpace: coreAddressSpace
    mailPort: mailServer.port
    internalRanges: internalRanges
    logId: log.outputs.id
  }
}

module zones 'zones.bicep' = {
  scope: group
  name: 'zones'
  params: {
    tags: labels
    names: filter(map(items(cloud.zones), z => z.value), z => z != cloud.zones.file)
    linked: true
    networkId: network.outputs.id
  }
}

module zonesOfWorkspaces 'zones.bicep' = {
  scope: workspacesGroup
  name: 'zones'
  params: {
    tags: labels
    names: map(workspaceZones, z => cloud.zones[z])
    linked: false
  }
}

module audit '../modules/account.bicep' = {
  scope: group
  name: name.audit
  dependsOn: [zones]
  params: {
    location: location
    tags: labels
    name: name.audit
    redundancy: redundancy
    services: ['blob']
    containers: []
    bypass: 'AzureServices' // Azure Monitor writes here
    subnetId: network.outputs.endpointsSubnetId
    zoneIds: zoneIds
    logId: log.outputs.id
  }
}

module records 'audit.bicep' = {
  scope: group
  name: 'records'
  dependsOn: [audit]
  params: {
    accountName: name.audit
    retention: auditRetention
  }
}

// One host account an app: who can write there decides what runs.
module hosts '../modules/account.bicep' = [
  for account in [name.frontHost, name.engineHost]: {
    scope: group
    name: account
    dependsOn: [zones]
    params: {
      location: location
      tags: labels
      name: account
      redundancy: redundancy
      services: ['blob', 'queue', 'table']
      containers: ['package']
      subnetId: network.outputs.endpointsSubnetId
      zoneIds: zoneIds
      logId: log.outputs.id
    }
  }
]

module state '../modules/account.bicep' = {
  scope: group
  name: name.state
  dependsOn: [zones, records]
  params: {
    location: location
    tags: labels
    name: name.state
    redundancy: redundancy
    services: ['blob', 'queue', 'table']
    containers: ['manifests', 'templates', 'deadletters']
    bypass: 'AzureServices' // Event Grid puts dead letters here
    subnetId: network.outputs.endpointsSubnetId
    zoneIds: zoneIds
    logId: log.outputs.id
    auditId: audit.outputs.id
  }
}

module airlock '../modules/account.bicep' = {
  scope: group
  name: name.airlock
  dependsOn: [zones, records]
  params: {
    location: location
    tags: labels
    name: name.airlock
    // What lies here is on its way; copies in another region would outlive the promise that it is purged.
    redundancy: 'Standard_LRS'
    services: ['blob']
    containers: []
    outside: true
    anywhere: linksFromAnywhere
    admittedRanges: admittedRanges
    scanned: true
    origins: [address]
    subnetId: network.outputs.endpointsSubnetId
    zoneIds: zoneIds
    logId: log.outputs.id
    auditId: audit.outputs.id
  }
}

module topics 'topics.bicep' = {
  scope: group
  name: 'topics'
  dependsOn: [zones]
  params: {
    location: location
    tags: labels
    name: name
    subscriptionEvents: subscriptionEvents
    publisherRanges: publisherRanges
    subnetId: network.outputs.endpointsSubnetId
    zoneId: zoneIds.topic
    logId: log.outputs.id
  }
}

module airlockEvents 'airlock.bicep' = {
  scope: group
  name: 'airlock-events'
  dependsOn: [airlock]
  params: {
    location: location
    tags: labels
    accountName: name.airlock
    topicName: name.airlockTopic
    scanTopicId: topics.outputs.scansId
    scanningCap: scanningCap
    logId: log.outputs.id
  }
}

// Two vaults: what workspaces keep secret, and what the apps do. The front puts into the first and cannot touch the second.
module workspaceVault '../modules/vault.bicep' = {
  scope: group
  name: name.workspaceVault
  dependsOn: [zones, records]
  params: {
    location: location
    tags: labels
    name: name.workspaceVault
    forDeployments: true
    subnetId: network.outputs.endpointsSubnetId
    zoneId: zoneIds.vault
    logId: log.outputs.id
    auditId: audit.outputs.id
  }
}

module appVault '../modules/vault.bicep' = {
  scope: group
  name: name.appVault
  dependsOn: [zones, records]
  params: {
    location: location
    tags: labels
    name: name.appVault
    forDeployments: false
    subnetId: network.outputs.endpointsSubnetId
    zoneId: zoneIds.vault
    logId: log.outputs.id
    auditId: audit.outputs.id
  }
}

module identities 'identities.bicep' = {
  scope: group
  name: 'identities'
  params: {
    location: location
    tags: labels
    frontName: name.frontIdentity
    engineName: name.engineIdentity
  }
}

module rights 'rights.bicep' = {
  scope: group
  name: 'rights'
  dependsOn: [log, state, airlock, workspaceVault, topics]
  params: {
    name: name
    frontPrincipalId: identities.outputs.front.principalId
    enginePrincipalId: identities.outputs.engine.principalId
    signerRoleId: customRoles.outputs.signerId
    keeperRoleId: customRoles.outputs.keeperId
    proberRoleId: customRoles.outputs.proberId
    depositorRoleId: customRoles.outputs.depositorId
  }
}

module engineRights 'engine-rights.bicep' = {
  name: 'engine-${treId}'
  params: {
    treId: treId
    principalId: identities.outputs.engine.principalId
    builderRoleId: customRoles.outputs.builderId
    signerRoleId: customRoles.outputs.signerId
  }
}

module apps 'apps.bicep' = {
  scope: group
  name: 'apps'
  dependsOn: [hosts, rights, engineRights]
  params: {
    location: location
    tags: labels
    name: name
    treId: treId
    origin: address
    addressSpace: addressSpace
    coreAddressSpace: coreAddressSpace
    front: identities.outputs.front
    engine: identities.outputs.engine
    people: people
    mailServer: mailServer
    subscriptionEvents: subscriptionEvents
    admittedRanges: admittedRanges
    deploymentRanges: deploymentRanges
    healthTest: healthTest
    exemptPrincipals: exemptPrincipals
    facts: union(empty(guacamoleImage) ? {} : { guacamole_image: guacamoleImage }, facts, {
      endpoint_subnet_id: network.outputs.endpointsSubnetId
      endpoint_location: location
      core_blob_zone_id: zoneIds.blob
      core_sites_zone_id: zoneIds.sites
      workspaces_resource_group: name.workspacesGroup
      workspace_zones: workspaceZoneIds
      log_analytics_id: log.outputs.id
      signer_role_id: customRoles.outputs.signerId
      deadletter_storage_id: state.outputs.id
      deadletter_container: 'deadletters'
      admitted_ranges: admittedRanges
      portal_origin: address
      oidc: {
        issuer: '${cloud.login}/${people.tenants[0]}/v2.0'
        client_id: desktopClientId
      }
    })
    frontSubnetId: network.outputs.frontSubnetId
    engineSubnetId: network.outputs.engineSubnetId
    memory: memory
    instances: instances
    logId: log.outputs.id
  }
}

module alerts 'alerts.bicep' = {
  scope: group
  name: 'alerts'
  params: {
    location: location
    tags: labels
    treId: treId
    healthAddress: '${address}/api/health'
    healthTest: healthTest
    insightsId: log.outputs.insightsId
    logId: log.outputs.id
    actionGroupId: log.outputs.actionGroupId
    topicIds: [topics.outputs.ownId, topics.outputs.scansId, airlockEvents.outputs.topicId]
  }
}

module budget 'budget.bicep' = if (monthlyBudget > 0) {
  name: 'budget-${treId}'
  params: {
    treId: treId
    monthly: monthlyBudget
    start: budgetStart
    contacts: mailServer.administrators
  }
}

output resourceGroup string = name.group
output portal string = '${address}/portal'
output api string = '${address}/api'
output signInRedirect string = '${address}/portal/signin/callback'
output frontApp string = name.front
output engineApp string = name.engine
output frontPrincipalId string = identities.outputs.front.principalId
output enginePrincipalId string = identities.outputs.engine.principalId
output appVault string = name.appVault
output auditAccount string = name.audit
