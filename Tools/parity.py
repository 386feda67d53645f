"""Compares the `yolo` command with the reference, detection by detection.

    python Tools/parity.py --yolo .build/release/yolo --checkpoints A.pt B.pt --pictures x.jpg y.png \\
        --imgsz 320 640 1280 --conf 0.01 0.25 0.9 --iou 0.45 --backend native blas reference --isa avx512 avx2 baseline

Needs the reference environment. Prints a line per case (checkpoint, picture, imgsz, conf, backend, isa) and the worst box
and confidence difference at the end. Exit status 1 when a case differs: other count or classes, another order than ties
allow (confidences within 2e-4 may swap), a box off by more than 0.01 px (0.05 px at imgsz 1280; pixels of the picture), or a
confidence by more than 1e-4. A detection that only one side has is excused, counted and listed when the decision about it
is nearer than the noise of float32:
    threshold   its confidence is within 1e-4 of --conf
    overlap     it was kept or suppressed on an IoU within 1e-3 of --iou, or by a detection that is itself excused so
    class tie   its two best class scores are within 1e-4
    maximum     it stands at the end of a list cut at 300 detections, or was pushed over the end by an excused one
Boxes alone are compared: detect models wholly, segment and pose models without their masks and keypoints.
The reference's answers are kept in --cache by the contents of checkpoint and picture.
A box or confidence fault is followed by how far the reference itself is from float64 in that case; it excuses nothing.
Many excuses in a case mean that its scores are saturated; calibrate the checkpoint on the picture (make_checkpoint.py --image).
"""
import argparse
import hashlib
import json
import pickle
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
import torchvision
import ultralytics
from scipy.optimize import linear_sum_assignment

from reference import MAXIMUM_DETECTIONS, Detections, Reference, Run, corners, overlaps

TIE = 2e-4
THRESHOLD_MARGIN = 1e-4
OVERLAP_MARGIN = 1e-3
CONFIDENCE_TOLERANCE = 1e-4
ROUNDING = 5e-6  # our JSON has five decimals
# Two detections farther apart than this are not taken for the same one, but for one missing and one added.
PAIR_PIXELS, PAIR_CONFIDENCE = 1.0, 0.01


def box_tolerance(imgsz):
    return 0.05 if imgsz >= 1280 else 0.01


# --- Both sides ----------------------------------------------------------------------------------------------------


class CachedReference:
    """Answers of the reference; opens a checkpoint only when an answer is not in the cache."""

    def __init__(self, checkpoint, cache):
        self.checkpoint, self.cache, self.opened = Path(checkpoint), Path(cache), None
        self.cache.mkdir(parents=True, exist_ok=True)
        versions = (ultralytics.__version__, torch.__version__, torchvision.__version__, np.__version__)
        self.key = hashlib.sha256(self.checkpoint.read_bytes() + repr(versions).encode())

    def predict(self, picture, imgsz, conf, iou):
        key = self.key.copy()
        key.update(picture.read_bytes() + repr((imgsz, conf, iou)).encode())
        path = self.cache / f"{key.hexdigest()[:40]}.pickle"
        if path.exists():
            return Run(**pickle.loads(path.read_bytes()))
        run = self._open().predict(picture, imgsz, conf, iou)
        # Candidates far below the threshold explain nothing; without them the cache stays small.
        near = run.candidates[:, 4:].max(1) > conf - 10 * THRESHOLD_MARGIN
        run.candidates = run.candidates[near]
        path.write_bytes(pickle.dumps(vars(run)))
        return run

    def _open(self):
        if self.opened is None:
            self.opened = Reference(self.checkpoint)
        return self.opened

    def noise(self, picture, imgsz, conf, iou):
        """How far the reference itself is from float64 in this case: (picture pixels, score) or None."""
        return self._open().noise(self._open().predict(picture, imgsz, conf, iou), conf)


def ours(yolo, checkpoint, source, imgsz, conf, iou, backend, isa):
    """Runs our command on a picture or directory and returns Detections per picture, with its (height, width)."""
    command = [str(yolo), "predict", "--model", str(checkpoint), "--source", str(source), "--imgsz", str(imgsz),
               "--conf", repr(conf), "--iou", repr(iou), "--max-det", str(MAXIMUM_DETECTIONS), "--format", "json"]
    command += ["--backend", backend] if backend else []
    command += ["--isa", isa] if isa else []
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"exit status {done.returncode}: {done.stderr.strip()[-400:]}")
    answers = []
    for image in json.loads(done.stdout)["images"]:
        rows = image["results"]
        boxes = [[float(row["box"][k]) for k in ("x1", "y1", "x2", "y2")] for row in rows]
        answers.append((Detections(np.array(boxes).reshape(-1, 4), np.array([float(row["confidence"]) for row in rows]),
                                   np.array([int(row["class"]) for row in rows], int), [row["name"] for row in rows]),
                        tuple(image["shape"])))
    return answers


# --- Comparison ----------------------------------------------------------------------------------------------------


@dataclass
class Comparison:
    expected_count: int
    found_count: int
    worst_box: float = 0.0
    worst_confidence: float = 0.0
    swapped: int = 0
    excused: list = field(default_factory=list)  # (reason, text)
    faults: list = field(default_factory=list)


