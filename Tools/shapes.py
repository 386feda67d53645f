"""Generates synthetic "shapes" datasets in YOLO format, one per task; numpy and OpenCV only.

    python Tools/shapes.py [--task T] --out DIR --train N --val N [--size 320] [--seed S] [--format jpg|png]
    python Tools/shapes.py [--task T] --image FILE.jpg [--width 640] [--height 480] [--seed S]   # one, no labels

An image begins as a `Scene`: a background and a list of `ShapeObject`s in z-order (last on top). `draw` renders a scene
and the functions of `LABELS` derive its labels from the same description, so that a label can never disagree with its
image. Every object carries its outline polygon, named vertices and oriented rectangle in image coordinates. Which
scenes a task draws is its `SceneRules`; classify has one shape in an image, in a directory named after the class.

Coordinates: pixels, x right, y down, the image covers [0, width] x [0, height] (a pixel's center is at +0.5).
Colors: BGR. Boxes cover an object's whole size inside the image, also where another object lies over it.
Image i of a split depends on (seed, split, i, task) alone: a larger dataset begins with the smaller one's images.

Written for this project; Apache-2.0, as are the images that it draws.
"""
import argparse
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

CLASSES = ("circle", "ring", "triangle", "rectangle", "star", "cross", "heart", "arrow")
ASPECTS = ((4, 3), (3, 4), (1, 1), (16, 9), (9, 16), (3, 2), (2, 3))
SPLITS = ("train", "val")
TASKS = ("detect", "segment", "pose", "obb", "classify")
KEYPOINTS = ("tip", "right barb", "tail", "left barb")  # of the arrow, the one class of pose
KEYPOINT_FLIP = (0, 3, 2, 1)
SUPERSAMPLING = 4


# --- Scene description ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fill:
    """How an outline is filled: `kind` is solid, gradient, stripes, checks or speckle; `angle` and `period` in pixels."""

    kind: str
    color: tuple
    second: tuple
    angle: float
    period: float
    seed: int


@dataclass(frozen=True)
class ShapeObject:
    """One shape. `outline`, `hole` and `vertices` are [N, 2] image coordinates; `hole` is None for all but the ring."""

    class_index: int
    center: tuple
    size: tuple  # width and height in the object's own frame, before rotation
    rotation: float  # radians, clockwise on the screen
    outline: np.ndarray
    hole: np.ndarray | None
    vertices: np.ndarray  # the class's characteristic points in a fixed order: tips, corners or the center
    fill: Fill
    stroke: tuple | None  # (color, width in pixels), drawn inside the outline

    @property
    def name(self):
        return CLASSES[self.class_index]

    @property
    def oriented_rectangle(self):
        """(center x, center y, width, height, radians): the object's own frame, not the smallest rectangle."""
        return (*self.center, *self.size, self.rotation)


@dataclass(frozen=True)
class Background:
    """Gradient between two colors, with soft noise, stripes, lines and grain on top."""

    colors: tuple
    angle: float
    softness: float  # amplitude of the low-frequency noise, 0...255
    stripes: tuple | None  # (angle, period, amplitude)
    lines: tuple  # ((points [N, 2], color, thickness), ...)
    grain: float  # standard deviation of the per-pixel noise
    seed: int


@dataclass(frozen=True)
class Scene:
    width: int
    height: int
    background: Background
    objects: list = field(default_factory=list)


@dataclass(frozen=True)
class SceneRules:
    """What a task's scenes hold. Lengths are fractions of the image's longer side, areas fractions of the object's own."""

    most: int = 9  # objects
    radius: tuple = (0.04, 0.24)
    visible: float = 0.65  # the least that later objects leave of one
    inside: float = 0.75  # the least that lies in the image
    stretches: dict = field(default_factory=dict)  # range per class, where it is not the usual one
    ring_hole: tuple = (0.45, 0.72)  # the hole's fraction of the ring's radius
    arrow_fraction: float | None = None  # the probability of an arrow, where classes are not equally likely
    rectangle_inside: bool = False  # the oriented rectangle lies wholly in the image
    smaller_on_top: bool = False  # of two that overlap, the one with less area
    tries: int = 8  # per object


