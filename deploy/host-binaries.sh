# Part of host.sh: crictl and kubectl, which Debian does not have (new enough). Sourced, not run.
# On PATH first, then the published file with its checksum, then a build from source that go.sum pins.
# shellcheck shell=sh disable=SC2034,SC2154

provide_crictl() {
  if path=$(find_program crictl) && version=$("$path" --version 2>/dev/null); then
    say "found crictl: $path, ${version##* }"
    return 0
  fi
  if [ -n "$check" ]; then
    say "missing: crictl ($CRICTL_VERSION)"
    failed=yes
    return 0
  fi
  eval "sum=\$CRICTL_SHA256_$architecture"
  url=$CRICTL_URL-$architecture.tar.gz
  if fetch_checked crictl "$url" "$sum" && tar -xzf "$scratch/crictl.download" -C "$scratch" crictl; then
    put crictl "from $url"
    return 0
  fi
  if build crictl sigs.k8s.io/cri-tools/cmd/crictl "-X sigs.k8s.io/cri-tools/pkg/version.Version=$CRICTL_VERSION"; then
    put crictl "$CRICTL_VERSION built from source"
    return 0
  fi
  cannot "provide crictl: fetch $url on another machine and unpack it into $prefix, or install Go and run this again"
}

provide_kubectl() {
  if path=$(find_program kubectl); then
    # Some distributions put letters behind the number: "32+".
    minor=$("$path" version --client -o json 2>/dev/null | sed -n 's/.*"minor": *"\([0-9]*\).*/\1/p' | head -n 1)
    if [ "${minor:-0}" -ge "$KUBECTL_MINIMUM_MINOR" ]; then
      say "found kubectl: $path, 1.$minor"
      return 0
    fi
    say "kubectl at $path is 1.${minor:-?}: Skep wants 1.$KUBECTL_MINIMUM_MINOR or newer"
  fi
  if [ -n "$check" ]; then
    say "missing: kubectl ($KUBECTL_VERSION)"
    failed=yes
    return 0
  fi
  eval "sum=\$KUBECTL_SHA256_$architecture"
  url=$KUBECTL_URL/$architecture/kubectl
  if fetch_checked kubectl "$url" "$sum" && mv "$scratch/kubectl.download" "$scratch/kubectl"; then
    put kubectl "from $url"
    return 0
  fi
  number=${KUBECTL_VERSION#v1.}
  package=k8s.io/component-base/version
  if build kubectl . "-X $package.gitVersion=$KUBECTL_VERSION -X $package.gitMajor=1 -X $package.gitMinor=${number%%.*}"; then
    put kubectl "$KUBECTL_VERSION built from source"
    return 0
  fi
  cannot "provide kubectl: fetch $url on another machine and put it into $prefix (mode 755), or install Go and run this again"
}

# The program's path, on PATH or in the prefix.
find_program() { command -v "$1" || { [ -x "$prefix/$1" ] && printf '%s\n' "$prefix/$1"; }; }

# fetch_checked NAME URL SHA256 → $scratch/NAME.download. A host that cannot reach the address loses 5 s.
fetch_checked() {
  say "fetching $2"
  if command -v curl >/dev/null 2>&1; then
    curl -fsSL --connect-timeout 5 --speed-limit 1000 --speed-time 20 -o "$scratch/$1.download" "$2" 2>"$scratch/fetch.log"
  elif command -v wget >/dev/null 2>&1; then
    wget -nv --dns-timeout=5 --connect-timeout=5 --read-timeout=20 --tries=1 -O "$scratch/$1.download" "$2" 2>"$scratch/fetch.log"
  else
    echo 'there is neither curl nor wget' >"$scratch/fetch.log" && false
  fi || {
    say "note: it could not be fetched: $(tail -n 1 "$scratch/fetch.log")"
    return 1
  }
  got=$(sha256sum "$scratch/$1.download")
  [ "${got%% *}" = "$3" ] || {
    say "note: what came is not what was published: SHA-256 ${got%% *}, want $3"
    return 1
  }
}

# build NAME PACKAGE LDFLAGS → $scratch/NAME, from the Go module deploy/NAME.
build() {
  go=$(command -v go) || go=/usr/local/go/bin/go # sudo's PATH has no /usr/local/go
  [ -x "$go" ] || {
    say "note: $1 cannot be built either: there is no Go"
    return 1
  }
  say "building $1 with $("$go" env GOVERSION): a minute or two"
  (
    cd "$here/$1"
    export HOME="${HOME:-/root}" GOWORK=off CGO_ENABLED=0
    "$go" build -mod=readonly -buildvcs=false -trimpath -ldflags "-s -w $3" -o "$scratch/$1" "$2"
  ) >"$scratch/go.log" 2>&1 || {
    say "note: the build of $1 failed: $(tail -n 1 "$scratch/go.log")"
    return 1
  }
}

# put NAME ORIGIN: $scratch/NAME becomes $prefix/NAME in one step, so that a running one is never half written.
put() {
  if ! { mkdir -p "$prefix" && cp "$scratch/$1" "$prefix/.$1.new" && chmod 755 "$prefix/.$1.new" && mv "$prefix/.$1.new" "$prefix/$1"; }; then
    cannot "write $prefix/$1"
    return 0
  fi
  hash -r
  say "installed $1: $prefix/$1, $2"
  [ "$(command -v "$1")" = "$prefix/$1" ] || say "note: $prefix is not on PATH, or another $1 comes before it"
}
