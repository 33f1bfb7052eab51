// A large machine from an image of the operator's, stopped every evening and never for idleness, without shared storage.
using '../main.bicep'
import * as typical from '../../typical.bicep'

param owner_id = typical.ownerId
param azure_location = typical.location
param suffix = typical.userResourceSuffix
param tags = typical.userResourceTags
param platform = union(typical.platform, {
  machine_images: {
    'Windows 11': '/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg-heart/providers/Microsoft.Compute/galleries/gal_heart/images/windows/versions/1.0.0'
  }
})
param workspace = typical.workspace
param service = typical.service
param admin_password = ''
param vm_size = '16 CPU | 64GB RAM'
param shared_storage_access = false
param shutdown_when_idle = 0
param enable_shutdown_schedule = true
param shutdown_time = '1930'
param shutdown_timezone = 'W. Europe Standard Time'
