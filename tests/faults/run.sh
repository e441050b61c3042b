#!/usr/bin/env bash
# Makes every call of the system that writes fail, one by one, and ends the program at each: what stands under the final
# names afterwards is the old set, the new one, or a set that every reader refuses; the same command then gives what it
# gives undisturbed, with nothing left over. Some allocations are made to fail, too.
#
#     run.sh NUQ FAULT_SHIM [quick|all]     quick: every third call
set -uo pipefail
nuq=$(realpath "$1")
shim=$(realpath "$2")
here=$(cd "$(dirname "$0")" && pwd)
extent=${3:-quick}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
stride=1
allocations=400
[ "$extent" = all ] || { stride=3; allocations=60; }
failures=0
faults=0

fail() { echo "FAILED $name, $mode at $at: $1" >&2; failures=$((failures + 1)); }

source "$here/../tool/small_network.sh"
net=(-m net.prototxt -w net.caffemodel)
"$nuq" --quiet config "${net[@]}" -o config.json
"$nuq" --quiet quantize "${net[@]}" -c config.json --target palette -o old/net > old.txt || exit 1
"$nuq" --quiet quantize "${net[@]}" -c config.json -o new/net > new.txt || exit 1
cp new/net.nuq packed.nuq
cp new/net_record.txt record.txt
# How well the weights resist gzip stands for accuracy.
judge='gzip -nc {weights} | wc -c'

without_times() { sed '/"seconds"/d; /^  "run": {/,/^  }/d; /data-run/d' "$1"; }
same_files() {  # of two folders, times aside
  [ "$(ls "$1")" = "$(ls "$2")" ] || return 1
  local file
  for file in "$1"/*; do
    if [[ $file == *_report.* ]]; then
      cmp -s <(without_times "$file") <(without_times "$2/${file##*/}") || return 1
    else
      cmp -s "$file" "$2/${file##*/}" || return 1
    fi
  done
}
is_whole() { "$nuq" --quiet verify out/net > /dev/null 2>&1; }
is_refused() {  # by those who read it
  "$nuq" verify out/net > refused.txt 2>&1
  "$nuq" inspect out/net_fake_quant_model.prototxt >> refused.txt 2>&1
  [ "$(grep -c 'are of two runs' refused.txt)" = 2 ]
}
# check_set: after a fault, for commands with a report.
check_set() {
  is_whole || is_refused && return
  [ "$has_old" = no ] && [ -z "$(ls out 2> /dev/null | grep -v -e tmp -e lock -e trial)" ] && return
  fail "neither a whole set nor a refused one: $(ls out)"
}
# check_file: for commands that write without a report: each file is the old one or the new one, or the set is refused.
check_file() {
  local file
  is_refused && return
  for file in out/*; do
    case $file in
      *.tmp | *.lock | 'out/*') continue ;;
    esac
    cmp -s "$file" "before/${file##*/}" || cmp -s "$file" "reference/${file##*/}" || fail "$file is neither old nor new"
  done
}

prepare() {  # what stands in out/ before a run
  rm -rf out before
  mkdir before
  if [ "$has_old" = yes ]; then cp -p old/* before; fi
  cp -rp before out
  [ "$has_old" = yes ] || rmdir out
}

# disturb NAME CHECK COMMAND...
disturb() {
  name=$1
  local check=$2
  shift 2
  for has_old in no yes; do
    mode=none at=0
    prepare
    FAULT_KIND=io FAULT_COUNT=count.txt LD_PRELOAD=$shim "$@" > out.txt 2> err.txt || { fail "undisturbed: $(cat err.txt)"; return; }
    rm -rf reference && cp -rp out reference
    local calls
    calls=$(cat count.txt)
    [ "$calls" -ge 3 ] || fail "only $calls calls to disturb"
    for mode in enospc eio kill; do
      [ "$extent" = all ] || [ "$mode" != eio ] || continue
      for ((at = 1; at <= calls; at += stride)); do
        prepare
        code=0
        FAULT_KIND=io FAULT_AT=$at FAULT_MODE=$mode LD_PRELOAD=$shim "$@" > out.txt 2> err.txt || code=$?
        faults=$((faults + 1))
        case $mode in
          kill) [ $code = 137 ] || [ $code = 0 ] || fail "exit $code" ;;
          *)
            [ $code = 0 ] || [ $code = 2 ] || fail "exit $code: $(cat err.txt)"
            [ $code = 0 ] || [ "$(wc -l < err.txt)" = 1 ] || fail "not one line: $(cat err.txt)"
            ;;
        esac
        $check
        "$@" > out.txt 2> err.txt || fail "the rerun fails: $(cat err.txt)"
        same_files out reference || fail "the rerun differs: $(diff -r out reference 2>&1 | grep -v seconds | head -5)"
      done
    done
  done 2> >(grep -v Killed >&2)
}

disturb quantize check_set "$nuq" --quiet --threads 1 quantize "${net[@]}" -c config.json -o out/net
disturb auto check_set "$nuq" --quiet --threads 1 auto "${net[@]}" -c config.json --max-drop 480000 --levels 32 \
  --max-evaluations 3 --eval-command "$judge" -o out/net
disturb convert check_file "$nuq" --quiet convert "${net[@]}" --record record.txt -o out/net
disturb pack check_file "$nuq" --quiet pack "${net[@]}" --record record.txt -o out/net.nuq
disturb unpack check_file "$nuq" --quiet unpack packed.nuq -o out/net
disturb config check_file "$nuq" --quiet config "${net[@]}" -o out/net.json

name=memory mode=none at=0 has_old=no
quantize=("$nuq" --quiet --threads 1 quantize "${net[@]}" -c config.json -o out/net)
prepare
FAULT_KIND=memory FAULT_COUNT=count.txt LD_PRELOAD=$shim "${quantize[@]}" > out.txt 2> err.txt || fail "undisturbed: $(cat err.txt)"
calls=$(cat count.txt)
mode=failed-allocation
for ((step = 0; step < allocations; ++step)); do
  at=$((1 + step * calls / allocations))
  prepare
  code=0
  FAULT_KIND=memory FAULT_AT=$at LD_PRELOAD=$shim "${quantize[@]}" > out.txt 2> err.txt || code=$?
  faults=$((faults + 1))
  [ $code = 0 ] || [ $code = 2 ] || fail "exit $code: $(cat err.txt)"
  check_set
  ls out 2> /dev/null | grep -q -e tmp -e lock && fail "left over: $(ls out | tr '\n' ' ')"
done

echo "$faults faults, $failures failures"
[ $failures = 0 ]
