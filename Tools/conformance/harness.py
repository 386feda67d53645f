"""What every line of the checklist stands on: servers with data of their own, requests, and the verdict of a line."""
import contextlib
import http.client
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import threading
import time
import traceback
import urllib.parse
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
WEIGHTS = ROOT / "Weights"
PATIENCE = 5  # how many times as long as on an idle machine is waited for something
TASKS = ("detect", "segment", "pose", "obb", "classify")
BOUNDARY = "conformance7c2e"
LINES = {}  # number -> (title, function, cost)


class Failed(Exception):
    """The server does not do what the contract says."""


class NotBuilt(Exception):
    """The server does not have the part that a line is about."""


class Skipped(Exception):
    """This machine lacks what the line needs."""


def line(number, title, slow=False):
    """Registers the function of a line of the checklist."""
    def registered(function):
        LINES[number] = (title, function, slow)
        return function
    return registered


def need(right, what):
    """Fails unless the condition holds."""
    if not right:
        raise Failed(what if isinstance(what, str) else json.dumps(what)[:400])


def equal(given, expected, what):
    """Fails unless both are equal."""
    need(given == expected, f"{what}: {str(given)[:160]!s} instead of {str(expected)[:160]!s}")


def until(condition, what, limit=60, pause=0.05):
    """Waits until the condition returns something true, and returns that."""
    end = time.monotonic() + limit * PATIENCE
    while True:
        value = condition()
        if value:
            return value
        need(time.monotonic() < end, f"not within {limit * PATIENCE} s: {what}")
        time.sleep(pause)


class Check:
    """The verdict of one line: its parts go on after a failure, so that one run names all of them."""

    def __init__(self):
        self.failures, self.absent, self.skips, self.notes, self.passed = [], [], [], [], 0

    @contextlib.contextmanager
    def part(self, name):
        """One part of a line; what goes wrong in it is noted."""
        try:
            yield
            self.passed += 1
        except NotBuilt as error:
            self.absent.append(f"{name}: {error}")
        except Skipped as error:
            self.skips.append(f"{name}: {error}")
        except Failed as error:
            self.failures.append(f"{name}: {error}")
        except Exception as error:  # a check that breaks has not passed
            place = traceback.extract_tb(error.__traceback__)[-1]
            self.failures.append(f"{name}: {type(error).__name__} {error} ({Path(place.filename).name}:{place.lineno})")

    def note(self, text):
        """Something worth telling that is no verdict."""
        self.notes.append(text)

    def verdict(self):
        """Returns `fail`, `not built`, `skipped` or `pass`, and one line of reason."""
        if self.failures:
            return "fail", "; ".join(self.failures)
        if self.absent:
            return "not built", "; ".join(self.absent)
        if self.skips:
            return "skipped", "; ".join(self.skips)
        if not self.passed:
            return "fail", "nothing was checked"
        return "pass", "; ".join(self.notes) or f"{self.passed} parts"


class Answer:
    """An HTTP answer."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, {k.lower(): v for k, v in headers}, body

    @property
    def json(self):
        """The body as JSON, or nothing."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def __str__(self):
        return f"{self.status} {self.body[:200].decode(errors='replace')}"


def form(fields, file=None, name="image.jpg"):
    """Returns a multipart body and its content type."""
    text = b"".join(f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n'.encode()
                    for k, v in fields.items())
    if file is not None:
        text += (f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
                 "Content-Type: application/octet-stream\r\n\r\n").encode() + file + b"\r\n"
    return text + f"--{BOUNDARY}--\r\n".encode(), f"multipart/form-data; boundary={BOUNDARY}"


def send(origin, method, path, body=None, headers=None, timeout=600):
    """Sends one request on a connection of its own; follows no redirect."""
    if path.startswith("http"):
        parts = urllib.parse.urlsplit(path)
        origin, path = f"{parts.scheme}://{parts.netloc}", parts.path + ("?" + parts.query if parts.query else "")
    host = urllib.parse.urlsplit(origin)
    connection = http.client.HTTPConnection(host.hostname, host.port, timeout=timeout)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return Answer(answer.status, answer.getheaders(), answer.read())
    finally:
        connection.close()


