#!/usr/bin/env bash
# What a network's file says and nobody understands: its layer is named with the reason, the rest of the network is worked on.
set -uo pipefail
nuq=$1
model=$2/examples/quickstart/fashion_resnet.prototxt
weights=$2/examples/quickstart/fashion_resnet.caffemodel
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
failures=0

# says NAME CODE PATTERN COMMAND...: the command ends with CODE and says PATTERN on standard error.
says() {
  local name=$1 wanted=$2 pattern=$3 code
  shift 3
  "$@" >stdout.txt 2>stderr.txt
  code=$?
  if [ "$code" -ne "$wanted" ] || ! grep -q -- "$pattern" stderr.txt; then
    echo "FAILED $name: exit $code"
    cat stderr.txt
    failures=$((failures + 1))
  else
    echo "ok $name: $(grep -- "$pattern" stderr.txt | head -1)"
  fi
}

# Eight images of arbitrary bytes.
{ printf '\x93NUMPY\x01\x00\x46\x00'; printf '%-69s\n' "{'descr': '|u1', 'fortran_order': False, 'shape': (8, 1, 28, 28), }"; head -c 6272 "$weights"; } >images.npy
printf '{"inputs": {"data": "images.npy"}, "batch_size": 4, "scale": 0.00390625}' >images.json

sed '0,/stride: 1 pad: 1/s//stride: 1 padd: 1/' "$model" >misspelt.prototxt
field="misspelt.prototxt:13: layer 'conv1': field 'convolution_param.padd' is not understood"
says 'a misspelt field, inspect' 0 "$field" "$nuq" inspect misspelt.prototxt "$weights"
grep -q "^layer 'conv1': .*not computed: field 'convolution_param.padd' is not understood" stdout.txt || { echo 'FAILED: no reason in the table'; failures=$((failures + 1)); }
says 'a misspelt field, run' 2 "cannot be computed: layer 'conv1'" "$nuq" run -m misspelt.prototxt -w "$weights" --input data=images.npy --output-dir out --blob prob
says 'a misspelt field, config' 0 "$field" "$nuq" config -m misspelt.prototxt -w "$weights" -o config.json
says 'a misspelt field, quantize' 0 "$field" "$nuq" --quiet quantize -m misspelt.prototxt -w "$weights" -c config.json --weights-only -o misspelt

# A layer of a type that nobody knows, in the middle.
sed '/name: "block2_sum_relu"/,/type: "ReLU"/s/type: "ReLU"/type: "Swoosh"/' "$model" >unknown.prototxt
grep -q Swoosh unknown.prototxt || { echo 'FAILED: the network has no layer block2_sum_relu'; exit 1; }
says 'an unknown layer, config' 0 'layers with nuq_quantize' "$nuq" config -m unknown.prototxt -w "$weights" -o unknown.json
says 'an unknown layer, quantize' 0 "stays in float: its input cannot be calibrated: it depends on layer '.*', which is not computed: is of the unknown type 'Swoosh'" \
  "$nuq" quantize -m unknown.prototxt -w "$weights" -c unknown.json --calibration images.json -o unknown
grep -q 'scale_d' unknown_record.txt || { echo 'FAILED: nothing was calibrated'; failures=$((failures + 1)); }
says 'an unknown layer, auto' 0 "stays in float" "$nuq" --quiet auto -m unknown.prototxt -w "$weights" -c unknown.json \
  --calibration images.json --max-drop 0.1 --max-evaluations 4 --eval-command 'echo 0.5 # {model} {weights}' -o auto

