// What the apps keep secret, and who reads which of it. It is a deployment of its own and no part of a stack: a stack keeps
// its parameters, and cannot delete a secret. Run it again to change them; the others stay where nothing is given.
targetScope = 'subscription'

metadata name = 'tre-platform-secrets'
metadata description = 'Secrets of the two apps.'

import { namesOf } from '../names.bicep'

@description('As of the platform.')
@minLength(2)
@maxLength(32)
param treId string

@description('As of the platform.')
param generation string = ''

@description('Keys that seal sessions of the portal, at least 32 random characters each, the newest first, separated by |.')
@secure()
@minLength(32)
param cookieKeys string

@description('Keys that seal resume tokens of deployments, alike.')
@secure()
@minLength(32)
param tokenKeys string

@description('Whether the mail server asks for a password.')
param mailSignIn bool = false

@description('That password.')
@secure()
param smtpPassword string?

@description('Whether the registration of the portal has a secret.')
param confidential bool = false

@description('That secret.')
@secure()
param clientSecret string?

var name = namesOf(treId, subscription().subscriptionId, generation)

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' existing = {
  name: name.group
}

module cookies 'secret.bicep' = {
  scope: group
  name: 'cookie-keys'
  params: { vaultName: name.appVault, name: 'cookie-keys', value: cookieKeys, readerName: name.frontIdentity }
}

module tokens 'secret.bicep' = {
  scope: group
  name: 'token-keys'
  params: { vaultName: name.appVault, name: 'token-keys', value: tokenKeys, readerName: name.engineIdentity }
}

module password 'secret.bicep' = if (mailSignIn) {
  scope: group
  name: 'smtp-password'
  params: {
    vaultName: name.appVault
    name: 'smtp-password'
    value: smtpPassword ?? ''
    readerName: name.engineIdentity
  }
}

module client 'secret.bicep' = if (confidential) {
  scope: group
  name: 'client-secret'
  params: {
    vaultName: name.appVault
    name: 'client-secret'
    value: clientSecret ?? ''
    readerName: name.frontIdentity
  }
}
