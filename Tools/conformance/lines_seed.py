"""Lines 27 to 36: the seed's page, its datasets, projects, models, predictions, training, errors and rate limits."""
import hashlib
import json
import re
import subprocess
import time

import numpy as np

import scene
import seed_page
from clients import official, training_is_built
from harness import TASKS, WEIGHTS, NotBuilt, equal, line, need, send, until

SEED_DATASET = {"id": str, "name": str, "slug": str, "task": str, "imageCount": int, "classCount": int,
                "visibility": str, "createdAt": str}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
ID = r"[0-9a-f]{24}"


def shaped(value, members, what):
    """Holds an object to names and types of members."""
    for name, kind in members.items():
        need(name in value, f"{what} lacks {name}")
        need(isinstance(value[name], kind) and not (kind is int and isinstance(value[name], bool)),
             f"{what}.{name} is {value[name]!r}")


def envelope(value, listed=False):
    """Holds an answer to the envelope of the page; returns its data."""
    need(value.get("success") is True and "data" in value, f"no envelope: {str(value)[:200]}")
    if listed:
        meta = value.get("meta")
        need(isinstance(meta, dict) and {"page", "limit", "total"} <= meta.keys(), f"meta: {meta}")
        need(isinstance(value["data"], list), "data is no list")
    return value["data"]


def run_bash(command, place):
    """Runs a command of the page; returns the JSON that it prints."""
    done = subprocess.run(["bash", "-c", command.replace("curl ", "curl -s ", 1)], cwd=place, capture_output=True, text=True)
    need(done.returncode == 0, f"curl ended with {done.returncode}: {done.stderr[:200]}")
    return json.loads(done.stdout)


