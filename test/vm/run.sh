#!/usr/bin/env bash
# The suite on a real kernel: boots the virtual machine and runs guest/run.mjs inside it against the built service.
# Arguments are names of guest test files (without .test.mjs); none means all, in three machines at once.
# Last line: N passed, N failed, N skipped.
set -uo pipefail
cd "$(dirname "$0")/../.."

scripts/build-native.sh && scripts/build-ts.sh && node_modules/.bin/tsc -p test/vm/tsconfig.json || { echo '0 passed, 1 failed, 0 skipped'; exit 1; }

# What publishes and records needs two processors, and goes first: the others, with one processor each, have what it leaves. Cycles of
# hotplug are mostly pauses in which nothing is computed. All take about as long.
media=(h264 publisher recordings together)
beside_hotplug=(controls hotplug loopback permissions reports)
mapfile -t others < <(cd test/vm/guest && for file in *.test.mjs; do
  [[ " ${media[*]} ${beside_hotplug[*]} " == *" ${file%.test.mjs} "* ]] || printf '%s\n' "${file%.test.mjs}"
done)

outputs=$(mktemp -d)
machines=()
end() {
  for machine in "${machines[@]}"; do kill -- "-$machine" 2> /dev/null; done
  rm -rf "$outputs"
}
trap end EXIT
count_line='^([0-9]+) passed, ([0-9]+) failed, ([0-9]+) skipped$'

run_machine() { # number, test files...
  nice -n "$(($1 > 0 ? 5 : 0))" test/vm/boot.sh "exec node test/vm/guest/run.mjs ${*:2}" | tee "$outputs/$1"
  return "${PIPESTATUS[0]}"
}

# Each machine is a process group, so that it ends with this script.
set -m
if [ $# -gt 0 ]; then
  run_machine 0 "$@" & machines+=($!)
else
  run_machine 0 "${media[@]}" & machines+=($!)
  export CAMERA_SERVICE_VM_PROCESSORS=1
  run_machine 1 "${beside_hotplug[@]}" & machines+=($!)
  run_machine 2 "${others[@]}" & machines+=($!)
fi

status=0 passed=0 failed=0 skipped=0
for number in "${!machines[@]}"; do
  wait "${machines[number]}" || status=$?
  if [[ $(tail -1 "$outputs/$number") =~ $count_line ]]; then
    passed=$((passed + BASH_REMATCH[1])) failed=$((failed + BASH_REMATCH[2])) skipped=$((skipped + BASH_REMATCH[3]))
  else
    # A guest that dies has no count line of its own: the missing rest is one failure more.
    passed=$((passed + $(grep -c '^  ok ' "$outputs/$number")))
    failed=$((failed + $(grep -c '^  FAILED ' "$outputs/$number") + 1))
    [ "$status" -ne 0 ] || status=1
  fi
done
printf '%s passed, %s failed, %s skipped\n' "$passed" "$failed" "$skipped"
exit "$status"