class Client:
    """Requests with one key; a path that the server does not have raises `NotBuilt`."""

    def __init__(self, server, key=None):
        self.server, self.key = server, key

    def call(self, method, path, body=None, data=None, headers=None, kind=None, timeout=600):
        """Sends a request and returns the answer."""
        headers = dict(headers or {})
        if self.key and not path.startswith("http"):
            headers.setdefault("Authorization", f"Bearer {self.key}")
        if body is not None:
            data, kind = json.dumps(body).encode(), "application/json"
        if kind:
            headers["Content-Type"] = kind
        answer = send(self.server.origin, method, path, data, headers, timeout)
        if answer.status in (404, 405, 501) and not path.startswith("http"):
            self.server.require(method, path, answer)
        need(answer.status != 500, f"{method} {path.split('?')[0]}: {answer}")
        return answer

    def ok(self, method, path, body=None, status=None, **more):
        """Sends a request that must succeed; returns its JSON."""
        answer = self.call(method, path, body, **more)
        expected = [status] if status else [200, 201, 202]
        need(answer.status in expected, f"{method} {path.split('?')[0]}: {answer}, not {expected}")
        return answer.json

    def fails(self, status, method, path, body=None, **more):
        """Sends a request that must fail with the status; returns its JSON, whose shape is checked."""
        answer = self.call(method, path, body, **more)
        need(answer.status == status, f"{method} {path.split('?')[0]}: {answer}, not {status}")
        value = answer.json
        need(isinstance(value, dict), f"{method} {path}: the failure is no JSON object: {answer}")
        if isinstance(value.get("error"), dict):
            need(value.get("success") is False, f"success is not false: {answer}")
            need({"code", "message", "details"} <= value["error"].keys(), f"error lacks members: {answer}")
        else:
            need(isinstance(value.get("error"), str) and isinstance(value.get("code"), str), f"flat error: {answer}")
        return value

    def form(self, path, fields, file=None, name="image.jpg", method="POST"):
        """Sends a multipart form."""
        data, kind = form(fields, file, name)
        return self.call(method, path, data=data, kind=kind)

    def upload(self, asset_type, asset, data, name):
        """Uploads a file by a signed address; returns the session that was redeemed."""
        ticket = self.ok("POST", "/api/upload/signed-url", {
            "assetType": asset_type, "assetId": asset, "filename": name,
            "contentType": "application/octet-stream", "totalBytes": len(data)})
        put = self.call("PUT", ticket["uploadUrl"], data=data, headers=ticket.get("headers") or {})
        need(put.status in (200, 201, 204), f"PUT of an upload: {put}")
        self.ok("POST", "/api/upload/complete", {"sessionId": ticket["sessionId"]})
        return ticket["sessionId"]

    def ingest(self, owner, slug, asset, data, name, limit=120, **more):
        """Uploads a file and takes it into a dataset; returns the dataset's answer once it is no more processing."""
        session = self.upload("datasets", asset, data, name)
        self.ok("POST", f"/api/datasets/{owner}/{slug}/ingest", {"sessionId": session, **more}, status=201)
        def done():
            value = self.ok("GET", f"/api/datasets/{owner}/{slug}")
            return value if value["dataset"]["status"] != "processing" else None
        return until(done, f"{slug} is processed", limit, 0.1)

    def dataset(self, name, files, file="set.zip", **more):
        """Creates a dataset of an archive; returns its answer."""
        made = self.ok("POST", "/api/datasets", {"name": name, **more}, status=201)
        return self.ingest(made["owner"], made["dataset"], made["id"], files, file)

    def model(self, project, name, file):
        """Uploads a checkpoint into a project by its id; returns the model."""
        data = file if isinstance(file, bytes) else Path(file).read_bytes()
        answer = self.form("/api/models", {"projectId": project, "name": name}, data, f"{name}.pt")
        need(answer.status == 201, f"upload of {name}: {answer}")
        return answer.json["data"]


