#!/usr/bin/env bash
# What two runs could do to each other, and a run to its own inputs: one prefix and one journal are one run's at a time,
# metrics of other data are not taken from a journal, no input is replaced, and a set of results is whole or refused.
#
#     one_run_a_prefix.sh NUQ
set -euo pipefail
nuq=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2> /dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"

fail() { echo "one_run_a_prefix.sh: $1" >&2; exit 1; }
# refused PATTERN COMMAND...: exit code 2 and one line that says so.
refused() {
  local pattern=$1 code=0
  shift
  "$@" > /dev/null 2> refused.err || code=$?
  [ $code = 2 ] && [ "$(wc -l < refused.err)" = 1 ] && grep -q -- "$pattern" refused.err ||
    fail "exit $code: $* : $(cat refused.err)"
}

source "$here/small_network.sh"
net=(-m net.prototxt -w net.caffemodel)
"$nuq" --quiet config "${net[@]}" -o config.json
auto=("$nuq" --quiet auto "${net[@]}" -c config.json --max-drop 480000 --levels 64,16 --max-evaluations 3)
search() { "${auto[@]}" "$@"; }
quantize() { "$nuq" --quiet quantize "${net[@]}" -c config.json "$@"; }

# Two searches of one prefix, or of one journal: the second is refused and disturbs nothing.
cat > evaluate.sh <<'END'
touch evaluating
while [ ! -e go_on ]; do sleep 0.05; done
gzip -nc "$1" | wc -c
END
"${auto[@]}" --eval-command 'sh evaluate.sh {weights}' --journal journal.txt -o out/net > /dev/null &
run=$!
while [ ! -e evaluating ]; do sleep 0.05; done
refused "net.lock: process $run writes" search --eval-command 'gzip -nc {weights} | wc -c' -o out/net
refused "net.lock: process $run writes" quantize -o out/net
refused 'another run uses this journal' search --eval-command 'sh evaluate.sh {weights}' --journal journal.txt -o other/net
touch go_on
wait $run || fail "the search that was there first fails"
ls out | grep -q -e lock -e trial -e tmp && fail "left over: $(ls out)"
"$nuq" --quiet verify out/net > /dev/null || fail "the results are not whole"

# What a killed run leaves, lock and trial models, is in nobody's way.
cat > second.sh <<'END'
echo call >> calls.txt
[ "$(wc -l < calls.txt)" = 2 ] && echo $$ > sleeper.txt && exec sleep 600
gzip -nc "$1" | wc -c
END
"${auto[@]}" --eval-command 'sh second.sh {weights}' -o killed/net > /dev/null 2>&1 &
run=$!
while [ ! -e calls.txt ] || [ ! -s sleeper.txt ]; do sleep 0.05; done
kill -9 $run
wait $run 2> /dev/null || true
kill "$(cat sleeper.txt)"
ls killed | grep -q trial || fail "no trial models to clean up"
quantize -o killed/net
ls killed | grep -q -e lock -e trial -e tmp && fail "left over after a kill: $(ls killed)"

# A journal's metrics hold for the data that gave them.
npy() { printf '\x93NUMPY\x01\x00\x76\x00%-117s\n' "{'descr': '$1', 'fortran_order': False, 'shape': ($2), }"; }
{ npy '<f4' '4, 32'; head -c 512 /dev/zero; } > x.npy
{ npy '|u1' '4,'; printf '\x01\x02\x03\x04'; } > y.npy
cat > data.json <<'END'
{"inputs": {"data": "x.npy"}, "labels": "y.npy", "batch_size": 4, "output": "fc", "metric": "top1"}
END
search --data data.json --journal data_journal.txt -o data/net > /dev/null 2> warnings.txt
{ npy '|u1' '4,'; printf '\x04\x03\x02\x01'; } > y.npy
refused 'belongs to another run' search --data data.json --journal data_journal.txt -o data/net
echo version 1 > labels.txt
judged='gzip -nc {weights} | wc -c'
search --eval-command "$judged" --eval-file labels.txt --eval-label a --journal file_journal.txt -o data/net > /dev/null
search --eval-command "$judged" --eval-file labels.txt --eval-label a --journal file_journal.txt -o data/net > /dev/null
refused 'belongs to another run' search --eval-command "$judged" --eval-file labels.txt --eval-label b --journal file_journal.txt -o data/net
echo version 2 > labels.txt
refused 'belongs to another run' search --eval-command "$judged" --eval-file labels.txt --eval-label a --journal file_journal.txt -o data/net

