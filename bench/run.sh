#!/usr/bin/env bash
# bench/run.sh [--quick] [NAME ...]: builds the service and the bench programs, then runs the benches (bench/cases).
# One line per bench, the numbers behind it in bench/out/*.json. Exit 1 when a gate fails.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/build-native.sh
scripts/build-ts.sh
node_modules/.bin/tsc -p test/vm/tsconfig.json
make --silent -C bench
exec node bench/main.mjs "$@"
