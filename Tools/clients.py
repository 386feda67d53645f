"""Drives a server with the HTTP clients that people use, and holds every answer against the OpenAPI document.

    python Tools/clients.py [--yolo .build/release/yolo] [--only requests curl java …]

Needs jsonschema, requests, httpx and aiohttp; a client whose program is not there (curl, node, java, ab, wrk) is told as
skipped. Each client makes the same calls, one after the other on connections that it keeps as it likes: predictions,
HEAD requests, and what is refused. An answer must have the status that is expected, which the document lists for the
operation, the headers and the body that the document describes, and for a prediction the results that all other
clients get. Go and .NET are driven in the form of their requests, over a socket. Prints one line a client; the exit status is 1
if one failed.
"""
import argparse
import asyncio
import base64
import http.client
import json
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import quote

import jsonschema
from serving import WEIGHTS, YOLO, Answer, Server, ask, form, steady

IMAGE = (WEIGHTS / "shapes.jpg").read_bytes()
MODEL = "shapes detect-größe"  # a name that a path must encode
HUB = "https://hub.ultralytics.com/models/shapes-detect"
BASE64 = base64.b64encode(IMAGE[:600]).decode()


class Call:
    """A request and the status that is expected: fields, files as (field, name, bytes), or another body."""

    def __init__(self, status, method, path, fields=(), files=(), body=None, kind=None, headers=None):
        self.status, self.method, self.path, self.fields, self.files = status, method, path, dict(fields), list(files)
        self.body, self.kind, self.headers = body, kind, headers or {}
        self.is_form = bool(fields or files)


def predict(status=200, path="/predict", name="a.jpg", files=(), headers=None, **fields):
    """Returns the call of a prediction."""
    return Call(status, "POST", path, fields, [("file", name, IMAGE), *files], headers=headers)


DETECT = {"model": "shapes-detect"}
CALLS = [
    Call(200, "GET", "/healthz"), Call(200, "HEAD", "/healthz"), Call(404, "HEAD", "/none"), Call(405, "HEAD", "/predict"),
    Call(200, "HEAD", "/v1/models"), Call(200, "HEAD", "/"), predict(**DETECT), Call(200, "GET", "/v1/models"),
    Call(200, "GET", "/readyz"), Call(200, "GET", "/metrics"), Call(200, "GET", "/openapi.json"), Call(404, "GET", "/none"),
    predict(name="größe.jpg", **DETECT), predict(path="/", **DETECT), predict(path=f"/v1/predict/{quote(MODEL)}"),
    predict(path="/v1/predict/" + quote(HUB, safe="")), predict(path="/v1/predict/shapes%2Ddetect", **DETECT),
    predict(files=[("mask", "mask.png", IMAGE)], **DETECT), predict(notes="n" * 40_000, **DETECT),
    predict(400, path="/v1/predict/shapes-pose", **DETECT), predict(400, path="/v1/predict/%ff"),
    predict(400, path="/v1/predict/..%2Fshapes-detect"), predict(404, model="other"), predict(400, conf="0", **DETECT),
    predict(400, conf="0x1p-2", **DETECT), predict(400, classes="99", **DETECT), predict(400, files=[("image", "b.jpg", IMAGE)], **DETECT),
    Call(400, "POST", "/predict", DETECT, [("upload", "a.jpg", IMAGE)]), Call(415, "POST", "/predict", DETECT, [("file", "a.txt", BASE64.encode())]),
    Call(415, "POST", "/predict", body=json.dumps({"image": BASE64}).encode(), kind="application/json"),
    Call(415, "POST", "/predict", body=IMAGE, kind="image/jpeg"), Call(405, "DELETE", "/predict"), Call(405, "POST", "/healthz", body=b"x", kind="text/plain"),
    Call(200, "GET", "/healthz"),
]


