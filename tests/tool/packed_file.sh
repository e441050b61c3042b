#!/usr/bin/env bash
# Packed files from outside: what the tool packs comes back, a damaged file is refused, and a program that has nothing
# but nuq's headers decodes it.
set -euo pipefail
nuq=$1
vendor_core=$2
example=$3/examples/quickstart
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

fail() { echo "packed_file.sh: $1" >&2; exit 1; }

model=$example/fashion_resnet.prototxt
weights=$example/fashion_resnet.caffemodel
"$nuq" pack -m "$model" -w "$weights" -o "$folder/float.nuq"
"$nuq" unpack "$folder/float.nuq" -o "$folder/float"
cmp "$model" "$folder/float.prototxt"
"$nuq" pack -m "$folder/float.prototxt" -w "$folder/float.caffemodel" -o "$folder/again.nuq"
cmp "$folder/float.nuq" "$folder/again.nuq"

"$nuq" --quiet config -m "$model" -w "$weights" -o "$folder/config.json"
"$nuq" --quiet quantize -m "$model" -w "$weights" -c "$folder/config.json" --record "$folder/record.txt" -o "$folder/net"
"$nuq" unpack "$folder/net.nuq" -o "$folder/unpacked"
cmp "$folder/net_fake_quant_model.prototxt" "$folder/unpacked.prototxt"
"$nuq" pack -m "$folder/net_fake_quant_model.prototxt" -w "$folder/net_fake_quant_weights.caffemodel" \
  --record "$folder/record.txt" -o "$folder/packed.nuq"
cmp "$folder/net.nuq" "$folder/packed.nuq"
[ "$(stat -c %s "$folder/net.nuq")" -lt $(($(stat -c %s "$folder/float.nuq") / 4)) ] || fail "32 levels take too much"
grep -q '"valid":true' <<< "$("$nuq" verify "$folder/net.nuq" --json)" || fail "an intact file is not valid"
grep -q ' adaptive ' <<< "$("$nuq" verify "$folder/net.nuq")" || fail "no small layer has the adaptive coding"
if grep -q convolution_param "$folder/net.nuq"; then fail "the text is not coded"; fi
"$nuq" pack --smallest -m "$folder/net_fake_quant_model.prototxt" -w "$folder/net_fake_quant_weights.caffemodel" \
  --record "$folder/record.txt" -o "$folder/smallest.nuq"
[ "$(stat -c %s "$folder/smallest.nuq")" -le "$(stat -c %s "$folder/net.nuq")" ] || fail "--smallest is larger"
"$nuq" unpack "$folder/smallest.nuq" -o "$folder/smallest"
cmp "$folder/unpacked.caffemodel" "$folder/smallest.caffemodel"

# A packed file stands where a network does: the same outputs, the same metric.
python3 - "$folder" <<'END'
import struct, sys
def save(name, descr, shape, content):
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    with open(f"{sys.argv[1]}/{name}", "wb") as stream:
        stream.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + content)
pixels = bytes((7 * i + i * i // 13) % 251 for i in range(40 * 784))
save("images.npy", "|u1", (40, 1, 28, 28), pixels)
save("labels.npy", "|u1", (40,), bytes(i % 10 for i in range(40)))
save("input.npy", "<f4", (40, 1, 28, 28), struct.pack(f"<{40 * 784}f", *(pixel / 256 for pixel in pixels)))
END
echo '{"inputs": {"data": "images.npy"}, "labels": "labels.npy", "batch_size": 20, "scale": 0.00390625, "output": "prob",
       "metric": "top1"}' > "$folder/data.json"
files=(-m "$folder/unpacked.prototxt" -w "$folder/unpacked.caffemodel")
for network in files packed; do
  [ $network = files ] || files=(-m "$folder/net.nuq")
  "$nuq" run "${files[@]}" --input data="$folder/input.npy" --output-dir "$folder/$network" --blob prob --layer conv1
  "$nuq" eval "${files[@]}" --data "$folder/data.json" --json | sed 's/,"seconds".*//' > "$folder/$network/metric"
done
diff -r "$folder/packed" "$folder/files"
grep -q '"metric":0' "$folder/packed/metric" || fail "no metric: $(cat "$folder/packed/metric")"
refused() {
  local wanted=$1 code=0
  shift
  "$nuq" "$@" > /dev/null 2> "$folder/error" || code=$?
  [ $code = 2 ] && [ "$(wc -l < "$folder/error")" = 1 ] && grep -q -e "$wanted" "$folder/error" ||
    fail "exit $code: $(cat "$folder/error")"
}
refused 'holds its weights' eval -m "$folder/net.nuq" -w "$weights" --data "$folder/data.json"
refused '--weights is required' eval -m "$model" --data "$folder/data.json"
refused 'none.nuq' run -m "$folder/none.nuq" --input data="$folder/input.npy" --output-dir "$folder"

# Reports say what the file takes, and the target follows the configuration and the quantizer where it is not given.
quantize() {  # $1: configuration, $2: target that the report is to name
  local config=$1 target=$2 coded reported
  shift 2
  "$nuq" --quiet quantize -m "$model" -w "$weights" -c "$folder/$config" -o "$folder/sized" "$@"
  grep -q "\"target\": \"$target\"" "$folder/sized_report.json" || fail "$config $*: the target is not $target"
  [ "$target" = ascend ] && return
  coded=$("$nuq" verify "$folder/sized.nuq" --json | grep -o '"coding":"[aipr][^"]*","bytes":[0-9]*' |
    awk -F: '{ sum += $3 } END { print sum }')
  reported=$(grep -m 1 -o '"bytes": [0-9]*' "$folder/sized_report.json")
  [ "$reported" = "\"bytes\": $coded" ] || fail "$config $*: reported $reported, in the file $coded"
}
"$nuq" --quiet config -m "$model" -w "$weights" --soc Ascend310 -o "$folder/soc.json"
quantize config.json packed
quantize config.json packed --bits 3
quantize config.json palette --target palette
quantize config.json palette --codebook optimal
quantize soc.json ascend

head -c 5000 "$folder/net.nuq" > "$folder/short.nuq"
code=0
"$nuq" verify "$folder/short.nuq" 2> "$folder/error" || code=$?
[ "$code" -eq 2 ] || fail "a truncated file gave exit code $code"
grep -q "short.nuq" "$folder/error" || fail "the message does not name the file"

[ "$("$vendor_core" "$folder/net.nuq" | grep -c ' levels from ')" -ge 10 ] || fail "too few layers decoded"
if nm -C "$vendor_core" | grep -E 'Eigen|google::protobuf|nlohmann|__cxa_throw'; then fail "foreign symbols"; fi
if ldd "$vendor_core" | grep -i protobuf; then fail "foreign libraries"; fi
echo "packed files: all as expected"
