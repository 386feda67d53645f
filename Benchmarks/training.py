"""Measures a step of `yolo train` beside one of Ultralytics' trainer on the same images, in alternating runs.

    python Benchmarks/training.py [--yolo .build/release/yolo] [--rounds 3] [--steps 8] [--threads 1 2]
        [--case v8n-640-4 …] [--json FILE]

Needs the upstream environment (Ultralytics on CPU torch) and an otherwise idle machine. A run is a training of one epoch
of new weights, without evaluation and plots, of the loader, the network, the loss, the backward pass and the optimizer; a
step is the time from the end of one batch to the end of the next. The first steps of each run are left out: both
fill their caches there. Memory is the peak of the process. The drawings of Tools/shapes.py are the images.
"""
import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WARMUP = 2


@dataclass(frozen=True)
class Case:
    """A network with the size of its input and of its batch."""

    model: str
    task: str
    imgsz: int
    batch: int


CASES = {
    "v8n-640-4": Case("yolov8n.yaml", "detect", 640, 4),
    "v8n-320-4": Case("yolov8n.yaml", "detect", 320, 4),
    "11n-640-4": Case("yolo11n.yaml", "detect", 640, 4),
    "26n-640-4": Case("yolo26n.yaml", "detect", 640, 4),
    "v8n-cls-224-16": Case("yolov8n-cls.yaml", "classify", 224, 16),
}
# Ultralytics' trainer, told to report the end of each batch.
PEER = """
import json, os, sys, time
arguments = json.loads(sys.argv[1])
threads = arguments.pop("threads")
import torch
from ultralytics import YOLO
def report(trainer):
    print("STEP", time.monotonic(), flush=True)
def pin(trainer):
    torch.set_num_threads(threads)
model = YOLO(arguments.pop("model"), task=arguments.pop("task"))
for event in ("on_pretrain_routine_end", "on_train_start", "on_train_epoch_start"):
    model.add_callback(event, pin)
model.add_callback("on_train_batch_end", report)
model.train(**arguments)
"""


def draw(directory, case, steps):
    """Draws the images of a case; returns what both trainers open."""
    sys.path.insert(0, str(ROOT / "Tools"))
    import shapes

    count = case.batch * steps
    target = directory / f"{case.task}-{case.imgsz}-{count}"
    if not target.exists():
        unused = len(shapes.CLASSES) if case.task == "classify" else case.batch
        shapes.write_dataset(target, {"train": count, "val": unused}, case.imgsz, 5, task=case.task)
    return target if case.task == "classify" else target / "data.yaml"


def measure(command, is_end, environment, directory):
    """Runs a training; returns the seconds of its steps and the peak of its memory in MiB."""
    times = []
    log = directory / "training.log"
    with open(log, "w") as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, cwd=directory,
                                   env={**os.environ, **environment})
        for line in process.stdout:
            if is_end(line):
                times.append(time.monotonic())
        _, status, usage = os.wait4(process.pid, 0)
    if status != 0 or len(times) <= WARMUP + 1:
        sys.exit(f"{command[0]} ended with {status} after {len(times)} steps:\n{log.read_text()[-2000:]}")
    steps = [after - before for before, after in zip(times, times[1:])]
    return steps[WARMUP:], usage.ru_maxrss / 1024


def ours(yolo, case, data, threads, directory):
    command = [str(yolo), "train", f"model={case.model}", f"data={data}", f"imgsz={case.imgsz}", f"batch={case.batch}",
               "epochs=1", "val=false", "plots=false", "save=false", "optimizer=SGD", "lr0=0.01", f"project={directory}/runs",
               "name=ours", "exist_ok=true", "--format", "json", "--threads", str(threads)]
    return measure(command, lambda line: '"event":"progress"' in line.replace(" ", ""), {}, directory)


def peer(case, data, threads, directory):
    arguments = dict(model=case.model, task=case.task, data=str(data), imgsz=case.imgsz, batch=case.batch, epochs=1,
                     val=False, plots=False, save=False, optimizer="SGD", lr0=0.01, project=f"{directory}/runs",
                     name="peer", exist_ok=True, workers=0, device="cpu", amp=False, pretrained=False, verbose=False,
                     threads=threads)
    environment = {"OMP_NUM_THREADS": str(threads), "YOLO_OFFLINE": "true"}
    return measure([sys.executable, "-c", PEER, json.dumps(arguments)], lambda line: line.startswith("STEP"),
                   environment, directory)


def row(name, threads, found):
    """Returns the figures of a case: milliseconds of a step, MiB, and the ratios of ours to the peer's."""
    figures = {"case": name, "threads": threads}
    for program, (steps, memory) in found.items():
        figures[program] = {"median": round(1000 * statistics.median(steps), 1), "minimum": round(1000 * min(steps), 1),
                            "steps": len(steps), "memory": round(memory, 1)}
    for figure in ("median", "minimum", "memory"):
        figures[f"{figure} ratio"] = round(figures["ours"][figure] / figures["peer"][figure], 3)
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--yolo", type=Path, default=ROOT / ".build/release/yolo")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=8, help="batches of a run")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--case", nargs="+", choices=CASES, default=list(CASES), dest="cases")
    parser.add_argument("--json", type=Path, help="where the figures are written, too")
    arguments = parser.parse_args()
    yolo = arguments.yolo.resolve()
    rows = []
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores; milliseconds a step, MiB")
    print("| case | threads | ours median (min) | peer median (min) | ratio of medians (minima) | memory ours / peer |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as scratch:
        directory = Path(scratch)
        for name in arguments.cases:
            case = CASES[name]
            data = draw(directory, case, arguments.steps)
            for threads in arguments.threads:
                found = {"ours": ([], 0), "peer": ([], 0)}
                for _ in range(arguments.rounds):
                    for program in found:
                        steps, memory = (ours(yolo, case, data, threads, directory) if program == "ours"
                                         else peer(case, data, threads, directory))
                        found[program] = (found[program][0] + steps, max(found[program][1], memory))
                figures = row(name, threads, found)
                rows.append(figures)
                mine, other = figures["ours"], figures["peer"]
                print(f"| {name} | {threads} | {mine['median']} ({mine['minimum']}) | {other['median']} "
                      f"({other['minimum']}) | {figures['median ratio']} ({figures['minimum ratio']}) | "
                      f"{mine['memory']} / {other['memory']} = {figures['memory ratio']} |", flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
