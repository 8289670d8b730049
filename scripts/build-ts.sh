#!/usr/bin/env bash
# TypeScript to dist/, only when a source, the compiler or its settings changed.
set -euo pipefail
cd "$(dirname "$0")/.."

stamp=dist/.stamp
hash=$({ find src -name '*.ts' -print0 | sort -z | xargs -0 cat; find src -name '*.ts' | sort; cat tsconfig.json package-lock.json; } | sha256sum | cut -d' ' -f1)
[ "$(cat "$stamp" 2>/dev/null)" != "$hash" ] || exit 0

printf 'setup: compiling TypeScript\n' >&2
rm -rf dist
node_modules/.bin/tsc -p tsconfig.json
printf '%s' "$hash" > "$stamp"
