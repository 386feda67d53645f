#!/usr/bin/env python3
"""Creates the fixtures of optimizers, schedules and run files from observed outputs of torch and Ultralytics.

    python Tools/training/optimizer_fixtures.py [--only optimizers|schedules|files]

Writes Tests/YOLOTrainingTests/Fixtures/optimization/: optimizers.json, schedules.json, args.yaml, args-changed.yaml,
results.csv.  Needs ultralytics 8.4.190 and torch on a CPU.
"""
import argparse
import json
import math
import os
import shutil
import tempfile
from pathlib import Path

os.environ.setdefault("YOLO_OFFLINE", "true")
import torch
import ultralytics
from PIL import Image, ImageDraw
from ultralytics import YOLO
from ultralytics.optim import MuSGD
from ultralytics.utils import YAML

OUT = Path(__file__).resolve().parents[2] / "Tests/YOLOTrainingTests/Fixtures/optimization"
ORIGIN = f"Tools/training/optimizer_fixtures.py, ultralytics {ultralytics.__version__}, torch {torch.__version__}"
SHAPES = [[4, 3, 3, 3], [4], [4], [5, 6], [5]]
STEPS = 6


def numbers(tensor):
    return [float(f"{v:.9g}") for v in tensor.detach().float().flatten().tolist()]


def optimizers():
    torch.manual_seed(7)
    torch.set_num_threads(1)
    start = [torch.randn(s) for s in SHAPES]
    # Large gradients, so that clipping acts; small ones in two steps, so that it does not.
    gradients = [[torch.randn(s) * (8.0 if step % 3 else 0.2) for s in SHAPES] for step in range(STEPS)]
    statistics = [torch.rand(4) for _ in range(STEPS + 1)]
    lr, momentum, decay = 0.01, 0.9, 0.05
    cases = {}
    for name in ["SGD", "MuSGD", "Adam", "AdamW", "Adamax", "NAdam", "RAdam", "RMSprop"]:
        p = [torch.nn.Parameter(t.clone()) for t in start]
        # weight, normalization, bias; tensor 3 is the class branch for MuSGD.
        if name == "MuSGD":
            common = dict(lr=lr, momentum=momentum, nesterov=True)
            o = MuSGD(
                [
                    dict(params=[p[1]], weight_decay=0.0, **common),
                    dict(params=[p[2], p[4]], weight_decay=0.0, **common),
                    dict(params=[p[0]], weight_decay=decay, use_muon=True, **common),
                    dict(params=[p[3]], weight_decay=decay, use_muon=True, **{**common, "lr": 3 * lr}),
                ],
                lr=lr, momentum=momentum, nesterov=True, muon=0.2, sgd=1.0,
            )  # fmt: skip
        else:
            groups = [
                dict(params=[p[0], p[3]], weight_decay=decay),
                dict(params=[p[1]], weight_decay=0.0),
                dict(params=[p[2], p[4]], weight_decay=0.0),
            ]
            kind = getattr(torch.optim, name)
            if name == "SGD":
                o = kind(groups, lr=lr, momentum=momentum, nesterov=True)
            elif name == "RMSprop":
                o = kind(groups, lr=lr, momentum=momentum)
            else:
                o = kind(groups, lr=lr, betas=(momentum, 0.999))
        ema, ema_statistic = [t.clone() for t in start], statistics[0].clone()
        steps = []
        for step in range(STEPS):
            for tensor, gradient in zip(p, gradients[step]):
                tensor.grad = gradient.clone()
            norm = torch.nn.utils.clip_grad_norm_(p, 10.0)
            o.step()
            o.zero_grad()
            d = 0.9999 * (1 - math.exp(-(step + 1) / 2000))
            for average, value in [*zip(ema, p), (ema_statistic, statistics[step + 1])]:
                average.mul_(d).add_(value.detach(), alpha=1 - d)
            seen = dict(norm=float(norm), values=[numbers(t) for t in p])
            if step == STEPS - 1:
                seen["average"] = [numbers(t) for t in ema]
            steps.append(seen)
        state = {}
        for index, tensor in enumerate(p):
            state[index] = {k: numbers(v) if torch.is_tensor(v) else v for k, v in o.state[tensor].items()}
        cases[name] = dict(steps=steps, statistic=numbers(ema_statistic), state=state)
    cases["RMSProp"] = cases.pop("RMSprop")  # as Ultralytics calls it
    write("optimizers.json", dict(
        origin=ORIGIN, shapes=SHAPES, lr=lr, momentum=momentum, decay=decay, start=[numbers(t) for t in start],
        gradients=[[numbers(t) for t in g] for g in gradients], statistics=[numbers(t) for t in statistics], cases=cases))  # fmt: skip


