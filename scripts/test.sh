#!/usr/bin/env bash
# `npm test`: sets up, then runs every suite; the last line sums them. `npm test -- NAME ...` runs only those named.
set -uo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/packages.sh

scripts/setup.sh || exit
need_packages "/usr/include/doctest/doctest.h:doctest-dev"

suites=(check unit workers native browser clients vm)
[ $# -eq 0 ] || suites=("$@")
# What clients see of the RPC face.
in_threads=(test/integration/{rpc-,api-keys,downloads,security-tokens,security-handshake})

passed=0 failed=0 skipped=0 broken=()
output=$(mktemp)
builder=
trap 'rm -f "$output"; [ -z "$builder" ] || kill "$builder" 2> /dev/null' EXIT

# Most suites wait for most of their time; the native tests take two minutes to compile.
if [[ " ${suites[*]} " == *' unit '*' native '* ]]; then
  scripts/native-tests.sh --build &
  builder=$!
fi

run_suite() { # name; prints the suite's output and ends with its count line
  case $1 in
    check) npm run --silent check && echo '1 passed, 0 failed, 0 skipped' ;;
    unit) node scripts/lib/run-vitest.mjs ;;
    # Once more what clients see, with their connections in two threads.
    workers) CAMERA_SERVICE_SERVER_WORKERS=2 node scripts/lib/run-vitest.mjs "${in_threads[@]}" ;;
    native) scripts/native-tests.sh ;;
    browser) test/browser/run.sh ;;
    clients) test/clients/run.sh ;;
    vm) test/vm/run.sh ;;
    *) echo "unknown suite $1 (there are: check unit workers native browser clients vm)"; return 64 ;;
  esac
}

for suite in "${suites[@]}"; do
  printf '\n== %s\n' "$suite"
  start=$SECONDS
  run_suite "$suite" 2>&1 | tee "$output"
  status=${PIPESTATUS[0]}
  counts=$(grep -E '^[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$' "$output" | tail -1)
  if [[ $counts =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed(,\ ([0-9]+)\ skipped)?$ ]]; then
    passed=$((passed + BASH_REMATCH[1])) failed=$((failed + BASH_REMATCH[2])) skipped=$((skipped + ${BASH_REMATCH[4]:-0}))
    # A suite that ends badly without naming a failed test still failed.
    if [ "$status" -ne 0 ] && [ "${BASH_REMATCH[2]}" -eq 0 ]; then failed=$((failed + 1)); fi
  else
    failed=$((failed + 1))
  fi
  if [ "$status" -ne 0 ]; then broken+=("$suite"); fi
  printf '== %s: %s s, status %s\n' "$suite" "$((SECONDS - start))" "$status"
done

[ ${#broken[@]} -eq 0 ] || printf '\nfailed suites: %s\n' "${broken[*]}"
printf '%s passed, %s failed, %s skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
