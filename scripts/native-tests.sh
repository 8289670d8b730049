#!/usr/bin/env bash
# Native tests under sanitizers, then each fuzz target for FUZZ_SECONDS (default 5). The last line sums test cases and targets.
#   scripts/native-tests.sh [--only asan|tsan|fuzz]
set -uo pipefail
cd "$(dirname "$0")/../native/test"

only=all
if [ "${1:-}" = --only ]; then only=${2:?asan, tsan or fuzz}; fi
seconds=${FUZZ_SECONDS:-5}
passed=0 failed=0 skipped=0

mkdir -p build
exec 9> build/.lock
flock 9

log=$(mktemp)
crashes=$(mktemp -d)
trap 'rm -rf "$log" "$crashes"' EXIT

if ! make -k -j2 "$only" > "$log" 2>&1; then
  grep -vE '^(g\+\+|clang\+\+|mkdir) ' "$log"
  printf 'native tests: the build failed\n0 passed, 1 failed, 0 skipped\n'
  exit 1
fi

export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=print_stacktrace=1 TSAN_OPTIONS=second_deadlock_stack=1:halt_on_error=0

# Fixed addresses: the thread sanitizer refuses to run when the kernel spreads them further than it knows.
fixed_addresses=()
if setarch -R true 2> /dev/null; then fixed_addresses=(setarch -R); fi

run_variant() { # name, title
  "${fixed_addresses[@]}" "build/$1/tests" > "$log" 2>&1
  local status=$? line
  line=$(grep -E '^\[doctest\] test cases:' "$log" | tail -1)
  if [[ $line =~ \|\ +([0-9]+)\ passed\ \|\ +([0-9]+)\ failed\ \|\ +([0-9]+)\ skipped ]]; then
    passed=$((passed + BASH_REMATCH[1])) failed=$((failed + BASH_REMATCH[2])) skipped=$((skipped + BASH_REMATCH[3]))
    # A sanitizer's report fails the program although every check of the tests held.
    if [ "$status" -ne 0 ] && [ "${BASH_REMATCH[2]}" -eq 0 ]; then failed=$((failed + 1)); fi
  else
    failed=$((failed + 1))
    line='ended without a summary'
  fi
  if [ "$status" -ne 0 ]; then cat "$log"; fi
  printf '%s: %s\n' "$2" "${line#\[doctest\] }"
}

run_fuzzer() { # program
  local name corpus
  name=$(basename "$1")
  corpus=fuzz/${name%_fuzz}_corpus
  # New inputs go to a scratch folder: a test run never changes the sources.
  mkdir -p "$crashes/$name"
  if "$1" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=1024 -artifact_prefix="$crashes/" "$crashes/$name" "$corpus" > "$log" 2>&1; then
    passed=$((passed + 1))
    printf 'fuzz %s: %s s, nothing found\n' "$name" "$seconds"
  else
    failed=$((failed + 1))
    tail -40 "$log"
    for input in "$crashes"/{crash,timeout,oom,leak}-*; do
      if [ -e "$input" ]; then printf 'input, base64: %s\n' "$(head -c 3000 "$input" | base64 -w0)"; fi
    done
    printf 'fuzz %s: FAILED\n' "$name"
  fi
}

case $only in all | asan) run_variant asan 'address and undefined behaviour' ;; esac
case $only in all | tsan) run_variant tsan 'threads' ;; esac
case $only in
  all | fuzz)
    for source in fuzz/*_fuzz.cpp; do
      if [ -e "$source" ]; then run_fuzzer "build/fuzz/$(basename "$source" .cpp)"; fi
    done
    ;;
esac

printf '%s passed, %s failed, %s skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
