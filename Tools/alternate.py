"""Measures two builds of `yolo` in one run, in turns: old, new, new, old, and so on.

    python3 Tools/alternate.py OLD NEW --checkpoint yolov8n.pt yolov8s.pt [--imgsz 640] [--threads 1 2] [--rounds 15]
                               [--runs 10] [--options="--isa avx2"] [--cold-rounds 20] [--limit 1.02] [--cold-limit 1.03]
                               [--memory-limit 1.03] [--json FILE]

  network   every round starts `yolo benchmark` four times, --runs inferences each. The table has the median and the
            minimum of all inferences, the ratios new / old of both, and the median with quartiles of the rounds' own
            ratios, which drift of the machine's speed hardly touches.
  cold      a new process from its start to the printed JSON of `yolo predict`, as often as --cold-rounds says (twice a
            round and build): wall time, processor time and peak memory (the largest resident set, wait4). The first
            round is thrown away: the files are in the page cache. Both builds must print the same answer.

Exit status 1 if a ratio of medians exceeds its limit, or the answers differ; without limits nothing is too slow. Python's
standard library only. Measure on a quiet machine; the load before and after is printed.
"""
import argparse
import json
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from binaries import Binary, without_times

ROOT = Path(__file__).resolve().parents[1]

# Starts the command given as arguments and reports what it took. A small process of its own, because a child's peak memory
# begins with what its parent held.
STARTER = """
import os, sys, time
read, write = os.pipe()
start = time.perf_counter()
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, write, 1)])
os.close(write)
output = b""
while block := os.read(read, 65536):
    output += block
_, status, usage = os.wait4(child, 0)
taken = time.perf_counter() - start
sys.stdout.write(f"{taken} {usage.ru_maxrss} {usage.ru_utime + usage.ru_stime} {os.waitstatus_to_exitcode(status)}\\n")
sys.stdout.flush()
sys.stdout.buffer.write(output)
"""


def turns(old, new, rounds):
    """Yields (round, 0 or 1, binary) in the order A B B A."""
    for number in range(rounds):
        for side in (0, 1, 1, 0):
            yield number, side, (old, new)[side]


class Series:
    """Samples of two builds, by round."""

    def __init__(self):
        self.rounds = {}

    def add(self, number, side, values):
        self.rounds.setdefault(number, ([], []))[side].extend(values)

    def all(self, side):
        return [value for pair in self.rounds.values() for value in pair[side]]

    def median(self, side):
        return statistics.median(self.all(side))

    @property
    def ratio(self):
        return self.median(1) / self.median(0)

    @property
    def minimum_ratio(self):
        return min(self.all(1)) / min(self.all(0))

    @property
    def paired(self):
        """The median of the rounds' own ratios, and their quartiles."""
        ratios = [statistics.median(new) / statistics.median(old) for old, new in self.rounds.values()]
        quartiles = statistics.quantiles(ratios, n=4, method="inclusive") if len(ratios) > 1 else ratios * 3
        return statistics.median(ratios), quartiles[0], quartiles[2]

    def columns(self):
        paired, low, high = self.paired
        return (f"{self.median(0):.2f} | {self.median(1):.2f} | {self.ratio:.3f} | {min(self.all(0)):.2f} | "
                f"{min(self.all(1)):.2f} | {self.minimum_ratio:.3f} | {paired:.3f} ({low:.3f}–{high:.3f})")

    def figures(self):
        return {"old": {"median": self.median(0), "minimum": min(self.all(0))},
                "new": {"median": self.median(1), "minimum": min(self.all(1))},
                "ratio": self.ratio, "minimumRatio": self.minimum_ratio, "pairedRatio": self.paired,
                "samples": len(self.all(0))}


HEADINGS = ("old median | new median | ratio | old minimum | new minimum | ratio | ratio of a round (quartiles) |\n"
            "|---|---|---:|---:|---:|---:|---:|---:|---:|")


def measure_network(arguments, old, new, checkpoint, threads):
    """Returns the latencies of the network alone, in ms."""
    series = Series()
    command = ["benchmark", "--model", checkpoint, "--imgsz", arguments.imgsz, "--threads", threads, "--runs", arguments.runs,
               "--format", "json", *arguments.options]
    for number, side, binary in turns(old, new, arguments.rounds):
        done = binary.run(command)
        if done.code != 0:
            raise SystemExit(f"{' '.join(done.command)}: {done.errors.decode(errors='replace').strip()}")
        series.add(number, side, json.loads(done.output)["latencies"]["inference"])
    return series


