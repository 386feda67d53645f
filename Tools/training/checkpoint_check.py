"""Checks the checkpoints that this program writes in Ultralytics: loading, predicting, validating, exporting, resuming.

    python Tools/training/checkpoint_check.py --work DIR --write COMMAND [--only yolo11n …]

COMMAND runs the tests of the suite CheckpointExchangeTests, such as
    "swift test -c release --filter CheckpointExchangeTests"
with YOLO_EXCHANGE_IN (start checkpoints, made here) and YOLO_EXCHANGE_OUT set. Each start gives a finished file and an
unfinished one for each optimizer. The finished ones must hold the same modules and weights (bit for bit, in half
precision), and predict the same boxes; the unfinished ones must carry the state that was written, and train on from
it. Needs the environment of Ultralytics, and OpenCV. Written for this project; Apache-2.0.
"""
import argparse
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

os.environ.setdefault("YOLO_OFFLINE", "true")
import numpy as np
import torch
from ultralytics import YOLO

HERE = Path(__file__).resolve().parent
MODELS = [f"{family}{task}" for family in ("yolov8n", "yolo11n", "yolo12n", "yolo26n")
          for task in ("", "-seg", "-pose", "-obb", "-cls")] + ["yolov10n"]
TASKS = {"": "detect", "seg": "segment", "pose": "pose", "obb": "obb", "cls": "classify"}
OPTIMIZERS = ("SGD", "AdamW", "MuSGD")
ALL_OPTIMIZERS = OPTIMIZERS + ("Adam", "Adamax", "NAdam", "RAdam", "RMSProp")


def task_of(name):
    return TASKS[name.partition("-")[2]]


def size_of(name):
    return 64 if task_of(name) == "classify" else 96


def data_of(work, name):
    task = task_of(name)
    return work / "data" / task if task == "classify" else work / "data" / task / "data.yaml"


def prepare(work, names):
    """Datasets, and a start checkpoint of each network, trained for an epoch so that it says something."""
    starts = work / "in"
    starts.mkdir(parents=True, exist_ok=True)
    for task in sorted({task_of(n) for n in names}):
        target = work / "data" / task
        if not target.exists():
            subprocess.run([sys.executable, HERE.parent / "shapes.py", "--task", task, "--out", target, "--train", "16",
                            "--val", "8", "--size", "96", "--seed", "3"], check=True, stdout=subprocess.DEVNULL)
    for name in names:
        # All optimizers once, for a small network.
        stem = f"{name}-all" if name == "yolov8n" else name
        target = starts / f"{stem}.pt"
        if target.exists():
            continue
        model = YOLO(f"{name}.yaml")
        size = size_of(name)
        unfinished = starts / "unfinished" / f"{stem}.pt"
        unfinished.parent.mkdir(exist_ok=True)
        model.add_callback("on_model_save", lambda t, target=unfinished: t.epoch or shutil.copy(t.last, target))
        model.train(data=str(data_of(work, name)), imgsz=size, batch=8, epochs=2, workers=0, device="cpu", amp=False,
                    plots=False, exist_ok=True, project=str(work / "runs"), name=name, verbose=False, val=False,
                    optimizer=ALL_OPTIMIZERS[MODELS.index(name) % len(ALL_OPTIMIZERS)], lr0=0.0001, nbs=8,
                    warmup_epochs=0)
        shutil.copy(work / "runs" / name / "weights" / "last.pt", target)
        arguments = torch.load(target, weights_only=False)["train_args"]
        arguments = {**arguments, "epochs": 3, "save_dir": str(work / "resumed" / stem), "project": str(work / "resumed"),
                     "name": stem, "close_mosaic": 0, "val": True}
        pairs = []
        for key, value in arguments.items():
            kind = type(value).__name__ if isinstance(value, (bool, int, float, str)) else "none"
            pairs.append([key, [kind, value if kind != "none" else None]])
        (starts / f"{stem}.json").write_text(json.dumps(pairs))


def network(checkpoint):
    return checkpoint["ema"] or checkpoint["model"]


