"""What load.py, faults.py and hub_snippets.py share: a server of their own, requests over raw sockets, form bodies."""
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WEIGHTS = ROOT / "Weights"
YOLO = str(ROOT / ".build/release/yolo")
TASKS = {"detect": "shapes.jpg", "segment": "shapes-segment.jpg", "pose": "shapes-pose.jpg", "obb": "shapes-obb.jpg",
         "classify": "shapes-classify.jpg"}  # task -> the image that comes with the model
BOUNDARY = "yoloserving5b1f"
FORM = f"multipart/form-data; boundary={BOUNDARY}"
TIMES = ("functionTimeAlive", "functionTimeCall")


def form(fields, file=None, name="image.jpg", kind="application/octet-stream"):
    """Returns a multipart body of the fields and, if given, of the file's bytes."""
    text = "".join(f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'
                   for key, value in fields.items()).encode()
    if file is not None:
        text += (f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
                 f"Content-Type: {kind}\r\n\r\n").encode() + file + b"\r\n"
    return text + f"--{BOUNDARY}--\r\n".encode()


CODES = {400: "VALIDATION_ERROR", 401: "UNAUTHORIZED", 403: "FORBIDDEN", 404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED",
         408: "REQUEST_TIMEOUT", 413: "PAYLOAD_TOO_LARGE", 415: "UNSUPPORTED_MEDIA_TYPE", 429: "RATE_LIMITED",
         431: "PAYLOAD_TOO_LARGE", 500: "INTERNAL_ERROR", 503: "SERVICE_UNAVAILABLE"}


class Answer:
    """An HTTP answer: its status, headers and body."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, {key.lower(): value for key, value in headers}, body

    def json(self):
        """Returns the body as JSON, or nothing."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def fault(self):
        """Returns what is wrong with a failure's envelope, or nothing."""
        value = self.json()
        if not isinstance(value, dict) or value.get("success") is not False or not isinstance(value.get("message"), str):
            return f"no envelope: {self.body[:100]!r}"
        error = value.get("error")
        if not isinstance(error, dict) or not {"code", "message", "details"} <= error.keys():
            return f"no error object: {self.body[:100]!r}"
        if error["code"] != CODES.get(self.status):
            return f"{self.status} with the code {error['code']}"
        if "x-request-id" not in self.headers:
            return "no X-Request-Id"
        return "503 without Retry-After" if self.status == 503 and "retry-after" not in self.headers else None


def ask(address, body=None, path="/", method="POST", kind=FORM, headers=None, timeout=60):
    """Sends one request on a connection of its own; returns the answer."""
    connection = http.client.HTTPConnection(*address, timeout=timeout)
    try:
        connection.request(method, path, body, {**({"Content-Type": kind} if kind else {}), **(headers or {})})
        answer = connection.getresponse()
        return Answer(answer.status, answer.getheaders(), answer.read())
    finally:
        connection.close()


def raw(address, pieces, pause=0, timeout=60):
    """Sends the pieces as they are, with a pause after each; returns the answer, or nothing if none came."""
    with socket.create_connection(address, timeout=timeout) as connection:
        try:
            for piece in pieces:
                connection.sendall(piece)
                time.sleep(pause)
        except OSError:
            pass  # the server may answer and close before all is sent
        try:
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            return Answer(answer.status, answer.getheaders(), answer.read())
        except (OSError, http.client.HTTPException):
            return None


def head(length, kind=FORM, path="/", method="POST", more=""):
    """Returns the bytes of a request's head."""
    return (f"{method} {path} HTTP/1.1\r\nHost: test\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n{more}"
            "\r\n").encode()


def steady(answer):
    """Returns what of a good answer must be the same each time: all but the times."""
    value = answer.json()
    images = [{"results": image["results"], "shape": image["shape"]} for image in value["images"]]
    return images, {key: item for key, item in value["metadata"].items() if key not in TIMES}


def metric(address, name):
    """Returns the value of a metric without labels, or nothing."""
    found = re.search(rf"^{name} (\S+)$", ask(address, None, "/metrics", "GET", None).body.decode(), re.MULTILINE)
    return float(found[1]) if found else None


def resident(process):
    """Returns a process's resident memory in MB, or nothing once it ended."""
    try:
        return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process}/status").read_text())[1]) / 1024
    except (OSError, TypeError):
        return None


class Server:
    """A `yolo serve` that this program starts and ends; its log is kept in a file."""

    def __init__(self, *arguments, yolo=YOLO, models=WEIGHTS, authenticate=False):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.address = probe.getsockname()
        self.log = tempfile.NamedTemporaryFile(prefix="yolo-serve-", suffix=".log")
        line = [yolo, "serve", "--models", str(models), "--host", "127.0.0.1", "--port", str(self.address[1])]
        line += [*([] if authenticate else ["--no-auth", "--rate-limit", "0"]), *map(str, arguments)]
        self.process = subprocess.Popen(line, stdout=self.log, stderr=self.log)

    def __enter__(self):
        limit = time.monotonic() + 60
        while time.monotonic() < limit and self.process.poll() is None:
            try:
                if ask(self.address, None, "/readyz", "GET", None).status == 200:
                    return self
            except (OSError, http.client.HTTPException):
                pass
            time.sleep(0.05)
        self.end()
        raise RuntimeError(f"the server did not get ready: {self.text()[-500:]}")

    def __exit__(self, *_):
        self.end()

    def text(self):
        """Returns the log."""
        return Path(self.log.name).read_text(errors="replace")

    def end(self, limit=40):
        """Ends the server; returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(limit)
        except subprocess.TimeoutExpired:
            os.kill(self.process.pid, signal.SIGKILL)
            return self.process.wait()
