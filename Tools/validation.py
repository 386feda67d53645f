"""Compares the figures of `yolo val` with those of Ultralytics' own validation.

    python Tools/validation.py [MODEL.pt DATA]...

Needs the environment of Tools/upstream/setup.

Without arguments: the five shipped models on the shapes sets that they were tested on, where these
are in ~/.cache/shapes. Prints a table and ends with 1 if a figure differs by more than 0.002.

Images of the same proportions may be in either of two batches, which are padded differently. The
upstream leaves their order to numpy's sorting, which is not stable and differs between processors:
its figures then differ by up to 0.008 in precision and recall, by 0.001 in mAP. Here its sorting is
made stable; all figures of the shapes sets then agree to five decimals.
"""
import json
import os
import pathlib
import subprocess
import sys
import types

os.environ.setdefault("YOLO_VERBOSE", "false")
import numpy as np
import torch

torch.set_num_threads(1)
import ultralytics.data.base
from ultralytics import YOLO

TOLERANCE = 0.002
root = pathlib.Path(__file__).resolve().parents[1]


class StablySorted(np.ndarray):
    def argsort(self, *arguments, **options):
        return np.argsort(np.asarray(self), kind="stable")


class StableNumpy(types.ModuleType):
    def __getattr__(self, name):
        return getattr(np, name)

    def array(self, *arguments, **options):
        array = np.array(*arguments, **options)
        return array if array.dtype == object else array.view(StablySorted)


ultralytics.data.base.np = StableNumpy("numpy")


def upstream(model, data):
    results = YOLO(model).val(data=data, device="cpu", workers=0, plots=False, verbose=False)
    names = {"precision": "precision", "recall": "recall", "mAP50": "mAP50", "mAP50-95": "mAP50-95",
             "accuracy_top1": "top1", "accuracy_top5": "top5"}
    groups = {"(B)": "box", "(M)": "mask", "(P)": "pose"}
    figures = {}
    for key, value in results.results_dict.items():
        name = key.removeprefix("metrics/")
        group = groups.get(name[-3:], "")
        name = names.get(name.removesuffix(name[-3:]) if group else name)
        if name:
            figures[f"{group} {name}".strip()] = float(value)
    return figures


def ours(model, data):
    command = [root / "Tools" / "yolo", "val", "--model", model, "--data", data, "--format", "json"]
    answer = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    figures = {key: answer[key] for key in ("top1", "top5") if key in answer}
    for group in ("box", "mask", "pose"):
        for name in ("precision", "recall", "mAP50", "mAP50-95"):
            if group in answer:
                figures[f"{group} {name}"] = answer[group][name]
    return figures


def shipped():
    cache = pathlib.Path.home() / ".cache" / "shapes"
    for task in ("detect", "segment", "pose", "obb", "classify"):
        prefix = "" if task == "detect" else f"{task}-"
        for directory in sorted(cache.glob(f"{prefix}training-*")):
            data = directory if task == "classify" else directory / "data.yaml"
            if data.exists():
                yield str(root / "Weights" / f"shapes-{task}.pt"), str(data)


def main():
    arguments = sys.argv[1:]
    pairs = list(zip(arguments[::2], arguments[1::2])) or list(shipped())
    print("| model | figure | yolo val | upstream | difference |\n|---|---|---|---|---|")
    worst = 0
    for model, data in pairs:
        expected, found = upstream(model, data), ours(model, data)
        for name, value in expected.items():
            difference = abs(found[name] - value)
            worst = max(worst, difference)
            stem = pathlib.Path(model).stem
            print(f"| {stem} | {name} | {found[name]:.5f} | {value:.5f} | {difference:.1e} |", flush=True)
    print(f"\nworst difference {worst:.1e}, at most {TOLERANCE} allowed")
    sys.exit(worst > TOLERANCE)


main()
