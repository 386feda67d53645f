"""Runs our command and Ultralytics on an image and compares the answers; shared by parity.py and matrix.py.

A detection that only one side has is excused, with its reason, when the decision about it is nearer than the noise of
float32:
    threshold   its confidence is within 1e-4 of the threshold
    overlap     it was kept or suppressed on an overlap within 1e-3 of the limit, or by a detection that is itself excused so
    class tie   its two best class scores are within 1e-4
    maximum     it stands at the end of a list cut at 300 detections, or was pushed over the end by an excused one
    empty mask  its mask has at most 4 pixels (Ultralytics drops detections without any)
Needs the upstream environment.
"""
import hashlib
import json
import pickle
import subprocess
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
import torchvision
import ultralytics
from scipy.optimize import linear_sum_assignment

from upstream_runs import DENSE, MAXIMUM_DETECTIONS, Detections, Upstream, around, polygon_of

TIE = 2e-4
THRESHOLD_MARGIN = 1e-4
OVERLAP_MARGIN = 1e-3
EMPTY_MASK_PIXELS = 4
ROUNDING = 5e-6  # our JSON has five decimals
# Two detections farther apart than this are not taken for the same one, but for one missing and one added.
PAIR_PIXELS, PAIR_CONFIDENCE = 1.0, 0.01


@dataclass(frozen=True)
class Options:
    """What both sides are asked for. `imgsz` is one number or (height, width); `end_to_end` is our --no-nms."""

    imgsz: object = 640
    conf: float = 0.25
    iou: float = 0.45
    end_to_end: bool = False
    classes: tuple = None
    agnostic: bool = False
    retina: bool = False

    def flags(self):
        """Returns the options as our command takes them."""
        size = self.imgsz if isinstance(self.imgsz, int) else ",".join(map(str, self.imgsz))
        flags = ["--imgsz", str(size), "--conf", repr(self.conf), "--iou", repr(self.iou),
                 "--max-det", str(MAXIMUM_DETECTIONS)]
        flags += ["--classes", ",".join(map(str, self.classes))] if self.classes else []
        flags += ["--no-nms"] if self.end_to_end else []
        flags += ["--agnostic-nms"] if self.agnostic else []
        return flags + (["--retina-masks"] if self.retina else [])

    def keywords(self):
        """Returns the options as Upstream.predict takes them."""
        return dict(imgsz=self.imgsz if isinstance(self.imgsz, int) else list(self.imgsz), conf=self.conf, iou=self.iou,
                    classes=list(self.classes) if self.classes else None, agnostic=self.agnostic, retina=self.retina)


@dataclass(frozen=True)
class Tolerances:
    """The largest differences that are not a fault; pixels are those of the image.

    `mask` is the fraction of the pixels of Ultralytics' masks that differ, `probability` that of a classify model,
    `classes` the fraction of an image's pixels with another class, `depth` relative to the distance.
    """

    box: float = 0.02
    confidence: float = 1e-4
    keypoint: float = 0.05
    corner: float = 0.05
    mask: float = 1e-3
    probability: float = 1e-5
    classes: float = 1e-3
    depth: float = 1e-3


# --- Both sides ----------------------------------------------------------------------------------------------------


class CachedUpstream:
    """Answers of Ultralytics; opens a checkpoint only when an answer is not in the cache."""

    def __init__(self, checkpoint, cache):
        self.checkpoint, self.cache, self.opened = Path(checkpoint), Path(cache), {}
        self.cache.mkdir(parents=True, exist_ok=True)
        versions = (ultralytics.__version__, torch.__version__, torchvision.__version__, np.__version__)
        self.key = hashlib.sha256(self.checkpoint.read_bytes() + repr(versions).encode())

    def _cached(self, key, make):
        digest = self.key.copy()
        digest.update(key)
        path = self.cache / f"{digest.hexdigest()[:40]}.pickle"
        if not path.exists():
            value = pickle.dumps(make())
            partial = path.with_suffix(".partial")
            partial.write_bytes(value)
            partial.rename(path)  # a run that is cut off leaves no half answer
        return pickle.loads(path.read_bytes())

    def facts(self):
        """Returns (task, number of classes, whether the head is dual)."""
        return self._cached(b"facts", lambda: (lambda r: (r.task, r.class_count, r.is_dual))(self._open(False)))

    def predict(self, image, options, heads=False, exact=False):
        def make():
            run = self._open(options.end_to_end).predict(image, **options.keywords(), heads=heads, exact=exact)
            if len(run.candidates):
                # Candidates far below the threshold explain nothing; without them the cache stays small.
                near = run.candidates[:, 4:].max(1) > options.conf - 10 * THRESHOLD_MARGIN
                run.candidates = run.candidates[near]
                run.angles = None if run.angles is None else run.angles[near]
            masks = run.detections.masks
            if masks is not None:
                run.detections.masks = (np.packbits(masks), masks.shape)
            return run

        run = self._cached(image.read_bytes() + repr((asdict(options), heads, exact, 2)).encode(), make)
        if run.detections.masks is not None:
            bits, shape = run.detections.masks
            run.detections.masks = np.unpackbits(bits, count=int(np.prod(shape))).reshape(shape).astype(bool)
        return run

    def _open(self, end_to_end):
        if end_to_end not in self.opened:
            self.opened[end_to_end] = Upstream(self.checkpoint, end_to_end)
        return self.opened[end_to_end]

    def noise(self, image, options):
        """How far Ultralytics itself is from float64 in this case: (image pixels, score) or None."""
        upstream = self._open(options.end_to_end)
        if options.end_to_end or upstream.task in ("classify", *DENSE):
            return None
        return upstream.noise(upstream.predict(image, **options.keywords()), options.conf)


