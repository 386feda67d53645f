"""Creates golden cases for `yolo verify` from Ultralytics on CPU torch.

    python Tools/golden_case.py --model M.pt --source IMAGE... --out DIR [--taps layers|heads|input|PATHS] [options]

Of one image DIR is the case; of several it gets a case an image. A case is a directory of the image, case.json (options,
tolerances, versions, the model's checksum), expected.json (Ultralytics' results in the form of the HUB answer) and
tensors/PATH.npy: what forward hooks on the unfused network give for the modules named. `layers` stands for every top-level
module but the head, and the head's outputs; `heads` for those outputs alone; `input` for the network's input.

Needs the upstream environment (ultralytics, torch, torchvision, cv2, numpy).
"""
import argparse
import json
import os
import shutil
import sys
import tempfile
import zlib
from pathlib import Path

os.environ.setdefault("YOLO_OFFLINE", "true")
os.environ.setdefault("YOLO_VERBOSE", "False")

import cv2
import numpy as np
import torch
import torchvision
import ultralytics
from ultralytics import YOLO

FORMAT, VERSION = "yolo-reference-case", 1
MAPS = {"semantic": ("semantic_mask", "classes.npy"), "depth": ("depth", "depth.npy")}
TOLERANCES = {"box": 0.05, "confidence": 0.001, "keypoint": 0.05, "outline": 0.98, "tensor": 0.001}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--source", required=True, nargs="+")
    parser.add_argument("--out", required=True)
    parser.add_argument("--taps", default="")
    parser.add_argument("--imgsz", help="one number, or HEIGHT,WIDTH (default: the model's own)")
    parser.add_argument("--conf", type=float, default=0.25)
    parser.add_argument("--iou", type=float, default=0.45)
    parser.add_argument("--max-det", type=int, default=300)
    parser.add_argument("--classes", help="indices joined by commas")
    parser.add_argument("--agnostic-nms", action="store_true")
    parser.add_argument("--no-rect", action="store_true")
    parser.add_argument("--retina-masks", action="store_true")
    parser.add_argument("--no-nms", action="store_true", help="the branch of a dual head that needs no suppression")
    parser.add_argument("--force", action="store_true", help="replace cases that are there")
    return parser.parse_args()


def size(text, model):
    """Returns [height, width]."""
    if text is None:
        # What predict takes if nothing is asked for.
        side = model.overrides.get("imgsz", 640)
        return list(side) if isinstance(side, (list, tuple)) else [int(side)] * 2
    sides = [int(side) for side in text.split(",")]
    return sides * 2 if len(sides) == 1 else sides


def joined(output):
    """Returns a module's output as one tensor: a list is joined along the channels."""
    if isinstance(output, torch.Tensor):
        return output
    parts = [part for part in output if isinstance(part, torch.Tensor)]
    return torch.cat(parts, 1)


def head_paths(network, end_to_end):
    """Returns the paths of the modules whose outputs the detections are read from."""
    index = len(network.model) - 1
    head = network.model[index]
    prefix = "one2one_" if end_to_end else ""
    extra = "cv4_kpts" if hasattr(head, prefix + "cv4_kpts") else "cv4"
    paths = []
    for branch in ("cv2", "cv3", extra):
        levels = getattr(head, prefix + branch, None)
        paths += [f"model.{index}.{prefix}{branch}.{level}" for level in range(len(levels or []))]
    return paths + [f"model.{index}.{child}" for child in ("proto", "linear", "classifier", "head")
                    if hasattr(head, child)]


def tensors(network, inputs, taps, end_to_end):
    """Returns the tensors of the modules that are named, by path."""
    modules, heads = dict(network.named_modules()), head_paths(network, end_to_end)
    wanted = []
    for part in taps.split(",") if taps else []:
        if part == "layers":
            wanted += [f"model.{index}" for index in range(len(network.model) - 1)] + heads
        elif part == "heads":
            wanted += heads
        elif part == "input" or part in modules:
            wanted.append(part)
        else:
            sys.exit(f"taps: {part} is no module of this model")
    wanted = list(dict.fromkeys(wanted))
    found, hooks = {}, []
    for path in wanted:
        if path == "input":
            found[path] = inputs
            continue
        def keep(module, _, output, path=path):
            found[path] = joined(output).detach().float().clone()
        hooks.append(modules[path].register_forward_hook(keep))
    if hooks:
        with torch.no_grad():
            network(inputs)
    for hook in hooks:
        hook.remove()
    return {path: found[path].numpy() for path in wanted}


