// Who the two apps are where data is concerned. Each has a system identity beside it, which is for the Functions host's
// own account and for nothing else.
metadata description = 'Identities of the two apps.'

param location string
param tags object
param frontName string
param engineName string

resource front 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: frontName
  location: location
  tags: tags
}

resource engine 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: engineName
  location: location
  tags: tags
}

@export()
@description('An identity as a resource, a principal and a client.')
type identity = {
  id: string
  principalId: string
  clientId: string
}

output front identity = {
  id: front.id
  principalId: front.properties.principalId
  clientId: front.properties.clientId
}
output engine identity = {
  id: engine.id
  principalId: engine.properties.principalId
  clientId: engine.properties.clientId
}
