"""Does to a server what goes wrong in service, and says of each scenario whether the server stood it.

    python Tools/faults.py [--yolo .build/release/yolo] [--only sigterm slowloris …]

Each scenario starts a server of its own. Prints one line a scenario; the exit status is 1 if one failed. The scenario
of a killed ffmpeg needs the program ffmpeg and is told as skipped without it.
"""
import argparse
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from serving import WEIGHTS, YOLO, Server, ask, form, head, metric, raw, steady

IMAGE = (WEIGHTS / "shapes.jpg").read_bytes()
BODY = form({"model": "shapes-detect"}, IMAGE)
SLOW = form({"model": "shapes-segment", "imgsz": 1280}, IMAGE)


class Failed(Exception):
    """A scenario did not go as it must."""


class Skipped(Exception):
    """A scenario cannot be run here."""


def need(right, what):
    """Fails the scenario unless the condition holds."""
    if not right:
        raise Failed(what)


def until(condition, what, limit=30):
    """Waits until the condition holds; fails the scenario if it does not in time."""
    end = time.monotonic() + limit
    while not condition():
        need(time.monotonic() < end, f"not within {limit} s: {what}")
        time.sleep(0.05)


class Load:
    """Clients that send a body again and again; keeps the answers and the errors of connections."""

    def __init__(self, address, body, clients=8):
        self.address, self.body, self.answers, self.errors = address, body, [], []
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=self.client) for _ in range(clients)]

    def client(self):
        """Sends until told to end."""
        while not self.ended.is_set():
            try:
                self.answers.append(ask(self.address, self.body))
            except (OSError, http.client.HTTPException) as error:
                self.errors.append(error)
                time.sleep(0.05)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        until(lambda: len(self.answers) >= 8, "the first answers")
        return self

    def __exit__(self, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join()


def copied(directory, *names):
    """Copies shipped models into the directory."""
    for name in names:
        shutil.copyfile(WEIGHTS / f"{name}.pt", Path(directory, f"{name}.pt"))


def put(source, target):
    """Replaces a file in one step."""
    partial = Path(f"{target}.part")
    shutil.copyfile(source, partial)
    os.replace(partial, target)


# --- Scenarios -----------------------------------------------------------------------------------------------------


def sigterm(yolo):
    """SIGTERM under load: requests under way are answered, new ones refused, exit code 0."""
    with Server("--drain-timeout", 20, yolo=yolo) as server, Load(server.address, BODY) as load:
        expected = steady(load.answers[0])
        server.process.send_signal(signal.SIGTERM)
        try:
            code = server.process.wait(25)
        except subprocess.TimeoutExpired:
            raise Failed("still there 25 s after SIGTERM") from None
        load.ended.set()
    need(code == 0, f"exit code {code}")
    need(all(answer.status in (200, 503) for answer in load.answers), "an answer other than 200 and 503")
    need(all(steady(answer) == expected for answer in load.answers if answer.status == 200), "another answer")
    broken = [error for error in load.errors if not isinstance(error, ConnectionRefusedError)]
    # A connection that was accepted, but whose request was not yet read, may be reset; a cut answer may not.
    need(not any(isinstance(error, http.client.IncompleteRead) for error in broken), f"a cut answer: {broken}")
    need(len(broken) <= len(load.threads), f"more connections broken than clients: {broken}")


def replaced(yolo):
    """A model replaced under load: first the old answers, then the new ones, nothing else."""
    with tempfile.TemporaryDirectory() as directory:
        target = Path(directory, "model.pt")
        body = form({"model": "model"}, IMAGE)
        shutil.copyfile(WEIGHTS / "shapes-detect.pt", target)
        with Server("--reload-interval", 1, yolo=yolo, models=directory) as server:
            with Load(server.address, body, 4) as load:
                old = steady(load.answers[0])
                put(WEIGHTS / "shapes-segment.pt", target)
                until(lambda: load.answers[-1].status == 200 and steady(load.answers[-1]) != old, "the new answers")
            new = steady(ask(server.address, body))
        need(new != old, "the answer did not change")
        need(not load.errors, f"broken connections: {load.errors[:3]}")
        need(all(answer.status == 200 for answer in load.answers), "an answer other than 200")
        need(all(steady(answer) in (old, new) for answer in load.answers), "an answer of neither model")


def broken(yolo):
    """A broken model file: reported, the others go on; a removed model: 404."""
    with tempfile.TemporaryDirectory() as directory:
        copied(directory, "shapes-detect", "shapes-pose")
        with Server("--reload-interval", 1, yolo=yolo, models=directory) as server:
            Path(directory, "damaged.pt").write_bytes(b"no model" * 1000)
            until(lambda: "damaged" in server.text(), "the broken file in the log")
            need(ask(server.address, BODY).status == 200, "the other model is not served")
            status = ask(server.address, form({"model": "damaged"}, IMAGE)).status
            need(status in (404, 503), f"the broken model is answered {status}")
            Path(directory, "shapes-pose.pt").unlink()
            body = form({"model": "shapes-pose"}, IMAGE)
            until(lambda: ask(server.address, body).status == 404, "404 for the removed model")


def children(process, name):
    """Returns the processes below a process that run the program."""
    done = subprocess.run(["ps", "-eo", "pid=,ppid=,comm="], capture_output=True, text=True, check=True)
    rows = [line.split(None, 2) for line in done.stdout.splitlines()]
    below, grew = {process}, True
    while grew:
        more = {int(row[0]) for row in rows if int(row[1]) in below} - below
        below, grew = below | more, bool(more)
    return [int(row[0]) for row in rows if int(row[0]) in below and row[2] == name]


def video(yolo):
    """ffmpeg killed amid a video: a clear error, and the server goes on."""
    if not shutil.which("ffmpeg"):
        raise Skipped("no ffmpeg")
    with tempfile.TemporaryDirectory() as directory, Server(yolo=yolo) as server:
        path = Path(directory, "long.mp4")
        subprocess.run(["ffmpeg", "-loglevel", "error", "-loop", "1", "-i", str(WEIGHTS / "shapes.jpg"), "-t", "30",
                        "-r", "30", "-pix_fmt", "yuv420p", str(path)], check=True)
        answers = []
        body = form({"model": "shapes-segment", "imgsz": 1280}, path.read_bytes(), "long.mp4")
        client = threading.Thread(target=lambda: answers.append(ask(server.address, body, timeout=300)))
        client.start()
        until(lambda: children(server.process.pid, "ffmpeg"), "an ffmpeg below the server")
        for process in children(server.process.pid, "ffmpeg"):
            os.kill(process, signal.SIGKILL)
        client.join()
        need(answers and answers[0].status >= 400 and not answers[0].fault(),
             f"the answer: {answers and answers[0].status}")
        need(ask(server.address, BODY).status == 200, "the server does not go on")


def slowloris(yolo):
    """Many connections with unfinished heads: good requests are served, the idle ones closed in time."""
    with Server("--idle-timeout", 5, yolo=yolo) as server:
        idle = [socket.create_connection(server.address) for _ in range(300)]
        try:
            for connection in idle:
                connection.sendall(b"POST / HTTP/1.1\r\nHost: test\r\nX-")
            need(ask(server.address, BODY, timeout=30).status == 200, "a good request beside them is not served")
            idle[0].settimeout(30)
            try:
                while idle[0].recv(4096):
                    pass
            except ConnectionResetError:
                pass
            except TimeoutError:
                raise Failed("an unfinished head is kept for 30 s, --idle-timeout being 5") from None
        finally:
            for connection in idle:
                connection.close()


def bodies(yolo):
    """Bodies over 100 MB: 413, and memory stays bounded."""
    from serving import resident
    with Server(yolo=yolo) as server:
        need(ask(server.address, BODY).status == 200, "a good request is not served")
        before, block = resident(server.process.pid), bytes(1 << 20)
        for _ in range(3):
            answer = raw(server.address, [head(110 << 20), *[block] * 110])
            need(answer and answer.status == 413 and not answer.fault(), f"the answer: {answer and answer.status}")
        after = resident(server.process.pid)
        need(after < before + 200, f"memory went from {before:.0f} to {after:.0f} MB")
        need(ask(server.address, BODY).status == 200, "the server does not go on")


def full(yolo):
    """A full queue: 503 with Retry-After, the others right; then the queue is empty."""
    with Server("--queue", 2, "--workers", 1, yolo=yolo) as server:
        with Load(server.address, SLOW, 16) as load:
            until(lambda: any(answer.status == 503 for answer in load.answers), "a 503")
            until(lambda: any(answer.status == 200 for answer in load.answers), "a 200")
        need({answer.status for answer in load.answers} == {200, 503}, "an answer other than 200 and 503")
        faults = [answer.fault() for answer in load.answers if answer.status == 503 and answer.fault()]
        need(not faults, str(faults[:1]))
        until(lambda: metric(server.address, "yolo_queue_length") == 0, "an empty queue")


def disconnects(yolo):
    """Clients that go away leave no work in the queue."""
    with Server("--workers", 1, yolo=yolo) as server:
        for _ in range(60):
            with socket.create_connection(server.address) as connection:
                connection.sendall(head(len(SLOW)) + SLOW)
        for name in ("yolo_queue_length", "yolo_workers_busy", "yolo_upload_bytes"):
            until(lambda name=name: metric(server.address, name) == 0, f"{name} of 0")
        need(ask(server.address, BODY).status == 200, "the server does not go on")


def budget(yolo):
    """More models than the memory allows: all are answered, loaded and unloaded in turn."""
    with tempfile.TemporaryDirectory() as directory:
        for number in range(40):
            shutil.copyfile(WEIGHTS / "shapes-detect.pt", Path(directory, f"m{number}.pt"))
        with Server("--model-memory", 24, yolo=yolo, models=directory) as server:
            for number in range(40):
                answer = ask(server.address, form({"model": f"m{number}"}, IMAGE))
                need(answer.status == 200, f"m{number}: {answer.status} {answer.body[:200]!r}")
            used = metric(server.address, "yolo_model_memory_bytes")
            need(used is not None and used <= 24 << 20, f"memory of models: {used}")


def keys(yolo):
    """Keys: wrong and revoked ones are refused while serving; limits outlive a restart."""
    with tempfile.TemporaryDirectory() as directory:
        database = ["--database", str(Path(directory, "keys.sqlite"))]

        def tell(*arguments):
            done = subprocess.run([yolo, "keys", *arguments, *database], capture_output=True, text=True)
            need(done.returncode == 0, f"yolo keys {arguments[0]}: {done.stderr[:300]}")
            return done.stdout.split()

        key = max(tell("create", "--name", "first"), key=len)  # the longest word printed is the key
        headers = {"x-api-key": key}
        options = [*database, "--rate-limit", 5]
        with Server(*options, yolo=yolo, authenticate=True) as server:
            need(ask(server.address, BODY).status == 401, "no key is not refused with 401")
            wrong = ask(server.address, BODY, headers={"x-api-key": "wrong"})
            need(wrong.status == 401 and not wrong.fault(), f"a wrong key is answered {wrong.status}")
            for _ in range(3):
                answer = ask(server.address, BODY, headers=headers)
                need(answer.status == 200, f"the key is answered {answer.status}")
        with Server(*options, yolo=yolo, authenticate=True) as server:
            bearer = {"Authorization": f"Bearer {key}"}
            statuses = [ask(server.address, BODY, headers=bearer).status for _ in range(3)]
            need(statuses == [200, 200, 429], f"after a restart, 3 of 5 calls being made: {statuses}")
            tell("revoke", "1")
            until(lambda: ask(server.address, BODY, headers=headers).status in (401, 403), "the revoked key refused")


SCENARIOS = (sigterm, replaced, broken, video, slowloris, bodies, full, disconnects, budget, keys)


def main():
    """Runs the scenarios; returns whether none failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--yolo", default=YOLO)
    parser.add_argument("--only", nargs="+", choices=[scenario.__name__ for scenario in SCENARIOS])
    options = parser.parse_args()
    failed = 0
    for scenario in SCENARIOS:
        if options.only and scenario.__name__ not in options.only:
            continue
        try:
            scenario(options.yolo)
            word = "pass"
        except Skipped as reason:
            word = f"SKIPPED ({reason})"
        except (Failed, OSError, RuntimeError, http.client.HTTPException, subprocess.SubprocessError) as error:
            word, failed = f"FAIL: {error}", failed + 1
        print(f"{scenario.__name__:12} {word}    {scenario.__doc__}", flush=True)
    return not failed


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