def make(model, network, options, source, directory, given):
    """Creates the case of an image; the directory appears whole or not at all."""
    directory, source = Path(directory), Path(source)
    if directory.exists() and not (directory / "case.json").exists():
        sys.exit(f"{directory} is there and is no golden case")
    if directory.exists() and not given.force:
        sys.exit(f"{directory} is a golden case already")
    captured = {}
    if model.predictor is None:
        model.predict(str(source), **options)  # the predictor is there only after a first image
    predictor = model.predictor
    inference = predictor.inference
    predictor.inference = lambda image, *rest, **more: (
        captured.__setitem__("input", image.detach().float().clone()), inference(image, *rest, **more))[1]
    try:
        result = model.predict(str(source), **options)[0]
    finally:
        predictor.inference = inference
    answer = {
        "images": [{"results": result.summary(normalize=False, decimals=5), "shape": list(result.orig_shape),
                    "speed": {"inference": 0.0, "postprocess": 0.0, "preprocess": 0.0}}],
        "metadata": {"imageCount": 1, "model": Path(given.model).name, "task": model.task,
                     "version": {"ultralytics": ultralytics.__version__}},
    }
    image_map = None
    if model.task in MAPS:
        image_map = getattr(result, MAPS[model.task][0]).data.numpy()
    if model.task == "depth":
        answer["images"][0]["depth"] = {name: round(float(getattr(image_map, name)()), 5) for name in ("min", "max", "mean")}
    if model.task == "semantic" and len(model.names) == 1:
        # Ultralytics marks the pixels of the class with 1; a case has its index, and 255 for none.
        image_map = np.where(image_map == 0, 255, 0).astype(np.uint8)
    arrays = tensors(network, captured["input"], given.taps, given.no_nms)
    weights = Path(given.model).read_bytes()
    image = source.name if source.name not in ("case.json", "expected.json", "tensors") else f"image-{source.name}"
    case = {
        "format": FORMAT, "version": VERSION, "task": model.task, "picture": image,
        "options": {"imgsz": options["imgsz"], "conf": given.conf, "iou": given.iou, "max_det": given.max_det,
                    **({"classes": options["classes"]} if given.classes else {}),
                    "agnostic_nms": given.agnostic_nms, "rect": not given.no_rect, "retina_masks": given.retina_masks,
                    "nms": not given.no_nms},
        "tolerances": TOLERANCES | ({} if image_map is None else {"classes": 0.001, "depth": 0.001}),
        "tensors": list(arrays),
        "model": {"file": Path(given.model).name, "bytes": len(weights), "crc32": f"{zlib.crc32(weights):08x}"},
        "versions": {"ultralytics": ultralytics.__version__, "torch": torch.__version__,
                     "torchvision": torchvision.__version__, "opencv": cv2.__version__, "numpy": np.__version__},
    }
    directory.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(prefix=f"{directory.name}.new-", dir=directory.parent))
    try:
        shutil.copyfile(source, new / image)
        (new / "expected.json").write_text(json.dumps(answer, ensure_ascii=False, separators=(",", ":")) + "\n")
        lines = ",\n".join(f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in case.items())
        (new / "case.json").write_text("{\n" + lines + "\n}\n")
        if image_map is not None:
            np.save(new / MAPS[model.task][1], np.ascontiguousarray(image_map))
        if arrays:
            (new / "tensors").mkdir()
        for path, array in arrays.items():
            np.save(new / "tensors" / f"{path}.npy", np.ascontiguousarray(array, dtype="<f4"))
        new.chmod(0o755)
        if directory.exists():
            shutil.rmtree(directory)
        new.rename(directory)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    print(directory)


def main():
    given = arguments()
    model = YOLO(given.model)
    options = {"imgsz": size(given.imgsz, model), "conf": given.conf, "iou": given.iou, "max_det": given.max_det,
               "agnostic_nms": given.agnostic_nms, "rect": not given.no_rect, "retina_masks": given.retina_masks,
               "device": "cpu", "verbose": False, "save": False}
    if given.classes:
        options["classes"] = [int(index) for index in given.classes.split(",")]
    if given.no_nms:
        options["nms"] = False
    # A network of its own, which predict does not fuse.
    network = YOLO(given.model).model.float().eval()
    for source in given.source:
        directory = given.out if len(given.source) == 1 else str(Path(given.out) / Path(source).name)
        make(model, network, options, source, directory, given)


if __name__ == "__main__":
    main()
