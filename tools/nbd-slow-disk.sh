#!/usr/bin/env bash
# What a client of swaplab-nbd-server feels of another one whose reads stand still. Both have their swap on a loop device that
# gives the server 20 reads a second (blkio of cgroup v1; needs root); the pages of one are in the page cache, those of the
# other are not.
#   tools/nbd-slow-disk.sh LOAD.c
# LOAD.c as for tools/nbd-bench/bench.mjs. Prints lines "requests/s MB/s p50 p99 p999 errors" of the client whose pages are
# cached, alone and beside the other one: right after the other one's pages were dropped, and after a restart of the server.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
[ $# -eq 1 ] || { echo "usage: tools/nbd-slow-disk.sh LOAD.c" >&2; exit 2; }
folder=$(mktemp -d)
group=/sys/fs/cgroup/blkio/nbd-slow-disk-$$
gcc -O2 -o "$folder/load" "$1" && mkdir "$group" || exit 1
truncate -s 400M "$folder/disk" && device=$(losetup -f --show "$folder/disk") && mkfs.ext4 -q "$device" || exit 1
mkdir "$folder/mount" && mount "$device" "$folder/mount" && mkdir "$folder/mount/swap" || exit 1
number=$(lsblk -no MAJ:MIN "$device" | tr -d ' ')
printf 'listen: ["127.0.0.1:11950"]\nswap:\n  s-*: { size: 64 MiB, store: file, directory: %s, keep: true }\n' \
  "$folder/mount/swap" > "$folder/config.yaml"

reads() { echo "$number $1" > "$group/blkio.throttle.read_iops_device"; }
load() { nice -n -10 "$folder/load" 11950 "$@"; }
start() {
  : > "$folder/log"
  (echo $BASHPID > "$group/cgroup.procs"
    exec nice -n -10 node "$root/apps/nbd-server/dist/main.js" --config "$folder/config.yaml" 2> "$folder/log") &
  server=$!
  until grep -q ready "$folder/log"; do sleep 0.2; done
}
stop() { kill "$server"; wait "$server"; }
finish() {
  stop 2> "$folder/ended"
  umount "$folder/mount"
  losetup -d "$device"
  rmdir "$group"
  rm -r "$folder"
}
trap finish EXIT

start
for name in s-cached s-stalled; do load 1 16 131072 w s 3 67108864 $name > "$folder/filled"; done
sync
for mode in dropped restarted; do
  if [ $mode = restarted ]; then
    stop
    start
    load 1 16 4096 r s 4 67108864 s-cached > "$folder/filled"
  fi
  for _ in 1 2; do echo "$mode alone: $(load 1 1 4096 r r 3 67108864 s-cached)"; done
  dd if="$folder/mount/swap/s-stalled%40127.0.0.1" iflag=nocache count=0 status=none
  reads 20
  load 8 16 4096 r r 14 67108864 s-stalled > "$folder/stalled" &
  stalled=$!
  sleep 1
  for _ in 1 2 3; do echo "$mode beside: $(load 1 1 4096 r r 3 67108864 s-cached)"; done
  wait $stalled
  echo "$mode, the stalled one: $(cat "$folder/stalled")"
  reads 0
done
