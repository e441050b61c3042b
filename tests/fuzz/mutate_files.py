#!/usr/bin/env python3
"""Feeds changed files to the built tool, through every command that reads them, and checks what comes out.

    mutate_files.py NUQ [--pairs N] [--others N] [--seed S] [--jobs J] [--only KIND] [--findings FOLDER]

A pair is a prototxt and a caffemodel. Each command has 4 GB of address space and 20 s of processor time. It ends with exit code 0, 1 or 2;
on 2 with one line of printable text and no file left; what it writes on 0 is accepted by the commands that read it. Each
finding is a folder with its files and repeat.sh. Published networks are among the pairs if NUQ_MODEL_ZOO names them.
"""

import argparse
import collections
import concurrent.futures
import gzip
import json
import multiprocessing
import os
import random
import re
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

import mutations

ADDRESS_SPACE = 4 << 30
SECONDS = 20  # of processor time: other programs may be at work
MOST_WAIT = 10 * SECONDS
MOST_LINE_BYTES = 2100
LARGE = 100000  # bytes of a caffemodel
JUDGE = "gzip -nc {weights} | wc -c"
QUICKSTART = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../examples/quickstart/fashion_resnet")
# Folder and files in the zoo's models/, the input's blob and shape, the output, how often.
ZOO = [("mtcnn_det1", "det1.prototxt", "det1.caffemodel", {"data": [3, 12, 12]}, "prob1", 8),
       ("fast_mtcnn_det1_fp16", "det1.prototxt", "det1_half.caffemodel", {"data": [3, 12, 12]}, "prob1", 8),
       ("lenet_mnist", "deploy.prototxt", "lenet_iter_10000.caffemodel", {"data": [1, 28, 28]}, "prob", 0.2),
       ("lenet_mnist_v1legacy", "deploy.prototxt", "lenet_iter_10000.caffemodel", {"data": [1, 28, 28]}, "prob", 0.2)]
SAMPLES = 4
# What rollback leaves when every layer went back to float, and auto when nothing satisfies.
WRITTEN_UNSATISFIED = {"rollback": ("_record.json", "_final_config.json", "_ranking_information.json"),
                       "auto": ("_report.json",)}
KINDS = ["config", "simplified", "mapping", "record", "dataset", "array", "packed", "journal", "report", "compress"]


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def text_of(data):
    return data.decode("utf-8", "surrogateescape")


