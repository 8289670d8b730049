# Sourced: prepare_kernel sets KERNEL_TREE, a folder with Debian's kernel (boot/vmlinuz-VERSION) and its modules, among them
# v4l2loopback built from Debian's source, and KERNEL_VERSION. Everything is unpacked, nothing installed: no root is needed.
#
# The tree is kept by kernel version in $CAMERA_SERVICE_VM_CACHE, by default the user's cache folder, so that every clone
# on a machine shares one download.

kernel_cache() {
  printf '%s' "${CAMERA_SERVICE_VM_CACHE:-${XDG_CACHE_HOME:-${HOME:-$PROJECT/.cache}/.cache}/camera-service-vm}"
}

prepare_kernel() {
  local cache
  cache=$(kernel_cache)
  mkdir -p "$cache"
  # Two runs at once must not both unpack.
  exec {KERNEL_LOCK}> "$cache/lock"
  flock "$KERNEL_LOCK"
  KERNEL_VERSION=$(debian_kernel_version || newest_complete_tree "$cache")
  # A machine that was just made has no package lists yet.
  if [ -z "$KERNEL_VERSION" ] && refresh_package_lists; then KERNEL_VERSION=$(debian_kernel_version || true); fi
  [ -n "$KERNEL_VERSION" ] || fail "no linux-image-amd64 in the package lists and no kernel in $cache (run: apt-get update)"
  KERNEL_TREE=$cache/$KERNEL_VERSION
  if [ ! -e "$KERNEL_TREE/.complete" ]; then
    say "fetching Debian's kernel $KERNEL_VERSION and building v4l2loopback (once per machine)"
    rm -rf "$KERNEL_TREE"
    fetch_kernel
    build_loopback
    depmod -b "$KERNEL_TREE" "$KERNEL_VERSION"
    # Headers and documents have served: two thirds of the files.
    rm -r "$KERNEL_TREE/usr"
    touch "$KERNEL_TREE/.complete"
  fi
  exec {KERNEL_LOCK}>&-
}

debian_kernel_version() {
  local version
  version=$(apt-cache depends linux-image-amd64 2> /dev/null | sed -n 's/.*Depends: linux-image-\([0-9]\)/\1/p' | head -1)
  [ -n "$version" ] && printf '%s' "$version"
}

newest_complete_tree() { # cache folder
  find "$1" -mindepth 2 -maxdepth 2 -name .complete -printf '%T@ %h\n' 2> /dev/null | sort -rn | head -1 | sed 's,.*/,,'
}

refresh_package_lists() {
  say "reading the package lists"
  if [ "$(id -u)" = 0 ]; then apt-get update -qq; else sudo -n apt-get update -qq; fi > /dev/null 2>&1
}

fetch_kernel() {
  local downloads=$KERNEL_TREE/downloads headers="linux-headers-$KERNEL_VERSION" names deb
  mkdir -p "$downloads"
  names=("linux-image-$KERNEL_VERSION" v4l2loopback-dkms "$headers")
  # The headers are split in three: the flavour's, the common ones, and the build tools.
  mapfile -t -O ${#names[@]} names < <(apt-cache depends "$headers" | sed -n 's/.*Depends: \(linux-\(headers\|kbuild\)\S*\)/\1/p')
  if ! download "$downloads" "${names[@]}" && ! { refresh_package_lists && download "$downloads" "${names[@]}"; }; then
    cat "$downloads/download.log" >&2
    fail "could not download ${names[*]}"
  fi
  for deb in "$downloads"/*.deb; do dpkg-deb -x "$deb" "$KERNEL_TREE"; done
  rm -r "$downloads"
}

download() { # folder, packages...
  (cd "$1" && apt-get download -qq "${@:2}" > download.log 2>&1)
}

build_loopback() {
  local source headers=$KERNEL_TREE/usr/src/linux-headers-$KERNEL_VERSION log=$KERNEL_TREE/v4l2loopback.log
  source=$(echo "$KERNEL_TREE"/usr/src/v4l2loopback-*)
  # Debian's makefiles name each other by the absolute path of an installed package.
  sed -i "s,/usr/src/,$KERNEL_TREE/usr/src/,g" "$headers/Makefile"
  # The tree under test decides the flags, not the compiler's caller.
  if ! env -u MAKEFLAGS -u CFLAGS make -C "$headers" M="$source" modules > "$log" 2>&1; then
    cat "$log" >&2
    fail "v4l2loopback does not build against $KERNEL_VERSION"
  fi
  install -D -m 644 "$source/v4l2loopback.ko" "$KERNEL_TREE/lib/modules/$KERNEL_VERSION/extra/v4l2loopback.ko"
}
