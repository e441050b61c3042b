"""The work of same_results.sh: the cases, what runs them, what compares them."""

import argparse
import concurrent.futures
import glob
import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

SKIPPED = 77
SECONDS_PER_STEP = 600

# Folder in the zoo's models/ -> its datasets' name, samples that calibrate, samples that evaluate.
DATASETS = {
    "lenet_mnist": ("mnist", 100, 200),
    "lenet_mnist_v1legacy": ("mnist", 100, 200),
    "cifar10_quick_v1legacy": ("cifar10_quick", 50, 100),
    "resnet20_cifar10": ("resnet20", 50, 50),
    "deepface48": ("deepface48", 50, 100),
    "hyperlpr_char": ("hyperlpr_char", 50, 150),
    "vdsr": ("vdsr", 4, 4),
    "deep_landmark_1F": ("deep_landmark_1F", 40, 112),
}
NO_NETWORKS = ("prototxt", "_negative")
TARGETS = ("palette", "packed", "ascend")
COMMANDS = ("inspect", "run", "config", "eval", "quantize", "auto", "convert", "pack", "unpack", "verify", "compress")
SUITES_OF_SINGLE_LAYERS = "data/caffe_cases.tar.xz"


class Case:
    """Calls of the tool, one after the other in one fresh folder; `zoo/` and `made/` are links in it."""

    def __init__(self, name, steps, quick=False):
        self.name, self.steps, self.quick = name, steps, quick


# --- what is run -------------------------------------------------------------------------------------------------

class Network:
    """A prototxt with its weights; paths as the cases name them."""

    def __init__(self, zoo, made, name):
        folder = f"{zoo}/models/{name}"
        self.name = name
        self.folder = f"zoo/models/{name}"
        self.prototxts = sorted(os.path.basename(f) for f in glob.glob(folder + "/*.prototxt"))
        chosen = self.prototxts
        for key in ("derived", "deploy"):
            chosen = [f for f in chosen if key in f] or chosen
        self.model = f"{self.folder}/{chosen[0]}" if chosen else None
        self.weights = self._weights(folder, made)
        self.files = ["-m", self.model, "-w", self.weights]

    def _weights(self, folder, made):
        found = sorted(glob.glob(folder + "/*.caffemodel") + glob.glob(folder + "/*.caffemodel.gz"))
        if not found:
            return None
        if not found[0].endswith(".gz"):
            return f"{self.folder}/{os.path.basename(found[0])}"
        with gzip.open(found[0]) as packed, open(f"{made}/{self.name}.caffemodel", "wb") as plain:
            shutil.copyfileobj(packed, plain)
        return f"made/{self.name}.caffemodel"


def networks(zoo, made):
    names = sorted(os.path.basename(os.path.dirname(f)) for f in glob.glob(zoo + "/models/*/*.prototxt"))
    every = [Network(zoo, made, name) for name in dict.fromkeys(names) if name not in NO_NETWORKS]
    return [network for network in every if network.model and network.weights]


