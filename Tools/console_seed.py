"""Fills a platform through its API with what Tools/console_check.py looks at: datasets of all tasks,
models, a training with curves and plots, faults, hostile names. Standard library only."""

import io
import json
import math
import random
import struct
import time
import urllib.error
import urllib.request
import zipfile
import zlib

HOSTILE = "<img src=x onerror=window.hit=1>"
TASKS = ["detect", "segment", "pose", "obb", "classify"]
SHAPES = ["square", "triangle"]


class Api:
    """The API with a key; `call` returns the status and the body."""

    def __init__(self, base, key):
        self.base, self.key = base, key

    def call(self, method, path, body=None, data=None, headers=None):
        headers = dict(headers or {})
        if self.key and not path.startswith("http"):
            headers["Authorization"] = f"Bearer {self.key}"
        if body is not None:
            data, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        address = path if path.startswith("http") else self.base + path
        request = urllib.request.Request(address, data=data, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                status, text = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read()
        try:
            return status, json.loads(text)
        except ValueError:
            return status, text

    def need(self, method, path, body=None, data=None, headers=None):
        status, answer = self.call(method, path, body, data, headers)
        if status >= 300:
            raise SystemExit(f"{method} {path}: {status} {answer}")
        return answer


def png(width, height, pixels):
    rows = b"".join(b"\0" + pixels[3 * width * y : 3 * width * (y + 1)] for y in range(height))
    chunk = lambda kind, data: (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    )
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows, 6))
        + chunk(b"IEND", b"")
    )


def drawing(seed):
    """An image of squares and triangles, and them: (class, center x, center y, radius, angle)."""
    random_ = random.Random(seed)
    width, height = 240, 180
    pixels = bytearray()
    for y in range(height):
        for x in range(width):
            shade = int(208 + 14 * math.sin((x + seed * 7) / 31) + 10 * math.cos(y / 23))
            pixels += bytes((shade, shade, min(255, shade + 6)))
    shapes = []
    for _ in range(random_.randint(1, 4)):
        kind, radius = random_.randint(0, 1), random_.randint(18, 34)
        x, y = random_.randint(radius, width - radius), random_.randint(radius, height - radius)
        angle = random_.random() * 1.2
        shapes.append((kind, x, y, radius, angle))
        color = (random_.randint(20, 120), random_.randint(40, 150), random_.randint(60, 190))
        points = corners(shapes[-1])
        for py in range(max(0, y - radius), min(height, y + radius + 1)):
            for px in range(max(0, x - radius), min(width, x + radius + 1)):
                if inside(px, py, points):
                    pixels[3 * (py * width + px) : 3 * (py * width + px) + 3] = bytes(color)
    return width, height, png(width, height, bytes(pixels)), shapes


def corners(shape):
    kind, x, y, radius, angle = shape
    number = 4 if kind == 0 else 3
    return [
        (
            x + radius * math.cos(angle + 2 * math.pi * i / number),
            y + radius * math.sin(angle + 2 * math.pi * i / number),
        )
        for i in range(number)
    ]


def inside(x, y, points):
    signs = [
        (b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0]) >= 0
        for a, b in zip(points, points[1:] + points[:1])
    ]
    return all(signs) or not any(signs)


