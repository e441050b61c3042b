#!/usr/bin/env bash
# The settings of one run for another network of the same layers, and what a dry run tells.
set -euo pipefail
nuq=$1
example=$2/examples/quickstart
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

fail() { echo "recipe.sh: $1" >&2; exit 1; }
network=$example/fashion_resnet
model="-m $network.prototxt -w $network.caffemodel"
# Of all layers but the first, whose 144 weights need not use all of 64 levels.
settings_of() { tr -d ' \n' < "$1" | grep -o '"levels":[a-z0-9]*,"bits_per_weight\|"taken":[a-z]*' | tail -n +3; }
same_settings() { [ "$(settings_of "$1")" = "$(settings_of "$2")" ] || fail "$1 and $2 differ: $(settings_of "$2")"; }
refused() {
  local code=0
  "$nuq" quantize "${@:2}" -o x/net > out.txt 2> err.txt || code=$?
  [ $code = 2 ] && [ "$(wc -l < err.txt)" = 1 ] && grep -q -- "$1" err.txt || fail "exit $code, no '$1': $(cat err.txt)"
  [ ! -e x ] || fail "something is written in spite of: $1"
}

# One price; numbers of levels, int8 and float; the levels of a search.
"$nuq" --quiet config $model --skip-layer conv1 -o config.json
awk '/"block1_conv1"/ { mine = 1 } mine && /"nuq_quantize"/ { sub("nuq_quantize", "arq_quantize") }
     mine && /"num_of_iteration"/ { sub("\"num_of_iteration\":1", "\"channel_wise\":true"); mine = 0 }
     mine && /"num_steps"/ { next } { print }' config.json > mixed.json
"$nuq" --quiet quantize $model -o priced/net
"$nuq" --quiet quantize $model -c mixed.json --target palette -o mixed/net
"$nuq" --quiet auto $model --eval-command 'gzip -nc {weights} | wc -c' --max-drop 480000 --levels 64,16,8 -o search/net > /dev/null
for run in priced mixed search; do
  "$nuq" --quiet quantize $model --recipe $run/net_report.json -o again_$run/net 2> err.txt
  [ ! -s err.txt ] || fail "something is said of $run: $(cat err.txt)"
  same_settings $run/net_report.json again_$run/net_report.json
done
cmp priced/net.nuq again_priced/net.nuq
cmp mixed/net.nuq again_mixed/net.nuq
grep -q '"levels": null' again_mixed/net_report.json || fail "no layer in float"
[ "$(settings_of mixed/net_report.json | grep -c '"taken":false')" = 1 ] || fail "not one more layer that is not taken"
"$nuq" --quiet auto $model --eval-command 'gzip -nc {weights} | wc -c' --max-drop 480000 --max-evaluations 4 -o prices/net > /dev/null
"$nuq" --quiet quantize $model --recipe prices/net_report.json -o again_prices/net
same_settings prices/net_report.json again_prices/net_report.json

# Another network.
sed 's/"fc"/"other"/' "$network.prototxt" > renamed.prototxt
refused "layer 'fc' of the recipe is not in the network" -m renamed.prototxt -w "$network.caffemodel" --recipe priced/net_report.json
sed 's/\[ *10, *64 *\]/[10,32]/; s/"name": "conv1"/"name": "conv0"/' priced/net_report.json | tr -d '\n' | sed 's/ 10, *64/ 10, 32/' > other.json
refused "layer 'conv1' is not in the recipe" $model --recipe other.json
refused "layer 'fc' has weights \[10,64\], in the recipe \[10,32\]" $model --recipe other.json
refused 'no report of a run' $model --recipe config.json
refused 'excludes' $model --recipe priced/net_report.json -c config.json

# A dry run: real sizes, nothing written.
"$nuq" quantize $model -c mixed.json --dry-run -o dry/net --save-config x.json > /dev/null 2>&1 && fail "--save-config beside -c"
"$nuq" quantize $model -c mixed.json --dry-run -o dry/net > dry.txt
grep -q '^dry run: nothing is written' dry.txt || fail "no dry run: $(cat dry.txt)"
[ ! -e dry ] && [ ! -e x.json ] || fail "a dry run writes"
"$nuq" --quiet quantize $model --target palette --assigner nearest --codebook optimal --bias-correction off -o nearest/net
wanted=$(tr -d ' \n' < nearest/net_report.json | grep -o '"name":"fc",.*' | grep -o '"bytes":[0-9]*' | head -1 | grep -o '[0-9]*')
[ "$(awk '$1 == "fc" { print $5 }' dry.txt)" = "$wanted" ] || fail "fc takes $wanted bytes at 32 levels: $(grep '^fc ' dry.txt)"
[ "$(awk '$1 == "conv1" { print $2, $3, $7 }' dry.txt)" = '576 576 576' ] || fail "conv1 stays in float: $(grep '^conv1 ' dry.txt)"
