"""Lines 3 to 8, 11 to 19 and 60: trainings that the official client reports, and the queue of those started here."""
import hashlib
import os
import re
import shutil
import time
from pathlib import Path

import scene
from clients import Official, official, training_is_built
from harness import WEIGHTS, Failed, equal, line, need, send, until
from reporter import Reporter

CURVES = {"pr_curve", "f1_curve", "precision_curve", "recall_curve"}


def trained(world, task):
    """Trains one epoch of a task with the official client, once; returns what it was."""
    training_is_built(world)
    return world.once(f"trained-{task}", lambda: official(
        world, "train", f"train-{task}", uri=f"ul://alice/shapes/shapes-{task}", arguments={
            "data": f"ul://alice/datasets/shapes-{task}", "project": "alice/My Project", "name": f"{task}-exp"}))


def holds(world, task, metric):
    """Holds the model of a training to what it must be; returns it with what the client printed."""
    found, text = trained(world, task)
    alice, server = world.alice(), world.main()
    address = f"{server.origin}/alice/my-project/{task}-exp"
    need(f"View results at {address}" in text, f"the client does not end with the results' address: {text[-300:]}")
    answer = alice.ok("GET", f"/api/models/alice/my-project/{task}-exp")
    model = answer["model"]
    equal(model["status"], "completed", "status")
    equal(model["hasWeights"], True, "hasWeights")
    equal(model["task"], task, "task")
    equal(model["classNames"], list(scene.NAMES), "classNames")
    need(model["metrics"] and all(isinstance(v, (int, float)) for v in model["metrics"].values()), model["metrics"])
    # Of masks and keypoints the names stand alone; those of their boxes keep what tells them.
    boxes = task in ("segment", "pose")
    need(not any(n.startswith("metrics/") or n.endswith(("(M)", "(P)")) or n.endswith("(B)") and not boxes for n in model["metrics"]), model["metrics"])
    need(metric in model["metrics"], f"no {metric}: {model['metrics']}")
    equal(model.get("epochs"), 1, "epochs")
    equal([r["epoch"] for r in model["trainResults"]], [0], "epochs of trainResults")
    need(model.get("startedAt") and model.get("completedAt"), "no times")
    job = alice.ok("GET", f"/api/models/alice/my-project/{task}-exp/training")["job"]
    equal(job["status"], "completed", "status of the job")
    equal(job["progress"]["percentage"], 100, "percentage")
    need(answer["isOwner"] is True, "isOwner")
    for key in (world.keys["alice"], None):  # a browser sends none
        page = send(server.origin, "GET", address, headers={"Accept": "text/html", **({"Authorization": f"Bearer {key}"} if key else {})})
        equal(page.status, 200, "the page of the results")
        need(page.body.lstrip()[:15].lower() == b"<!doctype html>", f"the page of the results: {page}")
    return model, found


def kinds(model):
    """The kinds of a model's plots."""
    plots = model.get("plots") or []
    return {(p.get("type") or p.get("name")) if isinstance(p, dict) else p for p in plots} if isinstance(plots, list) else set(plots)


@line(3, "train(): detect ends with the results' address; completed, weights, metrics, names, five plots", slow=True)
def detect(world, check):
    model, found = holds(world, "detect", "mAP50-95")
    equal(kinds(model), CURVES | {"confusion_matrix"}, "plots")
    need(abs(model["metrics"]["mAP50-95"] - found["metrics"]["metrics/mAP50-95(B)"]) < 1e-4,
         f"mAP50-95 {model['metrics']['mAP50-95']} instead of {found['metrics']}")
    equal(model.get("datasetId"), world.kept["dataset-detect"][0], "datasetId")
    equal(model.get("sourceModelId"), world.kept["model-detect"][0], "sourceModelId")
    need(model.get("environment", {}).get("ultralyticsVersion") == "8.4.190", f"environment {model.get('environment')}"[:200])
    chunks = model.get("consoleChunks") or []
    need(chunks and all({"chunkId", "content", "lineCount", "timestamp"} <= c.keys() for c in chunks), "no console")


@line(4, "the same for segment", slow=True)
def segment(world, check):
    holds(world, "segment", "mAP50-95")


