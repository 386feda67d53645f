"""Trains the small models of this repository on the data of shapes.py, one per task, with `yolo train`.

    python Tools/train_shapes.py [--task detect] [--yolo PROGRAM] [--threads N] [--work DIR]
        [--out Weights/shapes-TASK.pt]
    python Tools/train_shapes.py [--task detect] --evaluate      # does not train: measures the checkpoint that is there

Every model begins with a few epochs of detection on small images, from random weights; the other tasks take over what
their network has in common with it, and random weights for the rest. So nothing but the drawings ever goes in. The
images already vary in size, rotation, place and color, so that there is no mosaic and the augmentation is light.
Weights/README.md says which of the shipped checkpoints were made this way.

Needs the environment of shapes.py (numpy, OpenCV) and `swift build -c release --product yolo`; nothing of Ultralytics.
The networks are YOLOv8 below scale n: its layers with depth 0.33 and width 0.125. What is written: the checkpoint
(half precision, without local paths), an image beside it, and the entries of both in manifest.json there, with the
accuracy on two sets that the training never saw: the split that chose the best epoch, and a set of another seed that
chose none.
"""
import argparse
import hashlib
import json
import os
import shutil
import signal
import subprocess
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import shapes

TRAINING_SEED = 11
CHECK_SEED = 12
LICENSE = "Apache-2.0"
ROOT = Path(__file__).resolve().parent.parent
WEIGHTS = ROOT / "Weights"
DEPTH, WIDTH, CHANNELS = 0.33, 0.125, 1024


@dataclass(frozen=True)
class Recipe:
    """How a task is trained: images, and the arguments of its runs; each begins with the best of the one before.

    A run may have `images` of its own: a larger set begins with the images of a smaller one.
    Detect's runs go on after `START`, the others' first run takes over what fits of it.
    """

    image_seed: int
    runs: tuple
    images: int
    held_back: int = 250
    imgsz: int = 320
    drawn: int = 320  # longer side of the images
    measures: tuple = ()  # what `yolo val` calls the figures, and what the manifest does; none: those of boxes
    options: dict = field(default_factory=dict)


COMMON = dict(optimizer="AdamW", batch=16, nbs=16, lr0=0.003, lrf=0.01, cos_lr=True, momentum=0.9, weight_decay=5e-4,
              warmup_epochs=1.0, warmup_bias_lr=0.0, mosaic=0.0, patience=0, seed=0, cache="ram", plots=False)
LIGHT = dict(fliplr=0.5, flipud=0.5, scale=0.1, translate=0.05, hsv_h=0.02, hsv_s=0.1, hsv_v=0.1)
# The first six of fourteen epochs, at a rate that is still high.
START = dict(imgsz=192, epochs=14, lrf=0.3, fliplr=0.5, flipud=0.5, scale=0.25, translate=0.1, hsv_h=0.1, hsv_s=0.3,
             hsv_v=0.2)
START_EPOCHS = 6
RECIPES = {
    # The image has every class once.
    "detect": Recipe(1125, (dict(imgsz=256, epochs=8, lr0=0.0025, lrf=0.1, warmup_epochs=0.3),
                            dict(epochs=20, lr0=0.002)), images=6000, options=LIGHT),
    "segment": Recipe(1122, (dict(epochs=20),), images=4000, options=LIGHT,
                      measures=(("box", "box"), ("mask", "mask"))),
    # Turned upside down, an arrow would need its barbs exchanged as well.
    "pose": Recipe(1120, (dict(epochs=20),), images=4000, options={**LIGHT, "flipud": 0.0},
                   measures=(("box", "box"), ("pose", "keypoints"))),
    "obb": Recipe(1339, (dict(epochs=20),), images=4000, options=LIGHT),
    "classify": Recipe(21, (dict(epochs=10, lr0=0.002), dict(epochs=18),
                            dict(epochs=5, lr0=0.0015, warmup_epochs=0.3, images=32000)),
                       images=16000, held_back=400, imgsz=96, drawn=128,
                       options=dict(batch=64, nbs=64, fliplr=0.5, flipud=0.5, scale=0.1, hsv_h=0.02, hsv_s=0.1,
                                    hsv_v=0.1, auto_augment="none", erasing=0.0)),
}
ORIGIN = (
    "Trained by this project from random initialization{beginning}, on images drawn by Tools/shapes.py of this project "
    "and on nothing else; no pretrained weights and no third-party data went in. The trainer was this project's own, "
    "`yolo train` as of commit {commit}, with the arguments of Tools/train_shapes.py.")
BEGINNING = {True: "", False: " (its backbone began with six epochs of detection on the same kind of drawings)"}