@line(27, "the seed's page: both quick-start lines and every example, word for word")
def page(world, check):
    server, alice = world.main(), world.alice()
    key = world.keys["alice"]

    def filled(text):
        return (text.replace(seed_page.HOST, server.origin).replace("YOUR_API_KEY", key).replace("ul_abc123...", key)
                .replace("MODEL_ID", world.kept["model-detect"][0]))

    with check.part("quick start"):
        place = world.directory / "page"
        place.mkdir(exist_ok=True)
        (place / "image.jpg").write_bytes((WEIGHTS / "shapes.jpg").read_bytes())
        equal(seed_page.faults(seed_page.DATASET, run_bash(filled(seed_page.DATASETS_CURL), place)), [], "list of datasets")
        equal(seed_page.faults(seed_page.PREDICTIONS, run_bash(filled(seed_page.PREDICT_CURL), place)), [], "predictions")
        equal(seed_page.faults(seed_page.DATASET, run_bash(filled(seed_page.HEADER_CURL), place)), [], "header")
    with check.part("words of the page"):
        missing = seed_page.compared(world.seed_page)
        if missing is None:
            check.note("the page is not at hand")
        else:
            equal(missing, [], "examples that are not on the page as they are run")
    owner = server.client(world.once("page-key", lambda: server.account("pagefan")))
    project = owner.ok("POST", "/api/projects", json.loads(seed_page.REQUESTS["create project"][1]), status=201)["data"]
    dataset = owner.ok("POST", "/api/datasets", json.loads(seed_page.REQUESTS["create dataset"][1]), status=201)["data"]
    model = owner.model(project["id"], "first", WEIGHTS / "shapes-detect.pt")
    ids = {"modelId": model["id"], "datasetId": dataset["id"], "projectId": project["id"]}
    with check.part("bodies"):
        equal((dataset["name"], dataset["task"], dataset["description"]),
              ("my-dataset", "detect", "A custom detection dataset"), "the dataset")
        equal(project["description"], "Detection experiments", "the project")
    for name, expected in (("start training", (200, 501)), ("create deployment", (201,)), ("create export", (201, 501)),
                           ("checkout", (501,)), ("export of the account", (200, 201, 202)), ("create key", (201,))):
        with check.part(name):
            request, body = seed_page.REQUESTS[name]
            body = json.loads(body)
            for old in ("modelId", "datasetId"):
                if old in body:
                    body[old] = ids[old]
            if "epochs" in body:
                body["epochs"] = 500  # it is cancelled below
            answer = owner.call(*request.split(" "), body)
            need(answer.status in expected, f"{request}: {answer}")
            if answer.status < 300:
                data = envelope(answer.json)
                for old, new in (("start training", None), ("create deployment", "deploymentId"),
                                 ("create export", "exportId"), ("create key", "keyId")):
                    if name == old and new:
                        ids[new] = data["id"]
    with check.part("restore"):
        path = f"/api/models/{model['id']}/training"
        if owner.ok("GET", path)["data"] is not None:  # it reads the dataset, which cannot be deleted meanwhile
            owner.fails(409, "DELETE", f"/api/datasets/{dataset['id']}")
            equal(envelope(owner.ok("DELETE", path))["status"], "cancelled", "the training")
        owner.ok("DELETE", f"/api/datasets/{dataset['id']}")
        body = json.loads(seed_page.REQUESTS["restore"][1]) | {"itemId": dataset["id"]}
        equal(envelope(owner.ok("POST", "/api/trash", body))["id"], dataset["id"], "id of what was restored")
    for path in seed_page.GETS:
        with check.part(f"GET {path}"):
            name = next(iter(re.findall(r"\{(\w+)\}", path)), None)
            if name and name not in ids:
                raise NotBuilt(f"no {name}")
            answer = owner.call("GET", path.replace("{%s}" % name, ids.get(name, "")))
            equal(answer.status, 200, str(answer))
            envelope(answer.json)
    with check.part("balance and storage"):
        equal(seed_page.faults(seed_page.BALANCE, owner.ok("GET", "/api/billing/balance")), [], "balance")
        equal(seed_page.faults(seed_page.STORAGE, owner.ok("GET", "/api/storage")), [], "storage")
    with check.part("the retry of the FAQ"):
        import requests
        names = {"requests": requests}
        text = seed_page.RETRY.splitlines()
        indents = [0, 0, 1, 2, 2, 3, 2, 2, 1]
        exec("\n".join("    " * depth + row for depth, row in zip(indents, text)), names)  # the page lost its indentation
        answer = names["api_request_with_retry"](f"{server.origin}/healthz")
        equal(answer.status_code, 200, "status")
    with check.part("the SDK's example"):
        training_is_built(world)
        weights = world.checkpoint("yolo11n.pt")
        owner.dataset("my dataset", scene.zipped(scene.files("detect", first=950)), dataset="my-dataset-2", task="detect")
        # The page trains 100 epochs on images of 640 pixels; here it is one.
        text = seed_page.TRAIN.replace("username", "pagefan").replace("my-dataset", "my-dataset-2").replace("ul_your_key", owner.key)
        text = text.replace("yolo11n.pt", str(weights)).replace("epochs=100", "epochs=1")
        found, printed = official(world, "example", "example", key=owner.key, text=text)
        need(f"View results at {server.origin}/pagefan/my-project/experiment-1" in printed, printed[-300:])
        equal(owner.ok("GET", "/api/models/pagefan/my-project/experiment-1")["model"]["status"], "completed", "status")
    with check.part("logs"):
        if "deploymentId" not in ids:
            raise NotBuilt("deployments")
        for word in ("INFO", "WARNUNG", "FEHLER"):
            value = owner.ok("GET", f"/api/deployments/{ids['deploymentId']}/logs?severity={word}&limit=5")
            need(isinstance(envelope(value), list) and isinstance(value.get("meta"), dict), f"logs: {value}")  # paged by tokens
    with check.part("deletes"):
        for path, name in (("/api/datasets/{}", "datasetId"), ("/api/deployments/{}", "deploymentId"),
                           ("/api/models/{}", "modelId"), ("/api/projects/{}", "projectId"), ("/api/api-keys/{}", "keyId")):
            if name in ids:
                envelope(owner.ok("DELETE", path.format(ids[name])))
        envelope(owner.ok("POST", "/api/trash/empty"))


