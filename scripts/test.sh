#!/usr/bin/env bash
# `npm test`: sets up, then runs every suite; the last line sums them. `npm test -- NAME ...` runs only those named.
set -uo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/packages.sh

scripts/setup.sh || exit
need_packages "/usr/include/doctest/doctest.h:doctest-dev"

suites=(check unit workers native browser clients vm coverage fuzz)
[ $# -eq 0 ] || suites=("$@")
# What clients see of the RPC face.
in_threads=(test/integration/{rpc-,api-keys,downloads,security-tokens,security-handshake})

passed=0 failed=0 skipped=0 broken=()
output=$(mktemp)
failures=$(mktemp)
fuzz_output=$(mktemp)
background=()
trap 'rm -f "$output" "$failures" "$fuzz_output"; for each in "${background[@]}"; do kill "$each" 2> /dev/null; done' EXIT

# Most suites wait for most of their time; the native tests take two minutes to compile.
if [[ " ${suites[*]} " == *' unit '*' native '* ]]; then
  scripts/native-tests.sh --build &
  background+=($!)
fi
# Takes what of the processor nobody else wants, from the first suite on; what it found is told in its turn, the last.
fuzzer='' fuzz_status=1
if [[ " ${suites[*]} " == *' fuzz '* ]]; then
  node test/fuzz/run.mjs > "$fuzz_output" 2>&1 &
  fuzzer=$!
  background+=("$fuzzer")
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
    # How much of each parser the inputs of its fuzz target reach.
    coverage) node test/fuzz/coverage.mjs ;;
    fuzz) cat "$fuzz_output"; return "$fuzz_status" ;;
    *) echo "unknown suite $1 (there are: check unit workers native browser clients vm coverage fuzz)"; return 64 ;;
  esac
}

told_of() { # suite that failed; what its output says of it: the failures it names, else its last lines
  printf '\n-- %s\n' "$1"
  awk '/^(failed: |  FAILED )/{on=1; n++; print; next} on && /^    /{print; next} {on=0} END {exit n == 0}' "$output" || tail -n 40 "$output"
}

for suite in "${suites[@]}"; do
  printf '\n== %s\n' "$suite"
  start=$SECONDS
  if [ "$suite" = fuzz ]; then
    wait "$fuzzer"
    fuzz_status=$?
  fi
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
  if [ "$status" -ne 0 ]; then
    broken+=("$suite")
    told_of "$suite" >> "$failures"
  fi
  printf '== %s: %s s, status %s\n' "$suite" "$((SECONDS - start))" "$status"
done

[ ${#broken[@]} -eq 0 ] || { cat "$failures"; printf '\nfailed suites: %s\n' "${broken[*]}"; }
printf '%s passed, %s failed, %s skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
