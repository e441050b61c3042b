#!/usr/bin/env python3
"""nuq against other methods: the bytes that each needs for the damage that k-means with 32 levels does.

    NUQ_MODEL_ZOO=… tests/benchmark/peers.py [--tool NUQ] [--network NAME] [--files MODEL WEIGHTS CALIBRATION TEST]

Damage is the mean divergence of the outputs from the float network's (that of the metric kl) on the test data, from
what `nuq run` computes with each method's weights. All methods quantize the same layers, those that take NUQ, of the
same network, whose BatchNorm and Scale are fused; bytes are those of the weights with tables and scales, not biases.

    k-means    32 levels per layer in the int8 grid (per channel for Convolution, else per tensor), nearest; of five
               starts the one with the median damage; order-0 entropy, zstd -19
    GPTQ       per-channel asymmetric grid of 4, 3 and 2 bits, order by activity, damping 0.01; entropy, zstd -19
    NNCodec    dependent quantization at several steps, the same for all layers or in proportion to the layers' rms
               (PyPI's package nncodec)
    palette, packed   `nuq quantize` at 32, 16 and 8 levels
    auto       what `nuq auto` evaluated first, and at uniform prices, with calibration data and without: nothing that
               its search has chosen by the damage

Between two points of a method both logarithms are interpolated. Where its points do not bracket the damage, the nearest
is shown: bytes, and damage relative to that of k-means. Calibration: all of the calibration set, 200 images for GPTQ.
"""

import argparse
import collections
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import zlib

import numpy as np
import zoo
from caffe_files import Caffemodel, layers_of

NETWORKS = ("lenet_mnist", "cifar10_quick_v1legacy", "resnet20_cifar10", "hyperlpr_char", "deepface48")
LEVELS = (32, 16, 8)
LEAST_PROBABILITY = float(np.finfo(np.float32).tiny)
SCALE_BYTES = 4
CODER = "zstd" if shutil.which("zstd") else "zlib"

Point = collections.namedtuple("Point", "bytes damage")


# --- damage ------------------------------------------------------------------------------------------------------

def divergence(outputs, originals):
    """Mean over samples of that from the original's outputs; what are no distributions becomes some by a softmax."""
    p, q = originals.astype(np.float64), outputs.astype(np.float64)
    if p.min() < 0 or abs(p.sum(axis=1) - 1).max() > 1e-3:
        p, q = (np.exp(x - x.max(axis=1, keepdims=True)) for x in (p, q))
        p, q = p / p.sum(axis=1, keepdims=True), q / q.sum(axis=1, keepdims=True)
    p, q = np.maximum(p, LEAST_PROBABILITY), np.maximum(q, LEAST_PROBABILITY)
    return float((p * np.log(p / q) - p + q).sum(axis=1).mean())


class Layer:
    """A layer whose weights are quantized: a matrix with a row for each output channel."""

    def __init__(self, fields, report, weights):
        self.name, self.kind, self.bottom = report["name"], report["type"], fields["bottom"][0]
        self.parameter = fields.get("convolution_param", [{}])[0]
        self.shape = report["shape"]
        self.matrix = weights.reshape(self.shape[0], -1).astype(np.float64)

    def rows_of_inputs(self, blob):
        """What each row of the matrix is multiplied by, a row per position of an output."""
        if self.kind == "InnerProduct":
            return blob.reshape(len(blob), -1)
        size, stride, pad, dilation = (self._pair(*names) for names in (
            ("kernel_size", "kernel"), ("stride", "stride"), ("pad", "pad"), ("dilation", "dilation")))
        if dilation != [1, 1]:
            sys.exit(f"{self.name}: dilated")
        padded = np.pad(blob, ((0, 0), (0, 0), (pad[0], pad[0]), (pad[1], pad[1])))
        windows = np.lib.stride_tricks.sliding_window_view(padded, size, axis=(2, 3))[:, :, ::stride[0], ::stride[1]]
        return windows.transpose(0, 2, 3, 1, 4, 5).reshape(-1, self.matrix.shape[1])

    def _pair(self, name, prefix):
        default = "0" if name == "pad" else "1"
        both = self.parameter.get(name, [default])
        return [int(self.parameter.get(f"{prefix}_{axis}", [both[min(number, len(both) - 1)]])[0])
                for number, axis in enumerate("hw")]


