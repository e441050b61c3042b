#!/usr/bin/env bash
# Sets everything up, builds and runs all tests. Real networks are tested too where NUQ_MODEL_ZOO names their folder.
set -euo pipefail
cd "$(dirname "$0")/.."

./examples/install_packages.sh cmake g++ ninja-build libeigen3-dev libprotobuf-dev protobuf-compiler nlohmann-json3-dev \
  doctest-dev zlib1g-dev libcli11-dev python3
cmake --preset test
cmake --build --preset test
ctest --preset test "$@"
