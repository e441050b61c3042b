#!/usr/bin/env python3
"""Measures top-1 accuracy with OpenCV or ONNX Runtime: an evaluator that nuq starts once.

    nuq auto ... --eval-server 'python3 top1_server.py test.json' --max-drop 0.01
    nuq auto ... --eval-server 'python3 top1_server.py test.json --drop 0.01'

The samples are those of a dataset file of nuq, read once.
"""

import argparse
import json
import os
import sys

import numpy as np

from evaluate import read_samples, values_of
from nuq_evaluator import AutoNuqEvaluatorBase


class Top1(AutoNuqEvaluatorBase):
    def __init__(self, load, dataset_file, evaluate_batch_num):
        """`load(model_file, weights_file)` returns outputs(inputs by name, name of the output)."""
        with open(dataset_file, encoding="utf-8") as stream:
            self.dataset = json.load(stream)
        self.load = load
        self.inputs, self.mean, self.labels = read_samples(self.dataset, os.path.dirname(dataset_file))
        self.evaluate_batch_num = evaluate_batch_num

    def eval_model(self, model_file, weights_file, batch_num):
        outputs_of = self.load(model_file, weights_file)
        batch_size = self.dataset["batch_size"]
        samples = min(len(self.labels), batch_num * batch_size) if batch_num else len(self.labels)
        correct = 0
        for begin in range(0, samples, batch_size):
            batch = slice(begin, min(begin + batch_size, samples))
            inputs = {blob: values_of(array[batch], self.mean, self.dataset) for blob, array in self.inputs.items()}
            outputs = outputs_of(inputs, self.dataset["output"]).reshape(len(self.labels[batch]), -1)
            hits = np.count_nonzero(outputs.argmax(axis=1) == self.labels[batch])
            correct += hits
            if not self.add_batch(hits / len(outputs), len(outputs)):
                break
        return correct / samples


class JudgingTop1(Top1):
    def __init__(self, drop, *arguments):
        super().__init__(*arguments)
        self.drop = drop

    def is_satisfied(self, original_metric, new_metric):
        return original_metric - new_metric <= self.drop + 1e-9


def load_by_opencv(model_file, weights_file):
    import cv2  # pylint: disable=import-outside-toplevel
    net = cv2.dnn.readNetFromCaffe(model_file, weights_file)

    def outputs_of(inputs, output):
        for name, array in inputs.items():
            net.setInput(array, name)
        return net.forward(output)
    return outputs_of


def load_by_onnxruntime(model_file, _):
    import onnxruntime  # pylint: disable=import-outside-toplevel
    session = onnxruntime.InferenceSession(model_file, providers=["CPUExecutionProvider"])
    return lambda inputs, output: session.run([output], inputs)[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", help="dataset file, with metric top1")
    parser.add_argument("--runtime", choices=["opencv", "onnxruntime"], default="opencv")
    parser.add_argument("--batch-num", type=int, default=0, help="batches of one evaluation; 0: all")
    parser.add_argument("--drop", type=float, help="what satisfies: no more than this is lost; otherwise --max-drop decides")
    arguments = parser.parse_args()
    load = {"opencv": load_by_opencv, "onnxruntime": load_by_onnxruntime}[arguments.runtime]
    try:
        __import__({"opencv": "cv2"}.get(arguments.runtime, arguments.runtime))
    except ImportError as error:
        sys.exit(f"top1_server.py: {error}: --runtime {arguments.runtime} is not installed")
    evaluator = (load, arguments.dataset, arguments.batch_num)
    (Top1(*evaluator) if arguments.drop is None else JudgingTop1(arguments.drop, *evaluator)).serve()


if __name__ == "__main__":
    main()