def start_cold(binary, command):
    """Returns (ms, processor ms, MiB, output) of one new process."""
    line = binary.command(command)
    done = subprocess.run([sys.executable, "-S", "-E", "-c", STARTER, *line], capture_output=True, cwd=binary.directory)
    head, _, output = done.stdout.partition(b"\n")
    fields = head.split()
    if done.returncode != 0 or len(fields) != 4 or fields[3] != b"0":
        raise SystemExit(f"{' '.join(line)}: {done.stderr.decode(errors='replace').strip()[-500:]}")
    return float(fields[0]) * 1000, float(fields[2]) * 1000, int(fields[1]) / 1024, without_times(output, binary.version)


def measure_cold(arguments, old, new, checkpoint, threads):
    """Returns the three series of cold runs, and whether all answers were the same."""
    series, answers = [Series(), Series(), Series()], set()
    command = ["predict", "--model", checkpoint, "--source", arguments.source, "--imgsz", arguments.imgsz, "--threads", threads,
               "--format", "json", *arguments.options]
    for number, side, binary in turns(old, new, arguments.cold_rounds + 1):
        *values, output = start_cold(binary, command)
        answers.add(output)
        if number > 0:
            for quantity, value in zip(series, values):
                quantity.add(number, side, [value])
    return series, len(answers) == 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0], epilog="See the head of this file.")
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--checkpoint", type=Path, nargs="+", required=True)
    parser.add_argument("--imgsz", default="640")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=15, help="0 leaves the network out")
    parser.add_argument("--runs", type=int, default=10, help="inferences of one benchmark")
    parser.add_argument("--cold-rounds", type=int, default=20, help="0 leaves the cold runs out")
    parser.add_argument("--source", type=Path, default=ROOT / "Weights" / "shapes.jpg", help="the image of the cold runs")
    parser.add_argument("--options", type=shlex.split, default=[], help="more flags for both commands, in one argument")
    parser.add_argument("--limit", type=float, help="the largest allowed ratio of the network's medians")
    parser.add_argument("--cold-limit", type=float, help="the same of the cold runs' wall times")
    parser.add_argument("--memory-limit", type=float, help="the same of the cold runs' peak memory")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    arguments = parser.parse_args()
    arguments.source = arguments.source.resolve()
    checkpoints = [path.resolve() for path in arguments.checkpoint]
    for path in (*checkpoints, arguments.source):
        if not path.is_file():
            parser.error(f"{path} is no file")

    failures, figures = [], {}

    def row(title, series, limit, key):
        print(f"| {title} | {series.columns()} |", flush=True)
        figures[f"{title}, {key}"] = series.figures()
        if limit and series.ratio > limit:
            failures.append(f"{title}, {key}: {series.ratio:.3f} exceeds {limit}")

    with tempfile.TemporaryDirectory(prefix="alternate-") as directory:
        old = Binary(arguments.old, Path(directory) / "old")
        new = Binary(arguments.new, Path(directory) / "new")
        print(f"old {old.path} ({old.version})\nnew {new.path} ({new.version})\n"
              f"imgsz {arguments.imgsz}; {' '.join(arguments.options)}\n"
              f"load before: {os.getloadavg()[0]:.2f} on {os.cpu_count()} processors\n")
        if arguments.rounds:
            print(f"Network alone, ms; {arguments.rounds} rounds of 2 x {arguments.runs} inferences each\n\n"
                  f"| checkpoint | threads | {HEADINGS}")
            for checkpoint in checkpoints:
                for threads in arguments.threads:
                    series = measure_network(arguments, old, new, checkpoint, threads)
                    row(f"{checkpoint.name} | {threads}", series, arguments.limit, "network ms")
        if arguments.cold_rounds:
            print(f"\nCold `yolo predict`, {arguments.cold_rounds} rounds of 2 processes each\n\n"
                  f"| checkpoint, threads | quantity | {HEADINGS}")
            for checkpoint in checkpoints:
                for threads in arguments.threads:
                    (wall, processor, memory), are_equal = measure_cold(arguments, old, new, checkpoint, threads)
                    name = f"{checkpoint.name}, {threads}"
                    row(f"{name} | wall ms", wall, arguments.cold_limit, "cold")
                    row(f"{name} | processor ms", processor, None, "cold")
                    row(f"{name} | peak MiB", memory, arguments.memory_limit, "cold")
                    if not are_equal:
                        failures.append(f"{name}: the answers differ")
    print(f"\nload after: {os.getloadavg()[0]:.2f}")
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")
    for failure in failures:
        print(f"FAIL {failure}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
