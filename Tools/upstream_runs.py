"""Runs Ultralytics on CPU torch and keeps what a comparison needs.

    from upstream_runs import Upstream
    run = Upstream("model.pt").predict("photo.jpg", imgsz=640, conf=0.25, iou=0.45)

Needs the upstream environment (ultralytics, torch, torchvision, cv2, numpy). Shared by comparison.py (and with it by
parity.py and matrix.py) and make_fixtures.py.
"""
import os
from dataclasses import dataclass, field

os.environ.setdefault("YOLO_OFFLINE", "true")
os.environ.setdefault("YOLO_VERBOSE", "False")

import numpy as np
import torch
import torchvision
from ultralytics import YOLO
from ultralytics.utils.metrics import batch_probiou
from ultralytics.utils.ops import scale_boxes, xywhr2xyxyxyxy

MAXIMUM_DETECTIONS = 300
DENSE = ("semantic", "depth")  # the tasks with a value for each pixel


@dataclass
class Detections:
    """Detections in result order: boxes [N, 4] as x1, y1, x2, y2 in pixels of the image, confidences [N], classes [N].

    By task also: masks [N, H, W] of bool and polygons (N arrays [P, 2]); keypoints [N, K, 2 or 3]; corners [N, 4, 2] of the
    oriented boxes, whose `boxes` are then the upright boxes around them.
    """

    boxes: np.ndarray
    confidences: np.ndarray
    classes: np.ndarray
    names: list
    masks: np.ndarray = None
    polygons: list = None
    keypoints: np.ndarray = None
    corners: np.ndarray = None

    def __len__(self):
        return len(self.classes)


@dataclass
class Run:
    """One image through Ultralytics.

    `candidates` [A, 4 + nc] is what non-maximum suppression was given: center x, center y, width and height in input
    pixels, then the class scores; `angles` [A] belongs to them in oriented models. Both are empty where nothing is
    suppressed: classify and dense models, and the one-to-one branch. `probabilities` [nc] is the answer of a classify
    model, `map` [H, W] that of a dense one: the class (uint8) or the meters (float32) of each pixel.
    `letterboxed` is the network's input as uint8 [H, W, 3], RGB.
    `heads` (on demand) maps "box0", "class0", "extra0", ..., "proto", "logits", "map" to the raw float32 outputs of the head.
    """

    detections: Detections
    candidates: np.ndarray
    letterboxed: np.ndarray
    shape: tuple  # (height, width) of the image
    heads: dict = field(default_factory=dict)
    angles: np.ndarray = None
    probabilities: np.ndarray = None
    map: np.ndarray = None

    def to_image(self, boxes):
        """Maps xyxy boxes from input pixels to pixels of the image, clipped to it."""
        return scale_boxes(self.letterboxed.shape[:2], torch.from_numpy(boxes.copy()), self.shape).numpy()

    def candidate_boxes(self):
        """Returns the candidates as upright xyxy boxes in pixels of the image."""
        if self.angles is None:
            return self.to_image(corners(self.candidates[:, :4].astype(np.float64)))
        boxes = torch.from_numpy(np.concatenate([self.candidates[:, :4], self.angles[:, None]], 1).astype(np.float64))
        boxes[:, :4] = scale_boxes(self.letterboxed.shape[:2], boxes[:, :4], self.shape, xywh=True)
        return around(xywhr2xyxyxyxy(boxes).numpy())

    def candidate_overlaps(self, index, others):
        """Returns the overlaps of one candidate with others, by the measure that its suppression uses."""
        if self.angles is None:
            boxes = corners(self.candidates[[index, *others], :4].astype(np.float64))
            return overlaps(boxes[0], boxes[1:])
        boxes = np.concatenate([self.candidates[:, :4], self.angles[:, None]], 1)
        return batch_probiou(boxes[index][None], boxes[list(others)])[0].numpy()