class Document:
    """The OpenAPI document of a server."""

    def __init__(self, address):
        self.value = json.loads(ask(address, None, "/openapi.json", "GET", None).body)

    def response(self, method, path, status):
        """Returns what is said of an answer, or nothing."""
        parts = path.split("?")[0].split("/")
        for template, operations in self.value["paths"].items():
            names = template.split("/")
            if len(names) == len(parts) and all(name.startswith("{") or name == part for name, part in zip(names, parts)):
                operation = operations.get({"HEAD": "get"}.get(method, method.lower()))
                found = operation and operation["responses"].get(str(status))
                break
        else:
            operation = None
        if not operation:  # no such path or method: what any request may be told
            found = {"$ref": f"#/components/responses/Failure{status}"} if status in (400, 404, 405, 431, 501) else None
        if found and "$ref" in found:
            found = self.value["components"]["responses"].get(found["$ref"].split("/")[-1])
        return found

    def problem(self, method, path, answer):
        """Returns what is wrong with an answer, or nothing."""
        response = self.response(method, path, answer.status)
        if not response:
            return f"{answer.status} is not in the document"
        missing = [name for name in response["headers"] if name.lower() not in answer.headers]
        if missing:
            return f"no {', '.join(missing)}"
        if answer.status == 405 and not answer.headers["allow"]:
            return "an empty Allow"
        (kind, content), = response["content"].items()
        if answer.headers.get("content-type", "").split(";")[0] != kind:
            return f"the type {answer.headers.get('content-type')}, not {kind}"
        if method == "HEAD":
            return "a body for HEAD" if answer.body else None if "content-length" in answer.headers else "no Content-Length"
        if kind != "application/json":
            return None
        try:
            jsonschema.validate(answer.json(), {**content["schema"], "components": self.value["components"]})
        except jsonschema.ValidationError as error:
            return f"the body: {error.message[:200]} at {error.json_path}"
        return None


def body_of(call):
    """Returns a call's body and its type."""
    if not call.is_form:
        return call.body, call.kind
    body = form(call.fields)[:-len("--yoloserving5b1f--\r\n")]
    for field, name, data in call.files:
        body += (f'--yoloserving5b1f\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n'
                 "Content-Type: application/octet-stream\r\n\r\n").encode() + data + b"\r\n"
    return body + b"--yoloserving5b1f--\r\n", "multipart/form-data; boundary=yoloserving5b1f"


# --- Clients: each returns the answers to the calls ------------------------------------------------------------------


def with_requests(address, calls):
    """requests, with a session."""
    import requests
    with requests.Session() as session:
        for call in calls:
            got = session.request(call.method, f"http://{address[0]}:{address[1]}{call.path}", data=call.fields or call.body,
                                  files=[(field, (name, data)) for field, name, data in call.files] or None, timeout=60,
                                  headers={**call.headers, **({"Content-Type": call.kind} if call.kind else {})})
            yield Answer(got.status_code, got.headers.items(), got.content)


def with_httpx(address, calls):
    """httpx, with a client."""
    import httpx
    with httpx.Client(timeout=60) as client:
        for call in calls:
            got = client.request(call.method, f"http://{address[0]}:{address[1]}{call.path}", data=call.fields or None,
                                 content=call.body, files=[(field, (name, data)) for field, name, data in call.files] or None,
                                 headers={**call.headers, **({"Content-Type": call.kind} if call.kind else {})})
            yield Answer(got.status_code, got.headers.items(), got.content)


def with_aiohttp(address, calls):
    """aiohttp, with a session; it asks before it sends a body."""
    import aiohttp
    import yarl

    async def run():
        answers = []
        async with aiohttp.ClientSession() as session:
            for call in calls:
                data = call.body
                if call.is_form:
                    data = aiohttp.FormData()
                    for name, value in call.fields.items():
                        data.add_field(name, value)
                    for field, name, bytes_ in call.files:
                        data.add_field(field, bytes_, filename=name)
                address_ = yarl.URL(f"http://{address[0]}:{address[1]}{call.path}", encoded=True)
                async with session.request(call.method, address_, data=data, expect100=call.is_form or None,
                                           headers={**call.headers, **({"Content-Type": call.kind} if call.kind else {})}) as got:
                    answers.append(Answer(got.status, got.headers.items(), await got.read()))
        return answers
    return asyncio.run(run())


def parsed(data, method="GET"):
    """Returns the answers in bytes of a connection, those to HEAD as the methods say."""
    class Bytes:
        def __init__(self, file):
            self.file = file

        def makefile(self, *_, **__):
            return self.file
    import io
    file = io.BytesIO(data)
    file.close = lambda: None
    answer = http.client.HTTPResponse(Bytes(file), method=method)
    answer.begin()
    while answer.status == 100:
        answer = http.client.HTTPResponse(Bytes(file), method=method)
        answer.begin()
    result = Answer(answer.status, answer.getheaders(), answer.read())
    return result, file.read()


