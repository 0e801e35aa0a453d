#!/usr/bin/env bash
# Installs from Debian the programs that swaplab-nbd-server is tried with and measured beside, a browser for the pages that
# swaplab writes, and a Postgres for sweeps over many machines; only those that are missing.
#   tools/install-peers.sh            exit code 0: all are there now; 1: not, and one line on stderr says which and why
#   tools/install-peers.sh --missing  only prints what is missing, a line each: "program (package)"
set -euo pipefail
# nbd-client is in sbin, which users do not have in their path, and the server of Postgres in a folder of its version
export PATH="$PATH:/usr/sbin:/sbin$(printf ':%s' /usr/lib/postgresql/*/bin)"

programs=(
  nbdinfo:libnbd-bin nbdcopy:libnbd-bin nbdsh:python3-libnbd
  qemu-img:qemu-utils qemu-io:qemu-utils qemu-nbd:qemu-utils
  fio:fio nbd-client:nbd-client nbd-server:nbd-server nbd-trdump:nbd-server nbdkit:nbdkit
  tshark:tshark openssl:openssl
  systemd-analyze:systemd systemd-sysusers:systemd man:man-db curl:curl
  chromium:chromium firefox-esr:firefox-esr
  initdb:postgresql
  ip:iproute2 tc:iproute2 ss:iproute2 ethtool:ethtool chrt:util-linux taskset:util-linux unshare:util-linux
)

missing() {
  local entry
  for entry in "${programs[@]}"; do
    command -v "${entry%%:*}" > /dev/null || echo "${entry%%:*} (${entry##*:})"
  done
}

if [[ "${1:-}" == --missing ]]; then
  missing
  exit 0
elif [[ $# -gt 0 ]]; then
  echo "usage: tools/install-peers.sh [--missing]" >&2
  exit 2
fi

failed() {
  echo "install-peers: missing: $(missing | paste -sd, | sed 's/,/, /g'): $1" >&2
  exit 1
}

before=$(missing)
[[ -n "$before" ]] || exit 0
command -v apt-get > /dev/null || failed "there is no apt-get here, install them by hand"
as_root=()
if [[ $EUID -ne 0 ]]; then
  command -v sudo > /dev/null || failed "installing needs root or sudo"
  sudo -n true 2> /dev/null || failed "installing needs root, and sudo asks for a password"
  as_root=(sudo -n)
fi

mapfile -t packages < <(sed 's/.*(\(.*\))/\1/' <<< "$before" | sort -u)
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::Retries=2 -o Acquire::http::Timeout=30 \
    -o Acquire::https::Timeout=30 -o DPkg::Lock::Timeout=120 "$@" > "$log" 2>&1 < /dev/null
}
echo "install-peers: apt-get install ${packages[*]}"
# lists that cannot be renewed may be good enough
apt update || echo "install-peers: apt-get update failed, goes on with the lists that are there" >&2
apt install --yes --no-install-recommends "${packages[@]}" \
  || failed "apt-get install failed: $(grep -m 1 '^E:' "$log" || tail -n 1 "$log")"
[[ -z "$(missing)" ]] || failed "apt-get brought ${packages[*]}, but not these programs"
