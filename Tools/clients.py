"""Drives a server with the HTTP clients that people use, and holds every answer against the OpenAPI document.

    python Tools/clients.py [--yolo .build/release/yolo] [--only requests curl java …]

Needs jsonschema, requests, httpx and aiohttp; a client whose program is not there (curl, node, java, ab, wrk) is told
as skipped. Each client sends the same calls, one after the other on connections that it keeps as it likes: predictions,
HEAD requests, and what is refused. An answer must have the status that is expected, which the document lists for the
operation, the headers and the body that the document describes, and for a prediction the results that all other
clients get. Go and .NET are driven in the form of their requests, over a socket. Prints one line a client; the exit
status is 1 if one failed.
"""

import argparse
import base64
import http.client
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import quote

import jsonschema
from client_drivers import CLIENTS, Call
from serving import FORM, WEIGHTS, YOLO, Server, ask, form, steady

IMAGE = (WEIGHTS / "shapes.jpg").read_bytes()
MODEL = "shapes detect-größe"  # a name that a path must encode
HUB = "https://hub.ultralytics.com/models/shapes-detect"
BASE64 = base64.b64encode(IMAGE[:600]).decode()


def predict(status=200, path="/predict", name="a.jpg", files=(), headers=None, **fields):
    """Returns the call of a prediction."""
    return Call(status, "POST", path, fields, [("file", name, IMAGE), *files], headers=headers)


