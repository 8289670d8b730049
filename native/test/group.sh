#!/usr/bin/env bash
# group.sh core|test NUMBER COUNT FILE...: writes build/KIND_NUMBER.cpp, which includes every COUNT-th of these files. It is touched
# only when it changes.
#
# Tests keep names of their own: what they include comes first, outside, and each file's text is in a namespace.
set -euo pipefail
cd "$(dirname "$0")"
kind=$1 number=$2 count=$3
shift 3
mapfile -t files < <(printf '%s\n' "$@" | awk -v n="$number" -v count="$count" 'NR % count == n')

text() {
  local file
  if [ "$kind" = test ] && [ ${#files[@]} -gt 0 ]; then awk '/^#include/ && !seen[$0]++' "${files[@]}"; fi
  for file in "${files[@]}"; do
    if [ "$kind" = test ]; then printf 'namespace %s {\n' "${file%.cpp}"; fi
    printf '#include "../%s"\n' "$file"
    if [ "$kind" = test ]; then printf '}\n'; fi
  done
}

group=build/${kind}_$number.cpp
mkdir -p build
text > "$group.new"
if cmp -s "$group.new" "$group"; then rm "$group.new"; else mv "$group.new" "$group"; fi
