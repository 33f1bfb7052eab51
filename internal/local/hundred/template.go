package hundred

// name is the template's.
const name = "many"

// mainJSON is a workspace: a group, and in it a storage account and a vault.
const mainJSON = `{"contentVersion": "1.0.0.0", "$schema": "https://schema.management.azure.com/schemas/2018-05-01/subscriptionDeploymentTemplate.json#",
  "parameters": {"suffix": {"type": "string"}},
  "resources": [
    {"type": "Microsoft.Resources/resourceGroups", "apiVersion": "2024-03-01", "name": "[concat('rg-', parameters('suffix'))]", "location": "westeurope"},
    {"type": "Microsoft.Resources/deployments", "apiVersion": "2025-04-01", "name": "inner", "resourceGroup": "[concat('rg-', parameters('suffix'))]",
     "dependsOn": ["[subscriptionResourceId('Microsoft.Resources/resourceGroups', concat('rg-', parameters('suffix')))]"],
     "properties": {"mode": "Incremental", "expressionEvaluationOptions": {"scope": "inner"}, "parameters": {"suffix": {"value": "[parameters('suffix')]"}},
       "template": {"contentVersion": "1.0.0.0", "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
         "parameters": {"suffix": {"type": "string"}},
         "resources": [
           {"type": "Microsoft.Storage/storageAccounts", "apiVersion": "2024-01-01", "name": "[concat('st', parameters('suffix'))]", "location": "[resourceGroup().location]", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}},
           {"type": "Microsoft.KeyVault/vaults", "apiVersion": "2024-11-01", "name": "[concat('kv', parameters('suffix'))]", "location": "[resourceGroup().location]"}]}}}],
  "outputs": {"storage_account_name": {"type": "string", "value": "[concat('st', parameters('suffix'))]"}}}`

// Template is the package that all workspaces are made from.
func Template() map[string][]byte {
	return map[string][]byte{
		"template.json":        []byte(`{"name":"` + name + `","version":"1.0.0","kind":"workspace"}`),
		"template_schema.json": []byte(`{"$schema":"http://json-schema.org/draft-07/schema","type":"object","title":"Many","description":"Many","required":[],"properties":{"address_space_size":{"type":"string","default":"small"}}}`),
		"main.json":            []byte(mainJSON),
	}
}
