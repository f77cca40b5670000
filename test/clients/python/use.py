"""Uses the API as programs in Python do: watch, patches, server-side apply, exec. Arguments: namespace, a pod that runs.

Prints a line for each thing that it saw.
"""

import sys
import threading

from kubernetes import client, config, dynamic, watch
from kubernetes.client.rest import ApiException
from kubernetes.stream import stream

namespace, pod = sys.argv[1:3]
config.load_kube_config()
core = client.CoreV1Api()

start = core.list_namespaced_config_map(namespace).metadata.resource_version
seen = []


def follow():
    for event in watch.Watch().stream(
        core.list_namespaced_config_map,
        namespace,
        field_selector="metadata.name=python-client",
        resource_version=start,
        timeout_seconds=30,
    ):
        seen.append(f"watch {event['type']} {event['object'].data['value']}")
        if event["type"] == "DELETED":
            return


follower = threading.Thread(target=follow)
follower.start()
core.create_namespaced_config_map(
    namespace, client.V1ConfigMap(metadata=client.V1ObjectMeta(name="python-client"), data={"value": "1"})
)
core.patch_namespaced_config_map("python-client", namespace, {"data": {"value": "2"}})
whole = core.read_namespaced_config_map("python-client", namespace)
whole.data["value"] = "3"
core.replace_namespaced_config_map("python-client", namespace, whole)
whole.data["value"] = "never"
try:
    core.replace_namespaced_config_map("python-client", namespace, whole)
except ApiException as error:
    print("replace", error.status, error.reason)

objects = dynamic.DynamicClient(client.ApiClient()).resources.get(api_version="v1", kind="ConfigMap")
applied = objects.server_side_apply(
    body={"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "python-client"}, "data": {"value": "4"}},
    namespace=namespace,
    field_manager="python-client",
    force_conflicts=True,
)
print("applied", applied.data.value)
core.delete_namespaced_config_map("python-client", namespace)
follower.join(40)
print("\n".join(seen))
print(
    "exec",
    stream(
        core.connect_get_namespaced_pod_exec,
        pod,
        namespace,
        command=["sh", "-c", "echo hello"],
        stdout=True,
        stderr=True,
        stdin=False,
        tty=False,
    ).strip(),
)
print("log", core.read_namespaced_pod_log(pod, namespace).strip())
