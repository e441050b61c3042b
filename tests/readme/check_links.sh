#!/usr/bin/env bash
# Every link of a page to a file leads to one, and every link to a heading to a heading: check_links.sh SOURCE_DIR.
set -euo pipefail
cd "$1"

# The text of a page without code.
text_of() {
  awk '/^```/ { inside = !inside; next } !inside && !/^    / { gsub(/`[^`]*`/, "code"); print }' "$1"
}

# What headings are linked by; code in a heading counts.
anchors_of() {
  awk '/^```/ { inside = !inside } !inside && /^#+ / { sub(/^#+ /, ""); print tolower($0) }' "$1" |
    LC_ALL=C sed 's/[^a-z0-9 _-]//g; s/ /-/g'
}

links=0
broken=0
while IFS= read -r page; do
  while IFS= read -r link; do
    case $link in *://* | mailto:*) continue ;; esac
    links=$((links + 1))
    file=${link%%#*}
    target=$page
    [ -z "$file" ] || target=$(dirname "$page")/$file
    if [ ! -e "$target" ]; then
      echo "$page: $link: there is no such file" >&2
      broken=1
    elif [[ $link == *#* ]] && ! grep -qxF -- "${link#*#}" <<< "$(anchors_of "$target")"; then
      echo "$page: $link: there is no such heading" >&2
      broken=1
    fi
  done < <(text_of "$page" | grep -o '\](\([^)]*\))' | sed 's/^](//; s/)$//')
done < <(find . -name '*.md' -not -path './build/*' -not -path './.git/*' | sort)
[ "$links" -gt 0 ] || { echo "check_links.sh: found no link" >&2; exit 1; }
exit $broken
