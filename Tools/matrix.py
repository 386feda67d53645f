"""Prints the matrix of parity: every family, size and task against Ultralytics.

    python Tools/matrix.py --yolo .build/release/yolo --checkpoints checkpoints/ --images bus.jpg zidane.jpg tall.png \\
        [--cases default no-nms] [--results matrix.json] [--markdown matrix.md]

A checkpoint is named FAMILY SIZE [-VARIANT] -TASK.pt, like v8n-detect.pt, 26s-p2-detect.pt or rtdetr-l-detect.pt; `upstream/make_checkpoint.py
--seed 7 --image bus.jpg` makes lively untrained ones. Every checkpoint is asked every case that its task has:
    default     imgsz 640, conf 0.25, iou 0.7 (classify: 224)          low       conf 0.01
    wide        another, not square imgsz                              classes   conf 0.01, every third class
    agnostic    conf 0.01, suppression across classes                  retina    masks in the image's resolution
    no-nms, no-nms low, no-nms agnostic                                the one-to-one branch of dual heads
    small       imgsz 320 (semantic and depth: besides default, wide and, of semantic, classes)
Both sides get the same options. Compared are boxes, scores, keypoints, oriented corners, masks, polygons, class
probabilities, and the class or distance of each pixel (tolerances and excuses: comparison.py), the network's input, and
in default and no-nms the raw tensors of the head.

Status of a checkpoint:
    ok      all differences are within the tolerances
    noise   some are not, but none of those is more than 4 times as large as Ultralytics' own distance from the same
            network in float64 in that case: networks with random weights amplify the rounding of float32
    FAIL    anything else; also when our command refuses the checkpoint
Exit status 1 when one fails. --results keeps the figures of earlier runs, so that the matrix can be made in pieces.
Needs the upstream environment; Ultralytics' answers are kept in --cache by the contents of checkpoint and image.
"""
import argparse
import json
import re
import shutil
import sys
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import ultralytics

from comparison import CachedUpstream, Options, Tolerances, compare, compare_heads, ours
from upstream_runs import DENSE

TASKS = ("detect", "segment", "pose", "obb", "classify", *DENSE)
# Ours sums in another order than Ultralytics; both are draws from the same distribution of rounding errors.
NOISE_FACTOR = 4
WITH_HEADS = ("default", "no-nms")


def cases(task, class_count, is_dual):
    """Returns {name: options} of what a checkpoint of this kind is asked."""
    if task == "classify":
        return {"default": Options(224), "wide": Options((192, 256)), "large": Options(320)}
    if task in DENSE:
        every = {"default": Options(), "wide": Options((384, 640)), "small": Options(320)}
        return every | ({"classes": Options(classes=tuple(range(0, class_count, 3)))} if task == "semantic" else {})
    every = {"default": Options(iou=0.7), "low": Options(iou=0.7, conf=0.01), "wide": Options((384, 640), iou=0.7),
             "classes": Options(iou=0.7, conf=0.01, classes=tuple(range(0, class_count, 3))),
             "agnostic": Options(iou=0.7, conf=0.01, agnostic=True)}
    if task == "segment":
        every["retina"] = Options(iou=0.7, retina=True)
    if is_dual:
        every["no-nms"] = Options(iou=0.7, end_to_end=True)
        every["no-nms low"] = Options(iou=0.7, conf=0.01, end_to_end=True)
        every["no-nms agnostic"] = Options(iou=0.7, conf=0.01, end_to_end=True, agnostic=True)
    return every


@dataclass
class Cell:
    """What came out for one checkpoint, over all its cases and images."""

    name: str
    task: str
    status: str = "ok"
    cases: int = 0
    detections: int = 0
    excused: int = 0
    equal_masks: int = 0
    equal_polygons: int = 0
    worst: dict = field(default_factory=dict)  # fields of Tolerances: largest difference
    own: dict = field(default_factory=dict)  # the same of Ultralytics against float64, where that was worked out,
    exact: dict = field(default_factory=dict)  # and of ours against float64
    heads: float = None  # relative to the tensor's range: ours against Ultralytics,
    own_heads: float = None  # Ultralytics against float64,
    exact_heads: float = None  # ours against float64
    messages: list = field(default_factory=list)

    def lower(self, status):
        self.status = max(self.status, status, key=("ok", "noise", "FAIL").index)

    def fail(self, message):
        self.lower("FAIL")
        self.messages.append(message)


