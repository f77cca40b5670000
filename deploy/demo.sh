#!/bin/sh
# Brings a demo up on this host and leaves it running, or takes it down again.
# usage: demo.sh up|down DATA_DIR ADDRESS:PORT
set -eu
cd "$(dirname "$0")/.."
action=$1 data_dir=$2 listen=$3
skep=dist/skep
deadline=120 # seconds for each thing that is waited for

say() { printf 'demo: %s\n' "$*" >&2; }
fail() {
  say "$*"
  say "the log is $data_dir.log; its end:"
  tail -n 20 "$data_dir.log" >&2 || true
  exit 1
}

if [ "$action" = down ]; then
  [ -x "$skep" ] && [ -d "$data_dir" ] && "$skep" reset --data-dir "$data_dir" --yes
  rm -f "$data_dir.log"
  exit 0
fi

kubectl() { command kubectl --kubeconfig "$data_dir/kubeconfig" "$@"; }
ready() { [ "$(kubectl get --raw /readyz 2>/dev/null)" = ok ]; }

if [ -f "$data_dir/kubeconfig" ] && ready; then
  say "Skep runs already with $data_dir"
else
  node_modules/.bin/bun deploy/images.ts "$data_dir/images"
  say "starting Skep: $skep up --data-dir $data_dir --listen $listen"
  setsid "$skep" up --data-dir "$data_dir" --listen "$listen" </dev/null >"$data_dir.log" 2>&1 &
  waited=0
  until ready; do
    [ "$waited" -lt "$deadline" ] || fail "the API did not answer within $deadline s"
    sleep 1
    waited=$((waited + 1))
  done
  say "the API answers"
fi

waited=0
until kubectl wait --for=condition=Ready node --all --timeout=5s >/dev/null 2>&1; do
  [ "$waited" -lt "$deadline" ] || fail "no node was Ready within $deadline s"
  sleep 1
  waited=$((waited + 1))
done
kubectl get nodes
kubectl apply -f deploy/examples/hello.yaml
kubectl rollout status deployment/hello --timeout="${deadline}s" || fail "the deployment did not come up"
kubectl get pods -o wide
address=$(kubectl get service hello -o 'jsonpath={.spec.clusterIP}')
say "six answers through the Service at http://$address/ :"
count=0
while [ "$count" -lt 6 ]; do
  node_modules/.bin/bun -e 'process.stdout.write(await (await fetch(process.argv[1], { signal: AbortSignal.timeout(5000) })).text())' "http://$address/" ||
    fail "the Service at $address did not answer"
  count=$((count + 1))
done
say "it goes on running; look around with: export KUBECONFIG=$data_dir/kubeconfig"
say "take it down with: make clean"
