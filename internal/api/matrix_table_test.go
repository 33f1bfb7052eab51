package api_test

// matrix says what every route answers to everybody, about a request of Ann's
// that is under review. It is an allow list: a route without a row fails. Every
// caller but the first three has a good token:
//
//	none     sends no token, "expired" one of Ann's that has ended, "foreign"
//	         one that says it is Ann's, signed with somebody else's key
//	guest    is in the directory, and nothing here
//	sam      has every role, in the other workspace
//	ann      made the request; bob is another researcher, olga the owner, mia an
//	         airlock manager, rita researcher and manager, adam administrator
//	ann@o    is Ann in the other workspace, and so on; sam@o, who may do
//	         everything there, names the request of this one
const matrix = `
	route                                                                               none expired foreign guest sam  ann bob olga mia  rita adam  ann@o adam@o sam@o
	GET    /api/audit                                                                   401  401     401     403   403  403 403 403  403  403  200   403   200    403
	GET    /api/health/details                                                          401  401     401     403   403  403 403 403  403  403  200   403   200    403
	GET    /api/people/{p}                                                              401  401     401     403   404  404 200 404  404  404  200   404   200    404
	GET    /api/people/{p}/audit                                                        401  401     401     403   403  403 403 403  403  403  200   403   200    403
	PUT    /api/people/{p}/expiries                                                     401  401     401     403   403  403 403 403  403  403  200   403   200    403
	POST   /api/people/{p}/reinstate                                                    401  401     401     403   403  403 403 403  403  403  409   403   409    403
	POST   /api/people/{p}/suspend                                                      401  401     401     403   403  403 403 403  403  403  200   403   200    403
	GET    /api/requests                                                                401  401     401     403   200  200 200 200  200  200  200   200   200    200
	GET    /api/workspaces                                                              401  401     401     403   200  200 200 200  200  200  200   200   200    200
	GET    {w}                                                                          401  401     401     404   404  200 200 200  200  200  200   404   200    200
	GET    {w}/assignable-users                                                         401  401     401     404   404  403 403 200  403  403  200   404   200    200
	GET    {w}/audit                                                                    401  401     401     404   404  403 403 200  200  200  200   404   200    200
	POST   {w}/freeze                                                                   401  401     401     404   404  403 403 200  403  403  200   404   200    200
	GET    {w}/requests                                                                 401  401     401     404   404  200 200 200  200  200  403   404   403    200
	POST   {w}/requests                                                                 401  401     401     404   404  201 201 201  403  201  403   404   403    201
	GET    {w}/requests/{r}                                                             401  401     401     404   404  200 200 200  200  200  403   404   403    404
	GET    {w}/requests/{r}/audit                                                       401  401     401     404   404  403 403 200  200  200  200   404   404    404
	POST   {w}/requests/{r}/cancel                                                      401  401     401     404   404  200 403 200  403  403  403   404   403    404
	GET    {w}/requests/{r}/files                                                       401  401     401     404   404  200 200 200  200  200  403   404   403    404
	POST   {w}/requests/{r}/files/remove                                                401  401     401     404   404  400 403 403  403  403  403   404   403    404
	GET    {w}/requests/{r}/link                                                        401  401     401     404   404  403 403 200  200  200  403   404   403    404
	POST   {w}/requests/{r}/retry                                                       401  401     401     404   404  403 403 400  400  400  400   404   404    404
	POST   {w}/requests/{r}/return                                                      401  401     401     404   404  403 403 403  200  200  403   404   403    404
	POST   {w}/requests/{r}/review                                                      401  401     401     404   404  403 403 403  200  200  403   404   403    404
	POST   {w}/requests/{r}/review-user-resource                                        401  401     401     404   404  403 403 403  422  422  403   404   403    404
	POST   {w}/requests/{r}/revoke                                                      401  401     401     404   404  403 403 403  400  400  403   404   403    404
	GET    {w}/requests/{r}/sealed-link                                                 401  401     401     404   404  403 403 200  200  200  403   404   403    404
	POST   {w}/requests/{r}/stop                                                        401  401     401     404   404  403 403 403  400  400  403   404   403    404
	POST   {w}/requests/{r}/submit                                                      401  401     401     404   404  400 400 400  403  400  403   404   403    404
	GET    {w}/roles                                                                    401  401     401     404   404  403 403 200  403  403  200   404   200    200
	GET    {w}/scopeid                                                                  401  401     401     404   404  200 200 200  200  200  200   404   200    200
	POST   {w}/unfreeze                                                                 401  401     401     404   404  403 403 409  403  403  409   404   409    409
	GET    {w}/users                                                                    401  401     401     404   404  200 200 200  200  200  200   404   200    200
	POST   {w}/users/assign                                                             401  401     401     404   404  403 403 202  403  403  202   404   202    202
	DELETE {w}/users/assign                                                             401  401     401     404   404  403 403 202  403  403  202   404   404    404
	PATCH  {w}/users/{p}                                                                401  401     401     404   404  403 403 200  403  403  200   404   404    404
	GET    /.metadata                                                                   200  200     200     200   200  200 200 200  200  200  200   200   200    200
	GET    /api/.metadata                                                               200  200     200     200   200  200 200 200  200  200  200   200   200    200
	GET    /api/docs                                                                    200  200     200     200   200  200 200 200  200  200  200   200   200    200
	GET    /api/health                                                                  200  200     200     200   200  200 200 200  200  200  200   200   200    200
	GET    /api/openapi-3.0.json                                                        200  200     200     200   200  200 200 200  200  200  200   200   200    200
	GET    /api/openapi.json                                                            200  200     200     200   200  200 200 200  200  200  200   200   200    200
	GET    /api/ping                                                                    200  200     200     200   200  200 200 200  200  200  200   200   200    200
	GET    /health                                                                      200  200     200     200   200  200 200 200  200  200  200   200   200    200
`

