#!/usr/bin/env bash
# Searches by a server in Python: one process, the results of a command and of a dataset with the same metric, and what
# a server can do wrong.
#
#     evaluation_server.sh NUQ SOURCE_DIR
set -euo pipefail
nuq=$1
example=$2/examples/quickstart
export PYTHONPATH=$2/examples/command_evaluator PYTHONDONTWRITEBYTECODE=1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

fail() { echo "evaluation_server.sh: $1" >&2; exit 1; }

"$nuq" --quiet config -m "$example/fashion_resnet.prototxt" -w "$example/fashion_resnet.caffemodel" -o config.json
search() {
  local prefix=$1
  shift
  timeout 300 "$nuq" --threads 1 auto -m "$example/fashion_resnet.prototxt" -w "$example/fashion_resnet.caffemodel" \
    -c config.json -o "$prefix" "$@"
}
same_results() {
  for suffix in .nuq _record.txt _fake_quant_weights.caffemodel; do cmp "$1$suffix" "$2$suffix"; done
}
starts() { wc -l < starts.txt; }

# What stands for accuracy: how well the weights resist gzip. TROUBLE happens in a process's third evaluation, or
# always, while the file `calm` is not there.
cat > server.py <<'END'
import os, subprocess, sys, time
from nuq_evaluator import AutoNuqEvaluatorBase

class Evaluator(AutoNuqEvaluatorBase):
    evaluations = 0

    def eval_model(self, model_file, weights_file, batch_num):
        print("evaluating", model_file, batch_num)
        self.evaluations += 1
        trouble = os.environ.get("TROUBLE", "")
        if (self.evaluations == 3 or trouble.startswith("always")) and not os.path.exists("calm"):
            self.make(trouble)
        packed = subprocess.run(["gzip", "-nc", weights_file], check=True, capture_output=True).stdout
        return len(packed)

    def make(self, trouble):
        if trouble in ("killed", "silent"):
            open("calm", "w").close()
        if "killed" in trouble:
            os.kill(os.getpid(), 9)
        if "silent" in trouble:
            time.sleep(600)
        if trouble == "always garbage":
            self._output.write("accuracy: \u00e4 0.5\x1b[0m\n")
            self._output.flush()
            time.sleep(600)
        if trouble == "exit":
            os._exit(3)
        if trouble == "always exception":
            raise RuntimeError("no memory on the device")

class Judge(Evaluator):
    def is_satisfied(self, original_metric, new_metric):
        return original_metric - new_metric <= 480000

open("starts.txt", "a").write("start\n")
(Judge if "--judge" in sys.argv else Evaluator)().serve()
END
by_gzip=(--max-drop 480000 --levels 64,16,8 --max-evaluations 6)

search command/net --eval-command 'gzip -nc {weights} | wc -c' "${by_gzip[@]}" --quiet > /dev/null
search one/net --eval-server 'python3 server.py' "${by_gzip[@]}" > one.txt 2> one.err
same_results command/net one/net
[ "$(starts)" = 1 ] || fail "$(starts) processes for one search"
grep -q '^evaluating .*caffemodel\|^evaluating .*prototxt' one.err || fail "what the server prints does not pass through"
search two/net --eval-server 'python3 server.py' "${by_gzip[@]}" --jobs 3 --quiet > /dev/null 2>&1
same_results command/net two/net
[ "$(starts)" -le 4 ] || fail "$(starts) processes: more than one a job"

# Killed and silent once: asked again. The journal holds for one label.
for trouble in killed silent; do
  rm -f starts.txt calm
  TROUBLE=$trouble search "$trouble/net" --eval-server 'python3 server.py' "${by_gzip[@]}" --eval-timeout 15 --quiet \
    > /dev/null 2> $trouble.err
  same_results command/net "$trouble/net"
  [ "$(starts)" = 2 ] || fail "$trouble: $(starts) processes"
  [ "$(grep -c '^nuq: warning: evaluation server .*: started again' $trouble.err)" = 1 ] || fail "$(cat $trouble.err)"
done
grep -q 'killed by signal 9 (SIGKILL)\|exit code 137' killed.err || fail "not said to be killed: $(cat killed.err)"
grep -q 'timed out after 15 s' silent.err || fail "not said to be silent: $(cat silent.err)"

# For good: exit 2, and one clear line at the end.
refused() {
  local trouble=$1 wanted=$2 seconds=${3:-60} code=0
  rm -f calm
  TROUBLE=$trouble search bad/net --eval-server 'python3 server.py' "${by_gzip[@]}" --eval-timeout "$seconds" --quiet \
    > /dev/null 2> bad.err || code=$?
  [ $code = 2 ] && tail -1 bad.err | grep -q "^nuq: evaluation server 'python3 server.py': $wanted" ||
    fail "$trouble: exit $code: $(cat bad.err)"
}
refused 'always garbage' "answered 'accuracy: ä 0.5.x1b.0m': wanted one JSON object a line"
refused 'always exception' 'reports: RuntimeError: no memory on the device'
refused 'always silent' 'timed out after 3 s' 3
refused 'always killed' '.*\(SIGKILL\)'

