"""Creates the fixtures of the losses by running Ultralytics' criteria, unmodified.

    python Tools/training/loss_fixtures.py [--only NAME,…]

Needs the environment of Tools/upstream/setup. Head outputs come from a generator that the tests have too (SplitMix64),
so that a file has the targets, the assignment, the terms, and samples of the gradients alone.
"""
import argparse
import pathlib
import sys

import numpy as np
import torch
import ultralytics
from ultralytics import YOLO
from ultralytics.cfg import get_cfg
from ultralytics.nn.tasks import DetectionModel, OBBModel, PoseModel, SegmentationModel
from ultralytics.utils import loss as criteria

torch.set_num_threads(1)
root = pathlib.Path(__file__).resolve().parents[2]
TASKS = dict(detect=0, segment=1, pose=2, obb=3, classify=4)
# Every how many elements of a gradient one is stored, beside those of assigned anchors.
SAMPLE_STEP = 211
# About how many of those have their gradients stored.
ASSIGNED_LIMIT = 24


def uniform(seed, *shape):
    """Numbers in 0 ..< 1 of SplitMix64, the high 24 bits of each."""
    count = int(np.prod(shape))
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return ((z >> np.uint64(40)).astype(np.float32) / np.float32(1 << 24)).reshape(shape)


def span(seed, low, size, *shape):
    return np.float32(low) + np.float32(size) * uniform(seed, *shape)


class Writer:
    def __init__(self, name):
        self.name, self.parts = name, []

    def ints(self, *values):
        self.parts.append(np.array(np.concatenate([np.ravel(v) for v in values]) if values else [], np.int32).tobytes())

    def floats(self, *values):
        self.parts.append(np.concatenate([np.ravel(np.asarray(v, np.float32)) for v in values]).astype("<f4").tobytes())

    def fixed(self, values):
        """Numbers that are multiples of 1/512."""
        self.parts.append(np.rint(np.ravel(values) * 512).astype("<i2").tobytes())

    def save(self):
        origin = (f"Tools/training/loss_fixtures.py: ultralytics {ultralytics.__version__}, torch {torch.__version__}, "
                  f"numpy {np.__version__}, Python {sys.version.split()[0]}\n")
        path = root / "Tests/YOLOTrainingTests/Fixtures" / f"loss-{self.name}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(origin.encode() + b"".join(self.parts))
        print(f"{self.name:28s} {path.stat().st_size:7d} bytes", end="  ")


class Branch:
    """The outputs of a branch, [image, anchor, channel], with gradients."""

    def __init__(self, seed, batch, anchors, classes, bins, extra, deviations):
        u = lambda index, *a: span(seed * 100 + index, *a)
        if bins > 1:
            slope = u(1, 0, 1.2, batch, anchors)
            bin = np.tile(np.arange(bins, dtype=np.float32), 4)
            boxes = u(0, -3, 6, batch, anchors, 4 * bins) - bin * slope[..., None]
        else:
            boxes = u(0, -.5, 6.5, batch, anchors, 4)
        self.tensors = dict(boxes=boxes, classes=u(2, -8, 10, batch, anchors, classes))
        if extra:
            self.tensors["extra"] = u(3, -3, 6, batch, anchors, extra)
        if deviations:
            self.tensors["deviations"] = u(4, -2, 4, batch, anchors, deviations)
        self.tensors = {k: torch.tensor(v, requires_grad=True) for k, v in self.tensors.items()}

    def planes(self, name):
        return self.tensors[name].permute(0, 2, 1)


def snapped(tensor):
    """Multiples of 1/512, which two bytes hold."""
    return torch.tensor((tensor.detach() * 512).round().clamp(-32768, 32767).numpy() / 512, dtype=torch.float32, requires_grad=True)


