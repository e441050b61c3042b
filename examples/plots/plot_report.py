#!/usr/bin/env python3
"""Draws what a search found: accuracy against bytes, and the bytes of each layer.

    python3 plot_report.py out/net_report.json            # writes out/net_report.png
    python3 plot_report.py out/net_report.json -o net.svg

Needs matplotlib.
"""

import argparse
import json
import sys


def draw_trials(axes, report):
    """Measured networks, the front of those that no other beats, the answer, and how sure it is."""
    trials = [trial for trial in report["trials"] if not trial["ended_early"]]
    guessed = [trial for trial in report["trials"] if trial["ended_early"]]
    for satisfied, colour, label in [(True, "tab:green", "accepted"), (False, "tab:red", "refused")]:
        shown = [trial for trial in trials if trial["satisfied"] == satisfied]
        axes.errorbar([trial["bytes"] for trial in shown], [trial["metric"] for trial in shown],
                      yerr=[trial.get("error") or 0 for trial in shown], fmt="o", color=colour, elinewidth=0.8,
                      label=label)
    front = sorted((trial["bytes"], trial["metric"]) for trial in trials if trial["non_dominated"])
    axes.plot(*zip(*front), color="tab:blue", linewidth=0.8, zorder=0, label="front")
    if report["satisfied"]:
        axes.plot(report["bytes"], report["metric"], "*", color="tab:blue", markersize=15, label="answer")
    axes.axhline(report["original_metric"], color="black", linewidth=0.8, linestyle=":", label="original")
    axes.set_xscale("log")
    axes.autoscale(False)  # predictions far below are out of sight
    axes.plot([trial["bytes"] for trial in guessed], [trial["metric"] for trial in guessed], "x", color="tab:grey",
              label="ended early: a prediction")
    axes.set_xlabel("bytes of all weights")
    axes.set_ylabel("metric")
    axes.legend()


def draw_layers(axes, report):
    """The bytes of each layer, and its bits per weight."""
    layers = report["layers"]
    axes.barh(range(len(layers)), [layer["bytes"] for layer in layers],
              color=["tab:blue" if layer["taken"] else "tab:grey" for layer in layers])
    for position, layer in enumerate(layers):
        text = f" {layer['bits_per_weight']:.2f} bits, {layer['levels']} levels" if layer["levels"] else " float"
        axes.text(layer["bytes"], position, text, va="center", fontsize="small")
    axes.set_yticks(range(len(layers)), [layer["name"] for layer in layers])
    axes.invert_yaxis()
    axes.margins(x=0.3)
    axes.set_xlabel("bytes")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("report", help="PREFIX_report.json of nuq auto")
    parser.add_argument("-o", "--output", help="picture to write; its ending is the format")
    arguments = parser.parse_args()
    try:
        import matplotlib  # pylint: disable=import-outside-toplevel
    except ImportError:
        sys.exit("plot_report.py: matplotlib is not installed (python3-matplotlib, or pip install matplotlib)")
    matplotlib.use("Agg")  # no window
    from matplotlib import pyplot  # pylint: disable=import-outside-toplevel

    with open(arguments.report, encoding="utf-8") as stream:
        report = json.load(stream)
    has_trials = bool(report.get("trials"))
    height = 2 + 0.3 * len(report["layers"])
    figure, axes = pyplot.subplots(1, 1 + has_trials, figsize=(8 * (1 + has_trials), max(5, height)), squeeze=False)
    if has_trials:
        draw_trials(axes[0][0], report)
    draw_layers(axes[0][-1], report)
    figure.tight_layout()
    output = arguments.output or arguments.report.removesuffix(".json") + ".png"
    figure.savefig(output, dpi=120)
    print(output)


if __name__ == "__main__":
    main()
