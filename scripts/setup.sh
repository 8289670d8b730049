#!/usr/bin/env bash
# Brings a clone to the state in which it runs: system packages, npm packages, native build, TypeScript build.
# Each step looks first whether it is needed, so a second run is quick. `--quiet` prints only what is done or missing.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/packages.sh

say() { printf 'setup: %s\n' "$*" >&2; }

node_version=$(node --version 2>/dev/null || true)
if [ -z "$node_version" ]; then
  say "missing: Node.js 20.19 or newer on PATH"
  exit 69
fi
if ! node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)'; then
  say "Node.js $node_version is too old: 20.19 or newer is needed"
  exit 69
fi

need_packages \
  "g++:g++" "make:make" "python3:python3" "ffmpeg:ffmpeg" "/usr/include/jpeglib.h:libjpeg-dev"

lock_stamp=node_modules/.camera-service-lock
lock_hash=$(sha256sum package-lock.json | cut -d' ' -f1)
packages=
if [ "$(cat "$lock_stamp" 2>/dev/null)" != "$lock_hash" ]; then
  say "installing npm packages"
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2
  # What packages compile takes one core a minute: our own code is compiled beside it.
  npm rebuild --loglevel=error >&2 &
  packages=$!
  trap 'kill "$packages" 2> /dev/null || true' EXIT
fi

scripts/build-native.sh

if [ -n "$packages" ]; then
  wait "$packages"
  trap - EXIT
  if [ "$(uname -m)" = aarch64 ]; then scripts/lib/uws-arm64.sh; fi
  printf '%s' "$lock_hash" > "$lock_stamp"
fi

# Last: it starts the service once, which needs all of the above.
scripts/build-ts.sh
