#!/usr/bin/env bash
# Searches by a command: several at a time, one that dies, one that fails, and Ctrl-C.
set -euo pipefail
nuq=$1
example=$2/examples/quickstart
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

fail() { echo "search_options.sh: $1" >&2; exit 1; }

"$nuq" --quiet config -m "$example/fashion_resnet.prototxt" -w "$example/fashion_resnet.caffemodel" -o config.json
# Searches with what stands for accuracy: how well the weights resist gzip.
search() {
  local prefix=$1 command=$2
  shift 2
  "$nuq" --threads 1 auto -m "$example/fashion_resnet.prototxt" -w "$example/fashion_resnet.caffemodel" \
    -c config.json --eval-command "$command" --max-drop 480000 --levels 64,16,8 -o "$prefix" "$@"
}
same_results() {
  for suffix in .nuq _record.txt _fake_quant_weights.caffemodel; do cmp "$1$suffix" "$2$suffix"; done
}

search one/net 'gzip -nc {weights} | wc -c' > one.txt 2> one.err
grep -q 'metric: .* result (satisfied)' one.txt || fail "no result: $(cat one.err)"
search two/net 'gzip -nc {weights} | wc -c' --jobs 3 --quiet > /dev/null
same_results one/net two/net

# The third call kills itself: it is called again, and the report says so.
cat > dies_once.sh <<'END'
echo call >> calls.txt
[ "$(wc -l < calls.txt)" = 3 ] && kill -9 $$
gzip -nc "$1" | wc -c
END
search three/net 'sh dies_once.sh {weights}' > /dev/null 2> three.err
same_results one/net three/net
grep -q 'tried again after: .*SIGKILL' three/net_report.json || fail "the killed evaluation is not reported"
grep -q 'trying again' three.err || fail "the killed evaluation is not shown"

# A command that always fails after the fourth evaluation: exit 2, one line, and the best so far is there.
cat > fails.sh <<'END'
echo call >> failing.txt
[ "$(wc -l < failing.txt)" -gt 4 ] && exit 3
gzip -nc "$1" | wc -c
END
code=0
search four/net 'sh fails.sh {weights}' --quiet > /dev/null 2> four.err || code=$?
[ $code = 2 ] || fail "exit $code from a failing command"
[ "$(wc -l < four.err)" = 1 ] && grep -q "exit code 3" four.err || fail "not one line: $(cat four.err)"
[ -s four/net.nuq ] || fail "the best so far is lost"

# Ctrl-C during the fourth evaluation ends it, and the best so far is the result.
cat > slow.sh <<'END'
echo call >> slow.txt
[ "$(wc -l < slow.txt)" = 4 ] && sleep 600
gzip -nc "$1" | wc -c
END
set -m  # so that the search takes SIGINT
search five/net 'sh slow.sh {weights}' > five.txt 2> five.err &
run=$!
set +m
for _ in $(seq 600); do
  [ -e slow.txt ] && [ "$(wc -l < slow.txt)" = 4 ] && break
  sleep 0.1
done
kill -INT -- "-$run"
code=0
wait $run || code=$?
[ $code = 0 ] || fail "exit $code after Ctrl-C: $(cat five.err)"
grep -q 'tried again' five/net_report.json && fail "a stopped evaluation is tried again"
grep -q 'stopped on request' five.txt || fail "the result does not say that it was stopped"
[ -s five/net.nuq ] || fail "nothing is left of a stopped search"

# Layers that share their levels, and requests that make no sense.
search six/net 'gzip -nc {weights} | wc -c' --share block5_conv1,block5_conv2 --pin fc=256 --pareto --quiet > /dev/null
[ -s six/net_pareto/1.nuq ] || fail "no files of the front"
# Policies by name: all layers share their levels, so that every configuration can be tried; scales of least error.
all=conv1,block1_conv1,block1_conv2,block2_projection,block2_conv1,block2_conv2,block3_conv1,block3_conv2
all=$all,block4_projection,block4_conv1,block4_conv2,block5_conv1,block5_conv2,fc
search seven/net 'gzip -nc {weights} | wc -c' --share "$all" --search exhaustive --scales mse --quiet > /dev/null
[ -s seven/net.nuq ] || fail "the exhaustive search found nothing"

# Uniform int8 with layers rolled back to float.
fashion=/usr/share/datasets/fashion-mnist
if [ -f $fashion/t10k-images-idx3-ubyte.gz ]; then
  sed 's/"count": 5000/"count": 300/' "$example/fashion_search.json" > few.json
  "$nuq" --quiet rollback -m "$example/fashion_resnet.prototxt" -w "$example/fashion_resnet.caffemodel" -c config.json \
    --data few.json --max-drop 0.02 -o eight/net
  [ -s eight/net_deploy_model.prototxt ] || fail "nothing is left of the rollback"
fi
# An evaluator that does not look at the models satisfies nothing without a word, also where the tool is to be quiet.
search nine/net 'test -s {weights} && echo 0.5' --max-evaluations 3 --quiet > /dev/null 2> nine.err
grep -q '^nuq: warning: the metric never changed: it is 0.5 for the original and all 2' nine.err ||
  fail "an unchanged metric is not warned about: $(cat nine.err)"
grep -q '"metric_unchanged": true' nine/net_report.json || fail "an unchanged metric is not reported"
[ "$(wc -l < nine.err)" = 1 ] || fail "warned more than once: $(cat nine.err)"
grep -q 'metric_unchanged' one/net_report.json && fail "a metric that changes is reported as one that does not"

# Metrics without labels: the original is at 0 and 1; one sample has one class, which makes agreement worthless.
if [ -f $fashion/t10k-images-idx3-ubyte.gz ]; then
  eval_as() {
    sed "s/\"top1\"/\"$1\"/; s/\"count\": 5000/\"count\": $2/" "$example/fashion_search.json" > metric.json
    "$nuq" eval -m "$example/fashion_resnet.prototxt" -w "$example/fashion_resnet.caffemodel" --data metric.json
  }
  eval_as kl 100 | grep -q '^0 on 100 samples' || fail "the divergence of the original from itself is not 0"
  eval_as cosine 100 | grep -q '^1 on 100 samples' || fail "the original is not like itself"
  eval_as agreement 100 2> agreement.err | grep -q '^1 on 100 samples' || fail "the original disagrees with itself"
  [ ! -s agreement.err ] || fail "agreement is warned about without a reason: $(cat agreement.err)"
  eval_as agreement 1 2>&1 > /dev/null | grep -q 'nuq: warning: .*metric agreement: .* answers class' ||
    fail "answers of one class are not warned about"
fi
refused() {
  local code=0
  "$@" > /dev/null 2> refused.err || code=$?
  [ $code = 2 ] && [ "$(wc -l < refused.err)" = 1 ] || fail "exit $code: $* : $(cat refused.err)"
}
refused search bad/net 'gzip -nc {weights} | wc -c' --share fc
refused search bad/net 'gzip -nc {weights} | wc -c' --share fc,nobody
refused search bad/net 'gzip -nc {weights} | wc -c' --data data.json
refused search bad/net 'echo no file is named'
refused search bad/net 'gzip -nc {weights} | wc -c' --search random
refused search bad/net 'gzip -nc {weights} | wc -c' --scales random
echo "searches by a command: all as they should be"
