// A Windows machine for one person, which Guacamole opens in the browser.
metadata name = 'tre-service-guacamole-windowsvm'
metadata description = 'A Windows machine for one person.'

@description('Object id of who owns the machine.')
param owner_id string

@description('Region of the workspace.')
param azure_location string

@description('Twenty characters, fresh each generation: what makes names unique.')
@minLength(20)
@maxLength(20)
param suffix string

@description('Tags of costs.')
param tags object

@description('What the TRE knows of itself: see the table in infra/templates/README.md.')
param platform object

@description('Outputs of the workspace.')
param workspace object

@description('Outputs of the service.')
param service object

@description('Password of the machine, made by the TRE.')
@secure()
param admin_password string

@description('Image of the machine.')
@allowed(['Windows 11', 'Windows Server 2025', 'Windows Server 2022'])
param os_image string = 'Windows 11'

@description('Size of the machine.')
@allowed(['2 CPU | 8GB RAM', '4 CPU | 16GB RAM', '8 CPU | 32GB RAM', '16 CPU | 64GB RAM'])
param vm_size string = '2 CPU | 8GB RAM'

@description('Name of the account that Guacamole signs in with.')
param admin_username string = 'researcher'

@description('Whether the machine may use the shared storage.')
param shared_storage_access bool = true

@description('Hours without work after which the TRE stops the machine; 0: never.')
@minValue(0)
@maxValue(168)
param shutdown_when_idle int = 4

@description('Whether the machine is shut down every day.')
param enable_shutdown_schedule bool = false

@description('When, as HHmm.')
param shutdown_time string = '1800'

@description('In which time zone, by the name that Windows gives it.')
param shutdown_timezone string = 'UTC'

var sizes = {
  '2 CPU | 8GB RAM': 'Standard_D2s_v6'
  '4 CPU | 16GB RAM': 'Standard_D4s_v6'
  '8 CPU | 32GB RAM': 'Standard_D8s_v6'
  '16 CPU | 64GB RAM': 'Standard_D16s_v6'
}

// Images of the operator, by the same names, go before these: a machine that reaches nothing installs nothing, so what
// people need has to be in its image.
var own_images = platform.?machine_images ?? {}
var images = {
  'Windows 11': {
    publisher: 'MicrosoftWindowsDesktop'
    offer: 'windows-11'
    sku: 'win11-24h2-ent'
    version: 'latest'
  }
  'Windows Server 2025': {
    publisher: 'MicrosoftWindowsServer'
    offer: 'WindowsServer'
    sku: '2025-datacenter-g2'
    version: 'latest'
  }
  'Windows Server 2022': {
    publisher: 'MicrosoftWindowsServer'
    offer: 'WindowsServer'
    sku: '2022-datacenter-g2'
    version: 'latest'
  }
}

// What a start-up task of the image reads from the metadata service to mount the share.
var user_data = string({
  shared_storage: shared_storage_access ? '\\\\${workspace.shared_storage_host}\\${workspace.shared_storage_name}' : ''
})

// Windows takes host names of at most 15 characters; the part of the suffix that fits is still a name of its own.
var name = 'vm${substring(suffix, 0, 12)}'

module machine '../modules/machine.bicep' = {
  name: 'machine-${suffix}'
  params: {
    location: azure_location
    tags: tags
    suffix: suffix
    // The TRE itself stops machines, for it warns before and takes extensions.
    machineTags: union(
      {
        owner_id: owner_id
        shutdown_when_idle: string(shutdown_when_idle)
      },
      enable_shutdown_schedule ? { shutdown_schedule: '${shutdown_time} ${shutdown_timezone}' } : {}
    )
    name: name
    vmSize: sizes[vm_size]
    image: contains(own_images, os_image) ? { id: own_images[os_image] } : images[os_image]
    adminUsername: admin_username
    adminPassword: admin_password
    osConfiguration: {
      windowsConfiguration: {
        provisionVMAgent: true
        // There is no way out to fetch updates by: a newer image is how a machine gets them.
        enableAutomaticUpdates: false
        patchSettings: { assessmentMode: 'ImageDefault', patchMode: 'Manual' }
      }
    }
    userData: base64(user_data)
    subnetId: workspace.services_subnet_id
    sharedStorageId: shared_storage_access ? workspace.shared_storage_account_id : ''
    vaultName: last(split(workspace.key_vault_id, '/'))
    protocol: 'rdp'
    logId: workspace.log_analytics_id
  }
}

output azure_resource_id string = machine.outputs.id
output hostname string = name
output ip string = machine.outputs.ip
output vm_sku string = sizes[vm_size]

// Guacamole's own way to address a connection: its name, its kind, where it comes from.
// https://guacamole.apache.org/doc/gug/using-guacamole.html
output connection_uri string = '${service.connection_uri}/#/client/${uriComponent(base64('${name}\u{0}c\u{0}tre'))}'
