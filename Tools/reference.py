"""Runs the reference (Ultralytics on CPU torch) and keeps what a comparison needs; shared by parity.py and make_fixtures.py.

    from reference import Reference
    run = Reference("model.pt").predict("photo.jpg", imgsz=640, conf=0.25, iou=0.45)

Needs the reference environment (ultralytics, torch, torchvision, cv2, numpy).
"""
import os
from dataclasses import dataclass, field

os.environ.setdefault("YOLO_OFFLINE", "true")
os.environ.setdefault("YOLO_VERBOSE", "False")

import numpy as np
import torch
from ultralytics import YOLO

MAXIMUM_DETECTIONS = 300


@dataclass
class Detections:
    """Detections in result order: boxes [N, 4] as x1, y1, x2, y2 in pixels of the picture, confidences [N], classes [N]."""

    boxes: np.ndarray
    confidences: np.ndarray
    classes: np.ndarray
    names: list

    def __len__(self):
        return len(self.classes)


@dataclass
class Run:
    """One picture through the reference.

    `candidates` [A, 4 + nc] is what non-maximum suppression was given: centre x, centre y, width and height in input
    pixels, then the class scores. `letterboxed` is the network's input as uint8 [H, W, 3], RGB.
    `heads` (on demand) maps "box0", "class0", ... to the raw float32 [1, C, H, W] outputs of the head's branches.
    """

    detections: Detections
    candidates: np.ndarray
    letterboxed: np.ndarray
    shape: tuple  # (height, width) of the picture
    heads: dict = field(default_factory=dict)

    def to_picture(self, boxes):
        """Maps xyxy boxes from input pixels to pixels of the picture, clipped to it."""
        height, width = self.letterboxed.shape[:2]
        gain = min(height / self.shape[0], width / self.shape[1])
        rows, columns = max(round(self.shape[0] * gain), 1), max(round(self.shape[1] * gain), 1)
        left, top = round((width - columns) / 2 - 0.1), round((height - rows) / 2 - 0.1)
        offset = np.array([left, top, left, top])
        scale = np.array([columns / self.shape[1], rows / self.shape[0]] * 2)
        limit = np.array([self.shape[1], self.shape[0]] * 2)
        return np.clip((boxes - offset) / scale, 0, limit)


