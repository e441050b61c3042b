#!/usr/bin/env bash
# Builds all targets with clang and runs each for so many seconds: run.sh SECONDS [TARGET...]
# What a target finds is left in build/fuzz/findings, what it learns in build/fuzz/corpus.
set -euo pipefail
seconds=$1
shift
cd "$(dirname "$0")/../.."
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz --target nuq_fuzz_targets
if [ $# -eq 0 ]; then
  for folder in tests/fuzz/corpus/*/; do set -- "$@" "$(basename "$folder")"; done
fi
build=$PWD/build/fuzz
if [ -d /dev/shm ]; then export TMPDIR=/dev/shm; fi  # files are flushed to the disk
failed=0
for target in "$@"; do
  mkdir -p "$build/corpus/$target" "$build/findings"
  log=$build/findings/$target.log
  if ! "$build/bin/nuq_fuzz_$target" -max_total_time="$seconds" -max_len=8192 -entropic=0 -timeout=10 -malloc_limit_mb=1024 -rss_limit_mb=2560 \
       -print_final_stats=1 -artifact_prefix="$build/findings/$target-" "$build/corpus/$target" "tests/fuzz/corpus/$target" >"$log" 2>&1; then
    failed=1
    echo "$target: a finding, see $log"
  fi
  echo "$target: $(grep -o 'number_of_executed_units: *[0-9]*' "$log" | grep -o '[0-9]*$' || echo 0) runs"
done
exit $failed