def processor_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def is_printable(data):
    """UTF-8 without control characters, lines apart."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return not any(ord(c) < 32 and c != "\n" or 127 <= ord(c) < 160 for c in text)


def parses_as_json(data):
    def refuse(constant):
        raise ValueError(constant)

    try:
        json.loads(data.decode("utf-8"), parse_constant=refuse)
    except (ValueError, RecursionError):
        return False
    return True


class Case:
    """One input in a folder of its own: its commands, how they ended, and what was wrong."""

    def __init__(self, nuq, kind, index, folder):
        self.nuq, self.kind, self.index, self.folder = nuq, kind, index, folder
        self.findings = []
        self.left_over = set()
        self.commands = []
        self.exits = collections.Counter()
        self.stderr = b""
        self.stdout = b""

    def finding(self, problem, detail=b""):
        self.findings.append((problem, detail[:600].decode("utf-8", "backslashreplace"), len(self.commands)))

    def path(self, name):
        return os.path.join(self.folder, name)

    def files(self, folder):
        found = []
        for top, _, names in os.walk(os.fsencode(self.path(folder)) if folder else os.fsencode(self.folder)):
            found += [os.path.join(top, name) for name in names]
        return found

    def call(self, verb, *arguments, out=None):
        """The exit code, or None after a signal or a time-out; `out`: the folder that the command writes to."""
        if out:
            shutil.rmtree(self.path(out), ignore_errors=True)
        words = [self.nuq, "--quiet", "--threads", "1", verb, *arguments]
        self.commands.append(words)
        try:
            before = processor_seconds()
            done = subprocess.run([os.fsencode(word) for word in words], cwd=self.folder, stdin=subprocess.DEVNULL,
                                  capture_output=True, timeout=MOST_WAIT)
        except subprocess.TimeoutExpired:
            self.exits["other"] += 1
            self.finding(f"{verb}: longer than {MOST_WAIT} s")
            for file in self.files(out) if out else []:
                os.remove(file)
            return None
        except ValueError:  # a null character in an argument
            self.commands.pop()
            return 2
        self.stderr, self.stdout = done.stderr, done.stdout
        code = done.returncode
        self.exits[code if code in (0, 1, 2) else "other"] += 1
        if code not in (0, 1, 2):
            self.finding(f"{verb}: exit {code}", done.stderr)
        if processor_seconds() - before > SECONDS:
            self.finding(f"{verb}: longer than {SECONDS} s of processor time, exit {code}")
        self.check_streams(verb, code)
        self.check_files(verb, code, out)
        return code if code in (0, 1, 2) else None

    def check_streams(self, verb, code):
        lines = self.stderr.split(b"\n")
        if not is_printable(self.stderr):
            self.finding(f"{verb}: standard error is not printable, exit {code}", self.stderr)
        elif lines.pop() != b"" or any(not line.startswith(b"nuq: ") for line in lines):
            self.finding(f"{verb}: standard error is not of lines that begin with 'nuq: ', exit {code}", self.stderr)
        if any(len(line) > MOST_LINE_BYTES for line in lines):
            self.finding(f"{verb}: a line of {max(map(len, lines))} bytes", self.stderr)
        errors = [line for line in lines if not line.startswith(b"nuq: warning: ")]
        if code == 2 and len(errors) != 1:
            self.finding(f"{verb}: {len(errors)} lines for an error", self.stderr)
        if "--json" not in self.commands[-1] and not is_printable(self.stdout):  # JSON may hold what terminals do not like
            self.finding(f"{verb}: standard output is not printable, exit {code}", self.stdout)

    def check_files(self, verb, code, out):
        for file in self.files(""):
            # Arrays have the names of blobs.
            if file not in self.left_over and re.search(rb"\.tmp|\.lock$|_trial", file) and not re.search(rb"/(arrays|layers)/", file):
                self.left_over.add(file)
                self.finding(f"{verb}: left over, exit {code}", os.path.basename(file))
        if not out or code == 0:
            return
        allowed = WRITTEN_UNSATISFIED.get(verb, ()) if code == 1 else ()
        for file in self.files(out):
            if not file.endswith(tuple(suffix.encode() for suffix in allowed)):
                self.finding(f"{verb}: a file although exit {code}", os.path.basename(file))

    def check_json(self, verb, out):
        for file in self.files(out):
            if file.endswith(b".json") and not parses_as_json(read(file)):
                self.finding(f"{verb}: no JSON: {os.path.basename(file).decode(errors='replace')}")

    def expect_done(self, what, verb, *arguments, out=None):
        if self.call(verb, *arguments, out=out) != 0:
            self.finding(f"{what}: refused by {verb}", self.stderr)


class Pair:
    """The commands over a network's files, and over what they write."""

    def __init__(self, case, model, weights, inputs, data, output):
        self.case, self.model, self.weights = case, model, weights
        self.inputs, self.data, self.output = inputs, data, output
        self.files = ["-m", model, "-w", weights]
        self.runs = self.evaluates = False

    def run_arguments(self, model, weights, folder="arrays"):
        arguments = ["-m", model, "-w", weights]
        for blob, file in self.inputs.items():
            arguments += ["--input", f"{blob}={file}"]
        return arguments + ["--output-dir", folder]

    def look(self):
        """What commands that only read say of it."""
        case = self.case
        self.inspected = None
        case.call("inspect", self.model, self.weights)
        if case.call("inspect", self.model, self.weights, "--json") == 0:
            if parses_as_json(case.stdout):
                self.inspected = case.stdout
            else:
                case.finding("inspect: --json prints no JSON", case.stdout)
        blob = ["--blob", self.output] if self.output and not self.output.startswith("-") else []
        self.runs = case.call("run", *self.run_arguments(self.model, self.weights), *blob, out="arrays") == 0
        self.arrays = [read(file) for file in case.files("arrays")] if self.runs else []
        self.evaluates = case.call("eval", *self.files, "--data", self.data) == 0
        if self.inspected:
            names = [layer["name"] for layer in json.loads(self.inspected)["layers"]]
            name = max(names, key=len, default="")
            case.call("run", *self.run_arguments(self.model, self.weights, "layers"), f"--layer={name}", out="layers")

    def check_model(self, what, model, weights):
        """A network that was written does all that the one does from which it was made."""
        self.case.expect_done(what, "inspect", model, weights)
        if self.runs:
            self.case.expect_done(what, "run", *self.run_arguments(model, weights), out="arrays")
        if self.evaluates and self.case.call("eval", "-m", model, "-w", weights, "--data", self.data) != 0:
            if b"holds NaN or infinity" not in self.case.stderr:  # weights of 1e38 overflow in one way or the other
                self.case.finding(f"{what}: refused by eval", self.case.stderr)

    def check_results(self, verb, folder, is_reported):
        case = self.case
        case.check_json(verb, folder)
        prefix = f"{folder}/net"
        for kind in ("fake_quant", "deploy"):
            model, weights = f"{prefix}_{kind}_model.prototxt", f"{prefix}_{kind}_weights.caffemodel"
            if os.path.exists(case.path(model)):
                self.check_model(f"{verb}'s {kind} model", model, weights)
        if os.path.exists(case.path(prefix + ".nuq")):
            case.expect_done(f"{verb}'s packed file", "verify", prefix + ".nuq")
        if is_reported:
            case.expect_done(f"{verb}'s results", "verify", prefix)

    def config(self):
        if self.case.call("config", *self.files, "-o", "configs/config.json", out="configs") == 0:
            self.case.check_json("config", "configs")
            return "configs/config.json"
        return "base_config.json"

    def quantize(self, config, *options):
        if self.case.call("quantize", *self.files, "-c", config, *options, "-o", "quantized/net", out="quantized") == 0:
            self.check_results("quantize", "quantized", True)
            return True
        return False

    def auto(self, config, *options):
        # With fewer evaluations than it takes, "not satisfied" is an answer.
        code = self.case.call("auto", *self.files, "-c", config, "--max-evaluations", "3", *options, "-o", "searched/net", out="searched")
        if code == 0:
            self.check_results("auto", "searched", True)

    def convert(self, record):
        if self.case.call("convert", *self.files, "--record", record, "-o", "converted/net", out="converted") == 0:
            self.check_results("convert", "converted", False)

    def rollback(self, config, drop):
        code = self.case.call("rollback", *self.files, "-c", config, "--data", self.data, "--max-drop", drop, "-o", "rolled/net", out="rolled")
        if code == 0:
            self.check_results("rollback", "rolled", False)

    def pack(self, *options):
        case = self.case
        if case.call("pack", *self.files, *options, "-o", "packed/net.nuq", out="packed") != 0:
            return
        case.expect_done("pack's file", "verify", "packed/net.nuq")
        case.expect_done("pack's file", "unpack", "packed/net.nuq", "-o", "unpacked/net", out="unpacked")
        if case.exits["other"] or not os.path.exists(case.path("unpacked/net.prototxt")):
            return
        self.check_model("unpack's model", "unpacked/net.prototxt", "unpacked/net.caffemodel")
        if options:
            return
        case.call("inspect", "unpacked/net.prototxt", "unpacked/net.caffemodel", "--json")
        unpacked = case.stdout.replace(b"unpacked/net.", b"net.")
        if self.inspected is not None and unpacked != self.inspected:
            case.finding("pack: the unpacked model is another one to inspect", case.stdout)
        if self.runs and self.output and not self.output.startswith("-"):
            case.call("run", *self.run_arguments("unpacked/net.prototxt", "unpacked/net.caffemodel"), "--blob", self.output, out="arrays")
            if [read(file) for file in case.files("arrays")] != self.arrays:
                case.finding("pack: the unpacked model computes something else")