@line(28, "datasets of the seed: envelope, meta, paging, filter by task")
def datasets(world, check):
    server = world.main()
    client = server.client(server.account("listing"))
    made = [client.ok("POST", "/api/datasets", {"name": f"set {n}", "task": TASKS[n % 5]}, status=201)["data"]["id"]
            for n in range(57)]
    value = client.ok("GET", "/api/datasets")
    data = envelope(value, True)
    equal(value["meta"], {"page": 1, "limit": 20, "total": 57}, "meta")
    equal([d["id"] for d in data], made[::-1][:20], "the newest first")
    for item in data:
        shaped(item, SEED_DATASET, "dataset")
        need(re.fullmatch(f"dataset_{ID}", item["id"]) and TIME.fullmatch(item["createdAt"]), item)
    value = client.ok("GET", "/api/datasets?page=2&limit=50")
    equal(value["meta"], {"page": 2, "limit": 50, "total": 57}, "meta of page 2")
    equal([d["id"] for d in value["data"]], made[::-1][50:], "page 2")
    value = client.ok("GET", "/api/datasets?task=pose&limit=100")
    equal({d["task"] for d in value["data"]}, {"pose"}, "tasks")
    equal(value["meta"]["total"], sum(n % 5 == TASKS.index("pose") for n in range(57)), "number of pose")
    equal(client.ok("GET", "/api/datasets?page=9")["data"], [], "a page beyond the end")
    for query in ("task=none", "page=0", "limit=0", "limit=101", "page=x"):
        error = client.fails(400, "GET", f"/api/datasets?{query}")["error"]
        equal(error["code"], "VALIDATION_ERROR", query)
        need(isinstance(error["details"], dict) and error["details"], error)


@line(29, "POST, GET and DELETE of a dataset")
def dataset(world, check):
    alice, bobby = world.alice(), world.bobby()
    value = alice.ok("POST", "/api/datasets", {"name": "Coins & Notes", "task": "segment", "description": "d"}, status=201)
    data = envelope(value)
    shaped(data, SEED_DATASET, "dataset")
    equal((data["name"], data["slug"], data["task"], data["visibility"], data["imageCount"]),
          ("Coins & Notes", "coins-notes", "segment", "private", 0), "dataset")
    equal((value["id"], value["owner"], value["dataset"]), (data["id"], "alice", "coins-notes"), "members at the top")
    equal(alice.ok("POST", "/api/datasets", {"name": "Coins & Notes"}, status=201)["data"]["slug"], "coins-notes-2", "slug")
    equal(alice.fails(409, "POST", "/api/datasets", {"name": "x", "dataset": "coins-notes"})["code"], "CONFLICT", "slug given")
    equal(envelope(alice.ok("GET", f"/api/datasets/{data['id']}"))["id"], data["id"], "id")
    equal(bobby.fails(404, "GET", f"/api/datasets/{data['id']}")["error"]["code"], "NOT_FOUND", "somebody else's")
    equal(bobby.fails(404, "DELETE", f"/api/datasets/{data['id']}")["error"]["code"], "NOT_FOUND", "deleted by another")
    equal(envelope(alice.ok("DELETE", f"/api/datasets/{data['id']}"))["id"], data["id"], "answer of DELETE")
    alice.fails(404, "GET", f"/api/datasets/{data['id']}")
    alice.fails(404, "DELETE", f"/api/datasets/{data['id']}")
    need(data["id"] in [i["id"] for i in alice.ok("GET", "/api/trash")["data"]], "not in the trash")
    for body in ({}, {"name": ""}, {"name": "x", "task": "none"}, {"name": "x" * 101}, {"name": "a\u0001b"}, [], 7):
        alice.fails(400, "POST", "/api/datasets", body)


