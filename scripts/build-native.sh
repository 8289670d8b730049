#!/usr/bin/env bash
# Builds the native addon and the programs beside it into build/Release, only when a source, this script or Node's major changed.
# Quiet when all is well; the compiler's whole output when it is not.
set -euo pipefail
cd "$(dirname "$0")/.."

node=$(command -v node)
node_major=$("$node" --version)
node_major=${node_major%%.*}

stamp=build/.stamp
hash=$({ printf '%s %s\n' "$node_major" "$(uname -m)"
  cd native && find core binding notifier publish_guard thread_guard -type f -print0 | sort -z | xargs -0 sha256sum
  cat ../binding.gyp ../scripts/build-native.sh; } | sha256sum | cut -d' ' -f1)
up_to_date() {
  [ "$(cat "$stamp" 2> /dev/null)" = "$hash" ] && [ -e build/Release/camera_core.node ] && [ -e build/Release/camera-notifier ]
}
if up_to_date; then exit 0; fi

# Two builds at once would write the same objects; the second finds the work done.
mkdir -p build
exec 9> build/.lock
flock 9
if up_to_date; then exit 0; fi

# The headers beside the running node when they are there: no download, and surely the right ones.
headers=()
prefix=$(dirname "$(dirname "$(realpath "$node")")")
if [ -e "$prefix/include/node/node_api.h" ]; then headers=(--nodedir="$prefix"); fi

printf 'setup: compiling the native core\n' >&2
log=build/native.log
rm -f "$stamp"
build() {
  node_modules/.bin/node-gyp configure --release "${headers[@]}" && node_modules/.bin/node-gyp build --release --jobs max "${headers[@]}"
}
if ! build > "$log" 2>&1; then
  cat "$log" >&2
  printf 'setup: the native build failed; it needs g++, make, python3 and libjpeg-dev (scripts/setup.sh installs them)\n' >&2
  exit 1
fi
printf '%s' "$hash" > "$stamp"
