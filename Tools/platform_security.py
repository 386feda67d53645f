"""Attacks a platform, and says of each attack whether the server stood it.

    python Tools/platform_security.py [--yolo .build/release/yolo] [--only matrix foreign …] [--schemathesis PROGRAM]

`matrix`: each scope of a key by each operation of /openapi.json; `foreign`: another account's identifiers and slugs on
every operation; `traversal`, `signatures`, `json`: hostile paths, addresses and bodies; `ssrf`: addresses of this machine
as webhook, source of a dataset, of its images and of a prediction, while a listener counts who comes; `secrets`: none of
the keys, secrets and signatures of the run in a log, in an export of personal data, or in a list. With the program of
schemathesis (`python -m venv V && V/bin/pip install schemathesis`) also `schemathesis`: what it generates of the
document finds no 500 and no status that is not documented. The exit status is 1 if one failed.
"""
import argparse
import contextlib
import http.client
import json
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import types
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "conformance"))
from harness import WEIGHTS, Failed, NotBuilt, Platform, Skipped, equal, form, need, send
from platform_faults import archive
from reporter import Reporter
from scopes import matrix as every_scope
from serving import YOLO

ATTACKS = {}
HIDDEN = "x-hidden-marker"


def attack(function):
    """Registers an attack under its function's name."""
    ATTACKS[function.__name__] = function
    return function


class Target:
    """A server with two accounts: alice has a dataset, a project and a model, mallory nothing."""

    def __init__(self, options, directory):
        self.options, self.directory = options, directory
        world = types.SimpleNamespace(yolo=str(Path(options.yolo).resolve()), directory=directory)
        self.server = Platform(world, "security")
        self.keys = {name: self.server.account(name) for name in ("alice", "mallory")}
        self.server.start()
        self.alice, self.mallory = (self.server.client(self.keys[name]) for name in ("alice", "mallory"))
        self.project = self.alice.ok("POST", "/api/projects", {"name": HIDDEN, "project": "shapes"}, status=201)["id"]
        self.model = self.alice.model(self.project, "shapes-detect", WEIGHTS / "shapes-detect.pt")["id"]
        made = self.alice.ok("POST", "/api/datasets", {"name": HIDDEN, "dataset": "shapes-detect"}, status=201)
        self.dataset = made["id"]
        self.alice.ingest("alice", "shapes-detect", made["id"], archive(range(4), directory), "d.zip")
        self.image = self.alice.ok("GET", "/api/datasets/alice/shapes-detect/images")["images"][0]["id"]
        self.deployment = self.alice.ok("POST", "/api/deployments/alice", {
            "project": "shapes", "model": "shapes-detect", "deployment": "deployed", "name": HIDDEN, "region": "us-central1"}, status=201)["id"]
        self.secrets = set(self.keys.values())


@attack
def matrix(target):
    """Each scope by each operation."""
    count, faults = every_scope(target.server, "alice", None)
    need(not faults, f"{len(faults)} of {count}: {'; '.join(faults[:8])}")
    return f"{count} calls"


# What every operation takes at least, so that none is refused for its body.
BODY = {"name": "stolen", "sessionId": "x", "description": "stolen", "project": "stolen", "version": 1, "classIds": [0],
        "sourceClassIds": [0], "targetClassId": 1, "train": 50, "val": 25, "test": 25, "split": "train", "base": 1, "head": 1,
        "format": "safetensors", "region": "us-central1", "deployment": "stolen", "model": "stolen", "action": "stop"}


