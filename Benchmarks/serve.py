"""Measures `yolo serve` beside a FastAPI server around Ultralytics and one around ONNX Runtime, in alternating rounds.

    python Benchmarks/serve.py --model yolov8n.pt --images bus.jpg zidane.jpg [--rounds 3] [--seconds 10]
    python Benchmarks/serve.py --model yolov8n.pt --images bus.jpg --no-ours --rounds 1 --seconds 3    # peers alone

Needs the upstream environment with fastapi, uvicorn, python-multipart, onnx and onnxruntime, and the program wrk.
Each round starts each server anew, takes the time to its first right answer and its idle memory, then loads it with wrk
at each concurrency. Peers run as 2 processes with 1 thread and as 1 process with 2 threads; the best of these four by
its median, at each concurrency, is what "best peer" means. The client shares the cores with the server, alike for all.
"""
import argparse
import hashlib
import io
import json
import os
import platform
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from datetime import date
from pathlib import Path

HERE = Path(__file__).resolve().parent
BOUNDARY = "yolobenchmark7d3c1f"
PEERS = {"upstream": "ultralytics_server", "onnxruntime": "onnx_server"}
VARIANTS = ((2, 1), (1, 2))  # processes, threads
LUA = r"""
local bodies = {}
local index = 0
function init(args)
  for number, path in ipairs(args) do
    local file = io.open(path, "rb"); bodies[number] = file:read("*a"); file:close()
  end
end
function request()
  index = index % #bodies + 1
  return wrk.format("POST", "/", {["Content-Type"] = "multipart/form-data; boundary=BOUNDARY"}, bodies[index])
end
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('RESULT {"requests":%d,"microseconds":%d,"p50":%d,"p95":%d,"p99":%d,"status":%d,"socket":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(95), latency:percentile(99),
    e.status, e.connect + e.read + e.write + e.timeout))
end
""".replace("BOUNDARY", BOUNDARY)


# --- Images ------------------------------------------------------------------------------------------------------