def pair(expected, found):
    """Returns index pairs (expected, found) of the same class that lie nearest together, by optimal assignment."""
    pairs = []
    for label in np.intersect1d(expected.classes, found.classes):
        left, right = np.flatnonzero(expected.classes == label), np.flatnonzero(found.classes == label)
        pixels = np.abs(expected.boxes[left][:, None] - found.boxes[right][None]).max(2)
        scores = np.abs(expected.confidences[left][:, None] - found.confidences[right][None])
        cost = np.where((pixels > PAIR_PIXELS) | (scores > PAIR_CONFIDENCE), 1e6, pixels + 100 * scores)
        for row, column in zip(*linear_sum_assignment(cost)):
            if cost[row, column] < 1e6:
                pairs.append((int(left[row]), int(right[column])))
    return sorted(pairs)


def order_faults(expected, pairs):
    """Returns (swaps among ties, list of swaps that no tie explains)."""
    positions = np.array([p[1] for p in pairs])
    scores = np.array([expected.confidences[p[0]] for p in pairs])
    earlier, later = np.triu_indices(len(pairs), 1)
    inverted = positions[earlier] > positions[later]
    wrong = inverted & (scores[earlier] - scores[later] > TIE)
    return int(inverted.sum() - wrong.sum()), [
        f"order: detections {pairs[i][0]} and {pairs[j][0]} of the reference swapped, "
        f"confidences {scores[i]:.6f} and {scores[j]:.6f}" for i, j in zip(earlier[wrong], later[wrong])]


class Excuses:
    """Finds why a detection may be on one side alone, from what the reference's suppression was given."""

    def __init__(self, run, expected, found, conf, iou):
        self.conf, self.iou = conf, iou
        self.scores = run.candidates[:, 4:]
        self.input_boxes = corners(run.candidates[:, :4].astype(np.float64))
        self.picture_boxes = run.to_picture(self.input_boxes)
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
        pixels = np.abs(self.picture_boxes - detections.boxes[index]).max(1)
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
        if abs(confidence - self.conf) <= THRESHOLD_MARGIN + ROUNDING:
            return "threshold", f"confidence {confidence:.6f}"
        own = self.candidate(detections, index)
        if own is None:
            return None
        ranked = np.sort(self.scores[own[0]])
        if len(ranked) > 1 and ranked[-1] - ranked[-2] <= THRESHOLD_MARGIN:
            return "class tie", f"scores {ranked[-1]:.6f} and {ranked[-2]:.6f}"
        above = [key for key in self.kept
                 if key[1] == label and key != own and self.scores[key] >= confidence - TIE]
        values = overlaps(self.input_boxes[own[0]], self.input_boxes[[key[0] for key in above]]) if above else []
        for key, value in zip(above, values):
            if abs(value - self.iou) <= OVERLAP_MARGIN:
                return "overlap", f"IoU {value:.6f} with a detection of confidence {self.scores[key]:.6f}"
            if value > self.iou and key in self.excused and key in self.on_one_side:
                return "overlap", f"IoU {value:.6f} with an excused detection"
            # Of two overlapping ones with equal scores, either may suppress the other.
            if value > self.iou and abs(self.scores[key] - confidence) <= TIE and key in self.on_one_side:
                return "overlap", f"IoU {value:.6f} with a detection of the same confidence {confidence:.6f}"
        return None


def compare(run, found, shape, imgsz, conf, iou):
    """Compares one picture's detections with the reference's run."""
    expected = run.detections
    result = Comparison(len(expected), len(found))
    if shape != run.shape:
        result.faults.append(f"shape {list(shape)}, the reference has {list(run.shape)}")
    pairs = pair(expected, found)
    for i, j in pairs:
        box = float(np.abs(expected.boxes[i] - found.boxes[j]).max())
        confidence = float(abs(expected.confidences[i] - found.confidences[j]))
        result.worst_box, result.worst_confidence = max(result.worst_box, box), max(result.worst_confidence, confidence)
        if expected.names[i] != found.names[j]:
            result.faults.append(f"class {expected.classes[i]} is {found.names[j]!r}, not {expected.names[i]!r}")
    if result.worst_box > box_tolerance(imgsz):
        result.faults.append(f"box off by {result.worst_box:.5f} px")
    if result.worst_confidence > CONFIDENCE_TOLERANCE:
        result.faults.append(f"confidence off by {result.worst_confidence:.2e}")
    result.swapped, wrong = order_faults(expected, pairs)
    result.faults += wrong[:3]
    if np.any(np.diff(found.confidences) > 0):
        result.faults.append("our confidences are not in falling order")

    lonely = [("missing", expected, i) for i in sorted(set(range(len(expected))) - {p[0] for p in pairs})]
    lonely += [("added", found, j) for j in sorted(set(range(len(found))) - {p[1] for p in pairs})]
    lonely.sort(key=lambda item: -item[1].confidences[item[2]])
    reasons = Excuses(run, expected, found, conf, iou).find([item[1:] for item in lonely]) if lonely else {}
    for position, (kind, side, index) in enumerate(lonely):
        box = ", ".join(f"{value:.2f}" for value in side.boxes[index])
        what = f"{kind} {side.names[index]} [{box}]"
        if position in reasons:
            result.excused.append((reasons[position][0], f"{what}: {reasons[position][1]}"))
        else:
            result.faults.append(f"{what}, confidence {side.confidences[index]:.6f}")
    return result


