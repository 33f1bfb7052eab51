// Lets one machine use the shared file store.
metadata description = 'The right of a machine on the shared file store.'

param accountName string

@description('Id of the role.')
param role string

@description('Resource that the identity belongs to.')
param holderId string

param principalId string

resource account 'Microsoft.Storage/storageAccounts@2025-08-01' existing = {
  name: accountName
}

resource assignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: account
  name: guid(account.id, holderId, role)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}
