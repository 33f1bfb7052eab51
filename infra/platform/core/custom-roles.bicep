// Rights for which Azure has no role that is small enough.
targetScope = 'subscription'

metadata description = 'Custom roles.'

param treId string

// What stays a right: lists, links that read and write, new containers. What is none: to delete, to tier, to hold.
resource signer 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(subscription().id, treId, 'signer')
  properties: {
    roleName: 'TRE ${treId} link signer'
    description: 'Makes containers, lists files, signs links that read or write. Deletes nothing.'
    type: 'CustomRole'
    assignableScopes: [subscription().id]
    permissions: [
      {
        actions: [
          'Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action'
          'Microsoft.Storage/storageAccounts/blobServices/containers/write'
        ]
        dataActions: [
          'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read'
          'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write'
          'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/add/action'
        ]
      }
    ]
  }
}

resource keeper 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(subscription().id, treId, 'keeper')
  properties: {
    roleName: 'TRE ${treId} blob keeper'
    description: 'Adds blobs. Overwrites and deletes none.'
    type: 'CustomRole'
    assignableScopes: [subscription().id]
    permissions: [
      {
        actions: []
        dataActions: ['Microsoft.Storage/storageAccounts/blobServices/containers/blobs/add/action']
      }
    ]
  }
}

// It is given under a condition that names the blob.
resource prober 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(subscription().id, treId, 'prober')
  properties: {
    roleName: 'TRE ${treId} blob prober'
    description: 'Writes blobs; to be given under a condition.'
    type: 'CustomRole'
    assignableScopes: [subscription().id]
    permissions: [
      {
        actions: []
        dataActions: ['Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write']
      }
    ]
  }
}

resource depositor 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(subscription().id, treId, 'depositor')
  properties: {
    roleName: 'TRE ${treId} secret depositor'
    description: 'Puts secrets into a vault. Reads none.'
    type: 'CustomRole'
    assignableScopes: [subscription().id]
    permissions: [
      {
        actions: []
        dataActions: [
          'Microsoft.KeyVault/vaults/secrets/setSecret/action'
          'Microsoft.KeyVault/vaults/secrets/readMetadata/action'
        ]
      }
    ]
  }
}

// What the first-party templates make. A template of your own that makes something else needs it here.
resource builder 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(subscription().id, treId, 'builder')
  properties: {
    roleName: 'TRE ${treId} workspace builder'
    description: 'Makes, changes and removes what workspaces are made of.'
    type: 'CustomRole'
    assignableScopes: [subscription().id]
    permissions: [
      {
        actions: [
          'Microsoft.Compute/disks/*'
          'Microsoft.Compute/virtualMachines/*'
          'Microsoft.EventGrid/eventSubscriptions/*'
          'Microsoft.EventGrid/systemTopics/*'
          'Microsoft.Insights/diagnosticSettings/*'
          'Microsoft.KeyVault/vaults/*'
          'Microsoft.ManagedIdentity/userAssignedIdentities/*'
          'Microsoft.Network/applicationSecurityGroups/*'
          'Microsoft.Network/networkInterfaces/*'
          'Microsoft.Network/networkSecurityGroups/*'
          'Microsoft.Network/privateDnsZones/*'
          'Microsoft.Network/privateEndpoints/*'
          'Microsoft.Network/virtualNetworks/*'
          'Microsoft.OperationalInsights/workspaces/*'
          'Microsoft.RecoveryServices/vaults/backupFabrics/*'
          'Microsoft.RecoveryServices/vaults/backupPolicies/read'
          'Microsoft.Resources/deployments/*'
          'Microsoft.Resources/subscriptions/resourceGroups/*'
          'Microsoft.Security/defenderForStorageSettings/*'
          'Microsoft.Storage/storageAccounts/*'
          'Microsoft.Web/serverfarms/*'
          'Microsoft.Web/sites/*'
        ]
        notActions: [
          // Nobody needs a key or a password of what has an identity.
          'Microsoft.Storage/storageAccounts/listKeys/action'
          'Microsoft.Storage/storageAccounts/listAccountSas/action'
          'Microsoft.Storage/storageAccounts/listServiceSas/action'
          'Microsoft.Storage/storageAccounts/regenerateKey/action'
          'Microsoft.Web/sites/publishxml/action'
          'Microsoft.Web/sites/publish/action'
          'Microsoft.Web/sites/host/listkeys/action'
        ]
      }
    ]
  }
}

output signerId string = signer.id
output keeperId string = keeper.id
output proberId string = prober.id
output depositorId string = depositor.id
output builderId string = builder.id
