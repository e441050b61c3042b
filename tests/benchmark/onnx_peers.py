#!/usr/bin/env python3
"""nuq beside onnxruntime.quantization and k-means, on the labelled .onnx networks of the zoo.

    NUQ_MODEL_ZOO=… tests/benchmark/onnx_peers.py [--tool NUQ] [--network NAME]

Needs numpy, onnx and onnxruntime (pip), which judges: top-1 on the test set, of the file that each method writes.

    ORT static      quantize_static: QDQ, per channel, MinMax over the calibration set, behind quant_pre_process
    ORT dynamic     quantize_dynamic, per channel, behind quant_pre_process
    int8            `nuq config --uniform`, `nuq quantize --weights-only`: what the next two start from
    uniform 32      int8 levels rounded to multiples of 8
    k-means 32      int8 levels to the nearest of 32 per layer, which are int8 levels too; of five starts the one with the
                    median accuracy
    nuq activations `nuq config --uniform`, `nuq quantize --calibration`: int8 weights and activations, as ORT static
    nuq static      `nuq quantize --weights-only --calibration` at 32 and at 16 levels
    nuq auto        `nuq auto --weights-only --calibration --max-drop 0.01`. Its search has seen the test set; the true loss
                    is within the limit with a confidence of 0.9, so that few samples cost bytes
    as seen         the same with `--confidence 0`: the limit is one for these samples alone, as for all other methods

Columns: weights, as coded in the packed file; the packed file; the .onnx file, and that behind zlib -9; top-1 and what it
lost; seconds. Packed files are nuq's own, or by `nuq pack` of what the method wrote: the same coder for all, where it finds
int8 weights (not in ORT dynamic's ConvInteger). The last line of a network compares weights of auto with those of k-means, and so without
the layers that both leave at int8, which take NUQ with --nuq-scope extended alone.
"""

import argparse
import collections
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
import zlib

import numpy as np
import onnx
import onnx.version_converter
import onnxruntime
import zoo
from onnxruntime.quantization import CalibrationDataReader, quantize_dynamic, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from peers import k_means

LEVELS = 32
STARTS = 5
MAX_DROP = 0.01
OLDEST_PER_CHANNEL = 13  # version of ONNX's operations in which DequantizeLinear has an axis

Result = collections.namedtuple("Result", "weights packed file zipped accuracy seconds")


# --- judging -----------------------------------------------------------------------------------------------------

class Judge:
    """An .onnx network, its data and its float accuracy."""

    def __init__(self, tool, model, data, folder, scope):
        self.tool, self.model, self.folder = tool, model, folder
        self.scope = ["--nuq-scope", scope]
        self.calibration_file, self.test_file = data + "_calibration.json", data + "_test.json"
        self.test = zoo.Dataset(self.test_file)

    def accuracy(self, path):
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        correct = 0
        for part in parts(self.test):
            outputs = session.run([self.test.output], self.test.inputs(part))[0]
            correct += np.count_nonzero(outputs.reshape(len(outputs), -1).argmax(axis=1) == self.test.labels[part].ravel())
        return correct / len(self.test)

    def result(self, path, seconds, packed=None):
        if packed is None:
            packed = path.removesuffix(".onnx") + ".packed.nuq"
            self.tool.call("pack", "-m", path, "-o", packed)
        with open(path, "rb") as file:
            content = file.read()
        return Result(self.coded_bytes(packed), os.path.getsize(packed), len(content), len(zlib.compress(content, 9)),
                      self.accuracy(path), seconds)

    def coded_bytes(self, packed):
        """Of each layer's weights, by name."""
        done = subprocess.run([self.tool.path, "verify", "--json", packed], capture_output=True, check=True)
        return {layer["name"]: sum(blob["bytes"] for blob in layer["blobs"]) for layer in json.loads(done.stdout)["layers"]}


def parts(data):
    size = data.description["batch_size"]
    return [slice(first, min(first + size, len(data))) for first in range(0, len(data), size)]


# --- onnxruntime.quantization ------------------------------------------------------------------------------------

class Reader(CalibrationDataReader):
    def __init__(self, data):
        self._batches = (data.inputs(part) for part in parts(data))

    def get_next(self):
        return next(self._batches, None)


