"""Lines 54 to 59 and 61: large archives, collisions of paths, public resources, a proxy, hostile input, HUB routes."""
import concurrent.futures
import contextlib
import io
import json
import re
import shutil
import socket
import struct
import subprocess
import sys
import time
import zipfile
import zlib
from pathlib import Path

import scene
from harness import ROOT, WEIGHTS, NotBuilt, Platform, Skipped, equal, form, line, need, send, until
from lines_seed import envelope


@line(54, "a ZIP of 10,000 images and a broken one: ready, errorCount 1", slow=True)
def large(world, check):
    alice = world.alice()
    target, random = io.BytesIO(), __import__("random").Random(5)
    def png(index):
        rows = b"".join(b"\0" + random.randbytes(32) + struct.pack(">I", index) for _ in range(12))
        chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 12, 12, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("data.yaml", "train: images/train\nval: images/val\nnames: [a, b]\n")
        for index in range(10_000):
            split = "val" if index % 10 == 0 else "train"
            archive.writestr(f"images/{split}/{index}.png", png(index))
            archive.writestr(f"labels/{split}/{index}.txt", f"{index % 2} 0.5 0.5 0.5 0.5\n")
        archive.writestr("images/train/broken.jpg", b"\xff\xd8\xff\xe0 no image")
    began = time.monotonic()
    made = alice.ok("POST", "/api/datasets", {"name": "large", "dataset": "large", "task": "detect"}, status=201)
    found = alice.ingest("alice", "large", made["id"], target.getvalue(), "large.zip", limit=400)
    need(found["dataset"]["status"] == "ready", f"status {found['dataset']['status']}: {found['dataset'].get('processingError')}")
    equal(found["dataset"]["imageCount"], 10_000, "images")
    page = alice.ok("GET", "/api/datasets/alice/large/images?limit=10")
    equal(page.get("errorCount"), 1, "errorCount")
    faults = found["ingest"]["faults"]
    need(len(faults) == 1 and "broken.jpg" in faults[0]["file"] and faults[0]["message"], faults)
    equal(found["dataset"]["splits"], {"train": 9000, "val": 1000, "test": 0, "labeled": 10_000}, "splits")
    check.note(f"{time.monotonic() - began:.1f} s")


@line(55, "tar.gz and NDJSON; directories of classes are a set for classification")
def formats(world, check):
    server, alice = world.main(), world.alice()
    with check.part("tar.gz"):
        found = alice.dataset("of tar", scene.tarred(scene.files("obb")), "set.tar.gz")["dataset"]
        equal((found["task"], found["imageCount"], found["classNames"]), ("obb", 8, ["square", "triangle"]), "dataset")
    with check.part("classes"):
        found = alice.dataset("of classes", scene.zipped(scene.files("classify")), "set.zip")["dataset"]
        equal((found["task"], found["imageCount"], sorted(found["classNames"])), ("classify", 8, ["square", "triangle"]), "dataset")
    with check.part("images alone"):
        found = alice.dataset("of images", scene.zipped({f"p{i}.png": scene.drawing(60 + i)[0] for i in range(3)}), "set.zip")["dataset"]
        equal(found["imageCount"], 3, "images")
    with check.part("ndjson"):
        export = alice.ok("GET", "/api/datasets/alice/shapes-segment/export")["downloadUrl"]
        text = send(server.origin, "GET", export).body
        # The images are fetched, which an operator has to allow.
        own = world.platform("ndjson", *world.given("--source-urls"), *world.given("--allow-addresses", "127.0.0.0/8"))
        key = own.account("alice")
        with own:
            client = own.client(key)
            made = client.ok("POST", "/api/datasets", {"name": "of ndjson", "dataset": "of-ndjson"}, status=201)
            found = client.ingest("alice", "of-ndjson", made["id"], text, "set.ndjson")
            reason = str(found["ingest"].get("error")) + str(found["ingest"]["faults"])
            if "cannot be unpacked" in reason:
                raise NotBuilt(f"NDJSON as a source: {reason[:120]}")
            equal((found["dataset"]["task"], found["dataset"]["imageCount"]), ("segment", 8), reason[:300])
            again = send(own.origin, "GET", client.ok("GET", "/api/datasets/alice/of-ndjson/export")["downloadUrl"]).body
            rows = [[json.loads(row) for row in lines.splitlines()[1:]] for lines in (text, again)]
            marks = [{(row["url"].split("?")[0].split("/")[-1], row["split"], str(row["annotations"])) for row in lines} for lines in rows]
            equal(marks[1], marks[0], "images, parts and labels")


