"""Writes the fixtures of the Swift tests into Tests/Fixtures from Ultralytics.

    python Tools/make_fixtures.py [--out Tests/Fixtures]

Needs the environment of Tools/upstream/setup. Written are (paths relative to --out):
    images/*.png            small images drawn by shapes.py; shapes.jpg is read from Weights/ and not copied
    checkpoints/*.pt          lively untrained checkpoints, tiny, made by Tools/upstream/make_checkpoint.py
    inputs/*.npy              letterboxed network inputs, uint8 [H, W, 3], RGB
    heads/*.npy               raw float32 [1, C, H, W] outputs of the head's box and class branches, per level, fused network
    detections/*.json         [{class, name, confidence, x1, y1, x2, y2}] in pixels of the image, unrounded
    manifest.json             command, seed, library versions, SHA-256 of every file, and the list of cases
    networks/NAME.pt          a network of tiny_networks.py; together they have every block and every head
    networks/NAME.json        seed, versions, and the cases with what Ultralytics found: objects or probabilities
    networks/NAME-heads.npy   raw float32 outputs of the head, those of all cases one after the other
    networks/NAME-masks.npy   the pixels of the masks, eight to a byte
    networks/NAME-taps.json   shape, range and some values of the output of every module in the first case
With --networks [NAME ...] only the networks are written, all or those named; with --taps only the taps of the networks
that are there.
Checkpoint seeds are counted up until no decision of a checkpoint's cases (confidence, class, overlap) hangs on less than the
float32 noise between two correct runtimes. A case of the trained checkpoint that does is dropped and said so.
"""
import argparse
import hashlib
import json
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
import torch
import torchvision
import ultralytics
from ultralytics.utils import YAML

import shapes
import tiny_networks
from trace_parity import hooked
from upstream_runs import MAXIMUM_DETECTIONS, Upstream, decision_margins

ROOT = Path(__file__).resolve().parent.parent
MAKE_CHECKPOINT = ROOT / "Tools/upstream/make_checkpoint.py"
DIRECTORIES = ("images", "checkpoints", "inputs", "heads", "detections")  # of the manifest, and made anew
SEED = 20261
WIDTH = 0.03125  # 8, 8, 8, 16 and 32 channels: everything below or at one vector of the widest instruction set
NAMES = ["person", "café au lait", "traffic light", "自転車"]  # names are UTF-8 and pass through unchanged
IOU = 0.45
CONFIDENCES = (0.01, 0.25)
SIZES = (160, 320)
# Ultralytics' own fused, unfused and float64 runs differ by up to 1.3e-6 in scores and by 2e-5 px on average in boxes;
# an error of 2e-4 px in a box side of 10 px moves the IoU by 2e-5.
MINIMUM_CONFIDENCE_MARGIN = 4e-6
MINIMUM_IOU_MARGIN = 2e-5
SEED_TRIES = 90

# name, architecture, bins of the box distribution
CHECKPOINTS = (
    ("tiny-detect", "yolov8", 8),
    ("tiny-p2", "yolov8-p2", 4),
    ("tiny-p6", "yolov8-p6", 4),
)
# name, (width, height): one even and one odd; seeds are SEED + position
IMAGES = (("even", (160, 120)), ("odd", (97, 211)))
HELD_BACK = (("held-back-a", (200, 150)), ("held-back-b", (120, 180)))


def write_image(path, width, height, seed):
    scene = shapes.random_scene(np.random.default_rng([seed, 7]), width, height)
    # Without grain PNG stays small; the objects, textures and gradients remain.
    quiet = shapes.Background(**{**vars(scene.background), "grain": 0.0})
    cv2.imwrite(str(path), shapes.draw(shapes.Scene(width, height, quiet, scene.objects)),
                [cv2.IMWRITE_PNG_COMPRESSION, 9])


