"""What the shared server has: drawn datasets of the five tasks, the shipped models, two accounts."""
import io
import math
import random
import sys
import tarfile
import zipfile

import cv2
import numpy as np

from harness import TASKS, WEIGHTS, need

NAMES = ("square", "triangle")
TRAINER = WEIGHTS.parent / "Tools/conformance/worker.py"


def shape(kind, center, radius, angle):
    """The corners of a square or a triangle."""
    count = 4 if kind == 0 else 3
    return np.array([(center[0] + radius * math.cos(angle + 2 * math.pi * k / count),
                      center[1] + radius * math.sin(angle + 2 * math.pi * k / count)) for k in range(count)])


def drawing(seed, size=96):
    """Returns an image as PNG, and its objects: class and corners from 0 to 1."""
    r = random.Random(seed)
    image, objects = np.full((size, size, 3), 40, np.uint8), []
    for k in range(2):
        kind = (seed + k) % 2
        unit = size / 96
        points = shape(kind, ((24 + 48 * k + r.uniform(-4, 4)) * unit, r.uniform(24, 72) * unit),
                       r.uniform(12, 18) * unit, r.uniform(0, 6))
        cv2.fillPoly(image, [points.astype(np.int32)], (r.randint(120, 255), r.randint(80, 255), r.randint(80, 255)))
        objects.append((kind, points / size))
    return cv2.imencode(".png", image)[1].tobytes(), objects


def rows(task, objects):
    """The labels of a drawing as rows of numbers."""
    def box(points):
        return [*((points.min(0) + points.max(0)) / 2), *(points.max(0) - points.min(0))]

    def rounded(row):
        return [row[0], *(round(float(value), 6) for value in row[1:])]

    if task == "detect":
        return [rounded([k, *box(p)]) for k, p in objects]
    if task == "segment":
        return [rounded([k, *p.ravel()]) for k, p in objects]
    if task == "pose":
        return [rounded([k, *box(p), *sum(([*q, 2] for q in p[:3]), [])]) for k, p in objects]
    if task == "obb":
        corners = [cv2.boxPoints(cv2.minAreaRect((p * 96).astype(np.float32))) / 96 for _, p in objects]
        return [rounded([k, *np.clip(c, 0, 1).ravel()]) for (k, _), c in zip(objects, corners)]
    return [objects[0][0]]


KEYS = {"detect": "boxes", "segment": "segments", "pose": "pose", "obb": "obb", "classify": "classification"}


def split(index, count):
    """Half of the images are for training, a quarter each for val and test."""
    return "train" if index < count // 2 else "val" if index < 3 * count // 4 else "test"


def files(task, count=8, first=100, root="set/"):
    """Returns a dataset as the files of a directory."""
    found = {}
    for index in range(count):
        data, objects = drawing(first + index)
        part = split(index, count)
        if task == "classify":
            found[f"{root}{part}/{NAMES[objects[0][0]]}/p{index}.png"] = data
            continue
        found[f"{root}images/{part}/p{index}.png"] = data
        found[f"{root}labels/{part}/p{index}.txt"] = "\n".join(" ".join(map(str, row)) for row in rows(task, objects)).encode()
    if task != "classify":
        text = "path: .\ntrain: images/train\nval: images/val\ntest: images/test\nnames: {0: square, 1: triangle}\n"
        if task == "pose":
            text += "kpt_shape: [3, 3]\nflip_idx: [0, 1, 2]\n"
        found[f"{root}data.yaml"] = text.encode()
    return found


def zipped(found, deflate=True):
    """Returns the files as a ZIP archive."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED if deflate else zipfile.ZIP_STORED) as archive:
        for name, data in found.items():
            archive.writestr(name, data)
    return target.getvalue()


def tarred(found, links=()):
    """Returns the files as a tar archive with gzip; links are pairs of name and target."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        for name, data in found.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
        for name, where in links:
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = tarfile.SYMTYPE, where
            archive.addfile(entry)
    return target.getvalue()


def made(world):
    """Starts the shared server and fills it."""
    server = world.platform(
        "main", *world.given("--trainer", f"{sys.executable} {TRAINER} {{args}}"),
        *world.given("--training-devices", "cpu"), *world.given("--trainer-grace", 2),
        *world.given("--trainer-kill", 2),
        *world.given("--exporter", "onnx=printf 'made of %s' \"$YOLO_EXPORT_FORMAT\" > model.onnx"), models=WEIGHTS)
    world.keys["alice"] = server.account("alice")
    world.keys["bobby"] = server.account("bobby")
    server.start()
    alice = server.client(world.keys["alice"])
    project = alice.ok("POST", "/api/projects", {"name": "Shapes", "project": "shapes"}, status=201)
    world.kept["project"] = project["id"], None
    for task in TASKS:
        model = alice.model(project["id"], f"shapes-{task}", WEIGHTS / f"shapes-{task}.pt")
        world.kept[f"model-{task}"] = model["id"], None
        found = alice.dataset(f"shapes {task}", zipped(files(task)), dataset=f"shapes-{task}", task=task)
        need(found["dataset"]["imageCount"] == 8, found)
        world.kept[f"dataset-{task}"] = found["dataset"]["id"], None
    return server
