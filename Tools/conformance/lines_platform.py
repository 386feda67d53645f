"""Lines 37 to 46: exports, deployments, trash, storage, billing, keys, GDPR, activity and webhooks."""
import base64
import concurrent.futures
import hashlib
import hmac
import json
import re
import time
import urllib.parse

import scene
import seed_page
from harness import WEIGHTS, NotBuilt, equal, form, line, need, send, until
from recorder import PaymentProvider, Recorder
from lines_seed import ID, TIME, envelope, shaped
from scopes import matrix


@line(37, "exports: create, poll, download; the 17 names; 409 and 501 are honest")
def exports(world, check):
    server, alice = world.main(), world.alice()
    model = world.kept["model-detect"][0]

    def ended(path, inside):
        def look():
            export = inside(alice.ok("GET", path))
            return export if export["status"] in ("completed", "failed", "cancelled") else None
        return until(look, "the export ends", 60, 0.1)

    with check.part("safetensors"):
        made = alice.ok("POST", "/api/exports", {"modelId": model, "format": "safetensors"}, status=201)
        data = envelope(made)
        equal((made.get("exportId"), data["format"], data["modelId"]), (data["id"], "safetensors", model), "export")
        need(re.fullmatch(ID, data["id"]) and data["status"] in ("queued", "starting", "running", "completed"), data)
        export = ended(f"/api/exports/{data['id']}", envelope)
        equal(export["status"], "completed", str(export.get("error")))
        read = send(server.origin, "GET", export["file"]["downloadUrl"])
        equal((read.status, len(read.body)), (200, export["file"]["size"]), "the file")
        need(export["file"]["downloadFilename"].endswith(".safetensors"), export["file"])
        head = int.from_bytes(read.body[:8], "little")
        need(isinstance(json.loads(read.body[8:8 + head]), dict), "no safetensors")
        need(data["id"] in [e["id"] for e in envelope(alice.ok("GET", f"/api/exports?modelId={model}&limit=100"), True)], "not listed")
        world.bobby().fails(404, "GET", f"/api/exports/{data['id']}")
        repeat = envelope(alice.ok("POST", "/api/exports", {"modelId": model, "format": "safetensors"}))
        need(ended(f"/api/exports/{repeat['id']}", envelope)["status"] == "completed", "the same again")
        envelope(alice.ok("DELETE", f"/api/exports/{data['id']}"))
        alice.fails(404, "GET", f"/api/exports/{data['id']}")
    with check.part("names"):
        if not server.has("POST", "/api/exports"):
            raise NotBuilt("POST /api/exports")
        for name in [n.strip() for n in seed_page.FORMATS.split(",")] + ["engine", "pb", "litert"]:
            answer = alice.call("POST", "/api/exports", {"modelId": model, "format": name})
            equal(answer.status, 201 if name == "onnx" else 501, name)
            if answer.status == 501:
                equal(answer.json["error"]["code"], "NOT_CONFIGURED", name)
                need(name in answer.json["error"]["message"], f"{name} is not named: {answer}")
        equal(alice.fails(400, "POST", "/api/exports", {"modelId": model, "format": "wordperfect"})["error"]["code"], "VALIDATION_ERROR", "unknown")
        alice.fails(404, "POST", "/api/exports", {"modelId": "model_" + "0" * 24, "format": "safetensors"})
    with check.part("exporter"):
        world.supports("--exporter")
        own = world.platform("exporter", "--exporter", "onnx=sleep 2; printf made > model.onnx",
                             "--exporter", "ncnn=echo it broke >&2; exit 4")
        key = own.account("alice")
        with own:
            client = own.client(key)
            project = client.ok("POST", "/api/projects", {"name": "P", "project": "p"}, status=201)["id"]
            one = client.model(project, "one", WEIGHTS / "shapes-detect.pt")["id"]
            made = envelope(client.ok("POST", "/api/exports", {"modelId": one, "format": "onnx"}, status=201))
            equal(client.fails(409, "POST", "/api/exports", {"modelId": one, "format": "onnx"})["error"]["code"], "CONFLICT", "active")
            def completed(number, expected):
                export = until(lambda: (lambda e: e if e["status"] in ("completed", "failed") else None)(
                    envelope(client.ok("GET", f"/api/exports/{number}"))), "the export ends", 30, 0.1)
                equal(export["status"], expected, str(export.get("error")))
                return export
            export = completed(made["id"], "completed")
            equal(send(own.origin, "GET", export["file"]["downloadUrl"]).body, b"made", "what the exporter wrote")
            broken = envelope(client.ok("POST", "/api/exports", {"modelId": one, "format": "ncnn"}, status=201))
            need("it broke" in completed(broken["id"], "failed")["error"]["message"], "the reason of the exporter")
    with check.part("flat"):
        made = alice.ok("POST", "/api/models/alice/shapes/shapes-pose/exports", {"format": "safetensors"}, status=201)
        need({"id", "status", "format"} <= made.keys(), made)
        export = ended(f"/api/models/alice/shapes/shapes-pose/exports/{made['id']}", lambda v: v["export"])
        equal(export["status"], "completed", "status")
        need(alice.ok("GET", "/api/models/alice/shapes/shapes-pose/exports")["exports"], "list")