class Judge:
    """A network with its BatchNorm and Scale fused, still in float, and the damage that other weights do to it."""

    def __init__(self, tool, network, folder):
        self.tool, self.network, self.folder = tool, network, folder
        self.originals = tool.outputs(network.files, network.test)
        self.config = folder + "/config.json"
        tool.call("config", *network.files, "-o", self.config)
        np.save(folder + "/originals.npy", self.originals)
        self.command = shlex.join([sys.executable, os.path.abspath(__file__), "--tool", tool.path, "--evaluate",
                                   folder + "/originals.npy", network.test.write(folder + "/test")]
                                  ) + " {model} {weights}"
        self.model = self._fuse()
        self.layers = self._read_layers()
        if self.damage({}) > 1e-6:
            sys.exit(f"{network.name}: the fused network differs from the original")

    def _quantize_alone(self, layer, others):
        """Prefix of the files of the network with one layer quantized and the rest fused."""
        prefix = f"{self.folder}/alone_{len(os.listdir(self.folder))}"
        skipped = [part for other in others if other != layer for part in ("--skip-layer", other)]
        self.tool.call("config", *self.network.files, "-o", prefix + ".json", *skipped)
        self.tool.call("quantize", *self.network.files, "-c", prefix + ".json", "--weights-only", "--bias-correction",
                       "off", "-o", prefix)
        return prefix

    def _fuse(self):
        """The tool's fused weights: those of the last layer from a network in which another one is quantized."""
        with open(self.config, encoding="utf-8") as file:
            names = [name for name, value in json.load(file).items() if isinstance(value, dict)]
        if len(names) < 2:
            sys.exit(f"{self.network.name}: one layer alone can be quantized, at least two are wanted")
        prefix, other = self._quantize_alone(names[-1], names), self._quantize_alone(names[0], names)
        self.weights = Caffemodel(prefix + "_fake_quant_weights.caffemodel")
        self.weights.weights(names[-1])[:] = Caffemodel(other + "_fake_quant_weights.caffemodel").weights(names[-1])
        return prefix + "_fake_quant_model.prototxt"

    def _read_layers(self):
        prefix = self.quantized("palette", 32)
        with open(prefix + "_report.json", encoding="utf-8") as file:
            reports = [layer for layer in json.load(file)["layers"] if layer["taken"]]
        fields = {layer["name"][0]: layer for layer in layers_of(self.model)}
        return [Layer(fields[report["name"]], report, self.weights.weights(report["name"])) for report in reports]

    def quantized(self, target, levels):
        """Prefix of what `nuq quantize` writes."""
        prefix = f"{self.folder}/{target}_{levels}"
        if not os.path.exists(prefix + "_report.json"):
            with open(prefix + ".cfg", "w", encoding="utf-8") as file:
                file.write(f"common_config {{ nuq_quantize {{ num_steps: {levels} num_of_iteration: 1 }} }}\n")
            self.tool.call("config", *self.network.files, "-o", prefix + ".json", "--cfg-define", prefix + ".cfg")
            self.tool.call("quantize", *self.network.files, "-c", prefix + ".json", "--calibration",
                           self.network.calibration, "--weights-only", "--no-cap", "--target", target, "-o", prefix)
        return prefix

    def damage_of_files(self, files):
        return divergence(self.tool.outputs(files, self.network.test), self.originals)

    def damage(self, matrices):
        """That of the network with other weights, by layer."""
        kept = {name: self.weights.weights(name).copy() for name in matrices}
        for name, matrix in matrices.items():
            self.weights.weights(name)[:] = matrix.ravel()
        path = self.folder + "/changed.caffemodel"
        self.weights.write(path)
        for name, values in kept.items():
            self.weights.weights(name)[:] = values
        return self.damage_of_files(["-m", self.model, "-w", path])


# --- coders ------------------------------------------------------------------------------------------------------

def entropy_bytes(codes):
    counts = np.unique(codes, return_counts=True)[1]
    return float(-(counts * np.log2(counts / codes.size)).sum() / 8)