def prepared(judge):
    """The model as its documentation wants it: BatchNormalization folded, of a version that knows scales per channel."""
    converted, path = judge.folder + "/converted.onnx", judge.folder + "/prepared.onnx"
    model = onnx.load(judge.model)
    if max(opset.version for opset in model.opset_import if not opset.domain) < OLDEST_PER_CHANNEL:
        model = onnx.version_converter.convert_version(model, OLDEST_PER_CHANNEL)
    onnx.save(model, converted)  # quant_pre_process optimizes files alone
    quant_pre_process(converted, path, skip_symbolic_shape=True)
    return path


def runtime_results(judge):
    path = judge.folder + "/static.onnx"
    start = time.perf_counter()
    quantize_static(prepared(judge), path, Reader(zoo.Dataset(judge.calibration_file)), per_channel=True)
    yield "ORT static", judge.result(path, time.perf_counter() - start)
    path = judge.folder + "/dynamic.onnx"
    start = time.perf_counter()
    quantize_dynamic(prepared(judge), path, per_channel=True)
    yield "ORT dynamic", judge.result(path, time.perf_counter() - start)._replace(weights=None)


# --- few levels of int8 ------------------------------------------------------------------------------------------

def nuq_quantized(judge, name, definition, *options):
    """Prefix of what `nuq quantize` writes, and its seconds."""
    prefix = f"{judge.folder}/{name}"
    start = time.perf_counter()
    judge.tool.call("config", "-m", judge.model, "-o", prefix + ".json", *judge.scope, *definition)
    judge.tool.call("quantize", "-m", judge.model, "-c", prefix + ".json", *options, "-o", prefix)
    return prefix, time.perf_counter() - start


def taken_layers(prefix):
    with open(prefix + "_report.json", encoding="utf-8") as file:
        return {layer["name"] for layer in json.load(file)["layers"] if layer["taken"]}


def levels_of(model, layers):
    """The int8 initializers that these layers' weights are cast from."""
    makers = {output: node for node in model.graph.node for output in node.output}
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    found = []
    for node in model.graph.node:
        if (node.name or node.output[0]) in layers:
            name = node.input[1]
            while name not in tensors:
                name = makers[name].input[0]
            found.append(tensors[name])
    if len(found) != len(layers):
        sys.exit(f"found {len(found)} layers of {sorted(layers)}")
    return found


def to_uniform(levels, _):
    return np.clip(np.round(levels / 8) * 8, -128, 127)


def to_k_means(levels, generator):
    centres = np.unique(np.round(k_means(levels.ravel().astype(np.float64), LEVELS, generator)))
    return centres[np.searchsorted((centres[1:] + centres[:-1]) / 2, levels)]


def with_few_levels(judge, prefix, layers, name, change, seed=0):
    """The int8 model, with other levels in the layers that take NUQ."""
    generator = np.random.default_rng(seed)
    model = onnx.load(prefix + "_quantized_model.onnx")
    start = time.perf_counter()
    for tensor in levels_of(model, layers):
        tensor.CopyFrom(onnx.numpy_helper.from_array(
            change(onnx.numpy_helper.to_array(tensor), generator).astype(np.int8), tensor.name))
    seconds = time.perf_counter() - start
    path = f"{judge.folder}/{name}_{seed}.onnx"
    onnx.save(model, path)
    return judge.result(path, seconds)


