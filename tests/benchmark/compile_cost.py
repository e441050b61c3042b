"""The work of compile_cost.sh: the programs, the measurement, the table."""

import argparse
import os
import re
import shlex
import statistics
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
EIGEN, THIRD_PARTY = "Eigen/Core", "Eigen/Core, json, message.h"


class Program:
    """Something to compile; `base` names the program that its cost is compared with."""

    def __init__(self, name, text, base=None, bar=None, megabytes=None, compiled=False, optimization="-O0", alone=False):
        self.name, self.text, self.base, self.bar, self.megabytes = name, text, base, bar, megabytes
        self.options = [optimization] + (["-DNUQ_COMPILED"] if compiled else [])
        self.alone = alone  # with nuq's own headers in reach and no others
        self.costs = []     # (seconds, megabytes) of each repetition


def including(*headers):
    return "".join(f"#include <{header}>\n" for header in headers) + "int main() {}\n"


def evaluator_program():
    """The README's program with an evaluator."""
    with open(ROOT + "/README.md", encoding="utf-8") as readme:
        programs = re.findall(r"```cpp\n([^`]*)```", readme.read())
    return next(program for program in programs if "AutoNuqEvaluatorBase" in program)


def programs():
    return [
        Program(EIGEN, including("Eigen/Core")),
        Program(THIRD_PARTY, including("Eigen/Core", "nlohmann/json.hpp", "google/protobuf/message.h")),
        Program("nuq/packed.hpp", including("nuq/packed.hpp"), EIGEN, alone=True),
        Program("nuq/core.hpp", including("nuq/core.hpp"), EIGEN, 2.5),
        Program("nuq/nuq.hpp", including("nuq/nuq.hpp"), THIRD_PARTY, 3.5, 700),
        Program("nuq/core.hpp, nuq::compiled", including("nuq/core.hpp"), EIGEN, 1.3, compiled=True),
        Program("nuq/nuq.hpp, nuq::compiled", including("nuq/nuq.hpp"), THIRD_PARTY, 1.5, compiled=True),
        Program("README's evaluator, compiled, -O2", evaluator_program(), THIRD_PARTY, 2.0, compiled=True,
                optimization="-O2"),
    ]


def flags_of_package(name, fallback):
    try:
        return subprocess.run(["pkg-config", "--cflags", name], capture_output=True, text=True, check=True).stdout.split()
    except (OSError, subprocess.CalledProcessError):
        return fallback


def cost(command):
    """Processor seconds and peak memory in megabytes of a command and all that it starts."""
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = status
    if status != 0:
        raise SystemExit(f"compile_cost.sh: failed: {shlex.join(command)}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def measure(every, repetitions, compiler, include_flags):
    """Repetition by repetition, all programs in each, so that a busy hour meets all of them."""
    with tempfile.TemporaryDirectory(prefix="nuq_compile_cost_") as folder:
        for number, program in enumerate(every):
            with open(f"{folder}/{number}.cpp", "w", encoding="utf-8") as file:
                file.write(program.text)
        for repetition in range(repetitions):
            for number, program in enumerate(every):
                print(f"{repetition + 1} of {repetitions}: {program.name}", file=sys.stderr)
                program.costs.append(cost([*compiler, "-std=c++17", *program.options, "-I", ROOT + "/include",
                                           *([] if program.alone else include_flags), "-c", f"{folder}/{number}.cpp",
                                           "-o", f"{folder}/out.o"]))


def median_ratio(program, base):
    return statistics.median(one[0] / other[0] for one, other in zip(program.costs, base.costs))


def print_table(every):
    by_name = {program.name: program for program in every}
    print(f"{'compiled':34}  {'seconds':>7}  {'MB':>5}  {'ratio':>6}  {'bar':>5}  of")
    for program in every:
        seconds = statistics.median(one[0] for one in program.costs)
        megabytes = max(one[1] for one in program.costs)
        line = f"{program.name:34}  {seconds:7.2f}  {megabytes:5.0f}"
        if program.base in by_name:
            ratio = median_ratio(program, by_name[program.base])
            over = program.bar and (ratio > program.bar or (program.megabytes and megabytes > program.megabytes))
            bar = f"{program.bar:.1f}x" if program.bar else ""
            limit = f" and at most {program.megabytes} MB" if program.megabytes else ""
            line += f"  {ratio:5.2f}x  {bar:>5}  {program.base}{limit}{': OVER' if over else ''}"
        print(line)


def main():
    parser = argparse.ArgumentParser(prog="compile_cost.sh", description="Prints what including nuq costs.")
    parser.add_argument("build_tree", nargs="?", default=ROOT + "/build/release")
    parser.add_argument("--repetitions", type=int, default=3, help="medians of so many (default: 3)")
    parser.add_argument("--only", action="append", default=[], metavar="TEXT",
                        help="programs whose name holds TEXT, with those they are compared with")
    given = parser.parse_args()
    generated = given.build_tree + "/nuq_proto_generated"
    if not os.path.exists(generated + "/nuq/caffe.pb.h"):
        parser.error(f"{generated}: no generated headers; build the target nuq_proto there")
    every = programs()
    if given.only:
        chosen = [program for program in every if any(text in program.name for text in given.only)]
        names = {name for program in chosen for name in (program.name, program.base)}
        every = [program for program in every if program.name in names]
    compiler = shlex.split(os.environ.get("CXX", "g++"))
    include_flags = ["-isystem", generated, *flags_of_package("eigen3", ["-I/usr/include/eigen3"]),
                     *flags_of_package("protobuf", [])]
    measure(every, max(1, given.repetitions), compiler, include_flags)
    version = subprocess.run([*compiler, "--version"], capture_output=True, text=True, check=False).stdout
    print(f"{version.splitlines()[0] if version else compiler[0]}; processor seconds, medians of {given.repetitions}")
    print_table(every)
    return 0


if __name__ == "__main__":
    sys.exit(main())
