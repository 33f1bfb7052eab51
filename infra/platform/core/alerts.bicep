// What somebody should look at. Most of it the TRE tells itself, in /api/health; these say so to people.
metadata description = 'Alerts.'

param location string
param tags object
param treId string

@description('Address that answers 200 while all is well.')
param healthAddress string

@description('Whether it is asked for from outside. A test costs some dollars a month.')
param healthTest bool

param insightsId string
param logId string
param actionGroupId string

@description('Topics whose dead letters are told.')
param topicIds string[]

// https://learn.microsoft.com/azure/azure-monitor/app/availability#location-population-tags
var places = ['emea-nl-ams-azr', 'emea-gb-db3-azr', 'us-va-ash-azr']

resource health 'Microsoft.Insights/webtests@2022-06-15' = if (healthTest) {
  name: 'health-${treId}'
  location: location
  tags: union(tags, { 'hidden-link:${insightsId}': 'Resource' })
  kind: 'standard'
  properties: {
    SyntheticMonitorId: 'health-${treId}'
    Name: 'health-${treId}'
    Enabled: true
    Kind: 'standard'
    Frequency: 300
    Timeout: 60
    RetryEnabled: true
    Locations: [for place in places: { Id: place }]
    Request: {
      RequestUrl: healthAddress
      HttpVerb: 'GET'
      FollowRedirects: false
      ParseDependentRequests: false
    }
    ValidationRules: {
      ExpectedHttpStatusCode: 200
      SSLCheck: true
      SSLCertRemainingLifetimeCheck: 14
    }
  }
}

resource unwell 'Microsoft.Insights/metricAlerts@2018-03-01' = if (healthTest) {
  name: 'unwell-${treId}'
  location: 'global'
  tags: tags
  properties: {
    description: 'The TRE says that it is not well, or does not answer: /api/health/details tells administrators why.'
    enabled: true
    severity: 1
    scopes: [health.id, insightsId]
    evaluationFrequency: 'PT1M'
    windowSize: 'PT5M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.WebtestLocationAvailabilityCriteria'
      webTestId: health.id
      componentId: insightsId
      failedLocationCount: 2
    }
    autoMitigate: true
    actions: [{ actionGroupId: actionGroupId }]
  }
}

resource dead 'Microsoft.Insights/metricAlerts@2018-03-01' = [
  for id in topicIds: {
    name: 'deadletters-${last(split(id, '/'))}'
    location: 'global'
    tags: tags
    properties: {
      description: 'Event Grid could not deliver an event. The TRE reads dead letters and makes up for it; if there are many, the front is away.'
      enabled: true
      severity: 2
      scopes: [id]
      evaluationFrequency: 'PT5M'
      windowSize: 'PT15M'
      criteria: {
        'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
        allOf: [
          {
            name: 'deadletters'
            criterionType: 'StaticThresholdCriterion'
            metricName: 'DeadLetteredCount'
            operator: 'GreaterThan'
            threshold: 0
            timeAggregation: 'Total'
          }
        ]
      }
      autoMitigate: true
      actions: [{ actionGroupId: actionGroupId }]
    }
  }
]

// The words are the Functions host's own.
resource poison 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = {
  name: 'poison-${treId}'
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: 'Poisoned orders of ${treId}'
    description: 'The host moved a message aside after five tries. What it was about says so to administrators, and is tried again.'
    enabled: true
    severity: 2
    scopes: [logId]
    evaluationFrequency: 'PT15M'
    windowSize: 'PT15M'
    skipQueryValidation: true // the table is made with the first line
    criteria: {
      allOf: [
        {
          query: 'AppTraces | where Message has "MaxDequeueCount" and Message has "-poison"'
          timeAggregation: 'Count'
          operator: 'GreaterThan'
          threshold: 0
        }
      ]
    }
    autoMitigate: true
    actions: { actionGroups: [actionGroupId] }
  }
}