@line(38, "deployments: create, ready, predict, metrics, logs, stop, start, delete", slow=True)
def deployments(world, check):
    alice = world.alice()
    body = json.loads(seed_page.REQUESTS["create deployment"][1]) | {"modelId": world.kept["model-detect"][0], "maxInstances": 1}
    data = envelope(alice.ok("POST", "/api/deployments", body, status=201))
    shaped(data, {"id": str, "name": str, "modelId": str, "region": str, "status": str, "minInstances": int,
                  "maxInstances": int, "createdAt": str}, "deployment")
    need(re.fullmatch(f"deployment_{ID}", data["id"]), data["id"])
    path = f"/api/deployments/{data['id']}"
    def state(*wanted):
        return until(lambda: (lambda d: d if d["status"] in wanted else need(d["status"] != "failed", d))(
            envelope(alice.ok("GET", path))), f"status {wanted}", 90, 0.2)
    ready = state("ready")
    flat = f"/api/deployments/alice/{ready['deployment']}"
    with check.part("predict"):
        answer = alice.form(f"{flat}/predict", {"conf": 0.25}, (WEIGHTS / "shapes.jpg").read_bytes())
        equal(answer.status, 200, str(answer))
        direct = alice.form(f"/api/models/{world.kept['model-detect'][0]}/predict", {"conf": 0.25}, (WEIGHTS / "shapes.jpg").read_bytes())
        equal(answer.json["images"][0]["results"], direct.json["images"][0]["results"], "results")
        if ready.get("serviceUrl"):
            text, kind = form({"conf": 0.25}, (WEIGHTS / "shapes.jpg").read_bytes())
            answer = alice.call("POST", ready["serviceUrl"].rstrip("/") + "/predict", data=text, kind=kind,
                                headers={"Authorization": f"Bearer {world.keys['alice']}"})
            equal(answer.status, 200, f"{ready['serviceUrl']}/predict: {answer}")
        equal(world.bobby().form(f"{flat}/predict", {}, (WEIGHTS / "shapes.jpg").read_bytes()).status, 404, "somebody else's")
    with check.part("metrics"):
        data = envelope(alice.ok("GET", f"{path}/metrics?range=1h"))
        shaped(data["summary"], {"totalRequests": int, "errorCount": int, "errorRate": (int, float), "avgLatencyMs": (int, float),
                                 "p50LatencyMs": (int, float), "p95LatencyMs": (int, float), "p99LatencyMs": (int, float)}, "summary")
        need(data["summary"]["totalRequests"] >= 1, data["summary"])
        equal(set(data["timeSeries"]) >= {"requests", "errors", "latencyP50", "latencyP95", "cpuUtilization",
                                          "memoryUtilization", "instanceCount"}, True, "timeSeries")
        alice.fails(400, "GET", f"{path}/metrics?range=2y")
    with check.part("logs"):
        value = alice.ok("GET", f"{path}/logs?limit=5")
        for entry in envelope(value):
            need({"timestamp", "severity", "message"} <= entry.keys(), entry)
        need(value["data"], "no entries")
        for word in ("WARNUNG", "warning,fehler", "ERROR"):
            found = envelope(alice.ok("GET", f"{path}/logs?severity={word}"))
            need(all(e["severity"] in ("WARNING", "ERROR") for e in found), f"{word}: {found[:2]}")
    with check.part("stop and start"):
        equal(alice.call("POST", f"{path}/stop").status, 202, "stop")
        state("stopped")
        alice.fails(409, "POST", f"{path}/stop")
        need(alice.form(f"{flat}/predict", {}, (WEIGHTS / "shapes.jpg").read_bytes()).status in (409, 503), "predict while it is stopped")
        equal(alice.call("POST", f"{path}/start").status, 202, "start")
        state("ready")
        equal(alice.form(f"{flat}/predict", {}, (WEIGHTS / "shapes.jpg").read_bytes()).status, 200, "predict after the start")
    with check.part("delete"):
        alice.fails(400, "POST", "/api/deployments", body | {"region": "atlantis"})
        alice.fails(404, "POST", "/api/deployments", body | {"modelId": "model_" + "0" * 24})
        envelope(alice.ok("DELETE", path))
        alice.fails(404, "GET", path)
        need(path.rsplit("/")[-1] not in str(alice.ok("GET", "/api/trash")), "in the trash")


