"""Measures the lists and the intake of a platform, and kills it in the middle of its work.

    python Tools/platform_load.py [--yolo .build/release/yolo] [--images 100000] [--models 1000] [--ingest 10000]
    python Tools/platform_load.py --only lists|ingest|faults

`lists` fills a database with images and models, then asks for parts of them by every order, filter and offset: the 95th
percentile of each must stay below 50 ms and must not grow with the offset. `ingest` takes in a ZIP archive of images of
which one is broken, and again one of twice as many: the memory of the server must not grow with the number. `faults`
kills the server (-9) again and again while a set is taken in, and takes one in on a full disk (as root, on a small
tmpfs): what is there afterwards must be whole. The exit status is 1 if anything is wrong.
"""
import argparse
import hashlib
import http.client
import io
import json
import os
import random
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time
import zipfile
import zlib
from pathlib import Path

from serving import YOLO, ask, resident

LIMIT = 0.050  # s
wrong = []


def expect(condition, text):
    """Notes something that is not as it must be."""
    if not condition:
        wrong.append(text)
        print(f"WRONG: {text}")


class Platform:
    """A server with data of its own; its first account is made when it starts for the first time."""

    def __init__(self, yolo, data):
        self.yolo, self.data, self.key, self.process = yolo, data, None, None
        self.log = open(f"{data}.log", "ab")

    def start(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process = subprocess.Popen([self.yolo, "serve", "--data", self.data, "--host", "127.0.0.1", "--port",
                                         str(self.port)], stdout=subprocess.PIPE, stderr=self.log)
        if self.key is None:
            self.key = self.process.stdout.readline().decode().strip()
        self.connection = None
        while True:
            if self.process.poll() is not None:
                raise SystemExit(f"the server ended: {Path(f'{self.data}.log').read_text()[-2000:]}")
            try:
                if ask(("127.0.0.1", self.port), None, "/healthz", "GET", None).status == 200:
                    return
            except (OSError, http.client.HTTPException):
                time.sleep(0.02)

    def kill(self, how=signal.SIGKILL):
        self.process.send_signal(how)
        self.process.wait()

    def ask(self, method, path, body=None, headers=None):
        """Returns the status, the answer and the seconds that it took."""
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
        for attempt in (0, 1):
            if self.connection is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
            start = time.perf_counter()
            try:
                self.connection.request(method, path, body, {"Authorization": f"Bearer {self.key}", **(headers or {})})
                answer = self.connection.getresponse()
                data = answer.read()
                seconds = time.perf_counter() - start
                break
            except (OSError, http.client.HTTPException):
                self.connection = None
                if attempt:
                    raise
        try:
            return answer.status, json.loads(data), seconds
        except ValueError:
            return answer.status, data, seconds

    def good(self, method, path, body=None):
        status, value, _ = self.ask(method, path, body)
        if status not in (200, 201):
            raise SystemExit(f"{method} {path}: {status} {value}")
        return value

    def upload(self, dataset, path):
        """Sends a file, and returns the session."""
        size = os.path.getsize(path)
        begun = self.good("POST", "/api/upload/signed-url", {
            "assetType": "datasets", "assetId": dataset, "filename": os.path.basename(path),
            "contentType": "application/zip", "totalBytes": size})
        address = "/" + begun["uploadUrl"].split("/", 3)[3]
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        with open(path, "rb") as file:
            connection.request("PUT", address, file, {"Content-Length": str(size)})
            answer = connection.getresponse()
            if answer.status != 200:
                raise SystemExit(f"PUT: {answer.status} {answer.read()}")
        self.good("POST", "/api/upload/complete", {"sessionId": begun["sessionId"]})
        return begun["sessionId"]

    def unlimited(self):
        """Lets the account call as often as it likes."""
        with sqlite3.connect(f"{self.data}/platform.sqlite", timeout=30) as database:
            database.execute("UPDATE account SET callsPerMinute = 100000000, callsPerDay = 100000000, plan = 'enterprise'")

    def owner(self):
        return self.good("GET", "/api/account/summary")["username"]


def png(number, side=32):
    """Returns an image that differs from those of other numbers."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    noise = random.Random(number).randbytes(3 * side)
    rows = b"".join(b"\0" + noise for _ in range(side))
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b""))


def archive(path, count, broken=1, side=32):
    """Writes a set of images of which some are broken."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as file:
        file.writestr("data.yaml", "train: images/train\nval: images/val\nnames: [a, b, c]\n", zipfile.ZIP_DEFLATED)
        for number in range(count):
            part = "val" if number % 10 == 0 else "train"
            data = png(number, side)
            file.writestr(f"images/{part}/{number:06}.png", data[:-20] if number < broken else data)
            file.writestr(f"labels/{part}/{number:06}.txt",
                          "".join(f"{index % 3} 0.5 0.5 0.{index + 1} 0.2\n" for index in range(number % 4)),
                          zipfile.ZIP_DEFLATED)


# --- Lists ---------------------------------------------------------------------------------------------------------


def fill(path, dataset, project, images, models):
    """Adds rows of images and models."""
    with sqlite3.connect(path, timeout=60) as database:
        account = database.execute("SELECT account FROM dataset WHERE id = ?", (dataset,)).fetchone()[0]
        now = int(time.time())
        draw = random.Random(1)
        rows = []
        for number in range(images):
            sha = hashlib.sha256(str(number).encode()).hexdigest()
            labels = [[draw.randrange(80), *(round(draw.random(), 6) for _ in range(4))] for _ in range(draw.randrange(8))]
            rows.append((f"{now:08x}{number:08x}{draw.randrange(1 << 32):08x}", dataset, sha, draw.randrange(10_000, 900_000),
                         f"image-{draw.randrange(10 ** 9):09}.jpg", draw.choice(("train", "train", "train", "val", "test")),
                         draw.randrange(200, 4000), draw.randrange(200, 4000), json.dumps(labels, separators=(",", ":")),
                         len(labels), now))
        database.executemany("INSERT INTO image (id, dataset, sha, bytes, name, split, width, height, rows, labels, created)"
                             " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        names = json.dumps([f"class {index}" for index in range(80)])
        database.execute("UPDATE dataset SET classNames = ? WHERE id = ?", (names, dataset))
        columns = [row[1] for row in database.execute("PRAGMA table_info(model)")]
        first = dict(zip(columns, database.execute("SELECT * FROM model LIMIT 1").fetchone()))
        for number in range(models):
            row = {**first, "id": f"model_{now:08x}{number:016x}", "slug": f"many-{number}", "name": f"Many {number}",
                   "created": now, "updated": now}
            database.execute(f"INSERT INTO model ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})",
                             list(row.values()))
        for number in range(1000):
            row = dict(zip([c[1] for c in database.execute("PRAGMA table_info(dataset)")],
                           database.execute("SELECT * FROM dataset WHERE id = ?", (dataset,)).fetchone()))
            row.update(id=f"dataset_{now:08x}{number:016x}", slug=f"many-{number}", name=f"Many {number}", images=0)
            database.execute(f"INSERT INTO dataset ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})",
                             list(row.values()))
        return account


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))]


