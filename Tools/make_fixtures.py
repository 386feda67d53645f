"""Writes the fixtures of the Swift tests into Tests/Fixtures from the reference.

    python Tools/make_fixtures.py [--make-checkpoint ../shared/reference/make_checkpoint.py] [--out Tests/Fixtures]

Needs the reference environment. Written are (paths relative to --out):
    pictures/*.png            small pictures drawn by shapes.py; shapes.jpg is read from Weights/ and not copied
    checkpoints/*.pt          lively untrained checkpoints, tiny, by the logic of make_checkpoint.py
    inputs/*.npy              letterboxed network inputs, uint8 [H, W, 3], RGB
    heads/*.npy               raw float32 [1, C, H, W] outputs of the head's box and class branches, per level, fused network
    detections/*.json         [{class, name, confidence, x1, y1, x2, y2}] in pixels of the picture, unrounded
    manifest.json             command, seed, library versions, SHA-256 of every file, and the list of cases
Checkpoint seeds are counted up until no decision of a checkpoint's cases (confidence, class, overlap) hangs on less than the
float32 noise between two correct runtimes. A case of the trained checkpoint that does is dropped and said so.
"""
import argparse
import hashlib
import json
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
import torch
import torchvision
import ultralytics
from ultralytics.utils import YAML

import shapes
from reference import MAXIMUM_DETECTIONS, Reference, decision_margins

ROOT = Path(__file__).resolve().parent.parent
SEED = 20261
WIDTH = 0.03125  # 8, 8, 8, 16 and 32 channels: everything below or at one vector of the widest instruction set
NAMES = ["person", "café au lait", "traffic light", "自転車"]  # names are UTF-8 and pass through unchanged
IOU = 0.45
CONFIDENCES = (0.01, 0.25)
SIZES = (160, 320)
# The reference's own fused, unfused and float64 runs differ by up to 1.3e-6 in scores and by 2e-5 px on average in boxes;
# an error of 2e-4 px in a box side of 10 px moves the IoU by 2e-5.
LEAST_CONFIDENCE_MARGIN = 4e-6
LEAST_IOU_MARGIN = 2e-5
SEED_TRIES = 90

# name, architecture, bins of the box distribution
CHECKPOINTS = (
    ("tiny-detect", "yolov8", 8),
    ("tiny-p2", "yolov8-p2", 4),
    ("tiny-p6", "yolov8-p6", 4),
)
# name, (width, height): one even and one odd; seeds are SEED + position
PICTURES = (("even", (160, 120)), ("odd", (97, 211)))
HELD_BACK = (("held-back-a", (200, 150)), ("held-back-b", (120, 180)))


def write_picture(path, width, height, seed):
    scene = shapes.random_scene(np.random.default_rng([seed, 7]), width, height)
    # Without grain PNG stays small; the objects, textures and gradients remain.
    quiet = shapes.Background(**{**vars(scene.background), "grain": 0.0})
    cv2.imwrite(str(path), shapes.draw(shapes.Scene(width, height, quiet, scene.objects)),
                [cv2.IMWRITE_PNG_COMPRESSION, 9])


def write_checkpoint(script, path, architecture, bins, seed, picture):
    """Runs make_checkpoint.py on a scaled-down description, then takes date and local paths out of the file."""
    with tempfile.TemporaryDirectory() as directory:
        description = YAML.load(Path(ultralytics.__file__).parent / f"cfg/models/v8/{architecture}.yaml")
        description.update(nc=len(NAMES), scales={"t": [0.33, WIDTH, 1024]}, reg_max=bins)
        yaml, raw = Path(directory) / f"{architecture}-tiny.yaml", Path(directory) / path.name
        YAML.save(yaml, description)
        subprocess.run([sys.executable, script, str(yaml), str(raw), "--seed", str(seed), "--image", str(picture),
                        "--imgsz", "320"], check=True, stdout=sys.stderr)
        checkpoint = torch.load(raw, map_location="cpu", weights_only=False)
    model = checkpoint["model"].half()
    model.yaml["yaml_file"] = yaml.name
    model.names = dict(enumerate(NAMES))
    arguments = model.args if isinstance(model.args, dict) else vars(model.args)
    model.args = {**arguments, "model": yaml.name}
    checkpoint["date"] = "2026-01-01T00:00:00"
    torch.save(checkpoint, path)
    if directory.encode() in path.read_bytes():
        raise SystemExit(f"{path} still contains a local path")