@line(30, "export is NDJSON of section 5 for the five tasks")
def exports(world, check):
    server, alice = world.main(), world.alice()
    for task in TASKS:
        with check.part(task):
            flat = alice.ok("GET", f"/api/datasets/alice/shapes-{task}/export")
            need(flat["downloadUrl"].startswith(server.origin + "/") and isinstance(flat["cached"], bool), flat)
            data = envelope(alice.ok("POST", f"/api/datasets/{world.kept[f'dataset-{task}'][0]}/export", {}))
            need({"downloadUrl", "format", "expiresAt"} <= data.keys() and data["format"] == "ndjson", data)
            equal(flat["downloadUrl"].split("?")[0].split("/")[-1], f"shapes-{task}.ndjson", "name of the file")
            read = send(server.origin, "GET", flat["downloadUrl"])
            rows = [json.loads(row) for row in read.body.decode().splitlines()]
            first, images = rows[0], rows[1:]
            equal(first["type"], "dataset", "type of line 1")
            equal(first["task"], task, "task")
            equal(first["class_names"], {"0": "square", "1": "triangle"}, "class_names")
            equal(first["url"], f"{server.origin}/alice/datasets/shapes-{task}", "url")
            equal({"path", "train", "val", "names", "nc", "download"} & first.keys(), set(), "members that harm")
            if task == "pose":
                equal((first["kpt_shape"], first["flip_idx"]), ([3, 3], [0, 1, 2]), "keypoints")
            equal(len(images), 8, "images")
            drawn = {hashlib.sha256(data).hexdigest()[:32]: (index, objects)
                     for index, (data, objects) in enumerate(scene.drawing(100 + i) for i in range(8))}
            for image in images:
                shaped(image, {"file": str, "url": str, "width": int, "height": int, "split": str, "annotations": dict}, "image")
                equal(image["type"], "image", "type")
                stem = image["url"].split("?")[0].split("/")[-1]
                need(re.fullmatch(r"[0-9a-f]{32}\.png", stem), f"last segment {stem}")
                index, objects = drawn[stem[:32]]
                equal((image["width"], image["height"], image["split"]), (96, 96, scene.split(index, 8)), "image")
                equal(list(image["annotations"]), [scene.KEYS[task]], "keys of annotations")
                given = image["annotations"][scene.KEYS[task]]
                expected = scene.rows(task, objects)
                if task == "classify":
                    need(given == expected and isinstance(given[0], int), f"{given} instead of {expected}")
                else:
                    need(np.allclose(np.array(sum(given, [])), np.array(sum(expected, [])), atol=1e-6), f"labels of {stem}")
                    need(all(isinstance(row[0], int) for row in given), "a class that is no integer")
            again = alice.ok("GET", f"/api/datasets/alice/shapes-{task}/export")
            second = send(server.origin, "GET", again["downloadUrl"]).body.decode()
            strip = lambda text: re.sub(r"\?[^\"]*", "", text)
            equal(strip(second), strip(read.body.decode()), "the same export, signatures aside")
            image = send(server.origin, "GET", images[0]["url"])
            equal(hashlib.sha256(image.body).hexdigest()[:32], images[0]["url"].split("?")[0].split("/")[-1][:32], "content")


