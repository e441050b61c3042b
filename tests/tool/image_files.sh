#!/usr/bin/env bash
# Datasets of PNG files measure what the same pixels in arrays measure, however they are listed, cut and labelled.
#
#     image_files.sh NUQ SOURCE_DIR
set -euo pipefail
nuq=$1
example=$2/examples/quickstart
export PYTHONPATH=$2/tests/tool PYTHONDONTWRITEBYTECODE=1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

fail() { echo "image_files.sh: $1" >&2; exit 1; }

model=(-m "$example/fashion_resnet.prototxt" -w "$example/fashion_resnet.caffemodel")
python3 - <<'END'
import os
from pictures import Boxes, save_npy, save_png
boxes = Boxes()
pictures = [boxes.picture(28, 28) for _ in range(60)]
labels = [boxes.below(10) for _ in pictures]
save_npy("x.npy", "|u1", (60, 1, 28, 28), b"".join(pictures))
save_npy("y.npy", "|u1", (60,), bytes(labels))
for name in ("plain", "large", "framed"):
    os.mkdir(name)
for number, pixels in enumerate(pictures):
    rows = [pixels[28 * y:28 * y + 28] for y in range(28)]
    save_png(f"plain/{number:02}.png", pixels, 28, 28)
    doubled = b"".join(2 * bytes(value for value in row for _ in range(6)) for row in rows)
    save_png(f"large/{number:02}.png", doubled, 56, 56, 3)
    frame = bytes([255]) * (40 * 6)
    framed = frame + b"".join(bytes([255]) * 6 + row + bytes([255]) * 6 for row in rows) + frame
    save_png(f"framed/{number:02}.png", framed, 40, 40)
order = sorted(range(60), key=lambda number: number * 37 % 60)
with open("list.txt", "w") as stream:
    stream.writelines(f"plain/{number:02}.png {labels[number]}\n" for number in order)
with open("names.txt", "w") as stream:
    stream.writelines(f"{number:02}.png {labels[number]}\n" for number in order)
with open("labels.txt", "w") as stream:
    stream.writelines(f"{label}\n" for label in labels)
END

# `measured INPUT LABELS [MORE]`: the metrics top1, top5 and cosine's samples of a dataset.
measured() {
  local metric
  for metric in top1 top5; do
    echo "{\"inputs\": {\"data\": $1}, \"labels\": \"$2\", \"batch_size\": 25, \"scale\": 0.00390625, \"output\": \"prob\",
          \"metric\": \"$metric\" ${3:-}}" > data.json
    "$nuq" eval "${model[@]}" --data data.json --json | sed 's/,"seconds".*//'
  done
}
same() {
  local wanted=$1
  shift
  [ "$(measured "$@")" = "$wanted" ] || fail "$*: $(measured "$@"), wanted $wanted"
}
arrays=$(measured '"x.npy"' y.npy)
grep -q '"samples":60' <<< "$arrays" || fail "no samples: $arrays"
[ "$(sort -u <<< "$arrays" | wc -l)" = 2 ] || fail "top1 and top5 are the same: nothing is measured"
same "$arrays" '"x.npy"' labels.txt

code=0
measured '{"images": "plain", "channels": "gray"}' y.npy > first.txt 2> first.err || code=$?
if grep -q 'reads no image files' first.err; then
  echo "left out: the tool was built without OpenCV's imgcodecs"
  [ "$(wc -l < first.err)" = 1 ] || fail "$(cat first.err)"
  exit 77
fi
[ "$(cat first.txt)" = "$arrays" ] || fail "a folder: $(cat first.txt first.err), wanted $arrays"
same "$arrays" '{"images": "plain", "channels": "gray"}' labels.txt
same "$arrays" '{"images": "plain", "channels": "gray"}' names.txt
same "$arrays" '{"images": "list.txt", "channels": "gray"}' list.txt
same "$arrays" '{"images": "large", "resize": 28, "channels": "gray"}' y.npy
same "$arrays" '{"images": "large", "resize": [28, 28], "channels": "gray"}' names.txt
same "$arrays" '{"images": "framed", "crop": 28, "channels": "gray"}' y.npy
same "$(measured '"x.npy"' y.npy ', "first": 7, "count": 30')" '{"images": "plain", "channels": "gray"}' names.txt \
  ', "first": 7, "count": 30'
same "$(measured '"x.npy"' y.npy ', "mean": [16], "std": [0.5]')" '{"images": "plain", "channels": "gray"}' y.npy \
  ', "mean": [16], "std": [0.5]'
[ "$(measured '"x.npy"' y.npy ', "std": [9]')" != "$arrays" ] || fail "std changes nothing"

# Calibration and search read them, too, and what goes wrong is one line.
"$nuq" --quiet config "${model[@]}" -o config.json
echo '{"inputs": {"data": {"images": "plain", "channels": "gray"}}, "batch_size": 20, "scale": 0.00390625}' > images.json
echo '{"inputs": {"data": "x.npy"}, "batch_size": 20, "scale": 0.00390625}' > arrays.json
for kind in images arrays; do
  "$nuq" --quiet quantize "${model[@]}" -c config.json --calibration $kind.json --record $kind.txt -o $kind/net > /dev/null
done
cmp images/net.nuq arrays/net.nuq
refused() {
  local wanted=$1 code=0
  shift
  measured "$@" > /dev/null 2> refused.err || code=$?
  [ "$(sort -u refused.err | wc -l)" = 1 ] && grep -q -e "$wanted" refused.err || fail "$*: $(cat refused.err)"
}
refused 'none' '{"images": "none"}' y.npy
head -59 list.txt > short.txt
refused 'labels.txt: holds 60 labels, there are 59 images' '{"images": "short.txt"}' labels.txt
refused "image 'plain/[0-9]*.png' has no label" '{"images": "list.txt"}' short.txt
refused 'has 28x28 pixels, wanted at least those of the crop, 30x30' '{"images": "plain", "crop": 30}' y.npy
refused 'unknown key' '{"images": "plain", "size": 30}' y.npy
head -c 300 plain/17.png > part.png && mv part.png plain/17.png
refused '17.png: is cut off' '{"images": "plain", "channels": "gray"}' y.npy

# A class metric on an output that is no list of classes is doubtful: eval and auto say so, once.
{ cat "$example/fashion_resnet.prototxt"
  echo 'layer { name: "pairs" type: "Reshape" bottom: "prob" top: "pairs" reshape_param { shape { dim: 0 dim: 5 dim: 2 } } }'
} > pairs.prototxt
model=(-m pairs.prototxt -w "$example/fashion_resnet.caffemodel")
for metric in agreement cosine; do
  echo "{\"inputs\": {\"data\": \"x.npy\"}, \"batch_size\": 30, \"scale\": 0.00390625, \"output\": \"pairs\",
        \"metric\": \"$metric\"}" > data.json
  "$nuq" eval "${model[@]}" --data data.json > /dev/null 2> eval.$metric
  "$nuq" --quiet config "${model[@]}" -o config.json
  "$nuq" --quiet auto "${model[@]}" -c config.json --data data.json --max-drop 1 --max-evaluations 2 -o pairs/net \
    > /dev/null 2> auto.$metric
done
for command in eval auto; do
  [ "$(grep -c "output 'pairs' of shape .*,5,2. is no list of classes" $command.agreement)" = 1 ] ||
    fail "$command does not warn once: $(cat $command.agreement)"
  grep -q 'list of classes' $command.cosine && fail "$command warns of cosine: $(cat $command.cosine)"
done
echo "datasets of images: all as they should be"