def trained(path, images, size, task):
    """The outputs of a trained network for images, and what it finds there, a little off, as targets."""
    import cv2

    model = YOLO(path)
    height, width = size
    pixels = [cv2.resize(cv2.imread(str(image)), (width, height)) for image in images]
    tensor = torch.tensor(np.stack(pixels)[..., ::-1].transpose(0, 3, 1, 2).copy()).float() / 255
    network = model.model.float().eval()
    with torch.no_grad():
        raw = network(tensor)
    raw = raw[-1] if isinstance(raw, (tuple, list)) else raw
    if "one2many" not in raw:
        raw = dict(one2many=raw)
    rng = np.random.default_rng(5)
    index, labels, boxes, more = [], [], [], []
    for b, result in enumerate(model.predict(pixels, imgsz=[height, width], conf=.3, verbose=False)):
        found = result.obb.xywhr.numpy() / [width, height, width, height, 1] if task == "obb" else result.boxes.xywhn.numpy()
        for i in range(min(len(found), 8)):
            index.append(b)
            labels.append(int((result.obb if task == "obb" else result.boxes).cls[i]))
            box = found[i].copy()
            box[:4] = np.abs(box[:4] * (1 + rng.normal(0, .04, 4)))
            boxes.append(box)
            more.append(None if task != "pose" else np.concatenate([result.keypoints.xyn[i].numpy(), rng.integers(0, 3, (result.keypoints.xyn.shape[1], 1))], 1))
    return raw, np.array(index, np.float32), np.array(labels, np.int64), np.array(boxes, np.float32), more


def targets(rng, counts, classes, side=(.04, .8)):
    index, labels, boxes = [], [], []
    for image, count in enumerate(counts):
        size = np.exp(rng.uniform(np.log(side[0]), np.log(side[1]), (count, 2)))
        center = size / 2 + rng.random((count, 2)) * (1 - size)
        index += [image] * count
        labels += list(rng.integers(0, classes, count))
        boxes.append(np.concatenate([center, size], 1))
    return np.array(index, np.float32), np.array(labels, np.int64), np.concatenate(boxes).astype(np.float32).reshape(-1, 4)


def ellipse(numbers, height, width):
    """Pixels inside of an ellipse, by integers alone: center and radii in half pixels."""
    cx, cy, rx, ry = (int(v) for v in numbers)
    y, x = np.mgrid[0:height, 0:width].astype(np.int64) * 2 + 1
    return (x - cx) ** 2 * ry ** 2 + (y - cy) ** 2 * rx ** 2 < rx ** 2 * ry ** 2