def margins_suffice(run, conf):
    confidence, overlap, tie = decision_margins(run, conf, IOU)
    return min(confidence, tie) >= LEAST_CONFIDENCE_MARGIN and overlap >= LEAST_IOU_MARGIN


def clear_checkpoint(script, path, architecture, bins, seed, calibration, pictures):
    """Writes the checkpoint of the first seed whose cases are all clear and none of them empty; returns (reference, seed)."""
    for attempt in range(seed, seed + SEED_TRIES):
        write_checkpoint(script, path, architecture, bins, attempt, calibration)
        reference = Reference(path)
        runs = [(reference.predict(picture, imgsz, conf, IOU), conf)
                for picture in pictures for imgsz in SIZES for conf in CONFIDENCES]
        lively = all(0 < len(run.detections) < MAXIMUM_DETECTIONS for run, conf in runs if conf == max(CONFIDENCES))
        if lively and all(margins_suffice(run, conf) for run, conf in runs):
            return reference, attempt
    raise SystemExit(f"{path.name}: no clear seed among {SEED_TRIES} from {seed}")


class Writer:
    """Collects the cases and the files that belong to them."""

    def __init__(self, out):
        self.out, self.cases, self.dropped = out, [], []

    def array(self, name, values):
        np.save(self.out / name, np.ascontiguousarray(values), allow_pickle=False)
        return name

    def case(self, reference, checkpoint, picture, path, imgsz, conf, with_tensors=False, with_input=False):
        run = reference.predict(path, imgsz, conf, IOU, heads=with_tensors)
        stem = f"{Path(checkpoint).stem}-{Path(picture).stem}-{imgsz}"
        if not margins_suffice(run, conf):
            self.dropped.append(f"{stem}-conf{conf}")
            return
        name = f"detections/{stem}-conf{conf}.json"
        found = run.detections
        rows = [{"class": int(c), "name": n, "confidence": float(s), **dict(zip(("x1", "y1", "x2", "y2"), map(float, b)))}
                for c, n, s, b in zip(found.classes, found.names, found.confidences, found.boxes)]
        lines = ",\n ".join(json.dumps(row, ensure_ascii=False) for row in rows)
        (self.out / name).write_text(f"[{lines}]\n")
        height, width = run.letterboxed.shape[:2]
        case = {"checkpoint": checkpoint, "picture": picture, "imgsz": imgsz, "conf": conf, "iou": IOU,
                "inputSize": {"width": width, "height": height}, "count": len(rows), "detections": name}
        if with_input:
            case["input"] = self.array(f"inputs/{Path(picture).stem}-{width}x{height}.npy", run.letterboxed)
        if with_tensors:
            # The tensors depend on picture and imgsz alone; both confidences of a case name the same files.
            case["heads"] = {key: self.array(f"heads/{stem}-{key}.npy", run.heads[key]) for key in sorted(run.heads)}
        self.cases.append(case)