def plain(value):
    """A value to compare: tensors as lists, unknown objects by class."""
    if torch.is_tensor(value):
        return ("tensor", str(value.dtype), tuple(value.shape), value.flatten().tolist())
    if isinstance(value, torch.nn.Module):
        return ("module", type(value).__name__)
    if isinstance(value, dict):
        return (type(value).__name__, [(plain(k), plain(v)) for k, v in value.items()])
    if isinstance(value, (list, tuple)):
        return (type(value).__name__, [plain(v) for v in value])
    if isinstance(value, (set, frozenset)):
        return (type(value).__name__, sorted(map(str, value)))
    if isinstance(value, (int, float, str, bool, type(None))):
        return value
    return repr(value)


def compare_modules(first, second):
    """Every attribute of every module, hooks and buffers included."""
    ignored = {"args", "criterion", "training"}
    faults = []
    one, two = dict(first.named_modules(remove_duplicate=False)), dict(second.named_modules(remove_duplicate=False))
    if list(one) != list(two):
        faults.append("other modules")
    shared = [id(m) for m in one.values()], [id(m) for m in two.values()]
    if [shared[0].index(i) for i in shared[0]] != [shared[1].index(i) for i in shared[1]]:
        faults.append("other sharing of modules")
    for path in one:
        a, b = vars(one[path]), vars(two.get(path, torch.nn.Identity()))
        if type(one[path]) is not type(two.get(path)):
            faults.append(f"{path}: class")
        for key in sorted(set(a) | set(b)):
            if key in ignored:
                continue
            if key not in a or key not in b or plain(a[key]) != plain(b[key]):
                faults.append(f"{path}.{key}")
    if any(p.requires_grad for p in second.parameters()):
        faults.append("requires_grad")
    if any(m.training for m in second.modules()):
        faults.append("training")
    return faults


def boxes(path, name, image):
    result = YOLO(str(path)).predict(image, imgsz=size_of(name), conf=0.001, verbose=False, device="cpu")[0]
    if result.probs is not None:
        return result.probs.data.numpy()
    parts = result.obb if result.obb is not None else result.boxes
    values = [parts.data.numpy()]
    if result.keypoints is not None:
        values.append(result.keypoints.data.numpy().reshape(len(parts), -1))
    return np.concatenate(values, 1)


def difference(first, second):
    if first.shape != second.shape:
        return float("inf")
    return float(np.abs(first - second).max()) if first.size else 0.0


def check_finished(work, stem, name, image):
    start, path = work / "in" / f"{stem}.pt", work / "out" / f"{stem}-stripped.pt"
    one, two = (torch.load(p, weights_only=False, map_location="cpu") for p in (start, path))
    faults = compare_modules(network(one), network(two))
    wanted = {"date", "version", "license", "docs", "epoch", "best_fitness", "stopper", "model", "ema", "updates",
              "modelopt", "optimizer", "scaler", "train_args", "train_metrics", "train_results", "git"}
    if set(two) != wanted:
        faults.append(f"keys {sorted(set(two) ^ wanted)}")
    if two["epoch"] != -1 or two["ema"] is not None or two["optimizer"] is not None:
        faults.append("not finished")
    if task_of(name) != "classify" and not isinstance(network(two).args, dict):
        faults.append("args")
    moved = difference(boxes(start, name, image), boxes(path, name, image))
    if moved > 1e-3:
        faults.append(f"boxes differ by {moved}")
    metrics = [YOLO(str(p)).val(data=str(data_of(work, name)), imgsz=size_of(name), device="cpu", workers=0, plots=False,
                                verbose=False, project=str(work / "val"), exist_ok=True).results_dict for p in (start, path)]
    if metrics[0] != metrics[1]:
        faults.append(f"val {metrics}")
    try:
        exported = YOLO(str(path)).export(format="onnx", imgsz=size_of(name), device="cpu", verbose=False)
        if not exported or not Path(exported).stat().st_size:
            faults.append("export")
    except Exception as error:  # the environment may lack the exporter: say so, and count it
        faults.append(f"export: {type(error).__name__}: {str(error)[:200]}")
    return moved, faults


def expected_moment(number, position, shape):
    count = int(np.prod(shape)) if shape else 1
    return ((number + np.arange(count)) % 64 / 4096 + position / 64).astype(np.float32).reshape(shape)