def with_curl(address, calls, *options):
    """curl, which says what it received."""
    with tempfile.TemporaryDirectory() as directory:
        for call in calls:
            line = ["curl", "-s", "-i", "--path-as-is", "--max-time", "60", *options, f"http://{address[0]}:{address[1]}{call.path}"]
            line += ["-I"] if call.method == "HEAD" else ["-X", call.method] if call.method != "GET" and not call.is_form else []
            for name, value in call.fields.items():
                line += ["--form-string", f"{name}={value}"]
            for index, (field, name, data) in enumerate(call.files):
                Path(directory, str(index)).write_bytes(data)
                line += ["-F", f"{field}=@{directory}/{index};filename={name}"]
            if call.body is not None:
                Path(directory, "body").write_bytes(call.body)
                line += ["--data-binary", f"@{directory}/body", "-H", f"Content-Type: {call.kind}"]
            for header in call.headers.items():
                line += ["-H", ": ".join(header)]
            done = subprocess.run(line, capture_output=True)
            if done.returncode:
                raise ValueError(f"curl {call.method} {call.path} ended with {done.returncode}")
            yield parsed(done.stdout, call.method)[0]


NODE = """
const fs = require('fs'), http = require('http');
(async () => {
  for (const line of fs.readFileSync(0, 'utf8').trim().split('\\n')) {
    const call = JSON.parse(line);
    let body = call.body == null ? undefined : Buffer.from(call.body, 'base64');
    if (call.form) {
      body = new FormData();
      for (const [name, value] of Object.entries(call.fields)) body.append(name, value);
      for (const [field, name, data] of call.files) body.append(field, new Blob([Buffer.from(data, 'base64')]), name);
    }
    const got = await fetch(call.url, {method: call.method, body, headers: call.headers});
    const bytes = Buffer.from(await got.arrayBuffer());
    console.log(JSON.stringify([got.status, [...got.headers], bytes.toString('base64')]));
  }
})();
"""


def lines(calls, address):
    """Returns the calls for another program, a line of JSON each."""
    text = [base64.b64encode, bytes.decode]
    for call in calls:
        yield json.dumps({
            "url": f"http://{address[0]}:{address[1]}{call.path}", "method": call.method, "form": call.is_form, "fields": call.fields,
            "files": [(field, name, text[1](text[0](data))) for field, name, data in call.files],
            "body": None if call.body is None else text[1](text[0](call.body)),
            "headers": {**call.headers, **({"Content-Type": call.kind} if call.kind else {})}})


def with_node(address, calls):
    """Node, with fetch and FormData."""
    done = subprocess.run(["node", "-e", NODE], input="\n".join(lines(calls, address)).encode(), capture_output=True, timeout=300)
    if done.returncode:
        raise ValueError(done.stderr.decode()[-300:])
    return [Answer(status, headers, base64.b64decode(body)) for status, headers, body in map(json.loads, done.stdout.splitlines())]


JAVA = """
import java.net.URI;
import java.net.http.*;
import java.nio.file.*;
import java.util.Base64;
public class Clients {
  public static void main(String[] arguments) throws Exception {
    HttpClient client = HttpClient.newHttpClient();
    for (String line : Files.readAllLines(Path.of(arguments[0]))) {
      String[] parts = line.split("\\t", -1);
      HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(parts[1]));
      if (!parts[2].isEmpty()) request.header("Content-Type", parts[2]);
      HttpRequest.BodyPublisher body = parts[3].isEmpty()
        ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofFile(Path.of(parts[3]));
      HttpResponse<byte[]> got = client.send(
        request.method(parts[0], body).build(), HttpResponse.BodyHandlers.ofByteArray());
      StringBuilder headers = new StringBuilder();
      got.headers().map().forEach((name, values) -> headers.append(name + ": " + values.get(0) + "\\n"));
      Base64.Encoder text = Base64.getEncoder();
      System.out.println(got.statusCode() + " " + text.encodeToString(headers.toString().getBytes()) + " "
        + text.encodeToString(got.body()));
    }
  }
}
"""


