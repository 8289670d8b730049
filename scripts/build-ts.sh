#!/usr/bin/env bash
# TypeScript and the page to dist/, only when a source, the compiler, Node or their settings changed. dist/ is replaced whole, once it
# compiles. What a start loads is then joined into a few files, with a cache of their compiled code (scripts/bundle).
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p build
exec 9> build/.ts-lock
flock 9

stamp=dist/.stamp
hash=$({ node --version; find src web scripts/bundle -type f -print0 | sort -z | xargs -0 sha256sum; cat tsconfig.json package-lock.json scripts/build-ts.sh; } | sha256sum | cut -d' ' -f1)
[ "$(cat "$stamp" 2>/dev/null)" != "$hash" ] || exit 0

printf 'setup: compiling TypeScript\n' >&2
rm -rf dist.next
node_modules/.bin/tsc -p tsconfig.json --outDir dist.next
node_modules/.bin/tsc -p web/camera-page/tsconfig.json --outDir dist.next/web/camera-page
cp web/camera-page/*.html web/camera-page/*.css web/camera-page/*.svg dist.next/web/camera-page/
node scripts/bundle/bundle.mjs dist.next
rm -rf dist
mv dist.next dist
# In its place: compiled code remembers where it came from, and traces tell it.
node scripts/bundle/warm.mjs dist
printf '%s' "$hash" > dist/.stamp
