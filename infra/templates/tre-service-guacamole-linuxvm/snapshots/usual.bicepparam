// Everything by default.
using '../main.bicep'
import * as typical from '../../typical.bicep'

param owner_id = typical.ownerId
param azure_location = typical.location
param suffix = typical.userResourceSuffix
param tags = typical.userResourceTags
param platform = typical.platform
param workspace = typical.workspace
param service = typical.service
param admin_password = ''