@line(31, "the four calls of projects")
def projects(world, check):
    alice, bobby = world.alice(), world.bobby()
    data = envelope(alice.ok("POST", "/api/projects", {"name": "My Lab", "description": "Detection experiments"}, status=201))
    shaped(data, {"id": str, "name": str, "slug": str, "visibility": str, "modelCount": int, "createdAt": str}, "project")
    equal((data["slug"], data["visibility"], data["modelCount"]), ("my-lab", "private", 0), "project")
    model = alice.model(data["id"], "one", WEIGHTS / "shapes-detect.pt")
    value = alice.ok("GET", "/api/projects?limit=100")
    need(data["id"] in [p["id"] for p in envelope(value, True)], "not in the list")
    found = envelope(alice.ok("GET", f"/api/projects/{data['id']}"))
    equal((found["modelCount"], [m["id"] for m in found["models"]]), (1, [model["id"]]), "models")
    bobby.fails(404, "GET", f"/api/projects/{data['id']}")
    bobby.fails(404, "DELETE", f"/api/projects/{data['id']}")
    equal(alice.ok("DELETE", f"/api/projects/{data['id']}")["data"]["cascadedModels"], 1, "cascadedModels")
    alice.fails(404, "GET", f"/api/projects/{data['id']}")
    alice.fails(404, "GET", f"/api/models/{model['id']}")


@line(32, "models: upload of a .pt, task found, list by project, files, delete")
def models(world, check):
    server, alice, bobby = world.main(), world.alice(), world.bobby()
    project = alice.ok("POST", "/api/projects", {"name": "Uploads"}, status=201)["data"]["id"]
    for task in TASKS:
        with check.part(task):
            path = WEIGHTS / f"shapes-{task}.pt"
            answer = alice.form("/api/models", {"projectId": project, "name": f"My {task}"}, path.read_bytes(), "best.pt")
            equal(answer.status, 201, str(answer))
            model = envelope(answer.json)
            shaped(model, {"id": str, "name": str, "slug": str, "projectId": str, "status": str, "visibility": str,
                           "createdAt": str}, "model")
            equal((model["task"], model["status"], model["projectId"]), (task, "completed", project), "model")
            need(model["classNames"], "no classNames")
            files = envelope(alice.ok("GET", f"/api/models/{model['id']}/files"))
            shaped(files[0], {"name": str, "size": int, "downloadUrl": str, "expiresAt": str}, "file")
            read = send(server.origin, "GET", files[0]["downloadUrl"])
            equal(hashlib.sha256(read.body).hexdigest(), hashlib.sha256(path.read_bytes()).hexdigest(), "SHA-256")
            bobby.fails(404, "GET", f"/api/models/{model['id']}/files")
    with check.part("list"):
        value = alice.ok("GET", f"/api/models?projectId={project}&limit=100")
        equal([m["name"] for m in envelope(value, True)], [f"My {t}" for t in reversed(TASKS)], "models")
        equal(alice.ok("GET", f"/api/models?projectId={project}&task=pose")["meta"]["total"], 1, "by task")
        alice.fails(400, "GET", "/api/models?task=none")
    with check.part("refusals"):
        need(alice.form("/api/models", {"projectId": project}, b"no checkpoint", "x.pt").status == 400, "no checkpoint")
        need(alice.form("/api/models", {}, (WEIGHTS / "shapes-pose.pt").read_bytes(), "x.pt").status == 400, "no project")
        need(alice.form("/api/models", {"projectId": "project_" + "0" * 24}, (WEIGHTS / "shapes-pose.pt").read_bytes(),
                        "x.pt").status == 404, "a project that is not there")
        need(alice.form("/api/models", {"projectId": project, "name": "none"}).status == 400, "no file")
        equal(alice.call("POST", "/api/models", data=b"<x/>", kind="application/xml").status, 415, "another content type")
    with check.part("delete"):
        last = alice.ok("GET", f"/api/models?projectId={project}")["data"][0]["id"]
        envelope(alice.ok("DELETE", f"/api/models/{last}"))
        alice.fails(404, "GET", f"/api/models/{last}/files")
        need(alice.ok("GET", f"/api/models?projectId={project}")["meta"]["total"] == 4, "still in the list")


