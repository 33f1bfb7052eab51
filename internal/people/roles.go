package people

import (
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// RoleID is the id by which AzureTRE's clients name a role. There it is the id
// of an app role; here the UUID (version 5, of an address) of the role's name,
// the same in every installation.
func RoleID(role access.Role) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte("https://github.com/trefoil-tre/trefoil/roles/"+string(role))).String()
}

// ParseRole reads a workspace role's id, or its name. ErrInvalid (airlock's)
// otherwise.
func ParseRole(text string) (access.Role, error) {
	for _, role := range access.WorkspaceRoles {
		if strings.EqualFold(text, RoleID(role)) || text == string(role) {
			return role, nil
		}
	}
	return "", fmt.Errorf("role_id: %.60q is no role of a workspace, GET roles lists them: %w", text, airlock.ErrInvalid)
}