def coded_bytes(codes):
    """By a general-purpose coder, one byte per code."""
    content = np.ascontiguousarray(codes, np.int8).tobytes()
    if CODER == "zlib":
        return len(zlib.compress(content, 9))
    return len(subprocess.run(["zstd", "-19", "-c", "-q"], input=content, capture_output=True, check=True).stdout)


# --- k-means -----------------------------------------------------------------------------------------------------

def k_means(values, levels, generator, rounds=300):
    """Centres of values on a line, begun as k-means++ does."""
    values = np.sort(values)
    sums = np.concatenate([[0.0], np.cumsum(values)])
    centres = values[[generator.integers(len(values))]]
    distances = (values - centres[0])**2
    while len(centres) < levels and distances.any():
        centre = values[np.searchsorted(np.cumsum(distances), generator.random() * distances.sum(), side="right")]
        centres = np.append(centres, centre)
        distances = np.minimum(distances, (values - centre)**2)
    centres.sort()
    for _ in range(rounds):
        borders = np.concatenate([[0], np.searchsorted(values, (centres[1:] + centres[:-1]) / 2), [len(values)]])
        counts = np.diff(borders)
        moved = np.where(counts > 0, np.diff(sums[borders]) / np.maximum(counts, 1), centres)
        if np.array_equal(moved, centres):
            break
        centres = moved
    return centres