def write_checkpoint(path, architecture, bins, seed, image):
    """Runs make_checkpoint.py on a scaled-down description, then takes date and local paths out of the file."""
    with tempfile.TemporaryDirectory() as directory:
        description = YAML.load(Path(ultralytics.__file__).parent / f"cfg/models/v8/{architecture}.yaml")
        description.update(nc=len(NAMES), scales={"t": [0.33, WIDTH, 1024]}, reg_max=bins)
        yaml, raw = Path(directory) / f"{architecture}-tiny.yaml", Path(directory) / path.name
        YAML.save(yaml, description)
        subprocess.run([sys.executable, str(MAKE_CHECKPOINT), str(yaml), str(raw), "--seed", str(seed), "--image", str(image),
                        "--imgsz", "320"], check=True, stdout=sys.stderr)
        checkpoint = torch.load(raw, map_location="cpu", weights_only=False)
    model = checkpoint["model"].half()
    model.yaml["yaml_file"] = yaml.name
    model.names = dict(enumerate(NAMES))
    arguments = model.args if isinstance(model.args, dict) else vars(model.args)
    model.args = {**arguments, "model": yaml.name}
    checkpoint["date"] = "2026-01-01T00:00:00"
    torch.save(checkpoint, path)
    if directory.encode() in path.read_bytes():
        raise SystemExit(f"{path} still contains a local path")


def margins_suffice(run, conf):
    confidence, overlap, tie = decision_margins(run, conf, IOU)
    return min(confidence, tie) >= MINIMUM_CONFIDENCE_MARGIN and overlap >= MINIMUM_IOU_MARGIN


def clear_checkpoint(path, architecture, bins, seed, calibration, images):
    """Writes the checkpoint of the first seed whose cases are all clear and none of them empty; returns (upstream, seed)."""
    for attempt in range(seed, seed + SEED_TRIES):
        write_checkpoint(path, architecture, bins, attempt, calibration)
        upstream = Upstream(path)
        runs = [(upstream.predict(image, imgsz, conf, IOU), conf)
                for image in images for imgsz in SIZES for conf in CONFIDENCES]
        lively = all(0 < len(run.detections) < MAXIMUM_DETECTIONS for run, conf in runs if conf == max(CONFIDENCES))
        if lively and all(margins_suffice(run, conf) for run, conf in runs):
            return upstream, attempt
    raise SystemExit(f"{path.name}: no clear seed among {SEED_TRIES} from {seed}")


class Writer:
    """Collects the cases and the files that belong to them."""

    def __init__(self, out):
        self.out, self.cases, self.dropped = out, [], []

    def array(self, name, values):
        np.save(self.out / name, np.ascontiguousarray(values), allow_pickle=False)
        return name

    def case(self, upstream, checkpoint, image, path, imgsz, conf, with_tensors=False, with_input=False):
        run = upstream.predict(path, imgsz, conf, IOU, heads=with_tensors)
        stem = f"{Path(checkpoint).stem}-{Path(image).stem}-{imgsz}"
        if not margins_suffice(run, conf):
            self.dropped.append(f"{stem}-conf{conf}")
            return
        name = f"detections/{stem}-conf{conf}.json"
        found = run.detections
        rows = [{"class": int(c), "name": n, "confidence": float(s), **dict(zip(("x1", "y1", "x2", "y2"), map(float, b)))}
                for c, n, s, b in zip(found.classes, found.names, found.confidences, found.boxes)]
        lines = ",\n ".join(json.dumps(row, ensure_ascii=False) for row in rows)
        (self.out / name).write_text(f"[{lines}]\n")
        height, width = run.letterboxed.shape[:2]
        case = {"checkpoint": checkpoint, "image": image, "imgsz": imgsz, "conf": conf, "iou": IOU,
                "inputSize": {"width": width, "height": height}, "count": len(rows), "detections": name}
        if with_input:
            case["input"] = self.array(f"inputs/{Path(image).stem}-{width}x{height}.npy", run.letterboxed)
        if with_tensors:
            # The tensors depend on image and imgsz alone; both confidences of a case name the same files.
            case["heads"] = {key: self.array(f"heads/{stem}-{key}.npy", run.heads[key]) for key in sorted(run.heads)}
        self.cases.append(case)


# The networks' cases: (image, imgsz, whether heads are kept). The inputs are 96x64 and 96x96.
NETWORK_CASES = (("odd", 96, True), ("even", 96, False))
NETWORK_CONFIDENCE = 0.25
OBJECTS = {"detect": (3, 16), "pose": (3, 16), "obb": (3, 16), "segment": (2, 8)}  # the fewest and the most of a case
POLYGONS = 3  # the most of a case
TAP_VALUES, TAP_STEP, TAP_START = 5, 7919, 13  # which values of a tap are kept: START + i * STEP, modulo their number
# A network is only taken if Ultralytics itself, computing in float64, stays as near as a tenth of what is allowed.
DETECTION_NOISE = {"boxes": 2e-3, "confidences": 1e-5, "corners": 5e-3, "keypoints": 5e-3}
HEAD_NOISE = 6e-6  # of the largest value
# ... and if it finds as many with these additions to confidence threshold and IoU threshold.
NUDGES = ((-3e-4, 0.0), (3e-4, 0.0), (0.0, -2e-3), (0.0, 2e-3))


