// Our own topic, the topic of malware verdicts, and, where workspaces' ends are to be heard of sooner, that of the
// subscription. Nobody publishes with a key. Which functions hear of what is in ../events: that needs the functions.
metadata description = 'Event Grid topics.'

import { names } from '../names.bicep'

param location string
param tags object
param name names

@description('Whether there is a topic of the subscription. A subscription has one, whoever made it.')
param subscriptionEvents bool

@description('Public ranges that other systems publish from. Empty: only the two apps publish.')
param publisherRanges string[]

param subnetId string
param zoneId string
param logId string

resource own 'Microsoft.EventGrid/topics@2025-02-15' = {
  name: name.ownTopic
  location: location
  tags: tags
  identity: { type: 'SystemAssigned' }
  properties: {
    inputSchema: 'EventGridSchema'
    disableLocalAuth: true
    minimumTlsVersionAllowed: '1.2'
    publicNetworkAccess: empty(publisherRanges) ? 'Disabled' : 'Enabled'
    inboundIpRules: map(publisherRanges, range => { ipMask: range, action: 'Allow' })
  }
}

module ownEndpoint '../modules/endpoint.bicep' = {
  name: 'pe-${name.ownTopic}'
  params: {
    name: 'pe-${name.ownTopic}'
    location: location
    tags: tags
    subnetId: subnetId
    targetId: own.id
    part: 'topic'
    zoneId: zoneId
  }
}

// Defender publishes through the public endpoint; it knows no other.
// https://learn.microsoft.com/azure/defender-for-cloud/advanced-configurations-for-malware-scanning
resource scans 'Microsoft.EventGrid/topics@2025-02-15' = {
  name: name.scanTopic
  location: location
  tags: tags
  identity: { type: 'SystemAssigned' }
  properties: {
    inputSchema: 'EventGridSchema'
    disableLocalAuth: true
    minimumTlsVersionAllowed: '1.2'
    publicNetworkAccess: 'Enabled'
  }
}

resource subscriptionTopic 'Microsoft.EventGrid/systemTopics@2025-02-15' = if (subscriptionEvents) {
  name: name.subscriptionTopic
  location: 'global'
  tags: tags
  identity: { type: 'SystemAssigned' }
  properties: {
    source: subscription().id
    topicType: 'Microsoft.Resources.Subscriptions'
  }
}

resource ownLog 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: own
  name: 'platform-log'
  properties: {
    workspaceId: logId
    logs: [{ categoryGroup: 'allLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

resource scansLog 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: scans
  name: 'platform-log'
  properties: {
    workspaceId: logId
    logs: [{ categoryGroup: 'allLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

output ownId string = own.id
output ownEndpoint string = own.properties.endpoint
output scansId string = scans.id
