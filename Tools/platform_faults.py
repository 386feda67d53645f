"""Does to a platform what goes wrong in service, and holds it to what it had acknowledged.

    python Tools/platform_faults.py [--yolo .build/release/yolo] [--only upload locked …] [--short] [--rounds 6]

Each scenario has a server and a directory of its own. Servers are killed (-9) in the middle of uploads, of taking files
in, of exports, of events of trainings, of emptying the trash and of booking; the disk is full (as root, on a small
tmpfs); the database is locked by another process; the clock jumps by 40 days, forwards and back (libfaketime). After the
next start the database and the files must be consistent, nothing that was acknowledged may be lost, and nothing booked
twice. Prints one line a scenario; the exit status is 1 if one failed. What a server does not have, and what this machine
lacks, is told as skipped. Standard library only.
"""
import argparse
import contextlib
import hashlib
import http.client
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import types
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "conformance"))
from harness import WEIGHTS, Failed, NotBuilt, Platform, Skipped, equal, need, send, until
from platform_mixed import png
from serving import YOLO

SCENARIOS = {}
GONE = (OSError, http.client.HTTPException)
FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")


def scenario(function):
    """Registers a scenario under its function's name."""
    SCENARIOS[function.__name__] = function
    return function


class Fault:
    """What a scenario has: a server, a key, and a source of repeatable chance."""

    def __init__(self, yolo, directory, rounds):
        self.yolo, self.directory, self.rounds, self.random = yolo, directory, rounds, random.Random(11)
        flags = subprocess.run([yolo, "serve", "--help"], capture_output=True, text=True).stdout
        self.flags = flags

    def server(self, *options, data=None, **more):
        """Returns a server with the account alice, and a client of it; not started."""
        world = types.SimpleNamespace(yolo=self.yolo, directory=self.directory)
        server = Platform(world, f"faults-{len(list(self.directory.iterdir()))}", *options, data=data, **more)
        return server, server.client(server.account("alice"))

    def killed(self, server, least=0.05, most=0.6):
        """Lets a moment pass, kills the server, starts it again, and holds the store to the database."""
        time.sleep(self.random.uniform(least, most))
        server.kill()
        server.start()
        consistent(server)


def consistent(server, settled=True):
    """Holds the database to the files: each object has a row, each row a file."""
    with contextlib.closing(sqlite3.connect(f"file:{server.data}/platform.sqlite?mode=ro", uri=True, timeout=60)) as database:
        equal(database.execute("PRAGMA integrity_check").fetchone()[0], "ok", "integrity of the database")
        equal(database.execute("PRAGMA foreign_key_check").fetchall(), [], "foreign keys")
        def differing():
            rows = {row[0] for row in database.execute("SELECT sha FROM blob")}
            files = {path.name for path in (server.data / "objects").glob("??/*")}
            return rows ^ files
        until(lambda: not differing(), f"files and rows agree ({len(differing())} differ)", 30)
        def unneeded():
            return database.execute("SELECT count(*) FROM blob WHERE NOT EXISTS (SELECT 1 FROM reference WHERE blob = sha)").fetchone()[0]
        if settled:
            until(lambda: unneeded() == 0, f"no object that nobody needs ({unneeded()})", 30)
    for name in (path.name for path in (server.data / "objects").glob("??/*")):
        path = server.data / "objects" / name[:2] / name
        with contextlib.suppress(FileNotFoundError):
            equal(hashlib.sha256(path.read_bytes()).hexdigest(), name, "content of an object")
    need("critical" not in server.text().lower(), f"the log has: {[l for l in server.text().splitlines() if 'critical' in l.lower()][:1]}")


def archive(images, directory):
    """Writes images into a ZIP archive; returns its bytes."""
    import io
    import zipfile
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as file:
        for number in images:
            file.writestr(f"images/train/{number}.png", png(number))
    return target.getvalue()


