#!/usr/bin/env bash
# Programs built by the compiler alone, with what pkg-config tells of an installed and moved tree.
#
#     pkg_config.sh BUILD_FOLDER COMPILER
set -euo pipefail
command -v pkg-config > /dev/null || { echo "skipped: pkg-config is not installed"; exit 77; }
build=$(realpath "$1")
compiler=$2
app=$(cd "$(dirname "$0")/app" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cmake --install "$build" --component development --prefix "$folder/installed" > /dev/null
mv installed moved
export PKG_CONFIG_PATH=$folder/moved/share/pkgconfig

flags() { pkg-config --cflags --libs "$@"; }
version=$(pkg-config --modversion nuq)
[ "$version" = "$(pkg-config --modversion nuq-core)" ] && [[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]]

# shellcheck disable=SC2046
"$compiler" -std=c++17 "$app/core_app.cpp" $(flags nuq-core) -o core_app
./core_app
# shellcheck disable=SC2046
"$compiler" -std=c++17 -fno-exceptions -fno-rtti "$app/packed_app.cpp" $(flags nuq-packed) -o packed_app
./packed_app
# shellcheck disable=SC2046
protoc --proto_path="$(pkg-config --variable=protodir nuq)" --cpp_out=. $(pkg-config --variable=schemas nuq)
# shellcheck disable=SC2046
"$compiler" -std=c++17 -O0 -I. "$app/full_app.cpp" nuq/*.pb.cc $(flags nuq) -o full_app
./full_app
