"""Lines 47 to 53: the SDK `ultralytics-platform`, its asynchronous client, and the command `ul cloud`."""
import json
import os
import re
import subprocess
from pathlib import Path

import scene
from clients import ul
from harness import WEIGHTS, NotBuilt, equal, line, need

HERE = Path(__file__).resolve().parent


def prepared(world):
    """An account of its own with what the methods need; returns the names."""
    def made():
        server = world.main()
        key = server.account("sdkuser")
        client = server.client(key)
        project = client.ok("POST", "/api/projects", {"name": "Shapes", "project": "shapes"}, status=201)["id"]
        client.model(project, "shapes-detect", WEIGHTS / "shapes-detect.pt")
        client.dataset("shapes detect", scene.zipped(scene.files("detect")), dataset="shapes-detect", task="detect")
        empty = client.ok("POST", "/api/models", {"project": "shapes", "model": "empty", "name": "empty"}, status=201)["id"]
        images = [i["id"] for i in client.ok("GET", "/api/datasets/sdkuser/shapes-detect/images?limit=3")["images"]]
        return key, {"owner": "sdkuser", "dataset": "shapes-detect", "project": "shapes", "model": "shapes-detect",
                     "images": images, "asset": empty, "image": str(WEIGHTS / "shapes.jpg"), "other": "bobby"}
    return world.once("sdk", made)


def called(world, asynchronous=False):
    """Runs sdk_calls.py; returns its rows."""
    def run():
        server = world.main()
        key, names = prepared(world)
        client = server.client(key)
        made = client.ok("POST", "/api/datasets", {"name": f"for sdk {asynchronous}"}, status=201)
        data = scene.zipped(scene.files("detect", first=500))
        names = {**names, "async": asynchronous}
        if not asynchronous:
            # The session belongs to the dataset that the first method creates: it is begun for another one.
            names["session"] = client.upload("datasets", made["id"], data, "sdk.zip")
        done = subprocess.run([world.python, str(HERE / "sdk_calls.py"), json.dumps(names)], capture_output=True, text=True, timeout=1500,
                              env={**os.environ, "ULTRALYTICS_PLATFORM_URL": server.origin, "ULTRALYTICS_API_KEY": key})
        rows = [json.loads(row) for row in done.stdout.splitlines() if row.startswith("{")]
        need(rows and done.returncode == 0, f"sdk_calls.py ended with {done.returncode}: {done.stderr[-300:]}")
        return rows
    return world.once(f"sdk-{asynchronous}", run)


def verdict(server, row):
    """What is wrong with a method's answer: nothing, `absent`, or a sentence."""
    name, status = row["method"], row.get("status")
    if status is None:
        return f"{name}: nothing was sent: {row['failure']}"
    if status in (404, 405) and row["must"] is not False and not server.has(row["sent"], row["path"]):
        return "absent"
    if status >= 500 and status != 501:
        return f"{name}: {status}"
    if status == 501 and row["sent"] != "POST":
        return f"{name}: {row['sent']} answers 501"
    if not row["type"].startswith("application/json"):
        return f"{name}: {row['type'] or 'no content type'}"
    if status >= 400:
        value = row["json"]
        if not (isinstance(value, dict) and isinstance(value.get("error"), str) and value["error"]):
            return f"{name}: {status} without a sentence: {row['text']}"
        if row["must"]:
            return f"{name}: {status} {value['error'][:120]}"
        if row["must"] is False and status not in (400, 403, 404, 405, 409, 501):
            return f"{name}: {status}"
    elif row["failure"]:
        return f"{name}: {row['failure']}"
    return None


@line(47, "the SDK: 95 methods, no 500, what is promised answers 2xx")
def methods(world, check):
    server, rows = world.main(), called(world)
    allowed = {"datasets.ingest": (400, 404, 409), "datasets.restore": (409,), "deployments.predict": (409, 503, 200), "upload.complete": (409,)}
    found = [(row, verdict(server, row)) for row in rows]
    absent = sorted({row["method"] for row, fault in found if fault == "absent"})
    faults = [fault for row, fault in found if fault not in (None, "absent")
              and not (row.get("status") in allowed.get(row["method"], ()))]
    equal(len({row["method"] for row in rows}), 95, "methods that were called")
    need(not faults, f"{len(faults)}: " + "; ".join(faults[:25]))
    if absent:
        raise NotBuilt(", ".join(absent))
    check.note(f"{sum(row['status'] < 300 for row in rows)} of {len(rows)} calls answer 2xx")


