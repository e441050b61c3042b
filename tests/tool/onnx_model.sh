#!/usr/bin/env bash
# A small .onnx model (Conv, BatchNormalization, MatMul) through the tool: the forms of its quantized weights and the packed file are one network, and damaged
# files are refused in one line.
set -uo pipefail
nuq=$1
tool_tests=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
failures=0
fail() { echo "FAILED $*"; failures=$((failures + 1)); }
# succeeds NAME COMMAND...
succeeds() {
  local name=$1
  shift
  if "$@" >stdout.txt 2>stderr.txt; then echo "ok $name"; else fail "$name: exit $?: $(cat stderr.txt)"; fi
}
# refuses NAME PATTERN COMMAND...: exit 2 and one line that says PATTERN.
refuses() {
  local name=$1 pattern=$2 code
  shift 2
  "$@" >stdout.txt 2>stderr.txt
  code=$?
  if [ "$code" -eq 2 ] && [ "$(wc -l <stderr.txt)" -eq 1 ] && grep -q -- "$pattern" stderr.txt; then echo "ok $name"; else fail "$name: exit $code: $(cat stderr.txt)"; fi
}

. "$tool_tests/small_onnx.sh"
# Three inputs of arbitrary bytes.
{ printf '\x93NUMPY\x01\x00\x46\x00'; printf '%-69s\n' "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 2, 8, 8), }"; head -c 384 small.onnx; } >x.npy
run() { "$nuq" run -m "$1" --input x=x.npy --blob y --output-dir "$2"; }

succeeds inspect "$nuq" inspect small.onnx
grep -q '^conv  *Conv .*nuq' stdout.txt || fail 'inspect: conv takes NUQ'
succeeds config "$nuq" config -m small.onnx -o config.json
succeeds run run small.onnx original
for form in cast qdq palette; do
  succeeds "quantize, $form" "$nuq" quantize -m small.onnx -c config.json --weights-only --onnx-form "$form" -o "$form"
  succeeds "verify, $form" "$nuq" verify "$form"
  succeeds "verify ${form}.nuq" "$nuq" verify "$form.nuq"
  succeeds "run fake-quant, $form" run "${form}_fake_quant_model.onnx" "${form}_floats"
  succeeds "run quantized, $form" run "${form}_quantized_model.onnx" "${form}_levels"
  cmp -s "${form}_floats/y.npy" "${form}_levels/y.npy" || fail "$form: the levels compute something else"
done
cmp -s original/y.npy cast_floats/y.npy && fail 'quantization has changed nothing'
succeeds unpack "$nuq" unpack cast.nuq -o unpacked
cmp -s unpacked.onnx cast_fake_quant_model.onnx || fail 'unpack: another model'

# The packed file stands for the model, and models whose weights are levels give one too.
succeeds 'inspect cast.nuq' "$nuq" inspect cast.nuq
grep -q '^conv  *Conv .*nuq' stdout.txt || fail 'inspect cast.nuq: conv takes NUQ'
succeeds 'run cast.nuq' run cast.nuq packed
cmp -s packed/y.npy cast_floats/y.npy || fail 'run cast.nuq: it computes something else'
cp cast.nuq renamed.onnx
succeeds 'run renamed.onnx' run renamed.onnx renamed
cmp -s renamed/y.npy cast_floats/y.npy || fail 'run renamed.onnx: it computes something else'
for form in cast qdq palette; do
  succeeds "pack ${form}_quantized_model.onnx" "$nuq" pack -m "${form}_quantized_model.onnx" -o "again_$form.nuq"
  [ "$(grep -c '^[a-z].*Conv\|^[a-z].*MatMul' <("$nuq" verify "again_$form.nuq"))" -eq 2 ] || fail "pack $form: not two coded layers"
  succeeds "run again_$form.nuq" run "again_$form.nuq" "again_$form"
  cmp -s "again_$form/y.npy" cast_floats/y.npy || fail "pack $form: it computes something else"
done
printf '{"inputs": {"x": "x.npy"}, "batch_size": 3, "scale": 0.00390625, "output": "y", "metric": "agreement"}' >agreement.json
succeeds 'eval cast.nuq' "$nuq" --quiet eval -m cast.nuq --data agreement.json
succeeds 'quantize cast.nuq' "$nuq" quantize -m cast.nuq -c config.json --weights-only -o twice
succeeds 'run twice.nuq' run twice.nuq twice
succeeds 'pack floats' "$nuq" pack -m small.onnx -o floats.nuq
succeeds 'unpack floats' "$nuq" unpack floats.nuq -o floats
succeeds 'run floats.onnx' run floats.onnx floats
cmp -s original/y.npy floats/y.npy || fail 'pack floats: it computes something else'
head -c 300 cast.nuq >cut.nuq
refuses 'a cut packed file' 'cut.nuq' run cut.nuq out

# Levels that a definition names are caps, unless that is overruled.
most_levels() { grep -o '"levels": *[0-9]*' "$1" | grep -o '[0-9]*$' | sort -n | tail -n 1; }
echo 'common_config { nuq_quantize { num_steps: 4 } }' >few.cfg
succeeds 'config, few levels' "$nuq" config -m small.onnx -o few.json --cfg-define few.cfg
succeeds 'quantize, few levels' "$nuq" quantize -m small.onnx -c few.json --weights-only -o few
[ "$(most_levels few_report.json)" -le 4 ] || fail "few levels: $(most_levels few_report.json)"
succeeds 'quantize, no caps' "$nuq" quantize -m small.onnx -c few.json --weights-only --no-cap --price 1e-9 -o many
[ "$(most_levels many_report.json)" -gt 4 ] || fail "no caps: $(most_levels many_report.json)"