def case(name, task, config, seed, size, counts, classes=5, dual=False, weights=None, keypoints=(17, 3), sigmas=None, overlap=True,
         ratio=4, epoch=0, epochs=10, semantic_divisor=8, weights_file=None, images=()):
    height, width = size
    kinds = dict(detect=DetectionModel, segment=SegmentationModel, pose=PoseModel, obb=OBBModel)
    options = dict(data_kpt_shape=list(keypoints)) if task == "pose" else {}
    if weights_file:
        model = YOLO(weights_file).model.float()
        classes, keypoints = len(model.names), tuple(getattr(model.model[-1], "kpt_shape", keypoints))
        counts = [0] * len(images)
    else:
        model = kinds[task](config, nc=classes, verbose=False, **options)
    model.args = get_cfg()
    model.args.epochs, model.args.overlap_mask, model.args.mask_ratio = epochs, overlap, ratio
    is26 = "26" in config
    if weights is not None:
        model.class_weights = torch.tensor(weights)
    if sigmas is not None:
        model.kpt_oks_sigmas = list(sigmas)
    K, D = keypoints
    strides = [int(s) for s in model.stride]
    bins = model.model[-1].reg_max
    sizes = [(height // s, width // s) for s in strides]
    anchors, batch = sum(h * w for h, w in sizes), len(counts)
    rng = np.random.default_rng(seed)
    raw = None
    if weights_file:
        raw, index, labels, boxes, more = trained(weights_file, images, size, task)
        found_angles, boxes = (boxes[:, 4] if task == "obb" else None), boxes[:, :4].copy()
    else:
        index, labels, boxes = targets(rng, counts, classes)
    count = len(labels)
    data = dict(batch_idx=torch.tensor(index), cls=torch.tensor(labels).float()[:, None], bboxes=torch.tensor(boxes))
    rows, columns = height // ratio, width // ratio
    angles = points = shapes = None
    if task == "obb":
        boxes[:, 2:] = np.sort(boxes[:, 2:] * [width, height], 1)[:, ::-1] / [width, height]
        angles = rng.uniform(-np.pi / 4, 3 * np.pi / 4, count).astype(np.float32) if raw is None else found_angles
        if count and raw is None:
            boxes[0, 3] = 1.5 / height  # below 2 pixels: left out
        data["bboxes"] = torch.tensor(np.concatenate([boxes, angles[:, None]], 1))
    if task == "pose":
        points = boxes[:, None, :2] + (rng.random((count, K, 2)) - .5) * boxes[:, None, 2:]
        points = np.concatenate([points, rng.integers(0, 3, (count, K, 1))], 2).astype(np.float32) if raw is None else np.array(more, np.float32)
        if count > 1:
            points[1, :, 2] = 0
        data["keypoints"] = torch.tensor(points)
    if task == "segment":
        unit = np.array([columns, rows, columns, rows]) * 2
        shapes = np.rint(boxes * unit * [1, 1, .5, .5]).astype(np.int64)
        shapes[:, 2:] = np.maximum(shapes[:, 2:], 2)
        each = np.array([ellipse(s, rows, columns) for s in shapes]).reshape(-1, rows, columns)
        numbers, semantic = np.zeros((batch, rows, columns), np.float32), np.zeros((batch, rows, columns), np.float32)
        for b in range(batch):
            for i, (mask, label) in enumerate(zip(each[index == b], labels[index == b])):
                numbers[b][mask] = i + 1
                semantic[b][mask] = label
        data["masks"] = torch.tensor(numbers) if overlap else torch.tensor(each.astype(np.float32))
        data["sem_masks"] = torch.tensor(semantic)
    extra = dict(detect=0, segment=32, pose=K * D, obb=1)[task]
    branches = [Branch(seed + i, batch, anchors, classes, bins, extra, 2 * K if task == "pose" and is26 else 0) for i in range(2 if dual else 1)]
    if raw is not None:
        for branch, part in zip(branches, ("one2many", "one2one")):
            source = dict(boxes="boxes", classes="scores", extra=dict(segment="mask_coefficient", pose="kpts", obb="angle").get(task))
            for key, origin in source.items():
                if origin:
                    value = raw[part][origin]
                    if task == "obb" and key == "extra" and not is26:  # the network gives the angle itself
                        value = torch.logit((value / np.pi + .25).clamp(1e-6, 1 - 1e-6))
                    branch.tensors[key] = snapped(value.permute(0, 2, 1))
    shared = {}
    if task == "segment":
        proto = span(seed * 100 + 50, -1.5, 3, batch, height // 4, width // 4, 32)
        shared["prototypes"] = torch.tensor(proto, requires_grad=True) if raw is None else snapped(raw["one2many"]["proto"].permute(0, 2, 3, 1))
        if is26:
            d = semantic_divisor
            shared["semantic"] = torch.tensor(span(seed * 100 + 51, -3, 5, batch, height // d, width // d, classes), requires_grad=True)
    flow = {}
    if task == "pose" and is26:
        for i, (key, parameter) in enumerate(model.model[-1].flow_model.named_parameters()):
            bound = .8 / np.sqrt(parameter.shape[-1]) if key.endswith("weight") else .2
            parameter.data = torch.tensor(span(seed * 100 + 60 + i, -bound, 2 * bound, *parameter.shape))
            parameter.requires_grad_(True)
            flow[key] = parameter

    def predictions(branch, detached):
        p = dict(boxes=branch.planes("boxes"), scores=branch.planes("classes"), feats=[torch.zeros(batch, 1, *s) for s in sizes])
        cut = (lambda t: t.detach()) if detached else (lambda t: t)
        if task == "segment":
            p["mask_coefficient"] = branch.planes("extra")
            p["proto"] = cut(shared["prototypes"]).permute(0, 3, 1, 2)
            if is26:
                p["proto"] = (p["proto"], cut(shared["semantic"]).permute(0, 3, 1, 2))
        if task == "pose":
            p["kpts"] = branch.planes("extra")
            if is26:
                p["kpts_sigma"] = branch.planes("deviations")
        if task == "obb":
            raw = branch.planes("extra")
            p["angle"] = raw if is26 else (raw.sigmoid() - .25) * np.pi
        return p

    criterion = model.init_criterion()
    parts = [criterion.one2many, criterion.one2one] if dual else [criterion]
    assigned = [[] for _ in parts]
    for part, store in zip(parts, assigned):
        part.assigner.register_forward_hook(lambda _m, _i, out, store=store: store.append(out))
    if dual:
        for _ in range(epoch):
            criterion.update()
        given = dict(one2many=predictions(branches[0], False), one2one=predictions(branches[1], True))
    else:
        given = predictions(branches[0], False)
    total, items = criterion(given, data)
    total = total.sum()
    total.backward()

    w = Writer(name)
    w.ints([TASKS[task], seed, batch, height, width, classes, bins, len(strides)], strides,
           [is26, dual, K, D, overlap, ratio, epoch, epochs, semantic_divisor, weights is not None, sigmas is not None, raw is not None])
    if weights is not None:
        w.floats(weights)
    if sigmas is not None:
        w.floats(sigmas)
    for b in range(batch):
        own = index == b
        w.ints([own.sum()], labels[own])
        w.floats(boxes[own])
        if task == "obb":
            w.floats(angles[own])
        if task == "pose":
            w.floats(points[own])
        if task == "segment":
            w.ints(shapes[own])
    if raw is not None:
        for branch in branches:
            for key in ("boxes", "classes", "extra"):
                if key in branch.tensors:
                    w.fixed(branch.tensors[key].detach().numpy())
        if "prototypes" in shared:
            w.fixed(shared["prototypes"].detach().numpy())
    values = [float(v) for v in items.values()]
    w.ints([len(values)])
    w.floats(values, [float(total)])
    rows_of = []
    for store in assigned:
        _, _, scores, foreground, owner = store[-1] if store else (None, None, torch.zeros(batch, anchors, classes), torch.zeros(batch, anchors, dtype=torch.bool), torch.zeros(batch, anchors, dtype=torch.int64))
        picked = torch.nonzero(foreground).numpy()
        rows_of.append(picked)
        w.ints([len(picked)])
        w.ints(np.concatenate([picked, owner[foreground].numpy()[:, None]], 1))
        w.floats(scores.sum(-1)[foreground].numpy())

    def samples(gradient, picked=None):
        gradient = np.zeros(1, np.float32) if gradient is None else gradient.numpy()
        w.floats([np.abs(gradient).max(initial=0)])
        w.floats(gradient.reshape(-1)[::SAMPLE_STEP])
        if picked is not None:
            picked = picked[::max(1, -(-len(picked) // ASSIGNED_LIMIT))]
            w.floats(gradient[picked[:, 0], picked[:, 1]])

    zero = lambda t: t.grad if t.grad is not None else torch.zeros_like(t)
    for branch, picked in zip(branches, rows_of):
        for key in ("boxes", "classes", "extra", "deviations"):
            if key in branch.tensors:
                samples(zero(branch.tensors[key]), picked)
    for key in ("prototypes", "semantic"):
        if key in shared:
            samples(zero(shared[key]))
    for key, parameter in flow.items():
        samples(zero(parameter))
    w.save()
    print({k: round(float(v), 5) for k, v in items.items()}, "total", round(float(total), 4), "positives", [len(r) for r in rows_of])


def classify():
    batch, classes, seed = 5, 7, 90
    logits = torch.tensor(span(seed * 100, -4, 8, batch, classes), requires_grad=True)
    labels = np.random.default_rng(seed).integers(0, classes, batch)
    total, items = criteria.v8ClassificationLoss()(logits, dict(cls=torch.tensor(labels)))
    total.backward()
    w = Writer("classify")
    w.ints([batch, classes, seed], labels)
    w.floats([float(items)] if torch.is_tensor(items) else [float(v) for v in items.values()], [float(total)], logits.grad.numpy())
    w.save()
    print(float(total))


def highest():
    """The highest metrics of rows that are mostly zero, by torch.topk: the indices whose metric is not, and those of zero."""
    rng, rows = np.random.default_rng(91), 60
    w = Writer("topk")
    w.ints([rows])
    for row in range(rows):
        k = (10, 7, 1)[row % 3]
        size = int(rng.integers(64 * k, 900))
        count = int(rng.integers(0, 2 * k + 2))
        values = np.zeros(size, np.float32)
        where = np.sort(rng.choice(size if row % 2 else min(3 * k, size), min(count, 3 * k), replace=False))
        values[where] = rng.random(len(where))
        if row % 5 == 0:
            values[where] = np.ceil(values[where] * 3) / 4  # equal metrics
        picks = np.sort(torch.topk(torch.tensor(values)[None, None], k, dim=-1).indices[0, 0].numpy())
        w.ints([k, size, len(where)], where)
        w.floats(values[where])
        w.ints(picks)
    w.save()
    print()


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--only", type=lambda text: text.split(","))
    arguments.add_argument("--checkpoints", type=pathlib.Path, help="a directory of COCO checkpoints, for larger cases that are not committed")
    arguments = arguments.parse_args()
    only = arguments.only
    wide = (160, 224)
    cases = dict(
        detect=("detect", "yolov8n.yaml", 1, wide, (5, 0, 6), dict(classes=8)),
        detect_levels=("detect", "yolov8n-p2.yaml", 3, (128, 224), (4, 7), dict(classes=80)),
        detect_weights=("detect", "yolov8n.yaml", 5, wide, (5, 4), dict(classes=8, weights=np.linspace(.2, 2, 8).astype(np.float32))),
        detect_empty=("detect", "yolov8n.yaml", 7, wide, (0, 0), {}),
        detect_one=("detect", "yolov8n.yaml", 8, wide, (5, 3), dict(classes=1)),
        detect_dual=("detect", "yolov10n.yaml", 9, wide, (6, 3), dict(dual=True)),
        detect_dual26=("detect", "yolo26n.yaml", 11, wide, (6, 0, 3), dict(dual=True, epoch=3)),
        detect_dual26_levels=("detect", "yolo26n-p2.yaml", 13, (128, 224), (8, 6), dict(dual=True, epoch=9)),
        segment=("segment", "yolov8n-seg.yaml", 21, wide, (4, 5), {}),
        segment_apart=("segment", "yolov8n-seg.yaml", 23, wide, (5, 0, 4), dict(overlap=False)),
        segment_ratio=("segment", "yolov8n-seg.yaml", 25, wide, (3, 2), dict(ratio=2)),
        segment_coarse=("segment", "yolov8n-seg.yaml", 26, wide, (3, 2), dict(ratio=8)),
        segment_empty=("segment", "yolov8n-seg.yaml", 27, wide, (0, 0), {}),
        segment26=("segment", "yolo26n-seg.yaml", 29, (320, 320), (5, 6), dict(dual=True)),
        segment26_apart=("segment", "yolo26n-seg.yaml", 31, (320, 320), (4, 4), dict(dual=True, overlap=False, epoch=2)),
        segment26_ratio=("segment", "yolo26n-seg.yaml", 33, (320, 320), (4, 4), dict(dual=True, ratio=2, epoch=2)),
        segment26_empty=("segment", "yolo26n-seg.yaml", 35, wide, (0, 0), dict(dual=True)),
        pose=("pose", "yolov8n-pose.yaml", 41, wide, (4, 5), dict(classes=1)),
        pose_sigmas=("pose", "yolov8n-pose.yaml", 43, wide, (4, 0, 5), dict(keypoints=(4, 3), sigmas=np.array([.03, .08, .1, .2], np.float32))),
        pose_plain=("pose", "yolov8n-pose.yaml", 45, wide, (4, 5), dict(keypoints=(5, 2))),
        pose_empty=("pose", "yolov8n-pose.yaml", 47, wide, (0, 0), dict(keypoints=(4, 3))),
        pose26=("pose", "yolo26n-pose.yaml", 49, wide, (6, 5), dict(classes=1, dual=True)),
        pose26_four=("pose", "yolo26n-pose.yaml", 51, wide, (5, 0, 7), dict(keypoints=(4, 3), dual=True, epoch=4)),
        pose26_empty=("pose", "yolo26n-pose.yaml", 53, wide, (0, 0), dict(keypoints=(4, 3), dual=True)),
        obb=("obb", "yolov8n-obb.yaml", 61, wide, (6, 0, 5), {}),
        obb_empty=("obb", "yolov8n-obb.yaml", 63, wide, (0, 0), {}),
        trained=("detect", "", 71, wide, (), dict(weights_file=root / "Weights/shapes-detect.pt", images=[root / "Weights/shapes.jpg"])),
        trained_obb=("obb", "", 73, wide, (), dict(weights_file=root / "Weights/shapes-obb.pt", images=[root / "Weights/shapes-obb.jpg"])),
        obb26=("obb", "yolo26n-obb.yaml", 65, wide, (6, 7), dict(dual=True, epoch=5)),
    )
    if arguments.checkpoints:
        photos = [pathlib.Path(ultralytics.__file__).parent / "assets" / name for name in ("bus.jpg", "zidane.jpg")]
        for file, task in (("yolov8n", "detect"), ("yolo11n", "detect"), ("yolo26n", "detect"), ("yolov8n-seg", "segment"), ("yolov8n-pose", "pose"), ("yolov8n-obb", "obb")):
            cases["local_" + file] = (task, "26" if "26" in file else "", 75, (320, 320), (), dict(
                weights_file=arguments.checkpoints / f"{file}.pt", images=photos, dual="26" in file))
    for name, (task, config, seed, size, counts, options) in cases.items():
        if only is None or name in only:
            case(name, task, config, seed, size, counts, **options)
    if only is None or "classify" in only:
        classify()
    if only is None or "topk" in only:
        highest()


if __name__ == "__main__":
    main()