# Masks live on a grid of a quarter of the input's size and the overlap of two belongs to the smaller one, so segment's
# shapes are large, its rings wide and its smaller shapes on top. The orientation of a triangle with three like sides or
# of a round star cannot be told, so obb's are stretched.
RULES = {
    "detect": SceneRules(),
    "segment": SceneRules(most=4, radius=(0.12, 0.3), visible=0.85, inside=0.9, ring_hole=(0.35, 0.55),
                          smaller_on_top=True, tries=20),
    "pose": SceneRules(most=6, radius=(0.08, 0.25), visible=0.75, inside=0.85, arrow_fraction=0.5, tries=20),
    "obb": SceneRules(most=6, radius=(0.07, 0.22), visible=0.8, inside=1.0, rectangle_inside=True, tries=20,
                      stretches={"triangle": (0.7, 0.8), "star": (0.7, 0.8)}),
    "classify": SceneRules(most=1, radius=(0.2, 0.42)),
}


# --- Outlines in the object's own frame ----------------------------------------------------------------------------


def _circle(count=64):
    angle = np.arange(count) * 2 * np.pi / count
    return np.stack([np.cos(angle), np.sin(angle)], 1)


def unit_shape(name, rng, ring_hole=RULES["detect"].ring_hole):
    """Returns (outline, hole, vertices) of a class with some variation, inside about [-1, 1], "up" being -y."""
    if name == "circle":
        return _circle(), None, np.zeros((1, 2))
    if name == "ring":
        return _circle(), _circle() * rng.uniform(*ring_hole), np.zeros((1, 2))
    if name == "triangle":
        corners = np.array([[rng.uniform(-0.5, 0.5), -1], [1, 0.8], [-1, 0.8]])
        return corners, None, corners
    if name == "rectangle":
        short = 1 / rng.uniform(1.0, 3.2)
        corners = np.array([[-1, -short], [1, -short], [1, short], [-1, short]])
        return corners, None, corners
    if name == "star":
        angle = -np.pi / 2 + np.arange(10) * np.pi / 5
        radius = np.where(np.arange(10) % 2 == 0, 1, rng.uniform(0.38, 0.5))
        points = np.stack([np.cos(angle), np.sin(angle)], 1) * radius[:, None]
        return points, None, points[::2]
    if name == "cross":
        arm = rng.uniform(0.24, 0.38)
        points = np.array([[-arm, -1], [arm, -1], [arm, -arm], [1, -arm], [1, arm], [arm, arm],
                           [arm, 1], [-arm, 1], [-arm, arm], [-1, arm], [-1, -arm], [-arm, -arm]])
        return points, None, np.array([[0, -1.0], [1, 0], [0, 1], [-1, 0]])
    if name == "heart":
        t = np.arange(64) * 2 * np.pi / 64
        x = 16 * np.sin(t) ** 3
        y = -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t))
        points = np.stack([x, y - 2.5], 1) / 16
        return points, None, points[[0, 32]]
    if name == "arrow":
        shaft, head, barb = rng.uniform(0.16, 0.26), rng.uniform(-0.3, 0.0), rng.uniform(0.55, 0.75)
        points = np.array([[0, -1], [barb, head], [shaft, head], [shaft, 1], [-shaft, 1], [-shaft, head], [-barb, head]])
        return points, None, np.array([[0, -1], [barb, head], [0, 1], [-barb, head]])
    raise ValueError(f"no outline for class {name!r}")


def place(points, center, scale, rotation):
    """Scales, rotates and moves points of the object's frame into the image."""
    cos, sin = np.cos(rotation), np.sin(rotation)
    return (points * scale) @ np.array([[cos, sin], [-sin, cos]]) + center