@line(5, "the same for pose; kpt_shape and flip_idx are in data.yaml", slow=True)
def pose(world, check):
    _, found = holds(world, "pose", "mAP50-95")
    equal(found["data"]["kpt_shape"], [3, 3], "kpt_shape")
    equal(found["data"]["flip_idx"], [0, 1, 2], "flip_idx")


@line(6, "the same for obb", slow=True)
def obb(world, check):
    holds(world, "obb", "mAP50-95")


@line(7, "the same for classify (accuracy_top1)", slow=True)
def classify(world, check):
    model, _ = holds(world, "classify", "accuracy_top1")
    need("confusion_matrix" in kinds(model), f"plots {kinds(model)}")


@line(8, "the trained weights come back by ul:// with the SHA-256 of best.pt", slow=True)
def comes_back(world, check):
    found, _ = trained(world, "detect")
    loaded, _ = official(world, "load", "comes-back", uri="ul://alice/my-project/detect-exp",
                         image=str(WEIGHTS / "shapes.jpg"))
    equal(loaded["sha"], found["sha"], "SHA-256")


@line(11, "name=\"exp\" again becomes exp-2; project \"runs/x\" is the caller's project x")
def names(world, check):
    training_is_built(world)
    alice, server = world.alice(), world.main()
    slugs = [Reporter(alice, project="alice/named", name="exp").answer["modelSlug"] for _ in range(3)]
    equal(slugs, ["exp", "exp-2", "exp-3"], "slugs")
    made = Reporter(alice, project="runs/x", name="exp")
    equal(made.answer["modelUrl"], f"{server.origin}/alice/x/exp", "modelUrl")
    project = alice.ok("GET", "/api/projects/alice/x")["project"]
    equal(project["visibility"], "private", "visibility of a project that was missing")
    answer = alice.call("POST", "/api/webhooks/training/metrics", {
        "event": "training_started", "project": "bobby/theirs", "name": "exp", "data": {"epochs": 1}})
    equal(answer.status, 403, "a project of somebody else")


def begun(world, name, epochs, **more):
    """Begins a training of the official client in the background; returns the process and the model once it is known."""
    run = Official(world, world.main().origin, world.keys["alice"], "train", {
        "uri": "ul://alice/shapes/shapes-detect", "arguments": {
            "data": "ul://alice/datasets/shapes-detect", "project": "alice/runs", "name": name, "epochs": epochs,
            "plots": False, **more}}, name)
    alice = world.alice()

    def model():
        if run.process.poll() is not None:
            raise Failed(f"the client ended with {run.process.returncode}: {run.text()[-300:]}")
        answer = alice.call("GET", f"/api/models/alice/runs/{name}")
        return answer.json["model"] if answer.status == 200 else None

    return run, until(model, "the training is reported", 400, 0.03)


def epochs_of(alice, model):
    """How many epochs of a model have been reported."""
    return len(alice.ok("GET", f"/api/models/{model}")["data"].get("trainResults") or [])


@line(12, "a cancelled training ends within two epochs, with partial weights", slow=True)
def cancelled(world, check):
    training_is_built(world)
    alice = world.alice()
    run, model = begun(world, "cancelled", 60)
    until(lambda: epochs_of(alice, model["id"]) >= 2, "two epochs", 400)
    equal(alice.ok("DELETE", f"/api/models/{model['id']}/training")["data"]["status"], "cancelled", "answer of DELETE")
    at, result = epochs_of(alice, model["id"]), run.result(400)
    now = alice.ok("GET", f"/api/models/{model['id']}")["data"]
    need(result["epoch"] + 1 <= at + 2, f"ended after epoch {result['epoch'] + 1}; it was cancelled at {at}")
    equal(now["status"], "cancelled", "status")
    need(now["hasWeights"], "no partial weights")
    files = alice.ok("GET", f"/api/models/{model['id']}/files")["data"]
    read = send(world.main().origin, "GET", files[0]["downloadUrl"])
    equal(hashlib.sha256(read.body).hexdigest(), result["sha"], "SHA-256 of the partial weights")


