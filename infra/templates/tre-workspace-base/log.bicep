// The log that everything in the workspace writes to. Who has a role on it reads it; local keys do not exist.
metadata description = 'The log of the workspace.'

param location string
param tags object
@minLength(20)
param suffix string

resource log 'Microsoft.OperationalInsights/workspaces@2025-07-01' = {
  name: 'log-${suffix}'
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    // Who read which file is asked for long after it was read.
    retentionInDays: 90
    features: {
      disableLocalAuth: true
      enableLogAccessUsingOnlyResourcePermissions: true
    }
    // Diagnostics arrive through Azure itself; no machine writes here.
    publicNetworkAccessForIngestion: 'Disabled'
    publicNetworkAccessForQuery: 'Enabled'
  }
}

output id string = log.id
