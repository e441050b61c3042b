#!/usr/bin/env bash
# The examples that search, on the quickstart's network and pictures made here: they end as the tool does.
#
#     search_examples.sh NUQ ROLL_BACK SOURCE_DIR [MPI_SEARCH MPIEXEC FLAG…]
set -euo pipefail
nuq=$1
roll_back=$2
example=$3/examples/quickstart
export PYTHONPATH=$3/tests/tool PYTHONDONTWRITEBYTECODE=1
shift 3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

fail() { echo "search_examples.sh: $1" >&2; exit 1; }

model=$example/fashion_resnet.prototxt
weights=$example/fashion_resnet.caffemodel
python3 - <<'END'
from pictures import Boxes, save_npy
boxes = Boxes()
save_npy("x.npy", "|u1", (200, 1, 28, 28), b"".join(boxes.picture(28, 28) for _ in range(200)))
END
echo '{"inputs": {"data": "x.npy"}, "batch_size": 50, "scale": 0.00390625, "count": 100}' > calibration.json
echo '{"inputs": {"data": "x.npy"}, "batch_size": 50, "scale": 0.00390625, "output": "prob", "metric": "cosine"}' > test.json

# Uniform int8 loses a little similarity: with some of it allowed, with none, and with less than none.
"$nuq" --quiet config -m "$model" -w "$weights" -o config.json --uniform
for drop in 0.01 1e-5; do
  mkdir -p "$drop" "tool$drop"
  "$roll_back" "$model" "$weights" calibration.json test.json $drop "$drop/net" > "$drop.txt"
  "$nuq" rollback -m "$model" -w "$weights" -c "$drop/net_config.json" --calibration calibration.json --data test.json \
    --max-drop $drop -o "tool$drop/net" > /dev/null
  cmp "$drop/net_deploy_weights.caffemodel" "tool$drop/net_deploy_weights.caffemodel"
  cmp "$drop/net_record.txt" "tool$drop/net_record.txt"
done
cat 1e-5.txt
grep -q '^ 0 layers in float: .* accepted' 0.01.txt || fail "int8 is not accepted: $(cat 0.01.txt)"
grep -q '^stays in float' 1e-5.txt || fail "no layer goes back to float: $(cat 1e-5.txt)"
code=0
mkdir none
"$roll_back" "$model" "$weights" calibration.json test.json -1 none/net > none.txt 2> none.err || code=$?
[ $code = 2 ] && [ "$(wc -l < none.err)" = 1 ] || fail "an evaluator that refuses the original: exit $code"

[ $# = 0 ] && exit 0
mpi_search=$1
shift
"$nuq" --quiet config -m "$model" -w "$weights" -o config.json
mkdir ranks one
"$@" "$mpi_search" "$model" "$weights" config.json test.json 0.01 ranks/net > ranks.txt
"$mpi_search" "$model" "$weights" config.json test.json 0.01 one/net > one.txt  # a job of its own
cmp ranks/net.nuq one/net.nuq
cmp <(tail -n +2 ranks.txt) <(tail -n +2 one.txt)
head -1 ranks.txt | grep -q '^3 ranks$' && head -1 one.txt | grep -q '^1 ranks$' || fail "$(head -1 ranks.txt one.txt)"
grep -q '(satisfied)' ranks.txt || fail "no result: $(cat ranks.txt)"