# --- Rendering -----------------------------------------------------------------------------------------------------


def coverage(polygons, width, height, inside_stroke=None):
    """Returns the share [H, W] of every pixel that the polygons (even-odd) cover, as float32 0...1.

    With `inside_stroke` (pixels), only the band of that width along the outline, inside it, is covered.
    """
    points = np.concatenate(polygons)
    left, top = np.clip(np.floor(points.min(0)).astype(int) - 1, 0, (width, height))
    right, bottom = np.clip(np.ceil(points.max(0)).astype(int) + 1, 0, (width, height))
    alpha = np.zeros((height, width), np.float32)
    if right <= left or bottom <= top:
        return alpha
    fine = np.zeros(((bottom - top) * SUPERSAMPLING, (right - left) * SUPERSAMPLING), np.uint8)
    # OpenCV's integer coordinates are pixel centers (-0.5), here with four binary fraction digits.
    fixed = [np.rint(((p - (left, top)) * SUPERSAMPLING - 0.5) * 16).astype(np.int32) for p in polygons]
    cv2.fillPoly(fine, fixed, 255, cv2.LINE_8, 4)
    if inside_stroke is not None:
        band = np.zeros_like(fine)
        cv2.polylines(band, fixed, True, 255, max(1, round(2 * inside_stroke * SUPERSAMPLING)), cv2.LINE_8, 4)
        fine &= band
    small = cv2.resize(fine, (right - left, bottom - top), interpolation=cv2.INTER_AREA)
    alpha[top:bottom, left:right] = small.astype(np.float32) / 255
    return alpha


def _outline_polygons(shape):
    return [shape.outline] if shape.hole is None else [shape.outline, shape.hole]


def _paint(fill, width, height, center):
    """Returns the fill's colors as float32, broadcastable to [H, W, 3]."""
    first, second = np.float32(fill.color), np.float32(fill.second)
    if fill.kind == "solid":
        return first.reshape(1, 1, 3)
    x, y = np.meshgrid(np.arange(width, dtype=np.float32) - center[0], np.arange(height, dtype=np.float32) - center[1])
    along = x * np.cos(fill.angle) + y * np.sin(fill.angle)
    across = y * np.cos(fill.angle) - x * np.sin(fill.angle)
    if fill.kind == "gradient":
        weight = np.clip(0.5 + along / (6 * fill.period), 0, 1)
    elif fill.kind == "stripes":
        weight = np.clip(0.5 + 1.5 * np.sin(2 * np.pi * along / fill.period), 0, 1)
    elif fill.kind == "checks":
        wave = np.sin(2 * np.pi * along / fill.period) * np.sin(2 * np.pi * across / fill.period)
        weight = np.clip(0.5 + 3 * wave, 0, 1)
    elif fill.kind == "speckle":
        weight = np.random.default_rng(fill.seed).random((height, width), dtype=np.float32) ** 3
    else:
        raise ValueError(f"no fill {fill.kind!r}")
    return first + (second - first) * weight[..., None].astype(np.float32)


def _draw_background(scene):
    back, width, height = scene.background, scene.width, scene.height
    rng = np.random.default_rng(back.seed)
    x, y = np.meshgrid(np.linspace(-0.5, 0.5, width), np.linspace(-0.5, 0.5, height))
    weight = np.clip(0.5 + x * np.cos(back.angle) + y * np.sin(back.angle), 0, 1)[..., None]
    image = np.float32(back.colors[0]) * (1 - weight) + np.float32(back.colors[1]) * weight
    coarse = rng.normal(0, back.softness, (5, 6, 3)).astype(np.float32)
    image += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    if back.stripes:
        angle, period, amplitude = back.stripes
        phase = (x * np.cos(angle) * width + y * np.sin(angle) * height) * 2 * np.pi / period
        image += (amplitude * np.sin(phase))[..., None]
    image = np.clip(image, 0, 255).astype(np.uint8)
    for points, color, thickness in back.lines:
        cv2.polylines(image, [np.rint(points * 16).astype(np.int32)], False, color, thickness, cv2.LINE_AA, 4)
    return image.astype(np.float32), rng.normal(0, back.grain, (height, width, 3)).astype(np.float32)


