"""Runs checkpoints as users have them through the command and through Ultralytics, and prints a table of what differs.

    . DIR/activate                                  # the environment of Tools/upstream/setup
    python Tools/checkpoint_cases.py FILES… [--images FILES…] [--yolo Tools/yolo] [--before OTHER_BINARY]

One row a checkpoint: what Ultralytics makes of it, what the command does (and what another binary of it does), and the
largest difference of boxes and confidences over all images. A file that Ultralytics refuses should be refused, or run
where its weights are sound; a file that it runs must run with the same results or be refused by name.
"""
import argparse
import json
import logging
import subprocess
import warnings
from pathlib import Path

import numpy as np

warnings.filterwarnings("ignore")
from ultralytics import YOLO

logging.getLogger("ultralytics").setLevel(logging.ERROR)
LOW = dict(conf=0.25, iou=0.45)


def values(row):
    """Returns the numbers of a result: its box and keypoints."""
    box = row.get("box", {})
    numbers = [box[key] for key in sorted(box)]
    points = row.get("keypoints")
    return numbers + (list(points["x"]) + list(points["y"]) if points else [])


def upstream(path, images):
    """Returns what Ultralytics says about each image, or the reason why it cannot."""
    try:
        model = YOLO(str(path))
        rows = []
        for image in images:
            results = model.predict(str(image), verbose=False, save=False, **LOW)
            rows.append(json.loads(results[0].to_json()) if results[0].probs is None else probabilities(results[0]))
        return rows, ""
    except Exception as error:
        return None, f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"[:90]


def probabilities(result):
    order = result.probs.data.numpy()
    return [{"class": int(k), "name": result.names[int(k)], "confidence": float(order[k])} for k in result.probs.top5]


def command(binary, path, images):
    """Returns what the command says about each image, or its error."""
    rows = []
    for image in images:
        run = subprocess.run(
            [binary, "predict", "--model", str(path), "--source", str(image), "--format", "json", "--conf", str(LOW["conf"]),
             "--iou", str(LOW["iou"])], capture_output=True)
        if run.returncode != 0:
            return None, run.stderr.decode(errors="replace").strip().replace(str(path), path.name)
        rows.append(json.loads(run.stdout)["images"][0]["results"])
    return rows, ""


def difference(ours, theirs):
    """Returns how two lists of results differ, in words; empty if they are the same within the usual tolerances."""
    box = confidence = 0.0
    names = set()
    for mine, other in zip(ours, theirs):
        if len(mine) != len(other):
            return f"{len(mine)} results, not {len(other)}"
        left = list(other)
        for row in mine:
            found = [o for o in left if o["class"] == row["class"] and len(values(o)) == len(values(row))]
            if not found:
                return f"class {row['class']} without a partner"
            best = min(found, key=lambda o: max([abs(a - b) for a, b in zip(values(o), values(row))], default=abs(o["confidence"] - row["confidence"])))
            left.remove(best)
            box = max([box] + [abs(a - b) for a, b in zip(values(best), values(row))])
            confidence = max(confidence, abs(best["confidence"] - row["confidence"]))
            if str(best["name"]) != row["name"]:
                names.add(f"{row['name']!r}, not {best['name']!r}")
    text = "" if box < 0.01 and confidence < 1e-4 else f"boxes {box:.3g} px, confidences {confidence:.2g}"
    return "; ".join(filter(None, [text, "names " + ", ".join(sorted(names)) if names else ""]))


def verdict(rows, error, theirs):
    if rows is None:
        return error
    if theirs is None:
        return f"runs ({sum(map(len, rows))} results)"
    return difference(rows, theirs) or "same"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--images", nargs="+", type=Path, default=[Path("Weights/shapes.jpg")])
    parser.add_argument("--yolo", default="Tools/yolo")
    parser.add_argument("--before")
    parser.add_argument("--wrong", action="store_true", help="print only rows that need a look")
    arguments = parser.parse_args()
    for path in arguments.files:
        theirs, reason = upstream(path, arguments.images)
        now = verdict(*command(arguments.yolo, path, arguments.images), theirs)
        before = verdict(*command(arguments.before, path, arguments.images), theirs) if arguments.before else ""
        if arguments.wrong and now == "same":
            continue
        result = reason if theirs is None else f"{sum(map(len, theirs))} results"
        cells = [path.name, result] + ([before] if arguments.before else []) + [now]
        print("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |", flush=True)


if __name__ == "__main__":
    main()