@dataclass
class Answer:
    """What our command said about one image; `dump` has the tensors that --dump wrote, by file name."""

    detections: Detections
    shape: tuple
    dump: dict = field(default_factory=dict)


def ours(yolo, checkpoint, source, options, backend=None, isa=None, dump=False):
    """Runs our command on an image or directory and returns an Answer per image."""
    command = [str(yolo), "trace" if dump else "predict", "--model", str(checkpoint), "--source", str(source), *options.flags()]
    command += ["--backend", backend] if backend else []
    command += ["--isa", isa] if isa else []
    with tempfile.TemporaryDirectory() as directory:
        done = subprocess.run(command + (["--out", directory, "--no-images"] if dump else ["--format", "json"]), capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"exit status {done.returncode}: {done.stderr.strip()[-400:]}")
        answers = [Answer(our_detections(image["results"]), tuple(image["shape"])) for image in json.loads(done.stdout)["images"]]
        if dump:
            directories = sorted(path for path in Path(directory).iterdir() if path.is_dir()) or [Path(directory)]
            if len(directories) != len(answers):
                raise RuntimeError(f"yolo trace wrote {len(directories)} directories for {len(answers)} images")
            for answer, path in zip(answers, directories):
                answer.dump = {trace_name(file.stem): np.load(file) for file in path.glob("*.npy")}
                if "logits" in answer.dump:
                    answer.dump["logits"] = answer.dump["logits"].reshape(1, -1)
                masks = answer.dump.pop("masks", None)
                if masks is not None and len(masks):
                    answer.detections.masks = masks != 0
        return answers


def trace_name(path):
    """Returns what Ultralytics' recording calls the tensor at a module's path: model.22.cv3.0 is class0."""
    parts = path.removeprefix("one2one_").split(".")
    branches = {"cv2": "box", "cv3": "class", "cv4": "extra", "cv4_kpts": "extra"}
    branch = branches.get(parts[-2].removeprefix("one2one_")) if len(parts) > 1 else None
    if branch:
        return f"{branch}{parts[-1]}"
    return {"proto": "proto", "linear": "logits", "classifier": "map", "head": "map"}.get(parts[-1], path)


def our_detections(rows):
    """Turns the results of our JSON into Detections; a classify or semantic answer has confidences and classes only."""
    found = Detections(np.zeros((len(rows), 4)),
                       np.array([float(row["pixel_ratio" if "pixel_ratio" in row else "confidence"]) for row in rows]),
                       np.array([int(row["class"]) for row in rows], int), [row["name"] for row in rows])
    if not rows or "box" not in rows[0]:
        return found
    if "x4" in rows[0]["box"]:
        found.corners = np.array([[[row["box"][f"x{i}"], row["box"][f"y{i}"]] for i in (1, 2, 3, 4)] for row in rows], float)
        found.boxes = around(found.corners)
    else:
        found.boxes = np.array([[row["box"][key] for key in ("x1", "y1", "x2", "y2")] for row in rows], float)
    if "segments" in rows[0]:
        found.polygons = [polygon_of(row) for row in rows]
    if "keypoints" in rows[0]:
        found.keypoints = np.array([[row["keypoints"][key] for key in ("x", "y", "visible") if key in row["keypoints"]]
                                    for row in rows], float).transpose(0, 2, 1)
    return found


# --- Comparison ----------------------------------------------------------------------------------------------------


