// The addresses of public Azure, in one place. A national cloud has others; nothing else in this folder names any.
metadata description = 'Addresses of the cloud.'

// They name the private zones too, and a snapshot is to be the same everywhere.
#disable-diagnostics no-hardcoded-env-urls

@export()
var storage = 'core.windows.net'

@export()
var vaults = 'vault.azure.net'

@export()
var sites = 'azurewebsites.net'

@export()
var login = 'https://login.microsoftonline.com'

@export()
var resourceManager = 'https://management.azure.com'

@export()
var graph = 'https://graph.microsoft.com'

@export()
@description('Private DNS zones. https://learn.microsoft.com/azure/private-link/private-endpoint-dns')
var zones = {
  blob: 'privatelink.blob.core.windows.net'
  queue: 'privatelink.queue.core.windows.net'
  table: 'privatelink.table.core.windows.net'
  file: 'privatelink.file.core.windows.net'
  vault: 'privatelink.vaultcore.azure.net'
  topic: 'privatelink.eventgrid.azure.net'
  sites: 'privatelink.azurewebsites.net'
}