@line(39, "trash: list, restore, cascade, day 31, empty")
def trash(world, check):
    server = world.platform("trash")
    key = server.account("alice")
    server.start()
    try:
        alice = server.client(key)
        made = alice.dataset("coins", scene.zipped(scene.files("detect")))["dataset"]
        project = alice.ok("POST", "/api/projects", {"name": "lab"}, status=201)["data"]["id"]
        models = [alice.model(project, name, WEIGHTS / f"shapes-{name}.pt")["id"] for name in ("detect", "pose")]
        with check.part("list and restore"):
            alice.ok("DELETE", f"/api/datasets/{made['id']}")
            item = next(i for i in alice.ok("GET", "/api/trash")["items"] if i["_id"] == made["id"])
            equal((item["type"], item["daysRemaining"]), ("dataset", 30), "item")
            entry = next(i for i in alice.ok("GET", "/api/trash?type=dataset")["data"] if i["id"] == made["id"])
            need(TIME.fullmatch(entry["expiresAt"]), entry)
            alice.ok("POST", "/api/datasets", {"name": "coins"}, status=201)  # takes the slug
            alice.ok("POST", "/api/trash", {"itemId": made["id"], "type": "dataset"})
            again = alice.ok("GET", f"/api/datasets/{made['id']}")["data"]
            equal((again["slug"], again["imageCount"]), ("coins-2", 8), "what came back")
        with check.part("cascade"):
            alice.ok("DELETE", f"/api/models/{models[1]}")
            alice.ok("DELETE", f"/api/projects/{project}")
            alice.fails(404, "GET", f"/api/models/{models[0]}")
            alice.fails(409, "POST", "/api/trash", {"itemId": models[1], "type": "model"})
            alice.fails(404, "POST", "/api/trash", {"itemId": "project_" + "0" * 24, "type": "project"})
            equal(alice.ok("POST", "/api/trash", {"itemId": project, "type": "project"})["data"].get("restoredModels"), 1, "restoredModels")
            alice.ok("GET", f"/api/models/{models[0]}")
            alice.fails(404, "GET", f"/api/models/{models[1]}")
        with check.part("day 31"):
            alice.ok("DELETE", f"/api/datasets/{made['id']}")
            server.stop()
            objects = lambda: sum(p.is_file() for p in (server.data / "objects").glob("??/*"))
            before = objects()
            server.sql("UPDATE dataset SET trashed = trashed - 31 * 86400 WHERE id = ?", made["id"])
            server.sql("UPDATE model SET trashed = trashed - 29 * 86400 WHERE id = ?", models[1])
            server.start()
            until(lambda: made["id"] not in [i["_id"] for i in alice.ok("GET", "/api/trash")["items"]], "the sweep", 20)
            item = next(i for i in alice.ok("GET", "/api/trash")["items"] if i["_id"] == models[1])
            equal(item["daysRemaining"], 1, "days of the model")
            alice.fails(404, "POST", "/api/trash", {"itemId": made["id"], "type": "dataset"})
            until(lambda: objects() <= before - 8, f"the files of 8 images are removed ({before}, {objects()})", 20)
        with check.part("empty"):
            narrow = server.client(server.key("alice", "write"))
            equal(narrow.fails(403, "POST", "/api/trash/empty")["error"]["code"], "FORBIDDEN", "without admin")
            need(alice.ok("POST", "/api/trash/empty")["data"]["deletedCount"] >= 1, "deletedCount")
            equal(alice.ok("GET", "/api/trash")["items"], [], "items")
            equal(alice.ok("POST", "/api/trash/empty")["data"]["deletedCount"], 0, "emptied twice")
    finally:
        server.stop()


