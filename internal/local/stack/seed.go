package stack

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/local/issuer"
)

// The registrations of the local provider.
const (
	Audience     = "6f0f3f4e-2f51-4c0b-8f9e-7a4f3f0a1b11" // the API's client id
	PortalClient = "trefoil-portal"
	CLIClient    = "trefoil-cli"
	// RobotClient is an application that acts for itself: it gets tokens with
	// RobotSecret (client credentials) and has the app role TREUser.
	RobotClient  = "trefoil-automation"
	RobotSecret  = "on-this-machine-only"
	mailPassword = "on-this-machine-only"
)

// Person is somebody who can sign in.
type Person struct {
	Key, Name, Email string
	Roles            []string // in the token
	Groups           []string // object ids of security groups
}

// People are the users of the local provider. They are called by what they do.
var People = []Person{
	{Key: "admin", Name: "TRE Administrator", Email: "admin@tre.example", Roles: []string{"TREAdmin", "TREUser"}},
	{Key: "heart-owner", Name: "Heart Owner", Email: "owner@heart.example", Roles: user},
	{Key: "heart-researcher", Name: "Heart Researcher", Email: "researcher@heart.example", Roles: user},
	{Key: "heart-colleague", Name: "Heart Colleague", Email: "colleague@heart.example", Roles: user},
	{Key: "heart-manager", Name: "Heart Airlock Manager", Email: "manager@heart.example", Roles: user},
	{Key: "heart-both", Name: "Heart Researcher and Manager", Email: "both@heart.example", Roles: user},
	{Key: "heart-statistician", Name: "Heart Statistician by a Group", Email: "statistician@heart.example", Roles: user, Groups: []string{statisticians}},
	{Key: "heart-professor", Name: "Heart Professor in Many Groups", Email: "professor@heart.example", Roles: user, Groups: append(manyGroups(250), statisticians)},
	{Key: "lung-owner", Name: "Lung Owner", Email: "owner@lung.example", Roles: user},
	{Key: "lung-researcher", Name: "Lung Researcher", Email: "researcher@lung.example", Roles: user},
	{Key: "lung-manager", Name: "Lung Airlock Manager", Email: "manager@lung.example", Roles: user},
	{Key: "visitor", Name: "Visitor Without Workspace", Email: "visitor@tre.example", Roles: user},
}

var user = []string{"TREUser"}

// statisticians is a group that has a role in a workspace.
var statisticians = groupID("heart-statisticians")

func groupID(name string) string {
	return uuid.NewSHA1(uuid.MustParse(issuer.Tenant), []byte("group "+name)).String()
}

// manyGroups are groups that have no role anywhere.
func manyGroups(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = groupID(strconv.Itoa(i))
	}
	return all
}

// Workspace is a seeded workspace.
type Workspace struct {
	ID, DisplayName, Description string
	Storage                      string                   // account, made with the workspace
	Members                      map[access.Role][]string // keys of People
	Groups                       []access.Membership      // of groups; the workspace is filled in
}

// Seed are the two workspaces, each with its own people, so that every question
// across workspaces can be asked. The engine makes them as any other.
var Seed = []Workspace{
	{ID: workspaceID("heart"), DisplayName: "Heart study",
		Description: "Outcomes after valve surgery, pseudonymised",
		Members: map[access.Role][]string{
			access.WorkspaceOwner:      {"heart-owner"},
			access.WorkspaceResearcher: {"heart-researcher", "heart-colleague", "heart-both"},
			access.AirlockManager:      {"heart-manager", "heart-both"},
		},
		Groups: []access.Membership{{OID: statisticians, Name: "Heart Statisticians", Role: access.WorkspaceResearcher, Group: true}}},
	{ID: workspaceID("lung"), DisplayName: "Lung study",
		Description: "Spirometry in miners, pseudonymised",
		Members: map[access.Role][]string{
			access.WorkspaceOwner:      {"lung-owner"},
			access.WorkspaceResearcher: {"lung-researcher"},
			access.AirlockManager:      {"lung-manager"},
		}},
}

func workspaceID(name string) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte("https://tre.example/workspaces/"+name)).String()
}

// seed registers the templates and puts people and policy of the two workspaces
// into the state, before anybody is told of them: nobody gets a mail.
func (s *Stack) seed(ctx context.Context) error {
	store, err := s.Store()
	if err != nil {
		return err
	}
	if err := s.register(ctx, s.builder(store, nil)); err != nil {
		return err
	}
	people := s.people()
	for _, w := range s.Workspaces {
		row, err := store.Workspace(ctx, w.ID)
		if err != nil && !errors.Is(err, airlock.ErrNotFound) {
			return fmt.Errorf("workspace %s: %w", w.DisplayName, err)
		}
		row.ID, row.DisplayName, row.Policy = w.ID, w.DisplayName, s.cfg.Policy
		if err := store.PutWorkspace(ctx, row); err != nil {
			return fmt.Errorf("workspace %s: %w", w.DisplayName, err)
		}
		for _, m := range w.members(people) {
			if err := store.PutMember(ctx, m); err != nil {
				return fmt.Errorf("member %s: %w", m.Name, err)
			}
		}
	}
	return nil
}

// people are the users by their keys.
func (s *Stack) people() map[string]access.Membership {
	all := map[string]access.Membership{}
	for _, u := range s.Issuer.Users() {
		all[u.Key] = access.Membership{OID: u.OID, Name: u.Name, Email: u.Email}
	}
	return all
}

// members are the workspace's memberships, of the people and of groups.
func (w Workspace) members(people map[string]access.Membership) []access.Membership {
	all := slices.Clone(w.Groups)
	for role, keys := range w.Members {
		for _, key := range keys {
			m := people[key]
			m.Role = role
			all = append(all, m)
		}
	}
	for i := range all {
		all[i].Workspace = w.ID
	}
	return all
}
