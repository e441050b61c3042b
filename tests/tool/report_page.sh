#!/usr/bin/env bash
# The page of a report: written with it, the same when it is made again, of a network whose names are hostile; an old page
# beside a new report is found out; a search that finds nothing has a page too.
set -uo pipefail
nuq=$1
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1

fail() { echo "report_page.sh: $1" >&2; exit 1; }
has() { grep -qF -- "$2" "$1" || fail "$1 lacks: $2"; }
has_not() { grep -qF -- "$2" "$1" && fail "$1 has: $2"; return 0; }

layer=$'<script>alert(\'1\')</script>" onload="x" & \x01\xe2\x80\xae\xd7\xa9'
layer_text='<script>alert('"'1'"')</script>\" onload=\"x\" & \001\342\200\256\327\251'
source "$here/small_network.sh"
net=(-m net.prototxt -w net.caffemodel)
judge='gzip -nc {weights} | wc -c'  # how well the weights resist gzip stands for accuracy
"$nuq" --quiet config "${net[@]}" -o config.json || fail "no configuration"

"$nuq" --quiet quantize "${net[@]}" -c config.json --target palette -o 'out/a b' || fail "quantize"
"$nuq" --quiet auto "${net[@]}" -c config.json --max-drop 480000 --levels 32,16 --max-evaluations 4 \
  --eval-command "$judge" -o out/net || fail "auto"
shown='&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&quot; onload=&quot;x&quot; &amp; \x01'
for prefix in 'out/a b' out/net; do
  page=${prefix}_report.html
  has "$page" "$shown"
  has_not "$page" '<script>alert'
  has_not "$page" '" onload="x'
  [ "$(grep -o '<script' "$page" | wc -l)" = 1 ] || fail "$page: a script that is not ours"
  [ "$(wc -c < "$page")" -lt 200000 ] || fail "$page is large"
  has "$page" 'caffemodel'
  "$nuq" --quiet verify "$prefix" || fail "$prefix is not whole"
  cp "$page" written.html
  "$nuq" --quiet report "${prefix}_report.json" || fail "report"
  cmp "$page" written.html || fail "the page is another when it is made again"
  "$nuq" --quiet report "${prefix}_report.json" -o elsewhere.html && cmp elsewhere.html written.html || fail "report -o"
done
has 'out/a b_report.html' "quantized as configured"
has out/net_report.html "The search"
has out/net_report.html "--eval-command &#39;$judge&#39;"

# The report: what the page shows.
for key in '"schema": 2' '"version"' '"run": {' '"command": \[' '"processor"' '"inputs": \[' '"role": "weights"' \
  '"options": {' '"seed": 0' '"histogram": {' '"level_counts": \[' '"level_errors": \[' '"weight_snr_db": [0-9]' \
  '"packed_file": {' '"stored": {'; do
  grep -q -- "$key" 'out/a b_report.json' || fail "the report lacks $key"
done
hash=$(sha256sum net.caffemodel | cut -d ' ' -f 1)
has out/net_report.json "\"sha256\": \"$hash\""
has out/net_report.html "$hash"
number() { grep -m 1 -o "\"$1\": [0-9]*" "$2" | grep -o '[0-9]*$'; }
packed=$(wc -c < out/net.nuq)
parts=0
for part in indices tables scales float_weights biases text directory; do
  bytes=$(sed -n '/"packed_file"/,/}/p' out/net_report.json | grep -o "\"$part\": [0-9]*" | grep -o '[0-9]*$')
  parts=$((parts + bytes))
done
[ "$parts" = "$packed" ] || fail "the parts of the packed file are $parts of $packed bytes"
stored=$(($(sed -n '/"stored"/,/}/p' out/net_report.json | grep -o '": [0-9][0-9]*' | grep -o '[0-9]*$' | paste -sd+)))
[ "$stored" = "$(number bytes out/net_report.json)" ] || fail "the layer's parts are $stored bytes"

# Two reports; what is no report; nothing that is read is written.
"$nuq" report out/net_report.json 'out/a b_report.json' > said.txt || fail "two reports"
[ "$(cat said.txt)" = out/net_report_comparison.html ] || fail "the page of two is at $(cat said.txt)"
has out/net_report_comparison.html 'out/a b_report.json'
refused() {
  local code=0
  "$nuq" "$@" > /dev/null 2> refused.txt || code=$?
  [ $code = 2 ] && [ "$(wc -l < refused.txt)" = 1 ] || fail "exit $code: $* : $(cat refused.txt)"
}
refused report config.json
refused report none.json
refused report out/net_report.json -o out/net_report.json
cp out/net_report.json half_report.json.incomplete
refused report half_report.json

# An old page beside a new report, and no page at all.
cp out/net_report.html old.html
"$nuq" --quiet auto "${net[@]}" -c config.json --max-drop 480000 --levels 16 --max-evaluations 3 \
  --eval-command "$judge" -o out/net || fail "auto again"
"$nuq" --quiet verify out/net || fail "the page was not made anew"
cp old.html out/net_report.html
refused verify out/net
"$nuq" verify out/net > verified.txt 2> /dev/null
has verified.txt '_report.html: of another report'
rm out/net_report.html
"$nuq" --quiet verify out/net || fail "a set without a page is refused"
cp old.html out/net_report.html
"$nuq" --quiet convert "${net[@]}" --record out/net_record.txt -o out/net || fail "convert"
[ ! -e out/net_report.html ] || fail "a page without its report is left"

# A search that finds nothing.
code=0
"$nuq" --quiet auto "${net[@]}" -c config.json --max-drop -100 --max-evaluations 4 --eval-command "$judge" -o none/net \
  2> none.err || code=$?
[ $code = 1 ] || fail "exit $code: $(cat none.err)"
has none/net_report.html 'nothing satisfies'
has none/net_report.html 'What to try next'
has none/net_report.html 'smallest drop'
echo "report pages: all as they should be"
