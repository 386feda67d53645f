#!/usr/bin/env python3
"""Compares whole trainings of `yolo train` with Ultralytics', iteration by iteration.

    trajectory_check.py YOLO [--case v8n-detect …] [--epochs 24] [--size 192] [--threads 1] [--verbose]

All images are one batch and nothing is drawn by chance, so that an epoch is an iteration and only the order of sums differs:
both begin with the same checkpoint, and the columns of results.csv (losses, learning rates, losses of the evaluation) must
agree. Two lines a case: the worst relative difference of a loss in iterations 1, 4, 8, 16 and the last one, and that of the
evaluations'. Starts: `trained` are the shipped checkpoints, others are random weights of the published networks.

A loss of the first four iterations may be 2e-5 from Ultralytics', one of the first eight 1e-3. Random networks may be less
stable than that: assignments flip, and a trainer leaves itself. So where a case exceeds the limits, Ultralytics trains
again, with another number of threads and twice from weights that are moved by at most one unit in the last place. A third
line then says how far these twins come to lie apart, and the limit of an iteration is four times the furthest of them until
then. Once they differ by 2e-5 in the first four, later iterations are not judged. Exit code 1 if a loss is beyond its limit.
Needs the environment (ultralytics, torch).
"""
import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tools"))
IMAGES = 8
LIMITS = [2e-5] * 4 + [1e-3] * 4
ULP = 2.0 ** -23
ROUNDING = 6e-6  # Ultralytics writes losses with five decimals, we with six digits
TASKS = {"detect": "", "segment": "-seg", "pose": "-pose", "obb": "-obb", "classify": "-cls"}
FAMILIES = {"v8n": "yolov8n", "11n": "yolo11n", "12n": "yolo12n", "26n": "yolo26n", "v10n": "yolov10n", "v9t": "yolov9t"}
CASES = ([f"trained-{task}" for task in TASKS]
         + [f"{family}-{task}" for family in ("v8n", "11n", "26n") for task in TASKS]
         + ["12n-detect", "v10n-detect", "v9t-detect"])
STILL = dict(mosaic=0.0, fliplr=0.0, flipud=0.0, scale=0.0, translate=0.0, hsv_h=0.0, hsv_s=0.0, hsv_v=0.0, erasing=0.0,
             auto_augment=None, close_mosaic=0, nbs=IMAGES)
# Ultralytics trains in a process of its own, so that the number of threads is that of the command line.
PEER = """
import json, sys
options = json.loads(sys.argv[1])
import torch
from ultralytics import YOLO
def pin(trainer): torch.set_num_threads(options["threads"])
def move(trainer):
    torch.manual_seed(options["seed"])
    with torch.no_grad():
        for value in trainer.model.parameters():
            if value.requires_grad: value.mul_(1 + options["noise"] * (2 * torch.rand_like(value) - 1))
model = YOLO(options["model"], task=options["task"])
if options["noise"]: model.add_callback("on_train_start", move)
for event in ("on_pretrain_routine_end", "on_train_start", "on_train_epoch_start"): model.add_callback(event, pin)
model.train(**options["arguments"])
"""


def data_of(directory, task, size):
    """Draws the images; returns what both trainers open."""
    import shapes

    target = directory / f"data-{task}"
    if not target.exists():
        shapes.write_dataset(target, {"train": IMAGES, "val": IMAGES}, size, 5, "png", task=task)
        # Squares of the input's size: nothing is resized, or cropped at random.
        import cv2
        for path in target.rglob("*.png"):
            cv2.imwrite(str(path), cv2.resize(cv2.imread(str(path)), (size, size), interpolation=cv2.INTER_AREA))
    return target if task == "classify" else target / "data.yaml"


def start_of(directory, case, data):
    """Returns the checkpoint that a case begins with."""
    family, task = case.split("-")
    if family == "trained":
        return ROOT / f"Weights/shapes-{task}.pt"
    path = directory / f"{case}.pt"
    if not path.exists():
        code = ("import sys, torch, yaml; from ultralytics import YOLO; from ultralytics.utils import YAML\n"
                "torch.manual_seed(3); name, task, path, nc = sys.argv[1:5]\n"
                "model = YOLO(name, task=task)\n"
                "text = model.model.yaml; text['nc'] = int(nc)\n"
                "if task == 'pose': text['kpt_shape'] = [4, 3]\n"
                "model = type(model.model)(text, ch=3, verbose=False)\n"
                "model.names = {i: str(i) for i in range(int(nc))}; model.task = task\n"
                "wrapped = YOLO(name, task=task); wrapped.model = model; wrapped.save(path)\n")
        nc = 1 if task == "pose" else 8
        subprocess.run([sys.executable, "-c", code, FAMILIES[family] + TASKS[task] + ".yaml", task, str(path), str(nc)],
                       check=True, stdout=subprocess.DEVNULL, env={**os.environ, "YOLO_OFFLINE": "true"}, cwd=directory)
    return path