def draw(scene):
    """Draws a scene: uint8 [H, W, 3], BGR, anti-aliased."""
    image, grain = _draw_background(scene)
    for shape in scene.objects:
        polygons = _outline_polygons(shape)
        alpha = coverage(polygons, scene.width, scene.height)[..., None]
        image += alpha * (_paint(shape.fill, scene.width, scene.height, shape.center) - image)
        if shape.stroke:
            color, thickness = shape.stroke
            band = coverage(polygons, scene.width, scene.height, inside_stroke=thickness)[..., None]
            image += band * (np.float32(color) - image)
    return np.clip(np.rint(image + grain), 0, 255).astype(np.uint8)


# --- Labels --------------------------------------------------------------------------------------------------------


def bounding_box(scene, shape):
    """Returns (x1, y1, x2, y2) of the shape's whole outline, clipped to the image."""
    limits = (scene.width, scene.height)
    return (*np.clip(shape.outline.min(0), 0, limits), *np.clip(shape.outline.max(0), 0, limits))


def detect_labels(scene):
    """Returns YOLO detect lines: class, then box center, width and height as fractions of the image."""
    lines = []
    for shape in scene.objects:
        x1, y1, x2, y2 = bounding_box(scene, shape)
        values = ((x1 + x2) / 2 / scene.width, (y1 + y2) / 2 / scene.height,
                  (x2 - x1) / scene.width, (y2 - y1) / scene.height)
        lines.append(" ".join([str(shape.class_index), *(f"{v:.6f}" for v in values)]))
    return lines


def _label_line(class_index, points, scene):
    """Returns a line of a class and points [N, 2] as fractions of the image."""
    shares = np.asarray(points) / (scene.width, scene.height)
    return " ".join([str(class_index), *(f"{v:.6f}" for v in shares.reshape(-1))])


def clip_polygon(points, width, height):
    """Returns the part of a polygon [N, 2] inside the image (Sutherland-Hodgman: pieces stay joined by the edge)."""
    for axis, limit, sign in ((0, 0, 1), (0, width, -1), (1, 0, 1), (1, height, -1)):
        kept = []
        for index, point in enumerate(points):
            previous = points[index - 1]
            before, here = sign * (previous[axis] - limit), sign * (point[axis] - limit)
            if (before >= 0) != (here >= 0):
                crossing = previous + (point - previous) * (before / (before - here))
                crossing[axis] = limit
                kept.append(crossing)
            if here >= 0:
                kept.append(point)
        points = np.array(kept).reshape(-1, 2)
    return points


def segment_labels(scene):
    """Returns YOLO segment lines: class, then the outline's points; a ring is one polygon, cut open to its hole."""
    lines = []
    for shape in scene.objects:
        points = shape.outline
        if shape.hole is not None:
            hole = shape.hole[::-1]
            points = np.concatenate([points, points[:1], hole[-1:], hole])
        lines.append(_label_line(shape.class_index, clip_polygon(points, scene.width, scene.height), scene))
    return lines


def _covers(shape, point):
    def holds(polygon):
        return cv2.pointPolygonTest(polygon.astype(np.float32), tuple(map(float, point)), False) >= 0

    return holds(shape.outline) and not (shape.hole is not None and holds(shape.hole))


