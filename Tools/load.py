"""Loads a server with good and bad requests and holds each answer against what it must be.

    python Tools/load.py [--yolo .build/release/yolo] [--requests 10000] [--clients 32] [--bad 0.05]
    python Tools/load.py --url 127.0.0.1:8080 --pid 1234       # a server that runs, with the models of Weights, no keys

Needs Pillow. Good requests go over the five shipped models, images and options; each answer must equal the one that
was recorded one request at a time, times aside. Bad ones must get their status and envelope. A good request that is
answered 503 is sent again after Retry-After. The exit status is 1 if anything is wrong.
"""
import argparse
import collections
import http.client
import io
import itertools
import queue
import random
import socket
import statistics
import struct
import sys
import threading
import time
import zlib

from serving import (BOUNDARY, TASKS, WEIGHTS, YOLO, Server, ask, form, head, raw, resident, steady)

OPTIONS = ({}, {"imgsz": 320}, {"conf": 0.5}, {"iou": 0.2}, {"classes": "0"}, {"max_det": 2}, {"normalize": "true"},
           {"imgsz": 96, "conf": 0.1, "iou": 0.9})
LIMIT = 100 << 20
TRIES = 100


# --- Good requests -------------------------------------------------------------------------------------------------


def images(path):
    """Returns an image as JPEG, PNG and WebP of three sizes."""
    from PIL import Image
    photo = Image.open(path).convert("RGB")
    files = [path.read_bytes()]
    for kind, scale in (("PNG", 0.5), ("WEBP", 0.75)):
        buffer = io.BytesIO()
        photo.resize((int(photo.width * scale), int(photo.height * scale))).save(buffer, kind)
        files.append(buffer.getvalue())
    return files


def good_bodies():
    """Returns the bodies of all good requests."""
    bodies = []
    for task, name in TASKS.items():
        for image, options in itertools.product(images(WEIGHTS / name), OPTIONS):
            bodies.append(form({"model": f"shapes-{task}", **options}, image))
    return bodies


# --- Bad requests --------------------------------------------------------------------------------------------------