# A trainer that begins only once it is told to: the official client.
WAITING = """cd {place} && touch begun
while [ ! -e go ]; do sleep 0.1; done
{yolo} train "$@" device=cpu workers=0 plots=False > train.log 2>&1
echo $? > ended
"""


@line(13, "cancelled before it began: the client ends, no epoch beyond 1 is counted; as soon as it began: none that it did not run", slow=True)
def cancelled_early(world, check):
    training_is_built(world)
    with check.part("before"):
        world.supports("--trainer")
        yolo = Path(world.python).parent / "yolo"
        need(yolo.is_file(), f"no {yolo}")
        place = world.directory / "early"
        (place / "config").mkdir(parents=True)
        (place / "waiting.sh").write_text(WAITING.format(place=place, yolo=yolo))
        server = world.platform("early", "--trainer", f"sh {place}/waiting.sh {{args}}", "--trainer-grace", 600, environment={
            "YOLO_CONFIG_DIR": str(place / "config"), "YOLO_OFFLINE": "true", "YOLO_VERBOSE": "true", "OMP_NUM_THREADS": "1"})
        key = server.account("alice")
        with server:
            alice = server.client(key)
            project = alice.ok("POST", "/api/projects", {"name": "Q", "project": "q"}, status=201)["id"]
            model = alice.model(project, "one", WEIGHTS / "shapes-detect.pt")["id"]
            data = alice.dataset("shapes", scene.zipped(scene.files("detect")), task="detect")["dataset"]["id"]
            alice.ok("POST", "/api/training/start", {"modelId": model, "datasetId": data, "epochs": 40, "imageSize": 96})
            until((place / "begun").exists, "the trainer begins", 60)
            equal(alice.ok("DELETE", f"/api/models/{model}/training")["data"]["status"], "cancelled", "answer of DELETE")
            (place / "go").touch()
            until((place / "ended").exists, "the client ends", 300, 0.2)
            text = (place / "train.log").read_text(errors="replace")
            equal((place / "ended").read_text().strip(), "0", f"exit code: {text[-300:]}")
            need("cancelled" in text.lower(), f"the client was not told: {text[-300:]}")
            job = alice.ok("GET", f"/api/models/{model}/training")["data"]
            equal(job["status"], "cancelled", "status")
            need(job["progress"]["currentEpoch"] <= 1, f"progress {job['progress']}")
    with check.part("as soon as it began"):
        alice = world.alice()
        run, model = begun(world, "early", 40)
        equal(alice.ok("DELETE", f"/api/models/{model['id']}/training")["data"]["status"], "cancelled", "answer of DELETE")
        at, result = epochs_of(alice, model["id"]), run.result(400)
        job = alice.ok("GET", f"/api/models/{model['id']}/training")["data"]
        equal(job["status"], "cancelled", "status")
        # The client hears of it by the answer to an epoch, and ends with the next one.
        need(job["progress"]["currentEpoch"] <= min(at + 2, result["epoch"] + 1), f"progress {job['progress']}, the client's {result['epoch']}")
        equal(alice.fails(409, "DELETE", f"/api/models/{model['id']}/training")["error"]["code"], "CONFLICT", "cancelled twice")


@line(14, "kill -9 and resume=True: the same model, a new run", slow=True)
def resumed(world, check):
    training_is_built(world)
    alice = world.alice()
    run, model = begun(world, "resumed", 12)
    until(lambda: epochs_of(alice, model["id"]) >= 2, "two epochs", 400)
    run.process.kill()
    run.process.wait()
    need(alice.ok("GET", f"/api/models/{model['id']}/training")["data"]["status"] == "running", "not running after the kill")
    last = next(iter(run.directory.rglob("last.pt")), None)
    need(last, "no last.pt")
    copy = world.directory / "resumed-last.pt"
    shutil.copy(last, copy)
    world.kept["killed"] = (copy, model["id"]), None
    before = epochs_of(alice, model["id"])
    result = Official(world, world.main().origin, world.keys["alice"], "resume", {"path": str(last)}, "resumed").result(300)
    now = alice.ok("GET", f"/api/models/{model['id']}")["data"]
    equal(now["status"], "completed", "status")
    equal(len(now["trainResults"]), 12, "epochs")
    need(before < 12, "the training had ended before it was killed")
    files = alice.ok("GET", f"/api/models/{model['id']}/files")["data"]
    read = send(world.main().origin, "GET", files[0]["downloadUrl"])
    equal(hashlib.sha256(read.body).hexdigest(), result["sha"], "SHA-256 of best.pt")
    listed = [m["model"] for m in alice.ok("GET", "/api/models/alice/runs")["models"]]
    need("resumed-2" not in listed, f"a second model was made: {listed}")
    answer = Reporter(alice, model=model["id"])
    equal(answer.run, 3, "runId of the third run")
    equal(answer.model, model["id"], "modelId")


