#!/usr/bin/env bash
# Lines of include/nuq that unit tests run, by room: coverage.sh [ROOM...], all rooms that have tests by default.
# What one room's tests run of another counts too. Line by line it is in build/coverage/lcov.info. Needs clang and llvm.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ $# -eq 0 ]; then set -- $(cd tests/unit && printf '%s\n' */ | tr -d /); fi
build=build/coverage
cmake -B $build -G Ninja -DCMAKE_BUILD_TYPE=None -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_UNITY_BUILD=ON -DNUQ_BUILD_EXAMPLES=OFF \
  -DNUQ_TEST_ROOMS="$(IFS=';'; echo "$*")" -DCMAKE_CXX_FLAGS='-O0 -g0 -fprofile-instr-generate -fcoverage-mapping' >/dev/null
cmake --build $build --target nuq_unit_tests
objects=("$build/bin/nuq_unit_$1")
rm -rf $build/profiles
for room in "$@"; do
  LLVM_PROFILE_FILE=$build/profiles/$room.profraw $build/bin/nuq_unit_$room --minimal
  objects+=(-object "$build/bin/nuq_unit_$room")
done
llvm-profdata merge -o $build/profile $build/profiles/*.profraw
llvm-cov export -format=lcov -skip-functions -instr-profile=$build/profile "${objects[@]}" | tee $build/lcov.info | awk -F '[:,]' '
  /^SF:/ { is_ours = sub(".*/include/nuq/", "", $2); room = $2; sub("/.*", "", room) }
  !is_ours { next }
  /^LF:/ { lines[room] += $2; all += $2 }
  /^LH:/ { run[room] += $2; all_run += $2 }
  END { for (room in lines) printf "%-12s %6d of %6d lines, %5.1f %%\n", room, run[room], lines[room], 100 * run[room] / lines[room] | "sort"
        close("sort"); printf "%-12s %6d of %6d lines, %5.1f %%\n", "all", all_run, all, 100 * all_run / all }'