def resolved(document, schema):
    """Resolves a $ref of the document."""
    while "$ref" in schema:
        name = schema["$ref"].split("/")[-1]
        schema = document["components"]["schemas"][name]
    return schema


TYPES = {"object": dict, "array": list, "string": str, "boolean": bool}


def lacking(document, schema, value, where="$", depth=0):
    """What a value lacks of the required members of a schema, or has of another type."""
    schema = resolved(document, schema)
    if depth > 12:
        return []
    for word in ("oneOf", "anyOf"):
        if word in schema:
            found = [lacking(document, option, value, where, depth + 1) for option in schema[word]]
            return min(found, key=len)
    faults = [fault for part in schema.get("allOf", []) for fault in lacking(document, part, value, where, depth + 1)]
    kind = schema.get("type")
    kinds = kind if isinstance(kind, list) else [kind] if kind else []
    if value is None:
        return faults + ([f"{where} is null"] if kinds and "null" not in kinds and schema != {} else [])
    if "const" in schema and value != schema["const"]:
        faults.append(f"{where} is {value!r}, not {schema['const']!r}")
    if "enum" in schema and value not in schema["enum"]:
        faults.append(f"{where} is {value!r}, none of the enum")
    if "pattern" in schema and isinstance(value, str) and not re.search(schema["pattern"], value):
        faults.append(f"{where} is {value!r}, against its pattern")
    good = [k for k in kinds if k in TYPES and isinstance(value, TYPES[k]) or k in ("number", "integer")
            and isinstance(value, (int, float)) and not isinstance(value, bool) and (k == "number" or value == int(value))]
    if kinds and not good:
        return faults + [f"{where} is {str(value)[:40]!r}, no {kinds}"]
    if isinstance(value, dict):
        for name in schema.get("required", []):
            if name not in value:
                faults.append(f"{where}.{name} is missing")
        for name, part in schema.get("properties", {}).items():
            if name in value:
                faults += lacking(document, part, value[name], f"{where}.{name}", depth + 1)
    if isinstance(value, list) and isinstance(schema.get("items"), dict):
        for item in value[:5]:
            faults += lacking(document, schema["items"], item, where + "[]", depth + 1)
    return faults


@line(48, "the SDK's answers hold every required member of the public OpenAPI document")
def required(world, check):
    if not Path(world.openapi).is_file():
        need(False, f"no document at {world.openapi}: give --contract")
    document, count, faults = json.loads(Path(world.openapi).read_text()), 0, {}
    shapes = [(re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))), path, item) for path, item in document["paths"].items()]
    for row in called(world):
        if not row.get("status") or row["status"] >= 300 or row["must"] is False:
            continue
        found = [(path, item) for shape, path, item in sorted(shapes, key=lambda s: s[1].count("{")) if shape.fullmatch(row["path"])]
        if not found or row["sent"].lower() not in found[0][1]:
            continue
        responses = found[0][1][row["sent"].lower()]["responses"]
        answer = responses.get(str(row["status"]))
        if answer is None:
            faults[f"{row['method']}: {row['status']} is not in the document"] = 1
            continue
        answer = resolved(document, answer)
        schema = answer.get("content", {}).get("application/json", {}).get("schema")
        if schema:
            count += 1
            for fault in lacking(document, schema, row["json"]):
                faults[f"{row['method']} {fault}"] = 1
    need(count >= 20, f"only {count} answers could be compared")
    need(not faults, f"{len(faults)}: " + "; ".join(list(faults)[:30]))
    check.note(f"{count} answers")


@line(49, "AsyncPlatform: ten methods")
def asynchronous(world, check):
    rows = called(world, True)
    equal(len(rows), 10, "methods")
    for row in rows:
        need(row["failure"] is None and row["status"] == 200, f"{row['method']}: {row.get('status')} {row['failure']}")