@line(56, "collisions of 3.1, each row; reserved names; the slug export")
def collisions(world, check):
    server, alice = world.main(), world.alice()
    ids = {kind: world.kept[name][0] for kind, name in (("datasets", "dataset-detect"), ("projects", "project"))}
    with check.part("one item or the list of an owner"):
        for kind, number in ids.items():
            equal(envelope(alice.ok("GET", f"/api/{kind}/{number}"))["id"], number, kind)
            value = alice.ok("GET", f"/api/{kind}/alice")
            need(isinstance(value[kind], list) and "success" not in value, f"list of {kind}: {str(value)[:100]}")
    with check.part("models of an id or of an owner"):
        model = world.kept["model-detect"][0]
        need(isinstance(envelope(alice.ok("GET", f"/api/models/{model}/files")), list), "files")
        need(isinstance(alice.ok("GET", "/api/models/alice/shapes")["models"], list), "models")
    with check.part("POST of datasets and projects"):
        for kind, name in (("datasets", "dataset"), ("projects", "project")):
            envelope(alice.ok("POST", f"/api/{kind}", {"name": f"seed {kind}"}, status=201))
            flat = alice.ok("POST", f"/api/{kind}", {"name": f"flat {kind}", name: f"flat-{kind}"}, status=201)
            equal((flat["owner"], flat[name]), ("alice", f"flat-{kind}"), kind)
            value = alice.fails(409, "POST", f"/api/{kind}", {"name": "x", name: f"flat-{kind}"})
            need(isinstance(value["error"], str), f"the failure is not flat: {value}")
            need(isinstance(alice.fails(400, "POST", f"/api/{kind}", {})["error"], dict), "the failure of the seed's form")
    with check.part("POST of models"):
        flat = alice.ok("POST", "/api/models", {"project": "shapes", "name": "flat one"}, status=201)
        need({"id", "owner", "project", "model"} <= flat.keys(), flat)
        old = alice.ok("POST", "/api/models", {"projectId": ids["projects"], "slug": "old-form", "name": "old form"}, status=201)
        equal(envelope(old)["slug"], "old-form", "slug")
        equal(envelope(alice.form("/api/models", {"projectId": ids["projects"], "name": "by form"}, (WEIGHTS / "shapes-pose.pt").read_bytes(), "x.pt").json)["name"], "by form", "name")
    with check.part("POST of trash"):
        one = alice.ok("POST", "/api/datasets", {"name": "thrown"}, status=201)["id"]
        alice.ok("DELETE", f"/api/datasets/{one}")
        value = alice.ok("POST", "/api/trash", {"id": one, "type": "dataset"})
        need(value["success"] is True and "meta" not in value, value)
        alice.ok("DELETE", f"/api/datasets/{one}")
        envelope(alice.ok("POST", "/api/trash", {"itemId": one, "type": "dataset"}))
    with check.part("POST of training"):
        world.supports("--trainer")
        value = alice.call("POST", "/api/training/start", {"modelId": "model_" + "0" * 24, "trainArgs": {"model": "yolo26n.pt", "data": "ul://a/datasets/b", "epochs": 1}})
        need(value.status == 404 and isinstance(value.json["error"], str), f"flat: {value}")
        value = alice.call("POST", "/api/training/start", {"modelId": "model_" + "0" * 24, "datasetId": "dataset_" + "0" * 24})
        need(value.status == 404 and isinstance(value.json["error"], dict), f"seed: {value}")
    with check.part("before the body"):
        none = server.client()
        need(isinstance(none.fails(401, "POST", "/api/datasets", {"name": "x", "dataset": "y"})["error"], dict), "POST /api/datasets counts as D")
        need(isinstance(none.fails(401, "PATCH", "/api/datasets/alice/shapes-detect", {})["error"], str), "slug routes are flat")
    with check.part("reserved"):
        for name in ("models", "storage", "datasets", "api", "explore"):
            done = subprocess.run([world.yolo, "accounts", "create", name, "--data", str(server.data)], capture_output=True, text=True)
            need(done.returncode != 0, f"the account {name} was created")
        alice.fails(400, "POST", "/api/projects", {"name": "Datasets", "project": "datasets"})
        made = alice.ok("POST", "/api/projects", {"name": "Datasets"}, status=201)["data"]["slug"]
        need(made != "datasets", "a project got the slug datasets by its name")
    with check.part("slugs of routes"):
        for name in ("export", "images", "classes", "ingest"):
            alice.ok("POST", "/api/datasets", {"name": name, "dataset": name}, status=201)
            equal(alice.ok("GET", f"/api/datasets/alice/{name}")["dataset"]["dataset"], name, name)
        alice.ok("POST", "/api/projects", {"name": "files", "project": "files"}, status=201)
        alice.ok("POST", "/api/models", {"project": "files", "model": "predict", "name": "predict"}, status=201)
        equal(alice.ok("GET", "/api/models/alice/files/predict")["model"]["model"], "predict", "model predict")
        need(isinstance(alice.ok("GET", "/api/models/alice/files")["models"], list), "models of the project files")


