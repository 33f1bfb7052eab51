// What the engine may do in the subscription: make workspaces, and give the roles that a workspace needs, no others.
targetScope = 'subscription'

metadata description = 'Rights of the engine on the subscription of workspaces.'

import { roles } from '../roles.bicep'

param treId string
param principalId string
param builderRoleId string

@description('Custom role that templates give to whoever signs links.')
param signerRoleId string

// https://learn.microsoft.com/azure/role-based-access-control/delegate-role-assignments-examples
var given = join(
  concat([last(split(signerRoleId, '/'))], [
    roles.blobDataOwner
    roles.blobDataContributor
    roles.fileDataMachines
    roles.secretsUser
    roles.acrPull
  ]),
  ', '
)
var write = '((!(ActionMatches{\'Microsoft.Authorization/roleAssignments/write\'})) OR (@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {${given}} AND @Request[Microsoft.Authorization/roleAssignments:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {\'ServicePrincipal\'}))'
var remove = '((!(ActionMatches{\'Microsoft.Authorization/roleAssignments/delete\'})) OR (@Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {${given}}))'

var rights = [
  subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.stackOwner)
  subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.reader)
  subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.monitoringReader)
  builderRoleId
]

resource right 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for id in rights: {
    name: guid(subscription().id, treId, 'engine', last(split(id, '/')))
    properties: {
      roleDefinitionId: id
      principalId: principalId
      principalType: 'ServicePrincipal'
    }
  }
]

resource giver 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(subscription().id, treId, 'engine', roles.accessAdministrator)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.accessAdministrator)
    principalId: principalId
    principalType: 'ServicePrincipal'
    condition: '${write} AND ${remove}'
    conditionVersion: '2.0'
  }
}
