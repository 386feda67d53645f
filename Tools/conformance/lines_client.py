"""Lines 1, 2, 9, 10 and 20 to 26: what the official client loads, evaluates and fetches, and the addresses of files."""
import hashlib
import hmac
import re
import time

import scene
from clients import official, training_is_built
from harness import WEIGHTS, equal, line, need, send

IMAGE = str(WEIGHTS / "shapes.jpg")


def sha(path):
    """The SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


@line(1, "YOLO(\"ul://…\") loads and predicts; a second load fetches nothing", slow=True)
def loads(world, check):
    server = world.main()
    before = server.downloads()
    found, _ = official(world, "load", "load", uri="ul://alice/shapes/shapes-detect", image=IMAGE)
    equal(server.downloads() - before, 1, "files fetched by the first load")
    equal(found["sha"], sha(WEIGHTS / "shapes-detect.pt"), "SHA-256 of the weights")
    equal(found["model"], "ul://alice/shapes/shapes-detect", "the model's address")
    need(found["version"] == "8.4.190", f"version {found['version']}")
    before = server.downloads()
    again, _ = official(world, "load", "load", uri="ul://alice/shapes/shapes-detect", image=IMAGE)
    equal(server.downloads() - before, 0, "files fetched by the second load")
    equal(again["boxes"], found["boxes"], "boxes of the second load")
    local, _ = official(world, "load", "load-local", uri=str(WEIGHTS / "shapes-detect.pt"), image=IMAGE)
    equal(found["boxes"], local["boxes"], "boxes")
    need(len(found["boxes"]) > 0, "no boxes")


@line(2, "after new weights the same call fetches anew", slow=True)
def renewed(world, check):
    server, alice = world.main(), world.alice()
    project = world.kept["project"][0]
    model = alice.model(project, "renewed", WEIGHTS / "shapes-detect.pt")
    uri = "ul://alice/shapes/renewed"
    names = [alice.ok("GET", "/api/models/alice/shapes/renewed/files")["files"][0]["downloadUrl"]]
    first, _ = official(world, "load", "renewed", uri=uri, image=IMAGE)
    alice.upload("models", model["id"], (WEIGHTS / "shapes-segment.pt").read_bytes(), "best.pt")
    names.append(alice.ok("GET", "/api/models/alice/shapes/renewed/files")["files"][0]["downloadUrl"])
    before = server.downloads()
    second, _ = official(world, "load", "renewed", uri=uri, image=IMAGE)
    equal(server.downloads() - before, 1, "files fetched after the change")
    equal(second["sha"], sha(WEIGHTS / "shapes-segment.pt"), "SHA-256 of the new weights")
    need(first["path"] != second["path"], "the file's name did not change")
    for name, task in zip(names, ("detect", "segment")):
        segment = name.split("?")[0].split("/")[-1]
        equal(segment, f"renewed-{sha(WEIGHTS / f'shapes-{task}.pt')[:8]}.pt", "last segment of the address")


@line(9, "val(data=\"ul://…\") has the numbers of the local dataset", slow=True)
def evaluates(world, check):
    place = world.directory / "local-detect"
    for name, data in scene.files("detect", root="").items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(data)
    text = (place / "data.yaml").read_text().replace("path: .", f"path: {place}")
    (place / "data.yaml").write_text(text)
    found, _ = official(world, "val", "val", uri="ul://alice/shapes/shapes-detect",
                        data="ul://alice/datasets/shapes-detect", local=str(place / "data.yaml"))
    for split in ("val", "test"):
        for name, ours, theirs in zip(("precision", "recall", "mAP50", "mAP50-95"), found[split]["server"],
                                      found[split]["local"]):
            need(abs(ours - theirs) < 1e-9, f"{split} {name}: {ours} instead of {theirs}")
    check.note(f"test: {found['test']['server']}")


@line(10, "an export with new signatures fetches no image; a changed label none, but a new directory", slow=True)
def fetches(world, check):
    server, alice = world.main(), world.alice()
    made = alice.dataset("fetched", scene.zipped(scene.files("detect", first=300)))
    slug, uri = made["dataset"]["dataset"], f"ul://alice/datasets/{made['dataset']['dataset']}"

    def fetched():
        before = server.downloads()
        found, _ = official(world, "fetch", "fetch", data=uri)
        return found, server.downloads() - before

    first, count = fetched()
    equal(count, 9, "files fetched first (NDJSON and 8 images)")
    equal(first["images"], 8, "images")
    second, count = fetched()
    equal(count, 1, "files fetched with new signatures")
    equal(second["directory"], first["directory"], "directory")
    image = alice.ok("GET", f"/api/datasets/alice/{slug}/images?limit=1")["images"][0]
    time.sleep(1.1)  # the time of the change is told in seconds
    alice.ok("PATCH", f"/api/images/{image['id']}", {"labels": [[1, 0.5, 0.5, 0.25, 0.25]]})
    third, count = fetched()
    equal(count, 1, "files fetched after a label changed")
    need(third["directory"] != first["directory"], "the directory did not change with the label")
    need(any(words == "1 0.5 0.5 0.25 0.25".split() for words in third["labels"].values()), "the label is not there")


def ticket(client, asset, data):
    """Begins an upload of a model's weights."""
    return client.ok("POST", "/api/upload/signed-url", {
        "assetType": "models", "assetId": asset, "filename": "best.pt", "contentType": "application/octet-stream",
        "totalBytes": len(data)})