def larger(left, right):
    """Returns the larger of two figures that may be None."""
    return max((value for value in (left, right) if value is not None), default=None)


class Examination:
    """Asks one checkpoint every case."""

    def __init__(self, arguments, checkpoint, source):
        self.arguments, self.checkpoint, self.source = arguments, checkpoint, source
        self.upstream = CachedUpstream(checkpoint, arguments.cache)
        self.task, self.class_count, self.is_dual = self.upstream.facts()
        self.cell = Cell(checkpoint.stem, self.task)

    def run(self):
        for name, options in cases(self.task, self.class_count, self.is_dual).items():
            if self.arguments.cases and name not in self.arguments.cases:
                continue
            try:
                answers = ours(self.arguments.yolo, self.checkpoint, self.source, options, self.arguments.backend,
                               self.arguments.isa, dump=not self.arguments.no_dump)
                if len(answers) != len(self.arguments.images):
                    raise RuntimeError(f"{len(answers)} answers for {len(self.arguments.images)} images")
            except (RuntimeError, OSError, ValueError, KeyError, TypeError) as error:
                self.cell.cases += 1
                self.cell.fail(f"{name}: {type(error).__name__}: {error}")
                continue
            for index, (image, answer) in enumerate(zip(self.arguments.images, answers)):
                self.examine(name, options, image, answer, is_first=index == 0)
        return self.cell

    def prepare(self):
        """Fills the cache with Ultralytics' answers."""
        for name, options in cases(self.task, self.class_count, self.is_dual).items():
            if self.arguments.cases and name not in self.arguments.cases:
                continue
            with_heads = name in WITH_HEADS
            for index, image in enumerate(self.arguments.images):
                self.upstream.predict(image, options, heads=with_heads)
                if with_heads and index == 0:
                    self.upstream.predict(image, options, heads=True, exact=True)

    def examine(self, name, options, image, answer, is_first):
        cell, title = self.cell, f"{name}, {image.name}"
        with_heads = name in WITH_HEADS
        run = self.upstream.predict(image, options, heads=with_heads)
        result = compare(run, answer, options)
        cell.cases += 1
        cell.detections += result.expected_count
        cell.excused += len(result.excused)
        cell.equal_masks += result.equal_masks
        cell.equal_polygons += result.equal_polygons
        for quantity, value in result.worst.items():
            cell.worst[quantity] = max(cell.worst.get(quantity, 0.0), value)
        for fault in result.faults:
            cell.fail(f"{title}: {fault}")
        if "input" in answer.dump and not np.array_equal(
                answer.dump["input"].reshape(-1), np.float32(run.letterboxed.transpose(2, 0, 1)).reshape(-1) / np.float32(255)):
            cell.fail(f"{title}: the network's input differs")
        if result.numeric_faults or (with_heads and is_first):
            self.measure_noise(title, options, image, answer, run, result, with_heads)

    def measure_noise(self, title, options, image, answer, run, result, with_heads):
        """Compares both sides with the network in float64."""
        cell = self.cell
        exact = self.upstream.predict(image, options, heads=with_heads, exact=True)
        exact_answer = _Exact(exact)
        own, ours_exact = compare(run, exact_answer, options).worst, compare(exact, answer, options).worst
        for figures, found in ((cell.own, own), (cell.exact, ours_exact)):
            for quantity, value in found.items():
                figures[quantity] = max(figures.get(quantity, 0.0), value)
        if with_heads:
            cell.heads = larger(cell.heads, compare_heads(run.heads, answer.dump))
            cell.own_heads = larger(cell.own_heads, compare_heads(exact.heads, run.heads))
            cell.exact_heads = larger(cell.exact_heads, compare_heads(exact.heads, answer.dump))
            missing = sorted(run.heads.keys() - answer.dump.keys())
            if missing and not self.arguments.no_dump:
                cell.messages.append(f"{title}: not dumped: {' '.join(missing)}")
        for quantity, limit in asdict(Tolerances()).items():
            value = result.worst.get(quantity, 0.0)
            if not value <= limit:
                is_noise = value <= NOISE_FACTOR * own.get(quantity, 0.0)
                cell.lower("noise" if is_noise else "FAIL")
                cell.messages.append(f"{title}: {quantity} off by {value:.3g}; from float64 Ultralytics is "
                                     f"{own.get(quantity, 0.0):.3g}, ours {ours_exact.get(quantity, 0.0):.3g}")