def option_of_quantize(rng):
    return rng.choice([[], [], ["--target", "palette"], ["--target", "ascend"], ["--codebook", "optimal"], ["--codebook", "lloyd"],
                       ["--scales", "mse"], ["--cap"], ["--price", "1e-6"], ["--bits", "2"]])


def option_of_auto(rng):
    return rng.choice([[], [], ["--target", "palette"], ["--levels", "4", "16"], ["--search", "greedy"], ["--search", "binary"],
                       ["--pareto"], ["--target", "ascend", "--levels", "16"], ["--jobs", "2"]])


def dataset(network_inputs, output, metric="cosine", **more):
    """The bytes of a dataset JSON; names may be of any bytes."""
    quote = lambda name: '"' + re.sub(r'[\x00-\x1f"\\]', lambda c: f"\\u{ord(c.group()):04x}", name) + '"'
    inputs = ", ".join(f'{quote(blob)}: "{file}"' for blob, file in network_inputs.items())
    extra = "".join(f', "{key}": {json.dumps(value)}' for key, value in more.items())
    return f'{{"inputs": {{{inputs}}}, "batch_size": 2, "output": {quote(output)}, "metric": "{metric}"{extra}}}'.encode("utf-8", "surrogateescape")


def write_network(case_folder, network, rng, prototxt, caffemodel, rename=None):
    """The pair with arrays and datasets; returns the inputs' files by blob, and the output."""
    inputs = {}
    for number, (blob, shape) in enumerate(network.inputs.items()):
        file = f"input_{number}.npy"
        count = SAMPLES
        for extent in shape:
            count *= extent
        write(os.path.join(case_folder, file), mutations.npy([SAMPLES, *shape], [rng.uniform(-1, 1) for _ in range(count)]))
        inputs[text_of((rename or {}).get(blob.encode(), blob.encode()))] = file
    output = text_of((rename or {}).get(network.output.encode(), network.output.encode()))
    write(os.path.join(case_folder, "net.prototxt"), prototxt)
    write(os.path.join(case_folder, "net.caffemodel"), caffemodel)
    write(os.path.join(case_folder, "data.json"), dataset(inputs, output))
    return inputs, output