@line(15, "resuming a training whose model is in the trash makes a new one")
def resumed_new(world, check):
    training_is_built(world)
    alice = world.alice()
    first = Reporter(alice, project="alice/trashed", name="exp")
    alice.ok("DELETE", f"/api/models/{first.model}")
    answer = alice.call("POST", "/api/webhooks/training/metrics", {
        "event": "training_started", "modelId": first.model, "data": {"epochs": 2}})
    need(answer.status == 404 or answer.status == 200 and answer.json.get("cancelled") is True,
         f"training_started of a model in the trash: {answer}")
    second = Reporter(alice, project="alice/trashed", name="exp")
    need(second.model != first.model, "the same model")
    items = [i["_id"] for i in alice.ok("GET", "/api/trash")["items"]]
    need(first.model in items, "the old model left the trash")
    if "killed" in world.kept:
        with check.part("the official client"):
            copy, model = world.kept["killed"][0]
            alice.ok("DELETE", f"/api/models/{model}")
            Official(world, world.main().origin, world.keys["alice"], "resume", {"path": str(copy)}, "resumed").result(300)
            now = alice.ok("GET", "/api/models/alice/runs/resumed")["model"]
            need(now["id"] != model and now["status"] == "completed", f"{now['id']} is {now['status']}, before {model}")
            need(model in [i["_id"] for i in alice.ok("GET", "/api/trash?limit=100")["items"]], "the old model left the trash")


@line(16, "epoch_end twice, out of order and with epoch = epochs: one row an epoch, at most 100 %")
def disorder(world, check):
    training_is_built(world)
    run = Reporter(world.alice(), name="disorder", epochs=4)
    for epoch in (1, 0, 3, 1, 2, 2):
        run.epoch(epoch, loss=float(epoch))
        progress = run.job()["progress"]
        need(0 <= progress["percentage"] <= 100 and progress["currentEpoch"] <= 4, progress)
        equal(progress["totalEpochs"], 4, "totalEpochs")
    run.epoch(4)
    progress = run.job()["progress"]
    need(progress["percentage"] == 100 and progress["currentEpoch"] == 4, progress)
    found = [row["epoch"] for row in run.state()["trainResults"]]
    equal(found, [0, 1, 2, 3], "rows")
    nan = run.post("epoch_end", {"epoch": 2, "metrics": {"train/box_loss": None}, "fitness": None}, modelId=run.model)
    need(nan["received"], nan)


@line(17, "console chunks in reverse order are read in order")
def console(world, check):
    training_is_built(world)
    run = Reporter(world.alice(), name="console")
    base = int(time.time() * 1000)
    for index in reversed(range(6)):
        run.console(base + index, f"line {index} \x1b[32mgreen\x1b[0m")
    run.console(base + 3, "line 3 \x1b[32mgreen\x1b[0m")
    chunks = run.state()["consoleChunks"]
    equal([c["chunkId"] for c in chunks], [base + i for i in range(6)], "chunks")
    need(all(c["content"].startswith(f"line {i} ") for i, c in enumerate(chunks)), chunks)