@dataclass
class Comparison:
    """How one image's detections differ; `worst` maps the fields of Tolerances to the largest difference found."""

    expected_count: int
    found_count: int
    worst: dict = field(default_factory=dict)
    equal_masks: int = 0
    equal_polygons: int = 0  # of the detections with equal masks
    swapped: int = 0
    excused: list = field(default_factory=list)  # (reason, text)
    numeric_faults: list = field(default_factory=list)  # a difference beyond its tolerance
    faults: list = field(default_factory=list)  # everything else

    def worsen(self, name, value):
        self.worst[name] = float(np.maximum(self.worst.get(name, 0.0), value))  # keeps NaN

    def judge(self, tolerances):
        for name, value in self.worst.items():
            # NaN is a fault too.
            if not value <= getattr(tolerances, name):
                self.numeric_faults.append(f"{name} off by {value:.3g}")


def shapes_of(detections):
    """Returns what tells two detections apart: their boxes or corners as [N, numbers]."""
    points = detections.boxes if detections.corners is None else detections.corners
    return points.reshape(len(detections), -1)


def pair(expected, found):
    """Returns index pairs (expected, found) of the same class that lie nearest together, by optimal assignment."""
    pairs = []
    for label in np.intersect1d(expected.classes, found.classes):
        left, right = np.flatnonzero(expected.classes == label), np.flatnonzero(found.classes == label)
        pixels = np.abs(shapes_of(expected)[left][:, None] - shapes_of(found)[right][None]).max(2)
        scores = np.abs(expected.confidences[left][:, None] - found.confidences[right][None])
        cost = np.where((pixels <= PAIR_PIXELS) & (scores <= PAIR_CONFIDENCE), pixels + 100 * scores, 1e6)
        for row, column in zip(*linear_sum_assignment(cost)):
            if cost[row, column] < 1e6:
                pairs.append((int(left[row]), int(right[column])))
    return sorted(pairs)


def order_faults(expected, pairs, confidence):
    """Returns (swaps among ties, list of swaps that no tie explains).

    `confidence` is the largest difference of confidences found, which is judged by itself: two detections that are nearer to
    each other than twice that are ties.
    """
    positions = np.array([p[1] for p in pairs])
    scores = np.array([expected.confidences[p[0]] for p in pairs])
    earlier, later = np.triu_indices(len(pairs), 1)
    inverted = positions[earlier] > positions[later]
    wrong = inverted & (scores[earlier] - scores[later] > max(TIE, 2 * confidence))
    return int(inverted.sum() - wrong.sum()), [
        f"order: detections {pairs[i][0]} and {pairs[j][0]} of Ultralytics swapped, "
        f"confidences {scores[i]:.6f} and {scores[j]:.6f}" for i, j in zip(earlier[wrong], later[wrong])]