@line(57, "public datasets and models without a key; private 404; a wrong key 401")
def public(world, check):
    server, alice, bobby = world.main(), world.alice(), world.bobby()
    anyone, wrong = server.client(), server.client("ul_" + "1" * 40)
    made = alice.dataset("open set", scene.zipped(scene.files("detect", first=900)), visibility="public", dataset="open-set")
    alice.ok("POST", "/api/projects", {"name": "open lab", "project": "open-lab", "visibility": "public"}, status=201)
    project = alice.ok("GET", "/api/projects/alice/open-lab")["project"]["id"]
    alice.model(project, "free", WEIGHTS / "shapes-detect.pt")
    paths = ["/api/datasets/alice/open-set", "/api/datasets/alice/open-set/export", "/api/datasets/alice/open-set/images",
             "/api/projects/alice/open-lab", "/api/models/alice/open-lab", "/api/models/alice/open-lab/free",
             "/api/models/alice/open-lab/free/files", "/api/datasets/alice", "/api/projects/alice"]
    for path in paths:
        equal(anyone.call("GET", path).status, 200, f"GET {path} without a key")
        equal(bobby.call("GET", path).status, 200, f"GET {path} of another account")
        equal(wrong.call("GET", path).status, 401, f"GET {path} with a wrong key")
    equal(anyone.form("/api/models/alice/open-lab/free/predict", {}, (WEIGHTS / "shapes.jpg").read_bytes()).status, 200, "predict")
    for path in ("/api/datasets/alice/shapes-detect", "/api/datasets/alice/shapes-detect/export", "/api/projects/alice/shapes",
                 "/api/models/alice/shapes", "/api/models/alice/shapes/shapes-detect", "/api/models/alice/shapes/shapes-detect/files",
                 "/api/datasets/alice/none-such", "/api/datasets/nobody"):
        for client, who in ((anyone, "nobody"), (bobby, "bobby")):
            equal(client.call("GET", path).status, 404, f"GET {path} by {who}")
    listed = {d["dataset"] for d in anyone.ok("GET", "/api/datasets/alice")["datasets"]}
    need("open-set" in listed and "shapes-detect" not in listed, f"list of alice for anyone: {listed}")
    for method, path, body in (("PATCH", "/api/datasets/alice/open-set", {"description": "x"}), ("DELETE", "/api/datasets/alice/open-set", None),
                               ("DELETE", "/api/projects/alice/open-lab", None), ("POST", "/api/datasets/alice/open-set/ingest", {"sessionId": "x"})):
        equal(bobby.call(method, path, body).status, 403, f"{method} {path} by bobby")
        equal(anyone.call(method, path, body).status, 401, f"{method} {path} without a key")
    found = anyone.ok("GET", "/api/explore/search?q=open")
    need("open-set" in [d["dataset"] for d in found["datasets"]], "explore finds the dataset")
    need("shapes" not in [p["project"] for p in anyone.ok("GET", "/api/explore/search?q=shapes")["projects"]], "explore finds what is private")


