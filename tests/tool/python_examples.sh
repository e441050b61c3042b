#!/usr/bin/env bash
# The examples in Python, as far as what they need is installed: a search by the server is the one by the command and
# by the dataset, and its report becomes a picture.
#
#     python_examples.sh NUQ SOURCE_DIR
set -euo pipefail
nuq=$1
example=$2/examples/quickstart
evaluators=$2/examples/command_evaluator
export PYTHONDONTWRITEBYTECODE=1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

fail() { echo "python_examples.sh: $1" >&2; exit 1; }
has_module() { python3 -c "import $1" 2> /dev/null || { echo "left out: python3 has no $1"; return 1; }; }

[ -f /usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz ] || { echo "left out: no dataset-fashion-mnist"; exit 77; }
sed 's/"count": 5000/"count": 300/' "$example/fashion_search.json" > few.json
"$nuq" --quiet config -m "$example/fashion_resnet.prototxt" -w "$example/fashion_resnet.caffemodel" -o config.json
search() {
  local prefix=$1
  shift
  timeout 300 "$nuq" --threads 1 auto -m "$example/fashion_resnet.prototxt" -w "$example/fashion_resnet.caffemodel" \
    -c config.json -o "$prefix" --levels 64,16,8,4 --confidence 0 --max-evaluations 6 --quiet "$@" > /dev/null
}

search data/net --data few.json --max-drop 0.02
if has_module cv2; then
  search command/net --max-drop 0.02 \
    --eval-command "python3 '$evaluators/evaluate.py' {model} {weights} {batch_num} --data few.json"
  search server/net --eval-server "python3 '$evaluators/top1_server.py' few.json --drop 0.02"
  cmp command/net.nuq data/net.nuq
  cmp server/net.nuq data/net.nuq
fi
code=0
search bad/net --eval-server "python3 '$evaluators/top1_server.py' few.json --runtime tensorflow" 2> bad.err || code=$?
[ $code = 2 ] && tail -1 bad.err | grep -q 'exit code' || fail "exit $code: $(cat bad.err)"
if has_module matplotlib; then
  python3 "$2/examples/plots/plot_report.py" data/net_report.json -o plot.svg
  grep -q '<svg' plot.svg || fail "no picture"
else
  python3 "$2/examples/plots/plot_report.py" data/net_report.json 2> plot.err && fail "a picture without matplotlib"
  [ "$(wc -l < plot.err)" = 1 ] && grep -q 'matplotlib is not installed' plot.err || fail "$(cat plot.err)"
fi
echo "examples in Python: all as they should be"
