// A resource of one person in a service. The identity is a first thing to be made: replace it by
// what this template is for. Parameters get their values from properties of template_schema.json with the same names, and
// from what the TRE knows (infra/templates/README.md); secrets come to @secure() parameters and never leave by an output.
@description('Region of the workspace.')
param azure_location string

@description('Twenty characters, fresh each generation: what makes names unique.')
@minLength(20)
@maxLength(20)
param suffix string

@description('Tags of costs.')
param tags object

@description('Object id of whose it is.')
param owner_id string

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'id-${suffix}'
  location: azure_location
  tags: union(tags, { owner: owner_id })
}

output identity_id string = identity.id
