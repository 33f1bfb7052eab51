// Package platform is the Bicep of the platform itself: core, secrets and events are deployed in this order, with the
// functions' package before the last (docs/deploy.md). Its tests hold what a deployment makes to what the code and the
// pages say.
package platform