DETECT = {"model": "shapes-detect"}
CALLS = [
    Call(200, "GET", "/healthz"),
    Call(200, "HEAD", "/healthz"),
    Call(404, "HEAD", "/none"),
    Call(405, "HEAD", "/predict"),
    Call(200, "HEAD", "/v1/models"),
    Call(200, "HEAD", "/"),
    predict(**DETECT),
    Call(200, "GET", "/v1/models"),
    Call(200, "GET", "/readyz"),
    Call(200, "GET", "/metrics"),
    Call(200, "GET", "/openapi.json"),
    Call(404, "GET", "/none"),
    predict(name="größe.jpg", **DETECT),
    predict(path="/", **DETECT),
    predict(path=f"/v1/predict/{quote(MODEL)}"),
    predict(path="/v1/predict/" + quote(HUB, safe="")),
    predict(path="/v1/predict/shapes%2Ddetect", **DETECT),
    predict(files=[("mask", "mask.png", IMAGE)], **DETECT),
    predict(notes="n" * 40_000, **DETECT),
    predict(400, path="/v1/predict/shapes-pose", **DETECT),
    predict(400, path="/v1/predict/%ff"),
    predict(400, path="/v1/predict/..%2Fshapes-detect"),
    predict(404, model="other"),
    predict(400, conf="0", **DETECT),
    predict(400, conf="0x1p-2", **DETECT),
    predict(400, classes="99", **DETECT),
    predict(400, files=[("image", "b.jpg", IMAGE)], **DETECT),
    Call(400, "POST", "/predict", DETECT, [("upload", "a.jpg", IMAGE)]),
    Call(415, "POST", "/predict", DETECT, [("file", "a.txt", BASE64.encode())]),
    Call(415, "POST", "/predict", body=json.dumps({"image": BASE64}).encode(), kind="application/json"),
    Call(415, "POST", "/predict", body=IMAGE, kind="image/jpeg"),
    Call(405, "DELETE", "/predict"),
    Call(405, "POST", "/healthz", body=b"x", kind="text/plain"),
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
            if len(names) == len(parts) and all(
                name.startswith("{") or name == part for name, part in zip(names, parts)
            ):
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
        ((kind, content),) = response["content"].items()
        if answer.headers.get("content-type", "").split(";")[0] != kind:
            return f"the type {answer.headers.get('content-type')}, not {kind}"
        if method == "HEAD":
            return (
                "a body for HEAD"
                if answer.body
                else None if "content-length" in answer.headers else "no Content-Length"
            )
        if kind != "application/json":
            return None
        try:
            jsonschema.validate(answer.json(), {**content["schema"], "components": self.value["components"]})
        except jsonschema.ValidationError as error:
            return f"the body: {error.message[:200]} at {error.json_path}"
        return None


def drive(name, address, document, expected):
    """Sends all calls with a client; returns what went wrong, and how many answers there were."""
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
    """Sends many calls with a program for load tests; returns what went wrong, and how many there were."""
    url = f"http://{address[0]}:{address[1]}"
    with tempfile.NamedTemporaryFile() as file:
        file.write(form(DETECT, IMAGE))
        file.flush()
        kind = FORM
        if name == "ab":
            lines_, count = [
                ["-n", "400", "-c", "8"],
                ["-n", "400", "-c", "8", "-k"],
                ["-n", "400", "-c", "8", "-k", "-i"],
                ["-n", "40", "-c", "4", "-k", "-p", file.name, "-T", kind],
            ], 0
            for options in lines_:
                done = subprocess.run(
                    ["ab", "-q", *options, f"{url}/{'predict' if '-p' in options else 'healthz'}"],
                    capture_output=True,
                    text=True,
                    timeout=300,
                )
                number = {
                    key: int(value)
                    for key, value in re.findall(r"^([A-Z][\w -]+):\s+(\d+)$", done.stdout, re.MULTILINE)
                }
                # The length of a prediction's answer differs by the digits of its times.
                lengths = re.search(r"Length: (\d+)", done.stdout)
                failed = number.get("Failed requests", -1) - (int(lengths[1]) if lengths else 0)
                count += number.get("Complete requests", 0)
                kept = number.get("Keep-Alive requests", 0)
                if (
                    failed
                    or number.get("Non-2xx responses")
                    or ("-k" in options) != (kept == number["Complete requests"])
                ):
                    return [f"ab {' '.join(options)}: {number} {done.stderr[-200:]}"], count
            return [], count
        script = Path(file.name + ".lua")
        script.write_text(
            f'wrk.method = "POST"\nwrk.headers["Content-Type"] = "{kind}"\nlocal file = io.open("{file.name}", "rb")\n'
            'wrk.body = file:read("*a")\nfile:close()\n'
        )
        count = 0
        try:
            for options in (["-d", "2", f"{url}/healthz"], ["-d", "3", "-s", str(script), f"{url}/predict"]):
                done = subprocess.run(
                    ["wrk", "-t", "1", "-c", "4", "--timeout", "30s", *options],
                    capture_output=True,
                    text=True,
                    timeout=120,
                )
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
            done = subprocess.run(
                [yolo, "keys", "create", "--name", "a", *options, *database], capture_output=True, text=True, check=True
            )
            return {"x-api-key": max(done.stdout.split(), key=len)}

        good, narrow = key(), key("--models", "shapes-pose")
        calls = [
            (401, predict(**DETECT)),
            (401, predict(headers={"x-api-key": "wrong"}, **DETECT)),
            (401, Call(401, "GET", "/v1/models")),
            (200, Call(200, "GET", "/v1/models", headers=good)),
            (403, predict(headers=narrow, **DETECT)),
            (404, predict(headers=good, model="none")),
            (400, predict(headers=good, conf="2", **DETECT)),
            (200, predict(headers=good, **DETECT)),
            (405, Call(405, "DELETE", "/predict", headers=good)),
            (404, Call(404, "GET", "/none", headers=good)),
            (429, predict(headers=good, **DETECT)),
            (429, predict(headers=good, **DETECT)),
            (200, Call(200, "HEAD", "/healthz")),
        ]
        wrong = []
        with Server(*database, "--rate-limit", 3, yolo=yolo, authenticate=True) as server:
            document = Document(server.address)
            for name in (
                ("requests", "curl", "curl Expect", "aiohttp") if shutil.which("curl") else ("requests", "aiohttp")
            ):
                # The limit is used up by the first client.
                chosen = calls if name == "requests" else [row for row in calls if row[0] in (401, 405, 429)]
                for (status, call), answer in zip(chosen, CLIENTS[name](server.address, [call for _, call in chosen])):
                    problem = (
                        f"{answer.status}, not {status}: {answer.body[:200]!r}" if answer.status != status else None
                    )
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
        for name, file in {
            "shapes-detect": "shapes-detect",
            "shapes-pose": "shapes-pose",
            MODEL: "shapes-detect",
        }.items():
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
                print(
                    f"{name:15} {count:5} answers: {'as documented' if not wrong else 'FAIL'}",
                    *wrong,
                    sep="\n    ",
                    flush=True,
                )
            log = server.text()
        faults = [line for line in log.splitlines() if " error " in line or "status=500" in line]
        if faults:
            print("the server logged faults:", *faults[:5], sep="\n    ")
        return right and not faults


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
