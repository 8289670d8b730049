#!/usr/bin/env bash
# `npm test`: sets up, then runs every suite; the last line sums them. `npm test -- NAME ...` runs only those named.
set -uo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/packages.sh

scripts/setup.sh || exit
need_packages "/usr/include/doctest/doctest.h:doctest-dev"

suites=(check unit workers browser native clients vm coverage fuzz)
[ $# -eq 0 ] || suites=("$@")
# What clients see of the RPC face, but for the rows that have a process of their own.
in_threads=(test/integration/{rpc-,api-keys,downloads,security-tokens,security-handshake} --exclude test/integration/rpc-rows.test.ts)

passed=0 failed=0 skipped=0 broken=()
output=$(mktemp)
failures=$(mktemp)
# What runs beside the suites, each in a process group of its own; of a suite also what it tells, in its turn.
groups=()
declare -A beside=() told=()
trap 'rm -f "$output" "$failures" "${told[@]}"; for each in "${groups[@]}"; do kill -- "-$each" 2> /dev/null; done' EXIT

wanted() { [[ " ${suites[*]} " == *" $1 "* ]]; }

begin() { # command; its number is ${groups[-1]}
  set -m
  "$@" &
  groups+=($!)
  set +m
}

begin_suite() { # suite
  told[$1]=$(mktemp)
  begin run_suite "$1" > "${told[$1]}" 2>&1
  beside[$1]=${groups[-1]}
}

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
    fuzz) node test/fuzz/run.mjs ;;
    *) echo "unknown suite $1 (there are: check unit workers native browser clients vm coverage fuzz)"; return 64 ;;
  esac
}

told_of() { # suite that failed; what its output says of it: the failures it names, else its last lines
  printf '\n-- %s\n' "$1"
  awk '/^(failed: |  FAILED )/{on=1; n++; print; next} on && /^    /{print; next} {on=0} END {exit n == 0}' "$output" || tail -n 40 "$output"
}

# Most suites wait for most of their time; the native tests take two minutes to compile.
if wanted unit && wanted native; then begin scripts/native-tests.sh --build; fi
# Takes what of the processor nobody else wants, from the first suite on.
if wanted fuzz; then begin_suite fuzz; fi

for suite in "${suites[@]}"; do
  printf '\n== %s\n' "$suite"
  start=$SECONDS
  # The clients watch streams in real time, which costs next to nothing.
  if [ "$suite" = native ] && [ $# -eq 0 ]; then begin_suite clients; fi
  if [ -n "${beside[$suite]:-}" ]; then
    wait "${beside[$suite]}"
    status=$?
    tee "$output" < "${told[$suite]}"
  else
    run_suite "$suite" 2>&1 | tee "$output"
    status=${PIPESTATUS[0]}
  fi
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