def table(path):
    with open(path) as file:
        return [{key.strip(): float(value) for key, value in row.items()} for row in csv.DictReader(file)]


def run(command, name, directory, **environment):
    log = directory / f"{name}.log"
    with open(log, "w") as output:
        status = subprocess.run(command, stdout=output, stderr=output, cwd=directory,
                                env={**os.environ, "YOLO_OFFLINE": "true", **environment}).returncode
    if status != 0:
        sys.exit(f"{name} ended with {status}:\n{log.read_text()[-3000:]}")
    return table(directory / "runs" / name / "results.csv")


def ours(yolo, arguments, start, name, threads, directory):
    text = ["none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
            for value in arguments.values()]
    return run([yolo, "train", f"model={start}", *(f"{key}={value}" for key, value in zip(arguments, text)),
                f"name={name}", "--threads", str(threads)], name, directory)


def peer(arguments, task, start, name, threads, noise, seed, directory):
    """Trains with Ultralytics; with `noise`, weights are first moved by so much of themselves at most."""
    options = dict(model=str(start), task=task, threads=threads, noise=noise, seed=seed,
                   arguments={**arguments, "name": name, "device": "cpu", "amp": False, "workers": 0, "verbose": False})
    return run([sys.executable, "-c", PEER, json.dumps(options)], name, directory, OMP_NUM_THREADS=str(threads))


def difference(first, second, prefix):
    """Returns the worst relative difference of a column of the prefix, for each row, beyond what is rounded away."""
    worst = []
    for mine, other in zip(first, second):
        columns = [key for key in other if key.startswith(prefix)]
        worst.append(max(max(0, abs(mine[key] - other[key]) - ROUNDING) / max(abs(other[key]), 1e-3) for key in columns))
    return worst


def is_beyond(losses, limits):
    return any(loss > limit for loss, limit in zip(losses, limits))


def twin_limits(twins):
    """Returns the furthest twin of each iteration, and the limits of the iterations that are judged."""
    furthest, spread = [], [max(values) for values in zip(*twins)]
    for value in spread:
        furthest.append(max(value, furthest[-1] if furthest else 0))
    judged = 8 if furthest[min(3, len(furthest) - 1)] < LIMITS[0] else 4
    return spread, [max(limit, 4 * twin) for limit, twin in zip(LIMITS[:judged], furthest)]


def shown(values):
    picked = sorted({0, 3, 7, 15, len(values) - 1} & set(range(len(values))))
    return "  ".join(f"{number + 1}: {values[number]:.1e}" for number in picked)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("yolo", type=Path)
    parser.add_argument("--case", nargs="+", choices=CASES, default=CASES, dest="cases")
    parser.add_argument("--epochs", type=int, default=24)
    parser.add_argument("--size", type=int, default=192)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--optimizer", default="SGD")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory() as scratch:
        directory = Path(scratch)
        for case in options.cases:
            family, task = case.split("-")
            data = data_of(directory, task, options.size)
            start = start_of(directory, case, data)
            rate = 0.01 if family == "trained" else 0.0005
            arguments = dict(data=str(data), imgsz=options.size, batch=IMAGES, epochs=options.epochs, plots=False,
                             project=f"{directory}/runs", optimizer=options.optimizer, lr0=rate, momentum=0.9,
                             warmup_bias_lr=0.1 if family == "trained" else 0.0, patience=0, exist_ok=True, **STILL)
            mine = ours(options.yolo.resolve(), arguments, start, f"{case}-ours", options.threads, directory)
            other = peer(arguments, task, start, f"{case}-peer", options.threads, 0, 0, directory)
            if len(mine) != len(other) or list(mine[0]) != list(other[0]):
                sys.exit(f"{case}: rows or columns differ: {len(mine)} {list(mine[0])}, {len(other)} {list(other[0])}")
            losses, rates = difference(mine, other, "train/"), difference(mine, other, "lr/")
            spread = None
            wrong = is_beyond(losses, LIMITS)
            if wrong or options.verbose:
                others = [(3 - min(options.threads, 2), 0, 0), (options.threads, ULP, 1),
                          (options.threads, ULP, 2)]
                spread, limits = twin_limits([
                    difference(peer(arguments, task, start, f"{case}-twin", *twin, directory), other, "train/")
                    for twin in others])
                wrong = is_beyond(losses, limits)
            wrong = wrong or max(rates) > 2e-5
            failed += wrong
            print(f"{case:18} {'FAIL' if wrong else 'ok  '} loss {shown(losses)}; rates {max(rates):.0e}", flush=True)
            print(f"{'':23} evaluation's loss {shown(difference(mine, other, 'val/'))}", flush=True)
            if spread:
                print(f"{'':23} Ultralytics by itself {shown(spread)}", flush=True)
    print(f"{len(options.cases)} cases, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
