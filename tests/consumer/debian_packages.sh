#!/usr/bin/env bash
# Builds the Debian packages, unpacks them and uses what is in them.
#
#     debian_packages.sh BUILD_FOLDER COMPILER
set -euo pipefail
command -v dpkg-deb > /dev/null || { echo "skipped: dpkg-deb is not installed"; exit 77; }
build=$(realpath "$1")
compiler=$2
app=$(cd "$(dirname "$0")/app" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cpack --config "$build/CPackConfig.cmake" -G DEB -B "$folder" > cpack.txt || { cat cpack.txt; exit 1; }
for package in libnuq-dev nuq-tools; do
  dpkg-deb -x ${package}_*.deb root
  [ "$(dpkg-deb -f ${package}_*.deb Package)" = $package ]
done
[ "$(dpkg-deb -f libnuq-dev_*.deb Architecture)" = all ]
root/usr/bin/nuq --version
"$compiler" -std=c++17 -Iroot/usr/include "$app/packed_app.cpp" -o packed_app
./packed_app
test -f root/usr/share/cmake/nuq/nuq-config.cmake
