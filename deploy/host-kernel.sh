# Part of host.sh: what the kernel must be able to do. Sourced, not run.
# Devices and rules are tried out in a network namespace that ends with the trial: nothing on the host changes, but the kernel may load a
# module for it, as it would for Skep.
# shellcheck shell=sh disable=SC2154

check_kernel() {
  kernel overlay 'overlay file system' has_overlay
  if has_commands ip nft unshare; then
    check_network
  else
    say 'note: the kernel is not asked for devices and nftables: that needs the programs that are missing'
  fi
  check_cgroups
  if [ -n "$(sed 1d /proc/swaps 2>/dev/null)" ]; then say 'found swap: it may stay on'; fi
  modules=/lib/modules/$(uname -r)
  if [ -d /lib/modules ] && [ ! -d "$modules" ]; then
    say "note: there is no $modules: if the kernel was updated, reboot and run this again"
  fi
}

check_network() {
  if ! trial true; then
    cannot 'make a network namespace: Skep needs a real or virtual machine, or a privileged container'
    return 0
  fi
  kernel veth 'veth devices' trial 'ip link add skep0 type veth peer name skep1'
  kernel bridge 'bridge devices' trial 'ip link add skep0 type bridge'
  if trial "$trial_rules"; then
    say 'found nftables: NAT, maps and masquerade'
  else
    cannot 'use nftables: the kernel wants CONFIG_NF_TABLES, NFT_NAT, NFT_MASQ, NFT_NUMGEN, NFT_FIB_IPV4'
  fi
  if trial 'ip link add skep0 type vxlan id 1 dstport 8472 dev lo'; then
    say 'found VXLAN'
  else
    say 'note: no VXLAN: pods reach only nodes of the same network segment'
  fi
  if has_br_netfilter; then
    say 'found br_netfilter'
  else
    say 'note: no br_netfilter: a pod sees its node as the client when a pod of the same node calls it through a Service'
  fi
  check_forward_policy
}

# kernel MODULE WHAT COMMAND…: Skep cannot do without it.
kernel() {
  module=$1 what=$2
  shift 2
  if "$@"; then
    say "found $what"
  else
    cannot "use $what: the kernel has no $module"
  fi
}

trial() { unshare --net -- sh -c "$1" >/dev/null 2>&1; }

# The parts of Skep's rule set that come as modules of their own.
trial_rules='nft -f - <<END
table ip skep {
  map services { type ipv4_addr . inet_proto . inet_service : verdict ; }
  chain one { meta l4proto tcp dnat to numgen random mod 2 map { 0 : 10.0.0.1, 1 : 10.0.0.2 } ; }
  chain in { type nat hook prerouting priority -100 ; fib daddr type local ip daddr . meta l4proto . th dport vmap @services ; }
  chain out { type nat hook postrouting priority 100 ; ct mark 1 masquerade ; }
  chain filter { type filter hook forward priority 0 ; ct state new reject ; }
}
END'

has_overlay() { grep -q -w overlay /proc/filesystems || load overlay; }

has_br_netfilter() { [ -e /proc/sys/net/bridge/bridge-nf-call-iptables ] || load br_netfilter; }

# Loads a module; with --check only asks whether it could be loaded.
load() {
  if [ -n "$check" ]; then
    modprobe -n -q "$1" 2>/dev/null
  else
    modprobe -q "$1" 2>/dev/null
  fi
}

check_cgroups() {
  if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
    version=2 controllers=$(cat /sys/fs/cgroup/cgroup.controllers)
  else
    version=1 controllers=$(awk '$3 == "cgroup" { print $4 }' /proc/mounts | tr ',\n' '  ')
  fi
  if [ -z "$controllers" ]; then
    cannot 'use cgroups: none are mounted on /sys/fs/cgroup'
    return 0
  fi
  lacking=''
  for controller in cpu memory pids; do
    case " $controllers " in *" $controller "*) ;; *) lacking="$lacking $controller" ;; esac
  done
  if [ -z "$lacking" ]; then
    say "found cgroups, version $version"
    return 0
  fi
  say "note: cgroups, version $version, are without:$lacking; pods that have such a limit may not start"
  case $lacking in
    *memory*)
      for file in /boot/firmware/cmdline.txt /boot/cmdline.txt; do
        [ -f "$file" ] || continue
        say "note: to have it, add to the end of the one line of $file: cgroup_memory=1 cgroup_enable=memory  and reboot"
        break
      done
      ;;
  esac
}

# Docker and most firewalls drop what the host would pass on; a rule of Skep's cannot take back a drop in another table.
check_forward_policy() {
  if nft list chain ip filter FORWARD 2>/dev/null | grep -q 'policy drop'; then
    say "note: other rules on this host drop what it passes on (chain FORWARD), packets of pods too; let them through: \
iptables -I FORWARD -s 10.42.0.0/16 -j ACCEPT; iptables -I FORWARD -d 10.42.0.0/16 -j ACCEPT"
  fi
}
