"""What the official package `ultralytics` does with a server; run by the checklist as a process of its own.

    official.py COMMAND JSON

Prints one line `RESULT {…}`. The address and the key are in ULTRALYTICS_PLATFORM_URL and ULTRALYTICS_API_KEY.
"""
import asyncio
import hashlib
import json
import os
import sys
import tempfile
from pathlib import Path

import torch

torch.set_num_threads(1)
import ultralytics
from ultralytics import YOLO, settings

WORK = Path.cwd()
settings.update({"datasets_dir": str(WORK / "datasets"), "weights_dir": str(WORK / "weights"),
                 "runs_dir": str(WORK / "runs")})


def digest(path):
    """The SHA-256 of a file."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def boxes(results):
    """What was found in an image, as numbers that can be compared."""
    return [[int(b.cls), round(float(b.conf), 4), *(round(float(v), 2) for v in b.xyxy[0])] for b in results[0].boxes]


def load(uri, image, **_):
    """Loads a model by its address, and predicts an image."""
    model = YOLO(uri)
    return {"path": str(model.ckpt_path), "sha": digest(model.ckpt_path), "model": str(model.overrides.get("model")),
            "boxes": boxes(model.predict(image, imgsz=320, device="cpu", verbose=False))}


def train(uri, arguments, **_):
    """Trains."""
    model = YOLO(uri)
    model.train(**{"imgsz": 96, "batch": 4, "workers": 0, "device": "cpu", "plots": True, "amp": False,
                   "exist_ok": True, "epochs": 1, **arguments})
    trainer = model.trainer
    data = trainer.data if isinstance(trainer.data, dict) else {}
    best = trainer.best if trainer.best.exists() else None
    ended = getattr(trainer, "metrics", None) or {}
    return {"best": str(best), "sha": best and digest(best), "epoch": trainer.epoch, "directory": str(trainer.save_dir),
            "data": {k: data.get(k) for k in ("names", "kpt_shape", "flip_idx", "nc")},
            "metrics": {k: float(v) for k, v in ended.items()}}


def resume(path, **_):
    """Resumes a training of a checkpoint."""
    model = YOLO(path)
    model.train(resume=True)
    best = model.trainer.best
    return {"epoch": model.trainer.epoch, "sha": digest(best), "directory": str(model.trainer.save_dir)}


def numbers(model, data, split):
    """Evaluates a model."""
    box = model.val(data=data, split=split, imgsz=96, workers=0, device="cpu", plots=False, verbose=False).box
    return [float(box.mp), float(box.mr), float(box.map50), float(box.map)]


def val(uri, data, local, **_):
    """Evaluates on a dataset of the server, and on the same one as files."""
    model = YOLO(uri)
    return {split: {"server": numbers(model, data, split), "local": numbers(model, local, split)}
            for split in ("val", "test")}


def fetch(data, **_):
    """Fetches a dataset; returns its directory."""
    from ultralytics.data.converter import convert_ndjson_to_yolo
    from ultralytics.utils.checks import check_file
    path = check_file(data, download_dir=tempfile.mkdtemp(dir=WORK))
    where = asyncio.run(convert_ndjson_to_yolo(Path(path), output_path=WORK / "sets"))
    root = where if where.is_dir() else where.parent
    text = (root / ".ndjson.yaml" if where.is_dir() else where).read_text()
    return {"directory": str(root), "yaml": text,
            "images": len([p for p in root.rglob("*.png")]), "labels": {
                p.stem: p.read_text().split() for p in root.rglob("*.txt")}}


def resolve(uri, **_):
    """Resolves an address; returns what it is, or which exception it raises."""
    from ultralytics.utils.checks import resolve_platform_uri
    try:
        return {"address": resolve_platform_uri(uri)}
    except Exception as error:
        return {"error": type(error).__name__, "text": str(error)}


def processing(uri, slug, id, archive, **_):
    """Adds an archive to a dataset, and resolves the dataset's address at once."""
    import requests
    origin = os.environ["ULTRALYTICS_PLATFORM_URL"]
    head = {"Authorization": f"Bearer {os.environ['ULTRALYTICS_API_KEY']}"}
    data = Path(archive).read_bytes()
    ticket = requests.post(f"{origin}/api/upload/signed-url", headers=head, json={
        "assetType": "datasets", "assetId": id, "filename": "set.zip", "contentType": "application/zip",
        "totalBytes": len(data)}).json()
    requests.put(ticket["uploadUrl"], data=data).raise_for_status()
    requests.post(f"{origin}/api/upload/complete", headers=head, json={"sessionId": ticket["sessionId"]})
    requests.post(f"{origin}/api/datasets/{slug}/ingest", headers=head, json={"sessionId": ticket["sessionId"]})
    first = requests.get(f"{origin}/api/datasets/{slug}/export", headers=head)
    return {"first": first.status_code, "wait": first.headers.get("Retry-After"), **resolve(uri)}


def example(text, **_):
    """Runs an example of the page as it is."""
    names = {}
    exec(text, names)
    return {"best": str(names["model"].trainer.best), "epochs": names["model"].trainer.epochs}


def command(words, **_):
    """Runs the command line `yolo`."""
    from ultralytics.cfg import entrypoint
    try:
        entrypoint(" ".join(["yolo", *words]))
    except SystemExit as error:
        print(error.code)
    return {"key": settings.get("api_key", "")}


if __name__ == "__main__":
    result = globals()[sys.argv[1]](**json.loads(sys.argv[2]))
    print("\nRESULT " + json.dumps({"version": ultralytics.__version__, **result}), flush=True)
