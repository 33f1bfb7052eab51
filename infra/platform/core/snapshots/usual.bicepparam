// The usual TRE: people of one tenant from two ranges, everything else by default.
using '../main.bicep'

param treId = 'heart'
param location = 'uksouth'
param admittedRanges = ['192.0.2.0/24', '198.51.100.16/28']
param people = {
  audience: 'api://00000000-0000-4000-8000-0000000000a9'
  tenants: ['22222222-2222-4222-8222-222222222222']
  portalClientId: '00000000-0000-4000-8000-0000000000c0'
  cliClientId: '00000000-0000-4000-8000-0000000000c2'
  confidential: false
  directory: true
}
param mailServer = {
  host: 'smtp.example.org'
  port: 587
  tls: 'starttls'
  from: 'Heart TRE <tre@example.org>'
  user: ''
  administrators: ['admin@example.org']
}
param desktopClientId = '00000000-0000-4000-8000-0000000000c1'
