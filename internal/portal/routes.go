package portal

// routeResources adds the pages on workspaces, beside their airlock.
func (p *portal) routeResources(get, post func(path string, h page)) {
	const one = mount + "/workspace-requests/{wanted}"
	get(mount+"/workspace-requests", p.listWanted)
	get(one, p.wanted)
	get(one+"/{action}", p.backToWanted)
	for action, act := range p.wantedActions() {
		post(one+"/"+action, act)
	}
	get(mount+"/standing-approvals", p.approvals)
	get(mount+"/standing-approvals/{action...}", p.backToApprovals)
	post(mount+"/standing-approvals/give", p.giveApproval)
	post(mount+"/standing-approvals/{approval}/end", p.endApproval)
	get(mount+"/new-workspace", p.newWorkspace)
	post(mount+"/new-workspace", p.askWorkspace)
	p.routeThings(get, post)
}

// routeThings adds the pages of a workspace, of a service in it, and of a user
// resource in that, with the same forms on each.
func (p *portal) routeThings(get, post func(path string, h page)) {
	const (
		inside   = mount + "/workspaces/{workspace}/resources"
		services = mount + "/workspaces/{workspace}/workspace-services"
		service  = services + "/{service}"
		users    = service + "/user-resources"
		user     = users + "/{resource}"
	)
	get(inside, p.resources)
	for _, at := range []string{service, user} {
		get(at, p.thing)
	}
	for _, at := range []string{services, users} {
		get(at, p.backToThing)
		get(at+"/new", p.newThing)
		post(at+"/new", p.makeThing)
	}
	actions := p.resourceActions()
	for _, at := range []string{inside, service, user} {
		get(at+"/change", p.changeForm)
		post(at+"/change", p.change)
		get(at+"/delete", p.eraseForm)
		post(at+"/delete", p.erase)
		get(at+"/{action}", p.backToThing)
		for action, act := range actions {
			if at == inside || action != "freeze" && action != "unfreeze" {
				post(at+"/"+action, act)
			}
		}
	}
}