# No input is replaced, whatever it is called.
mkdir in && cp net.prototxt in/q_fake_quant_model.prototxt && cp net.caffemodel in/q_fake_quant_weights.caffemodel
cp config.json in/q_quant.json && cp x.npy in/q.nuq && ln -s in linked
sed 's/"x.npy"/"q.nuq"/; s/"y.npy"/"..\/y.npy"/' data.json > in/data.json
ln net.caffemodel hard_q_fake_quant_weights.caffemodel
find in -type f -exec cat {} + | cksum > before.txt
refused 'would replace' "$nuq" quantize -m in/q_fake_quant_model.prototxt -w net.caffemodel -c config.json -o in/q
refused 'would replace' "$nuq" quantize -m net.prototxt -w in/q_fake_quant_weights.caffemodel -c config.json -o linked/q
refused 'would replace' quantize -o hard_q
refused 'would replace' "$nuq" quantize "${net[@]}" -c in/q_quant.json -o in/../in/q
refused 'would replace' search --data in/data.json -o in/q
refused 'would replace' quantize --calibration in/data.json -o in/q
refused 'would replace' search --eval-command "$judged" --journal in/q.nuq -o in/q
refused 'would replace' search --eval-command "$judged" --record net.caffemodel -o q
refused 'would replace' search --eval-command "$judged" --eval-file labels.txt --record labels.txt -o q
refused 'would replace' quantize -o q --record q_quant.json
refused 'would replace' "$nuq" config "${net[@]}" -o net.prototxt
refused 'would replace' "$nuq" pack "${net[@]}" -o net.caffemodel
refused 'would replace' "$nuq" rollback "${net[@]}" -c in/q_quant.json --data data.json --max-drop 1 -o in/q
quantize -o q
cp q_record.txt r_quant.json
refused 'would replace' "$nuq" convert "${net[@]}" --record r_quant.json -o ../"${folder##*/}"/r
"$nuq" --quiet pack "${net[@]}" -o packed.caffemodel
refused 'would replace' "$nuq" unpack packed.caffemodel -o packed
[ "$(find in -type f -exec cat {} + | cksum)" = "$(cat before.txt)" ] || fail "an input was changed"

# A replaced file keeps its permissions; what a link leads to is replaced, not the link.
chmod 600 q_quant.json
mkdir elsewhere && mv q.nuq elsewhere/real.nuq && ln -s elsewhere/real.nuq q.nuq && echo old > elsewhere/real.nuq
quantize -o q
[ "$(stat -c %a q_quant.json)" = 600 ] || fail "permissions are lost"
[ -L q.nuq ] && "$nuq" --quiet verify q.nuq > /dev/null || fail "the link was replaced"
"$nuq" --quiet verify q > /dev/null || fail "results with a link are not whole"

# A set that is half of each of two runs is refused by all who read it, until it is written again.
fake=(-m q_fake_quant_model.prototxt -w q_fake_quant_weights.caffemodel)
mv q_report.json q_report.json.incomplete
for reader in "inspect q_fake_quant_model.prototxt q_fake_quant_weights.caffemodel" "verify q" "verify q.nuq" \
  "unpack q.nuq -o u" "convert ${net[*]} --record q_record.txt -o u" "eval ${fake[*]} --data data.json" \
  "run ${fake[*]} --input data=x.npy --output-dir u" "pack ${fake[*]} -o u.nuq" "config ${fake[*]} -o u.json"; do
  # shellcheck disable=SC2086
  refused 'are of two runs' "$nuq" $reader
done
quantize -o q
"$nuq" --quiet verify q > /dev/null || fail "results written again are not whole"
echo >> q_quant.json
refused 'not the files of one run' "$nuq" verify q
echo "one run a prefix: all as it should be"
