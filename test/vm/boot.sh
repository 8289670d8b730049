#!/usr/bin/env bash
# boot.sh COMMAND...: runs a shell command in the project's folder inside a virtual machine with Debian's kernel and real V4L2
# drivers, on a view of this machine's root (guest/drivers.sh says which cameras there are). Ends with the command's status.
#
# CAMERA_SERVICE_VM_CACHE  where kernels are kept (default: the user's cache folder)
# CAMERA_SERVICE_VM_TIMEOUT_S, CAMERA_SERVICE_VM_MEMORY_MB, CAMERA_SERVICE_VM_PROCESSORS
set -euo pipefail
VM=$(cd "$(dirname "$0")" && pwd)
PROJECT=$(cd "$VM/../.." && pwd)
. "$PROJECT/scripts/lib/packages.sh"
. "$VM/host/kernel.sh"
. "$VM/host/initrd.sh"
. "$VM/host/qemu.sh"

say() { printf 'vm: %s\n' "$*" >&2; }
fail() { say "$@"; exit 69; }

[ $# -gt 0 ] || fail "usage: boot.sh COMMAND..."
[ "$(uname -m)" = x86_64 ] || fail "the virtual machine is x86_64 only"
PATH=$PATH:/usr/sbin:/sbin
need_packages qemu-system-x86_64:qemu-system-x86 busybox:busybox-static cpio:cpio depmod:kmod \
  make:make gcc:gcc v4l2-ctl:v4l-utils ffmpeg:ffmpeg

prepare_kernel
folder=$PROJECT/.cache/vm/run.$$
mkdir -p "$folder"
trap 'rm -rf "$folder"' EXIT
make_initrd "$folder/initrd.gz"
{
  printf 'export PATH=%q KERNEL_TREE=%q KERNEL_VERSION=%q HOME=/root LANG=C.UTF-8 NO_COLOR=1 TERM=dumb\n' "$PATH" "$KERNEL_TREE" "$KERNEL_VERSION"
  [ -z "${MEDIAMTX_BIN:-}" ] || printf 'export MEDIAMTX_BIN=%q\n' "$MEDIAMTX_BIN"
  printf 'cd %q\n. %q\n%s\n' "$PROJECT" "$VM/guest/drivers.sh" "$*"
} > "$folder/command.sh"

status=0
boot_guest "$folder" || status=$?
exit "$status"
