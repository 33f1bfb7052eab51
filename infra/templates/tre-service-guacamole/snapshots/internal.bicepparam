// Everything by default: reached through the core network, nothing copied in or out.
using '../main.bicep'
import * as typical from '../../typical.bicep'

param tre_id = typical.treId
param workspace_id = typical.workspaceId
param resource_id = typical.serviceId
param azure_location = typical.location
param suffix = typical.serviceSuffix
param tags = typical.serviceTags
param platform = typical.platform
param workspace = typical.workspace