@attack
def foreign(target):
    """Another account's resources are not there, by identifier and by slug, for every operation."""
    values = {"datasetId": target.dataset, "projectId": target.project, "modelId": target.model, "imageId": target.image,
              "deploymentId": target.deployment, "deployment": "deployed", "owner": "alice", "project": "shapes", "dataset": "shapes-detect", "model": "shapes-detect"}
    key_id = target.alice.ok("GET", "/api/api-keys")["data"][0]["id"]
    count, faults = 0, []
    for method, path, _ in target.server.routes():
        if not path.startswith("/api/") or "{" not in path:
            continue
        names = re.findall(r"\{(\w+)\}", path)
        real = re.sub(r"\{(\w+)\}", lambda m: values.get(m[1], key_id if m[1] == "keyId" else "0" * 24), path)
        lists = names == ["owner"] and not path.startswith("/api/deployments")  # of deployments nothing is public
        if path.endswith("/predict") and "imageId" not in path:
            data, kind = form({}, (WEIGHTS / "shapes.jpg").read_bytes())
        else:
            data, kind = (json.dumps({**BODY, "imageIds": [target.image], "modelId": "ul://mallory/a/b"}).encode(), "application/json") if method != "GET" else (None, None)
        for client, who in ((target.mallory, "mallory"), (target.server.client(), "nobody")):
            answer = send(target.server.origin, method, real, data, {**({"Content-Type": kind} if kind else {}),
                                                                    **({"Authorization": f"Bearer {client.key}"} if client.key else {})})
            count += 1
            if answer.status == 400 and data and kind == "application/json":  # a member is of another type there
                data = json.dumps({key: value for key, value in json.loads(data).items() if key != "version"}).encode()
                continue_with = {"Content-Type": kind, **({"Authorization": f"Bearer {client.key}"} if client.key else {})}
                answer = send(target.server.origin, method, real, data, continue_with)
            expected = {200} if lists and method == "GET" else {404} | ({401} if not client.key else set()) | ({400, 403} if names == ["owner"] and method != "GET" or "ingest" in path else set())
            if answer.status not in expected:
                faults.append(f"{who} {method} {path}: {answer.status}")
            if HIDDEN.encode() in answer.body:
                faults.append(f"{who} {method} {path} tells of a private resource")
    for body in ({"itemId": target.dataset, "type": "dataset"}, {"id": target.project, "type": "project"}):
        if target.mallory.call("POST", "/api/trash", body).status != 404:
            faults.append(f"POST /api/trash {body}")
    equal(target.mallory.call("POST", "/api/upload/signed-url", {"assetType": "models", "assetId": target.model, "filename": "a.pt",
                                                                 "contentType": "x/y", "totalBytes": 5}).status, 404, "an upload to a foreign model")
    need(target.alice.ok("GET", f"/api/datasets/{target.dataset}")["data"]["name"] == HIDDEN, "something was changed")
    need(not faults, f"{len(faults)} of {count}: {'; '.join(faults[:10])}")
    return f"{count} calls"


@attack
def traversal(target):
    """Paths lead nowhere but to resources."""
    count, marker = 0, b"SQLite format 3"
    parts = ["..", "%2e%2e", "..%2f", "..%5c", "....//", "%00", "%c0%ae%c0%ae", ".%2e"]
    for base in ("/storage/", "/storage/models/", "/storage/images/x/", "/api/datasets/", "/api/models/alice/", "/", "/d/", "/alice/"):
        for part in parts:
            for tail in ("platform.sqlite", "etc/passwd", "objects"):
                for depth in (1, 4):
                    with socket.create_connection(("127.0.0.1", target.server.port), timeout=20) as connection:
                        path = base + (part + "/") * depth + tail
                        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {target.keys['alice']}\r\nConnection: close\r\n\r\n".encode())
                        answer = http.client.HTTPResponse(connection)
                        answer.begin()
                        body = answer.read()
                    count += 1
                    need(answer.status in (200, 400, 401, 403, 404) or answer.status == 405 and base == "/d/", f"{path}: {answer.status}")
                    need(marker not in body and b"root:x" not in body, f"{path} reads a file")
                    need(answer.status != 200 or b"<html" in body[:600].lower(), f"{path}: 200 {body[:80]!r}")
    for name in ("../../evil.pt", "/etc/evil.pt", "a\x00.pt", "..\\evil.pt", "a/b.pt", "x" * 5000 + ".pt"):
        answer = target.alice.form("/api/models", {"projectId": target.project, "name": "named"}, (WEIGHTS / "shapes-pose.pt").read_bytes(), name)
        need(answer.status in (201, 400), f"a file named {name[:20]!r}: {answer}")
    need(not list(target.directory.rglob("evil*")) and not Path("/etc/evil.pt").exists(), "a file was written elsewhere")
    return f"{count} paths"


