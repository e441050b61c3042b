#!/usr/bin/env bash
# Bad input of any kind: exit code 2, one line on standard error that names the cause, and no output file.
set -uo pipefail

nuq=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
failures=0

cat >net.prototxt <<'TEXT'
name: "tiny"
input: "data"
input_shape { dim: 1 dim: 1 dim: 4 dim: 4 }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param { num_output: 2 kernel_size: 3 bias_term: false } }
TEXT
sed 's/bottom: "data"/bottom: "nowhere"/' net.prototxt >unknown_bottom.prototxt
sed 's/"conv"/"other"/g' net.prototxt >other.prototxt

sed 's/kernel_size: 3/kernel_size: 3 kernel_h: 3 kernel_w: 3/' net.prototxt >two_sizes.prototxt
{ cat net.prototxt; echo 'layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }'; } >in_place.prototxt
{  # 16 zeros
  printf '\x93NUMPY\x01\x00\x76\x00%-117s\n' "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 4, 4), }"
  head -c 64 /dev/zero
} >data.npy
{  # 15 zeros and a NaN
  head -c 188 data.npy
  printf '\x00\x00\xc0\x7f'
} >nan.npy
echo '{"inputs": {"data": "data.npy"}, "batch_size": 1, "output": "conv", "metric": "cosine"}' >data.json
sed 's/data.npy/nan.npy/' data.json >nan.json
sed 's/, "metric": "cosine"//' data.json >no_metric.json
sed 's/kernel_size: 3/kernel_size: 3 stride: 0/' net.prototxt >stride_0.prototxt
{ printf '{"version": '; head -c 300 /dev/zero | tr '\0' '['; head -c 300 /dev/zero | tr '\0' ']'; printf '}'; } >nested.json

# A caffemodel by hand: NetParameter{layer{name, type, blobs{shape{dim: 2 1 3 3} data: 18 floats}}}.
weights() {  # $1: the last float, as four escaped bytes
  local shape='\x0a\x04\x02\x01\x03\x03' float='\x00\x00\x80\x3f' data=''
  for _ in $(seq 17); do data+=$float; done
  data+=$1
  printf '\xa2\x06\x69\x0a\x04conv\x12\x0bConvolution\x3a\x54\x3a\x06'"$shape"'\x2a\x48'"$data"'\x32\x00'
}
weights '\x00\x00\x80\xbf' >net.caffemodel
weights '\x00\x00\xc0\x7f' >nan.caffemodel
head -c 60 net.caffemodel >truncated.caffemodel

# refused NAME PATTERN COMMAND...: the command fails as it should, and leaves the folder as it was.
refused() {
  local name=$1 pattern=$2 before after code
  shift 2
  before=$(ls)
  "$@" >stdout.txt 2>stderr.txt
  code=$?
  after=$(ls | grep -v -e '^stdout.txt$' -e '^stderr.txt$')
  before=$(printf '%s\n' "$before" | grep -v -e '^stdout.txt$' -e '^stderr.txt$')
  if [ "$code" -ne 2 ] || [ "$(wc -l <stderr.txt)" -ne 1 ] || ! grep -q -- "$pattern" stderr.txt || [ "$before" != "$after" ]; then
    echo "FAILED $name: exit $code, files: $after"
    cat stderr.txt
    failures=$((failures + 1))
  else
    echo "ok $name: $(cat stderr.txt)"
  fi
  rm -f stdout.txt stderr.txt
}

"$nuq" --quiet config -m net.prototxt -w net.caffemodel -o config.json || { echo "FAILED: the good model is refused"; exit 1; }
sed 's/"conv"/"other"/' config.json >other_config.json

