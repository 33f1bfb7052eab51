// The two apps: one package, two halves, as their settings say. The front is called by people and by Event Grid, the engine
// by nobody.
metadata description = 'The two function apps and what they are told.'

import * as cloud from '../cloud.bicep'
import { names } from '../names.bicep'
import { common, engineSettings, frontSettings, mail, signIn } from 'settings.bicep'
import { identity } from 'identities.bicep'

param location string
param tags object
param name names
param treId string
param origin string
param addressSpace string
param coreAddressSpace string
param front identity
param engine identity
param people signIn
param mailServer mail
param subscriptionEvents bool
param admittedRanges string[]
param deploymentRanges string[]

@description('Whether a test of Application Insights asks for the health of the TRE.')
param healthTest bool

@description('Object ids beside the engine that the deny settings of workspaces exempt.')
param exemptPrincipals string[]

@description('What templates are told, beside what is known here.')
param facts object

param frontSubnetId string
param engineSubnetId string

@allowed([512, 2048, 4096])
param memory int

param instances int
param logId string

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: name.insights
}

resource ownTopic 'Microsoft.EventGrid/topics@2025-02-15' existing = {
  name: name.ownTopic
}

resource scanTopic 'Microsoft.EventGrid/topics@2025-02-15' existing = {
  name: name.scanTopic
}

var told common = {
  name: name
  treId: treId
  location: location
  subscriptionId: subscription().subscriptionId
  origin: origin
  topicEndpoint: ownTopic.properties.endpoint
  ownTopicId: ownTopic.id
  scanTopicId: scanTopic.id
  addressSpace: addressSpace
  coreAddressSpace: coreAddressSpace
  insightsConnection: insights.properties.ConnectionString
}

// https://learn.microsoft.com/azure/virtual-network/service-tags-overview
var tagged = concat(['AzureEventGrid'], healthTest ? ['ApplicationInsightsAvailability'] : [])
var callers = concat(
  map(tagged, t => { name: t, ipAddress: t, tag: 'ServiceTag' }),
  map(range(0, length(admittedRanges)), i => { name: 'admitted-${i}', ipAddress: admittedRanges[i], tag: 'Default' })
)

module frontApp 'app.bicep' = {
  name: name.front
  params: {
    location: location
    tags: tags
    name: name.front
    hostAccountName: name.frontHost
    hostBlobs: 'https://${name.frontHost}.blob.${cloud.storage}/'
    identityId: front.id
    subnetId: frontSubnetId
    callers: callers
    deploymentRanges: deploymentRanges
    memory: memory
    instances: instances
    settings: frontSettings(told, front.clientId, people, subscriptionEvents)
    logId: logId
  }
}

module engineApp 'app.bicep' = {
  name: name.engine
  params: {
    location: location
    tags: tags
    name: name.engine
    hostAccountName: name.engineHost
    hostBlobs: 'https://${name.engineHost}.blob.${cloud.storage}/'
    identityId: engine.id
    subnetId: engineSubnetId
    callers: []
    deploymentRanges: deploymentRanges
    memory: memory
    instances: instances
    settings: engineSettings(
      told,
      engine.clientId,
      mailServer,
      concat([engine.principalId], exemptPrincipals),
      union(facts, {
        front_app_id: resourceId('Microsoft.Web/sites', name.front)
        engine_principal_id: engine.principalId
        front_principal_id: front.principalId
        signer_principal_id: front.principalId
        scan_topic_id: scanTopic.id
      })
    )
    logId: logId
  }
}

output frontId string = frontApp.outputs.id
output engineId string = engineApp.outputs.id