@attack
def signatures(target):
    """No signed address can be changed, lengthened or used for another method or file."""
    url = target.alice.ok("GET", "/api/models/alice/shapes/shapes-detect/files")["files"][0]["downloadUrl"]
    equal(send(target.server.origin, "GET", url).status, 200, "the address itself")
    head, _, tail = url.partition("&signature=")
    count, chance = 0, random.Random(3)
    for index in range(len(tail)):
        wrong = tail[:index] + format(int(tail[index], 16) ^ 1 << chance.randrange(4), "x") + tail[index + 1:]
        equal(send(target.server.origin, "GET", f"{head}&signature={wrong}").status, 403, f"digit {index} changed")
        count += 1
    path, _, query = url.partition("?")
    image = target.alice.ok("GET", "/api/datasets/alice/shapes-detect/images")["images"][0]["url"]
    for wrong in (path, f"{path}?{query}&expires=99999999999", f"{path}?expires=99999999999&signature={tail}", f"{path}?signature={tail}",
                  f"{image.partition('?')[0]}?{query}", f"{path}x?{query}", f"{head}&signature=", f"{head}&signature={tail}00", f"{head}&signature={'g' * 64}",
                  f"{path}?expires=-1&signature={tail}", f"{path}?expires=1e18&signature={tail}"):
        status = send(target.server.origin, "GET", wrong).status
        need(status in (400, 403) or status == 200 and wrong.endswith("expires=99999999999"), f"{wrong[-50:]}: {status}")
        count += 1
    for method in ("PUT", "POST", "DELETE", "PATCH"):
        status = send(target.server.origin, method, url, b"x").status
        need(status in (403, 405), f"{method}: {status}")
    equal(send(target.server.origin, "GET", f"{head}&signature={tail.upper()}").status in (200, 403), True, "capitals")
    return f"{count} addresses"


WRONG = [None, True, 0, -1, 2 ** 63, 1e308, "", "x" * 100_000, "\u0000", "\ud800", [], [[]] * 1000, {}, {"a": {"b": {}}}, ["a", 1, None], "../x", "💥" * 40]


@attack
def bodies(target):
    """Bodies of JSON with members of every kind, and JSON that is huge, deep or none, get 400 or 413."""
    document = json.loads(send(target.server.origin, "GET", "/openapi.json").body)
    values = {"datasetId": target.dataset, "projectId": target.project, "modelId": target.model, "imageId": target.image, "owner": "alice", "project": "shapes", "dataset": "shapes-detect", "model": "shapes-detect"}
    count, faults = 0, []

    def schema_of(schema, depth=0):
        while "$ref" in schema:
            schema = document["components"]["schemas"][schema["$ref"].split("/")[-1]]
        found = dict(schema.get("properties", {}))
        for word in ("oneOf", "anyOf", "allOf"):
            for part in schema.get(word, []):
                found.update(schema_of(part, depth + 1)) if depth < 5 else None
        return found

    for path, item in document["paths"].items():
        for method, operation in item.items():
            content = operation.get("requestBody", {}).get("content", {}) if isinstance(operation, dict) else {}
            if "application/json" not in content or path in ("/api/trash/empty", "/api/gdpr") or path.startswith("/api/api-keys"):
                continue
            real = re.sub(r"\{(\w+?)(?:IdOrOwner|Id)?\}", lambda m: values.get(m[1] + "Id" if m[1] + "Id" in values else m[1], "none"), path)
            if method == "delete":
                continue
            for name in list(schema_of(content["application/json"].get("schema", {})))[:20]:
                for value in WRONG:
                    text = json.dumps({name: value}).encode()
                    answer = send(target.server.origin, method.upper(), real, text, {"Content-Type": "application/json", "Authorization": f"Bearer {target.keys['alice']}"})
                    count += 1
                    if answer.status >= 500 and answer.status not in (501, 503):
                        faults.append(f"{method} {path} {name}={str(value)[:30]!r}: {answer.status}")
    for text in (b"[" * 1_000_000, b'{"a":' * 100_000, b'{"name":"' + b"x" * (80 << 20) + b'"}', b"\xff" * 100, b'{"name":"\\ud800"}', b'{"name": 1' + b"0" * 100_000 + b"}", b'{"' + b"k" * 1_000_000 + b'":1}',
                 b"{" + b",".join(b'"k%d":0' % n for n in range(100_000)) + b"}"):
        began = time.monotonic()
        answer = send(target.server.origin, "POST", "/api/datasets", text, {"Content-Type": "application/json", "Authorization": f"Bearer {target.keys['alice']}"})
        count += 1
        need(answer.status in (400, 413), f"{text[:20]!r} of {len(text)} bytes: {answer}")
        need(time.monotonic() - began < 10, f"{text[:20]!r} took {time.monotonic() - began:.1f} s")
    need(not faults, f"{len(faults)} of {count}: {'; '.join(faults[:8])}")
    return f"{count} bodies"


