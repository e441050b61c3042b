#!/usr/bin/env python3
"""Draws the pictures of include/nuq/concepts.md that show data: levels.svg, sizes.svg and search.svg.

    tests/benchmark/draw_pictures.py NUQ [FOLDER]

NUQ is the built tool, FOLDER where the pictures go (include/nuq/pictures otherwise). The data are those of the quickstart's
network: weights of one layer, the files of four runs, the trials of a search. Takes about a minute.
"""

import json
import math
import os
import re
import subprocess
import sys
import tempfile

import numpy as np
from caffe_files import Caffemodel

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
EXAMPLE = ROOT + "/examples/quickstart/"
LAYER = "block4_conv2"

# Read well on white and on black.
INK, BLUE, ORANGE = "#77808a", "#3b82f6", "#e07b1a"


# --- data --------------------------------------------------------------------------------------------------------

def quantize(nuq, folder, name, options, config=None):
    files = ["-m", EXAMPLE + "fashion_resnet.prototxt", "-w", EXAMPLE + "fashion_resnet.caffemodel"]
    config_file = f"{folder}/{name}.json"
    subprocess.run([nuq, "--quiet", "config", *files, "-o", config_file], check=True, stderr=subprocess.DEVNULL)
    if config is not None:
        with open(config_file, encoding="utf-8") as file:
            layers = json.load(file)
        for layer in layers.values():
            if isinstance(layer, dict):
                layer["weight_quant_params"] = config
        with open(config_file, "w", encoding="utf-8") as file:
            json.dump(layers, file)
    prefix = f"{folder}/{name}/net"
    subprocess.run([nuq, "--quiet", options[0], *files, "-c", config_file, "--weights-only", "-o", prefix, *options[1:]],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return prefix


def levels_of(prefix, layer):
    """The int8 level of each weight: the fake-quant weights divided by their channel's scale."""
    weights = Caffemodel(prefix + "_fake_quant_weights.caffemodel").weights(layer)
    with open(prefix + "_record.txt", encoding="utf-8") as file:
        record = re.search(r'key: "' + layer + r'".*?(?=\nrecord|\Z)', file.read(), re.DOTALL).group()
    scales = np.array([float(value) for value in re.findall(r"scale_w: (\S+)", record)])
    return np.rint(weights.reshape(len(scales), -1) / scales[:, None]).astype(int).ravel()


def entropy(levels):
    share = np.unique(levels, return_counts=True)[1] / len(levels)
    return -(share * np.log2(share)).sum()


# --- drawing -----------------------------------------------------------------------------------------------------

class Drawing:
    def __init__(self, width, height, title):
        self.parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
                      f'font-family="sans-serif" font-size="13"><title>{title}</title>']

    def line(self, x1, y1, x2, y2, colour=INK, width=1, more=""):
        self.parts.append(f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="{colour}" stroke-width="{width}"{more}/>')

    def bar(self, x, y, width, height, colour):
        self.parts.append(f'<path d="M{x:.1f} {y:.1f}h{width:.1f}v{height:.1f}h{-width:.1f}z" fill="{colour}"/>')

    def dot(self, x, y, colour, is_filled):
        self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{colour if is_filled else "none"}" stroke="{colour}" '
                          'stroke-width="2"/>')

    def text(self, x, y, text, anchor="start", more=""):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{INK}"{more}>{text}</text>')

    def write(self, path):
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(self.parts) + "\n</svg>\n")


def draw_levels(int8, few, path):
    """A histogram of the weights in units of their scale: at all levels, and at the chosen ones."""
    drawing = Drawing(760, 400, f"Weights of layer {LAYER} at 256 and at 16 levels")
    place = lambda level: 20 + (level + 128) * 720 / 256
    for top, levels, words in ((34, int8, "each int8 level"), (222, few, "16 chosen levels")):
        values, counts = np.unique(levels, return_counts=True)
        bottom = top + 130
        height = 118 / counts.max()
        for value, count in zip(values, counts):
            width = 2.0 if levels is int8 else 5.0
            drawing.bar(place(value) + 1.4 - width / 2, bottom - count * height, width, count * height,
                        BLUE if levels is int8 else ORANGE)
        drawing.line(20, bottom, 740, bottom)
        for level in (-128, -64, 0, 64, 127):
            drawing.text(place(level) + 1.4, bottom + 17, str(level).replace("-", "−"), "middle")
        drawing.text(20, top - 12, f"{words}: {len(values)} in use", more=' font-weight="bold"')
        index = 8 if levels is int8 else 4
        drawing.text(740, top - 12, f"index {index} bits, entropy {entropy(levels):.2f} bits per weight", "end")
    drawing.text(380, 390, f"weight / scale; {len(int8):,} weights of {LAYER}", "middle")
    drawing.write(path)


