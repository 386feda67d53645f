"""Records training samples of Ultralytics with the random numbers that they were made of.

    python Tools/training/data_fixtures.py [--out Tests/YOLOTrainingDataTests/Fixtures] [--size 64] [--samples 2]

Draws small sets with Tools/shapes.py, takes samples of them for every task and option, and writes for each option an
image with the samples side by side and, into samples.json, their labels and the numbers that were drawn, in the order
in which `SamplePipeline` draws. Runs Ultralytics unmodified; the draws are seen by wrapping the functions of `random`
and `numpy.random`. Versions that gave the committed fixtures: ultralytics 8.4.190, OpenCV 5.0.0, numpy 2.4.6.
"""
import argparse
import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

os.environ.setdefault("YOLO_OFFLINE", "true")
import cv2
import numpy as np
import ultralytics
from ultralytics.cfg import get_cfg
from ultralytics.data import build_yolo_dataset
from ultralytics.data.utils import check_det_dataset

ROOT = Path(__file__).resolve().parents[2]
LOG = []
# Name, task, set, options.
CASES = [
    ("mosaic", "detect", "detect", {}),
    ("turned", "detect", "detect", dict(degrees=20.0, shear=5.0, flipud=0.5)),
    ("perspective", "detect", "detect", dict(perspective=0.001, degrees=10.0)),
    ("single", "detect", "detect", dict(mosaic=0.0, bgr=0.5)),
    ("plain", "detect", "detect", dict(scale=0.0, translate=0.0, hsv_h=0.0, hsv_s=0.0, hsv_v=0.0, fliplr=0.0)),
    ("colors", "detect", "detect", dict(mosaic=0.0, scale=0.0, translate=0.0, fliplr=0.0, hsv_h=0.5, hsv_s=0.9, hsv_v=0.9)),
    ("pair", "detect", "detect", dict(mosaic=0.5, scale=(0.2, 0.9))),
    ("mixup", "detect", "detect", dict(mixup=1.0)),
    ("cutmix", "detect", "detect", dict(cutmix=1.0, scale=0.9)),
    ("rect", "detect", "detect", dict(rect=True, degrees=5.0)),
    ("polygons", "detect", "segment", dict(degrees=30.0)),
    ("segment", "segment", "segment", dict(degrees=15.0, flipud=0.5)),
    ("maps", "segment", "segment", dict(overlap_mask=False, mask_ratio=2)),
    ("paste", "segment", "segment", dict(copy_paste=0.8)),
    ("pastemixup", "segment", "segment", dict(copy_paste=0.8, copy_paste_mode="mixup")),
    ("segmix", "segment", "segment", dict(mixup=0.5, cutmix=1.0, scale=0.9)),
    ("pose", "pose", "pose", dict(flipud=0.5, degrees=10.0)),
    ("posemix", "pose", "pose", dict(mixup=0.5, cutmix=0.5)),
    ("obb", "obb", "obb", dict(degrees=45.0, flipud=0.5)),
    ("obbsingle", "obb", "obb", dict(mosaic=0.0, translate=0.4)),
    ("obbmix", "obb", "obb", dict(cutmix=1.0, scale=0.9)),
]


def spy(module, name):
    function = getattr(module, name)

    def recording(*arguments, **named):
        result = function(*arguments, **named)
        LOG.append((name, arguments if name != "choices" else (len(arguments[0]),), result))
        return result

    setattr(module, name, recording)