def write(name, value):
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / name).write_text(json.dumps(value, separators=(",", ":")) + "\n")
    print(name, (OUT / name).stat().st_size)


def dataset(root, count=16):
    """Images of 32 px (trained at 64) with a square each, one class in two."""
    for split in ("train", "val"):
        (root / split / "images").mkdir(parents=True)
        (root / split / "labels").mkdir(parents=True)
        for i in range(count):
            im = Image.new("RGB", (32, 32), (20 * (i % 8), 60, 90))
            ImageDraw.Draw(im).rectangle([8, 8, 20, 20], fill=(255, 200, 0))
            im.save(root / split / "images" / f"{i:02}.png")
            (root / split / "labels" / f"{i:02}.txt").write_text(f"{i % 2} 0.45 0.45 0.4 0.4\n")
    (root / "data.yaml").write_text(f"path: {root}\ntrain: train/images\nval: val/images\nnames: [a, b]\n")
    arch = YAML.load(Path(ultralytics.__file__).parent / "cfg/models/v8/yolov8.yaml")
    arch.update(nc=2, scales={"n": [0.33, 0.125, 1024]})
    YAML.save(root / "yolov8n-tiny.yaml", arch)
    return str(root / "data.yaml"), str(root / "yolov8n-tiny.yaml")


QUIET = dict(
    device="cpu", workers=0, amp=False, imgsz=64, plots=False, verbose=False, mosaic=0.0, scale=0.0, translate=0.0,
    hsv_h=0.0, hsv_s=0.0, hsv_v=0.0, fliplr=0.0, exist_ok=True)  # fmt: skip
SETTINGS = [
    dict(epochs=3, batch=4, optimizer="SGD"),
    dict(epochs=10, batch=8, optimizer="SGD", nbs=16, cos_lr=True, warmup_epochs=0.5),
    dict(epochs=1, batch=4, optimizer="SGD"),
    dict(epochs=4, batch=4, optimizer="SGD", nbs=12, warmup_epochs=0.0, lrf=0.1),
    dict(epochs=4, batch=4, optimizer="MuSGD", nbs=8, warmup_epochs=1.5),
    dict(epochs=5, batch=6, optimizer="AdamW", lr0=0.002),
    dict(epochs=3, batch=4, optimizer="auto", nbs=16),
    dict(epochs=300, batch=16, optimizer="SGD", lr0=0.001),
    dict(epochs=6, batch=3, optimizer="SGD", nbs=8, momentum=0.9, warmup_momentum=0.5, warmup_bias_lr=0.05),
    dict(epochs=4, batch=5, optimizer="RMSprop", nbs=32, lr0=0.0001, warmup_epochs=2.0),
]


