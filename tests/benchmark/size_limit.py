#!/usr/bin/env python3
"""The best accuracy within a size, against the smallest size within an accuracy.

    NUQ_MODEL_ZOO=… tests/benchmark/size_limit.py [--tool NUQ] [-- OPTION …]

For each labelled network, weights-only and with its calibration data: `nuq auto --max-drop` first, then `nuq auto
--max-bytes` with the bytes that it ended at. A row per network: bytes and metric of both, evaluations. Exit code 1 where
the second is larger than allowed or less accurate than the first. Options after `--` go to both.
"""

import argparse
import json
import sys
import tempfile

import zoo


def search(tool, network, config, options, prefix):
    """The report of one search; absent where nothing satisfies."""
    data = ["--data", network.data, "--calibration", network.calibration, "--weights-only"]
    if tool.call("auto", *network.files, "-c", config, *data, *options, "-o", prefix, accepted=(0, 1)) != 0:
        return None
    with open(prefix + "_report.json", encoding="utf-8") as file:
        return json.load(file)


def compared(tool, network, max_drop, options):
    """Whether the search within a size is as good; prints its row."""
    with tempfile.TemporaryDirectory(prefix="nuq_size_limit_") as folder:
        config = folder + "/config.json"
        tool.call("config", *network.files, "-o", config)
        network.data = network.test.write(folder + "/data")
        by_drop = search(tool, network, config, ["--max-drop", max_drop, *options], folder + "/drop")
        if by_drop is None:
            print(f"{network.name:24} nothing satisfies")
            return True
        limit = by_drop["bytes"]
        by_size = search(tool, network, config, ["--max-bytes", limit, *options], folder + "/size")
    if by_size is None:
        print(f"{network.name:24} {limit:9} {by_drop['metric']:8.4f}   nothing within this size")
        return False
    good = by_size["bytes"] <= limit and by_size["metric"] >= by_drop["metric"]
    print(f"{network.name:24} {limit:9} {by_drop['metric']:8.4f} {by_drop['evaluations']:5} {by_size['bytes']:9} "
          f"{by_size['metric']:8.4f} {by_size['evaluations']:5}{'' if good else '   worse'}", flush=True)
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    zoo.add_tool_argument(parser)
    parser.add_argument("--network", action="append", choices=list(zoo.LABELLED), help="may be given more than once")
    parser.add_argument("--max-drop", type=float, default=0.01, help="of the first search (default: 0.01)")
    parser.add_argument("options", nargs="*", help="after --: options of nuq auto")
    given = parser.parse_args()
    folder = zoo.zoo_folder()
    tool = zoo.Tool(given.tool)
    print(f"{'network':24} {'--max-drop':>24} {'--max-bytes':>24}")
    print(f"{'':24} {'bytes':>9} {'metric':>8} {'eval.':>5} {'bytes':>9} {'metric':>8} {'eval.':>5}")
    networks = [zoo.zoo_network(folder, name) for name in given.network or zoo.LABELLED]
    sys.exit(0 if all([compared(tool, network, given.max_drop, given.options) for network in networks]) else 1)


if __name__ == "__main__":
    main()