# A convolution over volumes: [2, 1, 2, 2, 2] weights, and an InnerProduct of [2, 4]; written by hand.
floats() { for index in $(seq "$1"); do printf '\x00\x00\x'"$(printf %02x $((index * 37 % 256)))"'\x'"$([ $((index % 3)) -eq 0 ] && echo be || echo 3e)"; done; }
{
  printf '\xa2\x06\x60\x0a\x04conv\x12\x0bConvolution\x3a\x4b\x3a\x07\x0a\x05\x02\x01\x02\x02\x02\x2a\x40'; floats 16
  printf '\xa2\x06\x3c\x0a\x02fc\x12\x0cInnerProduct\x3a\x28\x3a\x04\x0a\x02\x02\x04\x2a\x20'; floats 8
} >volumes.caffemodel
cat >volumes.prototxt <<'TEXT'
input: "data" input_shape { dim: 2 dim: 1 dim: 3 dim: 2 dim: 2 }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param { num_output: 2 kernel_size: 2 bias_term: false } }
layer { name: "fc" type: "InnerProduct" bottom: "conv" top: "fc" inner_product_param { num_output: 2 bias_term: false } }
TEXT
{ printf '\x93NUMPY\x01\x00\x46\x00'; printf '%-69s\n' "{'descr': '|u1', 'fortran_order': False, 'shape': (8, 1, 3, 2, 2), }"; head -c 96 "$weights"; } >volumes.npy
printf '{"inputs": {"data": "volumes.npy"}, "batch_size": 2, "scale": 0.00390625, "output": "fc", "metric": "cosine"}' >volumes.json
says 'volumes, config' 0 'volumes_config.json: 2 layers with nuq_quantize' "$nuq" config -m volumes.prototxt -w volumes.caffemodel -o volumes_config.json
"$nuq" inspect --json volumes.prototxt volumes.caffemodel | tr -d '\n' |
  grep -q '"name": "conv".*"quantizable": true, *"nuq_eligible": true, *"reason": "weights-only, its input cannot be quantized: its filter has 5 dimensions: only 4 are supported".*"name": "fc"' ||
  { echo 'FAILED: inspect does not say that the convolution is quantized weights-only'; failures=$((failures + 1)); }
for target in packed palette ascend; do
  says "volumes, quantize for $target" 0 '^weights-only' "$nuq" quantize -m volumes.prototxt -w volumes.caffemodel -c volumes_config.json \
    --weights-only --target $target --calibration volumes.json -o $target
  grep -q '^conv  *Convolution  *\[2,1,2,2,2\]  *16  *[0-9]* ' stdout.txt || { echo "FAILED: $target leaves the convolution in float"; failures=$((failures + 1)); }
done
"$nuq" --quiet auto -m volumes.prototxt -w volumes.caffemodel -c volumes_config.json --weights-only --data volumes.json \
  --max-drop 0.1 --max-evaluations 4 -o volumes_auto || { echo 'FAILED volumes, auto'; failures=$((failures + 1)); }
"$nuq" --quiet unpack palette.nuq -o unpacked
cmp palette_fake_quant_weights.caffemodel unpacked.caffemodel || failures=$((failures + 1))
"$nuq" --quiet pack -m palette_fake_quant_model.prototxt -w palette_fake_quant_weights.caffemodel --record palette_record.txt -o packed_again.nuq
cmp palette.nuq packed_again.nuq || failures=$((failures + 1))
"$nuq" --quiet eval -m unpacked.prototxt -w unpacked.caffemodel --data volumes.json || { echo 'FAILED volumes, eval'; failures=$((failures + 1)); }
says 'volumes, activations' 0 "volumes.prototxt: layer 'conv': stays in float: its input cannot be quantized: its filter has 5 dimensions" \
  "$nuq" quantize -m volumes.prototxt -w volumes.caffemodel -c volumes_config.json --calibration volumes.json -o with_activations
grep -q conv_dequant with_activations_deploy_model.prototxt && { echo 'FAILED: the deploy model quantizes the convolution'; failures=$((failures + 1)); }

# A convolution over lines, [2, 2, 2] weights, from arrays [N, C, L].
{
  printf '\xa2\x06\x3e\x0a\x04conv\x12\x0bConvolution\x3a\x29\x3a\x05\x0a\x03\x02\x02\x02\x2a\x20'; floats 8
  printf '\xa2\x06\x3c\x0a\x02fc\x12\x0cInnerProduct\x3a\x28\x3a\x04\x0a\x02\x02\x04\x2a\x20'; floats 8
} >lines.caffemodel
sed 's/input_shape.*/input_shape { dim: 1 dim: 2 dim: 3 }/' volumes.prototxt >lines.prototxt
{ printf '\x93NUMPY\x01\x00\x46\x00'; printf '%-69s\n' "{'descr': '|u1', 'fortran_order': False, 'shape': (8, 2, 3), }"; head -c 48 "$weights"; } >lines.npy
printf '{"inputs": {"data": "lines.npy"}, "batch_size": 2, "mean": [100, 120], "scale": 0.00390625, "output": "fc", "metric": "cosine"}' >lines.json
says 'lines, config' 0 'lines_config.json: 2 layers with nuq_quantize' "$nuq" config -m lines.prototxt -w lines.caffemodel -o lines_config.json
"$nuq" eval -m lines.prototxt -w lines.caffemodel --data lines.json | grep '^1 on 8 samples' || { echo 'FAILED lines, eval'; failures=$((failures + 1)); }
says 'lines, quantize' 0 '^weights-only' "$nuq" quantize -m lines.prototxt -w lines.caffemodel -c lines_config.json --weights-only --calibration lines.json -o lines
says 'lines, activations' 0 "lines.prototxt: layer 'conv': stays in float: its input cannot be quantized: its filter has 3 dimensions" \
  "$nuq" quantize -m lines.prototxt -w lines.caffemodel -c lines_config.json --calibration lines.json -o lines
