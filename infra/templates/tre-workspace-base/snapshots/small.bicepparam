// The usual workspace: a /24, everything by default, no backup vault named.
using '../main.bicep'
import * as typical from '../../typical.bicep'

param tre_id = typical.treId
param azure_location = typical.location
param suffix = typical.workspaceSuffix
param resource_group_name = 'rg-${typical.treId}-ws-${typical.workspaceSuffix}'
param address_spaces = ['10.2.5.0/24']
param tags = typical.workspaceTags
param platform = typical.platform