def shorter_dataset(zoo, made, name, samples):
    """Writes a dataset with the first samples of one of the zoo; the name of the file as cases say it."""
    with open(f"{zoo}/datasets/{name}.json") as file:
        dataset = json.load(file)
    absolute = lambda path: os.path.normpath(f"{zoo}/datasets/{path}")
    dataset["inputs"] = {blob: absolute(path) for blob, path in dataset["inputs"].items()}
    for key in ("labels", "targets", "mean_file"):
        if key in dataset:
            dataset[key] = absolute(dataset[key])
    dataset["count"] = min(dataset["count"], samples)
    dataset["batch_size"] = min(dataset["batch_size"], max(1, samples // 2))
    with open(f"{made}/{name}_{samples}.json", "w") as file:
        json.dump(dataset, file, indent=1)
    return f"made/{name}_{samples}.json"


def inspect_cases(zoo, every):
    for path in sorted(glob.glob(zoo + "/models/prototxt/*.prototxt")):
        model = "zoo/models/prototxt/" + os.path.basename(path)
        yield Case(f"inspect {os.path.basename(path)}", [["inspect", model, "--json"]], quick=True)
    for network in every:
        steps = [["inspect", f"{network.folder}/{prototxt}", "--json"] for prototxt in network.prototxts]
        steps += [["inspect", network.model, network.weights, "--json"], ["inspect", network.model, network.weights],
                  ["inspect", network.model, network.weights, "--nuq-scope", "extended", "--json"]]
        yield Case(f"inspect {network.name}", steps, quick=True)


def run_cases(zoo, every):
    for network in every:
        folder = f"{zoo}/models/{network.name}/reference"
        files = sorted(os.path.basename(f) for f in glob.glob(folder + "/*.npy"))
        for number in sorted({f.split("__")[0] for f in files}):
            command = ["run", *network.files, "--output-dir", "out"]
            for file in files:
                kind, _, name = file[len(number) + 2:-len(".npy")].partition("_")
                if file.startswith(number + "__in_") and kind == "in":
                    command += ["--input", f"{name}=zoo/models/{network.name}/reference/{file}"]
                elif file.startswith(number + "__out_"):
                    command += ["--layer", name]
            yield Case(f"run {network.name} {number}", [command], quick=True)


def pack_cases(every):
    for network in every:
        yield Case(f"pack {network.name}",
                   [["pack", *network.files, "-o", "net.nuq"], ["verify", "net.nuq"], ["verify", "net.nuq", "--json"],
                    ["unpack", "net.nuq", "-o", "unpacked"]], quick=True)


def after_quantization(network, data):
    """What can be done with the files that `quantize -o net` has written."""
    steps = [["verify", "net.nuq", "--json"], ["unpack", "net.nuq", "-o", "unpacked"],
             ["convert", *network.files, "--record", "net_record.txt", "-o", "converted"],
             ["inspect", "net_fake_quant_model.prototxt", "net_fake_quant_weights.caffemodel", "--json"],
             ["pack", "-m", "net_fake_quant_model.prototxt", "-w", "net_fake_quant_weights.caffemodel",
              "--record", "net_record.txt", "-o", "again.nuq"],
             ["pack", "-m", "net_deploy_model.prototxt", "-w", "net_deploy_weights.caffemodel", "-o", "deploy.nuq"]]
    if data:
        steps.append(["eval", "-m", "net_fake_quant_model.prototxt", "-w", "net_fake_quant_weights.caffemodel",
                      "--data", data, "--json"])
    return steps


def quantize_case(network, label, options, data=None, config=(), quick=False):
    steps = [["config", *network.files, "-o", "config.json", *config],
             ["quantize", *network.files, "-c", "config.json", *options, "-o", "net"]]
    return Case(f"quantize {network.name} {label}", steps + after_quantization(network, data), quick)


def quantize_cases(every, calibration, evaluation):
    for network in every:
        known = network.name in calibration
        data = ["--calibration", calibration[network.name]] if known else []
        measured = evaluation.get(network.name)
        for target in TARGETS if known else ("palette", "packed"):
            quick = network.name in ("hyperlpr_char", "mtcnn_det2")
            yield quantize_case(network, f"{target} without data", ["--target", target], measured, quick=quick)
        for target in TARGETS if known else ():
            quick = network.name in ("hyperlpr_char", "deep_landmark_1F")
            yield quantize_case(network, f"{target} weights-only", ["--target", target, *data, "--weights-only"],
                                measured, quick=quick)
            yield quantize_case(network, f"{target} with activations", ["--target", target, *data], measured,
                                quick=quick and target != "ascend")


def option_cases(by_name, calibration, evaluation):
    """Each option of `config` and `quantize` once, on a small network."""
    small = by_name.get("deep_landmark_1F")
    if not small:
        return
    data = ["--calibration", calibration[small.name]]
    measured = evaluation[small.name]
    for codebook in ("optimal", "lloyd", "uniform-step"):
        for assigner in ("feedback", "nearest"):
            yield quantize_case(small, f"{codebook} {assigner}",
                                ["--codebook", codebook, "--assigner", assigner, *data], measured)
    for correction in ("on", "off"):
        yield quantize_case(small, f"bias correction {correction}", ["--bias-correction", correction, *data], measured)
    yield quantize_case(small, "sequential", ["--sequential", *data], measured, quick=True)
    yield quantize_case(small, "uniform", data, measured, ["--uniform", "--batch-num", "2"])
    yield quantize_case(small, "no activation offset", data, measured, ["--no-activation-offset"])
    yield quantize_case(small, "Ascend310", data, measured, ["--soc", "Ascend310"])
    yield quantize_case(small, "extended scope", data, measured, ["--nuq-scope", "extended"])
    yield quantize_case(small, "skipped layer", data, measured, ["--skip-layer", "fc1"])
    for threads in ("2", "3"):
        case = quantize_case(small, f"{threads} threads", data, measured)
        case.steps = [["--threads", threads, *step] for step in case.steps]
        yield case
    for name in ("mtcnn_det4_multi_input_slice", "waifu2x_upconv7_deconv", "ultraface_rfb320"):
        if name in by_name:
            yield quantize_case(by_name[name], "extended scope", [], None, ["--nuq-scope", "extended"])


def eval_cases(every, evaluation):
    for network in every:
        if network.name in evaluation:
            data = ["--data", evaluation[network.name]]
            yield Case(f"eval {network.name}", [["eval", *network.files, *data, "--json"],
                                                ["eval", *network.files, *data, "--limit", "3"]], quick=True)


def auto_case(network, label, options, max_drop="0.02", quick=False):
    steps = [["config", *network.files, "-o", "config.json"],
             ["auto", *network.files, "-c", "config.json", "--max-evaluations", "5", "--max-drop", max_drop, *options,
              "-o", "net"]]
    return Case(f"auto {network.name} {label}", steps + after_quantization(network, None), quick)


def auto_cases(by_name, calibration, evaluation):
    def data_of(name):
        return ["--data", evaluation[name]], ["--calibration", calibration[name]]

    many = ("deep_landmark_1F", "hyperlpr_char", "cifar10_quick_v1legacy", "lenet_mnist", "resnet20_cifar10")
    for name in (name for name in many if name in by_name):
        network, (data, fitted) = by_name[name], data_of(name)
        drop = "0.3" if name == "deep_landmark_1F" else "0.02"
        quick = name in ("deep_landmark_1F",)
        yield auto_case(network, "packed weights-only", [*data, *fitted, "--weights-only"], drop, quick)
        yield auto_case(network, "packed with activations", [*data, *fitted], drop)
    small = by_name.get("hyperlpr_char")
    if not small:
        return
    data, fitted = data_of(small.name)
    yield auto_case(small, "packed without data", [*data, "--json"], quick=True)
    for target in ("palette", "ascend"):
        yield auto_case(small, f"{target} weights-only", [*data, *fitted, "--weights-only", "--target", target])
        yield auto_case(small, f"{target} with activations", [*data, *fitted, "--target", target])
    for search in ("rate-distortion", "binary", "greedy"):
        yield auto_case(small, f"{search} over levels", [*data, *fitted, "--search", search, "--levels", "64,16,8"])
    yield auto_case(small, "nothing satisfies", [*data, "--weights-only"], "-1")
    command = ["--eval-command", "gzip -n -c {weights} | wc -c"]
    yield auto_case(small, "command, journal, front", [*command, "--pareto", "--journal", "net.journal"], "200000")
    yield auto_case(small, "command, jobs", [*command, "--jobs", "3"], "200000")
    case = auto_case(small, "three threads", [*data, *fitted])
    case.steps = [["--threads", "3", *step] for step in case.steps]
    yield case


def compress_cases(zoo):
    for path in sorted(glob.glob(zoo + "/data/ascend_dc_vectors/in/*.bin")):
        file = "zoo/data/ascend_dc_vectors/in/" + os.path.basename(path)
        command = ["compress", "--format", "ascend", "--input", file, "--json"]
        yield Case(f"compress {os.path.basename(path)}",
                   [[*command, "--output", "out.bin"], [*command, "--fractal-size", "512"]],
                   quick=os.path.getsize(path) <= 40000)


def refused_cases(zoo, by_name):
    """Files that are no networks, or do not belong together."""
    for path in sorted(glob.glob(zoo + "/models/_negative/*")):
        file = "zoo/models/_negative/" + os.path.basename(path)
        model = by_name["lenet_mnist"].model if "lenet_mnist" in by_name else file
        yield Case(f"refused {os.path.basename(path)}",
                   [["inspect", file, "--json"], ["pack", "-m", model, "-w", file, "-o", "net.nuq"],
                    ["pack", "-m", file, "-w", file, "-o", "net.nuq"], ["verify", file]], quick=True)
    every = list(by_name.values())
    for one, other in zip(every, every[1:] + every[:1]):
        mixed = ["-m", one.model, "-w", other.weights]
        yield Case(f"refused {one.name} with weights of {other.name}",
                   [["config", *mixed, "-o", "config.json"], ["pack", *mixed, "-o", "net.nuq"],
                    ["inspect", one.model, other.weights, "--json"]], quick=True)


def small_input_cases(zoo):
    """The zoo's small inputs that were once read wrong: whatever their folders hold."""
    for folder in sorted(glob.glob(zoo + "/cases/*/")):
        name = os.path.basename(os.path.dirname(folder))
        there = f"zoo/cases/{name}/"
        files = sorted(os.path.basename(f) for f in glob.glob(folder + "/*"))
        steps = [["inspect", there + f, "--json"] for f in files if f.endswith(".prototxt")]
        if "m.prototxt" in files and "m.caffemodel" in files:
            model = ["-m", there + "m.prototxt", "-w", there + "m.caffemodel"]
            inputs = [f"{f[:-4]}={there}{f}" for f in files if f.endswith(".npy") and not f.startswith("want_")]
            outputs = [part for f in files if f.startswith("want_") for part in ("--blob", f[5:-4])]
            steps += [["run", *model, *[part for one in inputs for part in ("--input", one)], "--output-dir", "out",
                       *outputs],
                      ["config", *model, "-o", "config.json"],
                      ["quantize", *model, "-c", "config.json", "--weights-only", "-o", "net"],
                      ["inspect", "net_fake_quant_model.prototxt", "net_fake_quant_weights.caffemodel", "--json"]]
        yield Case(f"small input {name}", steps, quick=True)


def single_layer_cases(zoo, made):
    """Networks of a layer or two, every layer type in many forms."""
    if not os.path.exists(f"{zoo}/{SUITES_OF_SINGLE_LAYERS}"):
        return
    with tarfile.open(f"{zoo}/{SUITES_OF_SINGLE_LAYERS}") as archive:
        archive.extractall(f"{made}/single")
    for number, net in enumerate(sorted(glob.glob(made + "/single/**/net.prototxt", recursive=True))):
        folder = os.path.dirname(net)
        there = "made/" + os.path.relpath(folder, made)
        model = ["-m", f"{there}/net.prototxt", "-w", f"{there}/w.caffemodel"]
        inputs = [part for f in sorted(glob.glob(folder + "/in_*.npy"))
                  for part in ("--input", f"{os.path.basename(f)[3:-4]}={there}/{os.path.basename(f)}")]
        steps = [["inspect", f"{there}/net.prototxt", "--json"],
                 ["run", *model, *inputs, "--output-dir", "out", *outputs_of(folder)],
                 ["config", *model, "-o", "config.json"],
                 ["quantize", *model, "-c", "config.json", "-o", "net"]]
        yield Case("single layer " + os.path.relpath(folder, made + "/single"), steps, quick=number % 8 == 0)


def outputs_of(folder):
    """--layer options for every layer that the case's list of results names."""
    layers = {}
    if os.path.exists(folder + "/caffe/index.txt"):
        with open(folder + "/caffe/index.txt") as index:
            rows = [line.rstrip("\n").split("\t") for line in index if not line.startswith("#")]
        layers = {row[0]: None for row in rows if len(row) > 4}
    return [part for layer in layers for part in ("--layer", layer)]


def all_cases(zoo, made):
    every = networks(zoo, made)
    by_name = {network.name: network for network in every}
    known = {name: sizes for name, sizes in DATASETS.items() if name in by_name}
    calibration = {name: shorter_dataset(zoo, made, dataset + "_calibration", fitted)
                   for name, (dataset, fitted, _) in known.items()}
    evaluation = {name: shorter_dataset(zoo, made, dataset + "_test", judged)
                  for name, (dataset, _, judged) in known.items()}
    return [*auto_cases(by_name, calibration, evaluation), *quantize_cases(every, calibration, evaluation),
            *option_cases(by_name, calibration, evaluation), *eval_cases(every, evaluation), *run_cases(zoo, every),
            *pack_cases(every), *compress_cases(zoo), *inspect_cases(zoo, every), *refused_cases(zoo, by_name),
            *small_input_cases(zoo), *single_layer_cases(zoo, made)]


# --- how it is run -----------------------------------------------------------------------------------------------

def run_case(tool, case, folder, zoo, made):
    """Runs a case in a new folder: what step 3 does is in step_3.txt (call, exit code), .stdout and .stderr."""
    os.makedirs(folder)
    os.symlink(zoo, folder + "/zoo")
    os.symlink(made, folder + "/made")
    os.mkdir(folder + "/files")
    for link in ("zoo", "made"):
        os.symlink("../" + link, f"{folder}/files/{link}")
    for number, step in enumerate(case.steps, 1):
        command = step if step[0] == "--threads" else ["--threads", "1", *step]
        try:
            done = subprocess.run([tool, *command], cwd=folder + "/files", stdin=subprocess.DEVNULL,
                                  capture_output=True, timeout=SECONDS_PER_STEP, check=False)
            code, out, err = done.returncode, done.stdout, done.stderr
        except subprocess.TimeoutExpired:
            code, out, err = f"none after {SECONDS_PER_STEP} s", b"", b""
        write(f"{folder}/step_{number}.stdout", out)
        write(f"{folder}/step_{number}.stderr", err)
        write(f"{folder}/step_{number}.txt", f"nuq {' '.join(command)}\nexit code {code}\n".encode())


def write(path, content):
    with open(path, "wb") as file:
        file.write(content)


def read(path):
    with open(path, "rb") as file:
        return file.read()


class Baseline:
    """Results of the old tool, kept between runs where a folder is given: DIR/<tool and zoo>/<case and its calls>."""

    def __init__(self, folder, tool, zoo):
        digest = hashlib.sha256()
        for part in (read(os.path.realpath(tool)), zoo.encode()):
            digest.update(hashlib.sha256(part).digest())
        self.folder = f"{folder}/{digest.hexdigest()[:16]}"
        self.tool = tool
        os.makedirs(self.folder, exist_ok=True)

    def results(self, case, zoo, made):
        calls = hashlib.sha256(json.dumps(case.steps).encode()).hexdigest()[:16]
        kept = f"{self.folder}/{file_name(case.name)}_{calls}"
        if not os.path.isdir(kept):
            new = tempfile.mkdtemp(dir=self.folder, prefix="new_")
            run_case(self.tool, case, new + "/case", zoo, made)
            try:
                os.rename(new + "/case", kept)
            except OSError:  # another run was faster
                pass
            shutil.rmtree(new)
        return kept


def file_name(name):
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", name)


# --- what is compared --------------------------------------------------------------------------------------------

def without_times(name, content):
    if name.endswith((".json", ".stdout", ".stderr", ".html")):
        content = re.sub(rb'("seconds":\s*)[0-9][0-9.eE+-]*', rb"\1T", content)
        content = re.sub(rb'\n  "run": \{.*?\n  \}', b"", content, flags=re.DOTALL)
        content = re.sub(rb"[^\n]* data-run[^\n]*\n", b"", content)
    if name.endswith((".stdout", ".stderr")):
        content = re.sub(rb"\b[0-9.]+ s$", b"T s", content, flags=re.MULTILINE)
    if name.endswith(".journal"):  # subject, metric, seconds, checksum
        content = re.sub(rb"^(\S+ \S+) \S+ [0-9a-f]{8}$", rb"\1 T", content, flags=re.MULTILINE)
    return content


def files_of(folder):
    found = []
    for root, _, names in os.walk(folder):  # links are not followed
        found += [os.path.relpath(f"{root}/{name}", folder) for name in names if not os.path.islink(f"{root}/{name}")]
    return sorted(found)


def shown(line):
    text = line.decode("utf-8", "replace")
    return text if len(text) <= 160 else text[:157] + "..."


def first_difference(old, new):
    is_text = all(b"\0" not in content[:4096] for content in (old, new))
    if not is_text:
        at = next((i for i, (a, b) in enumerate(zip(old, new)) if a != b), min(len(old), len(new)))
        differing = sum(a != b for a, b in zip(old, new)) + abs(len(old) - len(new))
        return f"from byte {at} on, {differing} of {len(old)} bytes differ (new: {len(new)} bytes)"
    old_lines, new_lines = old.split(b"\n"), new.split(b"\n")
    for number, (a, b) in enumerate(zip(old_lines, new_lines), 1):
        if a != b:
            start = max(0, len(os.path.commonprefix([a, b])) - 60)
            return f"line {number}: old '{shown(a[start:])}', new '{shown(b[start:])}'"
    longer, which = (old_lines, "old") if len(old_lines) > len(new_lines) else (new_lines, "new")
    at = min(len(old_lines), len(new_lines))
    return f"line {at + 1}: {which} alone has '{shown(longer[at])}'"


def what_of(name, folder):
    """The name of a written file, or what of which call a file step_N.* holds."""
    match = re.match(r"step_(\d+)\.(txt|stdout|stderr)$", name)
    if not match:
        return name[len("files/"):]
    call = read(f"{folder}/step_{match[1]}.txt").decode().split()
    command = next(word for word in call if word in COMMANDS)
    kind = {"txt": "exit code", "stdout": "standard output", "stderr": "standard error"}[match[2]]
    return f"{kind} of call {match[1]} ({command})"


def order(name):
    """Calls in their order, each with its exit code first; then files."""
    match = re.match(r"step_(\d+)\.(txt|stdout|stderr)$", name)
    return (0, int(match[1]), ("txt", "stderr", "stdout").index(match[2]), name) if match else (1, 0, 0, name)


def differences(old, new):
    old_files, new_files = files_of(old), files_of(new)
    for name in sorted(set(old_files) | set(new_files), key=order):
        if name not in new_files:
            yield f"{what_of(name, old)}: written by the old tool alone"
        elif name not in old_files:
            yield f"{what_of(name, new)}: written by the new tool alone"
        else:
            a, b = read(f"{old}/{name}"), read(f"{new}/{name}")
            if a != b:
                a, b = without_times(name, a), without_times(name, b)
            if a != b:
                yield f"{what_of(name, old)}: {first_difference(a, b)}"


# --- the program -------------------------------------------------------------------------------------------------

def arguments():
    parser = argparse.ArgumentParser(prog="same_results.sh", description="Compares the results of two nuq tools.")
    parser.add_argument("old_tool")
    parser.add_argument("new_tool")
    parser.add_argument("--quick", action="store_true", help="a subset that takes a minute")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="cases at the same time")
    parser.add_argument("--only", action="append", default=[], metavar="TEXT", help="cases whose name holds TEXT")
    parser.add_argument("--list", action="store_true", help="print the names of the cases and run none")
    parser.add_argument("--baseline", metavar="DIR", help="keep the old tool's results there, and use them again")
    parser.add_argument("--keep", metavar="DIR", help="keep the new tool's results there")
    given = parser.parse_args()
    for tool in (given.old_tool, given.new_tool):
        if not os.access(tool, os.X_OK):
            parser.error(f"{tool}: no program")
    given.old_tool, given.new_tool = os.path.abspath(given.old_tool), os.path.abspath(given.new_tool)
    return given


def compare(given, cases, zoo, made, work):
    """Number of differences; prints each."""
    baseline = Baseline(os.path.abspath(given.baseline) if given.baseline else work + "/old", given.old_tool, zoo)
    new_root = os.path.abspath(given.keep) if given.keep else work + "/new"

    def found(case):
        old = baseline.results(case, zoo, made)
        new = f"{new_root}/{file_name(case.name)}"
        shutil.rmtree(new, ignore_errors=True)
        run_case(given.new_tool, case, new, zoo, made)
        lines = list(differences(old, new))
        if not given.keep:
            shutil.rmtree(new)
        if not given.baseline:
            shutil.rmtree(old)
        return lines

    count = 0
    with concurrent.futures.ThreadPoolExecutor(max(1, given.jobs)) as pool:
        for case, lines in zip(cases, pool.map(found, cases)):
            for line in lines:
                print(f"{case.name}: {line}", flush=True)
            count += len(lines)
    return count


def main():
    given = arguments()
    zoo = os.environ.get("NUQ_MODEL_ZOO", "")
    if not zoo or not os.path.isdir(zoo + "/models"):
        print("same_results.sh: skipped: NUQ_MODEL_ZOO names no folder with models/", file=sys.stderr)
        return SKIPPED
    zoo = os.path.abspath(zoo)
    with tempfile.TemporaryDirectory(prefix="nuq_same_results_") as work:
        made = work + "/made"
        os.mkdir(made)
        cases = all_cases(zoo, made)
        if given.quick:
            cases = [case for case in cases if case.quick]
        if given.only:
            cases = [case for case in cases if any(text in case.name for text in given.only)]
        if given.list:
            print("\n".join(case.name for case in cases))
            return 0
        count = compare(given, cases, zoo, made, work)
    calls = sum(len(case.steps) for case in cases)
    print(f"{len(cases)} cases, {calls} calls of each tool: {count} difference(s)")
    return 1 if count or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
