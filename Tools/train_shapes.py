"""Trains the small models of this repository on the data of shapes.py, one per task.

    python Tools/train_shapes.py [--task detect] [--images N] [--epochs N] [--imgsz N] [--work DIR]
        [--out Weights/shapes-TASK.pt]
    python Tools/train_shapes.py [--task detect] --evaluate      # does not train: measures the checkpoint that is there

Detect begins with random weights. The other tasks begin with what detect's checkpoint of this repository has in common
with them and random weights for the rest, so that nothing but the drawings ever goes in. The images already vary in
size, rotation, place and color, so that detect's first stage augments mildly and all else hardly at all. Detect's second
stage, two warm restarts from the best weights so far, can be had for the others with --polish-rounds. Weights/README.md
says which commands made the shipped checkpoints.

Needs the upstream environment (Ultralytics on CPU torch). The networks are YOLOv8 below scale n: the layers of
yolov8*.yaml with depth 0.33 and width 0.125. Uses one thread. What is written: the checkpoint (stripped, half precision,
without local paths), an image beside it, and the entries of both in manifest.json there, with the accuracy on two sets
that the training never saw: the split that chose the best epoch, and a set of another seed used for nothing else.
"""
import argparse
import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("YOLO_OFFLINE", "true")

import torch
import ultralytics
from ultralytics import YOLO
from ultralytics.utils import YAML

import shapes

TRAINING_SEED = 11
CHECK_SEED = 12
SCALE_NAME, SCALE = "t", [0.33, 0.125, 1024]
LICENSE = "Apache-2.0"
WEIGHTS = Path(__file__).resolve().parent.parent / "Weights"


@dataclass(frozen=True)
class Recipe:
    """How a task is trained and what it is measured by (attributes of Ultralytics' metrics)."""

    architecture: str
    image_seed: int
    epochs: int
    images: int = 2000
    held_back: int = 250
    imgsz: int = 320
    drawn: int = 320  # longer side of the images
    measures: tuple = ("box",)
    options: tuple = ()


LIGHT = dict(fliplr=0.5, flipud=0.5, scale=0.1, translate=0.05, hsv_h=0.02, hsv_s=0.1, hsv_v=0.1)
RECIPES = {
    "detect": Recipe("yolov8.yaml", 1125, 45,  # the image has every class once
                     options=dict(lr0=0.003, fliplr=0.5, flipud=0.5, scale=0.25, translate=0.1, hsv_h=0.1, hsv_s=0.3,
                                  hsv_v=0.2)),
    "segment": Recipe("yolov8-seg.yaml", 1122, 12, measures=("box", "seg"), options=dict(lr0=0.003, **LIGHT)),
    # Turned upside down, an arrow would need its barbs exchanged as well.
    "pose": Recipe("yolov8-pose.yaml", 1120, 8, measures=("box", "pose"),
                   options=dict(lr0=0.003, **{**LIGHT, "flipud": 0.0})),
    "obb": Recipe("yolov8-obb.yaml", 1339, 10, options=dict(lr0=0.003, **LIGHT)),
    "classify": Recipe("yolov8-cls.yaml", 21, 12, images=16000, held_back=400, imgsz=96, drawn=128, measures=(),
                       options=dict(lr0=0.002, batch=64, fliplr=0.5, flipud=0.5, scale=0.1, hsv_h=0.02, hsv_s=0.1,
                                    hsv_v=0.1, auto_augment=None, erasing=0.0)),
}
BEGINNING = {True: "from random initialization", False:
             "from the weights that shapes-detect.pt of this directory has in common with it (itself trained from "
             "random initialization on the same kind of drawings) and random initialization for the rest"}
ORIGIN = (
    "Trained by this project {beginning}, on images drawn by Tools/shapes.py of this project and on "
    "nothing else; no {other}pretrained weights and no third-party data went in. The trainer was the program Ultralytics "
    f"{ultralytics.__version__} (AGPL-3.0), run unmodified by Tools/train_shapes.py; none of its source is in this "
    "repository. Ultralytics asserts AGPL-3.0 for the models that it trains and publishes, and its trainer writes that "
    "notice into the `license` field of every checkpoint, this one too, where it is left as written. We offer these "
    "weights, as far as we hold rights in them, under Apache-2.0; we do not claim that Ultralytics agrees.")


def one_thread(_):
    torch.set_num_threads(1)


def make_data(work, task, images, held_back, size):
    """Writes the training set and the independent check set unless they are there; returns what Ultralytics opens."""
    paths = []
    prefix = "" if task == "detect" else f"{task}-"
    # Ultralytics opens no classification set without training images.
    unused = len(shapes.CLASSES) if task == "classify" else 0
    for name, seed, counts in (("training", TRAINING_SEED, {"train": images, "val": held_back}),
                               ("check", CHECK_SEED, {"train": unused, "val": held_back})):
        directory = work / f"{prefix}{name}-{seed}-{size}-{counts['train']}-{held_back}"
        if not directory.exists():
            shapes.write_dataset(directory, counts, size, seed, task=task)
        paths.append(directory if task == "classify" else directory / "data.yaml")
    return paths