def check_unfinished(work, stem, name, optimizer):
    path = work / "out" / f"{stem}-{optimizer}.pt"
    checkpoint = torch.load(path, weights_only=False, map_location="cpu")
    faults = compare_modules(network(torch.load(work / "in" / f"{stem}.pt", weights_only=False)), network(checkpoint))
    wanted = {"epoch": 1, "updates": 4, "best_fitness": 0.25, "model": None, "scaler": {},
              "stopper": {"best_fitness": 0.25, "best_epoch": 2}}
    faults += [key for key, value in wanted.items() if checkpoint[key] != value]
    net = network(checkpoint)
    numbers = {key: i for i, (key, _) in enumerate(net.named_parameters())}
    seen = []

    run = work / "resumed" / stem
    shutil.rmtree(run, ignore_errors=True)
    (run / "weights").mkdir(parents=True)
    target = run / "weights" / "last.pt"
    shutil.copy(path, target)
    losses = []

    def started(trainer):
        """The optimizer as the trainer restored it: names, and the numbers that were counted."""
        names = {id(p): key for key, p in trainer.model.named_parameters()}
        for group in trainer.optimizer.param_groups:
            for p in group["params"]:
                state = trainer.optimizer.state.get(p, {})
                moments = sorted(k for k, v in state.items() if torch.is_tensor(v) and v.dim() and k != "step")
                order = {"momentum_buffer": 0, "momentum_buffer_SGD": 1, "exp_avg": 0, "exp_avg_sq": 1, "exp_inf": 1,
                         "square_avg": 0}
                for k in moments:
                    position = 1 if optimizer == "RMSProp" and k == "momentum_buffer" else order[k]
                    want = expected_moment(numbers[names[id(p)]], position, tuple(p.shape))
                    if np.abs(state[k].float().numpy() - want).max() > 1e-4:
                        faults.append(f"{names[id(p)]} {k}")
                seen.append(names[id(p)] if state else None)
        if trainer.ema.updates != 4 or trainer.start_epoch != 2 or trainer.best_fitness != 0.25:
            faults.append(f"restored {trainer.ema.updates} {trainer.start_epoch} {trainer.best_fitness}")

    model = YOLO(str(target))
    model.add_callback("on_train_start", started)
    model.add_callback("on_train_batch_end", lambda t: losses.append(float(t.loss.detach())))
    model.train(resume=True)
    with_state = sum(s is not None for s in seen)
    trained = sum(not key.endswith(".dfl.conv.weight") for key in numbers)
    if with_state != trained:
        faults.append(f"state of {with_state} of {trained} parameters")
    if not losses or not np.isfinite(losses).all():
        faults.append(f"losses {losses}")
    if torch.load(target, weights_only=False)["epoch"] != -1:
        faults.append("the resumed run did not end")
    return len(losses), faults


def check_reading(work, stem):
    """What our reader found in an unfinished file of Ultralytics."""
    faults = []
    report = json.loads((work / "out" / f"{stem}.json").read_text())
    checkpoint = torch.load(work / "in" / "unfinished" / f"{stem}.pt", weights_only=False, map_location="cpu")
    for key in ("epoch", "updates"):
        if report[key] != checkpoint[key]:
            faults.append(f"read {key}")
    if report["best_fitness"] != (-1 if checkpoint["best_fitness"] is None else checkpoint["best_fitness"]):
        faults.append("read best_fitness")
    if report["stopper"] != [checkpoint["stopper"]["best_fitness"], checkpoint["stopper"]["best_epoch"]]:
        faults.append("read stopper")
    if report["arguments"] != len(checkpoint["train_args"]):
        faults.append("read arguments")
    optimizer = checkpoint["optimizer"]
    for read, group in zip(report["groups"], optimizer["param_groups"], strict=True):
        momentum = group.get("momentum", group.get("betas", (None,))[0])
        if read != [group["lr"], group["initial_lr"], momentum, group["weight_decay"]]:
            faults.append(f"read group {group['param_group']}")
    # The order of parameters: that of the network in every group.
    net = network(checkpoint)
    shapes = {key: tuple(p.shape) for key, p in net.named_parameters()}
    sums = {}
    for number, state in optimizer["state"].items():
        for name, moment in state.items():
            values = moment.double()
            sums.setdefault(name, []).append((values.numel(), float(values.sum()), float(values.abs().max())))
    found = {}
    for key, kept in report["moments"].items():
        for name, (count, total, largest) in kept.items():
            if count not in (1, int(np.prod(shapes[key]))):
                faults.append(f"read {key}")
            found.setdefault(name, []).append((count, total, largest))
    for name, values in sums.items():
        if not np.allclose(sorted(values), sorted(found.get(name, [])), rtol=1e-6, atol=1e-9):
            faults.append(f"read {name}")
    if sorted(sums) != sorted(found):
        faults.append("read other moments")
    return faults


