#!/usr/bin/env bash
# Native tests under sanitizers. The last line sums test cases.
#   scripts/native-tests.sh [--only asan|tsan]     runs them
#   scripts/native-tests.sh --build                compiles them, and the fuzz targets, with what the processor has to spare, and tells nothing
#   scripts/native-tests.sh --build-fuzz           compiles the fuzz targets and the addon for them (test/fuzz/run.mjs runs them)
#   scripts/native-tests.sh --build-coverage       compiles the fuzz targets so that they count their lines (test/fuzz/coverage.mjs runs them)
set -uo pipefail
cd "$(dirname "$0")/../native/test"

only=all
if [ "${1:-}" = --only ]; then only=${2:?asan or tsan}; fi

mkdir -p build
exec 9> build/.lock
flock 9
if [ "${1:-}" = --build ]; then exec nice -n 19 make -k all > /dev/null 2>&1; fi
if [ "${1:-}" = --build-fuzz ]; then exec nice make -s -k "-j$(nproc)" fuzz addon; fi
if [ "${1:-}" = --build-coverage ]; then exec nice make -s -k "-j$(nproc)" coverage; fi

# Of each program: NAME.counts (passed, failed, skipped) and NAME.out, what is told of it.
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT

export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=print_stacktrace=1 TSAN_OPTIONS=second_deadlock_stack=1:halt_on_error=0

# Fixed addresses: the thread sanitizer refuses to run when the kernel spreads them further than it knows.
fixed_addresses=()
if setarch -R true 2> /dev/null; then fixed_addresses=(setarch -R); fi

wanted() { [ "$only" = all ] || [ "$only" = "$1" ]; }

build() { # targets; what runs meanwhile goes first
  local log=$results/build.log
  if nice make -k "-j$(nproc)" "$@" > "$log" 2>&1; then return; fi
  wait
  grep -vE '^(g\+\+|clang\+\+|mkdir) ' "$log"
  printf 'native tests: the build failed\n0 passed, 1 failed, 0 skipped\n'
  exit 1
}

begin() { # name, title; what does not get to its end has failed
  printf '%s: did not end\n' "$2" > "$results/$1.out"
  echo '0 1 0' > "$results/$1.counts"
}

run_variant() { # name, title
  local log=$results/$1.log status line passed=0 failed=0 skipped=0
  begin "$1" "$2"
  "${fixed_addresses[@]}" "build/$1/tests" > "$log" 2>&1
  status=$?
  line=$(grep -E '^\[doctest\] test cases:' "$log" | tail -1)
  if [[ $line =~ \|\ +([0-9]+)\ passed\ \|\ +([0-9]+)\ failed\ \|\ +([0-9]+)\ skipped ]]; then
    passed=${BASH_REMATCH[1]} failed=${BASH_REMATCH[2]} skipped=${BASH_REMATCH[3]}
    # A sanitizer's report fails the program although every check of the tests held.
    if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then failed=1; fi
  else
    failed=1
    line='ended without a summary'
  fi
  {
    if [ "$status" -ne 0 ]; then cat "$log"; fi
    printf '%s: %s\n' "$2" "${line#\[doctest\] }"
  } > "$results/$1.out"
  printf '%s %s %s\n' "$passed" "$failed" "$skipped" > "$results/$1.counts"
}

# The tests wait for most of their time: what computes runs beside them.
if wanted asan; then
  build asan
  run_variant asan 'address and undefined behaviour' &
fi
if wanted tsan; then
  build tsan
  # One at a time: each has deadlines of its own.
  wait
  run_variant tsan 'threads' &
fi
wait

cat "$results"/{asan,tsan}.out 2> /dev/null
cat "$results"/*.counts | awk '
  { passed += $1; failed += $2; skipped += $3 }
  END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped; exit failed > 0 || passed == 0 }'