@line(40, "storage rises by an upload, not by a duplicate; falls by a purge; 403 over the limit")
def storage(world, check):
    server = world.main()
    client = server.client(server.account("keeper"))
    used = lambda: client.ok("GET", "/api/storage")["data"]["used"]
    project = client.ok("POST", "/api/projects", {"name": "p"}, status=201)["data"]["id"]
    equal(used(), 0, "used at first")
    size = (WEIGHTS / "shapes-detect.pt").stat().st_size
    first = client.model(project, "a", WEIGHTS / "shapes-detect.pt")["id"]
    equal(used(), size, "after an upload")
    second = client.model(project, "b", WEIGHTS / "shapes-detect.pt")["id"]
    equal(used(), size, "after a duplicate")
    for model in (first, second):
        client.ok("DELETE", f"/api/models/{model}")
        equal(used(), size, "the trash counts")
    client.ok("DELETE", "/api/trash", {"id": first, "type": "model"})
    equal(used(), size, "after one of two was purged")
    client.ok("POST", "/api/trash/empty")
    equal(used(), 0, "after the purge")
    value = client.ok("GET", "/api/storage")
    equal(value["data"]["percentage"], 0, "percentage")
    equal(set(value["breakdown"]["byCategory"]) >= {"datasets", "models", "exports"}, True, "byCategory")
    poor = server.client(server.account("poorman", "free"))
    value = poor.ok("GET", "/api/storage")
    equal(value["data"]["limit"], 107_374_182_400, "limit of the seed")
    project = poor.ok("POST", "/api/projects", {"name": "p"}, status=201)["data"]["id"]
    asset = poor.ok("POST", "/api/models", {"project": "p", "model": "m", "name": "m"}, status=201)["id"]
    answer = poor.call("POST", "/api/upload/signed-url", {
        "assetType": "models", "assetId": asset, "filename": "x.pt", "contentType": "application/octet-stream",
        "totalBytes": 107_374_182_401})
    equal(answer.status, 413, "weights of more than a model may have")
    made = poor.ok("POST", "/api/datasets", {"name": "big"}, status=201)
    answer = poor.call("POST", "/api/upload/signed-url", {
        "assetType": "datasets", "assetId": made["id"], "filename": "x.zip", "contentType": "application/zip",
        "totalBytes": 2 ** 62})
    equal(answer.status, 400, "an upload of 2^62 bytes")


@line(41, "balance of the seed; credits; sum of the ledger = balance after 1,000 concurrent entries", slow=True)
def balance(world, check):
    server = world.main()
    name = "wealthy"
    client = server.client(server.account(name))
    read = lambda: client.ok("GET", "/api/billing/balance")["data"]
    start = read()
    server.yolo("credits", "add", name, 20)
    server.yolo("credits", "add", name, 5, "--cash")
    if start["totalBalance"] == 0:
        equal(read(), json.loads(seed_page.BALANCE)["data"], "balance of the seed")
    else:
        equal(read()["totalBalance"] - start["totalBalance"], 25_000_000, "what was booked")
    need(server.yolo("credits", "add", name, "0.0000001", check=False) == "" and read()["totalBalance"] == start["totalBalance"] + 25_000_000, "seven decimals")
    before = read()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda index: server.yolo("credits", "add", name, f"0.00{index % 9 + 1}"), range(1000)))
    expected = sum((index % 9 + 1) * 1000 for index in range(1000))
    equal(read()["totalBalance"] - before["totalBalance"], expected, "1,000 entries")
    rows = server.sql("SELECT name FROM sqlite_schema WHERE type = 'table' AND name IN ('entry', 'ledger', 'ledgerEntry')")
    need(rows, "no table of the ledger")
    table = rows[0][0]
    names = columns(server, table)
    amount = next(c for c in ("microUSD", "amount", "micros") if c in names)
    account = server.sql("SELECT id FROM account WHERE " + ("username" if "username" in columns(server, "account") else "name") + " = ?", name)[0][0]
    equal(server.sql(f'SELECT sum({amount}) FROM "{table}" WHERE account = ?', account)[0][0], read()["totalBalance"], "sum of the ledger")
    after = next((c for c in names if c.lower().startswith("balance")), None)
    if after:
        rows = server.sql(f'SELECT {amount}, {after} FROM "{table}" WHERE account = ? ORDER BY rowid', account)
        check.note(f"{len(rows)} entries, the last balance {rows[-1][1]}")