def mutated_pair(rng, network, networks):
    prototxt, caffemodel = network.prototxt, network.caffemodel
    rename = {}
    kind = rng.randrange(10)
    if kind <= 2:
        names = sorted(set(re.findall(rb'(?:name|bottom|top|input): "([^"]+)"', prototxt)))
        for old in rng.sample(names, min(len(names), rng.choice([1, 1, 2, 5]))):
            new = rng.choice(mutations.NAMES) + rng.choice([b"", b"", b"x"])
            if old in rename.values() or new in rename.values() or new in names:
                continue
            prototxt, caffemodel = mutations.renamed(prototxt, caffemodel, old, new)
            rename[old] = new
    other = rng.choice(networks)
    if kind in (2, 3, 4):
        prototxt = mutations.mutate_text(rng, prototxt, other.prototxt)
    if kind in (1, 5, 6):
        prototxt = mutations.mutate_number(rng, prototxt)
    if kind in (4, 7):
        caffemodel = mutations.mutate_messages(rng, caffemodel)
    if kind in (6, 8):
        caffemodel = mutations.mutate_floats(rng, caffemodel)
    if kind == 9:
        caffemodel = mutations.mutate_bytes(rng, caffemodel, other.caffemodel)
    return prototxt, caffemodel, rename


def feed_pair(case, rng, material):
    networks = material.networks
    network = rng.choices(networks, [one.weight for one in networks])[0]
    prototxt, caffemodel, rename = mutated_pair(rng, network, networks)
    inputs, output = write_network(case.folder, network, rng, prototxt, caffemodel, rename)
    folder = material.folders[network.name]
    shutil.copy(os.path.join(folder, "config.json"), case.path("base_config.json"))
    shutil.copy(os.path.join(folder, "quantized/net_record.txt"), case.path("record.txt"))
    pair = Pair(case, "net.prototxt", "net.caffemodel", inputs, "data.json", output)
    pair.look()
    config = pair.config()
    shutil.copy(case.path("record.txt"), case.path("new_record.txt"))
    steps = [lambda: quantize_weights(pair, rng, config),
             lambda: pair.quantize(config, "--calibration", "data.json", *option_of_quantize(rng), *rng.choice([[], [], ["--sequential"], ["--bias-correction", "on"]])),
             lambda: pair.auto(config, "--eval-command", JUDGE, "--max-drop", rng.choice(["0", "1e9"]), "--weights-only", *option_of_auto(rng)),
             lambda: pair.convert("new_record.txt"), lambda: pair.rollback(config, rng.choice(["0", "0.01", "1e9"])),
             lambda: pair.pack(), lambda: pair.pack("--record", "new_record.txt")]
    # A large network takes minutes in all.
    for step in steps if len(network.caffemodel) < LARGE else [rng.choice(steps)]:
        step()


def quantize_weights(pair, rng, config):
    if pair.quantize(config, "--weights-only", *option_of_quantize(rng)):
        shutil.copy(pair.case.path("quantized/net_record.txt"), pair.case.path("new_record.txt"))