# Shapes of inputs.
succeeds 'inspect with a shape' "$nuq" inspect small.onnx --all --input-shape x=5x2x8x8
grep -q '\[5,2,8,8\]' stdout.txt || fail 'inspect with a shape: not the shape of x'
refuses 'a shape of another input' "no input 'z'" "$nuq" inspect small.onnx --input-shape z=1x2
refuses 'a shape that the model contradicts' 'axis 1 has 2' "$nuq" inspect small.onnx --input-shape x=1x3x8x8
refuses 'no shape' "'x=1x': wanted NAME=EXTENTS" "$nuq" inspect small.onnx --input-shape x=1x

head -c 700 small.onnx >short.onnx
refuses 'a truncated file' 'short.onnx: is truncated' "$nuq" inspect short.onnx
: >empty.onnx
refuses 'an empty file' 'empty.onnx: is empty' "$nuq" inspect empty.onnx
refuses 'a weights file' 'which has its weights' "$nuq" run -m small.onnx -w x.npy --input x=x.npy --blob y --output-dir out
printf '{"inputs": {"x": "x.npy"}, "batch_size": 3, "scale": 0.00390625}' >data.json
for form in cast qdq palette; do
  succeeds "activations, $form" "$nuq" --quiet quantize -m small.onnx -c config.json --calibration data.json --onnx-form "$form" -o "acts_$form"
  succeeds "verify activations, $form" "$nuq" verify "acts_$form"
  succeeds "run activations, fake-quant, $form" run "acts_${form}_fake_quant_model.onnx" "acts_${form}_floats"
  succeeds "run activations, quantized, $form" run "acts_${form}_quantized_model.onnx" "acts_${form}_levels"
  cmp -s "acts_${form}_floats/y.npy" "acts_${form}_levels/y.npy" || fail "activations, $form: the levels compute something else"
  cmp -s "acts_${form}_floats/y.npy" acts_cast_floats/y.npy || fail "activations, $form: another network"
done
cmp -s cast_floats/y.npy acts_cast_floats/y.npy && fail 'the quantization of activations has changed nothing'
succeeds 'run activations, packed' run acts_cast.nuq acts_packed
cmp -s acts_packed/y.npy acts_cast_floats/y.npy || fail 'activations, packed: another network'
grep -q scale_d acts_cast_record.txt || fail 'nothing was calibrated'
for name in conv.quant AscendQuant conv.dequant.param AscendDequant; do
  grep -aq "$name" acts_cast_deploy_model.onnx || fail "deploy model: no $name"
done
grep -q '"conv.dequant"' acts_cast_quant.json || fail 'quant.json: no conv.dequant'
printf '{"inputs": {"x": "x.npy"}, "batch_size": 3, "scale": 0.00390625, "output": "y", "metric": "agreement"}' >agreement.json
succeeds auto "$nuq" --quiet auto -m small.onnx --data agreement.json --calibration data.json --max-drop 1 --max-evaluations 4 -o found
succeeds 'verify auto' "$nuq" verify found
[ -s found_deploy_model.onnx ] || fail 'auto: no deploy model'
succeeds rollback "$nuq" --quiet rollback -m small.onnx --data agreement.json --calibration data.json --max-drop 1 -o back
[ -s back_deploy_model.onnx ] || fail 'rollback: no deploy model'

# Calibration with what another runtime has given the layers, here nuq itself: the same as with data.
printf '{"inputs": {"x": "x.npy"}, "batch_size": 3}' >plain.json
succeeds observe "$nuq" observe -m small.onnx -c config.json -o observed.onnx
succeeds 'run observed' "$nuq" --quiet run -m observed.onnx --input x=x.npy --blob x --blob f --output-dir observed
mv observed/x.npy observed/0__x.npy
mv observed/f.npy observed/0__f.npy
succeeds 'quantize, layer inputs' "$nuq" --quiet quantize -m small.onnx -c config.json --target palette --layer-inputs observed -o replayed
succeeds 'quantize, data' "$nuq" --quiet quantize -m small.onnx -c config.json --target palette --calibration plain.json -o computed
for kind in fake_quant quantized deploy; do
  cmp -s "replayed_${kind}_model.onnx" "computed_${kind}_model.onnx" || fail "layer inputs: another $kind model"
done
succeeds 'auto, layer inputs' "$nuq" --quiet auto -m small.onnx -c config.json --data agreement.json --layer-inputs observed --max-drop 1 --max-evaluations 4 -o found_replayed
refuses 'no folder' 'absent' "$nuq" quantize -m small.onnx -c config.json --layer-inputs absent -o out
# The same in ONNX Runtime, where NUQ_PYTHON (otherwise python3) has it.
python=${NUQ_PYTHON:-python3}
if "$python" -c 'import numpy, onnxruntime' 2>stderr.txt; then
  cat >judge.py <<'PY'
import sys, numpy, onnxruntime
options = onnxruntime.SessionOptions()
options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
session = onnxruntime.InferenceSession(sys.argv[1], options)
result = session.run(['y'], {'x': numpy.load('x.npy').astype(numpy.float32)})[0]
sys.exit(not numpy.allclose(result, numpy.load(sys.argv[2]).reshape(result.shape), rtol=1e-4, atol=1e-4))
PY
  for form in cast qdq palette; do
    for kind in fake_quant quantized; do
      succeeds "ONNX Runtime, $form, $kind" "$python" judge.py "acts_${form}_${kind}_model.onnx" acts_cast_floats/y.npy
    done
  done
fi
succeeds 'quantize with data' "$nuq" quantize -m small.onnx -c config.json --calibration data.json --weights-only -o out

[ "$failures" -eq 0 ] && echo 'all ok'
exit "$((failures > 0))"