@line(33, "predict on an id: predictions as printed, images beside")
def predict(world, check):
    alice = world.alice()
    places = {"detect": "shapes.jpg", "segment": "shapes-segment.jpg", "pose": "shapes-pose.jpg", "obb": "shapes-obb.jpg",
              "classify": "shapes-classify.jpg"}
    for task, image in places.items():
        with check.part(task):
            answer = alice.form(f"/api/models/{world.kept[f'model-{task}'][0]}/predict", {"conf": 0.25, "iou": 0.45},
                                (WEIGHTS / image).read_bytes())
            equal(answer.status, 200, str(answer))
            value = answer.json
            need(value["success"] is True and value["predictions"], value)
            results = value["images"][0]["results"]
            equal(len(value["predictions"]), len(results), "number of predictions")
            equal(value["metadata"]["task"], task, "metadata.task")
            need(value["metadata"].get("classNames"), "no metadata.classNames")
            for ours, hub in zip(value["predictions"], results):
                need(isinstance(ours["class"], str) and ours["class"] == hub["name"], ours)
                equal((ours["classId"], ours["confidence"]), (hub["class"], hub["confidence"]), "class")
                if task == "classify":
                    need("box" not in ours, ours)
                    continue
                order = ["x1", "y1", "x2", "y2"] + (["x3", "y3", "x4", "y4"] if task == "obb" else [])
                equal(list(hub["box"]), order, "order of the box")
                equal(ours["box"], hub["box"], "box")
                if task == "segment":
                    equal(set(ours["segments"]), {"x", "y"}, "segments")
                if task == "pose":
                    need({"x", "y"} <= set(ours["keypoints"]), "keypoints")
            equal(set(value["images"][0]["speed"]), {"preprocess", "inference", "postprocess"}, "speed")
    with check.part("thresholds"):
        path = f"/api/models/{world.kept['model-detect'][0]}/predict"
        data = (WEIGHTS / "shapes.jpg").read_bytes()
        few = alice.form(path, {"conf": 0.99}, data).json["predictions"]
        many = alice.form(path, {"conf": 0.01}, data).json["predictions"]
        need(len(few) < len(many) and all(p["confidence"] >= 0.99 for p in few), f"{len(few)}, {len(many)}")
        need(alice.form(path, {"conf": 2}, data).status == 400, "conf=2")
        need(alice.form(path, {"iou": "x"}, data).status == 400, "iou=x")
        need(alice.form(path, {}).status == 400, "no file")
        equal(alice.form(path, {}, b"no image").status, 415, "no image")
        need(world.bobby().form(path, {}, data).status == 404, "somebody else's model")


@line(34, "training start with the seed's body, status, cancel")
def training(world, check):
    alice = world.alice()
    world.supports("--trainer")
    made = alice.ok("POST", "/api/models", {"project": "shapes", "model": "seed-run", "name": "seed-run"}, status=201)
    body = json.loads(seed_page.REQUESTS["start training"][1])
    body |= {"modelId": made["id"], "datasetId": world.kept["dataset-detect"][0], "epochs": 50}
    data = envelope(alice.ok("POST", "/api/training/start", body))
    need({"modelId", "jobId", "status", "gpuType", "estimatedCost", "billing"} <= data.keys(), data)
    equal(data["modelId"], made["id"], "modelId")
    need(re.fullmatch(f"job_{ID}", data["jobId"]), data["jobId"])
    equal(alice.fails(409, "POST", "/api/training/start", body)["error"]["code"], "CONFLICT", "started twice")
    path = f"/api/models/{made['id']}/training"
    job = until(lambda: (lambda j: j if j["progress"]["currentEpoch"] >= 2 else None)(envelope(alice.ok("GET", path))),
                "two epochs", 60, 0.1)
    shaped(job, {"id": str, "status": str, "progress": dict, "timing": dict, "trainArgs": dict, "createdAt": str, "updatedAt": str}, "job")
    equal((job["status"], job["progress"]["totalEpochs"]), ("running", 50), "job")
    need(0 < job["progress"]["percentage"] < 100, job["progress"])
    equal(str(job["trainArgs"]["imgsz"]), "640", "imgsz")
    equal(envelope(alice.ok("DELETE", path))["status"], "cancelled", "answer of DELETE")
    equal(envelope(alice.ok("GET", path))["status"], "cancelled", "status")
    at = envelope(alice.ok("GET", path))["progress"]["currentEpoch"]
    time.sleep(4)
    need(envelope(alice.ok("GET", path))["progress"]["currentEpoch"] <= at + 2, "the training went on")
    alice.fails(409, "DELETE", path)
    equal(alice.fails(404, "POST", "/api/training/start", body | {"modelId": "model_" + "0" * 24})["error"]["code"], "NOT_FOUND", "a model that is not there")
    alice.fails(404, "POST", "/api/training/start", body | {"datasetId": "dataset_" + "0" * 24})
    alice.fails(400, "POST", "/api/training/start", {"modelId": made["id"]})
    alice.fails(400, "POST", "/api/training/start", body | {"epochs": 0})
    never = alice.ok("GET", f"/api/models/{world.kept['model-pose'][0]}/training")
    need(never["data"] is None, f"a model that was never trained: {never}")


