#!/usr/bin/env python3
"""Forward time of the engine against ONNX Runtime, one thread each, in turns within one run.

    NUQ_MODEL_ZOO=… tests/benchmark/onnx_speed.py [--program PROGRAM] [--seconds S] [MODEL …]

Needs onnxruntime (pip). A row per reference case of `onnx/models` that the engine computes: milliseconds of a forward
pass, medians of both, and their ratio; the largest deviation from ONNX Runtime, over its largest value. Networks that
the engine declines are listed with its reason. The last line is the median of the ratios.
"""

import argparse
import glob
import os
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import onnxruntime

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def session_of(model):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def file_name(name):
    return "".join(c if c.isascii() and (c.isalnum() or c in "_.-") else "_" for c in name)


class Engine:
    """The benchmark's program with one model."""

    def __init__(self, program, model, inputs, folder):
        arguments = []
        for name, array in inputs.items():
            path = os.path.join(folder, file_name(name) + ".npy")
            np.save(path, array)
            arguments.append(f"{name}={path}")
        self.output = os.path.join(folder, "output.npy")
        self.process = subprocess.Popen([program, model, self.output, *arguments], stdin=subprocess.PIPE, text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def milliseconds(self):
        """Of one forward pass; None where the network cannot be computed."""
        try:
            self.process.stdin.write("\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return None
        line = self.process.stdout.readline()
        return float(line) if line else None

    def close(self):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        problem = self.process.stderr.read().strip()
        self.process.wait()
        return problem


def compare(program, model, inputs, seconds):
    """Milliseconds of the engine and of ONNX Runtime, deviation, or the engine's reason."""
    session = session_of(model)
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine(program, model, inputs, folder)
        if engine.milliseconds() is None:
            return None, engine.close()
        wanted = np.asarray(session.run(None, inputs)[0], np.float64)
        got = np.load(engine.output).reshape(wanted.shape)
        deviation = np.abs(got - wanted).max() / max(np.abs(wanted).max(), 1e-30)
        ours, theirs = [], []
        end = time.monotonic() + seconds
        while len(ours) < 5 or time.monotonic() < end:
            ours.append(engine.milliseconds())
            start = time.perf_counter()
            session.run(None, inputs)
            theirs.append(1e3 * (time.perf_counter() - start))
        engine.close()
    return (statistics.median(ours), statistics.median(theirs), deviation), None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=ROOT + "/build/release/bin/nuq_benchmark_onnx_forward")
    parser.add_argument("--seconds", type=float, default=2.0, help="for each case")
    parser.add_argument("models", nargs="*", metavar="MODEL", help="folders of onnx/models; default: all")
    arguments = parser.parse_args()
    if "NUQ_MODEL_ZOO" not in os.environ:
        sys.exit("NUQ_MODEL_ZOO names no folder with onnx/")
    zoo = os.path.join(os.environ["NUQ_MODEL_ZOO"], "onnx")
    names = arguments.models or sorted(os.listdir(zoo + "/models"))
    ratios, declined = [], []
    print(f"{'model':26} {'case':>4} {'engine ms':>10} {'ORT ms':>8} {'ratio':>6} {'deviation':>9}")
    for name in names:
        model = f"{zoo}/models/{name}/model.onnx"
        known = {file_name(value.name): value.name for value in session_of(model).get_inputs()}
        cases = sorted({os.path.basename(file).split("__")[0] for file in glob.glob(f"{zoo}/reference/{name}/*__in_*")})
        for case in cases:
            prefix = f"{zoo}/reference/{name}/{case}__in_"
            inputs = {known[file[len(prefix):-4]]: np.load(file) for file in glob.glob(prefix + "*.npy")}
            figures, problem = compare(arguments.program, model, inputs, arguments.seconds)
            if problem is not None:
                declined.append(f"{name} {case}: {problem}")
                continue
            ours, theirs, deviation = figures
            ratios.append(ours / theirs)
            print(f"{name:26} {case:>4} {ours:10.3f} {theirs:8.3f} {ratios[-1]:6.2f} {deviation:9.1e}", flush=True)
    for line in declined:
        print("declined:", line)
    if ratios:
        print(f"{len(ratios)} cases, median ratio {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
