// A virtual machine of the workspace, reached by Guacamole and by nobody else: no public address, a disk that is
// encrypted down to the host, measured boot, an identity of its own.
metadata description = 'A virtual machine without a public address.'

param location string
param tags object
param suffix string

@description('Tags of the machine and its password beside those of costs: whose it is, when it is stopped.')
param machineTags object

@description('Name of the machine, also its host name.')
@maxLength(15)
param name string

param vmSize string

@description('publisher, offer, sku and version, or id of an image of the operator.')
param image object

param adminUsername string

@secure()
param adminPassword string

@description('linuxConfiguration or windowsConfiguration.')
param osConfiguration object

@description('What the machine reads about itself from its metadata service.')
param userData string

param subnetId string

@description('Account and share that the machine may use; empty: none.')
param sharedStorageId string

@description('Vault that Guacamole reads.')
param vaultName string

@description('How Guacamole connects: ssh or rdp.')
param protocol string

param logId string

// https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/storage
var smbManagedIdentity = 'a235d3ee-5935-4cfb-8cc5-a3303ad5995e'

resource card 'Microsoft.Network/networkInterfaces@2025-05-01' = {
  name: 'nic-${suffix}'
  location: location
  tags: tags
  properties: {
    enableAcceleratedNetworking: true
    enableIPForwarding: false
    ipConfigurations: [
      {
        name: 'primary'
        properties: {
          primary: true
          privateIPAllocationMethod: 'Dynamic'
          subnet: { id: subnetId }
        }
      }
    ]
  }
}

resource machine 'Microsoft.Compute/virtualMachines@2025-04-01' = {
  name: name
  location: location
  tags: union(tags, machineTags)
  identity: { type: 'SystemAssigned' }
  properties: {
    hardwareProfile: { vmSize: vmSize }
    securityProfile: {
      securityType: 'TrustedLaunch'
      uefiSettings: { secureBootEnabled: true, vTpmEnabled: true }
      encryptionAtHost: true
    }
    storageProfile: {
      imageReference: image
      // The sizes offered have no other kind of controller.
      diskControllerType: 'NVMe'
      osDisk: {
        name: 'osdisk-${suffix}'
        createOption: 'FromImage'
        deleteOption: 'Delete'
        caching: 'ReadWrite'
        managedDisk: { storageAccountType: 'StandardSSD_LRS' }
      }
    }
    osProfile: union(
      {
        computerName: name
        adminUsername: adminUsername
        adminPassword: adminPassword
        allowExtensionOperations: true
      },
      osConfiguration
    )
    networkProfile: {
      networkInterfaces: [
        {
          id: card.id
          properties: { primary: true, deleteOption: 'Delete' }
        }
      ]
    }
    // Pictures of the screen would be data outside of the workspace.
    diagnosticsProfile: { bootDiagnostics: { enabled: false } }
    userData: userData
  }
}

module storage 'storage-role.bicep' = if (!empty(sharedStorageId)) {
  name: 'storage-${suffix}'
  params: {
    accountName: last(split(sharedStorageId, '/'))
    role: smbManagedIdentity
    holderId: machine.id
    principalId: machine.identity.principalId
  }
}

resource vault 'Microsoft.KeyVault/vaults@2025-05-01' existing = {
  name: vaultName
}

// How Guacamole signs in, and whose machine it is: it shows people their own. Azure deletes no secret with a stack: it is
// detached, and stays in the vault until that goes.
// https://learn.microsoft.com/azure/azure-resource-manager/bicep/deployment-stacks-known-issues
resource password 'Microsoft.KeyVault/vaults/secrets@2025-05-01' = {
  parent: vault
  name: 'machine-${suffix}'
  tags: union(tags, machineTags, {
    hostname: name
    protocol: protocol
    username: adminUsername
  })
  properties: {
    value: adminPassword
    contentType: 'password'
    attributes: { enabled: true }
  }
}

resource cardLog 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: card
  name: 'workspace-log'
  properties: {
    workspaceId: logId
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

output id string = machine.id
output ip string = card.properties.ipConfigurations[0].properties.privateIPAddress
