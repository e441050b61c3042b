#!/usr/bin/env bash
# What the tool says of itself: completion in bash, the manual page, doctor, --version, --log and --verbose.
set -euo pipefail
nuq=$1
example=$2/examples/quickstart
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

fail() { echo "shell_and_man.sh: $1" >&2; exit 1; }
network="$example/fashion_resnet.prototxt $example/fashion_resnet.caffemodel"

# Completion: commands, their options, and choices.
"$nuq" completion bash > nuq.bash
bash -n nuq.bash
source nuq.bash
complete -p nuq | grep -q -- '-F _nuq' || fail "nothing completes nuq"
completes() {
  local wanted=$1
  shift
  COMP_WORDS=("$@")
  COMP_CWORD=$(($# - 1))
  _nuq
  [ "${COMPREPLY[*]}" = "$wanted" ] || fail "$*: completes to '${COMPREPLY[*]}', wanted '$wanted'"
}
completes 'quantize' nuq qua
completes 'config convert compress completion' nuq co
completes '--calibration --cap' nuq quantize --ca
completes '--config --confirm --confidence' nuq auto -m net --conf
completes '--threads' nuq eval --thr
completes 'packed palette' nuq quantize -m net --target pa
completes 'on off' nuq --threads 2 auto --bias-correction o
completes 'bash zsh' nuq completion ''
completes '' nuq eval --data ''
completes '' nuq auto --max-drop ''
completes '' nuq quantize -m ''
for command in $("$nuq" --help | sed -n 's/^  \([a-z]\{3,\}\) .*/\1/p'); do
  for option in $("$nuq" "$command" --help | grep -o '^  \(-[a-z], \)\?--[a-z-]*' | grep -o -- '--[a-z-]*'); do
    COMP_WORDS=(nuq "$command" "$option") COMP_CWORD=2
    _nuq
    [[ " ${COMPREPLY[*]} " == *" $option "* ]] || fail "$command: $option is not completed"
  done
done

# zsh: every command and option is there.
"$nuq" completion zsh > _nuq
head -1 _nuq | grep -q '^#compdef nuq$' || fail "no completion for zsh"
grep -q "'\*--target\[.*\]:.*:(packed palette ascend)'" _nuq || fail "zsh does not know the targets"
if command -v zsh > /dev/null; then zsh -n _nuq || fail "zsh does not read its completion"; fi
[ "$("$nuq" completion fish 2>&1 || true)" = "nuq: nuq completion: shell 'fish': wanted bash or zsh" ] || fail "fish"

# The manual page.
"$nuq" man > nuq.1
for section in NAME SYNOPSIS OPTIONS COMMANDS 'EXIT STATUS'; do grep -q "^.SH $section" nuq.1 || fail "no section $section"; done
for command in inspect run config eval observe quantize auto rollback convert pack unpack verify compress doctor; do
  grep -q "^.SS $command\$" nuq.1 || fail "the manual page does not tell of $command"
done
if command -v groff > /dev/null; then
  groff -man -Tutf8 -ww -z nuq.1 2> groff.err
  [ ! -s groff.err ] || fail "groff: $(head -3 groff.err)"
  groff -man -Tascii nuq.1 | sed 's/.\x08//g; s/\x1b\[[0-9;]*m//g' > page.txt
  grep -qF -- '--max-drop X[%]' page.txt || fail "no --max-drop in the page"
fi

# doctor and --version.
"$nuq" doctor > doctor.txt 2> /dev/null
grep -q '^libraries: protobuf  *[0-9]*\.[0-9]*\.[0-9]*$' doctor.txt || fail "no version of protobuf: $(cat doctor.txt)"
"$nuq" doctor --json 2> /dev/null > doctor.json
for key in version build_type compiler engine_simd threads cores memory_bytes adapters gzip eigen zlib; do
  grep -q "\"$key\":" doctor.json || fail "doctor does not tell $key"
done
version=$(grep -o '"version": "[^"]*"' doctor.json | cut -d'"' -f4)
"$nuq" --version | grep -q "^$version (.*, .*)\$" || fail "--version: $("$nuq" --version)"

# The log has the messages, and progress that standard error shows with --verbose alone.
"$nuq" --log run.log config -m ${network/ / -w } -o config.json 2> err.txt
grep -q '^config.json: 14 layers' err.txt || fail "no message: $(cat err.txt)"
grep -q '^20[0-9-]* [0-9:]* config.json: 14 layers' run.log || fail "no message in the log: $(cat run.log)"
"$nuq" --log run.log quantize -m ${network/ / -w } -o net 2> err.txt > /dev/null
grep -q 'quantized layer 14 of 14' run.log || fail "no progress in the log: $(cat run.log)"
grep -q '14 layers' run.log || fail "the log is written over"
grep -q 'quantized layer' err.txt && fail "progress on standard error"
"$nuq" --verbose quantize -m ${network/ / -w } -o net 2> err.txt > /dev/null
grep -q '^100% quantized layer 14 of 14' err.txt || fail "--verbose shows no progress: $(cat err.txt)"
code=0
"$nuq" --log /no/such/folder/log doctor > /dev/null 2> err.txt || code=$?
[ $code = 2 ] && grep -q -- '--log /no/such/folder/log: cannot write' err.txt || fail "exit $code: $(cat err.txt)"
echo "shell_and_man.sh: ok"
