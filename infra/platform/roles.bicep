// Azure's own roles that the platform gives, by name. Custom ones are in core/custom-roles.bicep.
metadata description = 'Ids of built-in roles.'

// https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
@export()
var roles = {
  blobDataOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b' // Storage Blob Data Owner
  blobDataContributor: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe' // Storage Blob Data Contributor
  blobDataReader: '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1' // Storage Blob Data Reader
  blobDelegator: 'db58b8e5-c6ad-4a2a-8342-4190687cbf4a' // Storage Blob Delegator
  queueDataContributor: '974c5e8b-45b9-4653-ba55-5f855dd0fb88' // Storage Queue Data Contributor
  tableDataContributor: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3' // Storage Table Data Contributor
  fileDataMachines: 'a235d3ee-5935-4cfb-8cc5-a3303ad5995e' // Storage File Data SMB MI Admin
  eventsSender: 'd5a91429-5739-47e2-a06b-3470a27159e7' // EventGrid Data Sender
  secretsOfficer: 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7' // Key Vault Secrets Officer
  secretsUser: '4633458b-17de-408a-b874-0445c86b69e6' // Key Vault Secrets User
  metricsPublisher: '3913510d-42f4-4e42-8a64-420c390055eb' // Monitoring Metrics Publisher
  monitoringReader: '43d0d8ad-25c7-4714-9337-8ba259a9fe05' // Monitoring Reader
  reader: 'acdd72a7-3385-48ef-bd42-f606fba81ae7' // Reader
  stackOwner: 'adb29209-aa1d-457b-a786-c913953d2891' // Azure Deployment Stack Owner
  accessAdministrator: 'f58310d9-a9f6-439a-9e8d-f62e7b41a168' // Role Based Access Control Administrator
  acrPull: '7f951dda-4ed3-4680-a7ca-43fe172d538d' // AcrPull
}