BACKBONE = (
    "[-1, 1, Conv, [64, 3, 2]]", "[-1, 1, Conv, [128, 3, 2]]", "[-1, 3, C2f, [128, True]]",
    "[-1, 1, Conv, [256, 3, 2]]", "[-1, 6, C2f, [256, True]]", "[-1, 1, Conv, [512, 3, 2]]",
    "[-1, 6, C2f, [512, True]]", "[-1, 1, Conv, [1024, 3, 2]]", "[-1, 3, C2f, [1024, True]]")
POOLING = ("[-1, 1, SPPF, [1024, 5]]",)
NECK = (
    "[-1, 1, nn.Upsample, [None, 2, nearest]]", "[[-1, 6], 1, Concat, [1]]", "[-1, 3, C2f, [512]]",
    "[-1, 1, nn.Upsample, [None, 2, nearest]]", "[[-1, 4], 1, Concat, [1]]", "[-1, 3, C2f, [256]]",
    "[-1, 1, Conv, [256, 3, 2]]", "[[-1, 12], 1, Concat, [1]]", "[-1, 3, C2f, [512]]",
    "[-1, 1, Conv, [512, 3, 2]]", "[[-1, 9], 1, Concat, [1]]", "[-1, 3, C2f, [1024]]")
HEADS = {
    "detect": ("yolov8-shapes.yaml", "[[15, 18, 21], 1, Detect, [nc]]"),
    "segment": ("yolov8-shapes-seg.yaml", "[[15, 18, 21], 1, Segment, [nc, 32, 256]]"),
    "pose": ("yolov8-shapes-pose.yaml", "[[15, 18, 21], 1, Pose, [nc, kpt_shape]]"),
    "obb": ("yolov8-shapes-obb.yaml", "[[15, 18, 21], 1, OBB, [nc, 1]]"),
    "classify": ("yolov8-shapes-cls.yaml", "[-1, 1, Classify, [nc]]"),
}


def write_network(work, task):
    """Writes the description of a task's network into `work`; returns its name."""
    name, head = HEADS[task]
    is_classifier = task == "classify"
    sections = {"backbone": BACKBONE + (() if is_classifier else POOLING),
                "head": (() if is_classifier else NECK) + (head,)}
    lines = [f"nc: {1 if task == 'pose' else len(shapes.CLASSES)}"]
    if task == "pose":
        lines.append(f"kpt_shape: [{len(shapes.KEYPOINTS)}, 3]")
    lines += ["scales:", f"  t: [{DEPTH}, {WIDTH}, {CHANNELS}]"]
    for section, rows in sections.items():
        lines += [f"{section}:", *(f"  - {row}" for row in rows)]
    (work / name).write_text("\n".join(lines) + "\n")
    return name


def make_data(work, task, images, held_back, size):
    """Writes the training set and the independent check set unless they are there; returns their paths in `work`."""
    paths = []
    for name, seed, counts in (("training", TRAINING_SEED, {"train": images, "val": held_back}),
                               ("check", CHECK_SEED, {"train": 0, "val": held_back})):
        directory = f"{task}-{name}-{seed}-{size}-{counts['train']}-{held_back}"
        if not (work / directory).exists():
            shapes.write_dataset(work / directory, counts, size, seed, task=task)
        paths.append(directory if task == "classify" else f"{directory}/data.yaml")
    return paths


class Program:
    """The `yolo` program, run in the working directory so that all paths in checkpoints are relative."""

    def __init__(self, path, work, threads):
        self.path, self.work, self.threads = Path(path).resolve(), work, threads

    def command(self, name, *arguments):
        return [str(self.path), name, "--threads", str(self.threads), *map(str, arguments)]

    def json(self, name, *arguments):
        """Returns what a command prints as JSON."""
        command = self.command(name, *arguments, "--format", "json")
        return json.loads(subprocess.run(command, cwd=self.work, check=True, stdout=subprocess.PIPE).stdout)

    def train(self, *, name, task, until=None, **options):
        """Trains, at most `until` epochs; returns the checkpoint of the best epoch, or then of the last."""
        arguments = [f"{key}={value}" for key, value in dict(options, name=name, exist_ok=True).items()]
        command = self.command("train", *arguments, "--format", "json")
        with subprocess.Popen(command, cwd=self.work, stdout=subprocess.PIPE, text=True) as process:
            for line in process.stdout:
                event = json.loads(line)
                if event["event"] == "epoch":
                    print(name, event["epoch"], event["epochs"], event["metrics"], flush=True)
                if event["event"] == "checkpoint" and event["epoch"] == until and not event["best"]:
                    process.send_signal(signal.SIGINT)  # once: a second one would end it before the file is written
        if process.returncode != (130 if until else 0):
            raise SystemExit(f"yolo train ended with {process.returncode}")
        return f"runs/{task}/{name}/weights/{'last' if until else 'best'}.pt"

    def accuracy(self, task, checkpoint, data, imgsz):
        """Measures as Ultralytics' val does (conf 0.001, iou 0.7) and returns the figures."""
        report = self.json("val", "--model", checkpoint, "--data", data, "--imgsz", imgsz)
        if task == "classify":
            return {name: round(report[name], 4) for name in ("top1", "top5")}

        def figures(found):
            return {"mAP50": round(found["mAP50"], 4), "mAP50-95": round(found["mAP50-95"], 4),
                    "perClass50-95": {row["name"]: round(row["mAP50-95"], 4) for row in found["classes"]}}

        measures = RECIPES[task].measures
        return {name: figures(report[key]) for key, name in measures} if measures else figures(report["box"])


