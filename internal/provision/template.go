package provision

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

// maxParsed is how many templates are kept ready: more than a TRE uses at a
// time, and a few hundred megabytes if all were as large as they may be.
const maxParsed = 64

// Register checks a template package and registers it. The first version of a
// template is the current one, whatever current says. The same again is fine.
// airlock.ErrConflict: the version exists with another content; airlock.ErrNotFound:
// the parent of a user resource's template is not registered; template.ErrInvalid:
// the package is not one.
func (b *Builder) Register(ctx context.Context, act workspace.Act, files map[string][]byte, current bool) (workspace.Registered, error) {
	limits := b.Limits.Package
	if limits == (template.Limits{}) {
		limits = template.DefaultLimits
	}
	t, err := template.Parse(files, limits)
	if err != nil {
		return workspace.Registered{}, err
	}
	if t.Kind == workspace.UserResource {
		if _, err := b.Ports.Templates.Template(ctx, workspace.Service, "", t.Parent, ""); missing(err) {
			return workspace.Registered{}, absent(workspace.Service, t.Parent, "")
		} else if err != nil {
			return workspace.Registered{}, fmt.Errorf("workspace service template %s: %w", t.Parent, err)
		}
	}
	if err := b.checkPipeline(ctx, t); err != nil {
		return workspace.Registered{}, err
	}
	if err := b.Ports.Packages.SavePackage(ctx, t.Digest, template.Canonicals(files)); err != nil {
		return workspace.Registered{}, fmt.Errorf("package of template %s %s: %w", t.Name, t.Version, err)
	}
	r := workspace.Registered{Kind: t.Kind, Parent: t.Parent, Name: t.Name, Version: t.Version, Digest: t.Digest, Title: t.Title,
		Description: t.Description, Roles: t.Roles, Current: current, By: act.By.OID, At: act.At.UTC()}
	line := audit.Line{At: act.At, Actor: audit.Actor{OID: act.By.OID, Name: act.By.Name, Role: string(act.Role)}, Action: "register_template",
		Reason: act.Reason, Detail: fmt.Sprintf("%s %s %s, package %s", t.Kind, t.Name, t.Version, t.Digest), Call: act.Call}
	r, err = b.Ports.Templates.Register(ctx, r, line)
	if err != nil {
		return r, fmt.Errorf("template %s %s: %w", t.Name, t.Version, err)
	}
	return r, nil
}

// checkPipeline refuses a pipeline that would show a secret of this template or of
// the current version of another one.
func (b *Builder) checkPipeline(ctx context.Context, t template.Template) error {
	var trouble error
	err := t.CheckPipeline(func(kind workspace.Kind, name string) (template.Template, bool) {
		if name == "" { // whichever workspace it will be in
			return template.Template{}, false
		}
		other, _, err := b.Template(ctx, kind, "", name, "")
		if err != nil && !missing(err) {
			trouble = err
		}
		return other, err == nil
	})
	return errors.Join(trouble, err)
}

// Template returns a registered template: of a version, or the current one for
// "". parent is the name of the service's template, for user resources.
// airlock.ErrNotFound: there is none.
func (b *Builder) Template(ctx context.Context, kind workspace.Kind, parent, name, version string) (template.Template, workspace.Registered, error) {
	if kind != workspace.UserResource {
		parent = ""
	}
	r, err := b.Ports.Templates.Template(ctx, kind, parent, name, version)
	if missing(err) { // in the caller's words: how it is kept is nobody's business
		return template.Template{}, r, absent(kind, name, version)
	}
	if err != nil {
		return template.Template{}, r, fmt.Errorf("%s template %.80q %.40s: %w", kind, name, version, err)
	}
	t, err := b.load(ctx, r.Digest)
	if err != nil {
		return t, r, fmt.Errorf("template %s %s: %w", r.Name, r.Version, err)
	}
	if t.Kind != r.Kind || t.Parent != r.Parent || t.Name != r.Name || t.Version != r.Version {
		return t, r, fmt.Errorf("template %s %s: its package is of %s %s %s", r.Name, r.Version, t.Kind, t.Name, t.Version)
	}
	t.Current = r.Current
	return t, r, nil
}

// absent says that a template is not registered, or not in that version.
func absent(kind workspace.Kind, name, version string) error {
	if version != "" {
		version = fmt.Sprintf(" in version %.40q", version)
	}
	return fmt.Errorf("%s template %.80q does not exist%s: %w", strings.ReplaceAll(string(kind), "-", " "), name, version, airlock.ErrNotFound)
}

// chosen is the template that somebody asks for. What is not there is their
// mistake: AzureTRE answers 400.
func (b *Builder) chosen(ctx context.Context, kind workspace.Kind, parent string, n New) (template.Template, error) {
	if n.Template == "" {
		return template.Template{}, fmt.Errorf("templateName: say which template to use: %w", ErrSchema)
	}
	t, _, err := b.Template(ctx, kind, parent, n.Template, n.Version)
	if missing(err) {
		version := "its current version"
		if n.Version != "" {
			version = fmt.Sprintf("version %.40q", n.Version)
		}
		return t, fmt.Errorf("templateName: there is no %s template %.80q in %s: %w", kind, n.Template, version, airlock.ErrIllegal)
	}
	if err == nil && !t.Admits(texts(n.Roles)) {
		return t, fmt.Errorf("template %s is for the roles %v: %w", t.Name, t.Roles, airlock.ErrRefused)
	}
	return t, err
}

func texts(roles []access.Role) []string {
	all := make([]string, len(roles))
	for i, r := range roles {
		all[i] = string(r)
	}
	return all
}

// of is the template that a resource was made from.
func (b *Builder) of(ctx context.Context, r workspace.Resource) (template.Template, error) {
	t, err := b.load(ctx, r.Template.Digest)
	if err != nil {
		return t, fmt.Errorf("template %s %s of resource %s: %w", r.Template.Name, r.Template.Version, r.ID, err)
	}
	return t, nil
}

// load is the template of a digest.
func (b *Builder) load(ctx context.Context, digest string) (template.Template, error) {
	return b.parsed.get(ctx, digest, maxParsed, b.read)
}

// read reads a package. One whose content is not that of its digest counts as
// broken: what is deployed is what was registered, or nothing is.
func (b *Builder) read(ctx context.Context, digest string) (template.Template, error) {
	files, err := b.Ports.Packages.LoadPackage(ctx, digest)
	if err != nil {
		return template.Template{}, fmt.Errorf("package %s: %w", digest, err)
	}
	t, err := template.Parse(files, template.DefaultLimits)
	switch {
	case err != nil:
		return t, fmt.Errorf("package %s: %w", digest, err)
	case t.Digest != digest:
		return template.Template{}, fmt.Errorf("package %s: its content has digest %s, it was changed after it was registered", digest, t.Digest)
	}
	return t, nil
}