def architecture_name(task):
    return RECIPES[task].architecture.replace("yolov8", "yolov8-shapes")


def architecture(work, task):
    """Writes the network description and returns its path."""
    base = YAML.load(Path(ultralytics.__file__).parent / "cfg/models/v8" / RECIPES[task].architecture)
    base.update(nc=1 if task == "pose" else len(shapes.CLASSES), scales={SCALE_NAME: SCALE})
    if task == "pose":
        base["kpt_shape"] = [len(shapes.KEYPOINTS), 3]
    path = work / architecture_name(task)
    YAML.save(path, base)
    return path


def train(task, start, runs, name, weights=None, **options):
    """Trains from a description or a checkpoint; returns the path of the best checkpoint.

    A description's weights are random, but for those that a checkpoint `weights` has under the same name and shape.
    """
    model = YOLO(str(start), task=task)
    for event in ("on_pretrain_routine_end", "on_train_start", "on_val_start", "on_train_epoch_start"):
        model.add_callback(event, one_thread)
    # Without `pretrained` Ultralytics throws a checkpoint's weights away and begins anew.
    pretrained = str(weights) if weights else Path(start).suffix == ".pt"
    model.train(optimizer="AdamW", lrf=0.01, cos_lr=True, momentum=0.9, weight_decay=5e-4, warmup_epochs=1.0,
                warmup_bias_lr=0.0, nbs=options["batch"], patience=0, seed=0, pretrained=pretrained, mosaic=0.0,
                cache="ram", workers=0, device="cpu", amp=False, plots=False, project=str(runs), name=name,
                exist_ok=True, **options)
    return runs / name / "weights/best.pt"


def save_scrubbed(task, source, out, imgsz):
    """Re-saves a stripped checkpoint without anything that describes the machine it was trained on."""
    checkpoint = torch.load(source, map_location="cpu", weights_only=False)
    model = checkpoint["model"]
    neutral = {"model": architecture_name(task), "data": "shapes.yaml", "project": None, "name": f"shapes-{task}",
               "save_dir": None, "imgsz": imgsz, "pretrained": task != "detect"}
    checkpoint["train_args"] = {**checkpoint["train_args"], **neutral}
    if hasattr(model, "args"):
        model.args = {**(model.args if isinstance(model.args, dict) else vars(model.args)), **neutral}
    model.yaml["yaml_file"] = architecture_name(task)
    model.yaml["scale"] = SCALE_NAME
    for attribute in ("pt_path", "yaml_file"):
        if hasattr(model, attribute):
            delattr(model, attribute)
    for key in ("git", "train_results"):
        checkpoint[key] = None
    Path(out).parent.mkdir(parents=True, exist_ok=True)
    torch.save(checkpoint, out)
    contents = Path(out).read_bytes()
    for fragment in (str(Path.home()), str(Path.cwd()), str(Path(source).resolve().parent)):
        if fragment.encode() in contents:
            raise SystemExit(f"{out} still contains the local path {fragment}")


def accuracy(task, checkpoint, data, imgsz):
    """Validates as Ultralytics does (conf 0.001, iou 0.7) and returns the figures."""
    model = YOLO(checkpoint)
    model.add_callback("on_val_start", one_thread)
    metrics = model.val(data=str(data), imgsz=imgsz, batch=16, workers=0, device="cpu", plots=False, verbose=False,
                        project=str(Path(data).parent / "runs"), name="val", exist_ok=True)
    if task == "classify":
        return {"top1": round(float(metrics.top1), 4), "top5": round(float(metrics.top5), 4)}

    def figures(measure):
        return {"mAP50": round(float(measure.map50), 4), "mAP50-95": round(float(measure.map), 4),
                "perClass50-95": {model.names[int(c)]: round(float(v), 4)
                                  for c, v in zip(measure.ap_class_index, measure.ap)}}

    measures = RECIPES[task].measures
    if len(measures) == 1:
        return figures(metrics.box)
    return {{"box": "box", "seg": "mask", "pose": "keypoints"}[m]: figures(getattr(metrics, m)) for m in measures}