class Material:
    """Networks, and for each a folder with its files and what the tool makes of them."""

    def __init__(self, nuq, folder):
        self.nuq, self.folder = nuq, folder
        self.networks = mutations.small_networks()
        self.add("quickstart", QUICKSTART + ".prototxt", QUICKSTART + ".caffemodel", {"data": [1, 28, 28]}, "prob", 0.1)
        zoo = os.environ.get("NUQ_MODEL_ZOO", "")
        for name, prototxt, caffemodel, inputs, output, weight in ZOO:
            models = [os.path.join(zoo, part, name) for part in ("", "models")]
            for model in filter(os.path.isdir, models if zoo else []):
                self.add(name, os.path.join(model, prototxt), os.path.join(model, caffemodel), inputs, output, weight)
        self.folders = {}
        for network in self.networks:
            case = self.prepare(network)
            if case.findings:
                sys.exit(f"the unchanged network {network.name}: {case.findings}")
        self.small = [network for network in self.networks if network.name in ("tiny", "plain", "branches", "two_inputs")]

    def add(self, name, prototxt, caffemodel, inputs, output, weight):
        self.networks.append(mutations.Network(name, read(prototxt), read(caffemodel), inputs, output, weight))

    def prepare(self, network):
        folder = self.folders[network.name] = os.path.join(self.folder, network.name)
        os.makedirs(folder)
        rng = random.Random(network.name)
        inputs, output = write_network(folder, network, rng, network.prototxt, network.caffemodel)
        case = Case(self.nuq, "material", 0, folder)
        pair = ["-m", "net.prototxt", "-w", "net.caffemodel"]
        case.expect_done(network.name, "config", *pair, "-o", "config.json")
        case.expect_done(network.name, "quantize", *pair, "-c", "config.json", "--calibration", "data.json", "-o", "quantized/net")
        case.expect_done(network.name, "pack", *pair, "-o", "net.nuq")
        arguments = [word for blob, file in inputs.items() for word in ("--input", f"{blob}={file}")]
        case.expect_done(network.name, "run", *pair, *arguments, "--blob", output, "--output-dir", "arrays")
        if len(network.caffemodel) >= LARGE:
            return case
        case.expect_done(network.name, "auto", *pair, "-c", "config.json", "--eval-command", JUDGE, "--weights-only", "--max-drop", "1e9",
                         "--max-evaluations", "3", "--journal", "journal.txt", "-o", "searched/net")
        return case


SIMPLIFIED = [
    b"""batch_num: 2 activation_offset: false do_fusion: true skip_layers: "fc"
common_config { ifmr_quantize { search_range_start: 0.7 search_range_end: 1.3 search_step: 0.01 max_percentile: 0.999999 min_percentile: 0.999999 }
 arq_quantize { channel_wise: true } }
""",
    b"""conv_calibration_config { arq_quantize { channel_wise: true } hfmg_quantize { num_of_bins: 4096 } }
fc_calibration_config { arq_quantize { channel_wise: false } }
nuq_config { mapping_file: "om.json" nuq_quantize { num_steps: 16 num_of_iteration: 1 } }
override_layer_configs { layer_name: "fc" calibration_config { nuq_quantize { num_steps: 8 num_of_iteration: 0 } } }
override_layer_types { layer_type: "Convolution" calibration_config { ifmr_quantize { search_step: 0.02 } } }
""",
    b"common_config { nuq_quantize { num_steps: 32 num_of_iteration: 0 } ifmr_quantize { max_percentile: 0.99 } }\n",
    b"nuq_config { mapping_file: \"om.json\" nuq_quantize { num_steps: 4 num_of_iteration: 2 } } batch_num: 1\n"]


def mapping_of(names):
    attributes = [{"key": "_datadump_original_op_names", "value": {"list": {"s": names}}}, {"key": "_fe_weight_compress", "value": {"b": True}}]
    return json.dumps({"graph": [{"name": "g", "op": [{"name": "merged", "type": "Conv2D", "attr": attributes}, {"name": "other"}]}]}).encode()


def mutated_journal(rng, data):
    lines = data.split(b"\n")
    kind = rng.randrange(4)
    if kind == 0:
        return mutations.mutate_text(rng, data)
    if kind == 1:
        lines.insert(rng.randrange(1, len(lines)), rng.choice([b"original 1e308 0 ", b"original nan 0 ", b"original -0 1e400 ", b"x 1 1 ",
                                                               b"original:error 0.1 0 ", b"original " + b"9" * 5000 + b" 1 "]))
        return mutations.with_journal_checksums(b"\n".join(lines))
    return mutations.with_journal_checksums(mutations.mutate_text(rng, data) if kind == 2 else mutations.mutate_bytes(rng, data))