class Listener:
    """Counts the connections that come."""

    def __init__(self):
        self.socket, self.count = socket.create_server(("127.0.0.1", 0)), 0
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        """Accepts and closes."""
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.socket.accept()
                self.count += 1
                connection.close()


@attack
def ssrf(target):
    """Addresses of this machine are not fetched, whatever they are called."""
    listener, tried = Listener(), []
    hosts = ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "[::ffff:127.0.0.1]", "169.254.169.254", "10.0.0.1"]
    made = target.alice.ok("POST", "/api/datasets", {"name": "fetched", "dataset": "fetched"}, status=201)
    for host in hosts:
        for scheme in ("http", "https", "file", "gopher"):
            url = f"{scheme}://{host}:{listener.port}/x.zip" if scheme in ("http", "https") else f"{scheme}:///etc/passwd"
            body = {"sourceUrl": url}
            answer = target.alice.call("POST", "/api/datasets/alice/fetched/ingest", body)
            need(answer.status in (400, 201, 403, 404, 501), f"sourceUrl {url}: {answer}")
            tried.append(f"sourceUrl {answer.status}")
            if target.server.has("POST", "/api/webhooks"):
                answer = target.alice.call("POST", "/api/webhooks", {"url": url, "events": ["training.started"]})
                need(answer.status == 400, f"webhook {url}: {answer}")
                tried.append(f"webhook {answer.status}")
            answer = target.alice.form("/api/models/alice/shapes/shapes-detect/predict", {"source": url})
            need(answer.status == 400, f"source {url}: {answer}")
    lines = [json.dumps({"type": "dataset", "task": "detect", "class_names": {"0": "a"}})] + [json.dumps({
        "type": "image", "file": f"i{n}.png", "url": f"http://{host}:{listener.port}/{n}.png", "width": 4, "height": 4, "split": "train",
        "annotations": {"boxes": [[0, 0.5, 0.5, 0.1, 0.1]]}}) for n, host in enumerate(hosts)]
    other = target.alice.ok("POST", "/api/datasets", {"name": "lines", "dataset": "lines"}, status=201)
    found = target.alice.ingest("alice", "lines", other["id"], "\n".join(lines).encode(), "lines.ndjson", limit=180)
    equal(found["dataset"]["imageCount"], 0, "images of addresses of this machine")
    if target.server.has("POST", "/api/webhooks/training/metrics"):
        Reporter(target.alice, project="alice/told", name="told")
        time.sleep(4)
    equal(listener.count, 0, "connections to this machine")
    return f"{len(tried)} addresses"