def versions():
    return {"python": platform.python_version(), "ultralytics": ultralytics.__version__, "torch": torch.__version__,
            "torchvision": torchvision.__version__, "opencv": cv2.__version__, "numpy": np.__version__}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--make-checkpoint", default=str(ROOT.parent / "shared/reference/make_checkpoint.py"))
    parser.add_argument("--out", type=Path, default=ROOT / "Tests/Fixtures")
    parser.add_argument("--weights", type=Path, default=ROOT / "Weights", help="directory of shapes-detect.pt, shapes.jpg")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    out = arguments.out
    for name in ("pictures", "checkpoints", "inputs", "heads", "detections"):
        shutil.rmtree(out / name, ignore_errors=True)
        (out / name).mkdir(parents=True)

    pictures = {}
    for position, (name, (width, height)) in enumerate(PICTURES + HELD_BACK):
        pictures[name] = out / "pictures" / f"{name}.png"
        write_picture(pictures[name], width, height, SEED + position)

    # Calibrated on both pictures side by side, so that the scores of neither saturate; square, because make_checkpoint.py
    # pads to multiples of 32 alone and the stride-64 network needs 64.
    parts = [cv2.imread(str(pictures[name])) for name, _ in PICTURES]
    side = sum(part.shape[1] for part in parts)
    montage = np.concatenate([np.pad(p, ((0, side - p.shape[0]), (0, 0), (0, 0)), mode="wrap") for p in parts], 1)

    writer = Writer(out)
    seeds = {}
    with tempfile.TemporaryDirectory() as directory:
        calibration = Path(directory) / "calibration.png"
        cv2.imwrite(str(calibration), montage)
        for position, (name, architecture, bins) in enumerate(CHECKPOINTS):
            checkpoint = f"checkpoints/{name}.pt"
            reference, seeds[checkpoint] = clear_checkpoint(
                arguments.make_checkpoint, out / checkpoint, architecture, bins, SEED + 100 * position, calibration,
                [pictures[picture] for picture, _ in PICTURES])
            for picture, _ in PICTURES:
                for imgsz in SIZES:
                    for conf in CONFIDENCES:
                        writer.case(reference, checkpoint, f"pictures/{picture}.png", pictures[picture], imgsz, conf,
                                    with_tensors=imgsz == 160,
                                    with_input=imgsz == 160 or (picture == "odd" and architecture == "yolov8"))

    trained = arguments.weights / "shapes-detect.pt"
    reference = Reference(trained)
    for conf in CONFIDENCES:
        for imgsz in (320, 640):
            writer.case(reference, "Weights/shapes-detect.pt", "Weights/shapes.jpg", arguments.weights / "shapes.jpg",
                        imgsz, conf)
        for name, _ in HELD_BACK:
            writer.case(reference, "Weights/shapes-detect.pt", f"pictures/{name}.png", pictures[name], 320, conf)
        # The sixteen-bin box distribution of every released checkpoint, which the tiny ones do not have.
        writer.case(reference, "Weights/shapes-detect.pt", "pictures/held-back-a.png", pictures["held-back-a"], 160, conf,
                    with_tensors=True, with_input=True)

    files = sorted(p for p in out.rglob("*") if p.is_file() and p.name != "manifest.json")
    listed = {name for case in writer.cases for name in (*case.get("heads", {}).values(), case.get("input", ""))}
    for path in files:
        if path.suffix == ".npy" and str(path.relative_to(out)) not in listed:
            raise SystemExit(f"{path} belongs to no case")
    manifest = {
        "generator": "python Tools/make_fixtures.py --make-checkpoint ../shared/reference/make_checkpoint.py",
        "seed": SEED, "checkpointSeeds": seeds, "versions": versions(),
        "trained": {"file": "Weights/shapes-detect.pt", "sha256": hashlib.sha256(trained.read_bytes()).hexdigest()},
        "paths": "relative to Tests/Fixtures; those that begin with Weights/ relative to the repository",
        "files": {str(p.relative_to(out)): {"bytes": p.stat().st_size,
                                            "sha256": hashlib.sha256(p.read_bytes()).hexdigest()} for p in files},
        "cases": writer.cases,
    }
    (out / "manifest.json").write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")
    for line in writer.dropped:
        print("dropped, too near a decision:", line)
    total = sum(p.stat().st_size for p in out.rglob("*") if p.is_file())
    print(f"{out}: {len(writer.cases)} cases, {len(files)} files, {total / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
