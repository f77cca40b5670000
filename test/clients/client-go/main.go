// Command client-go uses the API as programs in Go do: shared informers, leader election by a Lease, server-side apply, the dynamic client.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	coreapply "k8s.io/client-go/applyconfigurations/core/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

const usage = "usage: client-go informer NAMESPACE | leader NAMESPACE LEASE IDENTITY | apply NAMESPACE NAME MANAGER KEY VALUE | list GROUP VERSION PLURAL NAMESPACE"

func main() {
	if len(os.Args) < 3 {
		fail(fmt.Errorf(usage))
	}
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	fail(err)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	switch arguments := os.Args[2:]; os.Args[1] {
	case "informer":
		inform(ctx, config, arguments[0])
	case "leader":
		lead(ctx, config, arguments[0], arguments[1], arguments[2])
	case "apply":
		apply(ctx, config, arguments[0], arguments[1], arguments[2], map[string]string{arguments[3]: arguments[4]})
	case "list":
		list(ctx, config, schema.GroupVersionResource{Group: arguments[0], Version: arguments[1], Resource: arguments[2]}, arguments[3])
	default:
		fail(fmt.Errorf(usage))
	}
}

// inform prints a line for each event of a namespace's ConfigMaps, and `synced` once the first list is there.
func inform(ctx context.Context, config *rest.Config, namespace string) {
	client, err := kubernetes.NewForConfig(config)
	fail(err)
	factory := informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithNamespace(namespace))
	informer := factory.Core().V1().ConfigMaps().Informer()
	_, err = informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: func(object any) { tell("added", object) },
		UpdateFunc: func(before, after any) {
			if before.(*corev1.ConfigMap).ResourceVersion != after.(*corev1.ConfigMap).ResourceVersion {
				tell("updated", after)
			}
		},
		DeleteFunc: func(object any) { tell("deleted", object) },
	})
	fail(err)
	factory.Start(ctx.Done())
	if !cache.WaitForCacheSync(ctx.Done(), informer.HasSynced) {
		fail(fmt.Errorf("the informer has not synced"))
	}
	fmt.Println("synced")
	<-ctx.Done()
}

func tell(event string, object any) {
	if gone, ok := object.(cache.DeletedFinalStateUnknown); ok {
		object = gone.Obj
	}
	config := object.(*corev1.ConfigMap)
	fmt.Println(event, config.Name, config.Data["value"])
}

// lead prints `leading` when it is the leader and `led` when it has let go.
func lead(ctx context.Context, config *rest.Config, namespace, lease, identity string) {
	client, err := kubernetes.NewForConfig(config)
	fail(err)
	leaderelection.RunOrDie(ctx, leaderelection.LeaderElectionConfig{
		Lock: &resourcelock.LeaseLock{
			LeaseMeta:  metav1.ObjectMeta{Namespace: namespace, Name: lease},
			Client:     client.CoordinationV1(),
			LockConfig: resourcelock.ResourceLockConfig{Identity: identity},
		},
		ReleaseOnCancel: true,
		LeaseDuration:   4 * time.Second,
		RenewDeadline:   3 * time.Second,
		RetryPeriod:     500 * time.Millisecond,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(context.Context) { fmt.Println("leading", identity) },
			OnStoppedLeading: func() { fmt.Println("led", identity) },
			OnNewLeader:      func(leader string) { fmt.Println("leader", leader) },
		},
	})
}

// apply prints the ConfigMap's data after a server-side apply, or the reason of the refusal.
func apply(ctx context.Context, config *rest.Config, namespace, name, manager string, data map[string]string) {
	client, err := kubernetes.NewForConfig(config)
	fail(err)
	wanted := coreapply.ConfigMap(name, namespace).WithData(data)
	stored, err := client.CoreV1().ConfigMaps(namespace).Apply(ctx, wanted, metav1.ApplyOptions{FieldManager: manager})
	if err != nil {
		fmt.Println("refused", err)
		return
	}
	answer, err := json.Marshal(stored.Data)
	fail(err)
	fmt.Println("applied", string(answer))
}

// list prints the names of a resource's objects by the dynamic client, page by page.
func list(ctx context.Context, config *rest.Config, resource schema.GroupVersionResource, namespace string) {
	client, err := dynamic.NewForConfig(config)
	fail(err)
	for next := ""; ; {
		page, err := client.Resource(resource).Namespace(namespace).List(ctx, metav1.ListOptions{Limit: 2, Continue: next})
		fail(err)
		for _, item := range page.Items {
			fmt.Println(item.GetKind(), item.GetName())
		}
		if next = page.GetContinue(); next == "" {
			return
		}
	}
}

func fail(err error) {
	if err == nil {
		return
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