def mutated_array(rng, case, name, label_values):
    """An array in one of the formats, changed; replaces the file of an input or of labels."""
    original = read(case.path(name))
    formats = [original, mutations.idx([SAMPLES, 6, 6], [rng.randrange(256) for _ in range(SAMPLES * 36)]),
               mutations.npy([SAMPLES], label_values, "q"), mutations.npy([SAMPLES, 2], [0.5] * 2 * SAMPLES, "d"), mutations.npy([], [1.0])]
    data = original if rng.random() < 0.6 else rng.choice(formats)
    if rng.random() < 0.6:
        header_end = data.find(b"\n") + 1 if data.startswith(b"\x93NUMPY") else 16
        head = mutations.mutate_text(rng, data[:header_end]) if rng.random() < 0.7 else mutations.mutate_bytes(rng, data[:header_end])
        data = head + data[header_end:]
    elif rng.random() < 0.8:
        data = mutations.mutate_bytes(rng, data, rng.choice(formats))
    if rng.random() < 0.3:
        data = gzip.compress(data)
        if rng.random() < 0.5:
            data = mutations.mutate_bytes(rng, data)
    if rng.random() < 0.02:
        data = gzip.compress(bytes(200 << 20), 9)
    write(case.path(name), data)


def feed_other(case, rng, material):
    kind = case.kind
    network = rng.choice(material.small)
    shutil.copytree(material.folders[network.name], case.folder, dirs_exist_ok=True)
    for folder in ("searched", "arrays"):
        shutil.rmtree(case.path(folder))
    inputs = {blob: f"input_{number}.npy" for number, blob in enumerate(network.inputs)}
    pair = Pair(case, "net.prototxt", "net.caffemodel", inputs, "data.json", network.output)
    pair.runs = pair.evaluates = kind not in ("dataset", "array")
    other = rng.choice(material.small)
    other_folder = material.folders[other.name]
    if kind == "config":
        write(case.path("config.json"), mutations.mutate_json(rng, read(case.path("config.json")), read(other_folder + "/config.json")))
        pair.quantize("config.json", "--weights-only", *option_of_quantize(rng))
        pair.quantize("config.json", "--calibration", "data.json", *option_of_quantize(rng))
        pair.auto("config.json", "--eval-command", JUDGE, "--max-drop", "1e9", *option_of_auto(rng))
        pair.rollback("config.json", "1e9")
    elif kind == "simplified":
        text = rng.choice(SIMPLIFIED)
        write(case.path("quant.cfg"), mutations.mutate_number(rng, text) if rng.random() < 0.4 else mutations.mutate_text(rng, text, rng.choice(SIMPLIFIED)))
        write(case.path("om.json"), mapping_of(["conv", "fc"]))
        if case.call("config", *pair.files, "--cfg-define", "quant.cfg", "-o", "configs/config.json", out="configs") == 0:
            pair.quantize("configs/config.json", "--weights-only")
            pair.quantize("configs/config.json", "--calibration", "data.json")
    elif kind == "mapping":
        names = ["conv", "fc", "one", "depthwise"]
        write(case.path("om.json"), mutations.mutate_json(rng, mapping_of(names), mapping_of(["fc", "é\u0001"])))
        write(case.path("quant.cfg"), b"nuq_config { mapping_file: 'om.json' nuq_quantize { num_steps: 16 num_of_iteration: 0 } }")
        if case.call("config", *pair.files, "--cfg-define", "quant.cfg", "-o", "configs/config.json", out="configs") == 0:
            pair.quantize("configs/config.json", "--weights-only")
    elif kind == "record":
        record = read(case.path("quantized/net_record.txt"))
        other_record = read(other_folder + "/quantized/net_record.txt")
        write(case.path("record.txt"), mutations.mutate_number(rng, record) if rng.random() < 0.5 else mutations.mutate_text(rng, record, other_record))
        pair.convert("record.txt")
        pair.pack("--record", "record.txt")
    elif kind == "dataset":
        metric = rng.choice(["cosine", "top1", "top5", "kl", "psnr", "agreement"])
        more = rng.choice([{}, {"labels": "labels.npy"}, {"targets": "targets.npy", "peak": 255}, {"scale": 0.5, "mean": [4]}, {"first": 1, "count": 2}])
        write(case.path("labels.npy"), mutations.npy([SAMPLES], [0, 1, 1, 0], "q"))
        shutil.copy(case.path("input_0.npy"), case.path("targets.npy"))
        data = dataset(inputs, network.output, metric, **more)
        write(case.path("data.json"), mutations.mutate_json(rng, data, dataset({blob: "input_0.npy" for blob in other.inputs}, other.output)))
        case.call("eval", *pair.files, "--data", "data.json")
        case.call("eval", *pair.files, "--data", "data.json", "--json")
        if case.exits[0] and not parses_as_json(case.stdout):
            case.finding("eval: --json prints no JSON", case.stdout)
        pair.quantize("config.json", "--calibration", "data.json")
        pair.auto("config.json", "--data", "data.json", "--max-drop", "1e9")
        pair.auto("config.json", "--eval-command", JUDGE, "--max-drop", "1e9", "--confirm", "data.json")
        pair.rollback("config.json", "1e9")
    elif kind == "array":
        name = rng.choice(["input_0.npy", "input_0.npy", "labels.npy"])
        labels = [rng.randrange(2) for _ in range(SAMPLES)]
        write(case.path("labels.npy"), mutations.npy([SAMPLES], labels, "q"))
        if name == "labels.npy" or rng.random() < 0.3:
            write(case.path("data.json"), dataset(inputs, network.output, "top1", labels="labels.npy"))
        mutated_array(rng, case, name, labels)
        case.call("run", *pair.run_arguments(pair.model, pair.weights), "--blob", network.output, out="arrays")
        case.call("eval", *pair.files, "--data", "data.json")
        pair.quantize("config.json", "--calibration", "data.json")
        pair.rollback("config.json", "1e9")
    elif kind == "packed":
        files = ["net.nuq", "quantized/net.nuq", "quantized/net_fake_quant_model.prototxt", "quantized/net_fake_quant_weights.caffemodel"]
        name = rng.choice(files[:2] * 3 + files)
        original = read(case.path(name))
        changed = mutations.mutate_bytes(rng, original, read(os.path.join(other_folder, name)))
        if name.endswith(".nuq") and rng.random() < 0.6:
            changed = mutations.with_packed_checksums(changed)
        write(case.path(name), changed)
        if name.endswith(".nuq"):
            case.call("verify", name, "--headers-only")
            if case.call("verify", name, "--json") == 0 and not parses_as_json(case.stdout):
                case.finding("verify: --json prints no JSON", case.stdout)
            is_intact = case.call("verify", name) == 0
            is_unpacked = case.call("unpack", name, "-o", "unpacked/net", out="unpacked") == 0
            if is_unpacked and changed != original:
                case.call("inspect", "unpacked/net.prototxt", "unpacked/net.caffemodel")
            if is_intact and not is_unpacked:
                case.finding("verify: accepts what unpack refuses", case.stderr)
        if name.startswith("quantized") and case.call("verify", "quantized/net") == 0 and changed != original:
            case.finding("verify: accepts results that were changed")
    elif kind == "journal":
        write(case.path("journal.txt"), mutated_journal(rng, read(case.path("journal.txt"))))
        pair.auto("config.json", "--eval-command", JUDGE, "--weights-only", "--max-drop", "1e9", "--journal", "journal.txt")
    elif kind == "report":
        report = read(case.path("quantized/net_report.json"))
        write(case.path("quantized/net_report.json"), mutations.mutate_json(rng, report, read(other_folder + "/quantized/net_report.json")))
        case.call("verify", "quantized/net")
        if case.call("verify", "quantized/net", "--json") == 0 and not parses_as_json(case.stdout):
            case.finding("verify: --json prints no JSON", case.stdout)
        case.call("inspect", "quantized/net_fake_quant_model.prototxt", "quantized/net_fake_quant_weights.caffemodel")
        pair.quantize("config.json", "--weights-only")
    elif kind == "compress":
        size = rng.choice([0, 1, 511, 512, 1024, 4096, 32768, 65536, 512 * rng.randrange(1, 200), rng.randrange(2000)])
        values = bytes(rng.choices(range(256), [rng.choice([0, 0, 1, 20]) + 0.001 for _ in range(256)], k=size))
        values = mutations.mutate_bytes(rng, values) if rng.random() < 0.2 else values
        write(case.path("weights.bin"), values)
        block = rng.choice([[], [], ["--fractal-size", rng.choice(["512", "1024", "0", "511", "32768", "65536", "18446744073709551615"])]])
        code = case.call("compress", "--format", "ascend", "--input", "weights.bin", "--output", "out/c", "--verify", *block, out="out")
        if code == 2 and not block and values and len(values) % 512 == 0:
            case.finding("compress: refuses whole blocks", case.stderr)


