"""Trains the small detector of this repository from random initialisation on the data of shapes.py.

    python Tools/train_shapes.py [--pictures 2000] [--epochs 45] [--imgsz 320] [--work DIR]
        [--out Weights/shapes-detect.pt]
    python Tools/train_shapes.py --evaluate      # does not train: measures the checkpoint that is there

The pictures already vary in size, rotation, place and colour, so that the first stage augments mildly and the second, two
warm restarts from the best weights so far, hardly at all. Nothing but the first stage's random weights goes in.

Needs the reference environment (Ultralytics on CPU torch). The network is YOLOv8 below scale n: the layers of
yolov8.yaml with depth 0.33 and width 0.125. Uses one thread. What is written: the checkpoint (stripped, half precision,
without local paths), a picture beside it, and the entries of both in manifest.json there, with the accuracy on two sets
that the training never saw: the split that chose the best epoch, and a set of another seed used for nothing else.
"""
import argparse
import hashlib
import json
import os
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
PICTURE_SEED = 1125  # a scene with every class once
SCALE_NAME, SCALE = "t", [0.33, 0.125, 1024]
LICENCE = "Apache-2.0"
ORIGIN = (
    "Trained by this project from random initialisation, on pictures drawn by Tools/shapes.py of this project and on "
    "nothing else; no pretrained weights and no third-party data went in. The trainer was the program Ultralytics "
    f"{ultralytics.__version__} (AGPL-3.0), run unmodified by Tools/train_shapes.py; none of its source is in this "
    "repository. Ultralytics asserts AGPL-3.0 for the models that it trains and publishes, and its trainer writes that "
    "notice into the `license` field of every checkpoint, this one too, where it is left as written. We offer these "
    "weights, as far as we hold rights in them, under Apache-2.0; we do not claim that Ultralytics agrees.")


def one_thread(_):
    torch.set_num_threads(1)


def make_data(work, pictures, held_back, size):
    """Writes the training set and the independent check set unless they are there; returns their data.yaml paths."""
    paths = []
    for name, seed, counts in (("training", TRAINING_SEED, {"train": pictures, "val": held_back}),
                               ("check", CHECK_SEED, {"train": 0, "val": held_back})):
        directory = work / f"{name}-{seed}-{size}-{counts['train']}-{held_back}"
        if not (directory / "data.yaml").exists():
            shapes.write_data_set(directory, counts, size, seed)
        paths.append(directory / "data.yaml")
    return paths


def architecture(work):
    """Writes the network description and returns its path."""
    base = YAML.load(Path(ultralytics.__file__).parent / "cfg/models/v8/yolov8.yaml")
    base.update(nc=len(shapes.CLASSES), scales={SCALE_NAME: SCALE})
    path = work / "yolov8-shapes.yaml"
    YAML.save(path, base)
    return path


def train(start, runs, name, **options):
    """Trains from a description (random weights) or a checkpoint; returns the path of the best checkpoint."""
    model = YOLO(str(start), task="detect")
    for event in ("on_pretrain_routine_end", "on_train_start", "on_val_start", "on_train_epoch_start"):
        model.add_callback(event, one_thread)
    model.train(optimizer="AdamW", lrf=0.01, cos_lr=True, momentum=0.9, weight_decay=5e-4, warmup_epochs=1.0,
                warmup_bias_lr=0.0, nbs=options["batch"], patience=0, seed=0,
                # Without this the reference throws a checkpoint's weights away and begins anew.
                pretrained=Path(start).suffix == ".pt", mosaic=0.0, fliplr=0.5,
                flipud=0.5, cache="ram", workers=0, device="cpu", amp=False, plots=False, project=str(runs), name=name,
                exist_ok=True, **options)
    return runs / name / "weights/best.pt"


def save_scrubbed(source, out, imgsz):
    """Re-saves a stripped checkpoint without anything that describes the machine it was trained on."""
    checkpoint = torch.load(source, map_location="cpu", weights_only=False)
    model = checkpoint["model"]
    neutral = {"model": "yolov8-shapes.yaml", "data": "shapes.yaml", "project": None, "name": "shapes-detect",
               "save_dir": None, "imgsz": imgsz}
    checkpoint["train_args"] = {**checkpoint["train_args"], **neutral}
    model.args = {**(model.args if isinstance(model.args, dict) else vars(model.args)), **neutral}
    model.yaml["yaml_file"] = "yolov8-shapes.yaml"
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


