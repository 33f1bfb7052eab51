// Everything that can be asked for: an address of its own, a mail server with a password, study registries that publish,
// packages that are deployed, a budget; no topic of the subscription, no test of health.
using '../main.bicep'

param treId = 'heart-2'
param location = 'uksouth'
param generation = '2'
param coreAddressSpace = '10.16.0.0/21'
param addressSpace = '10.16.0.0/12'
param admittedRanges = ['192.0.2.0/24', '203.0.113.7/32']
param linksFromAnywhere = true
param internalRanges = ['10.200.0.0/16']
param deploymentRanges = ['203.0.113.7/32']
param publisherRanges = ['198.51.100.0/24']
param origin = 'https://tre.example.org'
param people = {
  audience: 'api://00000000-0000-4000-8000-0000000000a9'
  tenants: ['22222222-2222-4222-8222-222222222222', '33333333-3333-4333-8333-333333333333']
  portalClientId: '00000000-0000-4000-8000-0000000000c0'
  cliClientId: '00000000-0000-4000-8000-0000000000c2'
  confidential: true
  directory: false
}
param mailServer = {
  host: 'smtp.example.org'
  port: 465
  tls: 'tls'
  from: 'Heart TRE <tre@example.org>'
  user: 'tre'
  administrators: ['admin@example.org', 'second@example.org']
}
param desktopClientId = '00000000-0000-4000-8000-0000000000c1'
param guacamoleImage = 'registry.example.org/tre/guacamole@sha256:0000000000000000000000000000000000000000000000000000000000000000'
param facts = {
  image_registry_id: '/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg-images/providers/Microsoft.ContainerRegistry/registries/heart'
}
param exemptPrincipals = ['00000000-0000-4000-8000-0000000000e1']
param subscriptionEvents = false
param scanningCap = 1000
param redundancy = 'Standard_LRS'
param logRetention = 30
param auditRetention = 730
param memory = 2048
param instances = 10
param healthTest = false
param monthlyBudget = 2000
param budgetStart = '2027-01-01'
param tags = { department: 'cardiology' }