@line(18, "checkpoint_saved with a foreign path or an old run changes no weights")
def foreign(world, check):
    training_is_built(world)
    alice, server = world.alice(), world.main()
    first, second = (Reporter(alice, name="foreign") for _ in range(2))
    detect, pose = ((WEIGHTS / f"shapes-{task}.pt").read_bytes() for task in ("detect", "pose"))
    first.checkpoint(detect)
    def weights():
        file = alice.ok("GET", f"/api/models/{first.model}/files")["data"][0]
        return send(server.origin, "GET", file["downloadUrl"]).body
    need(weights() == detect, "the weights that were saved")

    def refused(path, run=None, status=403):
        answer = alice.call("POST", "/api/webhooks/training/metrics", {
            "event": "checkpoint_saved", "modelId": first.model, "data": {"modelPath": path, "runId": run or first.run}})
        need(answer.status == status or answer.status == 200 and answer.json.get("ignored"),
             f"checkpoint_saved of {path}: {answer}")
        need(weights() == detect, f"the weights changed by {path}")

    other = second.ticket(pose)
    need(send(server.origin, "PUT", other["uploadUrl"], pose).status < 300, "PUT")
    refused(other["gcsPath"])
    refused("models/../../etc/passwd")
    refused("nothing")
    late = first.ticket(pose)
    need(send(server.origin, "PUT", late["uploadUrl"], pose).status < 300, "PUT")
    empty = first.ticket(pose)
    refused(empty["gcsPath"], status=409)  # nothing has arrived
    again = Reporter(alice, model=first.model)
    need(again.run != first.run, "the same runId")
    refused(late["gcsPath"], first.run)
    refused(late["gcsPath"], again.run)
    paths = {first.ticket(pose, again.run)["gcsPath"] for _ in range(3)}
    equal(len(paths), 3, "different tickets")
    bobby = world.bobby()
    answer = bobby.call("POST", "/api/webhooks/models/upload", {"filename": "best.pt", "modelId": first.model, "runId": again.run})
    equal(answer.status, 404, "an upload to a model of somebody else")


@line(19, "a checkpoint of a running training can be downloaded")
def midway(world, check):
    training_is_built(world)
    alice, server = world.alice(), world.main()
    run = Reporter(alice, name="midway")
    run.epoch(0)
    for task in ("detect", "pose"):
        data = (WEIGHTS / f"shapes-{task}.pt").read_bytes()
        run.checkpoint(data)
        equal(run.state()["status"], "running", "status")
        files = alice.ok("GET", f"/api/models/{run.model}/files")["data"]
        need(send(server.origin, "GET", files[0]["downloadUrl"]).body == data, "other bytes")
        run.epoch(1)
    equal(run.job()["status"], "running", "status of the job")


@line(60, "a trainer that hangs, dies or floods: the job fails, the queue goes on")
def trainers(world, check):
    world.supports("--trainer")
    command = f"{os.sys.executable} {scene.TRAINER} {{args}}"
    server = world.platform("trainers", "--trainer", command, *world.given("--training-silence", 15),
                            *world.given("--trainer-grace", 1), *world.given("--trainer-kill", 1))
    key = server.account("alice")
    with server:
        alice = server.client(key)
        alice.ok("POST", "/api/projects", {"name": "Q", "project": "q"}, status=201)
        made = alice.dataset("shapes detect", scene.zipped(scene.files("detect")), dataset="shapes-detect", task="detect")
        ids = {}
        for name in ("die-one", "hang-one", "flood-one", "good-one"):
            ids[name] = alice.ok("POST", "/api/models", {"project": "q", "model": name, "name": name}, status=201)["id"]
            answer = alice.ok("POST", "/api/training/start", {"modelId": ids[name], "datasetId": made["dataset"]["id"], "epochs": 2})
            need(answer["data"]["status"] in ("starting", "pending", "queued"), answer)
        states = {}
        for name, expected in (("die-one", "failed"), ("hang-one", "failed"), ("flood-one", "failed"), ("good-one", "completed")):
            def ended():
                job = alice.ok("GET", f"/api/models/{ids[name]}/training")["data"]
                return job if job["status"] in ("failed", "completed", "cancelled") else None
            job = until(ended, f"{name} ends", 90, 0.2)
            states[name] = job["status"]
            equal(job["status"], expected, name)
            if expected == "failed":
                need(job["error"] and job["error"]["message"], f"{name} without a reason")
        resident = int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{server.process.pid}/status").read_text())[1])
        check.note(f"{states}, {resident // 1024} MiB resident")