def columns(server, table):
    """The names of a table's columns."""
    return {row[1] for row in server.sql(f'PRAGMA table_info("{table}")')}


@line(42, "checkout: 501 without a provider; with Stripe's mock session, event booked once, signatures, amounts")
def checkout(world, check):
    alice = world.alice()
    with check.part("no provider"):
        for path in ("checkout-session", "subscription-checkout", "portal-session"):
            value = alice.fails(501, "POST", f"/api/billing/{path}", {"amount": 25} if path[0] == "c" else {"planId": "pro"})
            equal(value["error"]["code"], "NOT_CONFIGURED", path)
        need(envelope(alice.ok("GET", "/api/billing/payments"), True) == [], "payments without any")
    with check.part("mock"):
        world.supports("--payment", "--payment-url")
        mock = PaymentProvider()
        secret = "whsec_" + "a" * 32
        server = world.platform(
            "stripe", "--payment", "stripe", "--payment-url", mock.origin, *world.given("--payment-price", "price_1"),
            environment={"YOLO_PAYMENT_KEY": "sk_test_" + "b" * 24, "YOLO_PAYMENT_SECRET": secret})
        key = server.account("alice", "free")
        with server:
            client = server.client(key)
            account = client.ok("GET", "/api/account/summary")
            data = envelope(client.ok("POST", "/api/billing/checkout-session", {"amount": 25}))
            need(data["sessionId"] and data["url"].startswith("https://pay.example/"), data)
            path, headers, body, _ = mock.requests[-1]
            fields = dict(urllib.parse.parse_qsl(body.decode()))
            equal(path, "/v1/checkout/sessions", "path")
            need("idempotency-key" in {k.lower() for k in headers}, "no Idempotency-Key")
            need("2500" in fields.values(), f"no 2500 cents: {fields}")
            for amount in (4, 1001, 0, -25, "25"):
                equal(client.fails(400, "POST", "/api/billing/checkout-session", {"amount": amount})["error"]["code"], "VALIDATION_ERROR", str(amount))
            for amount in (5, 1000):
                client.ok("POST", "/api/billing/checkout-session", {"amount": amount})
            before = client.ok("GET", "/api/billing/balance")["data"]
            deliver = lambda **more: mock.deliver(server.origin, secret, "evt_1", data["sessionId"], fields, 2500, **more)
            equal(deliver(signed_by="whsec_other").status, 400, "another secret")
            equal(deliver(moment=time.time() - 600).status, 400, "an old signature")
            equal(client.ok("GET", "/api/billing/balance")["data"], before, "balance before the event")
            for _ in range(2):
                need(deliver().status == 200, "the event")
            after = client.ok("GET", "/api/billing/balance")["data"]
            equal(after["totalBalance"] - before["totalBalance"], 25_000_000, "booked by two deliveries of one event")
            payments = envelope(client.ok("GET", "/api/billing/payments"), True)
            need(len(payments) == 1 and payments[0]["amount"] == 25_000_000, payments)
            need("sk_test_" not in server.text() and secret not in server.text(), "a secret is in the log")


