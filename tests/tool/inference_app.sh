#!/usr/bin/env bash
# The application of examples/inference_app: with the quickstart's network, packed at 32 levels, it finds in pictures
# what the original finds.
#
#     inference_app.sh NUQ APP SOURCE_DIR
set -euo pipefail
nuq=$1
app=$2
example=$3/examples/quickstart
export PYTHONPATH=$3/tests/tool PYTHONDONTWRITEBYTECODE=1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

fail() { echo "inference_app.sh: $1" >&2; exit 1; }

model=$example/fashion_resnet.prototxt
weights=$example/fashion_resnet.caffemodel
"$nuq" --quiet config -m "$model" -w "$weights" -o config.json
"$nuq" --quiet quantize -m "$model" -w "$weights" -c config.json -o net > /dev/null
mkdir pictures
python3 - <<'END'
import gzip, os
from pictures import Boxes, save_png
clothes = "/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz"
if os.path.exists(clothes):
    pixels = gzip.open(clothes).read(16 + 40 * 784)[16:]
else:
    boxes = Boxes()
    pixels = b"".join(boxes.picture(28, 28) for _ in range(40))
for number in range(40):
    save_png(f"pictures/{number:02}.png", pixels[784 * number:784 * (number + 1)], 28, 28)
END
printf '%s\n' T-shirt trousers pullover dress coat sandal shirt sneaker bag 'ankle boot' > classes.txt
"$app" "$model" "$weights" net.nuq classes.txt pictures > found.txt
cat found.txt
before=$(awk '/^original:/ { print $2 }' found.txt)
after=$(awk '/^packed:/ { print $2 }' found.txt)
[ "$before" = $(($(stat -c %s "$model") + $(stat -c %s "$weights"))) ] && [ "$after" = "$(stat -c %s net.nuq)" ] ||
  fail "sizes $before and $after"
[ "$after" -lt $((before / 4)) ] || fail "the packed file is too large"
same=$(awk '/pictures have the same class/ { print $1 }' found.txt)
[ "$same" -ge 38 ] || fail "only $same of 40 pictures have the same class"
[ "$(grep -o '^[0-9]*.png: [^,]*' found.txt | cut -d' ' -f2- | sort -u | wc -l)" -gt 2 ] || fail "one class for everything"

head -c 1000 net.nuq > short.nuq
code=0
"$app" "$model" "$weights" short.nuq classes.txt pictures > /dev/null 2> error || code=$?
[ $code = 2 ] && grep -q 'short.nuq' error || fail "a truncated file: exit $code: $(cat error)"
