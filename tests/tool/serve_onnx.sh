#!/usr/bin/env bash
# The programs of examples/serve_onnx: ONNX Runtime computes from a packed file alone what it does from the model with
# floats, bit for bit, and no file is written. PROGRAM is the one in C++, where ONNX Runtime's headers are found; the one
# in Python runs where NUQ_PYTHON (otherwise python3) has onnxruntime. Skipped (77) where there is neither.
#
#     serve_onnx.sh NUQ LIBRARY SOURCE_DIR [PROGRAM]
set -euo pipefail
nuq=$1
example=$3/examples/serve_onnx
export NUQ_PACKED_WEIGHTS=$2 PYTHONDONTWRITEBYTECODE=1
python=${NUQ_PYTHON:-python3}
programs=()
[ -z "${4:-}" ] && echo 'left out: no program in C++, ONNX Runtime is not found' || programs+=("$4")
if "$python" -c 'import onnxruntime as o; o.SessionOptions.add_external_initializers_from_files_in_memory' 2> /dev/null; then
  programs+=("$python $example/serve_onnx.py")
else
  echo "left out: $python has no onnxruntime 1.24 or later"
fi
[ ${#programs[@]} -gt 0 ] || exit 77

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/temporary" "$folder/work"
cd "$folder"
fail() { echo "serve_onnx.sh: $1" >&2; exit 1; }

# Conv, BatchNormalization, MatMul; the input leaves its first dimension open.
base64 -d > work/model.onnx <<'MODEL'
CAg6pwYKKAoBeAoBdxIBYxoEY29udiIEQ29udioRCgRwYWRzQAFAAUABQAGgAQcKLgoBYwoBZwoBYgoCbXUKAnZhEgFuGgRub3JtIhJCYXRjaE5vcm1hbGl6
YXRpb24KEgoBbhIBchoEcmVsdSIEUmVsdQoZCgFyEgFwIhFHbG9iYWxBdmVyYWdlUG9vbAoVCgFwEgFmGgRmbGF0IgdGbGF0dGVuChoKAWYKAW0SAXkaB3By
b2R1Y3QiBk1hdE11bBIFc21hbGwqsAIIBAgCCAMIAxABQgF3SqAC3H/5PnvuO74eQSK+2M6kvjbthD4YwjC/ZQAGP7/Xab6DBMQ9kjaZvWyU4D4EOB6/1xfG
vYf2672hJa4+fPGovjnhU73M1oa+MH1PPHQKMz4bDqm+XtSvPv17ij7DXRo+GV+KPowKUr7sARe99LuPvieXpL3a7CI+anpUvu/D8712GVO+19KBvvI0Tr4D
/3i7bp6rvmcGkD0U8v4+uvRjPj+6a73+Voi+64ZlvgP7AT/zunk8YK9DvtKYaj2yTCE/vaYTPdSaPT62bLg9HGzYvaV9r77cota9OViAve01ND4s3oA+bASP
PgF3rz0r9Yc+RcBnvshwwD5xkh0+8yW3vaESFj6cubm8etGtPqFx6T4p2ic/eIDWvt7Q3b7P+Bq+KowBCAQICBABQgFtSoABwuCjPZtM4D7nmiE+v2uBv8bG
HL4l9tM+9J3rPSoTwz79qeO9hpPNvfMJvz1K8lE+FQ/LPc66cz2GsKu+ClBBPm59eT3ukhA/JHYZP6WZvT1ZJUC+1oOjvkHUWD54ZB49lw0wvp6SsjxguJ6+
OrKyPgnuZL6rvBw/dZZOPsP0lz4qGQgEEAFCAWdKEAAAgD8AAABAAAAAPwAAgD8qGQgEEAFCAWJKEAAAAADNzMw9zcxMvpqZmT4qGggEEAFCAm11ShAAAAAA
zczMPc3MTD6amZk+KhoIBBABQgJ2YUoQAACAPwAAAEAAAIA/AAAAP1ocCgF4EhcKFQgBEhEKAxIBTgoCCAIKAggICgIICGIUCgF5Eg8KDQgBEgkKAxIBTgoC
CAhCBAoAEA0=
MODEL

# served MODEL EXTENT...
served() {
  local model=$1 name program
  name=$(basename "$(dirname "$model")")
  shift
  "$nuq" --quiet quantize -m "$model" --weights-only -o "$name"
  for program in "${programs[@]}"; do
    TMPDIR=$folder/temporary $program "$name.nuq" "${name}_fake_quant_model.onnx" "$@" > found.txt || fail "$program: $name: $(cat found.txt)"
    grep -q '^packed: *'"$(stat -c %s "$name.nuq")"' bytes' found.txt && grep -q 'the same bit for bit$' found.txt ||
      fail "$program: $name: $(cat found.txt)"
    if TMPDIR=$folder/temporary $program "$name.nuq" "$model" "$@" > found.txt; then fail "$program: $name is the original"; fi
    grep -q 'which differ$' found.txt || fail "$program: $name against the original: $(cat found.txt)"
    [ -z "$(ls temporary)" ] || fail "$program has written $(ls temporary)"  # ONNX Runtime itself leaves a hidden one
  done
  echo "ok $name"
}

served work/model.onnx 3
models=${NUQ_MODEL_ZOO:-}/onnx
if [ -d "$models/models" ]; then
  served "$models/tiny/odd_names/model.onnx"
  served "$models/tiny/derived_weights/model.onnx"
  served "$models/models/ch_ppocr_mobile_v2.0_cls/model.onnx" 2 48 192
fi

head -c 300 work.nuq > cut.nuq
for program in "${programs[@]}"; do
  code=0
  $program cut.nuq work_fake_quant_model.onnx > found.txt 2> error || code=$?
  [ $code = 2 ] && [ "$(wc -l < error)" = 1 ] && grep -q 'cut.nuq' error || fail "$program: a cut file: exit $code: $(cat error)"
done
echo "serve_onnx: all as they should be"
