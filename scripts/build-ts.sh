#!/usr/bin/env bash
# TypeScript and the page to dist/, only when a source, the compiler or its settings changed. dist/ is replaced whole, once it compiles.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p build
exec 9> build/.ts-lock
flock 9

stamp=dist/.stamp
hash=$({ find src web -type f -print0 | sort -z | xargs -0 sha256sum; cat tsconfig.json package-lock.json; } | sha256sum | cut -d' ' -f1)
[ "$(cat "$stamp" 2>/dev/null)" != "$hash" ] || exit 0

printf 'setup: compiling TypeScript\n' >&2
rm -rf dist.next
node_modules/.bin/tsc -p tsconfig.json --outDir dist.next
node_modules/.bin/tsc -p web/camera-page/tsconfig.json --outDir dist.next/web/camera-page
cp web/camera-page/*.html web/camera-page/*.css web/camera-page/*.svg dist.next/web/camera-page/
printf '%s' "$hash" > dist.next/.stamp
rm -rf dist
mv dist.next dist