def with_java(address, calls):
    """Java's HttpClient, which offers HTTP/2 to begin with."""
    with tempfile.TemporaryDirectory() as directory:
        rows = []
        for index, call in enumerate(calls):
            body, kind = body_of(call)
            path = Path(directory, str(index))
            if body is not None:
                path.write_bytes(body)
            rows.append("\t".join([call.method, f"http://{address[0]}:{address[1]}{call.path}", kind or "", str(path) if body is not None else ""]))
        Path(directory, "calls").write_text("\n".join(rows))
        Path(directory, "Clients.java").write_text(JAVA)
        done = subprocess.run(["java", f"{directory}/Clients.java", f"{directory}/calls"], capture_output=True, text=True, timeout=300)
        if done.returncode:
            raise ValueError(done.stderr[-300:])
    for line in done.stdout.splitlines():
        status, headers, body = line.split(" ")
        pairs = [row.split(": ", 1) for row in base64.b64decode(headers).decode().splitlines()]
        yield Answer(int(status), pairs, base64.b64decode(body))


def exchange(connection, data, method):
    """Sends a request on a connection; returns the answer."""
    connection.sendall(data)
    answer = http.client.HTTPResponse(connection, method=method)
    answer.begin()
    return Answer(answer.status, answer.getheaders(), answer.read())


def with_go(address, calls):
    """Go's net/http: one connection, chunked forms, gzip accepted."""
    with socket.create_connection(address, timeout=60) as connection:
        for call in calls:
            body, kind = body_of(call)
            head = (f"{call.method} {call.path} HTTP/1.1\r\nHost: {address[0]}:{address[1]}\r\nUser-Agent: Go-http-client/1.1\r\n")
            if body is not None:
                head += f"Transfer-Encoding: chunked\r\nContent-Type: {kind}\r\n"
                pieces = [body[start:start + 32768] for start in range(0, len(body), 32768)]
                body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
            yield exchange(connection, f"{head}Accept-Encoding: gzip\r\n\r\n".encode() + (body or b""), call.method)


def with_dotnet(address, calls):
    """.NET's HttpClient: one connection, a quoted boundary, names without quotes, file names twice."""
    with socket.create_connection(address, timeout=60) as connection:
        for call in calls:
            body, kind = body_of(call)
            if call.is_form:
                body = b""
                parts = [(f"Content-Type: text/plain; charset=utf-8\r\nContent-Disposition: form-data; name={name}", value.encode())
                         for name, value in call.fields.items()]
                parts += [(f"Content-Disposition: form-data; name={field}; filename=\"=?utf-8?B?{base64.b64encode(name.encode()).decode()}?=\"; "
                           f"filename*=utf-8''{quote(name)}", data) for field, name, data in call.files]
                for head, data in parts:
                    body += f"--7c9e6679-7425-40de\r\n{head}\r\n\r\n".encode() + data + b"\r\n"
                body, kind = body + b"--7c9e6679-7425-40de--\r\n", 'multipart/form-data; boundary="7c9e6679-7425-40de"'
            head = f"{call.method} {call.path} HTTP/1.1\r\nHost: {address[0]}:{address[1]}\r\ntraceparent: 00-1-2-00\r\n"
            if body is not None:
                head += f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
            yield exchange(connection, f"{head}\r\n".encode() + (body or b""), call.method)


def with_http10(address, calls):
    """A client of HTTP/1.0 that keeps its connection: it must be told so each time, and at last that it is not."""
    with socket.create_connection(address, timeout=60) as connection:
        for index, call in enumerate(calls):
            body, kind = body_of(call)
            kept = index < len(calls) - 1
            head = f"{call.method} {call.path} HTTP/1.0\r\n" + ("Connection: keep-alive\r\n" if kept else "")
            head += f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n" if body is not None else ""
            answer = exchange(connection, f"{head}\r\n".encode() + (body or b""), call.method)
            if answer.headers.get("connection") != ("keep-alive" if kept else "close"):
                raise ValueError(f"{call.method} {call.path}: Connection: {answer.headers.get('connection')}")
            yield answer
        if connection.recv(1):
            raise ValueError("the connection was not closed")


