#!/usr/bin/env bash
# own-dev.sh SHIM COMMAND...: runs a command with a /dev of its own (in a mount namespace; root only), in which only plain nodes are,
# and with the library SHIM preloaded. NODES in the environment: so many of its cameras are there from the start, video70 and up.
set -euo pipefail
if [ "${1:-}" != inside ]; then exec unshare --mount --propagation private "$0" inside "$@"; fi
shim=$2
shift 2
dev=$(mktemp -d)
mount -t tmpfs -o mode=755 dev "$dev"
for node in null zero full random urandom; do
  touch "$dev/$node"
  mount --bind "/dev/$node" "$dev/$node"
done
mkdir "$dev/shm"
mount --bind /dev/shm "$dev/shm"
for ((i = 0; i < ${NODES:-0}; i++)); do mknod "$dev/video$((70 + i))" c 81 $((70 + i)); done
mount --move "$dev" /dev
rmdir "$dev"
LD_PRELOAD=$shim exec "$@"
