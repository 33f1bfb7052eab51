using 'main.bicep'
param tre_id = 'mytre'
param suffix = 'abc'
param admin_password = 'secret'
param platform = { zones: { blob: '/subscriptions/x/zones/blob' } }
