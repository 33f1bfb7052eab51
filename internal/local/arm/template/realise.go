package template

import (
	"strings"
)

// notBody are the parts of a resource that say how it is deployed, and not what it is.
var notBody = map[string]bool{"type": true, "apiVersion": true, "name": true, "condition": true, "copy": true, "dependsOn": true,
	"scope": true, "existing": true, "comments": true, "metadata": true, "resourceGroup": true, "subscriptionId": true}

// realise makes a resource once, after those that it depends on.
func (f *frame) realise(n *node) (map[string]any, error) {
	switch n.state {
	case done:
		return n.whole, nil
	case underWay:
		return nil, invalid("Circular dependency detected on resource: '%s'. "+
			"Please see https://aka.ms/arm-syntax-resources for usage details.", n.id)
	}
	n.state = underWay
	if err := f.dependencies(n); err != nil {
		return nil, located(err, f.d.ID(), n.id)
	}
	make := f.single
	if n.nested {
		make = f.nest
	}
	whole, err := make(n)
	if err != nil {
		return nil, located(err, f.d.ID(), n.id)
	}
	n.whole, n.state = whole, done
	f.run.realised[strings.ToLower(n.id)] = whole
	return whole, nil
}

// dependencies makes what the resource says that it depends on. What is not in the template is not waited for: its
// condition was false.
func (f *frame) dependencies(n *node) error {
	list, _ := n.def["dependsOn"].([]any)
	for _, d := range list {
		v, err := f.walk(d, n.place)
		if err != nil {
			return err
		}
		ref := strings.ToLower(text(v))
		targets := f.loops[ref]
		if t := f.node(ref); t != nil && len(targets) == 0 {
			targets = []*node{t}
		}
		for _, t := range targets {
			if t.existing {
				continue
			}
			if _, err := f.realise(t); err != nil {
				return err
			}
		}
	}
	return nil
}

// single makes one resource that is no deployment.
func (f *frame) single(n *node) (map[string]any, error) {
	if n.def["resources"] != nil {
		return nil, invalid("The template resource '%s' holds resources of its own, which this stand-in does not take: "+
			"the compiler writes them beside it.", n.id)
	}
	body := map[string]any{}
	for k, v := range n.def {
		if notBody[k] {
			continue
		}
		value, err := f.walk(v, n.place)
		if err != nil {
			return nil, err
		}
		body[k] = value
	}
	if f.d.Scope.Group != "" && strings.HasPrefix(strings.ToLower(n.id), strings.ToLower(f.d.Scope.ID())+"/") {
		if _, ok := f.run.lookup(f.d.Scope.ID()); !ok {
			return nil, groupNotFound(f.d.Scope.Group)
		}
	}
	r := Resource{ID: n.id, Type: n.typ, Name: n.name, APIVersion: text(n.def["apiVersion"]), Body: body, Deployment: f.d.ID()}
	whole := f.run.world.Realise(r)
	f.run.result.Resources = append(f.run.result.Resources, r)
	return whole, nil
}

// nest evaluates a nested deployment, which sees nothing of this template but its parameters.
func (f *frame) nest(n *node) (map[string]any, error) {
	properties := object(n.def["properties"])
	options := object(properties["expressionEvaluationOptions"])
	template := object(properties["template"])
	if !strings.EqualFold(text(options["scope"]), "inner") || template == nil {
		return nil, invalid("The nested deployment '%s' must hold its template, with expressions evaluated in the inner scope.", n.name)
	}
	scope, err := f.nestedScope(n.def, n.place)
	if err != nil {
		return nil, err
	}
	location, err := f.walk(n.def["location"], n.place)
	if err != nil {
		return nil, err
	}
	d := f.d
	d.Template, d.Name, d.Scope, d.Parameters = template, n.name, scope, map[string]any{}
	if s := text(location); s != "" {
		d.Location = s
	}
	for name, p := range object(properties["parameters"]) {
		if d.Parameters[name], err = f.argument(p, n.place); err != nil {
			return nil, err
		}
	}
	outputs, err := f.run.deploy(d, f.d.ID())
	if err != nil {
		return nil, err
	}
	shown := map[string]any{}
	for name, o := range outputs {
		shown[name] = map[string]any{"type": o.Type, "value": o.Value}
	}
	return map[string]any{"id": n.id, "name": n.name, "type": n.typ,
		"properties": map[string]any{"provisioningState": "Succeeded", "mode": "Incremental", "outputs": shown}}, nil
}

// argument is a parameter's value for a nested deployment, or the secret that it refers to. The whole of it may be
// an expression.
func (f *frame) argument(p any, place at) (any, error) {
	v, err := f.walk(p, place)
	if err != nil {
		return nil, err
	}
	reference, ok := object(v)["reference"].(map[string]any)
	if !ok {
		return object(v)["value"], nil
	}
	secret, err := f.run.world.Secret(text(object(reference["keyVault"])["id"]), text(reference["secretName"]), text(reference["secretVersion"]))
	if err != nil {
		return nil, err
	}
	return secret, nil
}
