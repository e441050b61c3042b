#!/usr/bin/env bash
# Unit tests of rooms on other processors, standards and libraries, and packed files written there: portability.sh [ROOM...]
# The rooms are those that need Eigen and the standard library alone (core and packed by default). Debian's compilers and
# emulators: g++-aarch64-linux-gnu g++-arm-linux-gnueabihf g++-s390x-linux-gnu qemu-user clang-N. A platform that lacks its own is skipped.
set -euo pipefail
cd "$(dirname "$0")/.."
rooms=("$@")
if [ $# -eq 0 ]; then rooms=(core packed); fi
build=$PWD/build/portability
mkdir -p "$build/headers"
# By themselves: what else is in /usr/include is of this processor.
ln -sfn "$(dirname "$(echo '#include <doctest/doctest.h>' | g++ -E -x c++ - | grep -om1 '/.*/doctest\.h')")" "$build/headers/doctest"
ln -sfn "$(echo '#include <eigen3/Eigen/Core>' | g++ -E -x c++ - | grep -om1 '/.*/Eigen/' | head -n 1)" "$build/headers/Eigen"
newest_clang=$(compgen -c clang++- | sort -uV | tail -n 1)
options=(-O1 -pthread -static -Iinclude -isystem "$build/headers" -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion
         -Wold-style-cast -Wdouble-promotion -Wnon-virtual-dtor -Werror)

failed=0
row() { printf '%-22s %-10s %6s %11s %s\n' "$@" | tee -a "$build/table"; }

# platform NAME EMULATOR COMPILER OPTION...: a row for each room, the last with the packed files.
platform() {
  local name=$1 emulator=$2 compiler=$3 folder=$build/$1 room program output counts files=
  shift 3
  for tool in "$compiler" $emulator; do
    if ! command -v "$tool" >/dev/null; then
      row "$name" - - - "skipped: no ${tool:-clang++-N}"
      return
    fi
  done
  rm -rf "$folder"
  mkdir -p "$folder/files"
  if "$compiler" "${options[@]}" "$@" tests/portability/packed_files.cpp -o "$folder/packed_files" 2>"$folder/packed_files.log" &&
    $emulator "$folder/packed_files" "$folder/files"; then
    files=equal
    diff -rq "$build/x86-64/files" "$folder/files" >"$folder/differences" || files="DIFFERENT, see $folder/differences"
  else
    files="NOT WRITTEN, see $folder/packed_files.log"
  fi
  if [ "$files" != equal ]; then failed=1; fi
  for room in "${rooms[@]}"; do
    program=$folder/$room
    {
      echo '#include "unit/main.cpp"'
      find "tests/unit/$room" -name '*_test.cpp' | sort | sed 's|^tests/\(.*\)|#include "\1"|'
    } >"$program.cpp"
    output=$folder/$room.log
    if "$compiler" "${options[@]}" -Itests "$@" "$program.cpp" -o "$program" >"$output" 2>&1; then
      $emulator "$program" >"$output" 2>&1 || failed=1
      counts=$(sed -nE 's/.*test cases: *([0-9]+).*/\1/p; s/.*assertions: *([0-9]+) .*\| *([0-9]+) failed.*/\1 \2/p' "$output" | tr '\n' ' ')
      read -r cases assertions failures <<<"${counts:-0 0 -}"
      if [ "$failures" != 0 ]; then files="FAILED: $failures, see $output; packed files: $files"; fi
    else
      failed=1
      row "$name" "$room" - - "NOT COMPILED, see $output; packed files: $files"
      continue
    fi
    row "$name" "$room" "$cases" "$assertions" "$files"
  done
}

: >"$build/table"
row platform room tests assertions 'packed files'
platform x86-64 '' g++ -std=c++17
platform aarch64 qemu-aarch64 aarch64-linux-gnu-g++ -std=c++17
platform armhf qemu-arm arm-linux-gnueabihf-g++ -std=c++17 -Wno-psabi
platform s390x qemu-s390x s390x-linux-gnu-g++ -std=c++17
platform x86-64-c++20 '' g++ -std=c++20
platform x86-64-debug-library '' g++ -std=c++17 -D_GLIBCXX_DEBUG
# doctest's __COUNTER__ and std::get_temporary_buffer in libstdc++ 12 are what this clang would warn of.
platform "x86-64-${newest_clang:-clang++}" '' "$newest_clang" -std=c++17 -Wno-unknown-warning-option -Wno-c2y-extensions -Wno-deprecated-declarations
exit $failed
