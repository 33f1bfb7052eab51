// A custom address space of two ranges, zone-redundant storage, another region than the core's, backed up.
using '../main.bicep'
import * as typical from '../../typical.bicep'

param tre_id = typical.treId
param azure_location = 'northeurope'
param suffix = typical.workspaceSuffix
param resource_group_name = 'rg-${typical.treId}-ws-${typical.workspaceSuffix}'
param address_spaces = ['10.8.0.0/23', '10.9.4.0/24']
param tags = typical.workspaceTags
param platform = union(typical.platform, {
  endpoint_location: typical.location
  backup_policy_id: '/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg-heart-backup/providers/Microsoft.RecoveryServices/vaults/rsv-heart/backupPolicies/shares'
})
param shared_storage_quota = 500
param storage_account_redundancy = 'ZRS'
param malware_scanning_cap = 1000
