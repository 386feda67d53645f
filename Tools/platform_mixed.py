"""Loads a platform with mixed requests, and reads back every write that it acknowledged.

    python Tools/platform_mixed.py [--yolo .build/release/yolo] [--requests 20000] [--clients 32] [--short]

Clients read, write, upload, predict, and send 5 % bad requests. Every answer is held to what it must be: a resource to
what its client wrote last, a prediction to the one before the load, a bad request to its status. At the end, and again
after kill -9 and a new start, everything acknowledged is read back: descriptions, deletions, and uploaded files byte by
byte. The memory of the server must not grow between the second and the last third. Standard library only.
"""
import argparse
import collections
import hashlib
import http.client
import io
import json
import random
import shutil
import struct
import sys
import tempfile
import threading
import time
import types
import zipfile
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "conformance"))
from harness import WEIGHTS, Answer, Platform, form, until
from serving import YOLO, resident

KINDS = {"read": 34, "list": 8, "create": 9, "change": 16, "delete": 3, "upload": 5, "file": 5, "predict": 15, "bad": 5}
IMAGE = (WEIGHTS / "shapes.jpg").read_bytes()


def png(number):
    """Returns an image that differs from those of other numbers."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    noise = random.Random(number).randbytes(3 * 16)
    head = struct.pack(">IIBBBBB", 16, 16, 8, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress((b"\0" + noise) * 16, 1))
            + chunk(b"IEND", b""))


class Wrong(Exception):
    """An answer is not as it must be."""


class Visitor:
    """One client: a connection of its own, and what it knows of its resources."""

    def __init__(self, run, number):
        self.run, self.number, self.random = run, number, random.Random(number)
        self.connection, self.count = None, 0
        self.things = {}   # (kind, slug) -> description that was acknowledged last
        self.gone = {}     # (kind, slug) that was deleted
        self.images = {}   # SHA-256 of an image that was taken in
        self.files = []    # signed address, SHA-256
        self.set = f"set-{number}"

    def ask(self, method, path, body=None, kind=None, key=True):
        """Sends a request; returns the answer."""
        if isinstance(body, dict):
            body, kind = json.dumps(body).encode(), "application/json"
        headers = {**({"Authorization": f"Bearer {self.run.key}"} if key is True else key or {}),
                   **({"Content-Type": kind} if kind else {})}
        for attempt in (0, 1):
            reused = self.connection is not None
            if not reused:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.run.server.port, timeout=120)
            try:
                self.connection.request(method, path, body, headers)
                answer = self.connection.getresponse()
                value = Answer(answer.status, answer.getheaders(), answer.read())
                if answer.will_close:
                    self.connection = None
                break
            except (OSError, http.client.HTTPException):
                self.connection = None
                # A connection that was idle may have been closed; what was sent on it was not taken.
                if attempt or not reused:
                    raise
        self.run.note(value.status)
        return value

    def must(self, status, method, path, body=None, **more):
        """Sends a request whose status is known; returns its JSON."""
        answer = self.ask(method, path, body, **more)
        if answer.status != status:
            raise Wrong(f"{method} {path}: {answer}, not {status}")
        return answer.json

    def path(self, thing):
        """The path of a resource."""
        kind, slug = thing
        return f"/api/models/load/lab-{self.number}/{slug}" if kind == "model" else f"/api/{kind}s/load/{slug}"

    def begin(self):
        """Creates what the client works in."""
        self.must(201, "POST", "/api/projects", {"name": "lab", "project": f"lab-{self.number}"})
        self.asset = self.must(201, "POST", "/api/datasets", {"name": "set", "dataset": self.set})["id"]

    def read(self):
        """Reads a resource, of which the last description is known."""
        if self.gone and self.random.random() < 0.2:
            self.must(404, "GET", self.path(self.random.choice(list(self.gone))))
        elif self.things:
            self.holds(self.random.choice(list(self.things)))
        else:
            self.must(200, "GET", f"/api/datasets/load/{self.set}")

    def holds(self, thing):
        """Holds a resource to what was written last."""
        value = self.must(200, "GET", self.path(thing))[thing[0]]
        if value[thing[0]] != thing[1] or value.get("description") != self.things[thing]:
            raise Wrong(f"{thing} is {value.get('description')!r}, not {self.things[thing]!r}")

    def list(self):
        """Reads a list, which must have what this client made."""
        path, kind = self.random.choice((("/api/datasets/load?limit=1000", "dataset"), ("/api/projects/load?limit=500", "project"),
                                         (f"/api/models/load/lab-{self.number}?limit=100", "model")))
        found = self.must(200, "GET", path)[f"{kind}s"]
        slugs = {item[kind] for item in found}
        if kind == "model" or len(found) < 400:
            mine = {slug for k, slug in self.things if k == kind}
            if kind == "model" and len(mine) > 100:
                return
            if not mine <= slugs:
                raise Wrong(f"{path} lacks {sorted(mine - slugs)[:3]}")
            if slugs & {slug for k, slug in self.gone if k == kind}:
                raise Wrong(f"{path} has what was deleted")

    def create(self):
        """Creates a resource."""
        self.count += 1
        kind = self.random.choice(("dataset", "project", "model"))
        slug, text = f"c{self.number}-{self.count}", f"made {self.random.random()}"
        body = {"name": slug, kind: slug, "description": text}
        if kind == "model":
            body["project"] = f"lab-{self.number}"
        self.must(201, "POST", f"/api/{kind}s", body)
        self.things[kind, slug] = text

    def change(self):
        """Changes a resource."""
        if not self.things:
            return self.create()
        thing = self.random.choice(list(self.things))
        text = f"changed {self.random.random()}"
        self.must(200, "PATCH", self.path(thing), {"description": text})
        self.things[thing] = text

    def delete(self):
        """Deletes a resource."""
        if not self.things:
            return self.create()
        thing = self.random.choice(list(self.things))
        self.must(200, "DELETE", self.path(thing))
        self.gone[thing] = self.things.pop(thing)

    def upload(self):
        """Uploads an image, and has it taken into the dataset."""
        self.count += 1
        image = png(self.number * 100_000 + self.count)
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w") as archive:
            archive.writestr(f"i{self.count}.png", image)
        data = data.getvalue()
        ticket = self.must(200, "POST", "/api/upload/signed-url", {
            "assetType": "datasets", "assetId": self.asset, "filename": f"i{self.count}.zip", "contentType": "application/zip",
            "totalBytes": len(data)})
        path = ticket["uploadUrl"][len(self.run.server.origin):]
        answer = self.ask("PUT", path, data, kind="application/zip", key={})
        if answer.status not in (200, 201, 204):
            raise Wrong(f"PUT: {answer}")
        self.must(200, "POST", "/api/upload/complete", {"sessionId": ticket["sessionId"]})
        self.must(201, "POST", f"/api/datasets/load/{self.set}/ingest", {"sessionId": ticket["sessionId"]})
        self.images[hashlib.sha256(image).hexdigest()] = True

    def file(self):
        """Reads a file at a signed address, whole or a part of it."""
        path, data = self.run.weights
        path = path.split("//", 1)[1].split("/", 1)[1]
        start = self.random.randrange(len(data))
        answer = self.ask("GET", "/" + path, key={"Range": f"bytes={start}-{start + 999}"})
        if answer.status != 206 or answer.body != data[start:start + 1000]:
            raise Wrong(f"bytes {start}: {answer.status}, {len(answer.body)} bytes")

    def predict(self):
        """Predicts an image."""
        data, kind = form({"imgsz": 320}, IMAGE)
        for _ in range(20):
            answer = self.ask("POST", f"/api/models/{self.run.model}/predict", data, kind)
            if answer.status != 503:
                break
            self.run.busy += 1
            time.sleep(float(answer.headers["retry-after"]) / 10)
        if answer.status != 200 or answer.json["predictions"] != self.run.expected:
            raise Wrong(f"predict: {answer}")

    def bad(self):
        """Sends a bad request."""
        forged = {"Authorization": "Bearer ul_" + "0" * 40}
        data, kind = form({"conf": "7"}, IMAGE)
        status, method, path, body, more = self.random.choice((
            (401, "GET", "/api/datasets", None, {"key": {}}), (401, "GET", "/api/datasets", None, {"key": forged}),
            (404, "GET", "/api/datasets/load/none-such", None, {}), (404, "GET", "/api/nothing", None, {}),
            (400, "POST", "/api/datasets", b"{", {"kind": "application/json"}), (400, "POST", "/api/datasets", {"name": ""}, {}),
            (400, "GET", "/api/datasets?limit=0", None, {}), (403, "GET", "/storage/models/x/y.pt?expires=1&signature=00", None, {"key": {}}),
            (409, "POST", "/api/projects", {"name": "x", "project": f"lab-{self.number}"}, {}),
            (400, "POST", f"/api/models/{self.run.model}/predict", data, {"kind": kind}),
            (405, "PUT", "/api/datasets", b"", {})))
        self.must(status, method, path, body, **more)

    def work(self):
        """Sends requests until there are enough."""
        kinds, weights = list(KINDS), list(KINDS.values())
        while self.run.next():
            kind = self.random.choices(kinds, weights)[0]
            try:
                getattr(self, kind)()
                self.run.kinds[kind] += 1
            except Wrong as error:
                self.run.wrong.append(f"{kind}: {error}")
            except (OSError, http.client.HTTPException) as error:
                self.run.wrong.append(f"{kind}: {type(error).__name__} {error}")

    def read_back(self):
        """Reads back everything that was acknowledged; returns how much that was."""
        for thing in self.things:
            self.holds(thing)
        for thing in self.gone:
            self.must(404, "GET", self.path(thing))
        def settled():
            return self.must(200, "GET", f"/api/datasets/load/{self.set}")["dataset"]["status"] != "processing"
        until(settled, f"{self.set} is taken in", 120)
        found, cursor = {}, ""
        while True:
            page = self.must(200, "GET", f"/api/datasets/load/{self.set}/images?limit=100&includeImageUrls=true{cursor}")
            for image in page["images"]:
                path = "/" + image["url"].split("//", 1)[1].split("/", 1)[1]
                body = self.ask("GET", path, key={}).body
                found[hashlib.sha256(body).hexdigest()] = True
            if not page["hasMore"]:
                break
            cursor = f"&cursor={page['nextCursor']}"
        if found.keys() != self.images.keys():
            raise Wrong(f"{self.set}: {len(self.images.keys() - found.keys())} images are lost, {len(found.keys() - self.images.keys())} too many")
        return len(self.things) + len(self.gone) + len(self.images)


class Run:
    """What the clients share."""

    def __init__(self, server, total):
        self.server, self.left, self.guard = server, total, threading.Lock()
        self.statuses, self.kinds, self.wrong, self.busy = collections.Counter(), collections.Counter(), [], 0

    def next(self):
        """Whether another request is to be sent."""
        return self.left > 0

    def note(self, status):
        """Counts an answer."""
        with self.guard:
            self.statuses[status] += 1
            self.left -= 1


def flat(samples):
    """Returns whether the memory stays, and what it was in thirds."""
    third = max(1, len(samples) // 3)
    tops = [max(samples[part:part + third]) for part in (0, third, 2 * third)]
    return tops[2] <= tops[1] * 1.1 + 16, tops


def main():
    """Runs the load."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--yolo", default=YOLO)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--short", action="store_true", help="2,000 requests of 8 clients")
    options = parser.parse_args()
    if options.short:
        options.requests, options.clients = 2_000, 8
    directory = Path(tempfile.mkdtemp(prefix="platform-mixed-"))
    server = Platform(types.SimpleNamespace(yolo=str(Path(options.yolo).resolve()), directory=directory), "mixed")
    run = Run(server, 1 << 60)
    run.key = server.account("load")
    wrong = run.wrong
    try:
        server.start()
        client = server.client(run.key)
        project = client.ok("POST", "/api/projects", {"name": "base", "project": "base"}, status=201)["id"]
        run.model = client.model(project, "one", WEIGHTS / "shapes-detect.pt")["id"]
        run.expected = client.form(f"/api/models/{run.model}/predict", {"imgsz": 320}, IMAGE).json["predictions"]
        url = client.ok("GET", "/api/models/load/base/one/files")["files"][0]["downloadUrl"]
        run.weights = url, (WEIGHTS / "shapes-detect.pt").read_bytes()
        visitors = [Visitor(run, number) for number in range(options.clients)]
        for visitor in visitors:
            visitor.begin()
        run.left, began, samples = options.requests, time.monotonic(), []
        threads = [threading.Thread(target=visitor.work) for visitor in visitors]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            samples.append(resident(server.process.pid) or 0)
            time.sleep(0.5)
        seconds, total = time.monotonic() - began, sum(run.statuses.values())
        print(f"{total} requests of {options.clients} clients in {seconds:.1f} s, {total / seconds:.0f} a second; {run.busy} times busy")
        print("statuses", dict(sorted(run.statuses.items())), "kinds", dict(run.kinds))
        steady, tops = flat(samples)
        print("memory at most, in thirds: " + ", ".join(f"{top:.0f} MB" for top in tops))
        if not steady:
            wrong.append(f"memory grows: {tops}")
        for turn in ("after the load", "after kill -9"):
            count = 0
            for visitor in visitors:
                try:
                    count += visitor.read_back()
                except Exception as error:
                    wrong.append(f"{turn}: {type(error).__name__} {error}")
            print(f"{turn}: {count} acknowledged writes read back")
            if turn == "after the load":
                server.kill()
                server.start()
                for visitor in visitors:
                    visitor.connection = None
        if run.statuses[500]:
            wrong.append(f"{run.statuses[500]} answers of 500")
    finally:
        server.stop()
        shutil.rmtree(directory, ignore_errors=True)
    for text in wrong[:20]:
        print("WRONG:", text)
    print(f"{len(wrong)} wrong")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
