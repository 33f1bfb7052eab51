param vnet string
resource e 'Microsoft.Network/virtualNetworks@2024-05-01' existing = { name: last(split(vnet, '/')) }
output x string = e.id