def model_entry(task, checkpoint, data, held_back, imgsz):
    """Measures both held-back sets; returns the manifest's entry of the checkpoint."""
    contents = Path(checkpoint).read_bytes()
    command = "Tools/shapes.py" + ("" if task == "detect" else f" --task {task}")
    if RECIPES[task].drawn != RECIPES["detect"].drawn:
        command += f" --size {RECIPES[task].drawn}"
    sets = [(f"{command} --seed {TRAINING_SEED}, val split (chose the best epoch)", data[0]),
            (f"{command} --seed {CHECK_SEED}, val split (used for nothing else)", data[1])]
    model = YOLO(checkpoint)
    return {
        "file": Path(checkpoint).name,
        "task": task,
        "architecture": f"YOLOv8, depth {SCALE[0]}, width {SCALE[1]}, at most {SCALE[2]} channels before scaling",
        "classes": [model.names[index] for index in sorted(model.names)],
        **({"keypoints": list(shapes.KEYPOINTS)} if task == "pose" else {}),
        "imgsz": imgsz,
        "parameters": sum(p.numel() for p in model.model.parameters()),
        "bytes": len(contents),
        "sha256": hashlib.sha256(contents).hexdigest(),
        "license": LICENSE,
        "origin": ORIGIN.format(beginning=BEGINNING[task == "detect"], other="" if task == "detect" else "other "),
        "accuracy": [{"set": name, "images": held_back, "imgsz": imgsz, **accuracy(task, checkpoint, path, imgsz)}
                     for name, path in sets],
        "versions": {"ultralytics": ultralytics.__version__, "torch": torch.__version__},
    }


def image_entry(task, path):
    """Draws the example image and returns its manifest entry."""
    seed = RECIPES[task].image_seed
    scene = shapes.write_image(path, 640, 480, seed, task=task)
    option = "" if task == "detect" else f"--task {task} "
    contents = path.read_bytes()
    return {
        "file": path.name,
        "kind": "image",
        "width": scene.width,
        "height": scene.height,
        "objects": [shape.name for shape in scene.objects],
        "bytes": len(contents),
        "sha256": hashlib.sha256(contents).hexdigest(),
        "license": LICENSE,
        "origin": f"Drawn by `python Tools/shapes.py {option}--image Weights/{path.name} --seed {seed}`; "
                  "in no training or held-back set.",
    }


def write_manifest(path, entries):
    """Puts entries into the manifest, in the place of those of the same file."""
    old = json.loads(path.read_text()) if path.exists() else []
    new = {entry["file"]: entry for entry in [*old, *entries]}
    path.write_text(json.dumps([new[name] for name in sorted(new)], indent=2, ensure_ascii=False) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--task", choices=shapes.TASKS, default="detect")
    parser.add_argument("--images", type=int, help="training images (by default the task's own number, as below)")
    parser.add_argument("--held-back", type=int, help="images of each held-back set")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--polish-rounds", type=int, help="warm restarts of the second stage (detect 2, others 0)")
    parser.add_argument("--polish-epochs", type=int, default=24, help="epochs of each of them")
    parser.add_argument("--polish", type=Path, metavar="CHECKPOINT", help="skip the first stage, begin the second here")
    parser.add_argument("--imgsz", type=int)
    parser.add_argument("--batch", type=int)
    parser.add_argument("--work", type=Path, default=Path.home() / ".cache/shapes", help="data and runs")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--evaluate", action="store_true", help="do not train, only measure --out")
    arguments = parser.parse_args()
    task, recipe = arguments.task, RECIPES[arguments.task]
    options = {"batch": 16, **recipe.options}
    options["batch"] = arguments.batch or options["batch"]
    imgsz, held_back = arguments.imgsz or recipe.imgsz, arguments.held_back or recipe.held_back
    polish_rounds = arguments.polish_rounds
    if polish_rounds is None:
        polish_rounds = 2 if task == "detect" else 0

    torch.set_num_threads(1)
    arguments.work = arguments.work.resolve()  # Ultralytics would put a relative directory below its own
    arguments.work.mkdir(parents=True, exist_ok=True)
    drawn = recipe.drawn if recipe.drawn != recipe.imgsz else imgsz
    data = make_data(arguments.work, task, arguments.images or recipe.images, held_back, drawn)
    out = arguments.out or WEIGHTS / f"shapes-{task}.pt"
    if not arguments.evaluate:
        runs = arguments.work / "runs"
        options.update(data=str(data[0]), imgsz=imgsz)
        start = arguments.polish or train(
            task, architecture(arguments.work, task), runs, task, epochs=arguments.epochs or recipe.epochs,
            weights=None if task == "detect" else WEIGHTS / "shapes-detect.pt", **options)
        light = {key: LIGHT[key] for key in LIGHT if key not in ("fliplr", "flipud") and key in options}
        for number in range(1, polish_rounds + 1):
            name = f"polish{number}" if task == "detect" else f"{task}-polish{number}"
            start = train(task, start, runs, name, epochs=arguments.polish_epochs, **{**options, **light, "lr0": 0.002})
        save_scrubbed(task, start, out, imgsz)
    entry = model_entry(task, out, data, held_back, imgsz)
    image = out.with_name("shapes.jpg" if task == "detect" else f"shapes-{task}.jpg")
    write_manifest(out.with_name("manifest.json"), [entry, image_entry(task, image)])
    print(json.dumps(entry, indent=2))


if __name__ == "__main__":
    main()