def with_pipeline(address, calls):
    """A client that sends all requests before it reads the first answer."""
    data = b""
    for call in calls:
        body, kind = body_of(call)
        head = f"{call.method} {call.path} HTTP/1.1\r\nHost: a\r\n" + ("Connection: close\r\n" if call is calls[-1] else "")
        head += f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n" if body is not None else ""
        data += f"{head}\r\n".encode() + (body or b"")
    import threading
    with socket.create_connection(address, timeout=60) as connection:
        sender = threading.Thread(target=connection.sendall, args=(data,))
        sender.start()
        rest = b""
        while piece := connection.recv(1 << 16):
            rest += piece
        sender.join()
    for call in calls:
        answer, rest = parsed(rest, call.method)
        yield answer
    if rest:
        raise ValueError(f"more than the answers: {rest[:100]!r}")


CLIENTS = {
    "requests": with_requests, "httpx": with_httpx, "aiohttp": with_aiohttp, "curl": with_curl,
    "curl --http1.0": lambda address, calls: with_curl(address, calls, "--http1.0"),
    "curl --http2": lambda address, calls: with_curl(address, calls, "--http2"),
    "curl Expect": lambda address, calls: with_curl(address, calls, "-H", "Expect: 100-continue"),
    "node": with_node, "java": with_java, "go": with_go, ".net": with_dotnet, "http/1.0": with_http10, "pipeline": with_pipeline,
}


def drive(name, address, document, expected):
    """Makes all calls with a client; returns what went wrong, and how many answers there were."""
    try:
        answers = list(CLIENTS[name](address, CALLS))
    except (OSError, ValueError, http.client.HTTPException, subprocess.SubprocessError) as error:
        return [f"{type(error).__name__}: {error}"], 0
    wrong = [] if len(answers) == len(CALLS) else [f"{len(answers)} answers to {len(CALLS)} calls"]
    for call, answer in zip(CALLS, answers):
        problem = None if answer.status == call.status else f"{answer.status}, not {call.status}: {answer.body[:200]!r}"
        problem = problem or document.problem(call.method, call.path, answer)
        if not problem and call.is_form and call.status == 200 and steady(answer)[0] != expected:
            problem = "other results"
        if problem:
            wrong.append(f"{call.method} {call.path}: {problem}")
    return wrong, len(answers)


def load(name, address):
    """Makes many calls with a program for load tests; returns what went wrong, and how many there were."""
    url = f"http://{address[0]}:{address[1]}"
    with tempfile.NamedTemporaryFile() as file:
        file.write(form(DETECT, IMAGE))
        file.flush()
        kind = "multipart/form-data; boundary=yoloserving5b1f"
        if name == "ab":
            lines_, count = [["-n", "400", "-c", "8"], ["-n", "400", "-c", "8", "-k"], ["-n", "400", "-c", "8", "-k", "-i"],
                             ["-n", "40", "-c", "4", "-k", "-p", file.name, "-T", kind]], 0
            for options in lines_:
                done = subprocess.run(["ab", "-q", *options, f"{url}/{'predict' if '-p' in options else 'healthz'}"], capture_output=True,
                                      text=True, timeout=300)
                number = {key: int(value) for key, value in re.findall(r"^([A-Z][\w -]+):\s+(\d+)$", done.stdout, re.MULTILINE)}
                # The length of a prediction's answer differs by the digits of its times.
                lengths = re.search(r"Length: (\d+)", done.stdout)
                failed = number.get("Failed requests", -1) - (int(lengths[1]) if lengths else 0)
                count += number.get("Complete requests", 0)
                kept = number.get("Keep-Alive requests", 0)
                if failed or number.get("Non-2xx responses") or ("-k" in options) != (kept == number["Complete requests"]):
                    return [f"ab {' '.join(options)}: {number} {done.stderr[-200:]}"], count
            return [], count
        script = Path(file.name + ".lua")
        script.write_text(f'wrk.method = "POST"\nwrk.headers["Content-Type"] = "{kind}"\nlocal file = io.open("{file.name}", "rb")\n'
                          'wrk.body = file:read("*a")\nfile:close()\n')
        count = 0
        try:
            for options in (["-d", "2", f"{url}/healthz"], ["-d", "3", "-s", str(script), f"{url}/predict"]):
                done = subprocess.run(["wrk", "-t", "1", "-c", "4", "--timeout", "30s", *options], capture_output=True, text=True, timeout=120)
                count += int(found[1]) if (found := re.search(r"(\d+) requests in", done.stdout)) else 0
                if done.returncode or "Non-2xx" in done.stdout or "Socket errors" in done.stdout or not found:
                    return [f"wrk: {done.stdout[-300:]}{done.stderr[-200:]}"], count
        finally:
            script.unlink()
        return [], count