def train(program, task):
    """Runs the trainings of a task one after the other; returns the best checkpoint of the last."""
    recipe = RECIPES[task]
    start = program.work / "start.pt"
    if not start.exists():
        first = RECIPES["detect"]
        images = make_data(program.work, "detect", first.images, first.held_back, first.drawn)[0]
        found = program.train(name="start", task="detect", until=START_EPOCHS, data=images,
                              model=write_network(program.work, "detect"), **{**COMMON, **START})
        shutil.copy(program.work / found, start)
    best = "start.pt"
    for number, options in enumerate(recipe.runs, 1):
        begin = {"model": best}
        if number == 1 and task != "detect":
            begin = {"model": write_network(program.work, task), "pretrained": best}
        arguments = {**COMMON, "imgsz": recipe.imgsz, **recipe.options, **options}
        images = arguments.pop("images", recipe.images)
        data = make_data(program.work, task, images, recipe.held_back, recipe.drawn)[0]
        best = program.train(name=f"{task}-{number}", task=task, data=data, **begin, **arguments)
    return program.work / best


def check_paths(path, directories):
    """Ends the program if a checkpoint holds the path of one of the directories."""
    with zipfile.ZipFile(path) as archive:
        contents = b"".join(archive.read(name) for name in archive.namelist() if name.endswith(".pkl"))
    for directory in directories:
        if str(directory).encode() in contents:
            raise SystemExit(f"{path} contains the local path {directory}")


def commit():
    """Returns the commit of this repository, which is that of the program if it was built of it."""
    return subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], cwd=ROOT, check=True, text=True,
                          stdout=subprocess.PIPE).stdout.strip()


def model_entry(program, task, checkpoint, data, origin):
    """Measures both held-back sets; returns the manifest's entry of the checkpoint."""
    recipe = RECIPES[task]
    contents = Path(checkpoint).read_bytes()
    info = program.json("info", "--model", checkpoint)
    command = "Tools/shapes.py" + ("" if task == "detect" else f" --task {task}")
    if recipe.drawn != RECIPES["detect"].drawn:
        command += f" --size {recipe.drawn}"
    sets = [(f"{command} --seed {TRAINING_SEED}, val split (chose the best epoch)", data[0]),
            (f"{command} --seed {CHECK_SEED}, val split (no epoch was chosen by it)", data[1])]
    return {
        "file": Path(checkpoint).name,
        "task": task,
        "architecture": f"YOLOv8, depth {DEPTH}, width {WIDTH}, at most {CHANNELS} channels before scaling",
        "classes": list(info["classes"].values()),
        **({"keypoints": list(shapes.KEYPOINTS)} if task == "pose" else {}),
        "imgsz": recipe.imgsz,
        "parameters": info["parameters"],
        "bytes": len(contents),
        "sha256": hashlib.sha256(contents).hexdigest(),
        "license": LICENSE,
        "origin": origin,
        "accuracy": [{"set": name, "images": recipe.held_back, "imgsz": recipe.imgsz,
                      **program.accuracy(task, checkpoint, path, recipe.imgsz)} for name, path in sets],
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
    parser.add_argument("--yolo", type=Path, default=ROOT / ".build/release/yolo", help="the program")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of the program")
    parser.add_argument("--work", type=Path, default=Path.home() / ".cache/shapes", help="data and runs")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--evaluate", action="store_true", help="do not train, only measure --out")
    arguments = parser.parse_args()
    task, recipe = arguments.task, RECIPES[arguments.task]

    work = arguments.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    program = Program(arguments.yolo, work, arguments.threads)
    data = make_data(work, task, recipe.images, recipe.held_back, recipe.drawn)
    out = (arguments.out or WEIGHTS / f"shapes-{task}.pt").resolve()
    manifest = out.with_name("manifest.json")
    if arguments.evaluate:
        origin = next(entry["origin"] for entry in json.loads(manifest.read_text()) if entry["file"] == out.name)
    else:
        origin = ORIGIN.format(beginning=BEGINNING[task == "detect"], commit=commit())
        best = train(program, task)
        check_paths(best, (Path.home(), ROOT, work))
        out.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(best, out)
    entry = model_entry(program, task, out, data, origin)
    image = out.with_name("shapes.jpg" if task == "detect" else f"shapes-{task}.jpg")
    write_manifest(manifest, [entry, image_entry(task, image)])
    print(json.dumps(entry["accuracy"], indent=1))


if __name__ == "__main__":
    main()
