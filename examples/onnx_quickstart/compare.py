#!/usr/bin/env python3
"""Top-1 accuracy by ONNX Runtime and sizes of networks, .onnx or packed: compare.py DATASET.json NAME=FILE...

Packed files are computed from memory, by examples/serve_onnx/packed_session.py.
"""

import os
import sys
import zlib

EXAMPLES = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path += [f"{EXAMPLES}/command_evaluator", f"{EXAMPLES}/serve_onnx"]

import packed_session  # pylint: disable=wrong-import-position
from top1_server import Top1, load_by_onnxruntime  # pylint: disable=wrong-import-position


def load(model_file, weights_file):
    if not model_file.endswith(".nuq"):
        return load_by_onnxruntime(model_file, weights_file)
    session = packed_session.load(model_file, providers=["CPUExecutionProvider"])
    return lambda inputs, output: session.run([output], inputs)[0]


def main():
    judge = Top1(load, sys.argv[1], 0)
    print(f"\ntop-1 of {len(judge.labels)} images that the search has not seen, by ONNX Runtime")
    print(f"  {'':10}{'bytes':>9}{'zlib -9':>9}{'top-1':>9}")
    for name, _, path in (argument.partition("=") for argument in sys.argv[2:]):
        with open(path, "rb") as file:
            zipped = len(zlib.compress(file.read(), 9))
        print(f"  {name:10}{os.path.getsize(path):9}{zipped:9}{judge.eval_model(path, '', 0):9.4f}", flush=True)


if __name__ == "__main__":
    main()