class Background:
    """A function that is called again and again by threads, until the scenario ends it; a lost server is waited for."""

    def __init__(self, function, threads=3):
        self.ended, self.errors, self.count = threading.Event(), [], 0
        def work(number):
            turn = 0
            while not self.ended.is_set():
                try:
                    function(number, turn)
                    self.count += 1
                except GONE:
                    time.sleep(0.02)
                except Exception as error:
                    self.errors.append(f"{type(error).__name__}: {error}")
                turn += 1
        self.threads = [threading.Thread(target=work, args=(n,)) for n in range(threads)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, kind, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join()
        if kind is None:
            need(not self.errors, f"{len(self.errors)} errors: {self.errors[:2]}")


@scenario
def upload(fault):
    """kill -9 while files are uploaded: what was redeemed is there byte by byte, what was not can be sent again."""
    server, client = fault.server()
    done, pending = [], {}
    with server:
        client.ok("POST", "/api/projects", {"name": "p", "project": "p"}, status=201)
        models = [client.ok("POST", "/api/models", {"project": "p", "model": f"m{n}", "name": f"m{n}"}, status=201)["id"] for n in range(3)]
        files = [path.read_bytes() for path in sorted(WEIGHTS.glob("*.pt"))]

        def work(number, turn):
            data = files[(number + turn) % len(files)]
            ticket = client.ok("POST", "/api/upload/signed-url", {"assetType": "models", "assetId": models[number], "filename": "a.pt",
                                                                  "contentType": "application/octet-stream", "totalBytes": len(data)})
            pending[number] = ticket, data
            need(send(server.origin, "PUT", ticket["uploadUrl"], data).status < 300, "PUT")
            client.ok("POST", "/api/upload/complete", {"sessionId": ticket["sessionId"]})
            done.append((number, ticket["sessionId"], hashlib.sha256(data).hexdigest()))

        with Background(work) as background:
            for _ in range(fault.rounds):
                fault.killed(server)
        for number, (ticket, data) in pending.items():
            if ticket["sessionId"] not in {session for _, session, _ in done}:
                send(server.origin, "PUT", ticket["uploadUrl"], data)
                client.ok("POST", "/api/upload/complete", {"sessionId": ticket["sessionId"]})
                done.append((number, ticket["sessionId"], hashlib.sha256(data).hexdigest()))
        for number in range(3):
            mine = [sha for n, _, sha in done if n == number]
            file = client.ok("GET", f"/api/models/{models[number]}/files")["data"][0]
            sha = hashlib.sha256(send(server.origin, "GET", file["downloadUrl"]).body).hexdigest()
            need(sha == mine[-1], f"model {number} has other weights than those of the last upload that was redeemed")
        for _, session, _ in done[-20:]:
            client.ok("POST", "/api/upload/complete", {"sessionId": session})
        consistent(server)
        return f"{len(done)} uploads, {background.count} of them whole at once"


@scenario
def ingest(fault):
    """kill -9 while files are taken in: the work is done to its end, each image is there once."""
    server, client = fault.server()
    with server:
        made = client.ok("POST", "/api/datasets", {"name": "d", "dataset": "d"}, status=201)
        count = 400 * fault.rounds
        session = client.upload("datasets", made["id"], archive(range(count), fault.directory), "d.zip")
        client.ok("POST", "/api/datasets/alice/d/ingest", {"sessionId": session}, status=201)
        kills = 0
        for _ in range(fault.rounds):
            time.sleep(fault.random.uniform(0.05, 0.5))
            server.kill()
            server.start()
            kills += 1
            if client.ok("GET", "/api/datasets/alice/d")["dataset"]["status"] != "processing":
                break
        until(lambda: client.ok("GET", "/api/datasets/alice/d")["dataset"]["status"] != "processing", "it is taken in", 120)
        value = client.ok("GET", "/api/datasets/alice/d")
        equal((value["dataset"]["status"], value["dataset"]["imageCount"]), ("ready", count), "dataset")
        equal(value["ingest"]["errorCount"], 0, "errors")
        consistent(server)
        return f"{count} images, {kills} kills"


@scenario
def export(fault):
    """kill -9 while datasets and models are exported: no export is half, queued ones are done."""
    server, client = fault.server()
    with server:
        made = client.ok("POST", "/api/datasets", {"name": "d", "dataset": "d", "task": "detect", "classNames": ["a"]}, status=201)
        client.ingest("alice", "d", made["id"], archive(range(300), fault.directory), "d.zip")

        def work(number, turn):
            image = client.ok("GET", "/api/datasets/alice/d/images?limit=1")["images"][0]["id"]
            client.ok("PATCH", f"/api/images/{image}", {"labels": [[0, 0.5, 0.5, 0.001 * (turn % 900 + 1), 0.5]]})
            url = client.ok("GET", "/api/datasets/alice/d/export")["downloadUrl"]
            answer = send(server.origin, "GET", url)
            if answer.status == 200:  # else a newer one has taken its place
                rows = answer.body.decode().splitlines()
                need(len(rows) == 301 and all(json.loads(row) for row in rows), f"an export of {len(rows)} lines")

        with Background(work, 1):
            for _ in range(fault.rounds):
                fault.killed(server)
        rows = send(server.origin, "GET", client.ok("GET", "/api/datasets/alice/d/export")["downloadUrl"]).body.decode().splitlines()
        equal(len(rows), 301, "lines")
        note = "datasets"
        if server.has("POST", "/api/exports"):
            client.ok("POST", "/api/projects", {"name": "p", "project": "p"}, status=201)
            project = client.ok("GET", "/api/projects/alice/p")["project"]["id"]
            wanted = []
            for task in ("detect", "pose", "obb", "segment"):
                model = client.model(project, task, WEIGHTS / f"shapes-{task}.pt")["id"]
                wanted.append(client.ok("POST", "/api/exports", {"modelId": model, "format": "safetensors"}, status=201)["data"]["id"])
            fault.killed(server, 0, 0.1)
            for number in wanted:
                state = until(lambda: (lambda e: e if e["status"] in ("completed", "failed") else None)(
                    client.ok("GET", f"/api/exports/{number}")["data"]), "the export ends", 60)
                equal(state["status"], "completed", "an export that was queued")
                equal(len(send(server.origin, "GET", state["file"]["downloadUrl"]).body), state["file"]["size"], "its size")
            note += f", {len(wanted)} models"
        consistent(server)
        return note


@scenario
def event(fault):
    """kill -9 while trainings are reported: every epoch and chunk that was acknowledged is there, once."""
    server, client = fault.server()
    with server:
        if not server.has("POST", "/api/webhooks/training/metrics"):
            raise NotBuilt("POST /api/webhooks/training/metrics")
        from reporter import Reporter
        # A key of its own each, as a key has 600 events a minute: 8 a second are less on any machine.
        runs = [Reporter(server.client(server.key("alice", "write")), name=f"r{n}", epochs=100_000) for n in range(6)]
        epochs, chunks = {n: set() for n in range(6)}, {n: set() for n in range(6)}

        def work(number, turn):
            time.sleep(0.25)
            runs[number].epoch(turn)
            epochs[number].add(turn)
            runs[number].console(turn, f"chunk {turn}")
            chunks[number].add(turn)

        with Background(work, 6):
            for _ in range(fault.rounds):
                fault.killed(server)
        for number, run in enumerate(runs):
            state = run.state()
            found = [row["epoch"] for row in state["trainResults"]]
            equal(len(found), len(set(found)), "rows of an epoch")
            lost = epochs[number] - set(found)
            need(not lost, f"{len(lost)} acknowledged epochs are lost: {sorted(lost)[:3]}")
            lost = chunks[number] - {chunk["chunkId"] for chunk in state["consoleChunks"]}
            need(not lost or len(state["consoleChunks"]) >= 1000, f"{len(lost)} acknowledged chunks are lost")
            equal(state["status"], "running", "status")
        data = (WEIGHTS / "shapes-pose.pt").read_bytes()
        runs[0].checkpoint(data)
        server.kill()
        server.start()
        file = client.ok("GET", f"/api/models/{runs[0].model}/files")["data"][0]
        need(send(server.origin, "GET", file["downloadUrl"]).body == data, "the checkpoint is lost")
        consistent(server)
        return f"{sum(map(len, epochs.values()))} epochs"


@scenario
def purge(fault):
    """kill -9 while the trash is emptied: what is left is whole, what is gone is gone with its files."""
    server, client = fault.server()
    with server:
        for turn in range(fault.rounds):
            kept = client.ok("POST", "/api/datasets", {"name": "kept", "dataset": f"kept-{turn}"}, status=201)
            client.ingest("alice", f"kept-{turn}", kept["id"], archive(range(5), fault.directory), "k.zip")
            made = []
            for number in range(8):
                one = client.ok("POST", "/api/datasets", {"name": "t", "dataset": f"t{turn}-{number}"}, status=201)
                client.ingest("alice", f"t{turn}-{number}", one["id"], archive(range(number * 60, number * 60 + 120), fault.directory), "t.zip")
                client.ok("DELETE", f"/api/datasets/{one['id']}")
                made.append(one["id"])
            answers = []
            def empty():
                with contextlib.suppress(*GONE):
                    answers.append(client.call("POST", "/api/trash/empty").status)
            thread = threading.Thread(target=empty)
            thread.start()
            fault.killed(server, 0.0, 0.08)
            thread.join()
            left = {item["_id"] for item in client.ok("GET", "/api/trash?limit=100")["items"]}
            need(not (answers == [200] and left & set(made)), "acknowledged, but still there")
            for number in left & set(made):
                client.ok("POST", "/api/trash", {"itemId": number, "type": "dataset"})
                found = client.ok("GET", f"/api/datasets/{number}")["data"]
                equal(found["imageCount"], 120, "images of what came back")
                client.ok("DELETE", f"/api/datasets/{number}")
            client.ok("POST", "/api/trash/empty")
            equal(client.ok("GET", "/api/trash")["items"], [], "trash")
            images = client.ok("GET", f"/api/datasets/alice/kept-{turn}/images")["images"]
            equal({hashlib.sha256(send(server.origin, "GET", i["url"]).body).hexdigest() for i in images},
                  {hashlib.sha256(png(n)).hexdigest() for n in range(5)}, "the images of what was kept")
            consistent(server)
        return f"{fault.rounds} kills"


@scenario
def ledger(fault):
    """kill -9 while money is booked: what was acknowledged is booked, and nothing twice."""
    options = []
    secret = "whsec_" + "a" * 32
    if "--payment " in fault.flags:
        options = ["--payment", "stripe", *(["--payment-price", "price_1"] if "--payment-price" in fault.flags else [])]
    server, client = fault.server(*options, environment={"YOLO_PAYMENT_KEY": "sk_test_" + "b" * 24, "YOLO_PAYMENT_SECRET": secret})
    with server:
        total = lambda: client.ok("GET", "/api/billing/balance")["data"]["totalBalance"]
        start, booked, tried = total(), 0, 0
        for turn in range(6 * fault.rounds):
            process = subprocess.Popen([fault.yolo, "credits", "add", "alice", "1", "--data", str(server.data)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            tried += 1
            if turn % 2:
                time.sleep(fault.random.uniform(0, 0.06))
                process.kill()
            booked += process.wait() == 0
        found = total() - start
        need(booked * 1_000_000 <= found <= tried * 1_000_000, f"{found} micro-USD; {booked} dollars acknowledged, {tried} tried")
        with contextlib.closing(sqlite3.connect(server.data / "platform.sqlite", timeout=30)) as database:
            table = database.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name IN ('entry', 'ledger', 'ledgerEntry')").fetchone()[0]
            column = next(row[1] for row in database.execute(f"PRAGMA table_info('{table}')") if row[1] in ("microUSD", "amount", "micros"))
            equal(database.execute(f"SELECT sum({column}) FROM '{table}'").fetchone()[0], total(), "sum of the ledger")
        consistent(server)
        if not server.has("POST", "/api/billing/provider-events"):
            return f"{booked} of {tried} acknowledged; no provider's events to test"
        pay_again(server, client, fault, secret)
        return f"{booked} of {tried} acknowledged; provider's events once each"


def pay_again(server, client, fault, secret):
    """Sends events of payments again and again while the server is killed; each counts once."""
    from recorder import PaymentProvider
    mock = PaymentProvider()
    server.stop()
    server.options += ["--payment-url", mock.origin]
    server.start()
    sessions = []
    for _ in range(5 * fault.rounds):
        data = client.ok("POST", "/api/billing/checkout-session", {"amount": 5})["data"]
        sessions.append((data["sessionId"], mock.fields[-1]))
    before = client.ok("GET", "/api/billing/balance")["data"]["totalBalance"]
    acknowledged = set()

    def work(number, turn):
        index = turn % len(sessions)
        session, fields = sessions[index]
        answer = mock.deliver(server.origin, secret, f"evt_{index}", session, fields, 500)
        need(answer.status == 200, f"an event: {answer}")
        acknowledged.add(index)

    with Background(work, 2):
        for _ in range(fault.rounds):
            fault.killed(server)
        until(lambda: len(acknowledged) == len(sessions), "all events are acknowledged", 60)
    after = client.ok("GET", "/api/billing/balance")["data"]["totalBalance"]
    equal(after - before, len(sessions) * 5_000_000, "what the events booked")
    consistent(server)


@scenario
def full(fault):
    """The disk is full: writes are refused, reads go on, and afterwards everything goes on."""
    place = fault.directory / "small"
    place.mkdir()
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "none", str(place)]).returncode:
        raise Skipped("a small tmpfs needs root")
    try:
        server, client = fault.server(data=place / "data")
        with server:
            made = client.ok("POST", "/api/datasets", {"name": "d", "dataset": "d"}, status=201)
            client.ingest("alice", "d", made["id"], archive(range(20), fault.directory), "d.zip")
            client.ok("POST", "/api/projects", {"name": "p", "project": "p"}, status=201)
            model = client.ok("POST", "/api/models", {"project": "p", "model": "m", "name": "m"}, status=201)["id"]
            data = (WEIGHTS / "shapes-detect.pt").read_bytes()
            ticket = client.ok("POST", "/api/upload/signed-url", {"assetType": "models", "assetId": model, "filename": "a.pt",
                                                                  "contentType": "application/octet-stream", "totalBytes": len(data)})
            ballast = place / "ballast"
            file = os.open(ballast, os.O_CREAT | os.O_WRONLY)
            with contextlib.suppress(OSError):
                while True:
                    os.write(file, bytes(4096))
            os.close(file)
            answer = send(server.origin, "PUT", ticket["uploadUrl"], data)
            need(answer.status in (503, 507), f"PUT on a full disk: {answer}")
            written, refused = [], 0
            for number in range(200):
                answer = client.call("POST", "/api/datasets", {"name": f"n{number}", "dataset": f"n{number}", "description": "x" * 900})
                need(answer.status in (201, 503), f"POST on a full disk: {answer}")
                written += [number] if answer.status == 201 else []
                refused += answer.status == 503
            for path in ("/api/datasets", "/api/datasets/alice/d", "/api/storage", "/api/activity"):
                equal(client.call("GET", path).status, 200, f"GET {path} on a full disk")
            image = client.ok("GET", "/api/datasets/alice/d/images")["images"][0]
            equal(send(server.origin, "GET", image["url"]).status, 200, "a file on a full disk")
            server.kill()
            ballast.unlink()
            server.start()
            for number in written:
                client.ok("GET", f"/api/datasets/alice/n{number}")
            need(send(server.origin, "PUT", ticket["uploadUrl"], data).status < 300, "PUT with room again")
            client.ok("POST", "/api/upload/complete", {"sessionId": ticket["sessionId"]})
            consistent(server)
            return f"{len(written)} writes acknowledged, {refused} refused"
    finally:
        subprocess.run(["umount", "-l", str(place)])


@scenario
def locked(fault):
    """The database is locked by another process: calls wait or are told to try again, no write is lost."""
    server, client = fault.server()
    with server:
        client.ok("POST", "/api/datasets", {"name": "d", "dataset": "d"}, status=201)
        with contextlib.closing(sqlite3.connect(server.data / "platform.sqlite", isolation_level=None)) as other:
            answers = []
            for seconds in (1.0, 9.0):
                other.execute("BEGIN IMMEDIATE")
                results = {}
                def write(name):
                    answer = client.call("POST", "/api/datasets", {"name": name, "dataset": name})
                    results[name] = answer.status
                threads = [threading.Thread(target=write, args=(f"w{int(seconds)}-{n}",)) for n in range(4)]
                for thread in threads:
                    thread.start()
                reads = []
                def read():
                    end = time.monotonic() + seconds
                    while time.monotonic() < end:
                        reads.append(client.call("GET", "/api/datasets/alice/d"))
                reader = threading.Thread(target=read)
                reader.start()
                time.sleep(seconds)
                other.execute("ROLLBACK")
                for thread in (*threads, reader):
                    thread.join()
                # Calls are counted in the database, so that a read may be told to try again; never anything else.
                for answer in reads:
                    need(answer.status == 200 or answer.status == 503 and "retry-after" in answer.headers, f"GET while the database is locked: {answer}")
                need(set(results.values()) <= {201, 503}, f"writes while the database is locked: {results}")
                answers.append(results)
                for name, status in results.items():
                    found = client.call("GET", f"/api/datasets/alice/{name}").status
                    need(found == (200 if status == 201 else 404), f"{name} was answered {status}, then {found}")
            equal(set(answers[0].values()), {201}, "writes behind a lock of a second")
        client.ok("POST", "/api/datasets", {"name": "after", "dataset": "after"}, status=201)
        consistent(server)
        return str([sorted(a.values()) for a in answers])


@scenario
def clock(fault):
    """The clock jumps by 40 days, forwards and back: order, limits, addresses and the trash hold."""
    if not FAKETIME.exists():
        raise Skipped("libfaketime is not installed")
    stamp = fault.directory / "clock"
    stamp.write_text("+0\n")
    server, client = fault.server(environment={"LD_PRELOAD": str(FAKETIME), "FAKETIME_TIMESTAMP_FILE": str(stamp), "FAKETIME_NO_CACHE": "1",
                                               "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1",
                                               "FAKETIME_SHARED": "/none /none"})  # else the library moves the environment, where Swift looks for arguments
    limited = server.client(server.account("jumper", "free", unlimited=False))
    with server:
        def jump(days):
            stamp.write_text(f"{days:+d}d\n" if days else "+0\n")
        made = [client.ok("POST", "/api/datasets", {"name": "a", "dataset": "a"}, status=201)]
        stated = client.ok("GET", "/api/datasets/alice/a")["dataset"]["createdAt"]
        client.ok("POST", "/api/projects", {"name": "p", "project": "p"}, status=201)
        project = client.ok("GET", "/api/projects/alice/p")["project"]["id"]
        client.model(project, "m", WEIGHTS / "shapes-detect.pt")
        url = client.ok("GET", "/api/models/alice/p/m/files")["files"][0]["downloadUrl"]
        thrown = client.ok("POST", "/api/datasets", {"name": "t", "dataset": "t"}, status=201)["id"]
        client.ok("DELETE", f"/api/datasets/{thrown}")
        for _ in range(60):
            limited.call("GET", "/api/datasets")
        equal(limited.call("GET", "/api/datasets").status, 429, "the 61st call")
        jump(40)
        created = client.ok("POST", "/api/datasets", {"name": "b", "dataset": "b"}, status=201)
        later = client.ok("GET", "/api/datasets/alice/b")["dataset"]["createdAt"]
        if later[:10] <= stated[:10]:
            raise Skipped("libfaketime does not reach the program's clock")
        equal(send(server.origin, "GET", url).status, 403, "an address of 40 days ago")
        equal(limited.call("GET", "/api/datasets").status, 200, "a call 40 days later")
        for _ in range(59):
            limited.call("GET", "/api/datasets")
        equal(limited.call("GET", "/api/datasets").status, 429, "the 61st call after the jump")
        item = next((i for i in client.ok("GET", "/api/trash")["items"] if i["_id"] == thrown), None)
        need(item is None or item["daysRemaining"] == 0, f"daysRemaining {item}")
        server.stop()
        server.start()
        until(lambda: thrown not in [i["_id"] for i in client.ok("GET", "/api/trash")["items"]], "the sweep after 40 days", 20)
        jump(0)
        client.ok("POST", "/api/datasets", {"name": "c", "dataset": "c"}, status=201)
        equal({d["dataset"] for d in client.ok("GET", "/api/datasets/alice")["datasets"]}, {"a", "b", "c"}, "datasets")
        answer = limited.call("GET", "/api/datasets")
        need(answer.status == 200 or int(answer.headers.get("retry-after", 10 ** 9)) <= 86400, f"after the jump back: {answer}")
        if answer.status == 429:
            until(lambda: limited.call("GET", "/api/datasets").status == 200, "calls again after the jump back", 65, 5)
        client.ok("DELETE", "/api/datasets/alice/c")
        item = client.ok("GET", "/api/trash")["items"][0]
        need(0 <= item["daysRemaining"] <= 30, f"daysRemaining {item['daysRemaining']}")
        equal([e["resourceName"] for e in client.ok("GET", "/api/activity?limit=2")["data"]][0], "c", "the newest event")
        server.stop()
        server.start()
        need(item["_id"] in [i["_id"] for i in client.ok("GET", "/api/trash")["items"]], "the trash lost what was just deleted")
        consistent(server)
        return "40 days forwards and back"


def main():
    """Runs the scenarios."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--yolo", default=YOLO)
    parser.add_argument("--only", nargs="*", choices=list(SCENARIOS))
    parser.add_argument("--short", action="store_true", help="two kills a scenario")
    parser.add_argument("--rounds", type=int, default=6, help="kills a scenario")
    options = parser.parse_args()
    failed = 0
    for name in options.only or SCENARIOS:
        directory = Path(tempfile.mkdtemp(prefix="platform-faults-"))
        fault, began = Fault(str(Path(options.yolo).resolve()), directory, 2 if options.short else options.rounds), time.monotonic()
        try:
            verdict = f"ok: {SCENARIOS[name](fault)}"
        except (Skipped, NotBuilt) as error:
            verdict = f"skipped: {error}"
        except Exception as error:
            failed += 1
            verdict = f"FAILED: {type(error).__name__ if not isinstance(error, Failed) else ''} {error}"
        finally:
            shutil.rmtree(directory, ignore_errors=True)
        print(f"{name:8} {time.monotonic() - began:6.1f} s  {SCENARIOS[name].__doc__.split(':')[0]}: {verdict}", flush=True)
    print(f"{failed} failed")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
