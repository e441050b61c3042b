#!/usr/bin/env bash
# The programs of examples/serve_onnx: ONNX Runtime computes from a packed file alone what it does from the model with
# floats, bit for bit, and no file is written. PROGRAM is the one in C++, where ONNX Runtime's headers are found; the one
# in Python runs where NUQ_PYTHON (otherwise python3) has onnxruntime. Skipped (77) where there is neither.
#
#     serve_onnx.sh NUQ LIBRARY SOURCE_DIR [PROGRAM]
set -euo pipefail
nuq=$1
source=$3
example=$source/examples/serve_onnx
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

(cd work && . "$source/tests/tool/small_onnx.sh")

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

served work/small.onnx 3
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