@line(20, "PUT broken off and repeated; redeemed, forged and late addresses are refused")
def uploads(world, check):
    server, alice = world.main(), world.alice()
    data = (WEIGHTS / "shapes-pose.pt").read_bytes()
    made = alice.ok("POST", "/api/models", {"project": "shapes", "model": "put-again", "name": "put-again"}, status=201)
    given = ticket(alice, made["id"], data)
    address = given["uploadUrl"]
    need(address.startswith(server.origin + "/"), f"the address is not of this origin: {address}")
    with check.part("broken off"):
        import socket
        path = address[len(server.origin):]
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(f"PUT {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Length: {len(data)}\r\n"
                               "\r\n".encode() + data[:1000])
        answer = alice.call("POST", "/api/upload/complete", {"sessionId": given["sessionId"]})
        equal(answer.status, 404, "complete of a file that has not come")
    with check.part("repeated"):
        for _ in range(2):
            answer = send(server.origin, "PUT", address, data)
            need(answer.status in (200, 201, 204), f"PUT: {answer}")
        need(alice.ok("POST", "/api/upload/complete", {"sessionId": given["sessionId"]})["file"]["size"] == len(data), "size")
        files = alice.ok("GET", "/api/models/alice/shapes/put-again/files")["files"]
        read = send(server.origin, "GET", files[0]["downloadUrl"])
        equal(hashlib.sha256(read.body).hexdigest(), hashlib.sha256(data).hexdigest(), "SHA-256 of what was sent")
    with check.part("after it was redeemed"):
        equal(send(server.origin, "PUT", address, data).status, 409, "PUT after the upload was redeemed")
        alice.ok("POST", "/api/upload/complete", {"sessionId": given["sessionId"]})
    with check.part("more than announced"):
        other = ticket(alice, made["id"], data[:100])["uploadUrl"]
        equal(send(server.origin, "PUT", other, data).status, 413, "PUT of more bytes than announced")
    url = alice.ok("GET", "/api/models/alice/shapes/put-again/files")["files"][0]["downloadUrl"]
    with check.part("forged"):
        flipped = url[:-1] + ("0" if url[-1] != "0" else "1")
        for wrong in (flipped, url.split("&signature")[0], url.replace("expires=", "expires=1"),
                      url.replace("put-again-", "put-other-")):
            equal(send(server.origin, "GET", wrong).status, 403, f"GET {wrong[-60:]}")
        equal(send(server.origin, "PUT", url, b"x").status, 403, "PUT at an address for GET")
    with check.part("late"):
        secret = server.sql("SELECT value FROM secret WHERE name = 'addresses'")[0][0]
        path = url.split("?")[0][len(server.origin):]
        def signed(moment):
            code = hmac.new(secret, f"GET\n{path}\n{moment}".encode(), hashlib.sha256).hexdigest()
            return f"{server.origin}{path}?expires={moment}&signature={code}"
        equal(send(server.origin, "GET", signed(int(time.time()) + 60)).status, 200, "a signature of the secret")
        equal(send(server.origin, "GET", signed(int(time.time()) - 2)).status, 403, "an address that expired")


@line(21, "Range: 206 with the right bytes, 416 beyond the end")
def ranges(world, check):
    server, alice = world.main(), world.alice()
    file = alice.ok("GET", "/api/models/alice/shapes/shapes-detect/files")["files"][0]
    data = (WEIGHTS / "shapes-detect.pt").read_bytes()
    equal(file["size"], len(data), "size of the file")
    url = file["downloadUrl"]
    whole = send(server.origin, "GET", url)
    equal(whole.headers.get("content-length"), str(len(data)), "Content-Length")
    need(whole.headers.get("accept-ranges") == "bytes", "no Accept-Ranges")
    for start in (0, 1, 4096, len(data) - 1):
        part = send(server.origin, "GET", url, headers={"Range": f"bytes={start}-", "Accept-Encoding": "identity"})
        equal(part.status, 206, f"bytes={start}-")
        equal(part.headers.get("content-range"), f"bytes {start}-{len(data) - 1}/{len(data)}", "Content-Range")
        need(part.body == data[start:], f"other bytes from {start} on")
    middle = send(server.origin, "GET", url, headers={"Range": "bytes=10-19"})
    need(middle.status == 206 and middle.body == data[10:20], f"bytes=10-19: {middle}")
    last = send(server.origin, "GET", url, headers={"Range": "bytes=-7"})
    need(last.status == 206 and last.body == data[-7:], f"bytes=-7: {last}")
    late = send(server.origin, "GET", url, headers={"Range": f"bytes={len(data)}-"})
    equal(late.status, 416, "beyond the end")
    equal(late.headers.get("content-range"), f"bytes */{len(data)}", "Content-Range of 416")
    tag = whole.headers.get("etag")
    equal(send(server.origin, "GET", url, headers={"If-None-Match": tag}).status, 304, "If-None-Match")
    head = send(server.origin, "HEAD", url)
    need(head.status == 200 and head.headers.get("content-length") == str(len(data)) and not head.body, "HEAD")
    equal(send(server.origin, "GET", url, headers={"Range": "bytes=5-", "If-Range": '"other"'}).status, 200, "If-Range")


