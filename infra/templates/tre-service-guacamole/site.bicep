// The web app: its plan, who may reach it, who has to sign in, and what it writes to the log.
metadata description = 'A container on App Service behind sign-in, closed but to admitted ranges.'

param name string
param location string
param tags object
param sku string
param image string

@description('Whether the image lies in a registry that the identity pulls from.')
param pullsByIdentity bool

param identityId string
param identityClientId string

@description('Subnet for what the app calls.')
param subnetId string

@description('Whether the app is reached through the internet, from admitted ranges.')
param exposed bool

@description('Ranges as CIDR.')
param admittedRanges array

@description('Who signs people in: issuer, client_id.')
param oidc object

param logId string

@description('Settings of the container.')
param settings object

var rules = [
  for (range, i) in admittedRanges: {
    name: 'admitted-${i}'
    action: 'Allow'
    priority: 100 + i
    ipAddress: range
  }
]

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: 'plan-${name}'
  location: location
  tags: tags
  kind: 'linux'
  sku: { name: sku }
  properties: { reserved: true }
}

resource site 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  tags: tags
  kind: 'app,linux,container'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: plan.id
    reserved: true
    httpsOnly: true
    clientAffinityEnabled: true
    publicNetworkAccess: exposed ? 'Enabled' : 'Disabled'
    keyVaultReferenceIdentity: identityId
    sshEnabled: false
    virtualNetworkSubnetId: subnetId
    // What the container calls goes through the workspace's network and its rules; the image comes from outside.
    outboundVnetRouting: { applicationTraffic: true, contentShareTraffic: true, imagePullTraffic: false }
    siteConfig: {
      linuxFxVersion: 'DOCKER|${image}'
      acrUseManagedIdentityCreds: pullsByIdentity
      acrUserManagedIdentityID: identityClientId
      alwaysOn: true
      ftpsState: 'Disabled'
      http20Enabled: true
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      remoteDebuggingEnabled: false
      webSocketsEnabled: true
      ipSecurityRestrictions: exposed ? rules : []
      ipSecurityRestrictionsDefaultAction: 'Deny'
      scmIpSecurityRestrictions: []
      scmIpSecurityRestrictionsDefaultAction: 'Deny'
      scmIpSecurityRestrictionsUseMain: false
    }
  }

  // Nothing is published to it but the image.
  resource ftp 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }

  resource scm 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }

  // Until sign-in is demanded the container does not know where secrets lie.
  resource container 'config' = {
    name: 'appsettings'
    dependsOn: [signIn]
    properties: union(settings, {
      MANAGED_IDENTITY_CLIENT_ID: identityClientId
      WEBSITES_PORT: '8085'
      WEBSITES_ENABLE_APP_SERVICE_STORAGE: 'false'
    })
  }

  // Before a request reaches the container somebody has signed in; who, it reads in X-MS-CLIENT-PRINCIPAL-ID. Without a
  // client secret the provider hands over an ID token and no more: there is nothing here to steal or to renew.
  resource signIn 'config' = {
    name: 'authsettingsV2'
    properties: {
      platform: { enabled: true }
      globalValidation: {
        requireAuthentication: true
        unauthenticatedClientAction: 'RedirectToLoginPage'
        redirectToProvider: 'azureactivedirectory'
      }
      httpSettings: { requireHttps: true }
      identityProviders: {
        azureActiveDirectory: {
          enabled: true
          registration: {
            openIdIssuer: oidc.issuer
            clientId: oidc.client_id
          }
          validation: { allowedAudiences: [oidc.client_id] }
        }
      }
      login: {
        cookieExpiration: { convention: 'FixedTime', timeToExpiration: '08:00:00' }
        nonce: { validateNonce: true }
        tokenStore: { enabled: false }
      }
    }
  }
}

resource siteLog 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: site
  name: 'workspace-log'
  properties: {
    workspaceId: logId
    logs: [{ categoryGroup: 'allLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

output id string = site.id
output uri string = 'https://${site.properties.defaultHostName}'