# Each process would die in its third evaluation: the search goes on with others, and gets where it should.
rm -f starts.txt
TROUBLE=exit search exit/net --eval-server 'python3 server.py' "${by_gzip[@]}" --quiet > /dev/null 2> exit.err
same_results command/net exit/net
[ "$(starts)" -gt 2 ] && grep -q 'exit code 3 before it was told to shut down: started again' exit.err || fail "$(starts) processes: $(cat exit.err)"

# The server judges; --max-drop would overrule it, and is needed where it does not.
rm -f starts.txt
search judge/net --eval-server 'python3 server.py --judge' --levels 64,16,8 --max-evaluations 6 --quiet > /dev/null 2> judge.err
same_results command/net judge/net
[ "$(starts)" = 1 ] || fail "$(starts) processes for a search with a judge"
search overruled/net --eval-server 'python3 server.py --judge' "${by_gzip[@]}" --quiet > /dev/null 2> overruled.err
grep -q '^nuq: warning: --max-drop decides' overruled.err || fail "nothing is said of the judge: $(cat overruled.err)"
usage() {
  local wanted=$1 code=0
  shift
  search bad/net "$@" > /dev/null 2> usage.err || code=$?
  [ $code = 2 ] && [ "$(wc -l < usage.err)" = 1 ] && grep -q -e "$wanted" usage.err || fail "exit $code: $(cat usage.err)"
}
usage 'is_satisfied' --eval-server 'python3 server.py'
usage '--max-drop is required' --eval-command 'gzip -nc {weights} | wc -c'
usage "evaluation server 'exit 3': exit code 3" --eval-server 'exit 3' --max-drop 0.1
usage "answered 'hello'" --eval-server 'echo hello; sleep 60' --max-drop 0.1

# A server that tells its batches measures as --data does, and is ended early as that is. The metric: how many of 200
# images get the class that the original gives them.
cat > agreement.py <<'END'
import array, os, struct, subprocess, sys
from nuq_evaluator import AutoNuqEvaluatorBase

def save(name, descr, shape, content):
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    with open(name, "wb") as stream:
        stream.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + content)

def make_images():
    """Boxes of all sizes and greys on noise."""
    state = 1
    def below(limit):
        nonlocal state
        state = (state * 1103515245 + 12345) % 2**31
        return (state >> 8) % limit
    images = bytearray()
    for _ in range(200):
        image = bytearray(below(40) for _ in range(784))
        for _ in range(1 + below(4)):
            top, left, grey = below(24), below(24), 60 + below(190)
            for row in range(top, min(28, top + 3 + below(20))):
                for column in range(left, min(28, left + 3 + below(20))):
                    image[28 * row + column] = grey
        images += image
    save("images.npy", "|u1", (200, 1, 28, 28), images)
    save("input.npy", "<f4", (200, 1, 28, 28), array.array("f", (value * 0.00390625 for value in images)).tobytes())

class Agreement(AutoNuqEvaluatorBase):
    classes = None

    def eval_model(self, model_file, weights_file, batch_num):
        subprocess.run([sys.argv[1], "--threads", "1", "run", "-m", model_file, "-w", weights_file, "--input",
                        "data=input.npy", "--blob", "prob", "--output-dir", "outputs"], check=True)
        with open("outputs/prob.npy", "rb") as stream:
            outputs = array.array("f", stream.read()[-200 * 10 * 4:])
        classes = [max(range(10), key=lambda c: outputs[10 * image + c]) for image in range(200)]
        if self.classes is None:
            self.classes = classes
        same = [int(a == b) for a, b in zip(classes, self.classes)]
        for first in range(0, 200, 2):
            if not self.add_batch(sum(same[first:first + 2]) / 2, 2):
                print("ended early", file=sys.stderr)
                return 0
        return sum(same) / 200

if len(sys.argv) > 1:
    Agreement().serve()
else:
    make_images()
END
python3 agreement.py
cat > data.json <<'END'
{"inputs": {"data": "images.npy"}, "batch_size": 100, "scale": 0.00390625, "output": "prob", "metric": "agreement"}
END
search data/net --data data.json --max-drop 0 --levels 256,4,2 --quiet > /dev/null
search batches/net --eval-server "python3 agreement.py '$nuq'" --max-drop 0 --levels 256,4,2 > /dev/null 2> batches.err
same_results data/net batches/net
early=$(grep -c '^ended early' batches.err || true)
[ "$early" -gt 0 ] || fail "no evaluation was ended early"
echo "searches by a server: all as they should be, $early evaluations ended early"