@attack
def secrets(target):
    """No key, secret or signature is in the log or in what others read."""
    key = target.alice.ok("POST", "/api/api-keys", {"name": "secret", "scopes": ["read"]}, status=201)["data"]["key"]
    url = target.alice.ok("GET", "/api/models/alice/shapes/shapes-detect/files")["files"][0]["downloadUrl"]
    send(target.server.origin, "GET", url)
    send(target.server.origin, "GET", url.replace("signature=", "signature=0"))
    send(target.server.origin, "GET", "/api/datasets", headers={"Authorization": "Bearer ul_" + "e" * 40})
    send(target.server.origin, "GET", f"/api/datasets?key={key}")
    words = {key, "ul_" + "e" * 40, url.partition("signature=")[2], *target.secrets}
    secret = target.server.sql("SELECT value FROM secret")[0][0].hex()
    words.add(secret)
    for word in words:
        need(word not in target.server.text(), f"{word[:8]}… is in the log")
        for path in ("/metrics", "/api/activity?limit=100", "/api/api-keys", "/openapi.json"):
            need(word.encode() not in target.alice.call("GET", path).body, f"{word[:8]}… is in {path}")
    raw = (target.server.data / "platform.sqlite").read_bytes() + b"".join(p.read_bytes() for p in target.server.data.glob("platform.sqlite-wal"))
    for word in (key, *target.secrets):
        need(word.encode() not in raw and word[3:].encode() not in raw, "a key is in the database as it is")
    for path in target.server.data.rglob("platform.sqlite*"):
        need(path.stat().st_mode & 0o077 == 0, f"{path.name} can be read by others")
    return f"{len(words)} words"


@attack
def schemathesis(target):
    """What schemathesis generates finds no 500 and no status that is not documented."""
    program = target.options.schemathesis
    if not program or not shutil.which(program):
        raise Skipped("give --schemathesis PROGRAM")
    report = target.directory / "schemathesis.txt"
    # 501 is what an operator has not set up, which the document has.
    settings = target.directory / "schemathesis.toml"
    settings.write_text('[checks.not_a_server_error]\nexpected-statuses = ["2xx", "3xx", "4xx", "501", "503"]\n')
    # Deleting the account, the keys or the trash would end the run; files are sent by their own tests.
    with open(report, "w") as output:
        done = subprocess.run(
            [program, "--config-file", str(settings), "run", f"{target.server.origin}/openapi.json", "--header", f"Authorization: Bearer {target.keys['alice']}",
             "--header", f"x-api-key: {target.keys['alice']}",  # it would make one up
             "--checks", "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
             "--phases", "examples,coverage,fuzzing", "--max-examples", str(target.options.examples), "--seed", "7", "--workers", "2", "--request-timeout", "60",
             "--exclude-path-regex", "^/api/gdpr|^/api/api-keys|^/storage|^/d/", "--continue-on-failure", "--no-color"],
            stdout=output, stderr=subprocess.STDOUT, timeout=1500, cwd=target.directory)
    text = report.read_text()
    kept = Path(target.options.report) if target.options.report else None
    if kept:
        kept.write_text(text)
    tail = [line for line in text.splitlines() if line.strip()]
    need(done.returncode == 0, f"it ended with {done.returncode}: {' / '.join(tail[-14:])}")
    return tail[-2] if len(tail) > 1 else "no failures"


def main():
    """Runs the attacks."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--yolo", default=YOLO)
    parser.add_argument("--only", nargs="*", choices=list(ATTACKS))
    parser.add_argument("--schemathesis", help="the program of schemathesis")
    parser.add_argument("--examples", type=int, default=25, help="generated requests of each operation")
    parser.add_argument("--report", help="file for what schemathesis prints")
    options = parser.parse_args()
    failed = 0
    for name in options.only or ATTACKS:
        directory, began, target = Path(tempfile.mkdtemp(prefix="platform-security-")), time.monotonic(), None
        try:
            target = Target(options, directory)
            verdict = f"ok: {ATTACKS[name](target)}"
            need(target.server.process.poll() is None, "the server ended")
        except (Skipped, NotBuilt) as error:
            verdict = f"skipped: {error}"
        except Exception as error:
            failed += 1
            verdict = f"FAILED: {'' if isinstance(error, Failed) else type(error).__name__} {error}"
        finally:
            if target:
                target.server.stop()
            shutil.rmtree(directory, ignore_errors=True)
        print(f"{name:12} {time.monotonic() - began:6.1f} s  {ATTACKS[name].__doc__.split(chr(10))[0]} {verdict}", flush=True)
    print(f"{failed} failed")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