def check_new(work, name, image):
    """A network that we made from nothing: the parts of Ultralytics' own, and it runs and trains there."""
    faults = []
    for suffix, classes in (("new", None), ("three", 3)):
        path = work / "out" / f"{name}-{suffix}.pt"
        net = network(torch.load(path, weights_only=False))
        if classes is None:
            own = YOLO(f"{name}.yaml").model
            one, two = dict(own.named_modules(remove_duplicate=False)), dict(net.named_modules(remove_duplicate=False))
            if list(one) != list(two):
                faults.append("new: other modules")
            for key in one:
                if set(vars(one[key])) - {"args", "task"} != set(vars(two[key])) - {"criterion", "transforms", "args", "nc"}:
                    faults.append(f"new {key}: {sorted(set(vars(one[key])) ^ set(vars(two[key])))}")
            if {k: tuple(v.shape) for k, v in own.state_dict().items()} != \
                    {k: tuple(v.shape) for k, v in net.state_dict().items()}:
                faults.append("new: other tensors")
        else:
            if len(net.names) != classes:
                faults.append("three: names")
        boxes(path, name, image)
    model = YOLO(str(work / "out" / f"{name}-three.pt"))
    model.train(data=str(data_of(work, name)), imgsz=size_of(name), batch=8, epochs=1, workers=0, device="cpu", amp=False,
                plots=False, exist_ok=True, project=str(work / "runs"), name=f"{name}-three", verbose=False, val=False)
    return faults


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--write", default="", help="the command that writes the files; none: they are there")
    parser.add_argument("--only", nargs="*", default=MODELS)
    parser.add_argument("--optimizers", nargs="*", default=OPTIMIZERS)
    options = parser.parse_args()
    work = options.work.resolve()
    prepare(work, options.only)
    if options.write:
        (work / "out").mkdir(exist_ok=True)
        subprocess.run(options.write, shell=True, check=True, stdin=subprocess.DEVNULL,
                       env={**os.environ, "YOLO_EXCHANGE_IN": str(work / "in"), "YOLO_EXCHANGE_OUT": str(work / "out"),
                            "YOLO_EXCHANGE_NEW": " ".join(options.only)})
    failed = 0
    for name in options.only:
        stem = f"{name}-all" if name == "yolov8n" else name
        directory = "val" if task_of(name) == "classify" else "images/val"
        image = sorted((work / "data" / task_of(name) / directory).rglob("*.jpg"))[0]
        moved, faults = check_finished(work, stem, name, str(image))
        line = f"{stem:16} finished: boxes within {moved:.1e} px"
        for optimizer in (ALL_OPTIMIZERS if stem.endswith("-all") else options.optimizers):
            steps, found = check_unfinished(work, stem, name, optimizer)
            faults += [f"{optimizer}: {f}" for f in found]
            line += f"; {optimizer} resumed, {steps} batches"
        read = check_reading(work, stem)
        made = check_new(work, name, str(image))
        line += f"; unfinished one {'misread' if read else 'read'}; new one {'wrong' if made else 'trained on'}"
        faults += read + made
        print(line + (f"; FAULTS {len(faults)}: {faults[:8]}" if faults else "; ok"), flush=True)
        failed += bool(faults)
    print(f"{len(options.only) - failed} of {len(options.only)} networks in order")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
