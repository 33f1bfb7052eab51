// Where everything writes what happened. Nobody writes or reads with a key: only identities with a role.
metadata description = 'Log Analytics, Application Insights, and who is told of alerts.'

param location string
param tags object
param treId string
param name string
param insightsName string

@description('Days.')
param retention int

@description('Addresses that alerts go to.')
param contacts string[]

resource log 'Microsoft.OperationalInsights/workspaces@2025-07-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: retention
    features: {
      disableLocalAuth: true
      enableLogAccessUsingOnlyResourcePermissions: true
    }
    publicNetworkAccessForIngestion: 'Enabled'
    publicNetworkAccessForQuery: 'Enabled'
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: insightsName
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: log.id
    IngestionMode: 'LogAnalytics'
    DisableLocalAuth: true
    publicNetworkAccessForIngestion: 'Enabled'
    publicNetworkAccessForQuery: 'Enabled'
  }
}

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'ag-${treId}'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: take('tre ${treId}', 12)
    emailReceivers: [
      for (contact, i) in contacts: {
        name: 'administrator ${i}'
        emailAddress: contact
        useCommonAlertSchema: true
      }
    ]
  }
}

output id string = log.id
output insightsId string = insights.id
output actionGroupId string = people.id
