#!/usr/bin/env bash
# Real .onnx models (NUQ_MODEL_ZOO/onnx) through the tool: each is inspected, quantized, verified and unpacked, and twins of Caffe networks get the same
# levels, bytes and metric. Skipped (77) where there is no zoo.
set -uo pipefail
nuq=$1
zoo=${NUQ_MODEL_ZOO:-}/onnx
if [ ! -d "$zoo/models" ]; then
  echo "skipped: NUQ_MODEL_ZOO names no folder with onnx/models"
  exit 77
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
failures=0
# succeeds NAME COMMAND...
succeeds() {
  local name=$1
  shift
  if "$@" >stdout.txt 2>stderr.txt; then return 0; fi
  echo "FAILED $name: exit $?: $(tail -n 2 stderr.txt)"
  failures=$((failures + 1))
  return 1
}
# field NAME FILE: the number of a key that stands once in a JSON file.
field() { grep -o "\"$1\": *[0-9.e+-]*" "$2" | head -n 1; }

for model in "$zoo"/models/*/model.onnx; do
  name=$(basename "$(dirname "$model")")
  succeeds "inspect $name" "$nuq" inspect "$model" || continue
  "$nuq" config -m "$model" -o config.json 2>stderr.txt
  if [ $? -eq 1 ] && grep -q 'no layer can be quantized' stderr.txt && grep -q "layer '" stderr.txt; then
    echo "ok $name: nothing to quantize, said"
    continue
  fi
  [ -f config.json ] &&
    succeeds "quantize $name" "$nuq" --quiet quantize -m "$model" -c config.json --weights-only -o "$name" &&
    succeeds "verify $name" "$nuq" verify "$name" &&
    succeeds "verify $name.nuq" "$nuq" verify "$name.nuq" &&
    succeeds "unpack $name" "$nuq" --quiet unpack "$name.nuq" -o "${name}_again" &&
    succeeds "the unpacked $name" cmp "${name}_again.onnx" "${name}_fake_quant_model.onnx" && rm config.json && echo "ok $name"
done

# twin NAME CAFFE_FOLDER DATASET
twin() {
  local name=$1 caffe=$2 data=$zoo/datasets/$3 files side
  for side in caffe onnx; do
    files=(-m "$zoo/models/$name/model.onnx")
    [ $side = onnx ] || files=(-m "$caffe/deploy.prototxt" -w "$(echo "$caffe"/*.caffemodel)")
    succeeds "config $name, $side" "$nuq" --quiet config "${files[@]}" -o config.json
    succeeds "quantize $name, $side" "$nuq" --quiet quantize "${files[@]}" -c config.json --weights-only --calibration "${data}_calibration.json" -o "twin_$side"
    files=(-m twin_onnx_fake_quant_model.onnx)
    [ $side = onnx ] || files=(-m twin_caffe_fake_quant_model.prototxt -w twin_caffe_fake_quant_weights.caffemodel)
    succeeds "eval $name, $side" "$nuq" --quiet eval "${files[@]}" --data "${data}_test.json" --json
    field metric stdout.txt >"metric_$side.txt"
    sed -n '/"layers"/,$p' "twin_${side}_report.json" | grep -oE '"(levels|weights)": *[0-9]+|"name": *"[^"]*"' >"layers_$side.txt"
    field bytes "twin_${side}_report.json" >>"layers_$side.txt"
  done
  [ "$(wc -l <layers_onnx.txt)" -gt 6 ] && [ -s metric_onnx.txt ] && cmp layers_caffe.txt layers_onnx.txt && cmp metric_caffe.txt metric_onnx.txt && echo "ok twin $name" && return
  echo "FAILED twin $name: levels, bytes or metric differ"
  failures=$((failures + 1))
}
twin lenet_mnist "$zoo/../models/lenet_mnist" mnist
twin cifar10_quick_v1legacy "$zoo/../models/cifar10_quick_v1legacy" cifar10_quick
twin deepface48 "$zoo/../models/deepface48" deepface48
twin resnet20_cifar10 "$zoo/models/resnet20_cifar10/caffe" resnet20

[ "$failures" -eq 0 ] && echo 'all ok'
exit "$((failures > 0))"
