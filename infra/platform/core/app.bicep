// One function app on Flex Consumption: no instance while nothing happens. The Functions host signs in to its own account
// with the system identity; what the app does with data, it does as the user-assigned one.
metadata description = 'A function app on Flex Consumption.'

import { roles } from '../roles.bicep'

param location string
param tags object
param name string

@description('Account of the Functions host and of the package.')
param hostAccountName string

@description('Address of its blob service.')
param hostBlobs string

@description('Identity for data, as a resource.')
param identityId string

@description('Subnet for what the app calls.')
param subnetId string

@description('Ranges and service tags that may call it: name, ipAddress, tag. Empty: nobody.')
param callers object[]

@description('Public ranges that packages are deployed from. Empty: none can be.')
param deploymentRanges string[]

@allowed([512, 2048, 4096])
param memory int

param instances int

param settings object
param logId string

var hostRoles = [roles.blobDataOwner, roles.queueDataContributor, roles.tableDataContributor]

resource host 'Microsoft.Storage/storageAccounts@2025-08-01' existing = {
  name: hostAccountName
}

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: 'plan-${name}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true }
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  tags: tags
  kind: 'functionapp,linux'
  identity: {
    type: 'SystemAssigned, UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientAffinityEnabled: false
    publicNetworkAccess: empty(callers) && empty(deploymentRanges) ? 'Disabled' : 'Enabled'
    keyVaultReferenceIdentity: identityId
    virtualNetworkSubnetId: subnetId
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${hostBlobs}package'
          authentication: { type: 'SystemAssignedIdentity' }
        }
      }
      runtime: { name: 'custom', version: '1.0' }
      scaleAndConcurrency: {
        alwaysReady: []
        instanceMemoryMB: memory
        maximumInstanceCount: instances
      }
    }
    siteConfig: {
      ftpsState: 'Disabled'
      http20Enabled: true
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      remoteDebuggingEnabled: false
      ipSecurityRestrictions: map(range(0, length(callers)), i => {
        name: callers[i].name
        action: 'Allow'
        priority: 100 + i
        ipAddress: callers[i].ipAddress
        tag: callers[i].tag
      })
      ipSecurityRestrictionsDefaultAction: 'Deny'
      scmIpSecurityRestrictions: map(range(0, length(deploymentRanges)), i => {
        name: 'deployment-${i}'
        action: 'Allow'
        priority: 100 + i
        ipAddress: deploymentRanges[i]
        tag: 'Default'
      })
      scmIpSecurityRestrictionsDefaultAction: 'Deny'
      scmIpSecurityRestrictionsUseMain: false
    }
  }

  resource ftp 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }

  resource scm 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }

  resource variables 'config' = {
    name: 'appsettings'
    dependsOn: [right]
    properties: union(settings, {
      // Without a client id that is the system identity, although AZURE_CLIENT_ID names the other one.
      // https://learn.microsoft.com/azure/azure-functions/functions-reference#common-properties-for-identity-based-connections
      AzureWebJobsStorage__accountName: hostAccountName
      AzureWebJobsStorage__credential: 'managedidentity'
    })
  }
}

resource right 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for id in hostRoles: {
    scope: host
    name: guid(host.id, name, id)
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', id)
      principalId: app.identity.principalId
      principalType: 'ServicePrincipal'
    }
  }
]

resource appLog 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: app
  name: 'platform-log'
  properties: {
    workspaceId: logId
    logs: [{ categoryGroup: 'allLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

output id string = app.id