# --- Command -------------------------------------------------------------------------------------------------------

COLUMNS = (("checkpoint", 24), ("picture", 20), ("imgsz", 5), ("conf", 5), ("backend", 9), ("isa", 8), ("reference", 9),
           ("ours", 5), ("box px", 9), ("conf diff", 9), ("swaps", 5), ("excused", 7), ("", 4))


def line(values):
    return "  ".join(f"{str(value)[-width:]:<{width}}" for value, (_, width) in zip(values, COLUMNS)).rstrip()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--yolo", required=True, help="our command")
    parser.add_argument("--checkpoints", nargs="+", required=True, type=Path)
    parser.add_argument("--pictures", nargs="+", required=True, type=Path)
    parser.add_argument("--imgsz", nargs="+", type=int, default=[640])
    parser.add_argument("--conf", nargs="+", type=float, default=[0.25])
    parser.add_argument("--iou", type=float, default=0.45)
    parser.add_argument("--backend", nargs="+", default=[None], help="left out: our default")
    parser.add_argument("--isa", nargs="+", default=[None], help="left out: what the processor has")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "yolo-parity")
    parser.add_argument("--list", type=int, default=8, help="faults and excuses to print per case")
    arguments = parser.parse_args()

    print(line([name for name, _ in COLUMNS]))
    worst, cases, failed, compared, excused = {}, 0, 0, 0, {}
    with tempfile.TemporaryDirectory() as directory:
        # Numbered, because our command answers a directory in the order of its file names.
        for index, picture in enumerate(arguments.pictures):
            shutil.copyfile(picture, Path(directory) / f"{index:04d}-{picture.name}")
        source = directory if len(arguments.pictures) > 1 else arguments.pictures[0]
        for checkpoint in arguments.checkpoints:
            reference, noises = CachedReference(checkpoint, arguments.cache), {}
            combinations = [(imgsz, conf, backend, isa) for imgsz in arguments.imgsz for conf in arguments.conf
                            for backend in arguments.backend for isa in arguments.isa]
            for imgsz, conf, backend, isa in combinations:
                start = [checkpoint.name, "", imgsz, conf, backend or "default", isa or "default"]
                try:
                    answers = ours(arguments.yolo, checkpoint, source, imgsz, conf, arguments.iou, backend, isa)
                    if len(answers) != len(arguments.pictures):
                        raise RuntimeError(f"{len(answers)} answers for {len(arguments.pictures)} pictures")
                except (RuntimeError, OSError, ValueError, KeyError, TypeError) as error:
                    cases, failed = cases + 1, failed + 1
                    print(line([*start, "-", "-", "-", "-", "-", "-", "FAIL"]) + f"\n    {type(error).__name__}: {error}")
                    continue
                for picture, (found, shape) in zip(arguments.pictures, answers):
                    run = reference.predict(picture, imgsz, conf, arguments.iou)
                    result = compare(run, found, shape, imgsz, conf, arguments.iou)
                    start[1], cases = picture.name, cases + 1
                    failed += bool(result.faults)
                    print(line([*start, result.expected_count, result.found_count, f"{result.worst_box:.6f}",
                                f"{result.worst_confidence:.1e}", result.swapped, len(result.excused),
                                "FAIL" if result.faults else "ok"]))
                    for fault in result.faults[:arguments.list]:
                        print(f"    {fault}")
                    if any("off by" in fault for fault in result.faults):
                        key = (picture, imgsz, conf)
                        if key not in noises:
                            noises[key] = reference.noise(picture, imgsz, conf, arguments.iou)
                        if noises[key]:
                            print("    for comparison, the reference's own distance from float64 before suppression: "
                                  f"{noises[key][0]:.5f} px, {noises[key][1]:.1e}")
                    for reason, text in result.excused[:arguments.list]:
                        print(f"    excused ({reason}): {text}")
                    for reason, _ in result.excused:
                        excused[reason] = excused.get(reason, 0) + 1
                    compared += result.expected_count
                    key = (backend or "default", isa or "default")
                    before = worst.get(key, (0.0, 0.0))
                    worst[key] = (max(before[0], result.worst_box), max(before[1], result.worst_confidence))
                sys.stdout.flush()

    for (backend, isa), (box, confidence) in worst.items():
        print(f"worst, backend {backend}, isa {isa}: box {box:.6f} px, confidence {confidence:.2e}")
    if worst:
        print(f"worst of all: box {max(w[0] for w in worst.values()):.6f} px, "
              f"confidence {max(w[1] for w in worst.values()):.2e}")
    print(f"{cases} cases, {failed} failed; {compared} detections, {sum(excused.values())} excused"
          + "".join(f"; {reason} {count}" for reason, count in sorted(excused.items())))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
