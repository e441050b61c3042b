#!/usr/bin/env bash
# What the system does to a run: signals, closed or full standard streams, limits of files, threads and inputs that
# shrink. Each ends in order: an exit code or the signal, one line that says why, and nothing left over.
#
#     signals_and_streams.sh NUQ
set -euo pipefail
nuq=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2> /dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"

fail() { echo "signals_and_streams.sh: $1" >&2; exit 1; }

source "$here/small_network.sh"
net=(-m net.prototxt -w net.caffemodel)
"$nuq" --quiet config "${net[@]}" -o config.json
auto=("$nuq" --quiet auto "${net[@]}" -c config.json --max-drop 480000 --levels 64,16)

# A signal ends an evaluation in flight and its processes; the best so far is the result, and nothing else is left.
cat > slow.sh <<'END'
echo call >> calls.txt
[ "$(wc -l < calls.txt)" = 3 ] && echo $$ > sleeper.txt && exec sleep 600
gzip -nc "$1" | wc -c
END
set -m  # so that background runs take SIGINT
for signal in INT TERM HUP; do
  rm -f calls.txt sleeper.txt
  "${auto[@]}" --eval-command 'sh slow.sh {weights}' -o $signal/net > /dev/null &
  run=$!
  while [ ! -s sleeper.txt ]; do sleep 0.05; done
  kill -$signal $run
  code=0
  wait $run || code=$?
  [ $code = 0 ] || fail "exit $code after SIG$signal"
  ps -o stat= -p "$(cat sleeper.txt)" | grep -qv Z && fail "an evaluator outlives SIG$signal"
  "$nuq" --quiet verify $signal/net > /dev/null || fail "the best so far is not kept after SIG$signal"
  ls $signal | grep -q -e lock -e trial -e tmp && fail "left over after SIG$signal: $(ls $signal)"
done
# The second signal ends the run itself.
rm -f calls.txt sleeper.txt
cat > stubborn.sh <<'END'
trap '' TERM
echo call >> calls.txt
[ "$(wc -l < calls.txt)" = 3 ] && echo $$ > sleeper.txt && sleep 3
gzip -nc "$1" | wc -c
END
"${auto[@]}" --eval-command 'sh stubborn.sh {weights}' -o second/net > /dev/null 2>&1 &
run=$!
while [ ! -s sleeper.txt ]; do sleep 0.05; done
kill -TERM $run
sleep 0.3
kill -TERM $run
code=0
wait $run || code=$?
[ $code = 143 ] || fail "exit $code after two SIGTERM"
ls second | grep -q -e lock -e trial -e tmp && fail "left over after two SIGTERM: $(ls second)"
"$nuq" --quiet verify second/net > /dev/null || fail "the best so far is not kept after two SIGTERM"

# A command without a search ends at once, at whatever moment, and leaves nothing but whole results.
for milliseconds in 002 004 008 016 032; do
  "$nuq" --quiet quantize "${net[@]}" -c config.json -o ended/net > /dev/null 2>&1 &
  run=$!
  sleep 0.$milliseconds
  kill -TERM $run 2> /dev/null || true
  code=0
  wait $run || code=$?
  [ $code = 0 ] || [ $code = 143 ] || fail "exit $code after SIGTERM"
  [ ! -d ended ] || ! ls ended | grep -q -e lock -e tmp || fail "left over after SIGTERM: $(ls ended)"
done
set +m
# nohup keeps SIGHUP away.
rm -f calls.txt sleeper.txt
sed 's/exec sleep 600/sleep 1/' slow.sh > short.sh
nohup "${auto[@]}" --max-evaluations 4 --eval-command 'sh short.sh {weights}' -o nohup/net > /dev/null 2>&1 &
run=$!
while [ ! -s sleeper.txt ]; do sleep 0.05; done
kill -HUP $run
wait $run || fail "SIGHUP ends a run under nohup"
grep -q 'stopped on request' nohup/net_report.json && fail "SIGHUP stops a run under nohup"

# wants CODE PATTERN: what a command left in `code` and error.txt.
wants() {
  [ "$code" = "$1" ] && [ "$(wc -l < error.txt)" = 1 ] && grep -q -- "$2" error.txt || fail "exit $code, wanted $1: $(cat error.txt)"
}
# Standard output that is full, closed or not read.
inspect=("$nuq" inspect net.prototxt net.caffemodel)
if [ -e /dev/full ]; then
  code=0; "${inspect[@]}" --json > /dev/full 2> error.txt || code=$?
  wants 2 'standard output: cannot write'
fi
code=0; "${inspect[@]}" >&- 2> error.txt || code=$?
wants 2 'standard output: cannot write'
code=0; { "${inspect[@]}" --json 2> error.txt; echo $? > code.txt; } | true || true
[ "$(cat code.txt)" = 2 ] || [ "$(cat code.txt)" = 0 ] || fail "exit $(cat code.txt) with a pipe that nobody reads"
# Standard error that is closed does not give its number to a journal.
"${auto[@]}" --max-evaluations 3 --eval-command 'gzip -nc {weights} | wc -c' --journal journal.txt -o closed/net > /dev/null 2>&- <&-
"${auto[@]}" --max-evaluations 3 --eval-command 'gzip -nc {weights} | wc -c' --journal journal.txt -o closed/net > /dev/null

# Files that may not grow, threads that cannot be started, more threads than make sense.
code=0; (ulimit -f 1 && exec "$nuq" --quiet quantize "${net[@]}" -c config.json -o limited/net) 2> error.txt || code=$?
wants 2 'limited/net.*: cannot write'
[ ! -d limited ] || fail "left over where files may not grow: $(ls limited)"
"$nuq" --quiet quantize "${net[@]}" -c config.json -o free/net > /dev/null
code=0
(ulimit -s 1000000 && ulimit -v 1800000 && exec "$nuq" --quiet --threads 4 quantize "${net[@]}" -c config.json -o threads/net) 2> error.txt || code=$?
[ $code = 0 ] || fail "exit $code where threads cannot be started: $(cat error.txt)"
cmp free/net.nuq threads/net.nuq
code=0; "$nuq" --threads 5000 quantize "${net[@]}" -c config.json -o many/net 2> error.txt || code=$?
wants 2 '5000 threads: wanted at most'

# An input that shrinks while it is read: an error, never a signal.
printf '\x93NUMPY\x01\x00\x76\x00%-117s\n' "{'descr': '<f4', 'fortran_order': False, 'shape': (50000000,), }" > header.npy
seen=0
for attempt in $(seq 0 99); do
  cp header.npy big.npy
  truncate -s 200000128 big.npy
  "$nuq" run "${net[@]}" --input data=big.npy --output-dir shrunk 2> error.txt &
  run=$!
  sleep "$(printf 0.%02d $((attempt * 7 % 50)))"
  truncate -s 4096 big.npy
  code=0
  wait $run || code=$?
  [ $code = 2 ] && [ "$(wc -l < error.txt)" = 1 ] || fail "exit $code with an input that shrinks: $(cat error.txt)"
  grep -q 'big.npy: became shorter while it was read' error.txt && seen=$((seen + 1))
  [ $seen -lt 2 ] || break
done
[ $seen -gt 0 ] || fail "no attempt shrank the input while it was read"
echo "signals and streams: all as they should be"