def pose_labels(scene):
    """Returns YOLO pose lines of the arrows: class 0, box, then x, y and visibility of each of `KEYPOINTS`.

    Visibility is 2 for seen, 1 for covered by a later object, 0 (at 0, 0) for outside the image.
    """
    lines = []
    for index, (shape, box) in enumerate(zip(scene.objects, detect_labels(scene))):
        if shape.name != "arrow":
            continue
        values = ["0", *box.split()[1:]]
        for x, y in shape.vertices:
            if not (0 <= x <= scene.width and 0 <= y <= scene.height):
                values += [f"{0:.6f}", f"{0:.6f}", "0"]
                continue
            covered = any(_covers(later, (x, y)) for later in scene.objects[index + 1:])
            values += [f"{x / scene.width:.6f}", f"{y / scene.height:.6f}", "1" if covered else "2"]
        lines.append(" ".join(values))
    return lines


def oriented_corners(shape):
    """Returns the four corners [4, 2] of the oriented rectangle, from its own frame's top left on, clockwise."""
    x, y, width, height, rotation = shape.oriented_rectangle
    unit = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]])
    return place(unit, (x, y), np.array([width, height]), rotation)


def obb_labels(scene):
    """Returns YOLO obb lines: class, then the four corners of the oriented rectangle."""
    return [_label_line(shape.class_index, oriented_corners(shape), scene) for shape in scene.objects]


LABELS = {"detect": detect_labels, "segment": segment_labels, "pose": pose_labels, "obb": obb_labels}


# --- Random scenes -------------------------------------------------------------------------------------------------


def _color(rng):
    return tuple(int(c) for c in rng.integers(0, 256, 3))


def _color_apart(rng, others, least):
    """Returns a random color at least `least` (RGB distance) from all others, or the farthest of forty tries."""
    best, best_distance = None, -1.0
    for _ in range(40):
        color = _color(rng)
        distance = min(float(np.linalg.norm(np.subtract(color, other))) for other in others)
        if distance >= least:
            return color
        if distance > best_distance:
            best, best_distance = color, distance
    return best


def _random_background(rng, width, height):
    first = _color(rng)
    second = tuple(int(c) for c in np.clip(np.add(first, rng.integers(-70, 71, 3)), 0, 255))
    stripes = None
    if rng.random() < 0.3:
        stripes = (rng.uniform(0, np.pi), rng.uniform(5, 40), rng.uniform(4, 18))
    lines = []
    for _ in range(rng.integers(0, 9)):
        start = rng.uniform((0, 0), (width, height))
        steps = rng.normal(0, max(width, height) / 6, (rng.integers(1, 5), 2))
        points = np.concatenate([[start], start + np.cumsum(steps, 0)])
        lines.append((points, _color(rng), int(rng.integers(1, 4))))
    return Background((first, second), rng.uniform(0, 2 * np.pi), rng.uniform(0, 22), stripes, tuple(lines),
                      rng.uniform(0, 9), int(rng.integers(1 << 31)))


def _random_shape(rng, scene, colors, rules, class_index=None):
    if class_index is None and rules.arrow_fraction is not None and rng.random() < rules.arrow_fraction:
        class_index = CLASSES.index("arrow")
    elif class_index is None:
        others = len(CLASSES) - (0 if rules.arrow_fraction is None else 1)  # the arrow is the last class
        class_index = int(rng.integers(others))
    name = CLASSES[class_index]
    outline, hole, vertices = unit_shape(name, rng, rules.ring_hole)
    longest = max(scene.width, scene.height)
    radius = longest * np.exp(rng.uniform(*np.log(rules.radius)))
    stretch = 1.0
    if name not in ("circle", "ring", "rectangle"):
        stretch = rng.uniform(*rules.stretches.get(name, (0.85, 1.18)))
    scale = radius * np.array([stretch, 1 / stretch])
    rotation = 0.0 if name in ("circle", "ring") else rng.uniform(0, 2 * np.pi)
    # The frame's own middle becomes the center, so that the oriented rectangle is centered on it.
    middle = (outline.min(0) + outline.max(0)) / 2
    size = (outline.max(0) - outline.min(0)) * scale
    center = rng.uniform((0, 0), (scene.width, scene.height))

    def moved(points):
        return None if points is None else place(points - middle, center, scale, rotation)

    color = _color_apart(rng, colors, 100)
    kind = str(rng.choice(["solid", "gradient", "stripes", "checks", "speckle"], p=[0.42, 0.22, 0.14, 0.1, 0.12]))
    second = tuple(int(c) for c in np.clip(np.add(color, rng.integers(-90, 91, 3)), 0, 255))
    fill = Fill(kind, color, second, rng.uniform(0, np.pi), rng.uniform(0.25, 0.6) * radius, int(rng.integers(1 << 31)))
    stroke = (_color(rng), max(1.0, rng.uniform(0.03, 0.09) * radius)) if rng.random() < 0.4 else None
    return ShapeObject(class_index, tuple(map(float, center)), tuple(map(float, size)), float(rotation),
                       moved(outline), moved(hole), moved(vertices), fill, stroke)


