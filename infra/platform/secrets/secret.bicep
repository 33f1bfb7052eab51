// One secret and the one identity that reads it. Azure Resource Manager writes it, so that the vault may stay closed.
metadata description = 'A secret and its reader.'

import { roles } from '../roles.bicep'

param vaultName string
param name string

@secure()
@minLength(1)
param value string

param readerName string

resource vault 'Microsoft.KeyVault/vaults@2025-05-01' existing = {
  name: vaultName
}

resource reader 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: readerName
}

resource secret 'Microsoft.KeyVault/vaults/secrets@2025-05-01' = {
  parent: vault
  name: name
  properties: {
    value: value
    attributes: { enabled: true }
  }
}

resource right 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: secret
  name: guid(secret.id, readerName)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.secretsUser)
    principalId: reader.properties.principalId
    principalType: 'ServicePrincipal'
  }
}