class Upstream:
    """A checkpoint opened by Ultralytics; the fused network stays loaded between images.

    `end_to_end` takes the one-to-one branch of a dual head (`nms=False`).
    """

    def __init__(self, checkpoint, end_to_end=False):
        self.checkpoint, self.end_to_end = str(checkpoint), end_to_end
        self.yolo = YOLO(self.checkpoint)
        self.task, self.class_count = self.yolo.task, len(self.yolo.names)
        self.is_dual = hasattr(self.yolo.model.model[-1], "one2one_cv2")
        self.has_queries = type(self.yolo.model.model[-1]).__name__ == "RTDETRDecoder"
        self._double = None
        self._captured = {}
        self._wants_heads = self._wants_exact = False
        self._predictor = None

    def _prepare(self, image, **options):
        """Creates the predictor (it exists only after a first image) and listens at its network."""
        self.yolo.predict(str(image), **options)
        predictor = self._predictor = self.yolo.predictor
        postprocess, inference = predictor.postprocess, predictor.inference

        def listening_postprocess(predictions, image, images, **rest):
            output = predictions
            while isinstance(output, (list, tuple)):
                output = output[0]
            self._captured["output"] = output[0].detach().clone()
            self._captured["input"] = image[0].detach().clone()
            return postprocess(predictions, image, images, **rest)

        def choosing_inference(image, *rest, **options):
            if not self._wants_exact:
                return inference(image, *rest, **options)
            double, head = self.double(), predictor.model.model.model[-1]
            for name in ("agnostic_nms", "max_det"):  # the predictor sets them on its own network
                if hasattr(head, name):
                    setattr(double.model[-1], name, getattr(head, name))
            with torch.no_grad():
                return single_precision(double(image.double()))

        predictor.postprocess, predictor.inference = listening_postprocess, choosing_inference
        self._listen(predictor.model.model.model[-1])

    def _listen(self, head):
        """Keeps the raw outputs of the head's branches while they are wanted."""
        def keep(name):
            def hook(module, inputs, output):
                if self._wants_heads:
                    self._captured[name] = output.detach().float().clone()
            return hook

        prefix = "one2one_" if self.end_to_end else ""
        extra = "cv4_kpts" if hasattr(head, "cv4_kpts") else "cv4"
        for branch, label in (("cv2", "box"), ("cv3", "class"), (extra, "extra")):
            for level, module in enumerate(getattr(head, prefix + branch, None) or []):
                module.register_forward_hook(keep(f"{label}{level}"))
        if hasattr(head, "dec_score_head"):  # RT-DETR: the boxes and class logits of all queries
            def keep_queries(module, inputs, output):
                if self._wants_heads:
                    for label, tensor in zip(("box0", "class0"), output):
                        self._captured[label] = tensor.detach().float()[0].clone()
            head.decoder.register_forward_hook(keep_queries)
        for child, label in (("proto", "proto"), ("linear", "logits"), ("classifier", "map"), ("head", "map")):
            if hasattr(head, child):
                getattr(head, child).register_forward_hook(keep(label))

    def double(self):
        """Returns the network in float64, unfused."""
        if self._double is None:
            self._double = YOLO(self.checkpoint).model.double().eval()
            if self.is_dual:
                self._double.end2end = self.end_to_end
            self._listen(self._double.model[-1])
        return self._double

    def predict(self, image, imgsz, conf, iou, heads=False, classes=None, agnostic=False, retina=False, exact=False):
        """Predicts one image as Ultralytics does by default (rectangular input, 300 detections at most).

        With `exact` the network (not what comes after it) computes in float64.
        """
        options = dict(imgsz=imgsz, conf=conf, iou=iou, max_det=MAXIMUM_DETECTIONS, device="cpu", verbose=False,
                       save=False, classes=classes, agnostic_nms=agnostic, retina_masks=retina,
                       nms=False if self.end_to_end else None)
        if self._predictor is None:
            self._prepare(image, **options)
        self._captured.clear()
        self._wants_heads, self._wants_exact = heads, exact
        result = self.yolo.predict(str(image), **options)[0]
        pixels = torch.round(self._captured["input"] * 255).to(torch.uint8).numpy().transpose(1, 2, 0)
        if not np.array_equal(np.float32(pixels) / np.float32(255), self._captured["input"].numpy().transpose(1, 2, 0)):
            raise ValueError("the network's input is not a uint8 image divided by 255")
        run = Run(detections_of(result), np.zeros((0, 4 + self.class_count), np.float32), np.ascontiguousarray(pixels),
                  tuple(result.orig_shape),
                  {name: tensor.numpy() for name, tensor in self._captured.items() if name not in ("input", "output")})
        output = self._captured["output"].numpy()
        if self.task == "classify":
            run.probabilities = output.copy()
        elif self.task in DENSE:
            run.map = (result.semantic_mask if self.task == "semantic" else result.depth).data.numpy().copy()
        elif not (self.is_dual and self.end_to_end) and not self.has_queries:
            run.candidates = output.T[:, :4 + self.class_count].copy()
            run.angles = output[-1].copy() if self.task == "obb" else None
        return run

    def noise(self, run, conf):
        """Returns how far the run is from the same network in float64: (image pixels, score), over scores above conf.

        None when the network gives another form of output than what suppression was given.
        """
        pixels = torch.from_numpy(run.letterboxed.transpose(2, 0, 1)[None].copy()).double() / 255
        with torch.no_grad():
            output = self.double()(pixels)
        while isinstance(output, (list, tuple)):
            output = output[0]
        exact = output[0].numpy().T
        if len(exact) != len(run.candidates):
            return None
        exact = exact[:, :run.candidates.shape[1]]
        kept = run.candidates[:, 4:].max(1) > conf
        if not kept.any():
            return 0.0, 0.0
        boxes = [run.to_image(corners(rows[kept, :4].astype(np.float64))) for rows in (run.candidates, exact)]
        return float(np.abs(boxes[0] - boxes[1]).max()), float(np.abs(run.candidates[kept, 4:] - exact[kept, 4:]).max())


