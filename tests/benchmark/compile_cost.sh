#!/usr/bin/env bash
# What including nuq costs: compile_cost.sh [BUILD_TREE] [--repetitions N] [--only TEXT]
# Processor seconds and peak memory of the compiler (CXX, g++ by default) for an empty program per include, and their
# ratio to the third-party headers that a user of the library includes anyway, measured in the same run. BUILD_TREE
# (build/release by default) is one where the target nuq_proto is built. Prints the table, asserts nothing.
set -euo pipefail
command -v python3 > /dev/null || { echo "compile_cost.sh: needs python3" >&2; exit 2; }
exec python3 "$(dirname "$0")/compile_cost.py" "$@"