def few_level_results(judge, layers):
    prefix, seconds = nuq_quantized(judge, "int8", ["--uniform"], "--weights-only", "--bias-correction", "off")
    yield "int8", judge.result(prefix + "_quantized_model.onnx", seconds, prefix + ".nuq")
    yield "uniform 32", with_few_levels(judge, prefix, layers, "uniform", to_uniform)
    starts = [with_few_levels(judge, prefix, layers, "k_means", to_k_means, seed) for seed in range(STARTS)]
    yield "k-means 32", sorted(starts, key=lambda result: (result.accuracy, -sum(result.weights.values())))[STARTS // 2]


# --- nuq ---------------------------------------------------------------------------------------------------------

def static_prefix(judge, levels):
    definition = f"{judge.folder}/static_{levels}.cfg"
    with open(definition, "w", encoding="utf-8") as file:
        file.write(f"common_config {{ nuq_quantize {{ num_steps: {levels} num_of_iteration: 1 }} }}\n")
    return nuq_quantized(judge, f"nuq_{levels}", ["--cfg-define", definition], "--weights-only", "--no-cap",
                         "--calibration", judge.calibration_file)


def auto_result(judge, confidence):
    prefix = f"{judge.folder}/auto_{confidence}"
    start = time.perf_counter()
    judge.tool.call("auto", "-m", judge.model, "--data", judge.test_file, "--calibration", judge.calibration_file,
                    "--weights-only", "--max-drop", MAX_DROP, "--confidence", confidence, *judge.scope, "-o", prefix,
                    accepted=(0, 1))
    return judge.result(prefix + "_quantized_model.onnx", time.perf_counter() - start, prefix + ".nuq")


def nuq_results(judge, static):
    batches = len(parts(zoo.Dataset(judge.calibration_file)))
    prefix, seconds = nuq_quantized(judge, "activations", ["--uniform", "--batch-num", str(batches)], "--calibration",
                                    judge.calibration_file)
    yield "nuq activations", judge.result(prefix + "_quantized_model.onnx", seconds, prefix + ".nuq")
    for levels, (prefix, seconds) in static.items():
        yield f"nuq static {levels}", judge.result(prefix + "_quantized_model.onnx", seconds, prefix + ".nuq")
    yield "nuq auto", auto_result(judge, 0.9)
    yield "nuq auto, as seen", auto_result(judge, 0)


# --- the table ---------------------------------------------------------------------------------------------------

def results_of(judge, static, taken):
    yield from runtime_results(judge)
    yield from few_level_results(judge, taken)
    yield from nuq_results(judge, static)


def print_network(name, judge):
    original = judge.accuracy(judge.model)
    print(f"\n{name}: {len(judge.test)} test samples, {os.path.getsize(judge.model)} bytes, top-1 {original:.4f}\n\n"
          "| method | weights | packed file | .onnx | zlib | top-1 | lost | s |\n|---|---|---|---|---|---|---|---|", flush=True)
    static = {levels: static_prefix(judge, levels) for levels in (32, 16)}
    taken = taken_layers(static[32][0])
    found = {}
    for method, result in results_of(judge, static, taken):
        found[method] = result
        weights = "–" if result.weights is None else sum(result.weights.values())
        print(f"| {method} | {weights} | {result.packed} | {result.file} | {result.zipped} | {result.accuracy:.4f} | "
              f"{original - result.accuracy:+.4f} | {result.seconds:.1f} |", flush=True)
    for method in ("nuq auto", "nuq auto, as seen"):
        ratios = [weights_of(found[method], layers) / weights_of(found["k-means 32"], layers) for layers in (None, taken)]
        print(f"\nweights of {method}: {ratios[0]:.2f} of those of k-means 32, {ratios[1]:.2f} in layers that take NUQ",
              flush=True)


def weights_of(result, layers):
    """In these layers; None: in all."""
    return sum(size for layer, size in result.weights.items() if layers is None or layer in layers)


def main():
    folder = os.environ.get("NUQ_MODEL_ZOO", "") + "/onnx"
    if not os.path.exists(folder + "/sets.json"):
        sys.exit("NUQ_MODEL_ZOO names no folder with onnx/sets.json: nothing to measure")
    with open(folder + "/sets.json", encoding="utf-8") as file:
        networks = json.load(file)["labelled"]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    zoo.add_tool_argument(parser)
    parser.add_argument("--network", action="append", choices=list(networks), help="may be given more than once (default: all)")
    parser.add_argument("--nuq-scope", choices=["standard", "extended"], default="standard",
                        help="extended: grouped, dilated and transposed convolutions take few levels too, of all methods")
    given = parser.parse_args()
    logging.disable(logging.WARNING)
    onnxruntime.set_default_logger_severity(3)
    for name in given.network or networks:
        with tempfile.TemporaryDirectory(prefix="nuq_peers_") as temporary:
            data = f"{folder}/datasets/{networks[name]}"
            print_network(name, Judge(zoo.Tool(given.tool), f"{folder}/models/{name}/model.onnx", data, temporary,
                                      given.nuq_scope))
    return 0


if __name__ == "__main__":
    sys.exit(main())
