"""Runs the official package and the SDK as processes of their own, against a server of the checklist."""
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

from harness import PATIENCE, Failed, NotBuilt, Skipped

HERE = Path(__file__).resolve().parent


class Official:
    """A process of official.py; its output is kept."""

    def __init__(self, world, origin, key, command, arguments, directory, version=None, environment=None):
        self.directory = world.directory / "official" / directory
        self.directory.mkdir(parents=True, exist_ok=True)
        self.log = self.directory / f"{command}.log"
        variables = {
            **os.environ, "ULTRALYTICS_PLATFORM_URL": origin, "ULTRALYTICS_API_KEY": key,
            "YOLO_CONFIG_DIR": str(self.directory / "config"), "YOLO_OFFLINE": "true", "YOLO_VERBOSE": "true",
            "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1",
            **(environment or {})}
        (self.directory / "config").mkdir(exist_ok=True)
        if version:
            place = Path(world.older) / f"u{version}"
            if not (place / "ultralytics").is_dir():
                raise Skipped(f"ultralytics {version} is not at {place}")
            variables["PYTHONPATH"] = str(place)
        self.process = subprocess.Popen(
            ["nice", "-n", "5", world.python, str(HERE / "official.py"), command, json.dumps(arguments)],
            cwd=self.directory, env=variables, stdout=open(self.log, "w"), stderr=subprocess.STDOUT)

    def text(self):
        """What the process printed, without colors."""
        return re.sub(r"\x1b\[[0-9;]*[mK]", "", self.log.read_text(errors="replace"))

    def result(self, limit=400):
        """Waits for the process; returns its result."""
        try:
            self.process.wait(limit * PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise Failed(f"the official client took more than {limit * PATIENCE} s: {self.text()[-300:]}")
        found = re.findall(r"^RESULT (.*)$", self.text(), re.MULTILINE)
        if not found:
            raise Failed(f"the official client ended with {self.process.returncode}: {self.text()[-400:]}")
        return json.loads(found[-1])


def official(world, command, directory, key=None, limit=400, version=None, fresh=False, **arguments):
    """Runs official.py against the shared server; returns its result and what it printed."""
    server = world.main()
    if fresh:
        shutil.rmtree(world.directory / "official" / directory, ignore_errors=True)
    run = Official(world, server.origin, key or world.keys["alice"], command, arguments, directory, version)
    return run.result(limit), run.text()


def ul(world, words, directory, limit=240, key=None):
    """Runs the command `ul` of the SDK against the shared server; returns its exit code and what it printed."""
    program = Path(world.python).parent / "ul"
    if not program.exists():
        raise Skipped(f"no {program}")
    place = world.directory / "ul" / directory
    (place / "config").mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        ["nice", "-n", "5", str(program), *map(str, words)], cwd=place, capture_output=True, text=True, timeout=limit * PATIENCE,
        env={**os.environ, "ULTRALYTICS_PLATFORM_URL": world.main().origin,
             "ULTRALYTICS_API_KEY": key or world.keys["alice"], "YOLO_CONFIG_DIR": str(place / "config"),
             "YOLO_OFFLINE": "true", "OMP_NUM_THREADS": "1"})
    return done.returncode, re.sub(r"\x1b\[[0-9;]*[mK]", "", done.stdout + done.stderr), place


def training_is_built(world):
    """Raises `NotBuilt` unless the server takes the events of trainings."""
    if not world.main().has("POST", "/api/webhooks/training/metrics"):
        raise NotBuilt("POST /api/webhooks/training/metrics")
