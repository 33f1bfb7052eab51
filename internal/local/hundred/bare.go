package hundred

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	azcorearm "github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armdeploymentstacks"
	"golang.org/x/sync/errgroup"
)

// Bearer is a credential whose token is a name.
type Bearer string

// GetToken implements azcore.TokenCredential.
func (b Bearer) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: string(b), ExpiresOn: time.Now().Add(time.Hour)}, nil
}

// Bare deploys n stacks of the same template at once with nothing but the SDK,
// and looks at each as often as the engine does until it is complete.
func Bare(ctx context.Context, endpoint, prefix string, n int) error {
	client, err := armdeploymentstacks.NewClient(Subscription, Bearer("bare"), &azcorearm.ClientOptions{DisableRPRegistration: true,
		ClientOptions: azcore.ClientOptions{InsecureAllowCredentialWithHTTP: true, Cloud: cloud.Configuration{
			Services: map[cloud.ServiceName]cloud.ServiceConfiguration{cloud.ResourceManager: {Endpoint: endpoint, Audience: endpoint}}}}})
	if err != nil {
		return err
	}
	var template any
	if err := json.Unmarshal(Template()["main.json"], &template); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	for i := range n {
		group.Go(func() error { return bare(ctx, client, template, fmt.Sprintf("%s%d", prefix, i)) })
	}
	return group.Wait()
}

func bare(ctx context.Context, client *armdeploymentstacks.Client, template any, suffix string) error {
	deletes := to.Ptr(armdeploymentstacks.DeploymentStacksDeleteDetachEnumDelete)
	_, err := client.BeginCreateOrUpdateAtSubscription(ctx, "bare-"+suffix, armdeploymentstacks.DeploymentStack{Location: to.Ptr("westeurope"),
		Properties: &armdeploymentstacks.DeploymentStackProperties{Template: template,
			ActionOnUnmanage: &armdeploymentstacks.ActionOnUnmanage{Resources: deletes, ResourceGroups: deletes},
			DenySettings:     &armdeploymentstacks.DenySettings{Mode: to.Ptr(armdeploymentstacks.DenySettingsModeDenyDelete)},
			Parameters:       map[string]*armdeploymentstacks.DeploymentParameter{"suffix": {Value: suffix}}}}, nil)
	if err != nil {
		return err
	}
	timer := time.NewTimer(Cadence.First)
	defer timer.Stop()
	for pause := Cadence.First; ; pause = min(2*pause, Cadence.Most) {
		select {
		case <-timer.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		stack, err := client.GetAtSubscription(ctx, "bare-"+suffix, nil)
		if err != nil {
			return err
		}
		switch *stack.Properties.ProvisioningState {
		case armdeploymentstacks.DeploymentStackProvisioningStateSucceeded:
			return nil
		case armdeploymentstacks.DeploymentStackProvisioningStateFailed:
			return fmt.Errorf("stack %s failed", suffix)
		default:
			timer.Reset(pause)
		}
	}
}
