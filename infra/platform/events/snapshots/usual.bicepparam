// With the topic of the subscription.
using '../main.bicep'

param treId = 'heart'