def random_scene(rng, width, height, rules=RULES["detect"], most=None):
    """Returns a scene of 1...most objects that keep the rules (fewer where there is no place for more)."""
    scene = Scene(width, height, _random_background(rng, width, height))
    colors = list(scene.background.colors)
    masks, areas = [], []
    wanted = int(rng.integers(1, (most or rules.most) + 1))
    for _ in range(wanted * rules.tries):
        if len(scene.objects) == wanted:
            break
        shape = _random_shape(rng, scene, colors, rules)
        if rules.rectangle_inside:
            corners = oriented_corners(shape)
            if corners.min() < 0 or np.any(corners.max(0) > (width, height)):
                continue
        mask = coverage(_outline_polygons(shape), width, height) > 0.5
        area = cv2.contourArea(shape.outline.astype(np.float32))
        if shape.hole is not None:
            area -= cv2.contourArea(shape.hole.astype(np.float32))
        left = [np.count_nonzero(old & ~mask) for old in masks]
        # A rectangle inside has its whole area inside, but for the pixels that the mask rounds away.
        inside = 0 if rules.rectangle_inside else rules.inside
        if np.count_nonzero(mask) < inside * area or any(l < rules.visible * a for l, a in zip(left, areas)):
            continue
        if rules.smaller_on_top and any(np.any(old & mask) and np.count_nonzero(mask) > 0.85 * a
                                        for old, a in zip(masks, areas)):
            continue
        # An object inside a ring's hole or wholly within another outline is fine: it lies on top and is seen.
        masks = [old & ~mask for old in masks] + [mask]
        areas.append(np.count_nonzero(mask))
        scene.objects.append(shape)
        colors.append(shape.fill.color)
    return scene


def classify_scene(rng, width, height, class_index):
    """Returns a scene of one object of a class, inside the middle square, which classification crops to."""
    scene = Scene(width, height, _random_background(rng, width, height))
    middle, half = np.array([width, height]) / 2, min(width, height) / 2
    while not scene.objects:
        shape = _random_shape(rng, scene, scene.background.colors, RULES["classify"], class_index)
        if np.abs(shape.outline - middle).max() <= half:
            scene.objects.append(shape)
    return scene


def generator(seed, part, index, task):
    """Returns the random numbers of an image; detect's, which was here first, have no task in their seed."""
    return np.random.default_rng([seed, part, index] + ([] if task == "detect" else [TASKS.index(task)]))


def scene_of(seed, split, index, size, task="detect"):
    """Returns image `index` of a split as a scene whose longer side is `size` pixels (classify: 0.6 to 1 of that)."""
    rng = generator(seed, SPLITS.index(split), index, task)
    across, down = ASPECTS[int(rng.integers(len(ASPECTS)))]
    if task == "classify":
        size *= rng.uniform(0.6, 1)
    width, height = round(size * across / max(across, down)), round(size * down / max(across, down))
    if task == "classify":
        return classify_scene(rng, width, height, index % len(CLASSES))
    return random_scene(rng, width, height, RULES[task])


