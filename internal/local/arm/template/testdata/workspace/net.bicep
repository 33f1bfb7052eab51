param prefix string
param suffix string
param tags object
@secure()
param pw string
var names = ['services', 'webapps']
resource vnet 'Microsoft.Network/virtualNetworks@2024-05-01' = {
  name: 'vnet-${suffix}'
  location: resourceGroup().location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: [prefix] }
    subnets: [for (n, i) in names: { name: 'snet-${n}', properties: { addressPrefix: cidrSubnet(prefix, 25, i), networkSecurityGroup: { id: nsg[i].id } } }]
  }
}
resource nsg 'Microsoft.Network/networkSecurityGroups@2024-05-01' = [for n in names: {
  name: 'nsg-${n}'
  location: resourceGroup().location
  properties: { securityRules: [] }
}]
resource st 'Microsoft.Storage/storageAccounts@2024-01-01' = {
  name: take('st${uniqueString(suffix)}', 24)
  location: resourceGroup().location
  sku: { name: 'Standard_LRS' }
  kind: 'StorageV2'
  identity: { type: 'SystemAssigned' }
  properties: { minimumTlsVersion: 'TLS1_2' }
  resource blob 'blobServices' = { name: 'default', properties: { deleteRetentionPolicy: { enabled: false } } }
}
resource kv 'Microsoft.KeyVault/vaults@2024-11-01' = {
  name: 'kv-${suffix}'
  location: resourceGroup().location
  properties: { tenantId: tenant().tenantId, sku: { family: 'A', name: 'standard' }, enableRbacAuthorization: true }
  resource s 'secrets' = { name: 'pw', properties: { value: pw } }
}
resource ra 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(st.id, 'x')
  scope: st
  properties: { principalId: st.identity.principalId, roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'), principalType: 'ServicePrincipal' }
}
output vnet string = vnet.id
output subnets array = [for (n, i) in names: vnet.properties.subnets[i].id]
output uri string = st.properties.primaryEndpoints.blob
