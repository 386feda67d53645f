"""The HTTP clients of clients.py: each takes an address and calls, and returns or yields the answers.

Each sends the calls one after the other, on connections that it keeps as it likes.
"""

import asyncio
import base64
import http.client
import io
import json
import re
import socket
import subprocess
import tempfile
import threading
from pathlib import Path
from urllib.parse import quote

from serving import BOUNDARY, FORM, Answer, form


class Call:
    """A request and the status that is expected: fields, files as (field, name, bytes), or another body."""

    def __init__(self, status, method, path, fields=(), files=(), body=None, kind=None, headers=None):
        self.status, self.method, self.path, self.fields, self.files = status, method, path, dict(fields), list(files)
        self.body, self.kind, self.headers = body, kind, headers or {}
        self.is_form = bool(fields or files)


def body_of(call):
    """Returns a call's body and its type."""
    if not call.is_form:
        return call.body, call.kind
    body = form(call.fields)[: -len(f"--{BOUNDARY}--\r\n")]
    for field, name, data in call.files:
        body += (
            (
                f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n'
                "Content-Type: application/octet-stream\r\n\r\n"
            ).encode()
            + data
            + b"\r\n"
        )
    return body + f"--{BOUNDARY}--\r\n".encode(), FORM


# --- Clients: each returns the answers to the calls ------------------------------------------------------------------


def with_requests(address, calls):
    """requests, with a session."""
    import requests

    with requests.Session() as session:
        for call in calls:
            got = session.request(
                call.method,
                f"http://{address[0]}:{address[1]}{call.path}",
                data=call.fields or call.body,
                files=[(field, (name, data)) for field, name, data in call.files] or None,
                timeout=60,
                headers={**call.headers, **({"Content-Type": call.kind} if call.kind else {})},
            )
            yield Answer(got.status_code, got.headers.items(), got.content)


def with_httpx(address, calls):
    """httpx, with a client."""
    import httpx

    with httpx.Client(timeout=60) as client:
        for call in calls:
            got = client.request(
                call.method,
                f"http://{address[0]}:{address[1]}{call.path}",
                data=call.fields or None,
                content=call.body,
                files=[(field, (name, data)) for field, name, data in call.files] or None,
                headers={**call.headers, **({"Content-Type": call.kind} if call.kind else {})},
            )
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
                async with session.request(
                    call.method,
                    address_,
                    data=data,
                    expect100=call.is_form or None,
                    headers={**call.headers, **({"Content-Type": call.kind} if call.kind else {})},
                ) as got:
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
            line = [
                "curl",
                "-s",
                "-i",
                "--path-as-is",
                "--max-time",
                "60",
                *options,
                f"http://{address[0]}:{address[1]}{call.path}",
            ]
            line += (
                ["-I"]
                if call.method == "HEAD"
                else ["-X", call.method] if call.method != "GET" and not call.is_form else []
            )
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
        yield json.dumps(
            {
                "url": f"http://{address[0]}:{address[1]}{call.path}",
                "method": call.method,
                "form": call.is_form,
                "fields": call.fields,
                "files": [(field, name, text[1](text[0](data))) for field, name, data in call.files],
                "body": None if call.body is None else text[1](text[0](call.body)),
                "headers": {**call.headers, **({"Content-Type": call.kind} if call.kind else {})},
            }
        )


def with_node(address, calls):
    """Node, with fetch and FormData."""
    done = subprocess.run(
        ["node", "-e", NODE], input="\n".join(lines(calls, address)).encode(), capture_output=True, timeout=300
    )
    if done.returncode:
        raise ValueError(done.stderr.decode()[-300:])
    return [
        Answer(status, headers, base64.b64decode(body))
        for status, headers, body in map(json.loads, done.stdout.splitlines())
    ]


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
            rows.append(
                "\t".join(
                    [
                        call.method,
                        f"http://{address[0]}:{address[1]}{call.path}",
                        kind or "",
                        str(path) if body is not None else "",
                    ]
                )
            )
        Path(directory, "calls").write_text("\n".join(rows))
        Path(directory, "Clients.java").write_text(JAVA)
        done = subprocess.run(
            ["java", f"{directory}/Clients.java", f"{directory}/calls"], capture_output=True, text=True, timeout=300
        )
        if done.returncode:
            raise ValueError(done.stderr[-300:])
    for line in done.stdout.splitlines():
        status, headers, body = line.split(" ")
        pairs = [row.split(": ", 1) for row in base64.b64decode(headers).decode().splitlines()]
        yield Answer(int(status), pairs, base64.b64decode(body))


