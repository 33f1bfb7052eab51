// Protects the shared file store by a policy of a backup vault that stands outside of the workspace: the vault outlives
// it. Deleting a workspace that is backed up waits until the vault has let go of what it keeps softly deleted.
metadata description = 'Backup of the shared file store.'

param vaultName string
param policyId string

@description('Account of the share.')
param accountId string

param shareName string

resource container 'Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers@2025-08-01' = {
  name: '${vaultName}/Azure/StorageContainer;Storage;${split(accountId, '/')[4]};${last(split(accountId, '/'))}'
  properties: {
    containerType: 'StorageContainer'
    backupManagementType: 'AzureStorage'
    sourceResourceId: accountId
    // The stack's deny settings guard the account; a lock of the vault's would stop the stack itself.
    acquireStorageAccountLock: 'NotAcquire'
  }
}

resource item 'Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems@2025-08-01' = {
  parent: container
  name: 'AzureFileShare;${shareName}'
  properties: {
    protectedItemType: 'AzureFileShareProtectedItem'
    sourceResourceId: accountId
    policyId: policyId
  }
}
