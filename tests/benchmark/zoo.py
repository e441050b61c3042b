"""What the benchmarks in Python share: the labelled networks of the zoo, their datasets, and calls of the tool."""

import glob
import gzip
import io
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SAMPLES_PER_RUN = 500

# Folder in the zoo's models/ -> name of its datasets.
LABELLED = {
    "lenet_mnist": "mnist",
    "lenet_mnist_v1legacy": "mnist",
    "cifar10_quick_v1legacy": "cifar10_quick",
    "resnet20_cifar10": "resnet20",
    "deepface48": "deepface48",
    "hyperlpr_char": "hyperlpr_char",
}


# --- data --------------------------------------------------------------------------------------------------------

def array_of(path):
    """The array of a .npy file or of an IDX file of bytes, which gzip may have packed."""
    with (gzip.open if path.endswith(".gz") else open)(path, "rb") as file:
        content = file.read()
    if content[:6] == b"\x93NUMPY":
        return np.load(io.BytesIO(content))
    axes = content[3]
    extents = np.frombuffer(content, ">i4", axes, 4)
    return np.frombuffer(content, np.uint8, -1, 4 + 4 * axes).reshape(extents)


class Dataset:
    """The samples that a dataset's JSON file takes. Arrays of three axes are images of one channel."""

    def __init__(self, path, samples=None):
        with open(path, encoding="utf-8") as file:
            self.description = json.load(file)
        folder = os.path.dirname(os.path.abspath(path))
        for key in ("labels", "mean_file"):
            if key in self.description:
                self.description[key] = os.path.join(folder, self.description[key])
        first = self.description.pop("first", 0)
        count = min(self.description.pop("count", sys.maxsize), samples or sys.maxsize)
        files = {blob: os.path.join(folder, file) for blob, file in self.description["inputs"].items()}
        self.arrays = {blob: array_of(file)[first:first + count] for blob, file in files.items()}
        self.labels = None
        if "labels" in self.description:
            self.labels = array_of(self.description["labels"])[first:first + count]
        self.output = self.description["output"]

    def __len__(self):
        return len(next(iter(self.arrays.values())))

    def inputs(self, chosen=slice(None)):
        """What the network's inputs are fed with, by blob."""
        mean = np.float32(0)
        if "mean_file" in self.description:
            mean = array_of(self.description["mean_file"]).astype(np.float32)
        elif "mean" in self.description:
            mean = np.asarray(self.description["mean"], np.float32).reshape(-1, 1, 1)
        scale = np.float32(self.description.get("scale", 1))
        fed = {}
        for blob, array in self.arrays.items():
            values = array[chosen].astype(np.float32)
            fed[blob] = (values[:, None] if values.ndim == 3 else values) - mean
            fed[blob] *= scale
            fed[blob] /= np.asarray(self.description.get("std", 1), np.float32).reshape(-1, 1, 1)
        return fed

    def write(self, prefix, chosen=slice(None), **changed):
        """Writes chosen samples as a dataset with arrays of its own; its file. `changed` keys take other values."""
        description = {**self.description, **changed, "inputs": {}}
        for blob, array in self.arrays.items():
            description["inputs"][blob] = f"{prefix}_{len(description['inputs'])}.npy"
            np.save(description["inputs"][blob], array[chosen])
        if self.labels is not None:
            description["labels"] = prefix + "_labels.npy"
            np.save(description["labels"], self.labels[chosen].astype(np.int64))
        with open(prefix + ".json", "w", encoding="utf-8") as file:
            json.dump(description, file, indent=1)
        return prefix + ".json"


# --- networks ----------------------------------------------------------------------------------------------------

class Network:
    """A prototxt with its weights, and what calibrates and tests it: a dataset's JSON file, a `Dataset`."""

    def __init__(self, name, model, weights, calibration, test):
        self.name, self.model, self.weights = name, model, weights
        self.calibration, self.test = calibration, test

    @property
    def files(self):
        return ["-m", self.model, "-w", self.weights]


def zoo_folder():
    zoo = os.environ.get("NUQ_MODEL_ZOO", "")
    if not os.path.isdir(zoo + "/models"):
        sys.exit("NUQ_MODEL_ZOO names no folder with models/: nothing to measure")
    return os.path.abspath(zoo)


def zoo_network(zoo, name, samples=None):
    folder = f"{zoo}/models/{name}"
    models = sorted(glob.glob(folder + "/*.prototxt"))
    for key in ("derived", "deploy"):
        models = [file for file in models if key in os.path.basename(file)] or models
    weights = sorted(glob.glob(folder + "/*.caffemodel"))
    data = f"{zoo}/datasets/{LABELLED[name]}"
    return Network(name, models[0], weights[0], data + "_calibration.json", Dataset(data + "_test.json", samples))


# --- the tool ----------------------------------------------------------------------------------------------------

class Tool:
    def __init__(self, path, threads=0):
        if not os.access(path, os.X_OK):
            sys.exit(f"{path}: no program")
        self.path = os.path.abspath(path)
        self._command = [self.path, "--quiet", "--threads", str(threads)]

    def call(self, *arguments, accepted=(0,)):
        """Exit code of a call; ends the program where that is not accepted."""
        command = [*self._command, *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode not in accepted:
            sys.exit(f"{shlex.join(command)}: exit code {done.returncode}: {done.stderr.strip()}")
        return done.returncode

    def blobs(self, files, inputs, names):
        """Final values of blobs of the network `files` (-m, -w), for inputs by blob."""
        samples = len(next(iter(inputs.values())))
        parts = []
        for first in range(0, samples, SAMPLES_PER_RUN):
            with tempfile.TemporaryDirectory(prefix="nuq_benchmark_") as folder:
                arguments = []
                for number, (blob, values) in enumerate(inputs.items()):
                    np.save(f"{folder}/{number}.in.npy", values[first:first + SAMPLES_PER_RUN])
                    arguments += ["--input", f"{blob}={folder}/{number}.in.npy"]
                for name in names:
                    arguments += ["--blob", name]
                self.call("run", *files, *arguments, "--output-dir", folder)
                parts.append([np.load(f"{folder}/{re.sub('[^A-Za-z0-9_.-]', '_', name)}.npy") for name in names])
        return [np.concatenate(part) for part in zip(*parts)]

    def outputs(self, files, data):
        """What the network computes for each sample of a dataset: [samples, values]."""
        return self.blobs(files, data.inputs(), [data.output])[0].reshape(len(data), -1)


def add_tool_argument(parser):
    parser.add_argument("--tool", default=ROOT + "/build/release/bin/nuq",
                        help="the nuq program (default: that of build/release)")