// estateMatrix says the same about workspaces and what they are made of: the
// service, the machine of Ann's and the shared service of the estate, an
// operation on each that failed, and a request of Ann's for a workspace. {s} is
// the service, {u} the machine, {o} the operation, {c} the shared service, {q}
// the request, {a} a standing approval, {n} and {t} templates.
const estateMatrix = `
	GET    /api/drift                                                                   401  401     401     403   403  403 403 403  403  403  200   403   200    403
	POST   /api/drift                                                                   401  401     401     403   403  403 403 403  403  403  202   403   202    403
	GET    /api/operations                                                              401  401     401     403   200  200 200 200  200  200  200   200   200    200
	GET    /api/shared-service-templates                                                401  401     401     403   200  200 200 200  200  200  200   200   200    200
	POST   /api/shared-service-templates                                                401  401     401     403   403  403 403 403  403  403  201   403   201    403
	GET    /api/shared-service-templates/{t}                                            401  401     401     403   200  200 200 200  200  200  200   200   200    200
	GET    /api/shared-services                                                         401  401     401     403   200  200 200 200  200  200  200   200   200    200
	POST   /api/shared-services                                                         401  401     401     403   403  403 403 403  403  403  202   403   202    403
	DELETE /api/shared-services/{c}                                                     401  401     401     403   403  403 403 403  403  403  400   403   400    403
	GET    /api/shared-services/{c}                                                     401  401     401     403   200  200 200 200  200  200  200   200   200    200
	PATCH  /api/shared-services/{c}                                                     401  401     401     403   403  403 403 403  403  403  202   403   202    403
	GET    /api/shared-services/{c}/audit                                               401  401     401     403   403  403 403 403  403  403  200   403   200    403
	GET    /api/shared-services/{c}/history                                             401  401     401     403   403  403 403 403  403  403  200   403   200    403
	POST   /api/shared-services/{c}/invoke-action                                       401  401     401     403   403  403 403 403  403  403  202   403   202    403
	GET    /api/shared-services/{c}/operations                                          401  401     401     403   403  403 403 403  403  403  200   403   200    403
	GET    /api/shared-services/{c}/operations/{o}                                      401  401     401     403   403  403 403 403  403  403  200   403   200    403
	POST   /api/shared-services/{c}/operations/{o}/cancel                               401  401     401     403   403  403 403 403  403  403  400   403   400    403
	POST   /api/shared-services/{c}/operations/{o}/retry                                401  401     401     403   403  403 403 403  403  403  202   403   202    403
	GET    /api/standing-approvals                                                      401  401     401     403   403  403 403 403  403  403  200   403   200    403
	POST   /api/standing-approvals                                                      401  401     401     403   403  403 403 403  403  403  201   403   201    403
	DELETE /api/standing-approvals/{a}                                                  401  401     401     403   403  403 403 403  403  403  200   403   200    403
	GET    /api/workspace-requests                                                      401  401     401     403   200  200 200 200  200  200  200   200   200    200
	POST   /api/workspace-requests                                                      401  401     401     403   202  202 202 202  202  202  202   202   202    202
	GET    /api/workspace-requests/{q}                                                  401  401     401     403   404  200 404 404  404  404  200   200   200    404
	POST   /api/workspace-requests/{q}/cancel                                           401  401     401     403   404  200 404 404  404  404  200   200   200    404
	POST   /api/workspace-requests/{q}/review                                           401  401     401     403   403  403 403 403  403  403  200   403   200    403
	GET    /api/workspace-service-templates                                             401  401     401     403   200  200 200 200  200  200  200   200   200    200
	POST   /api/workspace-service-templates                                             401  401     401     403   403  403 403 403  403  403  201   403   201    403
	GET    /api/workspace-service-templates/{n}/user-resource-templates                 401  401     401     403   200  200 200 200  200  200  200   200   200    200
	POST   /api/workspace-service-templates/{n}/user-resource-templates                 401  401     401     403   403  403 403 403  403  403  201   403   201    403
	GET    /api/workspace-service-templates/{n}/user-resource-templates/{t}             401  401     401     403   200  200 200 200  200  200  200   200   200    200
	GET    /api/workspace-service-templates/{t}                                         401  401     401     403   200  200 200 200  200  200  200   200   200    200
	GET    /api/workspace-templates                                                     401  401     401     403   200  200 200 200  200  200  200   200   200    200
	POST   /api/workspace-templates                                                     401  401     401     403   403  403 403 403  403  403  201   403   201    403
	GET    /api/workspace-templates/{t}                                                 401  401     401     403   200  200 200 200  200  200  200   200   200    200
	POST   /api/workspaces                                                              401  401     401     403   202  202 202 202  202  202  202   202   202    202
	DELETE {w}                                                                          401  401     401     404   404  403 403 403  403  403  400   404   400    403
	PATCH  {w}                                                                          401  401     401     404   404  403 403 403  403  403  202   404   202    403
	GET    {w}/history                                                                  401  401     401     404   404  403 403 200  403  403  200   404   200    200
	POST   {w}/invoke-action                                                            401  401     401     404   404  403 403 403  403  403  202   404   202    403
	GET    {w}/operations                                                               401  401     401     404   404  403 403 200  403  403  200   404   200    200
	GET    {w}/operations/{o}                                                           401  401     401     404   404  403 403 200  403  403  200   404   404    404
	POST   {w}/operations/{o}/cancel                                                    401  401     401     404   404  403 403 403  403  403  400   404   404    403
	POST   {w}/operations/{o}/retry                                                     401  401     401     404   404  403 403 403  403  403  202   404   404    403
	GET    {w}/workspace-service-templates                                              401  401     401     404   404  200 200 200  200  200  200   404   200    200
	GET    {w}/workspace-service-templates/{n}/user-resource-templates                  401  401     401     404   404  200 200 200  200  200  200   404   200    200
	GET    {w}/workspace-services                                                       401  401     401     404   404  200 200 200  200  200  403   404   403    200
	POST   {w}/workspace-services                                                       401  401     401     404   404  403 403 202  403  403  403   404   403    202
	DELETE {w}/workspace-services/{s}                                                   401  401     401     404   404  403 403 400  403  403  403   404   403    404
	GET    {w}/workspace-services/{s}                                                   401  401     401     404   404  200 200 200  200  200  403   404   403    404
	PATCH  {w}/workspace-services/{s}                                                   401  401     401     404   404  403 403 202  403  403  403   404   403    404
	GET    {w}/workspace-services/{s}/audit                                             401  401     401     404   404  403 403 200  200  200  200   404   404    404
	GET    {w}/workspace-services/{s}/history                                           401  401     401     404   404  403 403 200  200  200  200   404   404    404
	POST   {w}/workspace-services/{s}/invoke-action                                     401  401     401     404   404  403 403 202  403  403  403   404   403    404
	GET    {w}/workspace-services/{s}/operations                                        401  401     401     404   404  403 403 200  200  200  200   404   404    404
	GET    {w}/workspace-services/{s}/operations/{o}                                    401  401     401     404   404  403 403 200  200  200  200   404   404    404
	POST   {w}/workspace-services/{s}/operations/{o}/cancel                             401  401     401     404   404  403 403 400  403  403  400   404   404    404
	POST   {w}/workspace-services/{s}/operations/{o}/retry                              401  401     401     404   404  403 403 202  403  403  202   404   404    404
	GET    {w}/workspace-services/{s}/user-resources                                    401  401     401     404   404  200 200 200  200  200  403   404   403    404
	POST   {w}/workspace-services/{s}/user-resources                                    401  401     401     404   404  202 202 202  403  202  403   404   403    404
	DELETE {w}/workspace-services/{s}/user-resources/{u}                                401  401     401     404   404  400 404 400  404  404  403   404   403    404
	GET    {w}/workspace-services/{s}/user-resources/{u}                                401  401     401     404   404  200 404 200  404  404  403   404   403    404
	PATCH  {w}/workspace-services/{s}/user-resources/{u}                                401  401     401     404   404  202 404 202  404  404  403   404   403    404
	GET    {w}/workspace-services/{s}/user-resources/{u}/audit                          401  401     401     404   404  403 403 200  200  200  200   404   404    404
	POST   {w}/workspace-services/{s}/user-resources/{u}/extend                         401  401     401     404   404  200 404 200  404  404  403   404   403    404
	GET    {w}/workspace-services/{s}/user-resources/{u}/history                        401  401     401     404   404  200 404 200  404  404  200   404   404    404
	POST   {w}/workspace-services/{s}/user-resources/{u}/invoke-action                  401  401     401     404   404  202 404 202  404  404  403   404   403    404
	GET    {w}/workspace-services/{s}/user-resources/{u}/operations                     401  401     401     404   404  200 404 200  404  404  200   404   404    404
	GET    {w}/workspace-services/{s}/user-resources/{u}/operations/{o}                 401  401     401     404   404  200 404 200  404  404  200   404   404    404
	POST   {w}/workspace-services/{s}/user-resources/{u}/operations/{o}/cancel          401  401     401     404   404  400 404 400  404  404  400   404   404    404
	POST   {w}/workspace-services/{s}/user-resources/{u}/operations/{o}/retry           401  401     401     404   404  202 404 202  404  404  202   404   404    404
`