def network_input(path, imgsz):
    """Returns an image about as the network gets it, [1, 3, H, W]; statistics are taken from it."""
    image = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
    scale = imgsz / max(image.shape[:2])
    image = cv2.resize(image, None, fx=scale, fy=scale)
    image = cv2.copyMakeBorder(image, 0, -image.shape[0] % 32, 0, -image.shape[1] % 32, cv2.BORDER_CONSTANT,
                                 value=(114,) * 3)
    return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)[None])).float() / 255


def is_clear(upstream, run, path, imgsz, retina):
    """Tells whether no detection of a run hangs on the noise of float32."""
    exact = upstream.predict(path, imgsz, NETWORK_CONFIDENCE, IOU, retina=retina, exact=True)
    if run.probabilities is not None:
        return np.abs(run.probabilities - exact.probabilities).max() <= 1e-6
    found, wanted = run.detections, exact.detections
    least, most = OBJECTS[upstream.task]
    if not least <= len(found) <= most or not np.array_equal(found.classes, wanted.classes):
        return False
    if any(np.abs(getattr(found, name) - getattr(wanted, name)).max() > bound
           for name, bound in DETECTION_NOISE.items() if getattr(found, name) is not None):
        return False
    if found.masks is not None and not (np.array_equal(found.masks, wanted.masks) and found.masks.any((1, 2)).all()):
        return False
    return all(len(upstream.predict(path, imgsz, NETWORK_CONFIDENCE + conf, IOU + iou, retina=retina).detections)
               == len(found) for conf, iou in NUDGES)


def head_path(upstream, name):
    """Returns the path of the module whose output the recording of Ultralytics calls `name`: box0, proto, ..."""
    layers = upstream.yolo.model.model
    last = f"model.{len(layers) - 1}."
    if name in ("proto", "logits"):
        return last + {"proto": "proto", "logits": "linear"}[name]
    if hasattr(layers[-1], "dec_score_head"):
        return last + {"box0": "decoder", "class0": f"dec_score_head.{layers[-1].decoder.eval_idx}"}[name]
    extra = "cv4_kpts" if hasattr(layers[-1], "cv4_kpts") else "cv4"
    branch = {"box": "cv2", "class": "cv3", "extra": extra}[name[:-1]]
    return f"{last}{'one2one_' * upstream.end_to_end}{branch}.{name[-1]}"


def objects_of(found):
    """Returns the objects of a case as the JSON has them."""
    for index in range(len(found)):
        item = {"class": int(found.classes[index]), "name": found.names[index],
                "confidence": round(float(found.confidences[index]), 7),
                "box": [round(float(value), 4) for value in found.boxes[index]]}
        if found.corners is not None:
            item["corners"] = [[round(float(value), 4) for value in point] for point in found.corners[index]]
        if found.keypoints is not None:
            item["keypoints"] = [[round(float(value), 5) for value in point] for point in found.keypoints[index]]
        if found.polygons is not None and index < POLYGONS:
            item["polygon"] = [[float(np.float32(value)) for value in point] for point in found.polygons[index]]
        yield item