class Platform:
    """A `yolo serve --data` that this program starts and ends, with a directory of its own."""

    def __init__(self, world, name, *options, models=None, environment=None, data=None, prefix=()):
        self.world, self.name, self.options, self.models = world, name, list(options), models
        self.data = Path(data) if data else world.directory / f"data-{name}"
        self.environment, self.prefix = {**os.environ, **(environment or {})}, list(prefix)
        self.log = world.directory / f"{name}.log"
        self.process, self.paths, self.port = None, None, None
        self.data.mkdir(parents=True, exist_ok=True)

    def yolo(self, *arguments, check=True, **more):
        """Runs a command of `yolo` on the directory; returns what it prints."""
        done = subprocess.run([self.world.yolo, *map(str, arguments), "--data", str(self.data)],
                              capture_output=True, text=True, env=self.environment, timeout=600, **more)
        if check and done.returncode:
            raise Failed(f"yolo {' '.join(map(str, arguments))}: {done.stderr.strip()[-300:]}")
        return done.stdout.strip()

    def account(self, name, plan="enterprise", unlimited=True):
        """Creates an account; returns its first key."""
        key = self.yolo("accounts", "create", name, "--plan", plan)
        need(re.fullmatch(r"ul_[0-9a-f]{40}", key), f"accounts create prints {key!r}")
        if unlimited:
            self.yolo("accounts", "plan", name, plan, "--per-minute", 1_000_000, "--per-day", 100_000_000)
        return key

    def key(self, account, *scopes):
        """Creates a key of the scopes by the command line."""
        return self.yolo("keys", "create", "--name", "-".join(scopes) or "key", "--account", account,
                         *(["--scopes", ",".join(scopes)] if scopes else [])).splitlines()[-1].split()[-1]

    @property
    def origin(self):
        """Where the server listens."""
        return f"http://127.0.0.1:{self.port}"

    def client(self, key=None):
        """Returns a client with the key."""
        return Client(self, key)

    def start(self, limit=60):
        """Starts the server, and waits until it answers."""
        if self.port is None:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                self.port = probe.getsockname()[1]
        arguments = [*self.prefix, self.world.yolo, "serve", "--data", str(self.data), "--host", "127.0.0.1",
                     "--port", str(self.port), *map(str, self.options)]
        if self.models:
            arguments += ["--models", str(self.models)]
        output = open(self.log, "ab")
        self.process = subprocess.Popen(arguments, stdout=output, stderr=output, env=self.environment)
        end = time.monotonic() + limit * PATIENCE
        while time.monotonic() < end and self.process.poll() is None:
            with contextlib.suppress(OSError, http.client.HTTPException):
                if send(self.origin, "GET", "/healthz", timeout=5).status == 200:
                    return self
            time.sleep(0.03)
        self.kill()
        raise Failed(f"the server {self.name} did not start: {self.text()[-400:]}")

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def stop(self, limit=40):
        """Ends the server by SIGTERM; returns its exit code."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(limit)
        except subprocess.TimeoutExpired:
            self.kill()
            return None

    def kill(self):
        """Ends the server by SIGKILL."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def text(self):
        """Returns the log."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def sql(self, statement, *arguments):
        """Runs a statement in the database, and returns the rows."""
        with contextlib.closing(sqlite3.connect(self.data / "platform.sqlite", timeout=30)) as connection, connection:
            return connection.execute(statement, arguments).fetchall()

    def routes(self):
        """Returns the endpoints that the server prints: method, path, and a regular expression of the path."""
        if self.paths is None:
            text = subprocess.run([self.world.yolo, "serve", "--print-endpoints"], capture_output=True, text=True).stdout
            need("| `GET /healthz` |" in text, "yolo serve --print-endpoints prints no table")
            def expression(name):
                if name == "keyId":
                    return "[^/]+"
                if name.endswith("Id"):
                    return f"(?:{name[:-2]}_)?[0-9a-f]{{24}}" if name[:-2] not in ("image", "export") else "[0-9a-f]{24}"
                return "[^/_]+" if name == "owner" else "[^/]+"
            self.paths = [(method, path, re.compile(re.sub(r"\\\{(\w+)\\\}", lambda m: expression(m[1]), re.escape(path))))
                          for method, path in re.findall(r"^\| `(\w+) ([^`]+)`", text, re.MULTILINE)]
        return self.paths

    def has(self, method, path):
        """Whether the server has an endpoint for the path."""
        path = path.split("?")[0]
        return any(m == method and shape.fullmatch(path) for m, template, shape in self.routes()
                   if template.startswith("/api/") or not path.startswith("/api/"))

    def require(self, method, path, answer):
        """Raises `NotBuilt` unless the server has the operation."""
        if answer.status != 501 and not self.has(method, path):
            raise NotBuilt(f"{method} {re.sub(r'_[0-9a-f]{24}', '_…', path.split('?')[0])}")

    def metric(self, name, **labels):
        """Returns the sum of a metric over the series that have the labels."""
        text, total = send(self.origin, "GET", "/metrics").body.decode(), 0.0
        for found in re.finditer(rf"^{name}(?:{{(.*)}})? (\S+)$", text, re.MULTILINE):
            have = dict(re.findall(r'(\w+)="([^"]*)"', found[1] or ""))
            if all(have.get(key) == value for key, value in labels.items()):
                total += float(found[2])
        return total

    def downloads(self):
        """How many files have been read at signed addresses."""
        return self.metric("yolo_http_requests_total", method="GET", route="/storage/{kind}/{id}/{file}")


class World:
    """The server that most lines share, made when the first of them asks for it, and what was found out of it."""

    def __init__(self, options, directory):
        self.yolo, self.python, self.older = str(Path(options.server).resolve()), options.python, options.older
        self.checkpoints = options.checkpoints
        self.directory = Path(directory)
        self.openapi, self.seed_page = options.contract, options.seed_page
        self.lock, self.shared, self.keys, self.kept = threading.RLock(), None, {}, {}
        help_ = subprocess.run([self.yolo, "serve", "--help"], capture_output=True, text=True).stdout
        self.flags = set(re.findall(r"--[a-z-]+", help_))

    def supports(self, *flags):
        """Raises `NotBuilt` unless the server has the options."""
        for flag in flags:
            if flag not in self.flags:
                raise NotBuilt(f"the option {flag}")

    def checkpoint(self, name):
        """Returns the path of one of Ultralytics' checkpoints."""
        path = Path(self.checkpoints) / name
        if not path.is_file():
            raise Skipped(f"no {path}: give --checkpoints")
        return path

    def given(self, flag, *value):
        """Returns an option if the server has it."""
        return [flag, *map(str, value)] if flag in self.flags else []

    def platform(self, name, *options, **more):
        """Returns a server of a line's own, not started."""
        return Platform(self, name, *options, **more)

    def main(self):
        """Returns the shared server: alice with the five datasets and models, bobby without anything."""
        with self.lock:
            if self.shared is None:
                import scene
                self.shared = scene.made(self)
            return self.shared

    def alice(self):
        """A client of the account that has everything."""
        return self.main().client(self.keys["alice"])

    def bobby(self):
        """A client of another account."""
        return self.main().client(self.keys["bobby"])

    def once(self, name, function):
        """Returns what the function returns, which is called once; its failure is raised each time."""
        with self.lock:
            if name not in self.kept:
                try:
                    self.kept[name] = function(), None
                except Exception as error:
                    self.kept[name] = None, error
            value, error = self.kept[name]
        if error is not None:
            raise error
        return value

    def end(self):
        """Ends the shared server."""
        if self.shared is not None:
            self.shared.stop()