def row(task, shape, width, height):
    kind = shape[0]
    points = corners(shape)
    xs, ys = [p[0] / width for p in points], [p[1] / height for p in points]
    clip = lambda value: min(1, max(0, round(value, 5)))
    x1, x2, y1, y2 = clip(min(xs)), clip(max(xs)), clip(min(ys)), clip(max(ys))
    box = [(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1]
    flat = [clip(value) for pair in zip(xs, ys) for value in pair]
    if task == "detect":
        numbers = box
    elif task == "segment":
        numbers = flat
    elif task == "pose":
        numbers = box + [value for i in range(3) for value in (clip(xs[i]), clip(ys[i]), 2)]
    else:
        numbers = flat if len(points) == 4 else flat + flat[-2:]
    return " ".join([str(kind)] + [f"{value:.5f}".rstrip("0").rstrip(".") for value in numbers])


def dataset_files(task, number, names=None, first=0):
    files = {}
    for index in range(number):
        width, height, data, shapes = drawing(first + index)
        split = ["train", "train", "train", "val", "test"][index % 5]
        if task == "classify":
            files[f"set/{split}/{SHAPES[shapes[0][0]]}/{index:03}.png"] = data
            continue
        files[f"set/images/{split}/{index:03}.png"] = data
        files[f"set/labels/{split}/{index:03}.txt"] = "\n".join(
            row(task, one, width, height) for one in shapes
        ).encode()
    if task != "classify":
        text = "path: .\ntrain: images/train\nval: images/val\ntest: images/test\nnames: "
        text += json.dumps(names or SHAPES) + "\n"
        if task == "pose":
            text += "kpt_shape: [3, 3]\nflip_idx: [0, 1, 2]\n"
        files["set/data.yaml"] = text.encode()
    return files


def zipped(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def ingest(api, owner, slug, identifier, data, name="set.zip"):
    ticket = api.need(
        "POST",
        "/api/upload/signed-url",
        dict(
            assetType="datasets",
            assetId=identifier,
            filename=name,
            contentType="application/zip",
            totalBytes=len(data),
        ),
    )
    api.need("PUT", ticket["uploadUrl"], data=data)
    api.need("POST", "/api/upload/complete", dict(sessionId=ticket["sessionId"]))
    api.need("POST", f"/api/datasets/{owner}/{slug}/ingest", dict(sessionId=ticket["sessionId"]))
    while True:
        found = api.need("GET", f"/api/datasets/{owner}/{slug}")
        if found["dataset"]["status"] != "processing":
            return found
        time.sleep(0.1)


def form(fields, name, data):
    mark = "consolecheckboundary"
    parts = [
        f'--{mark}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        for key, value in fields.items()
    ]
    parts.append(
        f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        f"Content-Type: application/octet-stream\r\n\r\n".encode()
        + data
        + b"\r\n"
    )
    return b"".join(parts) + f"--{mark}--\r\n".encode(), {
        "Content-Type": f"multipart/form-data; boundary={mark}"
    }


def results(epochs):
    """The curves of a training as clients report them."""
    random_ = random.Random(4)
    rows = []
    for epoch in range(epochs):
        done = 1 - math.exp(-epoch / (epochs / 4))
        noise = lambda: random_.uniform(-0.012, 0.012)
        rows.append(
            dict(
                epoch=epoch,
                fitness=round(0.62 * done + noise(), 4),
                metrics={
                    "train/box_loss": round(2.1 - 1.4 * done + noise(), 4),
                    "train/cls_loss": round(3.2 - 2.6 * done + noise(), 4),
                    "train/dfl_loss": round(1.6 - 0.6 * done + noise(), 4),
                    "val/box_loss": round(2.2 - 1.3 * done + 3 * noise(), 4),
                    "val/cls_loss": round(3.0 - 2.2 * done + 3 * noise(), 4),
                    "val/dfl_loss": round(1.6 - 0.5 * done + 2 * noise(), 4),
                    "metrics/precision(B)": round(0.9 * done + noise(), 4),
                    "metrics/recall(B)": round(0.84 * done + noise(), 4),
                    "metrics/mAP50(B)": round(0.88 * done + noise(), 4),
                    "metrics/mAP50-95(B)": round(0.62 * done + noise(), 4),
                    "lr/pg0": round(0.01 * (1 - epoch / epochs) + 0.0001, 6),
                    "lr/pg1": round(0.008 * (1 - epoch / epochs) + 0.0001, 6),
                },
            )
        )
    return rows


def plots(names):
    """The plots of a training as clients report them."""
    x = [i / 100 for i in range(101)]
    number = len(names)
    fall = [[max(0.0, 0.98 - 0.1 * c - (v ** (6 - c)) * 0.9) for v in x] for c in range(number)]
    hill = [[max(0.0, (0.85 - 0.06 * c) * (1 - (2 * v - 0.9) ** 4)) for v in x] for c in range(number)]
    matrix = [
        [180 if i == j else random.Random(i * 9 + j).randint(0, 24) for j in range(number + 1)]
        for i in range(number + 1)
    ]
    matrix[number][number] = 0
    return [
        dict(type="confusion_matrix", matrix=matrix),
        dict(
            type="pr_curve",
            x=x,
            y=fall,
            ap=[[0.9 - 0.07 * c - 0.05 * i for i in range(10)] for c in range(number)],
        ),
        dict(type="f1_curve", x=x, y=hill),
        dict(type="precision_curve", x=x, y=[[min(1, 0.4 + 0.6 * v) for v in x] for _ in names]),
        dict(type="recall_curve", x=x, y=fall),
    ]


def train(api, project, name, epochs, total, is_complete, names):
    """Reports a training as the official client does; false if the server takes no reports."""
    send = lambda event, data, **more: api.call(
        "POST", "/api/webhooks/training/metrics", dict(event=event, data=data, **more)
    )
    status, answer = send(
        "training_started",
        dict(
            trainArgs=dict(
                model="yolo26n.pt",
                data="ul://alice/datasets/shapes-detect",
                epochs=str(total),
                imgsz="640",
                batch="16",
                task="detect",
            ),
            epochs=total,
            device="cpu",
            environment=dict(
                hostname="worker-1", os="Linux", pythonVersion="3.12.4", cpuCount=16, gpuCount=0
            ),
        ),
        project=project,
        name=name,
    )
    if status >= 300:
        return None
    model = answer["modelId"]
    lines = [
        f"[2026-11-30 02:{i // 60:02}:{i % 60:02}] \x1b[34m\x1b[1mtrain:\x1b[0m epoch {i // 4 + 1}/{total} box_loss {2.1 - i / 90:.3f}"
        for i in range(4 * epochs)
    ]
    for number, start in enumerate(range(0, len(lines), 20)):
        send(
            "console_output",
            dict(
                chunkId=1000 + number,
                content="\n".join(lines[start : start + 20]) + "\n",
                lineCount=20,
                progress={},
            ),
            modelId=model,
        )
    for one in results(total)[:epochs]:
        send("epoch_end", dict(one, best_fitness=one["fitness"], system=None), modelId=model)
    if is_complete:
        send(
            "training_complete",
            dict(
                results=dict(
                    metrics={**results(total)[-1]["metrics"], "fitness": 0.61},
                    bestEpoch=epochs - 2,
                    bestFitness=0.618,
                ),
                classNames=names,
                plots=plots(names),
                runId=answer.get("runId"),
            ),
            modelId=model,
        )
    return answer


def fill(base, keys, weights):
    """Fills the accounts alice and bobby, whose keys are given."""
    alice, bobby = Api(base, keys["alice"]), Api(base, keys["bobby"])
    for task in TASKS:
        made = alice.need(
            "POST",
            "/api/datasets",
            dict(
                name=f"Shapes {task}",
                dataset=f"shapes-{task}",
                task=task,
                description="Squares and triangles on a pale ground.",
            ),
        )
        ingest(
            alice,
            "alice",
            f"shapes-{task}",
            made["id"],
            zipped(dataset_files(task, 90 if task == "detect" else 12)),
        )
    alice.need("PATCH", "/api/datasets/alice/shapes-detect", dict(visibility="public"))
    alice.need("PATCH", "/api/datasets/alice/shapes-detect", dict(starred=True))
    made = alice.need(
        "POST", "/api/datasets", dict(name=HOSTILE, dataset="hostile", task="detect", description=HOSTILE)
    )
    files = dataset_files("detect", 6, names=[HOSTILE, "</script><script>window.hit=1</script>"], first=200)
    files[f"set/images/train/{HOSTILE}.png"] = drawing(300)[2]
    files["set/images/train/broken.jpg"] = b"this is no image"
    for index in range(120):
        files[f"set/images/val/extra-{index}.png"] = drawing(400 + index % 3)[2][:60] + bytes([index])
    files["set/labels/train/000.txt"] = b"0 0.5 0.5 0.2\n9 0.5 0.5 0.1 0.1\n0 0.5 0.5 1.4 0.1\n"
    ingest(alice, "alice", "hostile", made["id"], zipped(files), f"{HOSTILE}.zip")
    alice.need("POST", "/api/datasets", dict(name="Empty set", dataset="empty-set", task="detect"))

    project = alice.need(
        "POST",
        "/api/projects",
        dict(
            name="Shapes",
            project="shapes",
            visibility="public",
            description="Small networks for squares and triangles.",
        ),
    )
    identifier = alice.need("GET", "/api/projects/alice/shapes")["project"]["id"]
    for path in sorted(weights.glob("shapes-*.pt")):
        data, headers = form(dict(projectId=identifier), path.name, path.read_bytes())
        alice.need("POST", "/api/models", data=data, headers=headers)
    alice.need("POST", "/api/projects", dict(name=HOSTILE, project="hostile", description=HOSTILE))
    alice.need(
        "POST",
        "/api/models",
        dict(owner="alice", project="hostile", model="hostile", name=HOSTILE, task="detect"),
    )
    alice.need(
        "POST",
        "/api/models",
        dict(
            owner="alice",
            project="shapes",
            model="uploaded-curves",
            name="Uploaded curves",
            task="detect",
            epochs=60,
            trainResults=results(60),
            metrics={"mAP50": 0.871, "mAP50-95": 0.613, "precision": 0.902, "recall": 0.838},
            trainArgs=dict(model="yolo26n.pt", epochs=60, imgsz=640, batch=16, lr0=0.01, hostile=HOSTILE),
        ),
    )
    train(alice, "alice/shapes", "trained", 60, 60, True, ["square", "triangle", HOSTILE])
    train(alice, "alice/shapes", "running", 17, 60, False, ["square", "triangle"])
    alice.call("POST", "/api/models/alice/shapes/shapes-detect/exports", dict(format="safetensors"))
    alice.call("POST", "/api/models/alice/shapes/shapes-detect/exports", dict(format="onnx"))
    found = alice.need("GET", "/api/models?limit=50")["data"]
    detect = next(one for one in found if one["slug"] == "shapes-detect")
    alice.call(
        "POST",
        "/api/deployments",
        dict(modelId=detect["id"], region="europe-west1", name="Shapes in front", minInstances=1),
    )
    alice.need("POST", "/api/api-keys", dict(name=HOSTILE, scopes=["read"]))
    alice.need("POST", "/api/api-keys", dict(name="training server", scopes=["training", "datasets"]))
    alice.call(
        "POST",
        "/api/webhooks",
        dict(url="https://example.org/hook", events=["training.completed", "training.failed"]),
    )
    made = alice.need(
        "POST", "/api/datasets", dict(name="Old drawings", dataset="old-drawings", task="detect")
    )
    alice.need("DELETE", "/api/datasets/alice/old-drawings")
    bobby.need("POST", "/api/datasets", dict(name="Private of Bobby", dataset="private-set", task="detect"))
    bobby.need("POST", "/api/projects", dict(name="Open work", project="open-work", visibility="public"))