def local_dataset(world):
    """Writes the drawn dataset as files; returns its data.yaml."""
    place = world.directory / "ul-local"
    for name, data in scene.files("detect", first=600, root="").items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(data)
    path = place / "data.yaml"
    path.write_text(path.read_text().replace("path: .", f"path: {place}"))
    return path


@line(50, "ul cloud train: local data, watched to its end", slow=True)
def cloud_train(world, check):
    world.supports("--trainer")
    data = local_dataset(world)
    code, text, place = ul(world, ["cloud", "train", f"model={WEIGHTS / 'shapes-detect.pt'}", f"data={data}", "epochs=2", "imgsz=96",
                                   "name=ul-exp", "project=ul-lab", "watch"], "train")
    need(code == 0, f"ul ended with {code}: {text[-400:]}")
    alice = world.alice()
    models = [m for m in alice.ok("GET", "/api/models/alice/ul-lab")["models"]]
    need(any(m["status"] == "completed" for m in models), f"models {[(m['model'], m['status']) for m in models]}")
    check.note(text.strip().splitlines()[-1][:160])


@line(51, "ul cloud predict: an image and a video", slow=True)
def cloud_predict(world, check):
    code, text, place = ul(world, ["cloud", "predict", "model=ul://alice/shapes/shapes-detect", f"source={WEIGHTS / 'shapes.jpg'}",
                                   "conf=0.3", "imgsz=320", "save_dir=out"], "predict")
    need(code == 0, f"ul ended with {code}: {text[-400:]}")
    need(list(place.rglob("*.jpg")), f"no image was written: {text[-200:]}")
    video = place / "clip.mp4"
    made = subprocess.run(["ffmpeg", "-y", "-loglevel", "error", "-loop", "1", "-i", str(WEIGHTS / "shapes.jpg"), "-t", "0.4", "-r", "10",
                           "-vf", "scale=320:-2", "-pix_fmt", "yuv420p", str(video)], capture_output=True, text=True)
    if made.returncode:
        check.note("no ffmpeg: no video")
        return
    code, text, _ = ul(world, ["cloud", "predict", "model=ul://alice/shapes/shapes-detect", f"source={video}", "imgsz=320", "save_dir=outv"], "predict")
    need(code == 0, f"video: ul ended with {code}: {text[-400:]}")


@line(52, "ul cloud export writes the file", slow=True)
def cloud_export(world, check):
    if not world.main().has("POST", "/api/exports"):
        raise NotBuilt("POST /api/exports")
    code, text, place = ul(world, ["cloud", "export", "model=ul://alice/shapes/shapes-detect", "format=onnx", "imgsz=320", "save_dir=out"], "export")
    need(code == 0, f"ul ended with {code}: {text[-400:]}")
    files = [p for p in place.rglob("*.onnx")]
    need(files and files[0].stat().st_size > 0, f"no file: {text[-200:]}")


@line(53, "ul cloud download; a failure shows the sentence of error", slow=True)
def cloud_download(world, check):
    from reporter import Reporter
    from clients import training_is_built
    training_is_built(world)
    alice = world.alice()
    run = Reporter(alice, project="alice/ul-down", name="got", epochs=1)
    run.epoch(0)
    run.checkpoint((WEIGHTS / "shapes-detect.pt").read_bytes())
    run.complete()
    code, text, place = ul(world, ["cloud", "download", "model=ul://alice/ul-down/got"], "download")
    if code:
        code, text, place = ul(world, ["cloud", "download", "ul://alice/ul-down/got"], "download")
    need(code == 0, f"ul ended with {code}: {text[-400:]}")
    files = list(place.rglob("*.pt"))
    need(any(p.read_bytes() == (WEIGHTS / "shapes-detect.pt").read_bytes() for p in files), f"files {files}")
    code, text, _ = ul(world, ["cloud", "models", "retrieve", "owner=alice", "project=shapes", "model=none-such"], "failure")
    sentence = alice.fails(404, "GET", "/api/models/alice/shapes/none-such")["error"]
    need(code != 0 and sentence in text, f"ul prints {text[-200:]!r}, not {sentence!r}")