@line(35, "every error code of the page, exact in shape")
def errors(world, check):
    server, alice = world.main(), world.alice()

    def code(status, name, method, path, body=None, client=alice, **more):
        answer = client.call(method, path, body, **more)
        equal(answer.status, status, f"{method} {path}")
        value = answer.json
        need(set(value) >= {"success", "error"} and value["success"] is False, value)
        equal(set(value["error"]), {"code", "message", "details"}, "members of error")
        equal(value["error"]["code"], name, "code")
        need(isinstance(value["error"]["message"], str) and value["error"]["message"], value)
        need(isinstance(value["error"]["details"], dict), f"details: {value['error']['details']!r}")
        equal(answer.headers["content-type"].split(";")[0], "application/json", "content type")
        need("x-request-id" in answer.headers, "no X-Request-Id")

    with check.part("UNAUTHORIZED"):
        code(401, "UNAUTHORIZED", "GET", "/api/datasets", client=server.client())
        code(401, "UNAUTHORIZED", "GET", "/api/datasets", client=server.client("ul_" + "0" * 40))
        code(401, "UNAUTHORIZED", "GET", "/api/datasets", client=server.client("x"))
    with check.part("FORBIDDEN"):
        code(403, "FORBIDDEN", "POST", "/api/datasets", {"name": "x"}, client=server.client(server.key("alice", "read")))
    with check.part("NOT_FOUND"):
        code(404, "NOT_FOUND", "GET", "/api/datasets/dataset_" + "0" * 24)
    with check.part("VALIDATION_ERROR"):
        code(400, "VALIDATION_ERROR", "POST", "/api/datasets", {"name": 7})
        code(400, "VALIDATION_ERROR", "POST", "/api/datasets", data=b"{", kind="application/json")
        details = alice.call("GET", "/api/datasets?limit=x").json["error"]["details"]
        need({"argument", "value", "expected"} <= details.keys(), f"details {details}")
    with check.part("RATE_LIMITED"):
        key = server.account("hasty", "free", unlimited=False)
        client = server.client(key)
        for _ in range(60):
            client.call("GET", "/api/datasets")
        code(429, "RATE_LIMITED", "GET", "/api/datasets", client=client)
    with check.part("INTERNAL_ERROR"):
        own = world.platform("broken")
        key = own.account("alice")
        with own:
            client = own.client(key)
            made = client.ok("POST", "/api/datasets", {"name": "gone"}, status=201)
            client.ingest("alice", "gone", made["id"], scene.zipped(scene.files("detect")), "set.zip")
            url = client.ok("GET", "/api/datasets/alice/gone/images")["images"][0]["url"]
            for path in (own.data / "objects").rglob("*"):
                if path.is_file():
                    path.unlink()
            answer = send(own.origin, "GET", url)
            equal(answer.status, 500, "a file that was removed from outside")
            value = answer.json
            equal(value.get("code") or value["error"]["code"], "INTERNAL_ERROR", "code")
    with check.part("flat"):
        value = alice.fails(404, "GET", "/api/datasets/alice/none-such")
        need(isinstance(value["error"], str) and value["code"] == "NOT_FOUND", value)
        value = server.client().fails(401, "GET", "/api/account/summary")
        need(isinstance(value["error"], str) and value["code"] == "UNAUTHORIZED", value)