def write_network(name, out, images, seed, opened):
    """Writes the network of the first seed whose cases are clear; returns a line about it.

    Ultralytics opens a copy at `opened`: a name like yolov5.pt it may take for that of a released file.
    """
    inputs = [network_input(images[image], imgsz) for image, imgsz, _ in NETWORK_CASES]
    path = out / f"{name}.pt"
    for attempt in range(seed, seed + SEED_TRIES):
        torch.save(tiny_networks.make(name, NAMES, inputs, attempt), path)
        shutil.copyfile(path, opened)
        upstreams = [Upstream(opened)]
        if upstreams[0].is_dual:
            upstreams.append(Upstream(opened, end_to_end=True))
        cases, heads, masks, noise = [], [], [], 0.0
        for upstream in upstreams:
            for image, imgsz, with_heads in NETWORK_CASES:
                with_retina = upstream.task == "segment" and with_heads and not upstream.end_to_end
                for retina in (False, True)[:1 + with_retina]:
                    keeps = with_heads and not retina
                    run = upstream.predict(images[image], imgsz, NETWORK_CONFIDENCE, IOU, heads=keeps, retina=retina)
                    if not is_clear(upstream, run, images[image], imgsz, retina):
                        break
                    case = {"image": f"images/{image}.png", "imgsz": imgsz, "conf": NETWORK_CONFIDENCE, "iou": IOU,
                            "isOneToOne": upstream.end_to_end, "retina": retina}
                    if run.probabilities is not None:
                        case["probabilities"] = run.probabilities.tolist()
                    else:
                        case["objects"] = list(objects_of(run.detections))
                    if run.detections.masks is not None:
                        case["maskShape"] = list(run.detections.masks.shape)
                        masks.append(np.packbits(run.detections.masks))
                    if keeps:
                        case["heads"] = [{"path": head_path(upstream, key), "shape": list(run.heads[key].shape)}
                                         for key in sorted(run.heads)]
                        heads += [run.heads[key].ravel() for key in sorted(run.heads)]
                        exact = upstream.predict(images[image], imgsz, NETWORK_CONFIDENCE, IOU, heads=True, exact=True)
                        noise = max([noise] + [float(np.abs(run.heads[key] - exact.heads[key]).max()
                                                     / np.abs(exact.heads[key]).max()) for key in run.heads])
                    cases.append(case)
                else:
                    continue
                break
            else:
                continue
            break
        else:
            if noise <= HEAD_NOISE:
                break
    else:
        raise SystemExit(f"{name}: no clear seed among {SEED_TRIES} from {seed}")
    np.save(out / f"{name}-heads.npy", np.concatenate(heads), allow_pickle=False)
    if masks:
        np.save(out / f"{name}-masks.npy", np.concatenate(masks), allow_pickle=False)
    facts = {"generator": "python Tools/make_fixtures.py --networks", "seed": attempt, "versions": versions(),
             "task": upstreams[0].task, "headNoise": noise}
    lines = [f" {json.dumps(key)}: {json.dumps(value)}" for key, value in facts.items()]
    lines.append(' "cases": [' + ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases) + "]")
    (out / f"{name}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
    counts = [len(case.get("objects", case.get("probabilities"))) for case in cases]
    return f"{name}: seed {attempt}, {path.stat().st_size} bytes, found {counts}, heads {noise:.1e} from float64"


def write_taps(path, upstream, image, imgsz):
    """Writes some values of what every module of a network gives."""
    run = upstream.predict(image, imgsz, NETWORK_CONFIDENCE, IOU)
    inputs = np.float32(run.letterboxed.transpose(2, 0, 1))[None] / np.float32(255)
    lines = []
    for name, tensor in hooked(upstream.checkpoint, inputs).items():
        values = tensor.ravel()
        picked = [float(f"{values[(TAP_STEP * index + TAP_START) % values.size]:.7g}") for index in range(TAP_VALUES)]
        lines.append(json.dumps([name, list(tensor.shape), float(f"{values.max() - values.min():.6g}"), picked]))
    facts = {"generator": "python Tools/make_fixtures.py --taps", "versions": versions(),
             "image": f"images/{image.name}", "imgsz": imgsz}
    path.write_text("{\n" + "".join(f" {json.dumps(key)}: {json.dumps(value)},\n" for key, value in facts.items())
                    + ' "taps": [' + ",\n".join(lines) + "]\n}\n")
    return len(lines)


def write_all_taps(out):
    """Writes the taps of the networks that are there."""
    image, imgsz, _ = NETWORK_CASES[0]
    for name in tiny_networks.NETWORKS:
        with tempfile.TemporaryDirectory() as directory:
            opened = shutil.copyfile(out / "networks" / f"{name}.pt", Path(directory) / "network.pt")
            count = write_taps(out / "networks" / f"{name}-taps.json", Upstream(opened), out / "images" / f"{image}.png",
                               imgsz)
        print(f"{name}: {count} taps", flush=True)


def write_networks(out, names):
    """Writes the networks; the images are there already."""
    (out / "networks").mkdir(exist_ok=True)
    images = {name: out / "images" / f"{name}.png" for name, _ in IMAGES}
    for name in names or tiny_networks.NETWORKS:
        for old in (".pt", ".json", "-heads.npy", "-masks.npy"):
            (out / "networks" / (name + old)).unlink(missing_ok=True)
        position = list(tiny_networks.NETWORKS).index(name)
        with tempfile.TemporaryDirectory() as directory:
            line = write_network(name, out / "networks", images, SEED + 100 * position, Path(directory) / "network.pt")
        print(line, flush=True)
    write_all_taps(out)


def versions():
    return {"python": platform.python_version(), "ultralytics": ultralytics.__version__, "torch": torch.__version__,
            "torchvision": torchvision.__version__, "opencv": cv2.__version__, "numpy": np.__version__}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=ROOT / "Tests/Fixtures")
    parser.add_argument("--weights", type=Path, default=ROOT / "Weights", help="directory of shapes-detect.pt, shapes.jpg")
    parser.add_argument("--networks", nargs="*", metavar="NAME", help="write the networks alone, all or those named")
    parser.add_argument("--taps", action="store_true", help="write the taps of the networks alone")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    out = arguments.out
    if arguments.taps:
        return write_all_taps(out)
    if arguments.networks is not None:
        return write_networks(out, arguments.networks)
    for name in DIRECTORIES:
        shutil.rmtree(out / name, ignore_errors=True)
        (out / name).mkdir(parents=True)

    images = {}
    for position, (name, (width, height)) in enumerate(IMAGES + HELD_BACK):
        images[name] = out / "images" / f"{name}.png"
        write_image(images[name], width, height, SEED + position)

    # Calibrated on both images side by side, so that the scores of neither saturate; square, because make_checkpoint.py
    # pads to multiples of 32 alone and the stride-64 network needs 64.
    parts = [cv2.imread(str(images[name])) for name, _ in IMAGES]
    side = sum(part.shape[1] for part in parts)
    montage = np.concatenate([np.pad(p, ((0, side - p.shape[0]), (0, 0), (0, 0)), mode="wrap") for p in parts], 1)

    writer = Writer(out)
    seeds = {}
    with tempfile.TemporaryDirectory() as directory:
        calibration = Path(directory) / "calibration.png"
        cv2.imwrite(str(calibration), montage)
        for position, (name, architecture, bins) in enumerate(CHECKPOINTS):
            checkpoint = f"checkpoints/{name}.pt"
            upstream, seeds[checkpoint] = clear_checkpoint(
                out / checkpoint, architecture, bins, SEED + 100 * position, calibration,
                [images[image] for image, _ in IMAGES])
            for image, _ in IMAGES:
                for imgsz in SIZES:
                    for conf in CONFIDENCES:
                        writer.case(upstream, checkpoint, f"images/{image}.png", images[image], imgsz, conf,
                                    with_tensors=imgsz == 160,
                                    with_input=imgsz == 160 or (image == "odd" and architecture == "yolov8"))

    trained = arguments.weights / "shapes-detect.pt"
    upstream = Upstream(trained)
    for conf in CONFIDENCES:
        for imgsz in (320, 640):
            writer.case(upstream, "Weights/shapes-detect.pt", "Weights/shapes.jpg", arguments.weights / "shapes.jpg",
                        imgsz, conf)
        for name, _ in HELD_BACK:
            writer.case(upstream, "Weights/shapes-detect.pt", f"images/{name}.png", images[name], 320, conf)
        # The sixteen-bin box distribution of every released checkpoint, which the tiny ones do not have.
        writer.case(upstream, "Weights/shapes-detect.pt", "images/held-back-a.png", images["held-back-a"], 160, conf,
                    with_tensors=True, with_input=True)

    write_networks(out, None)
    files = sorted(p for name in DIRECTORIES for p in (out / name).rglob("*") if p.is_file())
    listed = {name for case in writer.cases for name in (*case.get("heads", {}).values(), case.get("input", ""))}
    for path in files:
        if path.suffix == ".npy" and str(path.relative_to(out)) not in listed:
            raise SystemExit(f"{path} belongs to no case")
    manifest = {
        "generator": "python Tools/make_fixtures.py",
        "seed": SEED, "checkpointSeeds": seeds, "versions": versions(),
        "trained": {"file": "Weights/shapes-detect.pt", "sha256": hashlib.sha256(trained.read_bytes()).hexdigest()},
        "paths": "relative to Tests/Fixtures; those that begin with Weights/ relative to the repository",
        "files": {str(p.relative_to(out)): {"bytes": p.stat().st_size,
                                            "sha256": hashlib.sha256(p.read_bytes()).hexdigest()} for p in files},
        "cases": writer.cases,
    }
    (out / "manifest.json").write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")
    for line in writer.dropped:
        print("dropped, too near a decision:", line)
    total = sum(p.stat().st_size for p in out.rglob("*") if p.is_file())
    print(f"{out}: {len(writer.cases)} cases, {len(files)} files, {total / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