def bomb():
    """Returns a PNG file that says it has 60000 x 60000 pixels."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


def bad_requests(image):
    """Returns the bad requests: name -> (function of the address, statuses allowed; empty if no answer is looked for)."""
    model = {"model": "shapes-detect"}
    good = form(model, image)

    def sent(body, **more):
        return lambda address: ask(address, body, **more)

    def pieces(*parts, pause=0):
        return lambda address: raw(address, parts, pause)

    drip = [head(len(good)) + good[:1000], *(good[at:at + 8000] for at in range(1000, len(good), 8000))]
    return {
        "no file": (sent(form(model)), {400}),
        "empty file": (sent(form(model, b"")), {415}),
        "text as image": (sent(form(model, b"no image " * 50)), {415}),
        "truncated JPEG": (sent(form(model, image[:len(image) // 2])), {415}),
        "PNG bomb": (sent(form(model, bomb())), {413}),
        "wrong boundary": (sent(good, kind="multipart/form-data; boundary=other"), {400}),
        "no boundary": (sent(good, kind="multipart/form-data"), {400}),
        "unfinished form": (sent(good[:-len(BOUNDARY) - 8]), {400}),
        "unknown model": (sent(form({"model": "none"}, image)), {404}),
        "path in model": (sent(form({"model": "../../etc/passwd"}, image)), {400}),
        "path in URL": (sent(good, path="/v1/predict/..%2f..%2fetc%2fpasswd"), {400}),
        "path in file name": (sent(form(model, image, name="../../../tmp/stolen.jpg")), {200}),
        "conf=2": (sent(form({**model, "conf": 2}, image)), {400}),
        "imgsz=abc": (sent(form({**model, "imgsz": "abc"}, image)), {400}),
        "imgsz=99999": (sent(form({**model, "imgsz": 99999}, image)), {400}),
        "many fields": (sent(form({**model, **{f"f{n}": n for n in range(5000)}}, image)), {400}),
        "header bomb": (pieces(head(0, more="".join(f"X-{n}: {'a' * 1000}\r\n" for n in range(500)))), {431, None}),
        "invalid HTTP": (pieces(b"\x00\x01nonsense\r\n\r\n"), {400}),
        "slow body": (pieces(*drip, pause=0.1), {200}),
        "half a body": (lambda address: gone(address, head(len(good)) + good[:len(good) // 2]), set()),
        "gone at once": (lambda address: gone(address, head(len(good)) + good), set()),
        "wrong method": (sent(None, method="DELETE", kind=None), {405}),
        "wrong path": (sent(good, path="/nowhere"), {404}),
        "wrong type": (sent(b"{}", kind="application/json"), {415}),
        "body over the limit": (huge, {413}),
    }


def gone(address, data):
    """Sends the data and goes away without reading."""
    with socket.create_connection(address, timeout=60) as connection:
        connection.sendall(data)


def huge(address):
    """Sends a body larger than the limit in chunks, its length not told."""
    start = head(0).replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    block = bytes(1 << 20)
    chunk = f"{len(block):x}\r\n".encode() + block + b"\r\n"
    opening = form({}, b"")[:-len(BOUNDARY) - 8]
    first = f"{len(opening):x}\r\n".encode() + opening + b"\r\n"
    return raw(address, itertools.chain([start, first], itertools.repeat(chunk, (LIMIT >> 20) + 2)))


# --- Running -------------------------------------------------------------------------------------------------------


class Run:
    """The work of all clients and what came of it."""

    def __init__(self, address, expected, bad):
        self.address, self.expected, self.bad = address, expected, bad
        self.statuses, self.times, self.wrong = collections.Counter(), [], []
        self.jobs, self.lock = queue.SimpleQueue(), threading.Lock()

    def note(self, status, problem=None, seconds=None):
        """Records an answer's status and, if something was wrong, what."""
        with self.lock:
            self.statuses[status] += 1
            if problem:
                self.wrong.append(problem)
            if seconds is not None:
                self.times.append(seconds)

    def good(self, index):
        """Sends a good request until it is answered by other than 503."""
        body, expected = self.expected[index]
        for _ in range(TRIES):
            start = time.perf_counter()
            answer = ask(self.address, body)
            seconds = time.perf_counter() - start
            if answer.status != 503:
                break
            self.note(503, answer.fault())
            time.sleep(float(answer.headers.get("retry-after", 1)))
        else:
            return self.note("lost", f"good {index}: only 503 in {TRIES} tries")
        if answer.status != 200:
            return self.note(answer.status, f"good {index}: {answer.status} {answer.body[:200]!r}")
        self.note(200, None if steady(answer) == expected else f"good {index}: another answer", seconds)

    def spoil(self, name):
        """Sends a bad request and looks at its answer."""
        call, allowed = self.bad[name]
        answer = call(self.address)
        if not allowed:
            return self.note("left")
        status = answer.status if answer else None
        problem = None
        if status == 503:
            problem = answer.fault()
        elif status not in allowed:
            problem = f"{name}: {status}, not one of {allowed}"
        elif answer and status >= 400 and answer.fault():
            problem = f"{name}: {answer.fault()}"
        self.note(f"bad {status}", problem)

    def client(self):
        """Does jobs until none is left."""
        while True:
            try:
                kind, job = self.jobs.get_nowait()
            except queue.Empty:
                return
            try:
                (self.good if kind == "good" else self.spoil)(job)
            except (OSError, http.client.HTTPException, KeyError, TypeError, ValueError) as error:
                self.note("lost" if kind == "good" else "bad lost", f"{kind} {job}: {error!r}")