def limited(yolo):
    """What a server with keys answers: 401, 403, 405, 404, 429, and the calls that are left."""
    with tempfile.TemporaryDirectory() as directory:
        database = ["--database", str(Path(directory, "keys.sqlite"))]

        def key(*options):
            done = subprocess.run([yolo, "keys", "create", "--name", "a", *options, *database], capture_output=True, text=True, check=True)
            return {"x-api-key": max(done.stdout.split(), key=len)}
        good, narrow = key(), key("--models", "shapes-pose")
        calls = [(401, predict(**DETECT)), (401, predict(headers={"x-api-key": "wrong"}, **DETECT)), (401, Call(401, "GET", "/v1/models")),
                 (200, Call(200, "GET", "/v1/models", headers=good)), (403, predict(headers=narrow, **DETECT)),
                 (404, predict(headers=good, model="none")), (400, predict(headers=good, conf="2", **DETECT)), (200, predict(headers=good, **DETECT)),
                 (405, Call(405, "DELETE", "/predict", headers=good)), (404, Call(404, "GET", "/none", headers=good)),
                 (429, predict(headers=good, **DETECT)), (429, predict(headers=good, **DETECT)), (200, Call(200, "HEAD", "/healthz"))]
        wrong = []
        with Server(*database, "--rate-limit", 3, yolo=yolo, authenticate=True) as server:
            document = Document(server.address)
            for name in ("requests", "curl", "curl Expect", "aiohttp") if shutil.which("curl") else ("requests", "aiohttp"):
                # The limit is used up by the first client.
                chosen = calls if name == "requests" else [row for row in calls if row[0] in (401, 405, 429)]
                for (status, call), answer in zip(chosen, CLIENTS[name](server.address, [call for _, call in chosen])):
                    problem = f"{answer.status}, not {status}: {answer.body[:200]!r}" if answer.status != status else None
                    problem = problem or document.problem(call.method, call.path, answer)
                    if problem:
                        wrong.append(f"{name} {call.method} {call.path}: {problem}")
        return wrong, 3 * 6 + len(calls)


def main():
    """Drives all clients; returns whether none failed."""
    names = [*CLIENTS, "ab", "wrk", "keys"]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--yolo", default=YOLO)
    parser.add_argument("--only", nargs="+", choices=names)
    options = parser.parse_args()
    right = True
    with tempfile.TemporaryDirectory() as models:
        for name, file in {"shapes-detect": "shapes-detect", "shapes-pose": "shapes-pose", MODEL: "shapes-detect"}.items():
            shutil.copyfile(WEIGHTS / f"{file}.pt", Path(models, f"{name}.pt"))
        with Server("--body-timeout", 20, yolo=options.yolo, models=models) as server:
            document = Document(server.address)
            expected = steady(ask(server.address, form(DETECT, IMAGE)))[0]
            for name in options.only or names:
                program = name.split()[0]
                if program in ("curl", "node", "java", "ab", "wrk") and not shutil.which(program):
                    print(f"{name:15} SKIPPED (no {program})", flush=True)
                    continue
                if name == "keys":
                    wrong, count = limited(options.yolo)
                elif name in ("ab", "wrk"):
                    wrong, count = load(name, server.address)
                else:
                    wrong, count = drive(name, server.address, document, expected)
                right &= not wrong
                print(f"{name:15} {count:5} answers: {'as documented' if not wrong else 'FAIL'}", *wrong, sep="\n    ", flush=True)
            log = server.text()
        faults = [line for line in log.splitlines() if " error " in line or "status=500" in line]
        if faults:
            print("the server logged faults:", *faults[:5], sep="\n    ")
        return right and not faults


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
