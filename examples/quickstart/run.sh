#!/usr/bin/env bash
# Installs what is missing, builds, and shrinks a network for Fashion-MNIST. Results go to build/quickstart.
set -euo pipefail
cd "$(dirname "$0")/../.."

./examples/install_packages.sh cmake g++ ninja-build libeigen3-dev libprotobuf-dev protobuf-compiler nlohmann-json3-dev \
  zlib1g-dev libcli11-dev dataset-fashion-mnist
cmake --preset release
cmake --build --preset release --target nuq_quickstart
./build/release/bin/nuq_quickstart examples/quickstart build/quickstart