@line(43, "api-keys: shown once, scope matrix of all routes, delete is 401 at once in a second process too")
def keys(world, check):
    server, alice = world.main(), world.alice()
    with check.part("shown once"):
        made = envelope(alice.ok("POST", "/api/api-keys", json.loads(seed_page.REQUESTS["create key"][1]), status=201))
        need(re.fullmatch(r"ul_[0-9a-f]{40}", made["key"]) and made["key"].startswith(made["keyPrefix"].rstrip("….")), made)
        equal((made["name"], sorted(made["scopes"]), made["keyId"]), ("training-server", ["models", "training"], made["id"]), "key")
        text = alice.call("GET", "/api/api-keys")
        need(made["key"].encode() not in text.body and world.keys["alice"].encode() not in text.body, "the list has a key")
        item = next(k for k in text.json["data"] if k["id"] == made["id"])
        need({"id", "name", "keyPrefix", "scopes", "createdAt"} <= item.keys(), item)
        need(made["id"] in [k["keyId"] for k in text.json["keys"]], "flat list")
        need(made["key"] not in server.text() and world.keys["alice"] not in server.text(), "a key is in the log")
    with check.part("scopes"):
        alice.fails(400, "POST", "/api/api-keys", {"name": "x", "scopes": ["everything"]})
        alice.fails(400, "POST", "/api/api-keys", {"scopes": ["read"]})
        write = envelope(alice.ok("POST", "/api/api-keys", {"name": "w"}, status=201))
        equal(write["scopes"], ["write"], "scopes without any given")
        equal(server.client(write["key"]).fails(403, "POST", "/api/api-keys", {"name": "x"})["error"]["code"], "FORBIDDEN", "by write")
    with check.part("matrix"):
        count, faults = matrix(server, "alice", world)
        need(not faults, f"{len(faults)} of {count}: " + "; ".join(faults[:6]))
        check.note(f"{count} pairs of scope and operation")
    with check.part("delete in a second process"):
        other = world.platform("main-second", data=server.data)
        with other:
            key = envelope(alice.ok("POST", "/api/api-keys", {"name": "soon gone"}, status=201))
            for platform in (server, other):
                equal(platform.client(key["key"]).call("GET", "/api/datasets").status, 200, "before")
            envelope(alice.ok("DELETE", f"/api/api-keys/{key['id']}"))
            for platform in (server, other):
                equal(platform.client(key["key"]).call("GET", "/api/datasets").status, 401, f"after, {platform.name}")
            equal(alice.call("DELETE", f"/api/api-keys?keyId={key['id']}").status, 404, "deleted twice")