NGINX = """daemon off; pid {place}/nginx.pid; error_log {place}/error.log; worker_processes 1;
events {{ worker_connections 64; }}
http {{ access_log off; client_max_body_size 0; client_body_temp_path {place}/b; proxy_temp_path {place}/p;
fastcgi_temp_path {place}/f; uwsgi_temp_path {place}/u; scgi_temp_path {place}/s;
server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {place}/cert.pem; ssl_certificate_key {place}/key.pem;
location / {{ proxy_pass http://127.0.0.1:{behind}; proxy_http_version 1.1; proxy_request_buffering off;
proxy_set_header Host $host; proxy_set_header X-Forwarded-Proto $scheme; proxy_set_header X-Forwarded-Host $http_host; }} }} }}
"""


@line(58, "behind nginx with TLS all addresses are https and of that host")
def proxied(world, check):
    import ssl
    import http.client
    nginx = shutil.which("nginx") or ("/usr/sbin/nginx" if Path("/usr/sbin/nginx").exists() else None)
    if not nginx or not shutil.which("openssl"):
        raise Skipped("nginx or openssl is not installed")
    place = world.directory / "nginx"
    place.mkdir()
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", place / "key.pem", "-out", place / "cert.pem",
                    "-days", "2", "-subj", "/CN=localhost"], check=True, capture_output=True)
    server = world.platform("proxied", "--trusted-proxies", "127.0.0.1")
    key = server.account("alice")
    with server, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        (place / "nginx.conf").write_text(NGINX.format(place=place, port=port, behind=server.port))
        process = subprocess.Popen([nginx, "-c", str(place / "nginx.conf")], stderr=open(place / "stderr", "w"))
        try:
            context = ssl._create_unverified_context()

            def ask(method, path, body=None, kind="application/json"):
                connection = http.client.HTTPSConnection("localhost", port, context=context, timeout=60)
                connection.connect = lambda c=connection: setattr(c, "sock", context.wrap_socket(socket.create_connection(("127.0.0.1", port)), server_hostname="localhost"))
                data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
                connection.request(method, path, data, {"Authorization": f"Bearer {key}", **({"Content-Type": kind} if data else {})})
                answer = connection.getresponse()
                return answer.status, answer.read()

            def up():
                with contextlib.suppress(OSError):
                    return ask("GET", "/healthz")[0] == 200
            until(up, "nginx answers", 20)
            origin = f"https://localhost:{port}"
            status, text = ask("POST", "/api/projects", {"name": "p", "project": "p"})
            need(status == 201, text[:200])
            body, kind = form({"projectId": json.loads(text)["id"], "name": "m"}, (WEIGHTS / "shapes-detect.pt").read_bytes(), "m.pt")
            need(ask("POST", "/api/models", body, kind)[0] == 201, "upload")
            texts = [ask("GET", "/api/models/alice/p/m/files")[1]]
            status, text = ask("POST", "/api/datasets", {"name": "d", "dataset": "d"})
            asset = json.loads(text)["id"]
            archive = scene.zipped(scene.files("detect"))
            status, text = ask("POST", "/api/upload/signed-url", {"assetType": "datasets", "assetId": asset, "filename": "d.zip", "contentType": "application/zip", "totalBytes": len(archive)})
            texts.append(text)
            ticket = json.loads(text)
            need(ticket["uploadUrl"].startswith(origin + "/"), ticket["uploadUrl"])
            need(ask("PUT", ticket["uploadUrl"][len(origin):], archive, "application/zip")[0] < 300, "PUT through nginx")
            ask("POST", "/api/upload/complete", {"sessionId": ticket["sessionId"]})
            ask("POST", "/api/datasets/alice/d/ingest", {"sessionId": ticket["sessionId"]})
            until(lambda: json.loads(ask("GET", "/api/datasets/alice/d")[1])["dataset"]["status"] == "ready", "it is processed", 30)
            status, text = ask("GET", "/api/datasets/alice/d/export")
            texts.append(text)
            status, ndjson = ask("GET", json.loads(text)["downloadUrl"][len(origin):])
            texts += [ndjson, ask("GET", "/api/datasets/alice/d/images")[1]]
            for text in texts:
                addresses = re.findall(r'https?:(?:\\?/){2}[^"\s]*', text.decode())
                need(addresses and all(a.replace("\\/", "/").startswith(origin + "/") for a in addresses), f"addresses {addresses[:2]}")
        finally:
            process.terminate()
            process.wait(20)


