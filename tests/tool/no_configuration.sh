#!/usr/bin/env bash
# Jobs without a configuration, patterns of layers, and searches within a size.
set -euo pipefail
nuq=$1
example=$2/examples/quickstart
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

fail() { echo "no_configuration.sh: $1" >&2; exit 1; }
model="-m $example/fashion_resnet.prototxt -w $example/fashion_resnet.caffemodel"
total_of() { grep -o '^  "bytes": [0-9]*' "$1" | grep -o '[0-9]*'; }
levels_of() { tr -d ' \n' < "$1" | grep -o "\"name\":\"$2\",[^}]*" | grep -o '"levels":[a-z0-9]*' | head -1; }
says() { grep -q -- "$2" "$1" || fail "no '$2' in: $(cat "$1")"; }
exits() {
  local wanted=$1 code=0
  shift
  "$@" > out.txt 2> err.txt || code=$?
  [ $code = "$wanted" ] || fail "exit $code, wanted $wanted: $* : $(cat err.txt)"
}

# The configuration in memory is the one that is written.
"$nuq" --quiet config $model -o config.json
"$nuq" --quiet quantize $model -c config.json -o with/net
"$nuq" --quiet quantize $model --save-config saved.json -o without/net
cmp config.json saved.json
for suffix in .nuq _record.txt _fake_quant_weights.caffemodel; do cmp with/net$suffix without/net$suffix; done
exits 2 "$nuq" quantize $model -c config.json --save-config other.json -o x/net
says err.txt '--config excludes --save-config\|--save-config excludes --config'

# Patterns.
"$nuq" --quiet config $model --skip-layer 'block?_conv1' --skip-layer fc -o skipped.json
[ "$(grep -c '"quant_enable":false' skipped.json)" = 6 ] || fail "not six layers are skipped"
exits 2 "$nuq" config $model --skip-layer 'blok*' -o x.json
says err.txt "--skip-layer 'blok\*': no such layer"
gzip_size='gzip -nc {weights} | wc -c'
"$nuq" --quiet auto $model --eval-command "$gzip_size" --max-drop 480000 --pin 'block4*=8' --pin fc=16 --levels 64,16,8 -o pinned/net > /dev/null
for layer in block4_conv1 block4_conv2 block4_projection; do
  [ "$(levels_of pinned/net_report.json $layer)" = '"levels":8' ] || fail "$layer is not pinned: $(levels_of pinned/net_report.json $layer)"
done
[ "$(levels_of pinned/net_report.json fc)" = '"levels":16' ] || fail "fc is not pinned"
exits 2 "$nuq" auto $model --eval-command "$gzip_size" --max-drop 1 --pin 'blok*=8' -o x/net
says err.txt "--pin 'blok\*': no such layer"

# Within a size, also of layers that stay in float; a relative drop besides.
exits 0 "$nuq" --quiet auto $model --eval-command "$gzip_size" --max-bytes 40k -o sized/net
[ "$(total_of sized/net_report.json)" -le 40960 ] || fail "$(total_of sized/net_report.json) bytes"
exits 0 "$nuq" --quiet auto $model --eval-command "$gzip_size" --ratio 10 --skip-layer conv1 --max-drop 95% -o ratio/net
[ "$(total_of ratio/net_report.json)" -le 67692 ] || fail "$(total_of ratio/net_report.json) bytes for a tenth"
exits 1 "$nuq" --quiet auto $model --eval-command "$gzip_size" --max-bytes 40k --max-drop 1% -o strict/net
says err.txt 'no configuration satisfies'
exits 1 "$nuq" --quiet auto $model --eval-command "$gzip_size" --max-bytes 100 -o tiny/net
says err.txt 'no configuration has 100 bytes or fewer'
[ "$(wc -l < err.txt)" = 1 ] && [ ! -e tiny/net.nuq ] || fail "a size that cannot be had: $(cat err.txt)"
exits 0 "$nuq" --quiet quantize $model --ratio 12 -o static/net
[ "$(total_of static/net_report.json)" -le 56410 ] || fail "$(total_of static/net_report.json) bytes for a twelfth"
exits 2 "$nuq" auto $model --eval-command "$gzip_size" -o x/net
says err.txt '--max-drop is required, or --max-bytes'
exits 2 "$nuq" auto $model --eval-command "$gzip_size" --max-drop much -o x/net
says err.txt '--max-drop much: wanted a number'
exits 2 "$nuq" auto $model --eval-command "$gzip_size" --max-bytes 40k --search greedy -o x/net
says err.txt '--search means nothing to --max-bytes'
[ ! -e x ] || fail "something is written after an error"