def schedules():
    root = Path(tempfile.mkdtemp(prefix="yolo-fixture-"))
    data, arch = dataset(root)
    cases = []
    for setting in SETTINGS:
        seen = dict(lr=[], momentum=[], accumulate=[], stepped=[])
        flag = []

        def on_start(trainer):
            step = trainer.optimizer_step

            def spy():
                flag.append(1)
                step()

            trainer.optimizer_step = spy
            seen["batches"] = len(trainer.train_loader)
            seen["groups"] = [
                dict(group=g.get("param_group"), lr=g["initial_lr"], decay=g["weight_decay"], count=len(g["params"]))
                for g in trainer.optimizer.param_groups
            ]

        def on_batch(trainer):
            groups = trainer.optimizer.param_groups
            seen["lr"].append([g["lr"] for g in groups])
            seen["momentum"].append(groups[0].get("momentum", groups[0].get("betas", [0])[0]))
            seen["accumulate"].append(trainer.accumulate)
            seen["stepped"].append(len(flag))
            flag.clear()

        model = YOLO(arch)
        model.add_callback("on_train_start", on_start)
        model.add_callback("on_train_batch_end", on_batch)
        model.train(data=data, project=str(root / "runs"), save=False, val=False, **{**QUIET, **setting})
        cases.append(dict(setting=setting, **seen))
    write("schedules.json", dict(origin=ORIGIN, images=16, classes=2, cases=cases))
    shutil.rmtree(root)


def files():
    root = Path(tempfile.mkdtemp(prefix="yolo-fixture-"))
    data, arch = dataset(root)
    changed = dict(
        cos_lr=True, freeze=[0, 1, "2.cv1"], fraction=0.75, classes=[0, 1], lr0=1e-05, seed=7, degrees=10.0,
        optimizer="AdamW", multi_scale=0.25, patience=5, scale=[0.5, 1.5], copy_paste_mode="mixup", cache="ram")  # fmt: skip
    for name, extra in (("args.yaml", {}), ("args-changed.yaml", changed)):
        model = YOLO(arch)
        quiet = {k: v for k, v in QUIET.items() if k not in extra}
        model.train(data=data, project=str(root / "runs"), name=name[:-5], epochs=2, batch=8, **{**quiet, **extra})
        written = root / "runs" / name[:-5] / "args.yaml"
        OUT.mkdir(parents=True, exist_ok=True)
        (OUT / name).write_text(written.read_text().replace(str(root), "/fixture"))
        if not extra:
            shutil.copy(written.parent / "results.csv", OUT / "results.csv")
    shutil.rmtree(root)
    YAML.save(OUT / "texts.yaml", {f"k{i}": v for i, v in enumerate(TEXTS)})
    (OUT / "texts.json").write_text(json.dumps(TEXTS, ensure_ascii=False) + "\n")


# What YAML reads as something else than text, or not at all, without quotation marks.
TEXTS = [
    "a b", "true", "yes", "no", "n", "y", "0", "1.5", "1e5", "1e-5", "1.0e-05", "2.cv1", "0x1f", "1_000", "12:30",
    "2020-01-01", "2020-1-1", "2020-01-01 10:20:30", "a: b", "a #b", "#a", "-a", "- a", "?a", "? a", ":a", "a:", "@x",
    "%x", "`x", "[a", "{a", "*a", "&a", "!a", "|a", ">a", "'a", '"a', "it's", "~", "~a", "null", "=", "<<", "", "é", "日本",
    "a,b", "x" * 100, "word " * 30, "more words " * 12 + "end", "/data/with space/x", "a\tb", "..", "...", "---", "--- a",
    ".5", "5.", "+1", ".inf", "nan", ".nan", "1e3", "0o17", "017", "08", "1.e+3", "190:20:30", "a\\b", "tracktrack.yaml",
    "C:/x", "0,1", "cpu", "/a/b:c", "a?b", "a-b", "-", "-1", "on", "Off", "1.2.3", "1-2", "é: x", "😀", "a  b", " a", "0b11",
    "-.inf", "+.5", "1:2.5", "09:30", "FALSE", "truE", "e5", "١",
]  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=["optimizers", "schedules", "files"])
    only = parser.parse_args().only
    for job in (optimizers, schedules, files):
        if only in (None, job.__name__):
            job()