def exchange(connection, data, method):
    """Sends a request on a connection; returns the answer, and fails if more comes than that."""
    connection.sendall(data)
    got = b""
    while (
        (end := got.find(b"\r\n\r\n")) < 0
        or (length := re.search(rb"\ncontent-length: *(\d+)", got[:end], re.IGNORECASE))
        and method != "HEAD"
        and len(got) < end + 4 + int(length[1])
    ):
        if not (piece := connection.recv(1 << 16)):
            raise ValueError(f"the connection ended within an answer: {got[:200]!r}")
        got += piece
    answer, rest = parsed(got, method)
    if rest:
        raise ValueError(f"more than the answer to {method}: {rest[:100]!r}")
    return answer


def with_go(address, calls):
    """Go's net/http: one connection, chunked forms, gzip accepted."""
    with socket.create_connection(address, timeout=60) as connection:
        for call in calls:
            body, kind = body_of(call)
            head = f"{call.method} {call.path} HTTP/1.1\r\nHost: {address[0]}:{address[1]}\r\n"
            head += "User-Agent: Go-http-client/1.1\r\n"
            if body is not None:
                head += f"Transfer-Encoding: chunked\r\nContent-Type: {kind}\r\n"
                pieces = [body[start : start + 32768] for start in range(0, len(body), 32768)]
                body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
            yield exchange(connection, f"{head}Accept-Encoding: gzip\r\n\r\n".encode() + (body or b""), call.method)


def with_dotnet(address, calls):
    """.NET's HttpClient: one connection, a quoted boundary, names without quotes, file names twice."""
    with socket.create_connection(address, timeout=60) as connection:
        for call in calls:
            body, kind = body_of(call)
            if call.is_form:
                body, parts = b"", []
                for name, value in call.fields.items():
                    head = f"Content-Type: text/plain; charset=utf-8\r\nContent-Disposition: form-data; name={name}"
                    parts.append((head, value.encode()))
                for field, name, data in call.files:
                    encoded = base64.b64encode(name.encode()).decode()
                    head = f'Content-Disposition: form-data; name={field}; filename="=?utf-8?B?{encoded}?="; '
                    parts.append((f"{head}filename*=utf-8''{quote(name)}", data))
                for head, data in parts:
                    body += f"--7c9e6679-7425-40de\r\n{head}\r\n\r\n".encode() + data + b"\r\n"
                body, kind = body + b"--7c9e6679-7425-40de--\r\n", 'multipart/form-data; boundary="7c9e6679-7425-40de"'
            head = (
                f"{call.method} {call.path} HTTP/1.1\r\nHost: {address[0]}:{address[1]}\r\ntraceparent: 00-1-2-00\r\n"
            )
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
        head = f"{call.method} {call.path} HTTP/1.1\r\nHost: a\r\n" + (
            "Connection: close\r\n" if call is calls[-1] else ""
        )
        head += f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n" if body is not None else ""
        data += f"{head}\r\n".encode() + (body or b"")
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
    "requests": with_requests,
    "httpx": with_httpx,
    "aiohttp": with_aiohttp,
    "curl": with_curl,
    "curl --http1.0": lambda address, calls: with_curl(address, calls, "--http1.0"),
    "curl --http2": lambda address, calls: with_curl(address, calls, "--http2"),
    "curl Expect": lambda address, calls: with_curl(address, calls, "-H", "Expect: 100-continue"),
    "node": with_node,
    "java": with_java,
    "go": with_go,
    ".net": with_dotnet,
    "http/1.0": with_http10,
    "pipeline": with_pipeline,
}
