#!/usr/bin/env bash
# Runs the ```sh blocks of pages: run_commands.sh NUQ SOURCE_DIR [PAGE...]. PAGE is relative to SOURCE_DIR; without one all
# pages are run. Each has a folder of its own with the files that pages speak of: net.prototxt and net.caffemodel, a network
# of one layer, test.json and train.json, data for it. The tool is `nuq` there, the library's folder $NUQ_SOURCE.
set -euo pipefail
nuq=$(realpath "$1")
export NUQ_SOURCE=$(realpath "$2")
shift 2

pages=("$@")
if [ ${#pages[@]} = 0 ]; then
  mapfile -t pages < <(cd "$NUQ_SOURCE" && find README.md include tests examples -name '*.md' | sort)
fi
export work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin"
ln -s "$nuq" "$work/bin/nuq"
export PATH="$work/bin:$PATH" NUQ_MODEL_ZOO=

# An IDX file of 64 samples of 32 bytes; another $2 gives other ones.
write_samples() {
  {
    printf '\0\0\x08\x02\0\0\0\x40\0\0\0\x20'
    local index byte
    for index in $(seq 2048); do
      printf -v byte '\\x%02x' $(((index * (7919 + $2) + index * index * 104729) / 16 % 256))
      printf "$byte"
    done
  } > "$1"
}

write_dataset() {
  write_samples "$1.idx" "$2"
  printf '{"inputs": {"data": "%s.idx"}, "mean": [127.5], "scale": 0.0078125, "batch_size": 4, "output": "fc", "metric": "agreement"}\n' \
    "$1" > "$1.json"
}

mkdir "$work/files"
cd "$work/files"
. "$NUQ_SOURCE/tests/tool/small_network.sh"
write_dataset test 0
write_dataset train 2

blocks=0
for page in "${pages[@]}"; do
  # Everything but the blocks is left empty, so that line numbers are the page's.
  awk '/^```/ { inside = !inside && $0 == "```sh"; found += inside; print ""; next } { print inside ? $0 : "" }
       END { exit found == 0 }' "$NUQ_SOURCE/$page" > "$work/commands" || continue
  blocks=$((blocks + 1))
  cp -r "$work/files" "$work/page"
  # shellcheck disable=SC2016
  if ! (cd "$work/page" && bash -c 'set -Eeuo pipefail
       trap '\''echo "line $LINENO: $BASH_COMMAND" > "$work/failed"'\'' ERR
       . "$work/commands"' > "$work/output" 2>&1 < /dev/null); then
    echo "$page: $(cat "$work/failed" 2> /dev/null || echo 'the shell ended')" >&2
    tail -n 20 "$work/output" >&2
    exit 1
  fi
  rm -rf "$work/page"
  echo "$page: ok"
done
[ "$blocks" -gt 0 ] || { echo "run_commands.sh: no page has commands" >&2; exit 1; }