@line(59, "hostile: .., links, bombs, announced sizes, NaN, 64 MiB event, 128 GETs, kill -9")
def hostile(world, check):
    server, alice = world.main(), world.alice()
    base = scene.files("detect", first=400)

    def taken(name, data, file):
        made = alice.ok("POST", "/api/datasets", {"name": name}, status=201)
        return alice.ingest("alice", made["dataset"], made["id"], data, file)

    with check.part(".. and links"):
        evil = {**base, "../../evil.png": b"x", "/tmp/evil-conformance.png": b"x", "set/../../up.txt": b"x"}
        found = taken("evil zip", scene.zipped(evil), "evil.zip")
        equal(found["dataset"]["imageCount"], 8, "images")
        need(sum("evil" in str(f) or "up.txt" in str(f) for f in found["ingest"]["faults"]) == 3, f"faults {found['ingest']['faults']}"[:300])
        found = taken("evil tar", scene.tarred(base, [("set/images/train/link.png", "/etc/passwd"), ("set/labels/train/p0.txt.png", "../../data.yaml")]), "evil.tar.gz")
        equal(found["dataset"]["imageCount"], 8, "images")
        need(any("link.png" in str(f) for f in found["ingest"]["faults"]), f"the link is not listed: {found['ingest']['faults']}")
        need(not Path("/tmp/evil-conformance.png").exists() and not list(server.data.rglob("evil*")), "something was written")
    with check.part("bomb"):
        bomb = scene.zipped({**base, "set/images/train/bomb.png": b"\0" * (64 << 20)})
        found = taken("bomb", bomb, "bomb.zip")
        need(found["dataset"]["status"] in ("ready", "failed"), found["dataset"]["status"])
        need(found["dataset"]["status"] == "failed" or any("bomb" in str(f) for f in found["ingest"]["faults"]), "the bomb is not named")
        huge = scene.zipped({f"p{i}.png": b"\0" * (32 << 20) for i in range(8)})
        found = taken("bombs", huge, "bombs.zip")
        equal(found["dataset"]["imageCount"], 0, "images of bombs")
    with check.part("10 GB announced, 1 byte sent"):
        made = alice.ok("POST", "/api/datasets", {"name": "short"}, status=201)
        ticket = alice.ok("POST", "/api/upload/signed-url", {"assetType": "datasets", "assetId": made["id"], "filename": "s.zip", "contentType": "application/zip", "totalBytes": 10 ** 10})
        path = ticket["uploadUrl"][len(server.origin):]
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(f"PUT {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {10 ** 10}\r\n\r\nx".encode())
        need(send(server.origin, "PUT", ticket["uploadUrl"], b"x").status < 300, "PUT of one byte")
        alice.fails(400, "POST", "/api/upload/complete", {"sessionId": ticket["sessionId"]})
        used = shutil.disk_usage(server.data)
        need(sum(p.stat().st_size for p in (server.data / "objects").rglob("*") if p.is_file()) < 4 << 30, f"{used}")
    with check.part("numbers and JSON"):
        for text in (b'{"name": NaN}', b'{"name": "x", "metadata": {"a": Infinity}}', b'{"name": 1e999}', b"[" * 100_000, b'{"a":' * 5000 + b"1" + b"}" * 5000,
                     b'{"name": "\xff\xfe"}', b"", b"null", b'{"name":"x","name":"y"}'):
            answer = alice.call("POST", "/api/datasets", data=text, kind="application/json")
            need(answer.status in (400, 413, 201), f"{text[:20]!r}: {answer}")
            need(answer.status != 201 or text.count(b"name") == 2, f"{text[:40]!r} was taken")
        bodies = {"conf": "nan", "iou": "inf", "imgsz": "1e9"}
        for name, value in bodies.items():
            answer = alice.form(f"/api/models/{world.kept['model-detect'][0]}/predict", {name: value}, (WEIGHTS / "shapes.jpg").read_bytes())
            equal(answer.status, 400, f"{name}={value}")
        large = b'{"name": "' + b"x" * (70 << 20) + b'"}'
        answer = send(server.origin, "POST", "/api/datasets", large, {"Authorization": f"Bearer {world.keys['alice']}", "Content-Type": "application/json"})
        equal(answer.status, 413, "70 MiB of JSON")
    with check.part("event of 64 MiB"):
        if not server.has("POST", "/api/webhooks/training/metrics"):
            raise NotBuilt("POST /api/webhooks/training/metrics")
        from reporter import Reporter
        run = Reporter(alice, project="alice/hostile", name="big")
        # Of 58, 20 and 80 MB; 4 million values may be in one.
        for size, number, status in ((1700, 0.12345678901234567, 200), (2001, 0.5, 400), (2001, 0.12345678901234567, 413)):
            plots = [{"type": "confusion_matrix", "matrix": [[number] * size for _ in range(size)]}]
            answer = alice.call("POST", "/api/webhooks/training/metrics", {"event": "training_complete", "modelId": run.model, "data": {
                "results": {"metrics": {}}, "classNames": [], "plots": plots, "runId": run.run}})
            equal(answer.status, status, f"an event with the matrix of {size} classes")
        again = alice.call("POST", "/api/webhooks/training/metrics", data=b'{"event":"epoch_end","modelId":"%s","data":{"epoch":0,"metrics":{"a":NaN}}}' % run.model.encode(), kind="application/json")
        equal(again.status, 400, "NaN, which JSON does not have")
        for epoch in (-1, 10 ** 18, 1.5, "x", None):
            answer = alice.call("POST", "/api/webhooks/training/metrics", {"event": "epoch_end", "modelId": run.model, "data": {"epoch": epoch, "metrics": {}}})
            equal(answer.status, 400, f"epoch {epoch}")
        need(0 <= run.job()["progress"]["percentage"] <= 100, "progress")
    with check.part("128 parallel GETs"):
        url = alice.ok("GET", "/api/datasets/alice/shapes-detect/images?limit=1")["images"][0]["url"]
        first = send(server.origin, "GET", url).body
        with concurrent.futures.ThreadPoolExecutor(128) as pool:
            answers = list(pool.map(lambda _: send(server.origin, "GET", url), range(512)))
        need(all(a.status == 200 and a.body == first for a in answers), f"{sum(a.status != 200 for a in answers)} of 512 failed")
    with check.part("path traversal"):
        for path in ("/storage/models/../../../etc/passwd", "/storage/%2e%2e/%2e%2e/etc/passwd", "/storage/objects/x/..%2f..%2fplatform.sqlite?expires=1&signature=0",
                     "/api/datasets/..%2f..%2f", "/api/models/alice/%2e%2e/x", "//etc/passwd", "/api/datasets/alice/%00"):
            answer = send(server.origin, "GET", path, headers={"Authorization": f"Bearer {world.keys['alice']}"})
            need(answer.status in (400, 403, 404), f"{path}: {answer}")
            need(b"root:" not in answer.body and b"SQLite" not in answer.body, path)
    with check.part("kill -9"):
        done = subprocess.run([sys.executable, str(ROOT / "Tools/platform_faults.py"), "--yolo", world.yolo, "--short",
                               "--only", "upload", "ingest", "export", "event", "purge", "ledger"], capture_output=True, text=True)
        need(done.returncode == 0, f"Tools/platform_faults.py: {done.stdout[-500:]}{done.stderr[-300:]}")