def lists(yolo, directory, images, models, rounds=40):
    platform = Platform(yolo, f"{directory}/lists")
    platform.start()
    owner = platform.owner()
    dataset = platform.good("POST", "/api/datasets", {"name": "many"})["data"]["id"]
    project = platform.good("POST", "/api/projects", {"name": "many"})["data"]["id"]
    platform.good("POST", "/api/models", {"projectId": project, "name": "one"})
    platform.unlimited()
    platform.kill(signal.SIGTERM)
    start = time.time()
    fill(f"{platform.data}/platform.sqlite", dataset, project, images, models)
    print(f"{images} images, {models} models and 1000 datasets added in {time.time() - start:.1f} s")
    platform.start()
    base = f"/api/datasets/{owner}/many/images"
    middle = platform.good("GET", f"{base}?limit=1&offset={images // 2}")["images"][0]["id"]
    paths = {"images": base, "images, limit 1000": f"{base}?limit=1000"}
    for order in ("newest", "oldest", "name-asc", "name-desc", "height-desc", "width-asc", "size-desc", "labels-desc"):
        for offset in (0, images // 2, images - 100):
            paths[f"images, {order}, offset {offset}"] = f"{base}?sort={order}&offset={offset}"
        paths[f"images, {order}, cursor"] = f"{base}?sort={order}&cursor={middle}"
    for offset in (0, images // 10):
        for name in ("split=val", "hasLabel=true", "hasLabel=false", "classIds=3", "classIds=3,70", "search=image-00",
                     "split=test&hasLabel=true&sort=name-asc"):
            paths[f"images, {name}, offset {offset}"] = f"{base}?{name}&offset={offset}"
    paths["images, search of one"] = f"{base}?search=image-000000"
    paths["class-stats"] = f"/api/datasets/{owner}/many/class-stats"
    for page in (1, 5, 10):
        paths[f"models, page {page}"] = f"/api/models?page={page}&limit=100"
        paths[f"datasets, page {page}"] = f"/api/datasets?page={page}&limit=100"
    paths["models of a project"] = f"/api/models/{owner}/many"
    paths["project"] = f"/api/projects/{owner}/many"
    paths["datasets of an owner"] = f"/api/datasets/{owner}?limit=100"
    paths["dataset"] = f"/api/datasets/{owner}/many"
    paths["explore"] = "/api/explore/search"
    paths["activity"] = "/api/activity"
    paths["storage"] = "/api/storage"
    times = {name: [] for name in paths}
    for turn in range(rounds):
        for name, path in paths.items():
            status, value, seconds = platform.ask("GET", path)
            expect(status == 200, f"{name}: {status} {value}")
            if turn:  # the first one fills caches, of the server and of SQLite
                times[name].append(seconds)
    for name, values in times.items():
        p50, p95 = percentile(values, 0.5), percentile(values, 0.95)
        print(f"{name:48} p50 {p50 * 1e3:7.1f} ms   p95 {p95 * 1e3:7.1f} ms")
        limit = LIMIT * (4 if "limit 1000" in name else 1)
        expect(p95 <= limit, f"{name}: p95 is {p95 * 1e3:.1f} ms")
    print(f"server: {resident(platform.process.pid):.0f} MB")
    platform.kill(signal.SIGTERM)


# --- Taking in -----------------------------------------------------------------------------------------------------


def whole(platform, owner, slug, count, faulty):
    """Holds a dataset and the store against what must be there."""
    detail = platform.good("GET", f"/api/datasets/{owner}/{slug}")
    dataset, job = detail["dataset"], detail["ingest"]
    expect(dataset["status"] == "ready", f"{slug}: {dataset['status']} {dataset.get('processingError')}")
    expect(dataset["imageCount"] == count, f"{slug}: {dataset['imageCount']} images instead of {count}")
    expect(job["errorCount"] == faulty, f"{slug}: {job['errorCount']} errors instead of {faulty}")
    return dataset


def consistent(platform):
    """Holds the rows against the files: each image has a file, each file an owner."""
    with sqlite3.connect(f"file:{platform.data}/platform.sqlite?mode=ro", uri=True, timeout=30) as database:
        rows = {row[0] for row in database.execute("SELECT sha FROM blob")}
        lost = database.execute("SELECT count(*) FROM image WHERE NOT EXISTS (SELECT 1 FROM reference WHERE kind = 'images'"
                                " AND owner = image.id)").fetchone()[0]
        idle = database.execute("SELECT count(*) FROM blob WHERE NOT EXISTS (SELECT 1 FROM reference WHERE blob = sha)")
        expect(lost == 0, f"{lost} images without a file")
        expect(idle.fetchone()[0] == 0, "objects that nobody needs")
        expect(database.execute("PRAGMA integrity_check").fetchone()[0] == "ok", "the database is damaged")
    files = {path.name for path in Path(f"{platform.data}/objects").glob("??/*")}
    expect(files == rows, f"{len(files - rows)} files without a row, {len(rows - files)} rows without a file")
    left = [path.name for path in Path(f"{platform.data}/ingest").glob("*")] if Path(f"{platform.data}/ingest").exists() else []
    expect(left == [], f"left over: {left[:5]}")


def take(platform, owner, slug, path, wait=True):
    """Uploads a file into a new dataset; returns the seconds and the most memory meanwhile."""
    made = platform.good("POST", "/api/datasets", {"name": slug})
    session = platform.upload(made["data"]["id"], path)
    start, most = time.time(), 0
    platform.good("POST", f"/api/datasets/{owner}/{slug}/ingest", {"sessionId": session})
    while wait:
        most = max(most, resident(platform.process.pid) or 0)
        if platform.good("GET", f"/api/datasets/{owner}/{slug}")["dataset"]["status"] != "processing":
            break
        time.sleep(0.2)
    return time.time() - start, most


def ingest(yolo, directory, count):
    platform = Platform(yolo, f"{directory}/ingest-data")
    platform.start()
    platform.unlimited()
    owner = platform.owner()
    archive(f"{directory}/warm.zip", 200)
    take(platform, owner, "warm", f"{directory}/warm.zip")
    memory = []
    for number, images in enumerate((count, 2 * count)):
        path = f"{directory}/set-{number}.zip"
        archive(path, images)
        seconds, most = take(platform, owner, f"set-{number}", path)
        whole(platform, owner, f"set-{number}", images - 1, 1)
        memory.append(most)
        print(f"{images} images taken in in {seconds:.1f} s, {images / seconds:.0f} a second; server at most {most:.0f} MB")
        os.remove(path)
    # Faults, the first image of each content and the parts of all images are kept: some 200 bytes an image.
    expect(memory[1] - memory[0] <= 20 + count * 400 / 2 ** 20, f"memory grows: {memory}")
    consistent(platform)
    platform.kill(signal.SIGTERM)


# --- Faults --------------------------------------------------------------------------------------------------------


def faults(yolo, directory):
    path = f"{directory}/kill.zip"
    archive(path, 3000)
    draw = random.Random(7)
    platform = Platform(yolo, f"{directory}/kill-data")
    platform.start()
    platform.unlimited()
    owner = platform.owner()
    take(platform, owner, "killed", path, wait=False)
    kills = 0
    for _ in range(12):
        time.sleep(draw.random() * 1.5)
        platform.kill()
        kills += 1
        platform.start()
        if platform.good("GET", f"/api/datasets/{owner}/killed")["dataset"]["status"] != "processing":
            break
    while platform.good("GET", f"/api/datasets/{owner}/killed")["dataset"]["status"] == "processing":
        time.sleep(0.2)
    dataset = whole(platform, owner, "killed", 2999, 1)
    used = platform.good("GET", "/api/storage")["data"]["used"]
    expect(used == dataset["totalBytes"], f"{used} bytes used, the images have {dataset['totalBytes']}")
    consistent(platform)
    platform.kill(signal.SIGTERM)
    print(f"killed {kills} times: all images are there, once")
    full_disk(yolo, directory)


def full_disk(yolo, directory):
    small = f"{directory}/small"
    os.makedirs(small)
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "none", small]).returncode:
        print("no full disk: that needs to be root")
        return
    try:
        path = f"{directory}/large.zip"
        archive(path, 2500, side=96)
        platform = Platform(yolo, f"{small}/data")
        platform.start()
        platform.unlimited()
        owner = platform.owner()
        archive(f"{directory}/little.zip", 50, broken=0)
        take(platform, owner, "little", f"{directory}/little.zip")
        ballast = f"{small}/ballast"
        made = platform.good("POST", "/api/datasets", {"name": "full"})
        session = platform.upload(made["data"]["id"], path)
        free = shutil.disk_usage(small).free
        with open(ballast, "wb") as file:
            file.write(b"\0" * max(0, free - (6 << 20)))
        platform.good("POST", f"/api/datasets/{owner}/full/ingest", {"sessionId": session})
        deadline = time.time() + 60
        while True:
            status, value, _ = platform.ask("GET", f"/api/datasets/{owner}/full")
            if status == 200 and value["dataset"]["status"] == "failed" or time.time() > deadline:
                break
            time.sleep(0.2)
        state = value["dataset"]
        print(f"on a full disk: {state['status']}, {state['imageCount']} images, {state.get('processingError')}")
        expect(state["status"] in ("failed", "processing"), f"a set on a full disk is {state['status']}")
        whole(platform, owner, "little", 50, 0)
        platform.kill()
        os.remove(ballast)
        os.remove(path) if os.path.exists(path) else None
        platform.start()
        while platform.good("GET", f"/api/datasets/{owner}/full")["dataset"]["status"] == "processing":
            time.sleep(0.2)
        whole(platform, owner, "little", 50, 0)
        consistent(platform)
        platform.kill(signal.SIGTERM)
    finally:
        subprocess.run(["umount", "-l", small])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--yolo", default=YOLO)
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--models", type=int, default=1000)
    parser.add_argument("--ingest", type=int, default=10_000)
    parser.add_argument("--only", choices=("lists", "ingest", "faults"))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="yolo-platform-") as directory:
        if asked.only in (None, "lists"):
            lists(asked.yolo, directory, asked.images, asked.models)
        if asked.only in (None, "ingest"):
            ingest(asked.yolo, directory, asked.ingest)
        if asked.only in (None, "faults"):
            faults(asked.yolo, directory)
    print(f"{len(wrong)} wrong")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
