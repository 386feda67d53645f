"""Writes what networks from descriptions are made of in Ultralytics, for the tests of YOLOTraining.

    python Tools/training/network_fixtures.py [--text DIR]      # the fixture; the texts behind its sums

Of every network the fixture has the CRC-32 of a text that `StructureText` of the tests writes of our own: a line for
each module with its path, class, attributes and the shapes of its tensors. A difference is found by comparing the texts.
Written for this project; Apache-2.0.
"""
import argparse
import json
import os
import struct
import zlib
from pathlib import Path

os.environ.setdefault("YOLO_OFFLINE", "true")
import torch
import ultralytics
from ultralytics import YOLO

FIXTURES = Path(__file__).resolve().parents[2] / "Tests/YOLOTrainingTests/Fixtures"
NAMES = ([f"yolov8{s}{t}" for s in "nsmlx" for t in ("", "-seg", "-pose", "-obb", "-cls")]
         + [f"yolo11{s}{t}" for s in "nsmlx" for t in ("", "-seg", "-pose", "-obb", "-cls")]
         + [f"yolo12{s}{t}" for s in "nsmlx" for t in ("", "-seg", "-pose", "-obb", "-cls")]
         + [f"yolo26{s}{t}" for s in "nsmlx" for t in ("", "-seg", "-pose", "-obb", "-cls")]
         + [f"yolov10{s}" for s in "nsmblx"] + [f"yolov9{s}" for s in "tsmc"] + [f"yolov5{s}" for s in "nsmlx"]
         + [f"yolov6{s}" for s in "nsmlx"])
# What the command around a network sets on it.
IGNORED = {"args", "task"}
HOOKS = ("_parameters", "_buffers", "_modules", "_non_persistent_buffers_set", "_is_full_backward_hook")


def value(v):
    if v is None or isinstance(v, bool):
        return {None: "N", True: "T", False: "F"}[v]
    if isinstance(v, int):
        return f"i{v}"
    if isinstance(v, float):
        return "f" + struct.pack(">d", v).hex()
    if isinstance(v, str):
        return f"s'{v}'"
    if torch.is_tensor(v):
        return f"t{list(v.shape)}".replace(" ", "") + "".join(struct.pack(">f", x).hex() for x in v.flatten().tolist())
    if isinstance(v, dict):
        return "{" + ",".join(f"{value(a)}:{value(b)}" for a, b in v.items()) + "}"
    if isinstance(v, tuple):
        return "(" + ",".join(map(value, v)) + ")"
    if isinstance(v, list):
        return "[" + ",".join(map(value, v)) + "]"
    raise SystemExit(f"a value of {type(v)}")


def text(network):
    lines = []
    for path, module in network.named_modules(remove_duplicate=False):
        attributes = sorted((k, v) for k, v in vars(module).items()
                            if k not in IGNORED and k not in HOOKS and not (k.startswith("_") and "hook" in k))
        kind = type(module)
        tensors = [(k, p) for part in (module._parameters, module._buffers) for k, p in part.items() if p is not None]
        lines.append("|".join([path, f"{kind.__module__}.{kind.__name__}", ",".join(f"{k}={value(v)}" for k, v in attributes),
                               ",".join(f"{k}{list(p.shape)}".replace(" ", "") for k, p in tensors)]))
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--text", type=Path)
    options = parser.parse_args()
    rows = {}
    for name in NAMES:
        with torch.device("cpu"):
            network = YOLO(f"{name}.yaml").model
        content = text(network)
        rows[name] = [zlib.crc32(content.encode()), sum(p.numel() for p in network.parameters()), content.count("\n") + 1]
        if options.text:
            options.text.mkdir(parents=True, exist_ok=True)
            (options.text / f"{name}.txt").write_text(content)
        print(name, rows[name], flush=True)
    FIXTURES.mkdir(exist_ok=True)
    (FIXTURES / "networks.json").write_text(json.dumps(
        {"ultralytics": ultralytics.__version__, "torch": torch.__version__, "script": "Tools/training/network_fixtures.py",
         "networks": rows}, indent=0) + "\n")


if __name__ == "__main__":
    main()