def repeat_script(case):
    lines = ["#!/usr/bin/env bash", "# Finding of mutate_files.py; the commands in their order.", 'cd "$(dirname "$0")"', f"ulimit -v {ADDRESS_SPACE >> 10}"]
    for words in case.commands:
        lines.append(shlex.join(words) + '; echo "exit $?"')
    return "\n".join(lines).encode("utf-8", "surrogateescape") + b"\n"


def feed(arguments, kind, index, material):
    rng = random.Random(f"{arguments.seed}:{kind}:{index}")
    folder = tempfile.mkdtemp(dir=material.folder)
    case = Case(arguments.nuq, kind, index, folder)
    keep = None
    try:
        try:
            (feed_pair if kind == "pair" else feed_other)(case, rng, material)
        except Exception:  # a fault of this script does not end the run
            case.finding("this script failed", traceback.format_exc()[-600:].encode())
        if case.findings:
            keep = os.path.join(arguments.findings, f"{kind}_{index}")
            shutil.rmtree(keep, ignore_errors=True)
            shutil.copytree(folder, keep)
            write(os.path.join(keep, "repeat.sh"), repeat_script(case))
    finally:
        shutil.rmtree(folder)
    return kind, index, case.exits, case.findings, keep


worker = None  # arguments and material, in the processes that feed


