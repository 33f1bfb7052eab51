// Tells people when a month costs more than was planned. It stops nothing.
targetScope = 'subscription'

metadata description = 'A budget of all that carries the tag of the TRE.'

param treId string

@description('In the currency of the subscription.')
param monthly int

@description('First day of a month, not before the current one, when it is made. It cannot be changed afterwards.')
@minLength(10)
param start string

param contacts string[]

resource budget 'Microsoft.Consumption/budgets@2024-08-01' = {
  name: 'budget-${treId}'
  properties: {
    category: 'Cost'
    amount: monthly
    timeGrain: 'Monthly'
    timePeriod: { startDate: start }
    filter: { tags: { name: 'tre_id', operator: 'In', values: [treId] } }
    notifications: {
      nearly: {
        enabled: true
        operator: 'GreaterThan'
        threshold: 80
        thresholdType: 'Actual'
        contactEmails: contacts
      }
      expected: {
        enabled: true
        operator: 'GreaterThan'
        threshold: 100
        thresholdType: 'Forecasted'
        contactEmails: contacts
      }
    }
  }
}
