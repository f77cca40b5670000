#!/bin/sh
# Checks that this host can run Skep and installs what is missing. Safe to run again; within 3 s when everything is there.
# A line on stderr for each thing: found, installed, missing, note (Skep runs, but …) or cannot.
# shellcheck source-path=SCRIPTDIR
set -eu

usage() {
  cat <<'END'
usage: sh deploy/host.sh [--check] [--with-kubectl] [--with-test-parts] [--prefix DIR]
  --check            change nothing, only say what is there and what is missing
  --with-kubectl     also kubectl, 1.31 or newer
  --with-test-parts  also what the tests use
  --prefix DIR       where crictl and kubectl go (default /usr/local/bin)
Installs with apt on Debian 12 and 13, Ubuntu and Raspberry Pi OS (64 bit); elsewhere it says what to install by hand.
Exit status: 0 everything is there, 1 something is missing or cannot be done, 2 wrong usage.
END
}

here=$(cd "$(dirname "$0")" && pwd)
check='' kubectl='' test_parts='' prefix=/usr/local/bin
while [ $# -gt 0 ]; do
  case $1 in
    --check) check=yes ;;
    --with-kubectl) kubectl=yes ;;
    --with-test-parts) test_parts=yes ;;
    --prefix)
      [ $# -ge 2 ] || { usage >&2; exit 2; }
      prefix=$2
      shift
      ;;
    --prefix=*) prefix=${1#*=} ;;
    -h | --help) usage; exit 0 ;;
    *) printf 'host: unknown argument: %s\n' "$1" >&2; usage >&2; exit 2 ;;
  esac
  shift
done
case $prefix in
  /*) ;;
  *) printf 'host: --prefix %s: want an absolute path\n' "$prefix" >&2; exit 2 ;;
esac

failed='' # not empty once something that Skep needs is missing
say() { printf 'host: %s\n' "$*" >&2; }
cannot() { say "cannot: $*"; failed=yes; }

# shellcheck source=versions.env
. "$here/versions.env"
# shellcheck source=host-packages.sh
. "$here/host-packages.sh"
# shellcheck source=host-binaries.sh
. "$here/host-binaries.sh"
# shellcheck source=host-kernel.sh
. "$here/host-kernel.sh"

# A root shell opened with plain su is so.
case :$PATH: in
  *:/usr/sbin:*) ;;
  *)
    say 'note: PATH is without /usr/sbin, where nft and runc are: start Skep with it'
    PATH=$PATH:/usr/sbin:/sbin
    ;;
esac

scratch=$(mktemp -d)
finish() {
  status=$?
  trap - EXIT
  allow_service_starts
  rm -rf "$scratch"
  exit "$status"
}
trap finish EXIT
trap 'exit 1' HUP INT TERM

detect_system
check_packages
if [ "$(id -u)" -ne 0 ]; then
  refuse_packages 'only root can install packages, load modules and run containers: run this with sudo'
  exit 1
fi
if [ -n "$missing" ]; then
  if [ -n "$check" ]; then
    failed=yes
  elif [ -z "$installs" ]; then
    refuse_packages "$system is not a system that this script installs on"
  else
    install_packages
  fi
fi
provide_crictl
[ -z "$kubectl" ] || provide_kubectl
check_kernel
if [ -n "$failed" ]; then
  say 'not everything is there, see above'
  exit 1
fi
say 'everything is there'
