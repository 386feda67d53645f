"""A trainer for `yolo serve --trainer`: reports a training by the events of section 4.5, and computes nothing.

    worker.py key=value …

It stands in for `yolo train` where a line of the checklist is about the queue. The name of the model tells what goes
wrong: `hang…` neither ends nor reports, `die…` ends with 3, `flood…` writes 64 MiB and goes on.
"""
import json
import os
import signal
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ORIGIN, KEY = os.environ["ULTRALYTICS_PLATFORM_URL"], os.environ["ULTRALYTICS_API_KEY"]
WEIGHTS = Path(__file__).resolve().parent.parent.parent / "Weights"


def post(path, value):
    """Sends JSON; returns the answer."""
    request = urllib.request.Request(ORIGIN + path, json.dumps(value).encode(), {
        "Content-Type": "application/json", "Authorization": f"Bearer {KEY}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read() or b"null")


def event(what, data, **more):
    """Reports an event of the training."""
    return post("/api/webhooks/training/metrics", {"event": what, "data": data, **more})


def main():
    """Reports a training of the arguments."""
    arguments = dict(word.split("=", 1) for word in sys.argv[1:] if "=" in word)
    job = json.loads(Path(os.environ["YOLO_JOB"]).read_text())
    kind = job["model"]
    if kind.startswith("die"):
        sys.exit(3)
    if kind.startswith("hang"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(3600)
    if kind.startswith("flood"):
        for _ in range(64):
            sys.stdout.write(("x" * 1023 + "\n") * 1024)
        sys.stdout.flush()
    epochs = int(arguments.get("epochs", 1))
    started = event("training_started", {"trainArgs": arguments, "epochs": epochs, "device": "cpu", "environment": {
        "hostname": "worker", "os": "linux", "pythonVersion": "3"}}, project=arguments.get("project", ""),
        name=arguments.get("name", ""))
    names = {key: started[key] for key in ("modelId", "runId")}
    for epoch in range(epochs):
        time.sleep(float(os.environ.get("WORKER_PAUSE", 0.4)))
        answer = event("epoch_end", {"epoch": epoch, "metrics": {
            "train/box_loss": 1.0 / (epoch + 1), "metrics/mAP50-95(B)": 0.5}, "fitness": 0.5, "best_fitness": 0.5,
            "system": None}, modelId=names["modelId"])
        if answer.get("cancelled"):
            return
    data = (WEIGHTS / "shapes-detect.pt").read_bytes()
    ticket = post("/api/webhooks/models/upload", {"filename": "best.pt", "size": len(data), **names})
    urllib.request.urlopen(urllib.request.Request(ticket["uploadUrl"], data, {
        "Content-Type": "application/octet-stream"}, method="PUT"), timeout=60).read()
    event("checkpoint_saved", {"modelPath": ticket["gcsPath"], "runId": names["runId"]}, modelId=names["modelId"])
    event("training_complete", {"results": {"metrics": {"metrics/mAP50-95(B)": 0.5, "fitness": 0.5},
                                            "bestEpoch": epochs - 1, "bestFitness": 0.5,
                                            "modelPath": ticket["gcsPath"], "modelSize": len(data)},
                                "classNames": ["circle"], "plots": [], "runId": names["runId"]},
          modelId=names["modelId"])


if __name__ == "__main__":
    try:
        main()
    except urllib.error.HTTPError as error:
        sys.exit(f"{error.url}: {error.code} {error.read()[:300]}")
