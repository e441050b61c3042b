#!/usr/bin/env bash
# The page of a report in Chromium: no errors, nothing asked of the network, the numbers of the report, wide and narrow,
# and tables that sort. Skipped where there is no Chromium.
set -uo pipefail
nuq=$1
here=$(cd "$(dirname "$0")" && pwd)
chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || {
  echo "page_in_browser.sh: SKIPPED, there is no Chromium (apt-get install chromium)"
  exit 77
}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1

fail() { echo "page_in_browser.sh: $1" >&2; exit 1; }

layer='conv<1>'
source "$here/small_network.sh"
net=(-m net.prototxt -w net.caffemodel)
"$nuq" --quiet config "${net[@]}" -o config.json || fail "no configuration"
"$nuq" --quiet auto "${net[@]}" -c config.json --max-drop 480000 --levels 32,16 --max-evaluations 4 \
  --eval-command 'gzip -nc {weights} | wc -c' -o net || fail "auto"

# What the browser makes of a page; its log goes to log.txt.
dom() {
  timeout 120 "$chromium" --headless=new --no-sandbox --disable-gpu --no-first-run --disable-background-networking \
    --user-data-dir="$folder/profile" --window-size="$2" --enable-logging=stderr --v=0 --virtual-time-budget=3000 \
    --dump-dom "file://$folder/$1" 2> log.txt
}
for size in 1280,900 360,740; do
  dom net_report.html $size > dom.html || fail "Chromium ended with $?: $(tail -3 log.txt)"
  grep -q 'CONSOLE' log.txt && fail "the page complains: $(grep CONSOLE log.txt)"
  grep -q '</html>' dom.html || fail "no page"
  # All that is shown as a number of the report is one.
  grep -o '<data value="[^"]*"' dom.html | cut -d '"' -f 2 | sort -u > shown.txt
  [ "$(wc -l < shown.txt)" -gt 10 ] || fail "only $(wc -l < shown.txt) numbers are shown"
  grep -oE -- '-?[0-9][0-9.]*(e[-+]?[0-9]+)?' net_report.json | sed -E 's/^(-?[0-9]+)$/\1.0/' | sort -u > known.txt
  unknown=$(comm -23 shown.txt known.txt)
  [ -z "$unknown" ] || fail "numbers that the report does not have: $unknown"
  for key in bytes evaluations ratio_int8 original_metric; do
    number=$(grep -m 1 -o "\"$key\": [0-9.e+-]*" net_report.json | cut -d ' ' -f 2)
    grep -qx -- "$number\(\.0\)\?" shown.txt || fail "$key $number is not shown"
  done
  grep -q 'conv&lt;1&gt;' dom.html || fail "the layer's name is not shown"
done

# A page that looks at itself: does anything reach beyond its sides, does a click sort, is there a picture.
for size in 1280,900 390,800; do
  sed 's|</body>|<script>window.addEventListener("load",function(){\
var wide=document.documentElement.scrollWidth>window.innerWidth;\
var head=document.querySelector("table.sortable thead th");head.click();\
document.title="CHECKED "+(wide?"too wide":"fits")+" "+head.getAttribute("aria-sort")+" "+document.querySelectorAll("svg circle").length})</script></body>|' \
    net_report.html > checked.html
  dom checked.html $size > dom.html
  grep -q '<title>CHECKED fits descending [1-9]' dom.html || fail "at $size: $(grep -o '<title>[^<]*' dom.html)"
done
echo "pages in a browser: all as they should be"