def jobs(count, share, goods, bad, seed):
    """Returns a shuffled list of jobs; each way to be bad is there in turn, the huge body three times at most."""
    number = round(count * share)
    names = [name for name in bad if name != "body over the limit"]
    turns = itertools.cycle(names)
    chosen = [("bad", "body over the limit")] * min(3, number)
    chosen += [("bad", next(turns)) for _ in range(number - len(chosen))]
    chosen += [("good", index % goods) for index in range(count - number)]
    random.Random(seed).shuffle(chosen)
    return chosen


def sample(process, samples, ended):
    """Records a process's memory each second."""
    start = time.monotonic()
    while not ended.wait(1):
        value = resident(process)
        if value is not None:
            samples.append((time.monotonic() - start, value))


def record(address, bodies):
    """Returns each body with the answer to it, one after the other."""
    expected = []
    for body in bodies:
        answer = ask(address, body)
        if answer.status != 200:
            raise SystemExit(f"a good request is answered {answer.status}: {answer.body[:300]!r}")
        expected.append((body, steady(answer)))
    return expected


# --- Report --------------------------------------------------------------------------------------------------------


def memory_report(samples):
    """Prints the memory of each minute and its slope after the first."""
    print("| minute | min MB | max MB | last MB |\n|--:|--:|--:|--:|")
    for minute, group in itertools.groupby(samples, lambda pair: int(pair[0] // 60)):
        values = [value for _, value in group]
        print(f"| {minute + 1} | {min(values):.1f} | {max(values):.1f} | {values[-1]:.1f} |")
    later = [pair for pair in samples if pair[0] >= 60]
    if len(later) > 10:
        print(f"slope after the first minute: {statistics.linear_regression(*zip(*later)).slope * 60:.2f} MB a minute")
    else:
        print("slope after the first minute: not measured, the run was too short")


def report(run, seconds, samples):
    """Prints what came of the run."""
    print(f"{seconds:.1f} s\n| status | answers |\n|---|--:|")
    for status, number in sorted(run.statuses.items(), key=lambda pair: str(pair[0])):
        print(f"| {status} | {number} |")
    if len(run.times) > 1:
        cuts = statistics.quantiles(run.times, n=100)
        print("good requests: " + ", ".join(f"p{rank} {cuts[rank - 1] * 1e3:.1f} ms" for rank in (50, 95, 99)))
    memory_report(samples)
    for problem, number in collections.Counter(run.wrong).most_common(30):
        print(f"WRONG ({number}): {problem}")
    print("wrong: " + str(len(run.wrong)))


def arguments():
    """Returns the command line's options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", help="host:port of a server that runs; else one is started")
    parser.add_argument("--pid", type=int, help="process of that server, for its memory")
    parser.add_argument("--yolo", default=YOLO)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--bad", type=float, default=0.05)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def drive(address, process, options):
    """Records, loads and reports; returns whether all was right."""
    bad = bad_requests((WEIGHTS / "shapes.jpg").read_bytes())
    expected = record(address, good_bodies())
    run = Run(address, expected, bad)
    for job in jobs(options.requests, options.bad, len(expected), bad, options.seed):
        run.jobs.put(job)
    samples, ended = [], threading.Event()
    sampler = threading.Thread(target=sample, args=(process, samples, ended)) if process else None
    clients = [threading.Thread(target=run.client) for _ in range(options.clients)]
    start = time.perf_counter()
    for thread in [*clients, *([sampler] if sampler else [])]:
        thread.start()
    for thread in clients:
        thread.join()
    seconds = time.perf_counter() - start
    ended.set()
    report(run, seconds, samples)
    return not run.wrong


def main():
    """Runs against a server that is there, or against one of its own."""
    options = arguments()
    if options.url:
        host, port = options.url.removeprefix("http://").rstrip("/").rsplit(":", 1)
        return drive((host, int(port)), options.pid, options)
    with Server(yolo=options.yolo) as server:
        right = drive(server.address, server.process.pid, options)
        if server.process.poll() is not None:
            print(f"WRONG: the server ended with {server.process.returncode}: {server.text()[-500:]}")
            return False
        return right


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