@line(22, "a dataset in processing: 409 with Retry-After; the client succeeds once it is ready", slow=True)
def processing(world, check):
    alice = world.alice()
    made = alice.ok("POST", "/api/datasets", {"name": "slow one", "dataset": "slow-one"}, status=201)
    archive = world.directory / "slow.zip"
    archive.write_bytes(scene.zipped(scene.files("detect", count=1000, first=1000), deflate=False))
    found, _ = official(world, "processing", "processing", uri="ul://alice/datasets/slow-one", slug="alice/slow-one",
                        id=made["id"], archive=str(archive))
    equal(found["first"], 409, "export while it is processed")
    need(found["wait"] and int(found["wait"]) >= 1, f"Retry-After: {found['wait']}")
    need("address" in found, f"the client fails: {found}")
    need(re.search(r"/slow-one\.ndjson\?", found["address"]), found["address"])


@line(23, "401, 403 and 404 give the client's three exceptions", slow=True)
def refusals(world, check):
    server = world.main()
    narrow = server.key("alice", "predict")
    cases = ((world.keys["alice"][:-1] + ("0" if world.keys["alice"][-1] != "0" else "1"), "ValueError"),
             (narrow, "PermissionError"), (world.keys["alice"], "FileNotFoundError"))
    for key, name in cases:
        for uri in ("ul://alice/datasets/none-such" if name == "FileNotFoundError" else "ul://alice/datasets/shapes-detect",
                    "ul://alice/shapes/none-such" if name == "FileNotFoundError" else "ul://alice/shapes/shapes-detect"):
            found, _ = official(world, "resolve", "refusals", key=key, uri=uri)
            equal(found.get("error"), name, f"{uri}: {found}")


def older(world, version, method):
    """Trains once with an older client, which is led by redirects."""
    server, alice = world.main(), world.alice()
    training_is_built(world)
    name = "old-" + version.replace(".", "-")
    for path in ("/api/webhooks/datasets/alice/shapes-detect/export", "/api/webhooks/models/alice/shapes/shapes-detect/download"):
        answer = alice.call(method, path)
        equal(answer.status, 302, f"{method} {path}")
        need(answer.headers["location"].startswith(server.origin + "/storage/"), answer.headers["location"])
        equal(send(server.origin, "GET", answer.headers["location"]).status, 200, "where it leads")
        equal(server.client().call(method, path).status, 401, f"{method} {path} without a key")
    found, text = official(world, "train", name, version=version, uri="ul://alice/shapes/shapes-detect", arguments={
        "data": "ul://alice/datasets/shapes-detect", "project": "alice/old", "name": name, "plots": False})
    equal(found["version"], version, "version")
    model = alice.ok("GET", f"/api/models/alice/old/{name}")["model"]
    equal(model["status"], "completed", "status")
    files = alice.ok("GET", f"/api/models/alice/old/{name}/files")["files"]
    read = send(server.origin, "GET", files[0]["downloadUrl"])
    equal(hashlib.sha256(read.body).hexdigest(), found["sha"], "SHA-256 of best.pt")


@line(24, "8.4.60 trains end to end (HEAD, 302)", slow=True)
def trains_60(world, check):
    older(world, "8.4.60", "HEAD")


@line(25, "8.4.120 trains end to end (GET, 302)", slow=True)
def trains_120(world, check):
    older(world, "8.4.120", "GET")


@line(26, "yolo login with a right and with a wrong key", slow=True)
def login(world, check):
    key = world.keys["alice"]
    found, text = official(world, "command", "login", key="", words=["login", key])
    equal(found["key"], key, "the key that was saved")
    need(not re.search("invalid|failed", text, re.IGNORECASE), f"login says {text[-200:]}")
    wrong = "ul_" + "0" * 40
    found, text = official(world, "command", "login-wrong", key="", words=["login", wrong])
    need(found["key"] != wrong, "a wrong key was saved")
    need(re.search("invalid|failed|unauthorized|401|not", text, re.IGNORECASE), f"login says {text[-200:]}")