class _Exact:
    """Ultralytics' answer in float64 in the place of ours."""

    def __init__(self, run):
        self.detections, self.shape = run.detections, run.shape
        if run.map is not None:
            self.dump = {"depth" if run.map.dtype != np.uint8 else "classes": run.map}
            return
        self.dump = {} if run.probabilities is None else {"probabilities": run.probabilities}
        if run.probabilities is not None:
            best = np.argsort(-run.probabilities, kind="stable")[:5]
            self.detections.classes, self.detections.confidences = best, run.probabilities[best]


# --- Tables --------------------------------------------------------------------------------------------------------

FAMILIES = ("v3", "v5", "v6", "v8", "v9", "v10", "11", "12", "26", "rtdetr")
SIZES = "tnsmbclex"


def parts(cell):
    """Returns (family with variant, size) of a checkpoint's name."""
    found = re.fullmatch(rf"(v\d|v10|\d\d|rtdetr-?)([{SIZES}]?)((?:-.*)?)-(?:{'|'.join(TASKS)})", cell.name)
    return (found[1] + found[3], found[2]) if found else (cell.name, "")


def order(cell):
    family, size = parts(cell)
    base, _, variant = family.partition("-")
    return (FAMILIES.index(base) if base in FAMILIES else len(FAMILIES), variant, TASKS.index(cell.task), SIZES.find(size))


def scientific(value):
    return "" if value is None else f"{value:.1e}"


def detail(cell):
    """Returns the figures that only this task has."""
    worst = cell.worst
    if cell.task == "segment" and "mask" in worst:
        return f"masks {100 * worst['mask']:.4f} %, polygons {cell.equal_polygons} of {cell.equal_masks}"
    if cell.task == "pose" and "keypoint" in worst:
        return f"keypoints {worst['keypoint']:.4f} px"
    if cell.task == "obb" and "corner" in worst:
        return f"corners {worst['corner']:.4f} px"
    if cell.task == "classify" and "probability" in worst:
        return f"probabilities {worst['probability']:.1e}"
    if cell.task == "semantic" and "classes" in worst:
        return f"pixels of another class {100 * worst['classes']:.4f} %"
    if cell.task == "depth" and "depth" in worst:
        return f"distances {worst['depth']:.1e}"
    return ""


HEADINGS = ("checkpoint", "status", "cases", "detections", "excused", "box px", "score", "task's own",
            "heads: ours–Ultralytics", "Ultralytics–float64", "ours–float64", "box px from float64: ours, upstream")
WIDTHS = (22, 6, 5, 10, 7, 8, 8, 42, 21, 17, 12, 36)


def row(cell):
    box, score = cell.worst.get("box"), cell.worst.get("confidence")
    return (cell.name, cell.status, cell.cases, cell.detections, cell.excused, "" if box is None else f"{box:.4f}",
            scientific(score), detail(cell), scientific(cell.heads), scientific(cell.own_heads), scientific(cell.exact_heads),
            f"{cell.exact['box']:.4f}, {cell.own['box']:.4f}" if "box" in cell.exact and "box" in cell.own else "")


def line(values):
    return "  ".join(f"{str(value):<{width}}" for value, width in zip(values, WIDTHS)).rstrip()


def grid(cells):
    """Returns the rows family × task; a cell lists its sizes."""
    marks = {"ok": "", "noise": "°", "FAIL": " ✗"}
    rows = {}
    for cell in cells:
        family, size = parts(cell)
        rows.setdefault(family, {}).setdefault(cell.task, []).append((size or "yes") + marks[cell.status])
    return [(family, *(", ".join(by_task.get(task, [])) or "–" for task in TASKS)) for family, by_task in rows.items()]