class Reference:
    """A checkpoint opened by the reference; the fused network stays loaded between pictures."""

    def __init__(self, checkpoint):
        self.checkpoint = str(checkpoint)
        self.yolo = YOLO(self.checkpoint)
        self._double = None
        self._captured = {}
        self._wants_heads = False
        self._predictor = None

    def _prepare(self, picture, **options):
        """Makes the predictor (it exists only after a first picture) and listens at its network."""
        self.yolo.predict(str(picture), **options)
        predictor = self._predictor = self.yolo.predictor
        original = predictor.postprocess

        def postprocess(predictions, image, pictures, **rest):
            output = predictions[0] if isinstance(predictions, (list, tuple)) else predictions
            self._captured["candidates"] = output[0].detach().clone()
            self._captured["input"] = image[0].detach().clone()
            return original(predictions, image, pictures, **rest)

        predictor.postprocess = postprocess
        head = predictor.model.model.model[-1]

        def listen(name):
            def hook(module, inputs, output):
                if self._wants_heads:
                    self._captured[name] = output.detach().clone()
            return hook

        for branch, label in (("cv2", "box"), ("cv3", "class")):
            for level, module in enumerate(getattr(head, branch)):
                module.register_forward_hook(listen(f"{label}{level}"))

    def predict(self, picture, imgsz, conf, iou, heads=False):
        """Predicts one picture as the reference does by default (rectangular input, 300 detections at most)."""
        options = dict(imgsz=imgsz, conf=conf, iou=iou, max_det=MAXIMUM_DETECTIONS, device="cpu", verbose=False,
                       save=False)
        if self._predictor is None:
            self._prepare(picture, **options)
        self._captured.clear()
        self._wants_heads = heads
        result = self.yolo.predict(str(picture), **options)[0]
        boxes = result.boxes
        if boxes is None:
            raise ValueError(f"task {self.yolo.task!r} has no boxes to compare")
        classes = boxes.cls.numpy().astype(int)
        pixels = torch.round(self._captured["input"] * 255).to(torch.uint8).numpy().transpose(1, 2, 0)
        if not np.array_equal(np.float32(pixels) / np.float32(255), self._captured["input"].numpy().transpose(1, 2, 0)):
            raise ValueError("the network's input is not a uint8 picture divided by 255")
        count = len(result.names)
        return Run(
            Detections(boxes.xyxy.numpy().copy(), boxes.conf.numpy().copy(), classes,
                       [result.names[c] for c in classes]),
            self._captured["candidates"].numpy().T[:, :4 + count].copy(),
            np.ascontiguousarray(pixels),
            tuple(result.orig_shape),
            {name: tensor.numpy() for name, tensor in self._captured.items() if name[:3] in ("box", "cla")},
        )

    def noise(self, run, conf):
        """Returns how far the run is from the same network in float64: (picture pixels, score), over scores above conf.

        None when the network gives another form of output than what suppression was given.
        """
        if self._double is None:
            self._double = YOLO(self.checkpoint).model.double().eval()
        pixels = torch.from_numpy(run.letterboxed.transpose(2, 0, 1)[None].copy()).double() / 255
        with torch.no_grad():
            output = self._double(pixels)
        exact = (output[0] if isinstance(output, (list, tuple)) else output)[0].numpy().T
        if len(exact) != len(run.candidates):
            return None
        exact = exact[:, :run.candidates.shape[1]]
        kept = run.candidates[:, 4:].max(1) > conf
        if not kept.any():
            return 0.0, 0.0
        boxes = [run.to_picture(corners(rows[kept, :4].astype(np.float64))) for rows in (run.candidates, exact)]
        return float(np.abs(boxes[0] - boxes[1]).max()), float(np.abs(run.candidates[kept, 4:] - exact[kept, 4:]).max())


def corners(boxes):
    """Turns [N, 4] centre, size boxes into x1, y1, x2, y2."""
    half = boxes[:, 2:4] / 2
    return np.concatenate([boxes[:, :2] - half, boxes[:, :2] + half], 1)


def overlaps(box, others):
    """Returns the IoU of one xyxy box with [N, 4] others; two boxes without area have IoU 0."""
    sides = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    shared = np.prod(np.clip(sides, 0, None), 1)
    union = np.prod(box[2:] - box[:2]) + np.prod(others[:, 2:] - others[:, :2], 1) - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def decision_margins(run, conf, iou):
    """Returns how near the run's decisions were to going the other way: (confidence, IoU, class score) distances.

    The first is over all anchors, the second over pairs in which a survivor could have decided about another candidate
    of its class, the third over the two best classes of every candidate.
    """
    scores = run.candidates[:, 4:]
    best = scores.max(1)
    confidence = float(np.abs(best - conf).min())
    kept = best > conf
    if not kept.any():
        return confidence, float("inf"), float("inf")
    boxes, best, scores = corners(run.candidates[kept].astype(np.float64)), best[kept], scores[kept]
    classes = scores.argmax(1)
    ordered = np.sort(scores, 1)
    tie = float((ordered[:, -1] - ordered[:, -2]).min()) if scores.shape[1] > 1 else float("inf")
    overlap = float("inf")
    order = np.argsort(-best, kind="stable")
    suppressed = np.zeros(len(order), bool)
    for position, i in enumerate(order):
        if suppressed[i]:
            continue
        rest = order[position + 1:]
        rest = rest[classes[rest] == classes[i]]
        if len(rest):
            values = overlaps(boxes[i], boxes[rest])
            overlap = min(overlap, float(np.abs(values - iou).min()))
            suppressed[rest[values > iou]] = True
    return confidence, overlap, tie
