#!/usr/bin/env bash
# The evaluation server with ONNX Runtime reads a dataset as nuq does, its mean, scale and std, and a search that it judges
# is the one by nuq's own engine. Skipped (77) where NUQ_PYTHON (otherwise python3) has no numpy and onnxruntime.
#
#     onnx_evaluator.sh NUQ SOURCE_DIR
set -euo pipefail
nuq=$1
export PYTHONPATH=$2/examples/command_evaluator PYTHONDONTWRITEBYTECODE=1
python=${NUQ_PYTHON:-python3}
"$python" -c 'import numpy, onnxruntime' 2> /dev/null || { echo "skipped: $python has no onnxruntime"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
fail() { echo "onnx_evaluator.sh: $1" >&2; exit 1; }

. "$2/tests/tool/small_onnx.sh"
# Labels are those of the float network, but for a tenth.
"$python" - <<'END'
import json
import numpy, onnxruntime
chance = numpy.random.default_rng(1)
samples = chance.integers(0, 256, (300, 2, 8, 8), numpy.uint8)
dataset = {"inputs": {"x": "x.npy"}, "labels": "labels.npy", "mean": [100, 140], "scale": 0.5, "std": [200, 2], "batch_size": 32,
           "output": "y", "metric": "top1"}
values = (samples - numpy.array([100, 140]).reshape(-1, 1, 1)) * 0.5 / numpy.array([200, 2]).reshape(-1, 1, 1)
outputs = onnxruntime.InferenceSession("small.onnx").run(["y"], {"x": values.astype(numpy.float32)})[0]
labels = outputs.argmax(axis=1)
labels[::10] = (labels[::10] + 1) % 4
numpy.save("x.npy", samples)
numpy.save("labels.npy", labels)
for name, changed in (("data", dataset), ("no_std", {key: dataset[key] for key in dataset if key != "std"})):
    with open(f"{name}.json", "w", encoding="utf-8") as file:
        json.dump(changed, file)
END

metric_of() {
  "$python" -c "from top1_server import Top1, load_by_onnxruntime
print(Top1(load_by_onnxruntime, '$1', 0).eval_model('small.onnx', '', 0))"
}
[ "$(metric_of data.json)" = 0.9 ] || fail "metric $(metric_of data.json), wanted 0.9"
[ "$(metric_of no_std.json)" != 0.9 ] || fail "std changes nothing"
"$nuq" --quiet eval -m small.onnx --data data.json --json | grep -q '"metric": *0.9\b' || fail "nuq: $("$nuq" --quiet eval -m small.onnx --data data.json)"

search() {
  local prefix=$1
  shift
  "$nuq" --quiet auto -m small.onnx --weights-only --levels 16,8,4 --confidence 0 --max-drop 0.1 --max-evaluations 6 -o "$prefix" "$@" > /dev/null
}
search by_engine --data data.json
search by_runtime --eval-server "$python $PYTHONPATH/top1_server.py data.json --runtime onnxruntime"
cmp by_engine.nuq by_runtime.nuq
echo "onnx_evaluator: all as they should be"