def detections_of(result):
    """Turns Ultralytics' result object into Detections; a classify result has none.

    Of a semantic result they are the classes, with their part of the pixels as confidence.
    """
    boxes = result.boxes if result.obb is None else result.obb
    if getattr(result, "semantic_mask", None) is not None:
        rows = result.summary()
        return Detections(np.zeros((len(rows), 4)), np.array([row["pixel_ratio"] for row in rows], float),
                          np.array([row["class"] for row in rows], int), [row["name"] for row in rows])
    if boxes is None:
        return Detections(np.zeros((0, 4)), np.zeros(0), np.zeros(0, int), [])
    classes = boxes.cls.numpy().astype(int)
    found = Detections(boxes.xyxy.numpy().copy(), boxes.conf.numpy().copy(), classes, [result.names[c] for c in classes])
    if result.obb is not None:
        found.corners = result.obb.xyxyxyxy.numpy().copy()
        found.boxes = around(found.corners)
    if result.masks is not None:
        found.masks = result.masks.data.numpy() > 0.5
        found.polygons = [polygon_of(item) for item in result.summary()]
    if result.keypoints is not None:
        found.keypoints = result.keypoints.data.numpy().copy()
    return found


def polygon_of(item):
    """Returns the polygon of one object of the result JSON as [P, 2]."""
    return np.array([item["segments"]["x"], item["segments"]["y"]], float).T


def single_precision(output):
    """Turns every tensor of a nested output into float32."""
    if torch.is_tensor(output):
        return output.float() if output.is_floating_point() else output
    if isinstance(output, dict):
        return {key: single_precision(value) for key, value in output.items()}
    if isinstance(output, (list, tuple)):
        return type(output)(single_precision(value) for value in output)
    return output


def corners(boxes):
    """Turns [N, 4] center, size boxes into x1, y1, x2, y2."""
    half = boxes[:, 2:4] / 2
    return np.concatenate([boxes[:, :2] - half, boxes[:, :2] + half], 1)


def around(points):
    """Returns the upright xyxy boxes [N, 4] around point sets [N, P, 2]."""
    return np.concatenate([points.min(1), points.max(1)], 1)


def overlaps(box, others):
    """Returns the IoU of one xyxy box with [N, 4] others; two boxes without area have IoU 0."""
    values = torchvision.ops.box_iou(torch.from_numpy(box[None].copy()), torch.from_numpy(others.copy()))
    return np.nan_to_num(values[0].numpy())


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