def accuracy(checkpoint, data, imgsz):
    """Validates as the reference does (conf 0.001, iou 0.7) and returns the figures."""
    model = YOLO(checkpoint)
    model.add_callback("on_val_start", one_thread)
    metrics = model.val(data=str(data), imgsz=imgsz, batch=16, workers=0, device="cpu", plots=False, verbose=False,
                        project=str(Path(data).parent / "runs"), name="val", exist_ok=True)
    return {"mAP50": round(float(metrics.box.map50), 4), "mAP50-95": round(float(metrics.box.map), 4),
            "perClass50-95": {shapes.CLASSES[int(c)]: round(float(v), 4)
                              for c, v in zip(metrics.box.ap_class_index, metrics.box.ap)}}


def model_entry(checkpoint, data, held_back, imgsz):
    """Measures both held-back sets; returns the manifest's entry of the checkpoint."""
    contents = Path(checkpoint).read_bytes()
    sets = [(f"Tools/shapes.py --seed {TRAINING_SEED}, val split (chose the best epoch)", data[0]),
            (f"Tools/shapes.py --seed {CHECK_SEED}, val split (used for nothing else)", data[1])]
    return {
        "file": Path(checkpoint).name,
        "task": "detect",
        "architecture": f"YOLOv8, depth {SCALE[0]}, width {SCALE[1]}, at most {SCALE[2]} channels before scaling",
        "classes": list(shapes.CLASSES),
        "imgsz": imgsz,
        "parameters": sum(p.numel() for p in YOLO(checkpoint).model.parameters()),
        "bytes": len(contents),
        "sha256": hashlib.sha256(contents).hexdigest(),
        "licence": LICENCE,
        "origin": ORIGIN,
        "accuracy": [{"set": name, "pictures": held_back, "imgsz": imgsz, **accuracy(checkpoint, path, imgsz)}
                     for name, path in sets],
        "versions": {"ultralytics": ultralytics.__version__, "torch": torch.__version__},
    }


def picture_entry(path):
    """Draws the example picture and returns its manifest entry."""
    scene = shapes.write_picture(path, 640, 480, PICTURE_SEED)
    contents = path.read_bytes()
    return {
        "file": path.name,
        "kind": "picture",
        "width": scene.width,
        "height": scene.height,
        "objects": [shape.name for shape in scene.objects],
        "bytes": len(contents),
        "sha256": hashlib.sha256(contents).hexdigest(),
        "licence": LICENCE,
        "origin": f"Drawn by `python Tools/shapes.py --picture Weights/{path.name} --seed {PICTURE_SEED}`; "
                  "in no training or held-back set.",
    }


def write_manifest(path, entries):
    """Puts entries into the manifest, in the place of those of the same file."""
    old = json.loads(path.read_text()) if path.exists() else []
    new = {entry["file"]: entry for entry in [*old, *entries]}
    path.write_text(json.dumps([new[name] for name in sorted(new)], indent=2, ensure_ascii=False) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--pictures", type=int, default=2000, help="training pictures")
    parser.add_argument("--held-back", type=int, default=250, help="pictures of each held-back set")
    parser.add_argument("--epochs", type=int, default=45)
    parser.add_argument("--polish-rounds", type=int, default=2, help="warm restarts of the second stage")
    parser.add_argument("--polish-epochs", type=int, default=24, help="epochs of each of them")
    parser.add_argument("--polish", type=Path, metavar="CHECKPOINT", help="skip the first stage, begin the second here")
    parser.add_argument("--imgsz", type=int, default=320)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--work", type=Path, default=Path.home() / ".cache/shapes", help="data and runs")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent.parent / "Weights/shapes-detect.pt")
    parser.add_argument("--evaluate", action="store_true", help="do not train, only measure --out")
    arguments = parser.parse_args()

    torch.set_num_threads(1)
    arguments.work = arguments.work.resolve()  # the reference would put a relative directory below its own
    arguments.work.mkdir(parents=True, exist_ok=True)
    data = make_data(arguments.work, arguments.pictures, arguments.held_back, arguments.imgsz)
    out = arguments.out
    if not arguments.evaluate:
        runs = arguments.work / "runs"
        common = dict(data=str(data[0]), imgsz=arguments.imgsz, batch=arguments.batch)
        start = arguments.polish or train(
            architecture(arguments.work), runs, "detect", epochs=arguments.epochs, lr0=0.003, scale=0.25, translate=0.1,
            hsv_h=0.1, hsv_s=0.3, hsv_v=0.2, **common)
        for number in range(1, arguments.polish_rounds + 1):
            start = train(start, runs, f"polish{number}", epochs=arguments.polish_epochs, lr0=0.002, scale=0.1,
                          translate=0.05, hsv_h=0.02, hsv_s=0.1, hsv_v=0.1, **common)
        save_scrubbed(start, out, arguments.imgsz)
    entry = model_entry(out, data, arguments.held_back, arguments.imgsz)
    write_manifest(out.with_name("manifest.json"), [entry, picture_entry(out.with_name("shapes.jpg"))])
    print(json.dumps(entry, indent=2))


if __name__ == "__main__":
    main()
