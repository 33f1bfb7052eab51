// What everything is called, so that the three deployments mean the same things. Names that are taken worldwide end in
// thirteen characters which follow from the subscription, the TRE and its generation.
metadata description = 'Names of the platform.'

@export()
@description('Names of the platform.')
type names = {
  group: string
  workspacesGroup: string
  front: string
  engine: string
  frontIdentity: string
  engineIdentity: string
  frontHost: string
  engineHost: string
  state: string
  airlock: string
  audit: string
  workspaceVault: string
  appVault: string
  network: string
  ownTopic: string
  scanTopic: string
  airlockTopic: string
  subscriptionTopic: string
  log: string
  insights: string
}

@export()
@description('Names that follow from the id of the TRE, the subscription, and a generation.')
func namesOf(treId string, subscriptionId string, generation string) names =>
  namesWith(treId, uniqueString(subscriptionId, treId, generation))

func namesWith(treId string, unique string) names => {
  group: 'rg-${treId}'
  workspacesGroup: 'rg-${treId}-workspaces'
  front: 'func-front-${unique}'
  engine: 'func-engine-${unique}'
  frontIdentity: 'id-${treId}-front'
  engineIdentity: 'id-${treId}-engine'
  frontHost: 'sthostf${unique}'
  engineHost: 'sthoste${unique}'
  state: 'ststate${unique}'
  airlock: 'stairlock${unique}'
  audit: 'staudit${unique}'
  workspaceVault: 'kv-ws-${unique}'
  appVault: 'kv-app-${unique}'
  network: 'vnet-${treId}'
  ownTopic: 'evgt-${unique}'
  scanTopic: 'evgt-scans-${unique}'
  airlockTopic: 'evgt-airlock-${unique}'
  subscriptionTopic: 'evgt-subscription-${treId}'
  log: 'log-${treId}'
  insights: 'appi-${treId}'
}

@export()
@description('Id of a resource group of this subscription.')
func groupId(subscriptionId string, name string) string => '/subscriptions/${subscriptionId}/resourceGroups/${name}'