@line(36, "rate limits: 61st and 1,001st call, Pro 301st, two keys share, events and files are free")
def rates(world, check):
    server = world.platform("rates")
    keys = {name: server.account(name, plan, unlimited=False) for name, plan in
            (("freeman", "free"), ("daily", "free"), ("prouser", "pro"))}
    server.yolo("accounts", "plan", "daily", "free", "--per-minute", 100_000)
    second = server.key("freeman", "write")
    with server:
        def count(client, number, path="/api/datasets"):
            for index in range(number):
                answer = client.call("GET", path)
                need(answer.status == 200, f"call {index + 1}: {answer}")
            return answer

        def limited(client, limit, most):
            answer = client.call("GET", "/api/datasets")
            equal(answer.status, 429, f"call {limit + 1}")
            for name in ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "retry-after"):
                need(name in answer.headers and answer.headers[name].isdigit(), f"{name}: {answer.headers.get(name)}")
            equal((answer.headers["x-ratelimit-limit"], answer.headers["x-ratelimit-remaining"]), (str(limit), "0"), "headers")
            wait = int(answer.headers["x-ratelimit-reset"]) - time.time()
            need(-2 <= wait <= most + 2, f"reset in {wait:.0f} s")
            need(0 <= int(answer.headers["retry-after"]) <= most + 1, f"Retry-After {answer.headers['retry-after']}")

        with check.part("free, two keys"):
            one, two = server.client(keys["freeman"]), server.client(second)
            first = count(one, 1)
            equal((first.headers["x-ratelimit-limit"], first.headers["x-ratelimit-remaining"]), ("60", "59"), "headers")
            count(one, 29)
            count(two, 30)
            limited(one, 60, 60)
            limited(two, 60, 60)
        with check.part("a day"):
            client = server.client(keys["daily"])
            count(client, 1000)
            limited(client, 1000, 86400)
        with check.part("pro"):
            client = server.client(keys["prouser"])
            last = count(client, 300)
            equal(last.headers["x-ratelimit-limit"], "300", "limit")
            limited(client, 300, 60)
        with check.part("files are free"):
            rich = server.account("richer")
            client = server.client(rich)
            made = client.dataset("free files", scene.zipped(scene.files("detect")))
            url = client.ok("GET", f"/api/datasets/richer/{made['dataset']['dataset']}/images")["images"][0]["url"]
            server.yolo("accounts", "plan", "richer", "free")
            before = int(client.call("GET", "/api/datasets").headers["x-ratelimit-remaining"])
            for _ in range(70):
                equal(send(server.origin, "GET", url).status, 200, "file")
            after = int(client.call("GET", "/api/datasets").headers["x-ratelimit-remaining"])
            equal(before - after, 1, "calls that 70 files used up")
        with check.part("events are free"):
            client = server.client(server.account("eventful", "free", unlimited=False))
            answer = client.call("POST", "/api/webhooks/training/metrics", {
                "event": "training_started", "project": "p", "name": "n", "data": {"epochs": 1}})
            equal(answer.status, 200, str(answer))
            model = answer.json["modelId"]
            for index in range(80):
                answer = client.call("POST", "/api/webhooks/training/metrics", {
                    "event": "console_output", "modelId": model, "data": {"chunkId": index, "content": "x", "lineCount": 1}})
                equal(answer.status, 200, f"event {index}")
            equal(client.call("GET", "/api/datasets").headers["x-ratelimit-remaining"], "59", "calls left")