"$nuq" --quiet auto -m lines.prototxt -w lines.caffemodel -c lines_config.json --weights-only --data lines.json --calibration lines.json \
  --max-drop 0.1 --max-evaluations 4 -o lines_auto || { echo 'FAILED lines, auto'; failures=$((failures + 1)); }

# A mask of pruning behind the weights, which is left out.
{
  printf '\xa2\x06\xad\x01\x0a\x04conv\x12\x0bConvolution\x3a\x4b\x3a\x07\x0a\x05\x02\x01\x02\x02\x02\x2a\x40'; floats 16
  printf '\x3a\x4b\x3a\x07\x0a\x05\x02\x01\x02\x02\x02\x2a\x40'; head -c 64 /dev/zero
  printf '\xa2\x06\x3c\x0a\x02fc\x12\x0cInnerProduct\x3a\x28\x3a\x04\x0a\x02\x02\x04\x2a\x20'; floats 8
} >masked.caffemodel
mask="masked.caffemodel: layer 'conv': of its 2 blobs the first 1 are read"
says 'a mask, quantize' 0 "$mask" "$nuq" --quiet quantize -m volumes.prototxt -w masked.caffemodel -c volumes_config.json --weights-only -o masked
says 'a mask, convert' 0 "$mask" "$nuq" --quiet convert -m volumes.prototxt -w masked.caffemodel --record masked_record.txt -o converted
says 'a mask, pack' 0 "$mask" "$nuq" --quiet pack -m volumes.prototxt -w masked.caffemodel -o masked.nuq

# A layer with weights that the prototxt lacks.
{ cat volumes.caffemodel; printf '\xa2\x06\x1c\x0a\x03aux\x12\x0cInnerProduct\x3a\x07\x3a\x03\x0a\x01\x01\x2a\x00'; } >more.caffemodel
aux="more.caffemodel: 1 layer with weights is not in volumes.prototxt and is not used: 'aux'"
says 'a surplus layer, inspect' 0 "$aux" "$nuq" inspect volumes.prototxt more.caffemodel
says 'a surplus layer, quantize' 0 "$aux" "$nuq" --quiet quantize -m volumes.prototxt -w more.caffemodel -c volumes_config.json --weights-only -o more
says 'a surplus layer, auto' 0 "$aux" "$nuq" --quiet auto -m volumes.prototxt -w more.caffemodel -c volumes_config.json --weights-only --data volumes.json \
  --max-drop 0.1 --max-evaluations 4 -o more_auto
says 'a surplus layer, convert' 0 "$aux" "$nuq" --quiet convert -m volumes.prototxt -w more.caffemodel --record more_record.txt -o converted
says 'a surplus layer, pack' 0 "$aux" "$nuq" --quiet pack -m volumes.prototxt -w more.caffemodel -o more.nuq

# A rule for a phase that Caffe does not have.
{ cat volumes.prototxt; echo 'layer { name: "prob" type: "Softmax" bottom: "fc" top: "prob" include { phase: DEPLOY } }'; } >phase.prototxt
says 'an unknown phase' 0 "phase.prototxt:4: layer 'prob': field 'include.phase' has the unknown value DEPLOY, wanted TRAIN or TEST: the rule holds in neither, so the layer is left out" \
  "$nuq" config -m phase.prototxt -w volumes.caffemodel -o phase.json

# Names in UTF-8: a character of several bytes is one in a file's name.
sed 's|"prob"|"größe/1"|' "$model" >utf8.prototxt
"$nuq" --quiet run -m utf8.prototxt -w "$weights" --input data=images.npy --output-dir utf8 --blob 'größe/1'
[ -f utf8/gr__e_1.npy ] || { echo 'FAILED: no file utf8/gr__e_1.npy'; ls utf8; failures=$((failures + 1)); }
exit $((failures > 0))
