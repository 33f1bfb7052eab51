// What the two apps may do in the platform's group: the table of docs/deploy.md, line by line.
metadata description = 'Rights of the two apps.'

import { names } from '../names.bicep'
import { roles } from '../roles.bicep'

param name names

@description('Object ids of the identities.')
param frontPrincipalId string
param enginePrincipalId string

@description('Ids of custom roles.')
param signerRoleId string
param keeperRoleId string
param proberRoleId string
param depositorRoleId string

var apps = ['front', 'engine']
var principals = [frontPrincipalId, enginePrincipalId]
var queueAndTable = [roles.queueDataContributor, roles.tableDataContributor]

// The health check overwrites one blob, and nothing else.
// https://learn.microsoft.com/azure/role-based-access-control/conditions-format
var probeOnly = '((!(ActionMatches{\'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write\'})) OR (@Resource[Microsoft.Storage/storageAccounts/blobServices/containers/blobs:path] StringEquals \'health/probe.txt\'))'

func role(id string) string => subscriptionResourceId('Microsoft.Authorization/roleDefinitions', id)

resource state 'Microsoft.Storage/storageAccounts@2025-08-01' existing = {
  name: name.state

  resource blobs 'blobServices' existing = {
    name: 'default'

    resource manifests 'containers' existing = {
      name: 'manifests'
    }

    resource templates 'containers' existing = {
      name: 'templates'
    }
  }
}

resource airlock 'Microsoft.Storage/storageAccounts@2025-08-01' existing = {
  name: name.airlock
}

resource topic 'Microsoft.EventGrid/topics@2025-02-15' existing = {
  name: name.ownTopic
}

resource vault 'Microsoft.KeyVault/vaults@2025-05-01' existing = {
  name: name.workspaceVault
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: name.insights
}

// Queues and tables of state, for both.
resource onState 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for i in range(0, 4): {
    scope: state
    name: guid(state.id, apps[i / 2], queueAndTable[i % 2])
    properties: {
      roleDefinitionId: role(queueAndTable[i % 2])
      principalId: principals[i / 2]
      principalType: 'ServicePrincipal'
    }
  }
]

resource engineOnState 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: state
  name: guid(state.id, 'engine', roles.blobDataContributor)
  properties: {
    roleDefinitionId: role(roles.blobDataContributor)
    principalId: enginePrincipalId
    principalType: 'ServicePrincipal'
  }
}

// The front adds what is handed in, and reads it back.
resource frontOnManifests 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for id in [role(roles.blobDataReader), keeperRoleId]: {
    scope: state::blobs::manifests
    name: guid(state::blobs::manifests.id, 'front', last(split(id, '/')))
    properties: {
      roleDefinitionId: id
      principalId: frontPrincipalId
      principalType: 'ServicePrincipal'
    }
  }
]

resource frontProbes 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: state::blobs::manifests
  name: guid(state::blobs::manifests.id, 'front', 'probe')
  properties: {
    roleDefinitionId: proberRoleId
    principalId: frontPrincipalId
    principalType: 'ServicePrincipal'
    condition: probeOnly
    conditionVersion: '2.0'
  }
}

resource frontOnTemplates 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for id in [role(roles.blobDataReader), keeperRoleId]: {
    scope: state::blobs::templates
    name: guid(state::blobs::templates.id, 'front', last(split(id, '/')))
    properties: {
      roleDefinitionId: id
      principalId: frontPrincipalId
      principalType: 'ServicePrincipal'
    }
  }
]

resource frontOnAirlock 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: airlock
  name: guid(airlock.id, 'front', 'signer')
  properties: {
    roleDefinitionId: signerRoleId
    principalId: frontPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource engineOnAirlock 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for id in [roles.blobDataContributor, roles.blobDelegator]: {
    scope: airlock
    name: guid(airlock.id, 'engine', id)
    properties: {
      roleDefinitionId: role(id)
      principalId: enginePrincipalId
      principalType: 'ServicePrincipal'
    }
  }
]

resource onTopic 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (app, i) in apps: {
    scope: topic
    name: guid(topic.id, app, roles.eventsSender)
    properties: {
      roleDefinitionId: role(roles.eventsSender)
      principalId: principals[i]
      principalType: 'ServicePrincipal'
    }
  }
]

// The front keeps what it cannot read.
resource frontOnVault 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: vault
  name: guid(vault.id, 'front', 'depositor')
  properties: {
    roleDefinitionId: depositorRoleId
    principalId: frontPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource engineOnVault 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: vault
  name: guid(vault.id, 'engine', roles.secretsOfficer)
  properties: {
    roleDefinitionId: role(roles.secretsOfficer)
    principalId: enginePrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource onInsights 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (app, i) in apps: {
    scope: insights
    name: guid(insights.id, app, roles.metricsPublisher)
    properties: {
      roleDefinitionId: role(roles.metricsPublisher)
      principalId: principals[i]
      principalType: 'ServicePrincipal'
    }
  }
]