def begin_worker(arguments, material):
    global worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    worker = arguments, material
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))


def feed_one(task):
    return feed(worker[0], *task, worker[1])


def signature(problem):
    return re.sub(r"\d+ bytes", "N bytes", problem)


def print_summary(inputs, exits, findings, samples):
    print(f"{'kind':12} {'inputs':>7} {'exit 0':>8} {'exit 1':>8} {'exit 2':>8} {'other':>6} {'findings':>8}")
    for kind in sorted(inputs):
        ends = exits[kind]
        print(f"{kind:12} {inputs[kind]:7} {ends[0]:8} {ends[1]:8} {ends[2]:8} {ends['other']:6} {findings[kind]:8}")
    for sign in sorted(samples, key=lambda one: -len(samples[one])):
        folder, number, detail = samples[sign][0]
        print(f"\n{len(samples[sign])} times {sign}\n  {folder}/repeat.sh, command {number}\n  {detail.strip()[:400]}")


def interrupt(*_):
    raise KeyboardInterrupt


def main():
    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGINT, interrupt)
    parser = argparse.ArgumentParser()
    parser.add_argument("nuq")
    parser.add_argument("--pairs", type=int, default=4000)
    parser.add_argument("--others", type=int, default=4000)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--only", help="this kind, or the one input KIND_INDEX")
    parser.add_argument("--findings", default="mutate_findings")
    arguments = parser.parse_args()
    arguments.nuq = os.path.abspath(arguments.nuq)
    arguments.findings = os.path.abspath(arguments.findings)
    os.makedirs(arguments.findings, exist_ok=True)
    # Files are flushed to the disk: memory is faster.
    top = tempfile.mkdtemp(prefix="nuq_mutate_", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    inputs, findings, samples = collections.Counter(), collections.Counter(), collections.defaultdict(list)
    exits = collections.defaultdict(collections.Counter)
    pool = None
    try:
        material = Material(arguments.nuq, top)
        tasks = [("pair", index) for index in range(arguments.pairs)]
        others = [(KINDS[index % len(KINDS)], index // len(KINDS)) for index in range(arguments.others)]
        tasks += others
        if arguments.only and arguments.only[-1].isdigit():
            kind, index = arguments.only.rsplit("_", 1)
            tasks = [(kind, int(index))]
        elif arguments.only:
            tasks = [task for task in tasks if task[0] == arguments.only]
        random.Random(arguments.seed).shuffle(tasks)  # a run that is stopped has seen all kinds
        begin = time.time()
        context = multiprocessing.get_context("fork")
        pool = concurrent.futures.ProcessPoolExecutor(arguments.jobs, context, begin_worker, (arguments, material))
        for done, (kind, index, ends, found, keep) in enumerate(pool.map(feed_one, tasks, chunksize=4), 1):
            inputs[kind] += 1
            exits[kind].update(ends)
            findings[kind] += bool(found)
            for problem, detail, number in found:
                sign = f"{kind}: {signature(problem)}"
                if not samples[sign]:
                    print(f"{kind}_{index}: {problem}: {detail.strip()[:300]}", flush=True)
                samples[sign].append((keep, number, detail))
            if done % 200 == 0:
                print(f"{done} of {len(tasks)}, {time.time() - begin:.0f} s", file=sys.stderr, flush=True)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
    finally:
        if pool:
            pool.shutdown(cancel_futures=True)
        shutil.rmtree(top, ignore_errors=True)
    print_summary(inputs, exits, findings, samples)
    return bool(sum(findings.values()))


if __name__ == "__main__":
    sys.exit(main())