def markdown_table(headings, rows):
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(str(value) for value in values) + " |" for values in lines)


def markdown(cells, arguments):
    limits = Tolerances()
    return "\n".join((
        "# Parity with Ultralytics", "",
        f"Made by `Tools/matrix.py` against Ultralytics {ultralytics.__version__} on untrained checkpoints with lively random "
        f"weights; {len(arguments.images)} images. Sizes with ° are outside a tolerance, but no farther than {NOISE_FACTOR} "
        "times Ultralytics' own distance from the same network in float64; ✗ differs.", "",
        markdown_table(("family", *TASKS), grid(cells)), "",
        f"Tolerances: boxes {limits.box} px, scores {limits.confidence:.0e}, keypoints {limits.keypoint} px, rotated "
        f"corners {limits.corner} px, {100 * limits.mask:g} % of the mask pixels, class probabilities "
        f"{limits.probability:.0e}, {100 * limits.classes:g} % of the pixels' classes, distances {limits.depth:.0e} of "
        "themselves; polygons identical where the mask is. Raw head tensors are given relative to the "
        "tensor's range. Excused are detections on one side alone whose threshold, overlap or tie was nearer than the "
        "noise of float32.", "",
        markdown_table(HEADINGS, map(row, cells)), ""))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--yolo", type=Path, help="our command; left out: only work out and keep Ultralytics' answers")
    parser.add_argument("--checkpoints", nargs="+", required=True, type=Path, help="files or directories")
    parser.add_argument("--images", nargs="+", required=True, type=Path)
    parser.add_argument("--cases", nargs="+", help="left out: all that the task has")
    parser.add_argument("--backend", help="left out: our default")
    parser.add_argument("--isa", help="left out: what the processor has")
    parser.add_argument("--no-dump", action="store_true", help="JSON alone: no masks, raw tensors or full probabilities")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "parity")
    parser.add_argument("--results", type=Path, help="keep the figures here, together with those of earlier runs")
    parser.add_argument("--markdown", type=Path, help="write the tables here")
    parser.add_argument("--list", type=int, default=4, help="messages to print per checkpoint")
    arguments = parser.parse_args()

    cells = {}
    if arguments.results and arguments.results.exists():
        cells = {item["name"]: Cell(**item) for item in json.loads(arguments.results.read_text())}
    checkpoints = [file for path in arguments.checkpoints for file in (sorted(path.glob("*.pt")) if path.is_dir() else [path])]
    if not arguments.yolo:
        for checkpoint in checkpoints:
            Examination(arguments, checkpoint, None).prepare()
            print(checkpoint, flush=True)
        return 0
    examined = []
    print(line(HEADINGS))
    with tempfile.TemporaryDirectory() as directory:
        # Numbered, because our command answers a directory in the order of its file names.
        for index, image in enumerate(arguments.images):
            shutil.copyfile(image, Path(directory) / f"{index:04d}-{image.name}")
        for checkpoint in checkpoints:
            cell = cells[checkpoint.stem] = Examination(arguments, checkpoint, directory).run()
            examined.append(cell)
            print(line(row(cell)))
            for message in cell.messages[:arguments.list]:
                print(f"    {message}")
            if len(cell.messages) > arguments.list:
                print(f"    and {len(cell.messages) - arguments.list} more")
            sys.stdout.flush()
            if arguments.results:
                arguments.results.write_text(json.dumps([asdict(cell) for cell in cells.values()], indent=1))

    ordered = sorted(cells.values(), key=order)
    if arguments.markdown:
        arguments.markdown.write_text(markdown(ordered, arguments))
    print()
    for values in (("family", *TASKS), *grid(ordered)):
        print("  ".join(f"{value:<14}" for value in values).rstrip())
    statuses = [cell.status for cell in examined]
    print(f"\n{len(examined)} checkpoints, {sum(cell.cases for cell in examined)} cases, "
          f"{sum(cell.detections for cell in examined)} detections, {sum(cell.excused for cell in examined)} excused; "
          + ", ".join(f"{statuses.count(status)} {status}" for status in ("ok", "noise", "FAIL")))
    return 1 if "FAIL" in statuses else 0


if __name__ == "__main__":
    sys.exit(main())