def images(paths):
    """Returns JPEG files of several sizes: each photo, its half, and its middle."""
    from PIL import Image
    files = []
    for path in paths:
        photo = Image.open(path).convert("RGB")
        width, height = photo.size
        forms = [photo, photo.resize((width // 2, height // 2)),
                 photo.crop((width // 6, height // 6, width * 5 // 6, height * 5 // 6))]
        for form in forms:
            buffer = io.BytesIO()
            form.save(buffer, "JPEG", quality=90)
            files.append(buffer.getvalue())
    return files


def multipart(image):
    """Returns a body with the image and the HUB's default options."""
    fields = "".join(f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
                     for name, value in (("imgsz", 640), ("conf", 0.25), ("iou", 0.45)))
    head = (f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n'
            "Content-Type: image/jpeg\r\n\r\n")
    return (fields + head).encode() + image + f"\r\n--{BOUNDARY}--\r\n".encode()


def exported(model):
    """Returns the path of the checkpoint as ONNX with a dynamic input, exported by Ultralytics once."""
    digest = hashlib.sha256(Path(model).read_bytes()).hexdigest()[:12]
    copy = Path("~/.cache/yolo-peers").expanduser() / f"{digest}-dynamic" / "model.pt"
    target = copy.with_suffix(".onnx")
    if not target.exists():
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(model, copy)
        program = "import sys; from ultralytics import YOLO; YOLO(sys.argv[1]).export(format='onnx', dynamic=True)"
        subprocess.run([sys.executable, "-c", program, str(copy)], check=True, stdout=sys.stderr)
    return str(target)


# --- Servers -------------------------------------------------------------------------------------------------------


def free_port():
    """Returns a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def command(server, port, options):
    """Returns a server's command line and its environment."""
    name, processes, threads = server
    environment = dict(os.environ)
    if name == "ours":
        return [options.yolo, "serve", "--dedicated", options.model, "--port", str(port), "--no-auth"], environment
    environment |= {"THREADS": str(threads), "OMP_NUM_THREADS": str(threads),
                    "MODEL": options.onnx if name == "onnxruntime" else options.model}
    return [sys.executable, "-m", "uvicorn", "--app-dir", str(HERE / "serve_peers"), f"{PEERS[name]}:app", "--port",
            str(port), "--workers", str(processes), "--log-level", "warning"], environment


def ask(port, body, timeout=30):
    """Returns the server's answer to one body."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}/", body,
                                     {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"})
    with urllib.request.urlopen(request, timeout=timeout) as answer:
        return json.load(answer)


def wait_ready(process, port, body, limit=120):
    """Returns the seconds until the first right answer."""
    start = time.perf_counter()
    while time.perf_counter() - start < limit:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        try:
            ask(port, body)
            return time.perf_counter() - start
        except OSError:
            time.sleep(0.01)
    raise RuntimeError(f"the server was not ready in {limit} s")


def group(leader):
    """Returns the ids of the processes in the server's process group."""
    members = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(path.name)) == leader:
                members.append(int(path.name))
        except ProcessLookupError:
            pass
    return members


def memory(leader):
    """Returns the summed RSS and PSS of a server's processes in MB."""
    total = {"Rss": 0, "Pss": 0}
    for member in group(leader):
        try:
            for line in Path(f"/proc/{member}/smaps_rollup").read_text().splitlines():
                key = line.split(":")[0]
                if key in total:
                    total[key] += int(line.split()[1])
        except OSError:
            pass
    return total["Rss"] / 1024, total["Pss"] / 1024


class Peak(threading.Thread):
    """Samples a server's PSS twice a second and keeps the largest."""

    def __init__(self, leader):
        super().__init__(daemon=True)
        self.leader, self.value, self.ended = leader, 0, threading.Event()

    def run(self):
        """Samples until told to end."""
        while not self.ended.wait(0.5):
            self.value = max(self.value, memory(self.leader)[1])


def stop(process):
    """Ends a server that this program started."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


# --- Measuring -----------------------------------------------------------------------------------------------------


def load(port, concurrency, seconds, script, bodies):
    """Returns the figures of one run of wrk."""
    done = subprocess.run(["wrk", "-t1", f"-c{concurrency}", f"-d{seconds}s", "--timeout", "60s", "-s", script,
                           f"http://127.0.0.1:{port}/", "--", *bodies], capture_output=True, text=True)
    for line in done.stdout.splitlines():
        if line.startswith("RESULT "):
            values = json.loads(line[7:])
            good = values["requests"] - values["status"]
            return {"rate": good / values["microseconds"] * 1e6, "errors": values["status"] + values["socket"],
                    **{name: values[name] / 1000 for name in ("p50", "p95", "p99")}}
    raise RuntimeError(f"wrk gave no result: {done.stdout[-300:]} {done.stderr[-300:]}")


def turn(server, options, script, bodies, paths):
    """Runs one server once; returns its figures."""
    port = free_port()
    line, environment = command(server, port, options)
    process = subprocess.Popen(line, env=environment, start_new_session=True, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    try:
        ready = wait_ready(process, port, bodies[0])
        counts = [len(ask(port, body)["images"][0]["results"]) for body in bodies]
        time.sleep(1)
        rss, pss = memory(process.pid)
        peak = Peak(process.pid)
        peak.start()
        loads = {str(number): load(port, number, options.seconds, script, paths) for number in options.concurrency}
        peak.ended.set()
        peak.join()
        return {"ready": ready, "rss": rss, "pss": pss, "peak": peak.value, "counts": counts, "loads": loads}
    finally:
        stop(process)


def middle(turns, *keys):
    """Returns the median of a figure over the rounds."""
    values = []
    for value in turns:
        for key in keys:
            value = value[key]
        values.append(value)
    return statistics.median(values)


# --- Report --------------------------------------------------------------------------------------------------------


def label(server):
    """Returns a server's name in the table."""
    return server[0] if server[0] == "ours" else f"{server[0]} {server[1]}x{server[2]}"


def report(turns, options):
    """Returns the Markdown report."""
    lines = ["| server | clients | requests/s | p50 ms | p95 ms | p99 ms | errors |", "|---|--:|--:|--:|--:|--:|--:|"]
    for name, rounds in turns.items():
        for number in map(str, options.concurrency):
            figures = [middle(rounds, "loads", number, key) for key in ("rate", "p50", "p95", "p99")]
            errors = sum(value["loads"][number]["errors"] for value in rounds)
            lines.append(f"| {name} | {number} | " + " | ".join(f"{value:.1f}" for value in figures) + f" | {errors} |")
    lines += ["", "| server | ready s | idle RSS MB | idle PSS MB | peak PSS MB | detections |", "|---|--:|--:|--:|--:|---|"]
    for name, rounds in turns.items():
        lines.append(f"| {name} | {middle(rounds, 'ready'):.2f} | " + " | ".join(
            f"{middle(rounds, key):.0f}" for key in ("rss", "pss", "peak")) + f" | {rounds[0]['counts']} |")
    return "\n".join(lines + ["", comparison(turns, options), ""])


def comparison(turns, options):
    """Returns how ours compares with the best peer at each concurrency."""
    peers = {name: rounds for name, rounds in turns.items() if name != "ours"}
    if "ours" not in turns or not peers:
        return "Ours or the peers were not measured: nothing is compared."
    parts = []
    for number in map(str, options.concurrency):
        best = max(peers, key=lambda name: middle(peers[name], "loads", number, "rate"))
        ratio = middle(turns["ours"], "loads", number, "rate") / middle(peers[best], "loads", number, "rate")
        parts.append(f"{number} clients: {ratio:.2f} times the best peer ({best})")
    return "; ".join(parts) + "."


def arguments():
    """Returns the command line's options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="the checkpoint (.pt), a detection model")
    parser.add_argument("--onnx", help="the checkpoint exported with a dynamic input; made if not given")
    parser.add_argument("--images", nargs="+", required=True)
    parser.add_argument("--yolo", default=str(HERE.parent / ".build/release/yolo"))
    parser.add_argument("--no-ours", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--concurrency", nargs="+", type=int, default=[1, 4, 16, 32])
    parser.add_argument("--out", default=str(HERE / f"{date.today()}-serve.md"))
    return parser.parse_args()


def main():
    """Measures and writes the report."""
    options = arguments()
    if not options.onnx:
        options.onnx = exported(options.model)
    servers = [] if options.no_ours else [("ours", 1, 0)]
    servers += [(name, *variant) for name in PEERS for variant in VARIANTS]
    turns = {label(server): [] for server in servers}
    bodies = [multipart(image) for image in images(options.images)]
    with tempfile.TemporaryDirectory() as directory:
        script = Path(directory, "post.lua")
        script.write_text(LUA)
        paths = []
        for index, body in enumerate(bodies):
            paths.append(str(Path(directory, f"{index}.body")))
            Path(paths[-1]).write_bytes(body)
        for index in range(options.rounds):
            for server in servers if index % 2 == 0 else servers[::-1]:
                print(f"round {index + 1}: {label(server)}", file=sys.stderr)
                turns[label(server)].append(turn(server, options, str(script), bodies, paths))
    text = report(turns, options)
    print(text)
    head = f"# Servers side by side\n\n{platform.machine()}, {os.cpu_count()} cores; {options.rounds} rounds of " \
           f"{options.seconds} s; images of {[len(body) // 1024 for body in bodies]} KiB.\n\n"
    Path(options.out).write_text(f"{head}{text}\n```json\n{json.dumps(turns)}\n```\n")


if __name__ == "__main__":
    main()
