#!/usr/bin/env bash
# A search with a journal is killed at random moments and started again until it ends: its files are those of a search
# that nobody disturbed, and each kill repeats one evaluation at most.
#
#     killed_search.sh NUQ SOURCE_DIR [KILLS]
set -euo pipefail
nuq=$1
example=$2/examples/quickstart
kills=${3:-10}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

fail() { echo "killed_search.sh: $1" >&2; exit 1; }

# What stands for accuracy: how well the weights resist gzip. Each call leaves a line in calls.txt.
cat > evaluate.sh <<'END'
echo "$1" >> calls.txt
gzip -nc "$1" | wc -c
END

"$nuq" --quiet config -m "$example/fashion_resnet.prototxt" -w "$example/fashion_resnet.caffemodel" -o config.json
search() {
  exec "$nuq" --quiet --threads 1 auto -m "$example/fashion_resnet.prototxt" -w "$example/fashion_resnet.caffemodel" \
    -c config.json --eval-command 'sh evaluate.sh {weights}' --max-drop 480000 --levels 64,16,8 --journal journal.txt \
    --pareto -o out/net > /dev/null
}
without_times() { sed '/"seconds"/d; /^  "run": {/,/^  }/d; /data-run/d' "$1"; }
# Compares everything in out/ with the undisturbed run's.
check_results() {
  [ "$(ls -R out)" = "$(cd ../reference && ls -R out)" ] ||
    fail "other files: $(diff <(ls -R out) <(cd ../reference && ls -R out) | tr '\n' ' ')"
  for file in $(find out -type f); do
    case $file in
      *_report.*) cmp <(without_times "$file") <(without_times "../reference/$file") ;;
      *) cmp "$file" "../reference/$file" ;;
    esac
  done
}

mkdir reference work
(cd reference && cp ../evaluate.sh ../config.json . && search)
evaluations=$(wc -l < reference/calls.txt)
[ "$evaluations" -gt 5 ] || fail "only $evaluations evaluations: nothing to kill"
begin=$(date +%s%N)
(cd work && cp ../evaluate.sh ../config.json . && search)
milliseconds=$((($(date +%s%N) - begin) / 1000000))
(cd work && check_results)

killed=0
ended=0
while [ "$killed" -lt "$kills" ]; do
  rm -rf work && mkdir work && cp evaluate.sh config.json work
  killed_before=$killed
  while true; do
    (cd work && search) &
    run=$!
    wait_for=$(((RANDOM * 32768 + RANDOM) % (milliseconds + 1)))
    sleep "$((wait_for / 1000)).$(printf %03d $((wait_for % 1000)))"
    if kill -9 "$run" 2> /dev/null; then
      wait "$run" 2> /dev/null && break || killed=$((killed + 1))
    else
      wait "$run" || fail "the search failed after $killed kills"
      break
    fi
    if [ $((killed - killed_before)) -ge 25 ]; then
      (cd work && search)
      break
    fi
  done
  sleep 0.2  # for an evaluation that outlived its search
  (cd work && check_results)
  repeated=$(($(wc -l < work/calls.txt) - evaluations))
  [ "$repeated" -le $((killed - killed_before)) ] || fail "$repeated evaluations repeated by $((killed - killed_before)) kills"
  ended=$((ended + 1))
done
echo "$killed searches killed, $ended ended, all with the undisturbed run's files"
