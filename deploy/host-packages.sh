# Part of host.sh: the system, and what it gets from Debian's packages. Sourced, not run.
# shellcheck shell=sh disable=SC2034,SC2154

# Sets `architecture` (amd64, arm64), `system` (its name) and `installs` (empty = not with apt, or not one that was tried).
detect_system() {
  os_release=${SKEP_OS_RELEASE:-/etc/os-release} # the tests stand in for other systems with it
  system=$(os_field PRETTY_NAME)
  installs=''
  # A Raspberry Pi runs a 32-bit Debian under a 64-bit kernel too: the packages' architecture counts, not the kernel's.
  architecture=$(dpkg --print-architecture 2>/dev/null || uname -m)
  case $architecture in
    x86_64) architecture=amd64 ;;
    aarch64) architecture=arm64 ;;
  esac
  case $architecture in
    amd64 | arm64) ;;
    *)
      say "cannot: this system is for $architecture processors; Skep is made for amd64 and arm64 (on a Raspberry Pi: the 64-bit system)"
      exit 1
      ;;
  esac
  if [ "$(uname -s)" != Linux ]; then
    say "cannot: this is $(uname -s); containers need Linux"
    exit 1
  fi
  case $(os_field ID) in
    debian)
      case $(os_field VERSION_ID) in
        12 | 13) installs=yes ;;
        '') installs=yes ;; # testing and unstable have no number
      esac
      ;;
    ubuntu) installs=yes ;;
  esac
  command -v apt-get >/dev/null 2>&1 || installs=''
  say "found ${system:-an unknown system}, $architecture"
}

# One field of os-release, without its quotes.
os_field() { sed -n "s/^$1=//p" "$os_release" 2>/dev/null | head -n 1 | sed "s/^[\"']//; s/[\"']\$//"; }

# Fills `missing` (packages that Skep needs) and `wanted` (those it can do without); says a line for each part.
check_packages() {
  missing='' wanted='' every=''
  part containerd command -v containerd
  part runc command -v runc
  part containernetworking-plugins has_cni_plugins
  part nftables command -v nft
  part iproute2 command -v ip
  part util-linux has_commands nsenter unshare setpriv
  part kmod command -v modprobe
  part ca-certificates test -s /etc/ssl/certs/ca-certificates.crt
  part busybox-static has_static_busybox
  if [ -n "$test_parts" ]; then
    part jq command -v jq
    part procps has_commands ps pgrep
    part bsdutils command -v script
    part git command -v git
    part docker-registry command -v docker-registry
    part pgbouncer command -v pgbouncer
  fi
  if command -v conntrack >/dev/null 2>&1; then
    say 'found conntrack'
  else
    wanted=' conntrack'
    every="$every conntrack"
    say 'note: no conntrack: UDP clients of a Service go on to a pod that is gone for up to 2 minutes'
  fi
}

# part PACKAGE COMMAND…: the package is there when the command says so.
part() {
  package=$1
  shift
  every="$every $package"
  if "$@" >/dev/null 2>&1; then
    say "found $package"
  else
    missing="$missing $package"
    say "missing: $package"
  fi
}

has_commands() {
  for name in "$@"; do command -v "$name" >/dev/null 2>&1 || return 1; done
}

has_cni_plugins() {
  for directory in /usr/lib/cni /opt/cni/bin /usr/libexec/cni; do
    if [ -x "$directory/bridge" ] && [ -x "$directory/host-local" ] && [ -x "$directory/loopback" ]; then return 0; fi
  done
  return 1
}

# The demo's image holds nothing but this file, so it must need no library.
has_static_busybox() {
  [ -x /bin/busybox ] && LC_ALL=C ldd /bin/busybox 2>&1 | grep -q -i -e 'not a ' -e 'statically linked'
}

# refuse_packages REASON: says why, and what to install by hand.
refuse_packages() {
  cannot "$1"
  [ -z "$missing" ] || say "install by hand what is missing here (names of Debian's packages):$missing"
  say "all that Skep needs on a host:$every crictl"
}

# Installs `missing` and `wanted` with apt, and leaves no service of theirs running that did not run before.
install_packages() {
  packages=$missing$wanted
  command -v curl >/dev/null 2>&1 || command -v wget >/dev/null 2>&1 || packages="$packages curl"
  say "installing:$packages"
  forbid_service_starts
  apt update || say "note: apt-get update failed, trying with the lists that are here: $(last_line)"
  # shellcheck disable=SC2086 # a list of names
  apt install --no-install-recommends $packages || say "note: apt-get install failed: $(last_line)"
  allow_service_starts
  hash -r
  before=$missing$wanted
  check_packages 2>/dev/null
  for package in $before; do
    case "$missing$wanted " in
      *' conntrack '*) ;; # said above
      *" $package "*) cannot "install $package with apt: do it by hand" ;;
      *) say "installed $package" ;;
    esac
  done
}

# apt-get without questions. DPkg::Lock::Timeout waits for other installers, but not for another update: that is tried again.
apt() {
  tries=0
  until DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l LC_ALL=C \
    apt-get -q -y -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 "$@" </dev/null >"$scratch/apt.log" 2>&1; do
    tries=$((tries + 1))
    grep -q 'Could not get lock' "$scratch/apt.log" && [ "$tries" -lt 12 ] || return 1
    sleep 5
  done
}
last_line() { grep -e '^E:' "$scratch/apt.log" | tail -n 1; }

# Skep runs a containerd of its own, and the tests a registry and a pooler; Debian's would be enabled and started by their installation.
forbid_service_starts() {
  for service in containerd docker-registry pgbouncer; do
    case " $missing " in *" $service "*) forbidding="$forbidding $service" ;; esac
  done
  [ -n "$forbidding" ] || return 0
  for service in $forbidding; do
    [ ! -d /run/systemd/system ] || systemctl --quiet --runtime mask "$service.service" >/dev/null 2>&1 || true
  done
  if [ ! -e /usr/sbin/policy-rc.d ]; then
    printf '#!/bin/sh\n# by deploy/host.sh, for the time of an installation\nexit 101\n' >/usr/sbin/policy-rc.d
    chmod 755 /usr/sbin/policy-rc.d
    made_policy=yes
  fi
}
forbidding='' made_policy=''

# Undoes forbid_service_starts; a service that came just now stays off.
allow_service_starts() {
  [ -n "$forbidding" ] || return 0
  [ -z "$made_policy" ] || rm -f /usr/sbin/policy-rc.d
  made_policy=''
  for service in $forbidding; do
    if command -v systemctl >/dev/null 2>&1; then
      [ ! -d /run/systemd/system ] || systemctl --quiet --runtime unmask "$service.service" >/dev/null 2>&1 || true
      systemctl --quiet disable "$service.service" >/dev/null 2>&1 || true
    else
      rm -f "/etc/systemd/system/multi-user.target.wants/$service.service"
      ! command -v update-rc.d >/dev/null 2>&1 || update-rc.d "$service" disable >/dev/null 2>&1 || true
    fi
  done
  forbidding=''
}