class Draws:
    """Brings a log into the order in which `SamplePipeline` draws."""

    def __init__(self, log, options, task):
        self.log, self.position, self.out, self.task = log, 0, [], task
        self.o = dict(mosaic=1.0, mixup=0.0, cutmix=0.0, copy_paste=0.0, copy_paste_mode="flip", rect=False, bgr=0.0, hsv_h=0.015, hsv_s=0.7, hsv_v=0.4)
        self.o.update(options)
        if self.o["rect"]: self.o.update(mosaic=0.0, mixup=0.0, cutmix=0.0)

    def take(self, name, arguments=None, keep=True):
        got = self.log[self.position]
        assert got[0] == name and (arguments is None or tuple(got[1]) == tuple(arguments)), (got, name, arguments, self.log)
        self.position += 1
        value = np.atleast_1d(got[2]).astype(float).tolist()
        if keep: self.out += value
        return value[0]

    def mapped(self):
        used = self.take("uniform", (0, 1), self.o["mosaic"] > 0) <= self.o["mosaic"] and self.o["mosaic"] > 0
        if used:
            self.take("choices")
            for _ in range(2): self.take("uniform")
        for _ in range(8): self.take("uniform")

    def chance(self, name):
        return self.take("uniform", (0, 1), self.o[name] > 0) <= self.o[name] and self.o[name] > 0

    def run(self):
        self.mapped()
        if self.o["copy_paste_mode"] == "mixup" and self.chance("copy_paste"):
            self.take("randint"); self.mapped()
        if self.chance("mixup"):
            self.take("randint"); self.mapped(); self.take("beta")
        if self.chance("cutmix"):
            self.take("randint"); self.mapped()
            for _ in range(3): self.take("beta"); self.take("randint"); self.take("randint")
            if self.log[self.position][0] == "choice":  # the index of one of the free rectangles; ours counts the free ones
                (free,), chosen = self.log[self.position][1:]
                self.take("choice", None, False); self.out.append(float(free.tolist().index(chosen)))
        if self.log[self.position][0] == "uniform" and len(self.log[self.position][1]) == 3:
            self.take("uniform", None, any(self.o[k] for k in ("hsv_h", "hsv_s", "hsv_v")))
        for _ in range(2): self.take("random")
        self.take("uniform", (0, 1), self.o["bgr"] > 0)
        assert self.position == len(self.log), self.log[self.position:]
        return self.out


def record(case, sets, size, samples):
    name, task, source, options = case
    arguments = get_cfg(overrides=dict(task=task, imgsz=size, batch=2, **{k: v for k, v in options.items()}))
    data = check_det_dataset(str(sets / source / "data.yaml"))
    dataset = build_yolo_dataset(arguments, data["train"], 2, data, mode="train", rect=options.get("rect", False))
    seed = sum(name.encode()) + 1
    random.seed(seed); np.random.seed(seed)
    for index in range(len(dataset)): dataset.load_image(index)
    found, images = [], []
    for index in range(samples):
        index = index % len(dataset)
        LOG.clear()
        sample = dataset[index]
        draws = Draws(list(LOG), options, task).run()
        image = sample["img"].numpy().transpose(1, 2, 0)
        images.append(image)
        entry = dict(file=Path(sample["im_file"]).name, width=image.shape[1], height=image.shape[0], draws=draws,
                     classes=sample["cls"].numpy()[:, 0].astype(int).tolist(), boxes=sample["bboxes"].numpy().tolist())
        if "keypoints" in sample: entry["keypoints"] = sample["keypoints"].numpy().reshape(-1, 3).tolist()
        if "masks" in sample:
            entry["masks"] = sample["masks"].numpy().ravel().tolist()
            entry["semantic"] = sample["sem_masks"].numpy().ravel().astype(int).tolist()
        found.append(entry)
    order = [Path(f).name for f in dataset.im_files]
    return dict(name=name, task=task, set=source, options={k: list(v) if isinstance(v, tuple) else v for k, v in options.items()}, order=order, samples=found), images


# Name, policy, samples, options of classification.
POLICIES = [
    ("randaugment", "randaugment", 10, {}),
    ("autoaugment", "autoaugment", 10, {}),
    ("augmix", "augmix", 4, {}),
    ("jitter", None, 4, dict(hsv_h=0.1, hsv_s=0.7, hsv_v=0.4, vflip=0.5)),
]