@line(61, "the HUB routes, limits and keys of today are unchanged")
def hub(world, check):
    place = world.directory / "hub"
    place.mkdir()
    database = place / "keys.sqlite"
    done = subprocess.run([world.yolo, "keys", "create", "--name", "hub", "--database", str(database)], capture_output=True, text=True)
    key = re.search(r"ul_[0-9a-f]{40}", done.stdout)
    need(key, f"keys create prints {done.stdout!r}")
    image = (WEIGHTS / "shapes.jpg").read_bytes()

    class Hub(Platform):
        """A server without a data directory."""

        def start(self, limit=60):
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                self.port = probe.getsockname()[1]
            output = open(self.log, "ab")
            self.process = subprocess.Popen([self.world.yolo, "serve", "--models", str(WEIGHTS), "--database", str(database), "--host", "127.0.0.1",
                                             "--port", str(self.port)], stdout=output, stderr=output)
            def up():
                with contextlib.suppress(OSError):
                    return send(self.origin, "GET", "/readyz").status == 200
            until(up, "the server is ready", limit)
            return self

    with Hub(world, "hub") as server:
        body, kind = form({"model": "https://hub.ultralytics.com/models/shapes-detect", "imgsz": 640, "conf": 0.25, "iou": 0.45}, image)
        def ask(path="/", headers={"x-api-key": key[0]}):
            return send(server.origin, "POST", path, body, {"Content-Type": kind, **headers})
        first = ask()
        equal(first.status, 200, str(first))
        value = first.json
        equal(set(value), {"images", "metadata"}, "members")
        need(list(value["images"][0]["results"][0]["box"]) == ["x1", "x2", "y1", "y2"], f"order of the box: {value['images'][0]['results'][0]}")
        equal(set(value["images"][0]), {"results", "shape", "speed"}, "members of an image")
        equal((ask(headers={}).status, ask(headers={"x-api-key": "x"}).status), (401, 401), "without a key")
        equal(ask("/predict").json["images"][0]["results"], value["images"][0]["results"], "POST /predict")
        equal(send(server.origin, "GET", "/api/datasets", headers={"x-api-key": key[0]}).status, 404, "the platform without --data")
        error = ask(headers={}).json
        need(error["success"] is False and set(error["error"]) == {"code", "message", "details"} and isinstance(error["message"], str), f"failure {error}")
        for _ in range(200):
            answer = ask()
            if answer.status == 429:
                break
        equal(answer.status, 429, "the 101st call of an hour")
        equal(send(server.origin, "GET", "/metrics").body.decode().count('code="429"') > 0, True, "metric of 429")
        used = int(sum(float(x) for x in re.findall(r'yolo_http_requests_total{[^}]*code="200"[^}]*} (\d+)', "\n".join(
            row for row in send(server.origin, "GET", "/metrics").body.decode().splitlines() if 'method="POST"' in row))))
        equal(used, 100, "calls that were answered")
    main, alice = world.main(), world.alice()
    with check.part("keys of the platform predict by HUB routes"):
        answer = send(main.origin, "POST", "/", body, {"Content-Type": kind, "x-api-key": world.keys["alice"]})
        equal(answer.status, 200, str(answer))