# --- Dataset -------------------------------------------------------------------------------------------------------


def _write_image(path, scene):
    options = [cv2.IMWRITE_JPEG_QUALITY, 92] if path.suffix == ".jpg" else []
    if not cv2.imwrite(str(path), draw(scene), options):
        raise OSError(f"cannot write {path}")


def write_dataset(out, counts, size, seed, extension="jpg", task="detect"):
    """Writes data.yaml, images/{train,val} and labels/{train,val} for `counts` ({"train": n, "val": n}).

    Classify's images go to {train,val}/<class>, with neither labels nor data.yaml; image i has class i modulo 8.
    """
    out = Path(out)
    for split, count in counts.items():
        images, labels = out / "images" / split, out / "labels" / split
        for directory in [out / split / name for name in CLASSES] if task == "classify" else [images, labels]:
            directory.mkdir(parents=True, exist_ok=True)
        for index in range(count):
            scene = scene_of(seed, split, index, size, task)
            if task == "classify":
                _write_image(out / split / scene.objects[0].name / f"{index:06d}.{extension}", scene)
                continue
            _write_image(images / f"{index:06d}.{extension}", scene)
            (labels / f"{index:06d}.txt").write_text("".join(line + "\n" for line in LABELS[task](scene)))
    if task == "classify":
        return
    names = CLASSES if task != "pose" else ("arrow",)
    text = f"path: {out.resolve()}\ntrain: images/train\nval: images/val\n"
    if task == "pose":
        text += f"kpt_shape: [{len(KEYPOINTS)}, 3]\nflip_idx: {list(KEYPOINT_FLIP)}\n"
        text += "kpt_names:\n  0:\n" + "".join(f"    - {name}\n" for name in KEYPOINTS)
    text += "names:\n" + "".join(f"  {index}: {name}\n" for index, name in enumerate(names))
    (out / "data.yaml").write_text(text)


def write_image(path, width, height, seed, most=None, task="detect"):
    """Draws one scene of its own, which is in no dataset."""
    if task == "detect":
        scene = random_scene(np.random.default_rng([seed, len(SPLITS)]), width, height, RULES[task], most)
    elif task == "classify":
        rng = generator(seed, len(SPLITS), 0, task)
        scene = classify_scene(rng, width, height, int(rng.integers(len(CLASSES))))
    else:
        scene = random_scene(generator(seed, len(SPLITS), 0, task), width, height, RULES[task], most)
    _write_image(Path(path), scene)
    return scene


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    kind = parser.add_mutually_exclusive_group(required=True)
    kind.add_argument("--out", help="directory of the dataset to write (made if missing)")
    kind.add_argument("--image", help="file of one image to draw")
    parser.add_argument("--task", choices=TASKS, default="detect")
    parser.add_argument("--train", type=int, default=1000, help="number of training images")
    parser.add_argument("--val", type=int, default=200, help="number of held-back images")
    parser.add_argument("--size", type=int, default=320, help="longer side in pixels")
    parser.add_argument("--width", type=int, default=640, help="width of --image")
    parser.add_argument("--height", type=int, default=480, help="height of --image")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--format", choices=("jpg", "png"), default="jpg", help="of the dataset's images")
    arguments = parser.parse_args()
    if arguments.image:
        scene = write_image(arguments.image, arguments.width, arguments.height, arguments.seed,
                              task=arguments.task)
        print(f"{arguments.image}: {', '.join(shape.name for shape in scene.objects)}")
        return
    counts = {"train": arguments.train, "val": arguments.val}
    write_dataset(arguments.out, counts, arguments.size, arguments.seed, arguments.format, arguments.task)
    print(f"{arguments.out}: {arguments.train} training and {arguments.val} held-back images for {arguments.task}")


if __name__ == "__main__":
    main()