def record_policies(sets, out, size):
    import torch
    import torchvision
    from PIL import Image
    from ultralytics.data.augment import classify_augmentations

    log = []

    def wrap(owner, name, convert):
        function = getattr(owner, name)

        def recording(*arguments, **named):
            result = function(*arguments, **named)
            log.extend(convert(result.double() if hasattr(result, "double") else result, named))
            return result

        setattr(owner, name, recording)

    numbers = lambda result, named: (result - named.get("low", 0)).reshape(-1).tolist()
    for name in ("rand", "randint", "randperm"): wrap(torch, name, numbers)
    wrap(torch.Tensor, "uniform_", numbers)
    wrap(torchvision.transforms.AugMix, "_sample_dirichlet", numbers)
    files = sorted((sets / "classify/train").rglob("*.jpg"))
    cases = []
    for name, policy, samples, options in POLICIES:
        transform = classify_augmentations(size, scale=(0.5, 1.0), auto_augment=policy, **dict(dict(hflip=0.5, erasing=0.4), **options))
        torch.manual_seed(sum(name.encode()))
        strip, found = [], []
        for index in range(samples):
            file = files[index % len(files)]
            log.clear()
            image = transform(Image.open(file).convert("RGB"))
            strip.append((image.numpy().transpose(1, 2, 0) * 255).round().astype(np.uint8))
            found.append(dict(file=str(file.relative_to(sets / "classify/train")), draws=list(log)))
        cv2.imwrite(str(out / f"{name}.png"), np.concatenate(strip, 1)[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 9])
        cases.append(dict(name=name, policy=policy, options=options, samples=found))
    return cases


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, default=ROOT / "Tests/YOLOTrainingDataTests/Fixtures")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--samples", type=int, default=2)
    parser.add_argument("--images", type=int, default=6)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    sets = options.out / "sets"
    shutil.rmtree(sets, ignore_errors=True)
    for task in ("detect", "segment", "pose", "obb"):
        subprocess.run([sys.executable, str(ROOT / "Tools/shapes.py"), "--task", task, "--out", str(sets / task), "--train", str(options.images),
                        "--val", "1", "--size", str(options.size + options.size // 4), "--seed", "9"], check=True, stdout=subprocess.DEVNULL)
    for module, names in ((random, ("uniform", "random", "choices", "randint")), (np.random, ("uniform", "beta", "randint", "choice"))):
        for name in names: spy(module, name)
    cases = []
    for case in CASES:
        if options.only and case[0] not in options.only.split(","): continue
        try:
            entry, images = record(case, sets, options.size, options.samples)
        except AssertionError as error:
            print("case", case[0], "has other draws:", str(error)[:2000]); continue
        cases.append(entry)
        # RGB planes as the network gets them; cv2 wants BGR. The samples of a case may differ in size (rect).
        tall = max(i.shape[0] for i in images)
        strip = np.concatenate([np.pad(i, ((0, tall - i.shape[0]), (0, 0), (0, 0))) for i in images], 1)
        cv2.imwrite(str(options.out / f"{entry['name']}.png"), strip[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 9])
    for path in list(sets.rglob("*.cache")): path.unlink()
    for task in sets.iterdir():
        for part in ("images/val", "labels/val"): shutil.rmtree(task / part, ignore_errors=True)
        text = (task / "data.yaml").read_text()
        lines = [l for l in text.splitlines() if not l.startswith("path:")]
        (task / "data.yaml").write_text("\n".join(lines) + "\n")
    subprocess.run([sys.executable, str(ROOT / "Tools/shapes.py"), "--task", "classify", "--out", str(sets / "classify"), "--train", "16", "--val", "16",
                    "--size", str(options.size + 16), "--seed", "9"], check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(sets / "classify/val", ignore_errors=True)
    for directory in (sets / "classify/train").iterdir():
        for file in sorted(directory.iterdir())[1:]: file.unlink()
    policies = record_policies(sets, options.out, options.size)
    rounded = json.loads(json.dumps(cases), parse_float=lambda s: round(float(s), 9))
    text = json.dumps(dict(versions=dict(ultralytics=ultralytics.__version__, opencv=cv2.__version__, numpy=np.__version__), size=options.size, cases=rounded, policies=policies))
    (options.out / "samples.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
