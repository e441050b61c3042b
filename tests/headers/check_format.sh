#!/usr/bin/env bash
# All sources look as .clang-format says. Versions of clang-format differ: only the one that the project uses counts.
#
#     check_format.sh SOURCE_DIR
set -euo pipefail
cd "$1"
wanted=14
version=$(clang-format --version 2> /dev/null | grep -oE 'version [0-9]+' | grep -oE '[0-9]+') || true
[ "$version" = $wanted ] || { echo "skipped: clang-format $wanted is not installed"; exit 77; }
find include tests examples -name '*.hpp' -o -name '*.cpp' | xargs clang-format --dry-run -Werror
