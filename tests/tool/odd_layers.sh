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
grep -q "^conv1 .*not computed: field 'convolution_param.padd' is not understood" stdout.txt || { echo 'FAILED: no reason in the table'; failures=$((failures + 1)); }
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
exit $((failures > 0))