@line(44, "gdpr: the export has everything and no secret; delete leaves no row and no blob")
def gdpr(world, check):
    server = world.platform("gdpr")
    keys = {name: server.account(name) for name in ("leaver", "stayer")}
    with server:
        client, other = (server.client(keys[name]) for name in ("leaver", "stayer"))
        for who in (client, other):
            name = "Lab of mine" if who is client else "Another lab"
            project = who.ok("POST", "/api/projects", {"name": name}, status=201)["data"]["id"]
            who.model(project, "one", WEIGHTS / "shapes-detect.pt")
        mine = client.dataset("my coins", scene.zipped(scene.files("detect", first=700)))["dataset"]["id"]
        other.dataset("their coins", scene.zipped(scene.files("detect", first=800)))
        extra = envelope(client.ok("POST", "/api/api-keys", {"name": "extra key"}, status=201))["key"]
        server.yolo("credits", "add", "leaver", 3)
        with check.part("export"):
            answer = client.call("POST", "/api/gdpr", {"action": "export"})
            equal(answer.status, 200, str(answer))
            data = envelope(answer.json)
            need({"jobId", "status"} <= data.keys(), data)
            done = data if data.get("downloadUrl") else until(
                lambda: (lambda d: d if d.get("downloadUrl") else None)(envelope(client.ok("GET", f"/api/gdpr?jobId={data['jobId']}"))), "the export", 30)
            text = send(server.origin, "GET", done["downloadUrl"]).body.decode()
            for word in ("leaver", "Lab of mine", "my coins", "extra key", mine):
                need(word in text, f"{word!r} is not in the export")
            for word in (keys["leaver"], extra, keys["stayer"], "stayer", "their coins"):
                need(word not in text, f"{word[:12]!r} is in the export")
            json.loads(text)
            other.fails(404, "GET", f"/api/gdpr?jobId={data['jobId']}")
            client.fails(400, "POST", "/api/gdpr", {"action": "forget"})
        with check.part("delete"):
            equal(server.client(extra).fails(403, "POST", "/api/gdpr", {"action": "delete"})["error"]["code"], "FORBIDDEN", "without admin")
            data = envelope(client.ok("POST", "/api/gdpr", {"action": "delete", "confirmationWord": "DELETE"}))
            equal(data["deleted"], True, "deleted")
            equal(client.call("GET", "/api/datasets").status, 401, "the key")
            equal(server.client(extra).call("GET", "/api/datasets").status, 401, "another key")
            need("leaver" not in server.yolo("accounts", "list"), "the account is listed")
            left = [table for table, in server.sql("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
                    for row in server.sql(f'SELECT * FROM "{table}"')
                    if any(isinstance(v, str) and (v in ("leaver", mine) or "my coins" in v or "Lab of mine" in v) for v in row)
                    and not any(isinstance(v, str) and "stayer" in v for v in row)]
            equal(left, [], "tables with rows of the account")
            own = {hashlib.sha256(scene.drawing(700 + i)[0]).hexdigest() for i in range(8)}
            theirs = {hashlib.sha256(scene.drawing(800 + i)[0]).hexdigest() for i in range(8)}
            shared = hashlib.sha256((WEIGHTS / "shapes-detect.pt").read_bytes()).hexdigest()
            def names():
                return {p.name for p in (server.data / "objects").glob("??/*")}
            until(lambda: not own & names(), "the blobs are removed", 20)
            need(theirs | {shared} <= names(), "blobs of another account are gone")
            equal(other.ok("GET", "/api/datasets")["meta"]["total"], 1, "datasets of the other")


@line(45, "activity: each deed one event; dates, search, mark-seen, archive")
def activity(world, check):
    server = world.main()
    client = server.client(server.account("doer"))
    project = client.ok("POST", "/api/projects", {"name": "Deeds"}, status=201)["data"]["id"]
    model = client.model(project, "first", WEIGHTS / "shapes-detect.pt")["id"]
    made = client.dataset("deed set", scene.zipped(scene.files("detect")))["dataset"]
    client.ok("PATCH", "/api/projects/doer/deeds", {"description": "d"})
    client.ok("PATCH", "/api/projects/doer/deeds", {"visibility": "public"})
    client.ok("DELETE", f"/api/models/{model}")
    client.ok("POST", "/api/trash", {"itemId": model, "type": "model"})
    client.ok("POST", "/api/models/doer/deeds/first/clone", {"project": "deeds", "model": "copy", "name": "copy"})
    client.ok("POST", "/api/api-keys", {"name": "deed key"}, status=201)
    value = client.ok("GET", "/api/activity?limit=100")
    events = envelope(value, True)
    for event in events:
        shaped(event, {"id": str, "type": str, "action": str, "message": str, "createdAt": str, "seen": bool, "archived": bool, "metadata": dict}, "event")
        need(re.fullmatch(f"event_{ID}", event["id"]) and TIME.fullmatch(event["createdAt"]), event)
    kinds = [(e["type"], e["action"], e["resourceId"]) for e in events]
    equal(len({e["id"] for e in events}), len(events), "different events")
    need(len(kinds) == len(set(kinds)) or sorted(kinds).count(("project", "updated", project)) == 1, f"{kinds}")
    actions = {(t, a) for t, a, _ in kinds}
    for wanted in (("project", "created"), ("model", "trashed"), ("model", "restored"), ("dataset", "created"), ("api_key", "created"), ("project", "shared"), ("model", "cloned")):
        need(wanted in actions, f"no event {wanted}: {sorted(actions)}")
    need({("model", "created"), ("model", "uploaded")} & actions, "no event of the upload of a model")
    need(("dataset", "uploaded") in actions or ("dataset", "completed") in actions, "no event of an ingest")
    equal(value["meta"]["total"], len(events), "total")
    with check.part("search and dates"):
        found = client.ok("GET", "/api/activity?search=deed+set")["data"]
        need(found and all("deed set" in (e["message"] + str(e["resourceName"])) for e in found), f"search: {found[:2]}")
        equal(client.ok("GET", "/api/activity?startDate=2100-01-01")["data"], [], "startDate")
        equal(client.ok("GET", "/api/activity?endDate=2001-01-01T00:00:00Z")["data"], [], "endDate")
        equal(client.ok("GET", "/api/activity?startDate=2001-01-01&endDate=2100-01-01")["meta"]["total"], len(events), "both")
        for bad in ("startDate=yesterday", "endDate=2024-13-01", "startDate=2024-02-30"):
            client.fails(400, "GET", f"/api/activity?{bad}")
    with check.part("seen and archived"):
        equal(client.ok("POST", "/api/activity/mark-seen", {"eventIds": [events[0]["id"]]})["data"]["updated"], 1, "one")
        equal(client.ok("POST", "/api/activity/mark-seen", {"all": True})["data"]["updated"], len(events) - 1, "the others")
        need(all(e["seen"] for e in client.ok("GET", "/api/activity?limit=100")["data"]), "not all seen")
        equal(client.ok("POST", "/api/activity/archive", {"eventIds": [events[0]["id"]]})["data"]["updated"], 1, "archive")
        equal(client.ok("GET", "/api/activity?limit=100")["meta"]["total"], len(events) - 1, "without the archived one")
        equal([e["id"] for e in client.ok("GET", "/api/activity?archived=true")["data"]], [events[0]["id"]], "archived")
        equal(client.ok("POST", "/api/activity/archive", {"eventIds": [events[0]["id"]], "archive": False})["data"]["updated"], 1, "back")
        equal(world.bobby().ok("POST", "/api/activity/mark-seen", {"eventIds": [events[1]["id"]]})["data"]["updated"], 0, "of another account")
        need(not [e for e in world.bobby().ok("GET", "/api/activity?limit=100")["data"] if e["resourceId"] == made["id"]], "events of another account")


@line(46, "webhooks: five events, signatures, retry after 500, none to 127.0.0.1", slow=True)
def webhooks(world, check):
    with check.part("private targets"):
        alice = world.alice()
        kinds = ["training.started", "training.epoch", "training.completed", "training.failed", "export.completed"]
        for url in ("http://127.0.0.1:9/x", "https://127.0.0.1/x", "https://localhost/x", "https://10.0.0.1/x", "https://[::1]/x",
                    "https://169.254.169.254/latest", "http://example.com/x", "ftp://example.com/", "https://0x7f000001/", "https://2130706433/"):
            answer = alice.call("POST", "/api/webhooks", {"url": url, "events": kinds})
            need(answer.status == 400, f"{url}: {answer}")
        alice.fails(400, "POST", "/api/webhooks", {"url": "https://example.com/x", "events": ["training.danced"]})
    with check.part("delivery"):
        world.supports("--allow-addresses")
        target = Recorder(lambda path, headers, body, count: (500 if count == 1 else 200, {}))
        server = world.platform("webhooks", "--allow-addresses", "127.0.0.0/8", *world.given("--training-silence", 15))
        keys = {"alice": server.account("alice"), "poor": server.account("poorly", "free")}
        with server:
            client = server.client(keys["alice"])
            answer = client.call("POST", "/api/webhooks", {"url": f"{target.origin}/hook", "events": kinds})
            need(answer.status == 201, f"a target that is allowed: {answer}")
            made = envelope(answer.json)
            secret = made["secret"]
            need(re.fullmatch(f"webhook_{ID}", made["id"]), made["id"])
            listed = client.call("GET", "/api/webhooks")
            need(secret.encode() not in listed.body and made["id"].encode() in listed.body, "the list")
            equal(server.client(keys["poor"]).call("POST", "/api/webhooks", {"url": "https://example.com/x", "events": kinds}).status, 403, "the plan free")
            from reporter import Reporter
            run = Reporter(client, project="alice/hooked", name="a", epochs=2)
            run.epoch(0)
            run.checkpoint((WEIGHTS / "shapes-detect.pt").read_bytes())
            run.complete()
            Reporter(client, project="alice/hooked", name="silent", epochs=2)
            model = client.ok("GET", "/api/models/alice/hooked/a")["model"]["id"]
            client.ok("POST", "/api/exports", {"modelId": model, "format": "safetensors"}, status=201)
            def got():
                return {json.loads(body)["type"] for _, _, body, _ in target.requests}
            try:
                until(lambda: got() >= set(kinds), "five events", 60, 0.2)
            finally:
                check.note(f"events {sorted(got())}")
            raw = base64.b64decode(secret.removeprefix("whsec_"))
            for _, headers, body, _ in target.requests:
                head = {k.lower(): v for k, v in headers.items()}
                text = f"{head['webhook-id']}.{head['webhook-timestamp']}.".encode() + body
                code = base64.b64encode(hmac.new(raw, text, hashlib.sha256).digest()).decode()
                need(f"v1,{code}" in head["webhook-signature"].split(), "a signature that does not verify")
                value = json.loads(body)
                need({"id", "type", "createdAt", "data"} <= value.keys() and value["id"] == head["webhook-id"], value)
            ids = [headers.get("webhook-id") or headers.get("Webhook-Id") for _, headers, _, _ in target.requests]
            first = [i for i in ids if i == ids[0]]
            need(len(first) == 2, f"the first event was sent {len(first)} times after a 500")
            equal(len(ids) - 1, len(set(ids)), "no other event twice")
            need(secret not in server.text(), "the secret is in the log")
            client.ok("DELETE", f"/api/webhooks/{made['id']}")
