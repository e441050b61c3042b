#!/usr/bin/env bash
# The single headers, each in a folder without any other header of nuq, alone and together in one program.
#
#     single_header.sh BUILD_FOLDER COMPILER
set -euo pipefail
build=$(realpath "$1")
compiler=$2
app=$(cd "$(dirname "$0")/app" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cmake --build "$build" --target nuq_single_headers > /dev/null
cp "$build"/single_include/nuq_{core,packed}.hpp "$folder"
cd "$folder"
eigen=$(sed -n 's/^Eigen3_DIR:[A-Z]*=//p' "$build/CMakeCache.txt")
eigen=${eigen%/share/eigen3/cmake}/include/eigen3
warnings=(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Werror)

"$compiler" -std=c++17 "${warnings[@]}" -DNUQ_SINGLE_HEADER -I. -isystem "$eigen" "$app/core_app.cpp" -pthread -o core_app
./core_app
"$compiler" -std=c++17 "${warnings[@]}" -fno-exceptions -fno-rtti -DNUQ_SINGLE_HEADER -I. "$app/packed_app.cpp" -o packed_app
./packed_app
printf '#include <nuq_packed.hpp>\n#include <nuq_core.hpp>\n#include <nuq_packed.hpp>\n' > both.cpp
"$compiler" -std=c++17 "${warnings[@]}" -I. -isystem "$eigen" -fsyntax-only both.cpp
if grep -q '#include "nuq/' nuq_core.hpp nuq_packed.hpp; then
  echo "a header of nuq is still included" >&2
  exit 1
fi
