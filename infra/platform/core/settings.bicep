// The settings of the two apps: docs/settings.md says what each means. What stands in none of these has its default.
metadata description = 'Settings of the two apps.'

import * as cloud from '../cloud.bicep'
import { names, groupId } from '../names.bicep'

@export()
@description('Functions that the front runs.')
var frontFunctions = [
  'airlockchanged'
  'api'
  'armchanged'
  'blobcreated'
  'blobscanned'
  'portal'
  'workspacerequested'
]

@export()
@description('Functions that the engine runs.')
var engineFunctions = [
  'airlockadvance'
  'airlockdeliver'
  'airlockinspect'
  'airlockpurge'
  'airlockverdict'
  'drift'
  'notify'
  'resourcestep'
  'retain'
  'sweep'
  'tend'
  'workspacerequest'
]

// https://learn.microsoft.com/azure/azure-functions/disable-function
func disabled(functions string[]) object => toObject(functions, f => 'AzureWebJobs.${f}.Disabled', f => 'true')

@export()
@description('A setting that Key Vault holds. https://learn.microsoft.com/azure/app-service/app-service-key-vault-references')
func secret(vault string, name string) string =>
  '@Microsoft.KeyVault(SecretUri=https://${vault}.${cloud.vaults}/secrets/${name})'

@export()
@description('What both apps are told.')
type common = {
  name: names
  treId: string
  location: string
  subscriptionId: string
  origin: string
  topicEndpoint: string
  ownTopicId: string
  scanTopicId: string
  addressSpace: string
  coreAddressSpace: string
  insightsConnection: string
}

func both(c common, clientId string) object => {
  // Which identity the app is.
  AZURE_CLIENT_ID: clientId
  APPLICATIONINSIGHTS_CONNECTION_STRING: c.insightsConnection
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${clientId};Authorization=AAD'
  TRE_STATE__accountName: c.name.state
  // Of the two forms this is the one that the pages on queue triggers know.
  // https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue-trigger#identity-based-connections
  TRE_STATE__queueServiceUri: 'https://${c.name.state}.queue.${cloud.storage}'
  TRE_STATE__credential: 'managedidentity'
  TRE_STATE__clientId: clientId
  TRE_AIRLOCK__accountName: c.name.airlock
  TRE_WORKSPACE_ENDPOINT: 'https://{account}.blob.${cloud.storage}'
  TRE_TOPIC_ENDPOINT: c.topicEndpoint
  TRE_OWN_TOPICS: c.ownTopicId
  TRE_SCAN_TOPICS: c.scanTopicId
  TRE_PORTAL_URL: '${c.origin}/portal'
  TRE_API_URL: '${c.origin}/api'
  TRE_ID: c.treId
  TRE_LOCATION: c.location
  TRE_SUBSCRIPTION: c.subscriptionId
  TRE_CORE_GROUP: c.name.group
  TRE_ADDRESS_SPACE: c.addressSpace
  TRE_CORE_ADDRESS_SPACE: c.coreAddressSpace
  TRE_VAULT_URL: 'https://${c.name.workspaceVault}.${cloud.vaults}'
  // The host reads these of every timer, also of those that are disabled.
  TRE_SWEEP_SCHEDULE: '0 * * * * *'
  TRE_RETAIN_SCHEDULE: '0 30 * * * *'
  TRE_TEND_SCHEDULE: '0 */5 * * * *'
}

@export()
@description('What the front is told about people.')
type signIn = {
  audience: string
  tenants: string[]
  portalClientId: string
  cliClientId: string
  confidential: bool
  directory: bool
}

@export()
@description('Settings of the front.')
func frontSettings(c common, clientId string, s signIn, subscriptionEvents bool) object =>
  union(
    both(c, clientId),
    disabled(engineFunctions),
    {
      TRE_APP: 'front'
      // Workspaces' accounts lie in groups whose names the engine makes.
      TRE_STORAGE_TOPICS: '${groupId(c.subscriptionId, c.name.group)}/providers/Microsoft.Storage/storageAccounts/${c.name.airlock},${groupId(c.subscriptionId, 'rg-${c.treId}-ws-*')}'
      TRE_ARM_TOPICS: subscriptionEvents ? '/subscriptions/${c.subscriptionId}' : ''
      TRE_AUTHORITY: cloud.login
      TRE_AUDIENCE: s.audience
      TRE_TENANTS: join(s.tenants, ',')
      TRE_CLIENT_ID: s.portalClientId
      TRE_CLI_CLIENT_ID: s.cliClientId
      TRE_GRAPH_ENDPOINT: s.directory ? cloud.graph : 'none'
      TRE_COOKIE_KEYS: secret(c.name.appVault, 'cookie-keys')
    },
    s.confidential ? { TRE_CLIENT_SECRET: secret(c.name.appVault, 'client-secret') } : {}
  )

@export()
@description('How the engine sends mail.')
type mail = {
  host: string
  port: int
  tls: 'starttls' | 'tls'
  from: string
  user: string
  administrators: string[]
}

@export()
@description('Settings of the engine.')
func engineSettings(c common, clientId string, m mail, principals string[], platform object) object =>
  union(
    both(c, clientId),
    disabled(frontFunctions),
    {
      TRE_APP: 'engine'
      TRE_SMTP_HOST: m.host
      TRE_SMTP_PORT: string(m.port)
      TRE_SMTP_TLS: m.tls
      TRE_SMTP_FROM: m.from
      TRE_ADMIN_MAIL: join(m.administrators, ',')
      TRE_DEAD_LETTERS: 'deadletters'
      TRE_ARM_ENDPOINT: cloud.resourceManager
      TRE_VAULT_ID: '${groupId(c.subscriptionId, c.name.group)}/providers/Microsoft.KeyVault/vaults/${c.name.workspaceVault}'
      TRE_ENGINE_PRINCIPAL: join(principals, ',')
      TRE_PLATFORM: string(platform)
      TRE_TOKEN_KEYS: secret(c.name.appVault, 'token-keys')
    },
    empty(m.user)
      ? {}
      : {
          TRE_SMTP_USERNAME: m.user
          TRE_SMTP_PASSWORD: secret(c.name.appVault, 'smtp-password')
        }
  )
