#!/usr/bin/env python3
"""Does a limit of accuracy hold on data that the search has not seen?

    NUQ_MODEL_ZOO=… tests/benchmark/held_out.py [--tool NUQ] [--save FILE.json] [--compare OTHER.json] [-- OPTION …]

Each labelled network's test set is split into two halves at random, several times. `nuq auto` searches on the first
half, weights-only, with the network's calibration data; the answer is judged on both. Options after `--` go to `auto`.
A row per network and limit, means over the splits: bytes, ratio to float32, drop of top-1 on the searched and on the
held-out half, standard error of the latter in one run (paired: of the mean over samples of right before minus right
after), answers whose held-out drop is above the limit, and above it by more than their standard error. Runs in which
no configuration satisfied are counted and left out of all else. `--compare` divides the bytes by those of the same
splits in an earlier file of `--save`, run by run; * marks runs whose earlier answer held on the held-out half.
"""

import argparse
import concurrent.futures
import json
import os
import sys
import tempfile

import numpy as np
import zoo

QUICKSTART = zoo.ROOT + "/examples/quickstart/"
LIMITS = (0.005, 0.01)


# --- runs --------------------------------------------------------------------------------------------------------

def quickstart_network(samples):
    test = zoo.Dataset(QUICKSTART + "fashion_search.json")
    held_out = zoo.Dataset(QUICKSTART + "fashion_held_out.json")
    test.arrays = {blob: np.concatenate([array, held_out.arrays[blob]])[:samples]
                   for blob, array in test.arrays.items()}
    test.labels = np.concatenate([test.labels, held_out.labels])[:samples]
    return zoo.Network("quickstart", QUICKSTART + "fashion_resnet.prototxt", QUICKSTART + "fashion_resnet.caffemodel",
                       QUICKSTART + "fashion_calibration.json", test)


def are_right(tool, files, data):
    """Sample by sample, whether the network's first largest output is the label's."""
    return tool.outputs(files, data).argmax(axis=1) == data.labels