def k_means_points(judge, levels):
    """Points with the order-0 entropy and with the general-purpose coder."""
    tries = []
    for seed in range(5):
        generator = np.random.default_rng(seed)
        matrices, entropy, coded = {}, 0.0, 0.0
        for layer in judge.layers:
            largest = abs(layer.matrix).max(axis=1 if layer.kind == "Convolution" else None, keepdims=True)
            scales = np.where(largest > 0, largest, 1) / 127
            grid = layer.matrix / scales
            centres = np.unique(np.round(k_means(grid.ravel(), levels, generator)))
            codes = np.searchsorted((centres[1:] + centres[:-1]) / 2, grid)
            matrices[layer.name] = centres[codes] * scales
            tables = len(centres) + SCALE_BYTES * scales.size
            entropy += entropy_bytes(codes) + tables
            coded += coded_bytes(codes) + tables
        damage = judge.damage(matrices)
        tries.append((Point(entropy, damage), Point(coded, damage)))
    return sorted(tries, key=lambda points: points[0].damage)[len(tries) // 2]


# --- GPTQ --------------------------------------------------------------------------------------------------------

def second_moments(judge, images=200):
    """Sums of products of each layer's inputs in the float network, by layer."""
    data = zoo.Dataset(judge.network.calibration, images)
    path = judge.folder + "/fused.caffemodel"
    judge.weights.write(path)
    bottoms = sorted({layer.bottom for layer in judge.layers})
    blobs = dict(zip(bottoms, judge.tool.blobs(["-m", judge.model, "-w", path], data.inputs(), bottoms)))
    moments = {}
    for layer in judge.layers:
        sums = np.zeros((layer.matrix.shape[1],) * 2)
        for sample in np.array_split(blobs[layer.bottom], max(1, len(data) // 10)):
            rows = layer.rows_of_inputs(sample)
            sums += rows.T @ rows
        moments[layer.name] = sums
    return moments


def gptq(matrix, moments, bits, damping=0.01):
    """Codes relative to zero, the weights that they stand for."""
    lowest, highest = (np.minimum(matrix.min(axis=1), 0), np.maximum(matrix.max(axis=1), 0))
    scales = np.where(highest > lowest, highest - lowest, 1) / (2**bits - 1)
    zeros = np.round(-lowest / scales)
    moments, left = moments.copy(), matrix.copy()
    is_dead = np.diag(moments) == 0
    moments[is_dead, is_dead] = 1
    left[:, is_dead] = 0
    order = np.argsort(-np.diag(moments), kind="stable")
    left, moments = left[:, order], moments[np.ix_(order, order)]
    moments[np.diag_indices_from(moments)] += damping * np.diag(moments).mean()
    inverse = np.linalg.cholesky(np.linalg.inv(moments)).T
    codes = np.empty_like(left)
    for column in range(left.shape[1]):
        codes[:, column] = np.clip(np.round(left[:, column] / scales) + zeros, 0, 2**bits - 1) - zeros
        error = (left[:, column] - codes[:, column] * scales) / inverse[column, column]
        left[:, column + 1:] -= np.outer(error, inverse[column, column + 1:])
    codes = codes[:, np.argsort(order)]
    return codes, codes * scales[:, None]


def gptq_points(judge):
    """With the order-0 entropy, with the general-purpose coder."""
    moments = second_moments(judge)
    entropy_curve, coded_curve = [], []
    for bits in (4, 3, 2):
        matrices, entropy, coded = {}, 0.0, 0.0
        for layer in judge.layers:
            codes, matrices[layer.name] = gptq(layer.matrix, moments[layer.name], bits)
            tables = len(np.unique(codes)) + (SCALE_BYTES + 1) * len(codes)
            entropy += entropy_bytes(codes) + tables
            coded += coded_bytes(codes) + tables
        damage = judge.damage(matrices)
        entropy_curve.append(Point(entropy, damage))
        coded_curve.append(Point(coded, damage))
    return entropy_curve, coded_curve


# --- NNCodec -----------------------------------------------------------------------------------------------------

def nncodec_curve(judge, nnc, has_one_step):
    """The step doubles with every fourth qp."""
    originals = {layer.name: layer.matrix.reshape(layer.shape).astype(np.float32) for layer in judge.layers}
    offsets = {name: 0 if has_one_step else 4 * np.log2((values.astype(np.float64)**2).mean()**0.5)
               for name, values in originals.items()}
    mean_offset = np.mean(list(offsets.values()))
    curve = []
    for qp in range(-40, -8, 4):
        steps = {name: int(np.round(qp + offset - mean_offset)) for name, offset in offsets.items()}
        content = nnc.compress(originals, bitstream_path=None, qp=qp, qp_per_tensor=steps, use_dq=True,
                               return_bitstream=True)
        curve.append(Point(len(content), judge.damage(nnc.decompress(bytearray(content)))))
    return curve


# --- nuq ---------------------------------------------------------------------------------------------------------

def static_curve(judge, target):
    curve = []
    for levels in LEVELS:
        prefix = judge.quantized(target, levels)
        with open(prefix + "_report.json", encoding="utf-8") as file:
            size = json.load(file)["bytes"]
        files = ["-m", prefix + "_fake_quant_model.prototxt", "-w", prefix + "_fake_quant_weights.caffemodel"]
        curve.append(Point(size, judge.damage_of_files(files)))
    return curve


def prices_of(trial):
    """Those in its configuration LAYER=LEVELS@PRICE …; int8, which takes the place of more levels, has none."""
    return {layer.rpartition("=")[2].partition("@")[2] for layer in trial["configuration"].split(" ")} - {""}


def price_curve(judge, damage, calibration):
    """Of searches with limits about `damage`. The evaluator is this program: it ends no evaluation early."""
    points = {}
    for factor in (0.25, 1, 4):
        prefix = judge.folder + "/auto"
        judge.tool.call("auto", *judge.network.files, "-c", judge.config, "--eval-command", judge.command, *calibration,
                        "--weights-only", "--target", "packed", "--max-drop", factor * damage, "--max-evaluations", 10,
                        "-o", prefix, accepted=(0, 1))
        with open(prefix + "_report.json", encoding="utf-8") as file:
            trials = [trial for trial in json.load(file)["trials"] if prices_of(trial)]
        points.update({trial["configuration"]: Point(trial["bytes"], -trial["metric"])
                       for number, trial in enumerate(trials) if number == 0 or len(prices_of(trial)) == 1})
    return list(points.values())


# --- the table ---------------------------------------------------------------------------------------------------

def bytes_at(curve, damage):
    """None where the points do not bracket the damage."""
    points = sorted(curve, key=lambda point: point.damage)
    if not points or not points[0].damage <= damage <= points[-1].damage:
        return None
    logs = np.log([[max(point.damage, 1e-12), point.bytes] for point in points])
    return float(np.exp(np.interp(np.log(damage), logs[:, 0], logs[:, 1])))


def shown(curve, base):
    if curve is None:
        return "not installed"
    at = bytes_at(curve, base.damage)
    if at is not None:
        return f"{at / base.bytes:.3f}"
    nearest = min(curve, key=lambda point: abs(np.log(max(point.damage, 1e-12) / base.damage)), default=None)
    return "-" if nearest is None else f"{nearest.bytes / base.bytes:.2f} (damage {nearest.damage / base.damage:.2g})"


def nuq_curves(judge, damage):
    for target in ("palette", "packed"):
        yield f"nuq {target}", static_curve(judge, target)
    yield "nuq auto", price_curve(judge, damage, ["--calibration", judge.network.calibration])
    yield "nuq auto, no data", price_curve(judge, damage, [])


def gptq_curves(judge, _):
    entropy_curve, coded_curve = gptq_points(judge)
    yield "GPTQ, entropy", entropy_curve
    yield f"GPTQ, {CODER}", coded_curve


def nncodec_curves(judge, _):
    try:
        from nncodec import nnc
    except ImportError:
        yield "NNCodec", None
        return
    yield "NNCodec, one step", nncodec_curve(judge, nnc, has_one_step=True)
    yield "NNCodec, relative steps", nncodec_curve(judge, nnc, has_one_step=False)


METHODS = {"nuq": nuq_curves, "gptq": gptq_curves, "nncodec": nncodec_curves}


def print_curve(method, curve, base, with_points):
    print(f"  {method:24} {shown(curve, base)}", flush=True)
    for point in sorted(curve or []) if with_points else ():
        print(f"    {point.bytes:10.0f} {point.damage:.4g}")


def print_network(judge, methods, with_points):
    base, coded = k_means_points(judge, 32)
    weights = sum(layer.matrix.size for layer in judge.layers)
    print(f"{judge.network.name}: damage {base.damage:.3g}, 1.000 is {base.bytes:.0f} bytes "
          f"({8 * base.bytes / weights:.2f} bits per weight)")
    print_curve("k-means-32", [base], base, with_points)
    print_curve(f"k-means-32, {CODER}", [coded], base, with_points)
    for method in methods:
        for name, curve in METHODS[method](judge, base.damage):
            print_curve(name, curve, base, with_points)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    zoo.add_tool_argument(parser)
    parser.add_argument("--network", action="append", default=[], choices=NETWORKS,
                        help="of the zoo; may be given more than once (default: all, where no --files are given)")
    parser.add_argument("--files", action="append", default=[], nargs=4,
                        metavar=("MODEL", "WEIGHTS", "CALIBRATION", "TEST"),
                        help="another network and its dataset JSONs; may be given more than once")
    parser.add_argument("--method", action="append", choices=list(METHODS),
                        help="beside k-means; may be given more than once (default: all)")
    parser.add_argument("--images", type=int, default=1000, help="of each test set, the first ones (default: 1000)")
    parser.add_argument("--points", action="store_true", help="print all points of every method as well")
    parser.add_argument("--evaluate", nargs=4, help=argparse.SUPPRESS)  # ORIGINALS TEST MODEL WEIGHTS
    return parser.parse_args()


def networks_of(given):
    names = given.network or ([] if given.files else NETWORKS)
    folder = zoo.zoo_folder() if names else ""
    return [zoo.zoo_network(folder, name, given.images) for name in names] + [
        zoo.Network(os.path.basename(os.path.dirname(os.path.abspath(model))), model, weights, calibration,
                    zoo.Dataset(test, given.images)) for model, weights, calibration, test in given.files]


def main():
    given = arguments()
    tool = zoo.Tool(given.tool)
    if given.evaluate:
        originals, test, model, weights = given.evaluate
        print(-divergence(tool.outputs(["-m", model, "-w", weights], zoo.Dataset(test)), np.load(originals)))
        return 0
    for network in networks_of(given):
        with tempfile.TemporaryDirectory(prefix="nuq_peers_") as folder:
            print_network(Judge(tool, network, folder), given.method or METHODS, given.points)
    return 0


if __name__ == "__main__":
    sys.exit(main())
