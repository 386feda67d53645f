"""Measures a cold process from its start to the printed JSON: wall time and peak memory, alternating between engines.

    python Benchmarks/cold_start.py --model yolov8n.pt --source photo.jpg [--imgsz 640] [--runs 10] [--threads N] [--no-ours]
                                    [--no-upstream]

Engines: ours (`yolo predict --format json`), a Python script with ONNX Runtime (onnx_predict.py, on a model exported
beforehand for exactly the input size that Ultralytics gives this image), and Ultralytics (YOLO(model).predict).
"Cold" means a new process; the files are in the page cache, for a first round is run and thrown away. All engines must
find the same number of detections, or the tool says so and ends with status 1.
Peak memory is the largest resident set (wait4). Each engine is started from a small helper process, because a child's
figure begins with what its parent held.
"""
import argparse
import json
import os
import shlex
import statistics
import subprocess
import sys
import time
from pathlib import Path

from compare_peers import exported, processor, versions

UPSTREAM = """
import json, sys
from ultralytics import YOLO
model, source, imgsz, conf, iou, threads = sys.argv[1:]
if int(threads):
    import torch; torch.set_num_threads(int(threads))
result = YOLO(model).predict(source, imgsz=int(imgsz), conf=float(conf), iou=float(iou), device="cpu", verbose=False)[0]
print(result.to_json())
"""

# Starts the command given as arguments and reports what it took; runs as `python -S -E`, some 9 MB.
STARTER = """
import os, sys, time
read, write = os.pipe()
start = time.perf_counter()
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, write, 1)])
os.close(write)
output = b""
while block := os.read(read, 65536):
    output += block
_, status, usage = os.wait4(child, 0)
taken = time.perf_counter() - start
sys.stdout.write(f"{taken} {usage.ru_maxrss} {usage.ru_utime + usage.ru_stime} {os.waitstatus_to_exitcode(status)}\\n")
sys.stdout.flush()
sys.stdout.buffer.write(output)
"""


def run(command):
    """Returns (seconds, peak MiB, processor seconds, printed JSON) of one cold process."""
    done = subprocess.run([sys.executable, "-S", "-E", "-c", STARTER, *map(str, command)], capture_output=True)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]}: {done.stderr.decode(errors='replace').strip()[-300:]}")
    head, _, output = done.stdout.partition(b"\n")
    seconds, kilobytes, processor_seconds, status = head.split()
    if int(status) != 0:
        raise RuntimeError(f"{command[0]}: exit status {int(status)}: {done.stderr.decode(errors='replace').strip()[-300:]}")
    # Ultralytics may print lines before its answer; the answer is the last one.
    answer = json.loads(output.decode().strip().splitlines()[-1]) if output.strip()[:1] != b"{" else json.loads(output)
    return float(seconds), int(kilobytes) / 1024, float(processor_seconds), answer


def detections(answer):
    return answer["images"][0]["results"] if isinstance(answer, dict) else answer


def input_size(source, imgsz, stride=32):
    """Returns (height, width) of the rectangular input that Ultralytics makes of an image."""
    import cv2
    rows, columns = cv2.imread(str(source)).shape[:2]
    gain = min(imgsz / rows, imgsz / columns)
    return tuple(-(-round(side * gain) // stride) * stride for side in (rows, columns))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", type=Path, required=True, help=".pt checkpoint (detect)")
    parser.add_argument("--source", type=Path, required=True, help="image")
    parser.add_argument("--imgsz", type=int, default=640)
    parser.add_argument("--conf", type=float, default=0.25)
    parser.add_argument("--iou", type=float, default=0.45)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--threads", type=int, default=0, help="0: every engine's own default")
    parser.add_argument("--yolo", type=Path, default=Path(".build/release/yolo"), help="our command")
    parser.add_argument("--ours-options", default="", help="more options for ours")
    parser.add_argument("--no-ours", action="store_true")
    parser.add_argument("--no-upstream", action="store_true", help="leave Ultralytics out, which takes seconds a run")
    parser.add_argument("--json", type=Path, help="also write all figures to this file")
    parser.add_argument("--cache", type=Path, default=Path("~/.cache/yolo-peers"))
    arguments = parser.parse_args()
    model, source, imgsz, threads = arguments.model.resolve(), arguments.source.resolve(), arguments.imgsz, arguments.threads

    height, width = input_size(source, imgsz)
    onnx = exported(model, "onnx", height, width, arguments.cache)
    thresholds = ["--conf", repr(arguments.conf), "--iou", repr(arguments.iou)]
    engines = {}
    if not arguments.no_ours:
        engines["swift-yolo"] = [arguments.yolo.resolve(), "predict", "--model", model, "--source", source, "--imgsz", imgsz,
                                 *thresholds, "--format", "json", *(["--threads", threads] if threads else []),
                                 *shlex.split(arguments.ours_options)]
    engines["Python, ONNX Runtime"] = [sys.executable, Path(__file__).with_name("onnx_predict.py"), onnx, source, *thresholds,
                                       "--threads", threads]
    if not arguments.no_upstream:
        engines["Ultralytics, PyTorch"] = [sys.executable, "-c", UPSTREAM, model, source, imgsz, arguments.conf,
                                           arguments.iou, threads]

    os.environ.update(YOLO_OFFLINE="true", YOLO_VERBOSE="False")
    samples, counts = {label: [] for label in engines}, {}
    print(f"{processor()}, {os.cpu_count()} cores; {versions()}; {arguments.runs} runs each, alternating; "
          f"load before: {os.getloadavg()[0]:.2f}\n", flush=True)
    order = list(engines)
    for turn in range(arguments.runs + 1):
        shift = turn % len(order)
        for label in order[shift:] + order[:shift]:
            seconds, megabytes, processor_seconds, answer = run(engines[label])
            counts.setdefault(label, set()).add(len(detections(answer)))
            if turn:
                samples[label].append((seconds * 1000, processor_seconds * 1000, megabytes))

    print(f"### {model.name} on {source.name}, imgsz {imgsz} (input {width}x{height}), "
          f"{threads or 'default'} thread{'' if threads == 1 else 's'}\n")
    print("| engine | min ms | median ms | processor ms | peak MiB | ours / engine, time | ours / engine, memory |"
          if not arguments.no_ours else "| engine | min ms | median ms | processor ms | peak MiB |")
    print("|---|" + "---:|" * (4 if arguments.no_ours else 6))

    def median(label, column):
        return statistics.median(row[column] for row in samples[label])

    for label in order:
        line = (f"| {label} | {min(row[0] for row in samples[label]):.1f} | {median(label, 0):.1f} | {median(label, 1):.1f} | "
                f"{median(label, 2):.1f} |")
        if not arguments.no_ours:
            line += (f" {median('swift-yolo', 0) / median(label, 0):.3f} |"
                     f" {median('swift-yolo', 2) / median(label, 2):.3f} |")
        print(line)
    if arguments.json:
        figures = {label: {"milliseconds": median(label, 0), "least": min(row[0] for row in samples[label]),
                           "processor": median(label, 1), "mebibytes": median(label, 2), "runs": len(samples[label])}
                   for label in order}
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")
    print(f"\nLoad after: {os.getloadavg()[0]:.2f}")
    if len(set.union(*counts.values())) != 1:
        print("The engines found different numbers of detections: "
              + ", ".join(f"{label} {sorted(found)}" for label, found in counts.items()))
        return 1
    print(f"All engines found {counts[order[0]].pop()} detections.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