for command in "inspect ZERO WEIGHTS" "config -m ZERO -w WEIGHTS -o out.json" "quantize -m ZERO -w WEIGHTS -c config.json --weights-only -o out" \
  "pack -m ZERO -w WEIGHTS -o out.nuq" "convert -m ZERO -w WEIGHTS --record net.prototxt -o out" "run -m ZERO -w WEIGHTS --input data=data.npy --output-dir out" \
  "eval -m ZERO -w WEIGHTS --data data.json" "auto -m ZERO -w WEIGHTS -c config.json --data data.json --max-drop 1 -o out"; do
  command=${command//ZERO/stride_0.prototxt}
  refused "a stride of 0, ${command%% *}" "stride_0.prototxt: layer 'conv': stride along the height is 0, wanted 1 to 65536" \
    "$nuq" ${command//WEIGHTS/net.caffemodel}
done
refused 'nested configuration' 'nested.json: arrays and objects are nested more than 256 levels deep' "$nuq" quantize -m net.prototxt -w net.caffemodel -c nested.json -o out
refused 'nested dataset' 'nested.json: arrays and objects are nested' "$nuq" eval -m net.prototxt -w net.caffemodel --data nested.json
refused 'NaN in a dataset' "nan.json: input 'data' (nan.npy): sample 0 holds nan" "$nuq" eval -m net.prototxt -w net.caffemodel --data nan.json
refused 'truncated caffemodel' 'truncated.caffemodel.*truncated' "$nuq" config -m net.prototxt -w truncated.caffemodel -o out.json
refused 'unknown bottom' "layer 'conv'.*nowhere" "$nuq" config -m unknown_bottom.prototxt -w net.caffemodel -o out.json
refused 'weights of another network' "layer 'other'" "$nuq" config -m other.prototxt -w net.caffemodel -o out.json
refused 'configuration of another network' "layer 'other'.*another" "$nuq" quantize -m net.prototxt -w net.caffemodel -c other_config.json -o out
refused 'NaN weight' "nan.caffemodel.*layer 'conv'.*nan" "$nuq" quantize -m net.prototxt -w nan.caffemodel -c config.json -o out
refused 'missing model' 'missing.prototxt' "$nuq" inspect missing.prototxt
refused 'missing weights' 'missing.caffemodel' "$nuq" quantize -m net.prototxt -w missing.caffemodel -c config.json -o out
refused 'missing configuration' 'missing.json' "$nuq" quantize -m net.prototxt -w net.caffemodel -c missing.json -o out
refused 'missing dataset' 'missing.json' "$nuq" eval -m net.prototxt -w net.caffemodel --data missing.json
refused 'confidence beyond 1' 'confidence 2: wanted 0.5 to 0.999' "$nuq" auto -m net.prototxt -w net.caffemodel -c config.json --eval-command 'echo {model} {weights}' --max-drop 1 --confidence 2 -o out
refused 'missing second set' 'missing.json' "$nuq" auto -m net.prototxt -w net.caffemodel -c config.json --eval-command 'echo {model} {weights}' --max-drop 1 --confirm missing.json -o out
refused 'a second set that does not fit' 'no_metric.json: the dataset has no metric' "$nuq" auto -m net.prototxt -w net.caffemodel -c config.json --eval-command 'wc -c < {weights} # {model}' --max-drop 1e9 --max-evaluations 3 --confirm no_metric.json -o out
refused 'two arrays for one file' 'both be written to arrays/conv.npy' "$nuq" run -m in_place.prototxt -w net.caffemodel --input data=data.npy --output-dir arrays --blob conv --layer conv
refused 'an array over an input' "blob 'data'.*data.npy" "$nuq" run -m net.prototxt -w net.caffemodel --input data=data.npy --output-dir . --blob data
refused 'two sizes of one window' "layer 'conv'.*kernel_size and kernel_h" "$nuq" inspect two_sizes.prototxt
refused 'a stage without rules' "stage 'deploy'" "$nuq" inspect net.prototxt --stage deploy
refused 'an unknown phase' 'PROD' "$nuq" inspect net.prototxt --phase PROD
refused 'unknown codebook' 'codebook' "$nuq" quantize -m net.prototxt -w net.caffemodel -c config.json --codebook best -o out
quantize="$nuq quantize -m net.prototxt -w net.caffemodel -c config.json"
refused 'two points on the curve' 'at most 1.*--bits.*--max-bytes' $quantize --bits 3 --max-bytes 900 -o out
refused 'bits of target palette' 'bits per weight: the quantizer has no price per bit' $quantize --target palette --bits 3 -o out
refused 'a price of plain levels' 'price per bit: the quantizer has no price per bit' $quantize --codebook optimal --price 1e-6 -o out
refused 'no bits' 'bits per weight 0: wanted more than 0' $quantize --bits 0 -o out
refused 'a negative price' 'price per bit -1: wanted a number from 0 on' $quantize --price -1 -o out
refused 'no bytes' 'greatest size 0: wanted' $quantize --max-bytes 0 -o out
refused 'a size that is no number' 'max-bytes' $quantize --max-bytes much -o out
refused 'no such option' 'colour' "$nuq" inspect net.prototxt --colour
refused 'no command' 'subcommand' "$nuq"
refused 'a misspelt command' "no command 'quantise', did you mean 'quantize'?" "$nuq" quantise -m net.prototxt
refused 'a misspelt option' "no option '--outptu', did you mean '--output'?" "$nuq" convert -m net.prototxt -w net.caffemodel --outptu x
refused 'a misspelt common option' "no option '--thread', did you mean '--threads'?" "$nuq" --thread 2
refused 'a missing option' 'nuq convert: --record is required (see nuq convert --help)' "$nuq" convert -m net.prototxt -w net.caffemodel -o x

# Fewer bytes than can be had: exit 1, one line, no files.
code=0
$quantize --max-bytes 3 -o out >stdout.txt 2>stderr.txt || code=$?
if [ $code -ne 1 ] || [ "$(wc -l <stderr.txt)" -ne 1 ] || ! grep -q '3 bytes at most: the weights take' stderr.txt || ls | grep -q '^out'; then
  echo "FAILED fewer bytes than can be had: exit $code: $(cat stderr.txt)"
  failures=$((failures + 1))
fi

exit $((failures > 0))