class Excuses:
    """Finds why a detection may be on one side alone, from what Ultralytics' suppression was given."""

    def __init__(self, run, expected, found, options):
        self.run, self.options = run, options
        self.scores = run.candidates[:, 4:]
        self.image_boxes = run.candidate_boxes() if len(self.scores) else np.zeros((0, 4))
        # What a side kept, as (candidate, class): a class tie keeps one candidate under two classes.
        sides = [{self.candidate(side, i): None for i in range(len(side))} for side in (expected, found)]
        self.kept = sorted(key for key in {**sides[0], **sides[1]} if key)
        self.on_one_side = set(sides[0]) ^ set(sides[1])
        self.excused = set()
        self.cut = max(len(expected), len(found)) >= MAXIMUM_DETECTIONS
        self.last = min((float(side.confidences[-1]) for side in (expected, found) if len(side)), default=0.0)

    def candidate(self, detections, index):
        """Returns the (candidate, class) that a detection is, None if it is none of them."""
        label = int(detections.classes[index])
        if not len(self.scores) or not 0 <= label < self.scores.shape[1]:
            return None
        pixels = np.abs(self.image_boxes - detections.boxes[index]).max(1)
        difference = np.abs(self.scores[:, label] - detections.confidences[index])
        best = int((pixels + 100 * difference).argmin())
        return (best, label) if pixels[best] < PAIR_PIXELS and difference[best] < PAIR_CONFIDENCE else None

    def find(self, lonely):
        """Returns {position in `lonely`: (reason, text)}; `lonely` lists (detections, index). An excuse may rest on another."""
        reasons = {}
        changed = True
        while changed:
            changed = False
            for position, (detections, index) in enumerate(lonely):
                reason = None if position in reasons else self.reason(detections, index)
                if reason:
                    reasons[position] = reason
                    self.excused.add(self.candidate(detections, index))
                    changed = True
        if self.cut:
            for position, (detections, index) in enumerate(lonely):
                confidence = float(detections.confidences[index])
                if position not in reasons and (confidence <= self.last + TIE
                                                or index >= len(detections) - len(self.excused)):
                    reasons[position] = "maximum", f"list cut at {MAXIMUM_DETECTIONS}, confidence {confidence:.6f}"
        return reasons

    def reason(self, detections, index):
        confidence, label = float(detections.confidences[index]), int(detections.classes[index])
        if abs(confidence - self.options.conf) <= THRESHOLD_MARGIN + ROUNDING:
            return "threshold", f"confidence {confidence:.6f}"
        if detections.masks is not None and detections.masks[index].sum() <= EMPTY_MASK_PIXELS:
            return "empty mask", f"{detections.masks[index].sum()} pixels"
        own = self.candidate(detections, index)
        if own is None:
            return None
        ranked = np.sort(self.scores[own[0]])
        if len(ranked) > 1 and ranked[-1] - ranked[-2] <= THRESHOLD_MARGIN:
            return "class tie", f"scores {ranked[-1]:.6f} and {ranked[-2]:.6f}"
        above = [key for key in self.rivals()
                 if (self.options.agnostic or key[1] == label) and key[0] != own[0] and self.scores[key] >= confidence - TIE]
        values = self.run.candidate_overlaps(own[0], [key[0] for key in above]) if above else []
        limit = self.options.iou
        for key, value in zip(above, values):
            if abs(value - limit) <= OVERLAP_MARGIN:
                return "overlap", f"overlap {value:.6f} with a detection of confidence {self.scores[key]:.6f}"
            if value > limit and key in self.excused and key in self.on_one_side:
                return "overlap", f"overlap {value:.6f} with an excused detection"
            # Of two overlapping ones with equal scores, either may suppress the other.
            if value > limit and abs(self.scores[key] - confidence) <= TIE and key in self.on_one_side:
                return "overlap", f"overlap {value:.6f} with a detection of the same confidence {confidence:.6f}"
        return None

    def rivals(self):
        """Returns the (candidate, class) pairs that can suppress; suppressed oriented boxes suppress others too."""
        if self.run.angles is None:
            return self.kept
        best = self.scores.argmax(1)
        return [(int(i), int(best[i])) for i in np.flatnonzero(self.scores.max(1) > self.options.conf)]


def compare(run, answer, options, tolerances=Tolerances()):
    """Compares our answer to one image with Ultralytics' run, whatever the task."""
    if run.probabilities is not None:
        return compare_classes(run, answer, tolerances)
    if run.map is not None:
        return compare_maps(run, answer, tolerances)
    expected, found = run.detections, answer.detections
    result = Comparison(len(expected), len(found))
    if answer.shape != run.shape:
        result.faults.append(f"shape {list(answer.shape)}, Ultralytics has {list(run.shape)}")
    pairs = pair(expected, found)
    for i, j in pairs:
        result.worsen("box", np.abs(expected.boxes[i] - found.boxes[j]).max())
        result.worsen("confidence", abs(expected.confidences[i] - found.confidences[j]))
        if expected.names[i] != found.names[j]:
            result.faults.append(f"class {expected.classes[i]} is {found.names[j]!r}, not {expected.names[i]!r}")
    compare_details(expected, found, pairs, result)
    result.judge(tolerances)
    result.swapped, wrong = order_faults(expected, pairs, result.worst.get("confidence", 0.0))
    result.faults += wrong[:3]
    if np.any(np.diff(found.confidences) > 0):
        result.faults.append("our confidences are not in falling order")

    lonely = [("missing", expected, i) for i in sorted(set(range(len(expected))) - {p[0] for p in pairs})]
    lonely += [("added", found, j) for j in sorted(set(range(len(found))) - {p[1] for p in pairs})]
    lonely.sort(key=lambda item: -item[1].confidences[item[2]])
    reasons = Excuses(run, expected, found, options).find([item[1:] for item in lonely]) if lonely else {}
    for position, (kind, side, index) in enumerate(lonely):
        box = ", ".join(f"{value:.2f}" for value in side.boxes[index])
        what = f"{kind} {side.names[index]} [{box}]"
        if position in reasons:
            result.excused.append((reasons[position][0], f"{what}: {reasons[position][1]}"))
        else:
            result.faults.append(f"{what}, confidence {side.confidences[index]:.6f}")
    return result


