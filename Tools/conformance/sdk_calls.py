"""Calls methods of the official SDK with real arguments; run by the checklist as a process of its own.

    sdk_calls.py JSON

The JSON has the names of what there is on the server. Prints a line of JSON for each method: its name, what was sent,
the status and the JSON of the answer. With `async` true it calls ten methods of AsyncPlatform instead.
"""
import asyncio
import io
import json
import os
import sys

import httpx
from ultralytics_platform import AsyncPlatform, Platform

ORIGIN, KEY = os.environ["ULTRALYTICS_PLATFORM_URL"], os.environ["ULTRALYTICS_API_KEY"]
SEEN = []


def note(response):
    """Keeps what was answered last."""
    response.read()
    keep(response)


async def note_later(response):
    """The same for the asynchronous client."""
    await response.aread()
    keep(response)


def keep(response):
    """Keeps an answer."""
    try:
        value = response.json()
    except ValueError:
        value = None
    SEEN.append({"sent": response.request.method, "path": response.request.url.path, "status": response.status_code,
                 "json": value, "type": response.headers.get("content-type", ""), "text": response.text[:200]})


def calls(names):
    """The methods in an order in which each has what it needs: name, arguments, whether it must succeed."""
    o, image = names["owner"], {"file": io.BytesIO(open(names["image"], "rb").read())}
    ds, own = {"owner": o, "dataset": names["dataset"]}, {"owner": o, "dataset": "sdk-made"}
    mo = {"owner": o, "project": names["project"], "model": names["model"]}
    new = {"owner": o, "project": "sdk-lab", "model": "sdk-model"}
    first, second, third = names["images"]
    yield "account.summary", {}, True
    yield "account.api_keys", {}, True
    yield "account.profile", {"username": o}, True
    yield "account.storage", {"details": True}, True
    yield "account.follow", {"username": names["other"], "followed": True}, False
    yield "billing.transactions", {}, True
    yield "billing.usage_summary", {}, True
    yield "datasets.list", {"owner": o, "include_samples": True}, True
    yield "datasets.create", {"dataset": "sdk-made", "name": "SDK made", "task": "detect", "class_names": ["a", "b", "c"]}, True
    yield "datasets.retrieve", ds, True
    yield "datasets.update", {**own, "description": "by the SDK", "tags": ["t"]}, True
    yield "datasets.images", {**ds, "limit": 2, "include_total": True, "include_labels": True, "include_image_urls": True}, True
    yield "datasets.selected_images", {**ds, "image_ids": [first]}, True
    yield "datasets.models", ds, True
    yield "datasets.class_stats", ds, True
    yield "datasets.export", ds, True
    yield "datasets.create_export", {**ds, "description": "first"}, True
    yield "datasets.update_export", {**ds, "version": 1, "description": "changed"}, True
    yield "datasets.export", {**ds, "v": 1}, True
    yield "datasets.clone", {**ds, "dataset_body": "sdk-copy", "name": "SDK copy"}, True
    yield "datasets.ingest", {**own, "body": {"sessionId": names["session"]}}, True
    yield "datasets.redistribute_splits", {"owner": o, "dataset": "sdk-copy", "train": 50, "val": 25, "test": 25}, True
    yield "datasets.merge_classes", {"owner": o, "dataset": "sdk-copy", "source_class_ids": [1], "target_class_id": 0}, True
    yield "datasets.delete_classes", {"owner": o, "dataset": "sdk-copy", "class_ids": [0]}, True
    yield "datasets.restore", {**ds, "version": 1}, True
    yield "datasets.compare", {**ds, "base": 1, "head": 1}, False
    yield "datasets.adopt_images", {**own, "image_ids": [first]}, False
    yield "datasets.batch", ds, False
    yield "datasets.create_batch", {**ds, "body": {}}, False
    yield "datasets.delete_batch", ds, False
    for name in ("embeddings", "create_embeddings", "delete_embeddings", "clustering"):
        yield f"datasets.{name}", ds, False
    yield "datasets.import_roboflow", {"items": []}, False
    yield "datasets.preview_roboflow", {}, False
    yield "images.retrieve", {"image_id": first}, True
    yield "images.update", {"image_id": first, "body": {"split": "val"}}, True
    yield "images.update_bulk", {"image_ids": [first, second], "split": "train"}, True
    yield "images.urls", {"image_ids": [first, second]}, True
    yield "images.predict", {"image_id": first, "model_id": f"ul://{o}/{names['project']}/{names['model']}"}, True
    yield "images.find_similar_images", {"image_id": first}, False
    yield "images.delete", {"image_id": third}, True
    yield "images.delete_bulk", {"image_ids": [second]}, True
    yield "projects.create", {"project": "sdk-lab", "name": "SDK lab"}, True
    yield "projects.list", {"owner": o}, True
    yield "projects.retrieve", {"owner": o, "project": "sdk-lab"}, True
    yield "projects.update", {"owner": o, "project": "sdk-lab", "description": "d"}, True
    yield "models.create", {"body": {"project": "sdk-lab", "model": "sdk-model", "name": "SDK model"}}, True
    yield "models.list", {"owner": o, "project": names["project"]}, True
    yield "models.retrieve", mo, True
    yield "models.update", {**new, "description": "d", "color": "#ff0000"}, True
    yield "models.files", mo, True
    yield "models.predict", {**mo, "body": {**image, "conf": 0.25}}, True
    yield "models.clone", {**mo, "project_body": "sdk-lab", "model_body": "sdk-clone"}, True
    yield "models.training", mo, True
    yield "models.find_similar_training_images", mo, False
    yield "upload.signed_url", {"body": {"assetType": "models", "assetId": names["asset"], "filename": "x.pt",
                                         "contentType": "application/octet-stream", "totalBytes": 10}}, True
    yield "upload.complete", {"session_id": names["session"]}, True
    yield "training.gpu_availability", {}, True
    yield "training.metrics", {"event": "training_started", "project": "sdk-lab", "name": "sdk-run", "data": {
        "trainArgs": {"epochs": "2"}, "epochs": 2, "device": "cpu", "environment": {}}}, True
    yield "models.upload_checkpoint", {"filename": "best.pt", "project": "sdk-lab", "name": "sdk-run"}, True
    yield "models.delete_training", {"owner": o, "project": "sdk-lab", "model": "sdk-run"}, True
    yield "training.start", {"model_id": names["asset"], "train_args": {
        "model": f"ul://{o}/{names['project']}/{names['model']}", "data": f"ul://{o}/datasets/{names['dataset']}", "epochs": 1}}, True
    yield "exports.create", {**mo, "format": "onnx"}, True
    yield "exports.list", mo, True
    export = lambda: next((s["json"]["id"] for s in reversed(SEEN) if s["path"].endswith("/exports") and s["sent"] == "POST" and s["status"] == 201), "f" * 24)
    yield "exports.retrieve", lambda: {**mo, "export_id": export()}, True
    yield "exports.delete", lambda: {**mo, "export_id": export()}, True
    yield "exports.mobile", lambda: {**mo, "export_id": export()}, False
    yield "exports.resolve_mobile", {"export_id": "f" * 24, "expires": 1, "signature": "x"}, False
    de = {"owner": o, "deployment": "sdk-deployed"}
    yield "deployments.create", {"owner": o, "project": names["project"], "model": names["model"], "deployment": "sdk-deployed", "name": "SDK deployed", "region": "us-central1"}, True
    yield "deployments.list", {"owner": o}, True
    yield "deployments.retrieve", de, True
    yield "deployments.health", de, True
    yield "deployments.logs", de, True
    yield "deployments.metrics", {**de, "range": "1h"}, True
    yield "deployments.predict", {**de, "body": {"file": io.BytesIO(open(names["image"], "rb").read())}}, None
    yield "deployments.update", {**de, "body": {"name": "SDK renamed"}}, True
    yield "deployments.delete", lambda: {**de, "deployment": next((s["json"].get("deployment", "sdk-deployed") for s in reversed(SEEN) if s["sent"] == "PATCH" and "/deployments/" in s["path"] and isinstance(s["json"], dict) and isinstance(s["json"].get("deployment"), str)), "sdk-deployed")}, True
    yield "explore.search", {"q": "shapes"}, True
    for name, arguments in (("list", {}), ("create", {"body": {}}), ("discover", {"body": {}}), ("delete", {"id": "b" * 24}),
                            ("objects", {"id": "b" * 24, "target": "x"}), ("update", {"id": "b" * 24, "processing": {}})):
        yield f"storage_integrations.{name}", arguments, False
    yield "agents.list", {}, False
    yield "agents.save", {"name": "n", "graph": {}, "version": 1}, False
    yield "agents.delete", {"id": "b" * 24}, False
    yield "projects.clone", {"owner": o, "project": "sdk-lab", "project_body": "sdk-lab-copy"}, True
    yield "models.delete", new, True
    yield "projects.delete", {"owner": o, "project": "sdk-lab"}, True
    yield "datasets.delete", {"owner": o, "dataset": "sdk-copy"}, True
    yield "lifecycle.trash", {}, True
    trashed = lambda: next((i["_id"] for s in reversed(SEEN) if s["path"] == "/api/trash" and s["sent"] == "GET" and s["json"] for i in s["json"]["items"] if i["type"] == "dataset"), "dataset_" + "0" * 24)
    yield "lifecycle.restore", lambda: {"id": trashed(), "type": "dataset"}, True
    yield "datasets.delete", {"owner": o, "dataset": "sdk-copy"}, True
    yield "lifecycle.delete_trash", lambda: {"body": {"id": trashed(), "type": "dataset"}}, True


