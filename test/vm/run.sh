#!/usr/bin/env bash
# The suite on a real kernel: boots the virtual machine and runs guest/run.mjs inside it against the built service.
# Arguments are names of guest test files (without .test.mjs); none means all. Last line: N passed, N failed, N skipped.
set -uo pipefail
cd "$(dirname "$0")/../.."

scripts/build-native.sh && scripts/build-ts.sh && node_modules/.bin/tsc -p test/vm/tsconfig.json || { echo '0 passed, 1 failed, 0 skipped'; exit 1; }

output=$(mktemp)
trap 'rm -f "$output"' EXIT
test/vm/boot.sh "exec node test/vm/guest/run.mjs $*" | tee "$output"
status=${PIPESTATUS[0]}
# A guest that dies has no count line of its own: the missing rest is one failure more.
if ! tail -1 "$output" | grep -qE '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$'; then
  passed=$(grep -c '^  ok ' "$output") failed=$(grep -c '^  FAILED ' "$output")
  printf '%s passed, %s failed, 0 skipped\n' "$passed" "$((failed + 1))"
  [ "$status" -ne 0 ] || status=1
fi
exit "$status"