def compare_details(expected, found, pairs, result):
    """Compares what detections have besides boxes: corners, keypoints, masks and polygons."""
    if not pairs:
        return
    left, right = map(list, zip(*pairs))
    if expected.corners is not None:
        if found.corners is None:
            result.faults.append("oriented boxes are missing")
        else:
            result.worsen("corner", np.abs(expected.corners[left] - found.corners[right]).max())
    if expected.keypoints is not None:
        if found.keypoints is None or found.keypoints.shape[1:] != expected.keypoints.shape[1:]:
            result.faults.append("keypoints are missing or of another shape")
        else:
            difference = np.abs(expected.keypoints[left] - found.keypoints[right])
            result.worsen("keypoint", difference[..., :2].max())
            if difference.shape[2] > 2:
                result.worsen("confidence", difference[..., 2].max())
    if expected.masks is not None:
        if found.polygons is None:
            result.faults.append("polygons are missing")
            return
        if found.masks is None:
            return  # without --dump; the polygons alone say nothing where a mask may differ
        if found.masks.shape[1:] != expected.masks.shape[1:]:
            result.faults.append(f"masks of {found.masks.shape[1:]}, Ultralytics has {expected.masks.shape[1:]}")
            return
        differing = (expected.masks[left] != found.masks[right]).sum((1, 2))
        result.worsen("mask", differing.sum() / max(expected.masks[left].sum(), 1))
        for (i, j), count in zip(pairs, differing):
            if count == 0:
                result.equal_masks += 1
                if np.array_equal(expected.polygons[i], found.polygons[j]):
                    result.equal_polygons += 1
                else:
                    result.faults.append(f"mask {i} is equal, its polygon is not ({len(expected.polygons[i])} and "
                                         f"{len(found.polygons[j])} points)")


def compare_classes(run, answer, tolerances):
    """Compares the answers of a classify model: the best five, and all probabilities where they were dumped."""
    expected = run.probabilities
    found = answer.detections
    result = Comparison(min(5, len(expected)), len(found))
    if answer.shape != run.shape:
        result.faults.append(f"shape {list(answer.shape)}, Ultralytics has {list(run.shape)}")
    if len(found) != result.expected_count or not np.all((found.classes >= 0) & (found.classes < len(expected))):
        result.faults.append(f"classes {found.classes.tolist()}")
        return result
    best = np.sort(expected)[::-1][:len(found)]
    # Equal probabilities may stand in any order, so a class is right when its probability is the one of its place.
    wrong = np.abs(expected[found.classes] - best) > 2 * tolerances.probability
    if wrong.any() or len(set(found.classes.tolist())) < len(found):
        result.faults.append(f"best classes {found.classes.tolist()}, probabilities {expected[found.classes].tolist()}")
    result.worsen("probability", max(0, np.abs(expected[found.classes] - found.confidences).max() - ROUNDING))
    if "probabilities" in answer.dump:
        result.worsen("probability", np.abs(answer.dump["probabilities"].reshape(-1) - expected).max())
    result.judge(tolerances)
    return result


def compare_maps(run, answer, tolerances):
    """Compares the class or the meters of each pixel where they were dumped, and the classes that there are."""
    expected, found = run.detections, answer.detections
    result = Comparison(len(expected), len(found))
    if answer.shape != run.shape:
        result.faults.append(f"shape {list(answer.shape)}, Ultralytics has {list(run.shape)}")
    left, right = (dict(zip(side.classes.tolist(), side.confidences)) for side in (expected, found))
    for label in left.keys() | right.keys():
        result.worsen("classes", abs(left.get(label, 0) - right.get(label, 0)))
    is_depth = run.map.dtype != np.uint8
    ours = answer.dump.get("depth" if is_depth else "classes")
    if ours is not None and ours.shape != run.map.shape:
        result.faults.append(f"a map of {ours.shape}, Ultralytics has {run.map.shape}")
    elif ours is not None and is_depth:
        result.worsen("depth", (np.abs(ours - run.map) / run.map).max())
    elif ours is not None:
        if run.candidates.shape[1] == 5:  # of one class Ultralytics marks its pixels with 1, ours the others with 255
            ours = np.where(ours == 255, 0, 1)
        result.worsen("classes", (ours != run.map).mean())
    result.judge(tolerances)
    return result


def compare_heads(expected, found):
    """Returns the largest difference of raw head tensors relative to the tensor's range, None without common ones.

    A tensor of another shape counts as infinitely far.
    """
    worst = None
    for name in expected.keys() & found.keys():
        left, right = expected[name], found[name]
        if left.shape != right.shape:
            return float("inf")
        value = float(np.abs(left - right).max() / max(np.ptp(left), 1e-30))
        worst = value if worst is None or not value <= worst else worst
    return worst