def draw_sizes(rows, path):
    drawing = Drawing(760, 30 + 44 * len(rows), "Sizes of the quickstart's network")
    most = max(size for _, size in rows)
    for number, (words, size) in enumerate(rows):
        y = 24 + 44 * number
        drawing.text(20, y, words)
        drawing.bar(20, y + 6, 560 * size / most, 14, INK if number == 0 else BLUE)
        drawing.text(28 + 560 * size / most, y + 18, f"{size:,} bytes", more=' font-weight="bold"')
    drawing.write(path)


def draw_search(report, path):
    """Metric against bytes of everything that was evaluated; the metric below the axis is marked at its foot."""
    drawing = Drawing(760, 400, "The trials of a search")
    original, drop = report["original_metric"], 0.01
    least, greatest = 0.9185, 0.9385
    x = lambda size: 70 + (math.log(size) - math.log(10e3)) * 660 / math.log(20)
    y = lambda metric: 320 - (max(metric, least) - least) * 290 / (greatest - least)
    for tick in (10, 20, 50, 100, 200):
        drawing.line(x(1e3 * tick), 320, x(1e3 * tick), 325)
        drawing.text(x(1e3 * tick), 341, f"{tick},000", "middle")
    for tick in (0.92, 0.925, 0.93, 0.935):
        drawing.line(65, y(tick), 70, y(tick))
        drawing.text(60, y(tick) + 4, f"{tick:.3f}", "end")
    drawing.line(70, 30, 70, 320)
    drawing.line(70, 320, 735, 320)
    for metric, words in ((original, f"original {original:.4f}"), (original - drop, f"limit: original − {drop}")):
        drawing.line(70, y(metric), 735, y(metric), INK, 1, ' stroke-dasharray="5 4"')
        drawing.text(78, y(metric) - 6, words)
    for trial in report["trials"]:
        size, metric = trial["bytes"], trial["metric"]
        colour = BLUE if trial["satisfied"] else ORANGE
        if metric >= least:
            drawing.line(x(size), y(metric - trial["error"]), x(size), y(metric + trial["error"]), colour, 1.5)
            drawing.dot(x(size), y(metric), colour, trial["satisfied"])
        else:
            drawing.line(x(size), 290, x(size), 314, colour, 2)
            drawing.line(x(size) - 5, 307, x(size), 314, colour, 2)
            drawing.line(x(size) + 5, 307, x(size), 314, colour, 2)
            drawing.text(x(size) + 10, 305, f"{metric:.3f}, ended early")
    drawing.line(x(report["bytes"]) + 5, y(report["metric"]) + 5, x(report["bytes"]) + 40, y(0.9215))
    drawing.text(x(report["bytes"]) + 46, y(0.9215) + 5, f"answer: {report['bytes']:,} bytes, {report['metric']:.4f}", "start",
                 ' font-weight="bold"')
    drawing.text(402, 362, "bytes of all weights, packed (logarithmic)", "middle")
    for at, colour, is_filled, words in ((250, BLUE, True, "passes"), (330, ORANGE, False, "refused")):
        drawing.dot(at, 384, colour, is_filled)
        drawing.text(at + 12, 388, words)
    drawing.text(412, 388, "bars: one standard error of the change")
    drawing.write(path)


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    nuq = os.path.abspath(sys.argv[1])
    pictures = sys.argv[2] if len(sys.argv) == 3 else ROOT + "/include/nuq/pictures"
    with tempfile.TemporaryDirectory() as folder:
        int8 = quantize(nuq, folder, "int8", ["quantize"], {"wts_algo": "arq_quantize"})
        few = quantize(nuq, folder, "few", ["quantize", "--target", "palette", "--codebook", "optimal", "--assigner", "nearest"],
                       {"wts_algo": "nuq_quantize", "num_steps": 16})
        found = quantize(nuq, folder, "found", ["auto", "--data", EXAMPLE + "fashion_search.json", "--calibration",
                                                EXAMPLE + "fashion_calibration.json", "--max-drop", "0.01"])
        draw_levels(levels_of(int8, LAYER), levels_of(few, LAYER), pictures + "/levels.svg")
        draw_sizes([("caffemodel, float32", os.path.getsize(EXAMPLE + "fashion_resnet.caffemodel")),
                    (".nuq, int8 in every layer", os.path.getsize(int8 + ".nuq")),
                    (".nuq, 16 levels in every layer, each weight at the nearest", os.path.getsize(few + ".nuq")),
                    (".nuq, answer of the search (one point of accuracy may be lost)", os.path.getsize(found + ".nuq"))],
                   pictures + "/sizes.svg")
        with open(found + "_report.json", encoding="utf-8") as file:
            draw_search(json.load(file), pictures + "/search.svg")


if __name__ == "__main__":
    main()