def split_of(samples, seed):
    """Indices of two halves, each in the order of the data."""
    order = np.random.default_rng(seed).permutation(samples)
    return np.sort(order[:samples // 2]), np.sort(order[samples // 2:])


def judged_run(tool, network, config, searched, halves, limit, auto_options):
    """One search on the dataset file `searched`, the first of the halves; what became of it."""
    options = ["--data", searched, "--calibration", network.calibration, "--weights-only", "--max-drop", limit]
    with tempfile.TemporaryDirectory(prefix="nuq_held_out_") as folder:
        prefix = folder + "/net"
        if tool.call("auto", *network.files, "-c", config, *options, *auto_options, "-o", prefix, accepted=(0, 1)) != 0:
            return {"satisfied": False}
        with open(prefix + "_report.json", encoding="utf-8") as file:
            report = json.load(file)
        files = ["-m", prefix + "_fake_quant_model.prototxt", "-w", prefix + "_fake_quant_weights.caffemodel"]
        losses = network.right * 1.0 - are_right(tool, files, network.test)
    seen, held_out = losses[halves[0]], losses[halves[1]]
    reported = report["original_metric"] - report["metric"]
    if abs(reported - seen.mean()) > 1.5 / len(seen):  # a tie may be broken the other way
        sys.exit(f"{network.name}: the report has a drop of {reported}, its files one of {seen.mean()}")
    return {"satisfied": True, "bytes": report["bytes"], "ratio": report["ratio_float32"],
            "evaluations": report["evaluations"], "searched_drop": seen.mean(), "held_out_drop": held_out.mean(),
            "standard_error": held_out.std(ddof=1) / len(held_out)**0.5}


def runs_of_split(tool, network, config, seed, given):
    halves = split_of(len(network.test), seed)
    with tempfile.TemporaryDirectory(prefix="nuq_held_out_") as folder:
        searched = network.test.write(folder + "/searched", halves[0])
        return [{"network": network.name, "limit": limit, "seed": seed,
                 **judged_run(tool, network, config, searched, halves, limit, given.auto_options)}
                for limit in given.limit]


def all_runs(networks, tool, given):
    """Runs of every network; those that ended are saved as they come."""
    runs = []
    with tempfile.TemporaryDirectory(prefix="nuq_held_out_") as folder, \
            concurrent.futures.ThreadPoolExecutor(given.jobs) as pool:
        splits = []
        for network in networks:
            config = f"{folder}/{network.name}.json"
            tool.call("config", *network.files, "-o", config)
            network.right = are_right(tool, network.files, network.test)
            splits += [pool.submit(runs_of_split, tool, network, config, seed, given) for seed in range(given.splits)]
        for number, split in enumerate(concurrent.futures.as_completed(splits), 1):
            if split.exception():
                pool.shutdown(cancel_futures=True)
            runs += split.result()
            print(f"split {number} of {len(splits)}: {runs[-1]['network']}", file=sys.stderr)
            save(runs, given)
    order = [network.name for network in networks]
    return sorted(runs, key=lambda run: (order.index(run["network"]), run["limit"], run["seed"]))


def save(runs, given):
    if given.save:
        with open(given.save, "w", encoding="utf-8") as file:
            json.dump({"images": given.images, "auto_options": given.auto_options, "runs": runs}, file, indent=1)


# --- tables ------------------------------------------------------------------------------------------------------

def grouped(runs):
    """Runs by network and limit."""
    groups = {}
    for run in runs:
        groups.setdefault((run["network"], run["limit"]), []).append(run)
    return groups


def mean(runs, key):
    return np.mean([run[key] for run in runs])


def geometric_mean(values):
    return np.exp(np.mean(np.log(values)))


def held(run):
    return run["held_out_drop"] <= run["limit"] + 1e-9


def is_clearly_above(run):
    return run["held_out_drop"] - run["limit"] > run["standard_error"] + 1e-9


def print_table(runs):
    print(f"{'network':24} {'limit':>6} {'runs':>5} {'refused':>7} {'bytes':>8} {'ratio':>7} {'searched':>9} "
          f"{'held out':>9} {'std.err.':>9} {'above':>6} {'clearly':>7}")
    for (network, limit), group in grouped(runs).items():
        answers = [run for run in group if run["satisfied"]]
        line = f"{network:24} {limit:6g} {len(group):5} {len(group) - len(answers):7}"
        if answers:
            line += f" {mean(answers, 'bytes'):8.0f} {mean(answers, 'ratio'):7.2f}"
            for key in ("searched_drop", "held_out_drop", "standard_error"):
                line += f" {mean(answers, key):9.4f}"
            line += f" {sum(not held(run) for run in answers):6} {sum(map(is_clearly_above, answers)):7}"
        print(line)


def print_totals(runs):
    for limit in [*sorted({run["limit"] for run in runs}), None]:
        answers = [run for run in runs if run["satisfied"] and limit in (None, run["limit"])]
        if not answers:
            continue
        excess = np.mean([(run["held_out_drop"] - run["limit"]) / run["limit"] for run in answers])
        above, clearly = (np.mean(list(map(is_so, answers))) for is_so in (lambda run: not held(run), is_clearly_above))
        print(f"{'all limits' if limit is None else f'limit {limit:g}'}: {len(answers)} answers, held-out drop minus "
              f"limit {excess:+.2f} limits in the mean; above the limit {above:.0%}, by more than a standard error "
              f"{clearly:.0%}; bytes {geometric_mean([run['bytes'] for run in answers]):.0f} in the geometric mean")


def print_comparison(runs, other_runs):
    others = {(run["network"], run["limit"], run["seed"]): run for run in other_runs if run["satisfied"]}
    print("\nbytes, divided by those of the compared runs")
    every, better = [], []
    for (network, limit), group in grouped(runs).items():
        pairs = [(run, others[network, limit, run["seed"]]) for run in group
                 if run["satisfied"] and (network, limit, run["seed"]) in others]
        if not pairs:
            continue
        ratios = [run["bytes"] / other["bytes"] for run, other in pairs]
        where_held = [ratio for ratio, (_, other) in zip(ratios, pairs) if held(other)]
        every += ratios
        better += where_held
        shown = " ".join(f"{ratio:.2f}{'*' if held(other) else ' '}" for ratio, (_, other) in zip(ratios, pairs))
        print(f"{network:24} {limit:6g} {shown} mean {geometric_mean(ratios):.3f}"
              + (f", * {geometric_mean(where_held):.3f}" if where_held else ""))
    if every:
        print(f"{len(every)} runs: {geometric_mean(every):.3f} in the geometric mean, {min(every):.3f} to "
              f"{max(every):.3f}")
    if better:
        print(f"{len(better)} runs whose compared answer held: {geometric_mean(better):.3f}, {min(better):.3f} to "
              f"{max(better):.3f}")


# --- the program -------------------------------------------------------------------------------------------------

def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    zoo.add_tool_argument(parser)
    parser.add_argument("--network", action="append", choices=[*zoo.LABELLED, "quickstart"],
                        help="may be given more than once (default: all of the zoo; quickstart: on Fashion-MNIST)")
    parser.add_argument("--splits", type=int, default=10, help="of each network (default: 10)")
    parser.add_argument("--limit", type=float, action="append", help=f"largest accepted drop (default: {LIMITS})")
    parser.add_argument("--images", type=int, help="of each test set, the first ones (default: all)")
    parser.add_argument("--jobs", type=int, default=2, help="splits at the same time (default: 2)")
    parser.add_argument("--save", metavar="FILE.json", help="write the runs there")
    parser.add_argument("--compare", metavar="OTHER.json", help="compare with what --save wrote earlier")
    parser.add_argument("auto_options", nargs="*", help="after --: options of nuq auto")
    given = parser.parse_args()
    given.limit = given.limit or list(LIMITS)
    return given


def main():
    given = arguments()
    names = given.network or list(zoo.LABELLED)
    others = None
    if given.compare:
        with open(given.compare, encoding="utf-8") as file:
            others = json.load(file)
        if others["images"] != given.images:
            sys.exit(f"{given.compare}: made with --images {others['images']}, its splits are others")
    folder = zoo.zoo_folder()
    tool = zoo.Tool(given.tool, max(1, (os.cpu_count() or 1) // given.jobs))
    networks = [quickstart_network(given.images) if name == "quickstart"
                else zoo.zoo_network(folder, name, given.images) for name in names]
    runs = all_runs(networks, tool, given)
    save(runs, given)
    print_table(runs)
    print_totals(runs)
    if others:
        print_comparison(runs, others["runs"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
