# Sourced: make_initrd FILE writes the first root of the guest: busybox, the modules that 9p and overlayfs need, init.

BOOT_MODULES=(virtio_pci 9pnet_virtio 9p overlay)

make_initrd() { # output file
  local root module number=100
  root=$(mktemp -d)
  mkdir -p "$root"/{bin,proc,sys,dev,modules,lower,memory,root}
  cp "$(command -v busybox)" "$root/bin/busybox"
  # In the order of loading, the numbers keep it: the initrd has no modprobe.
  while read -r module; do
    cp "$module" "$root/modules/$((number++))-${module##*/}"
  done < <(boot_module_files)
  install -m 755 "$VM/guest/init.sh" "$root/init"
  (cd "$root" && find . | cpio --quiet -o -H newc | gzip -1) > "$1"
  rm -r "$root"
}

boot_module_files() {
  local name
  for name in "${BOOT_MODULES[@]}"; do
    modprobe -d "$KERNEL_TREE" -S "$KERNEL_VERSION" --show-depends "$name"
  done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }'
}
