#!/usr/bin/env python3
"""Measures top-1 accuracy with OpenCV: an evaluator for nuq in another language and on another framework.

    nuq auto ... --eval-command 'python3 evaluate.py {model} {weights} {batch_num} --data test.json' --max-drop 0.01

The samples are those of a dataset file of nuq (--data), or --images and --labels: .npy files, or IDX files as MNIST has
them, gzipped or not.  nuq reads the last line that is printed, and takes an exit code other than 0 as a failure.
"""

import argparse
import gzip
import json
import os
import struct
import sys

import numpy as np


def read_array(path):
    """The array of a .npy file, or of an IDX file of bytes: 0, 0, type, rank, big-endian sizes, elements."""
    with (gzip.open if path.endswith(".gz") else open)(path, "rb") as stream:
        if not path.removesuffix(".gz").endswith(".npy"):
            _, element_type, rank = struct.unpack(">HBB", stream.read(4))
            shape = struct.unpack(f">{rank}I", stream.read(4 * rank))
            return np.frombuffer(stream.read(), {8: np.uint8, 9: np.int8}[element_type]).reshape(shape)
        return np.load(stream)


def read_samples(dataset, folder):
    """The inputs by blob, [N, C, H, W] as stored, the mean to subtract, and the labels [N]."""
    def read(name):
        return read_array(os.path.join(folder, name))

    first = dataset.get("first", 0)
    taken = slice(first, first + dataset["count"] if "count" in dataset else None)
    inputs = {blob: read(name)[taken] for blob, name in dataset["inputs"].items()}
    inputs = {blob: array[:, None] if array.ndim == 3 else array for blob, array in inputs.items()}
    mean = np.array(dataset.get("mean", 0), np.float32).reshape(-1, 1, 1)
    if "mean_file" in dataset:
        mean = read(dataset["mean_file"]).astype(np.float32)
    labels = read(dataset["labels"])[taken].ravel()
    if any(len(array) != len(labels) for array in inputs.values()):
        sys.exit(f"inputs {[len(array) for array in inputs.values()]}, labels {len(labels)}: wanted one label per sample")
    return inputs, mean, labels


def values_of(samples, mean, dataset):
    """What the network gets for samples as they are stored."""
    deviation = np.array(dataset.get("std", 1), np.float32).reshape(-1, 1, 1)
    return (samples.astype(np.float32) - mean) * np.float32(dataset.get("scale", 1)) / deviation


def top1(net, dataset, folder, batch_num):
    """The share of the first `batch_num` batches' samples (0: all) whose largest output is that of their class."""
    inputs, mean, labels = read_samples(dataset, folder)
    batch_size = dataset["batch_size"]
    samples = min(len(labels), batch_num * batch_size) if batch_num else len(labels)
    correct = 0
    for begin in range(0, samples, batch_size):
        batch = slice(begin, min(begin + batch_size, samples))
        for blob, array in inputs.items():
            net.setInput(values_of(array[batch], mean, dataset), blob)
        outputs = net.forward(dataset["output"]).reshape(len(labels[batch]), -1)
        if not np.isfinite(outputs).all():
            sys.exit("the network's outputs are not finite")
        correct += np.count_nonzero(outputs.argmax(axis=1) == labels[batch])
    return correct / samples


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="prototxt")
    parser.add_argument("weights", help="caffemodel")
    parser.add_argument("batch_num", type=int, help="batches to evaluate; 0: all")
    parser.add_argument("--data", help="dataset file; the options below then do not count")
    parser.add_argument("--images", help="[N, C, H, W] or [N, H, W]")
    parser.add_argument("--labels", help="[N]")
    parser.add_argument("--batch-size", type=int, default=100)
    parser.add_argument("--mean", type=float, nargs="+", default=[0], help="one value, or one per channel")
    parser.add_argument("--scale", type=float, default=1.0, help="the network gets (image - mean) * scale")
    parser.add_argument("--input", default="data", help="blob that takes the images")
    parser.add_argument("--output", default="prob", help="layer whose output is judged")
    arguments = parser.parse_args()
    if not arguments.data and not (arguments.images and arguments.labels):
        parser.error("wanted --data, or --images and --labels")
    return arguments


def main():
    arguments = parse_arguments()
    if arguments.data:
        with open(arguments.data, encoding="utf-8") as stream:
            dataset = json.load(stream)
    else:
        dataset = {"inputs": {arguments.input: arguments.images}, "labels": arguments.labels, "mean": arguments.mean,
                   "scale": arguments.scale, "batch_size": arguments.batch_size, "output": arguments.output}
    if dataset.get("metric", "top1") != "top1":
        sys.exit(f"{arguments.data}: metric {dataset['metric']}, can measure top1")
    import cv2  # pylint: disable=import-outside-toplevel
    net = cv2.dnn.readNetFromCaffe(arguments.model, arguments.weights)
    net.enableFusion(False)
    print(top1(net, dataset, os.path.dirname(arguments.data or ""), arguments.batch_num))


if __name__ == "__main__":
    main()
