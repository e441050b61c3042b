#!/usr/bin/env bash
# Runs the ```sh blocks of pages: run_commands.sh NUQ SOURCE_DIR [PAGE...]. PAGE is relative to SOURCE_DIR; without one all
# pages are run. Each has a folder of its own with the files that pages speak of: net.prototxt and net.caffemodel, a network
# of one layer, net.onnx, another one, test.json and train.json, data for both, batch.npy, a batch of these. The tool is `nuq` there, the library's folder $NUQ_SOURCE.
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
# One Gemm of 8 by 32 weights.
base64 -d << MODEL | gunzip > net.onnx
H4sIAAAAAAACA4VUPWhTURQ+L4nl5mrw8VQsUuShGdrQIUNdNO8lBEEpRTJUEOnQxOqUSLGBOjg8ipQSREKREqRIcBBxyuBQNO8mg4iDFHGQDiKhU0fH4O
R3ONfFpQ8+zs8995xzv3vuU8qjq7tpPaNTK9VmVTvr2ql5iQf3LgCXUjfuNxq5jJ5oPqo+XCtPOl0n4Z1Ya1Tr9dwzhc93nbKzPh8pomSRKDsgOgiIXEN0
FBMtAw58q5BL8N1GzDLW92C3gVn4toAv0MeBxDVDogokFYg+Qz8FEGJKsehjYAt6xIC+grUO14J+Fhhi3yzkFdTdgGxi/QfQRv452CPEtozkL/WJ3sNXYm
D9ua1dN5KLwWe4CXsV6z5y5kPp9Tt8EXI8NrI/MZB9XOMFoAfS91vETkF+ha8DuQd700jd6CP6Rf6fsA/+9QFsAz3EZeFfsOjB9wFyknPGwiP314X9i88T
Ee3a/bzWRUwnEJ4qoeRwYY/6wiPHXMZ9DENBEv32YulVwfZg7zDXwBv4ntg+SjhzNpT7Zq6uQ/eR6xCyEEqfLXtfFSO5p0Pp58je8xzzaUS/WJQeeWZ2gH
e2/h3m55rwNypI75/sXLHNd/Lb1mA+lhD/DdK35+UemdOJgayNY8nBeVvApu17P5RZdIEFnjfk00WZnZOQ1Jf5zAdyPuZ/GMjd8d5pI7n4rnjW+Gwdy/XT
UPb53BtzGciccb19I9yNjPDD+dosUW/RzolreWTOuT/WF60vPZCzvjSy7zXwx9alWGaMeWSODo28Gddy9wr2lL2vbSNn6Pal3ojfAHJsGOGY+zkDHvL8Ju
FPhfJuPPiUnX0/yM0oxf+C2rxPx3x3z8u/xjutM8rx0jrpObd0Qvm1cxo/nf/dqpzS5Gb+Av3fmv6pBAAA
MODEL
write_dataset test 0
write_dataset train 2
{
  printf '\x93NUMPY\x01\x00\x46\x00%-69s\n' "{'descr': '|u1', 'fortran_order': False, 'shape': (4, 32), }"
  tail -c 128 test.idx
} > batch.npy

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