def report(name, must, before, failure):
    """Prints what a method came to."""
    last = SEEN[-1] if len(SEEN) > before else None
    print(json.dumps({"method": name, "must": must, "calls": len(SEEN) - before, "failure": failure, **(last or {})}), flush=True)


def main(names):
    """Calls every method."""
    client = Platform(base_url=ORIGIN, api_key=KEY, max_retries=0, http_client=httpx.Client(
        event_hooks={"response": [note]}, timeout=60))
    with client:
        for name, arguments, must in calls(names):
            resource, method = name.split(".")
            before, failure = len(SEEN), None
            try:
                getattr(getattr(client, resource), method)(**(arguments() if callable(arguments) else arguments))
            except Exception as error:
                failure = f"{type(error).__name__}: {error}"[:300]
            report(name, must, before, failure)


async def main_async(names):
    """Calls ten methods of the asynchronous client."""
    o = names["owner"]
    async with AsyncPlatform(base_url=ORIGIN, api_key=KEY, max_retries=0, http_client=httpx.AsyncClient(
            event_hooks={"response": [note_later]}, timeout=60)) as client:
        ds = {"owner": o, "dataset": names["dataset"]}
        for name, arguments in (("account.summary", {}), ("account.storage", {}), ("datasets.list", {"owner": o}), ("datasets.retrieve", ds),
                                ("datasets.images", ds), ("datasets.export", ds), ("projects.list", {"owner": o}),
                                ("models.list", {"owner": o, "project": names["project"]}),
                                ("models.files", {"owner": o, "project": names["project"], "model": names["model"]}), ("lifecycle.trash", {})):
            resource, method = name.split(".")
            before, failure = len(SEEN), None
            try:
                await getattr(getattr(client, resource), method)(**arguments)
            except Exception as error:
                failure = f"{type(error).__name__}: {error}"[:300]
            report(name, True, before, failure)


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    asyncio.run(main_async(given)) if given.get("async") else main(given)
