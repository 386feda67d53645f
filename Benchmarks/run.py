"""Measures all that the project promises about speed, beside other runtimes, and writes it down: DATE.md and DATE-growth.svg.

    python Benchmarks/run.py --weights DIRECTORY ... --source photo.jpg [--quick] [--only network growth ...] [--out DIRECTORY]

Needs the upstream environment, a built `yolo`, and a quiet machine. The directories hold the checkpoints of models.json. The full suite takes some 15 minutes, --quick some 4. Parts, each of which takes turns (compare_peers.py
says how measurements are kept fair):
  network     the network's latency of every model
  sessions    images a second of two single-thread sessions at once
  end-to-end  an image file's bytes to JSON text, over the network alone
  cold        a new process until its JSON: time and memory (cold_start.py)
  isa         instruction sets of ours
  growth      latency against input size and model size, drawn
Figures are also kept in DATE.json (not meant for the repository), so that --only can measure a part anew and write the file with the others' figures.
"""
import argparse
import datetime
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import growth
from cold_start import input_size
from compare_peers import (ENGINES, NOT_FLOAT32, Ours, Worker, alternate, best_peer, exported, measure, open_peers, processor,
                           table, versions)

HERE = Path(__file__).resolve().parent
PARTS = ("network", "sessions", "end-to-end", "cold", "isa", "growth")


def heading(name, imgsz, threads):
    return f"### {name}, {imgsz}x{imgsz}, {threads} thread{'s' if threads > 1 else ''}"


def notes(failures):
    return [f"Not measured: {label}: {reason}" for label, reason in failures.items()]


# --- Parts: each returns figures that JSON can hold -------------------------------------------------------------------


def network(suite):
    rows = []
    for row in suite.models:
        for threads in row["threads"]:
            print(f"network: {row['name']}, {threads} threads", file=sys.stderr)
            results, description, failures = measure(
                suite.path(row), row["imgsz"], threads, suite.network, [*row.get("options", ()), "--source", str(suite.source)])
            rows.append({"name": row["name"], "imgsz": row["imgsz"], "threads": threads, "results": results,
                         "description": description, "failures": failures})
    return rows


class Pair:
    """Two single-thread processes of one engine that run at the same time."""

    def __init__(self, label, workers):
        self.label, self.workers = label, workers

    def rate(self, seconds):
        for worker in self.workers:
            worker.start(f"seconds {seconds}")
        return sum(count / taken for count, taken in [worker.finish() for worker in self.workers])

    def close(self):
        for worker in self.workers:
            worker.close()


class OurSessions(Ours):
    """Two sessions of one model in one process, each on one thread."""

    def rate(self, seconds):
        once = self.ask("--sessions", "2", "--runs", str(max(10, round(seconds * 1000 / self.estimate()))))
        return once["throughput"]

    def estimate(self):
        if not hasattr(self, "milliseconds"):
            self.milliseconds = self.ask("--runs", "5")["inference"]["median"]
        return self.milliseconds


def sessions(suite):
    """Images a second, the network alone for the peers; ours with what `yolo benchmark --sessions` counts."""
    row = suite.models[0]
    model, imgsz, engines, failures = suite.path(row), row["imgsz"], [], {}
    try:
        for label in suite.network.engines:
            workers = []
            try:
                path = exported(model, ENGINES[label][1], imgsz, imgsz, suite.cache)
                for _ in range(2):
                    workers.append(Worker(label, ENGINES[label][0], path, imgsz, imgsz, 1))
                engines.append(Pair(f"{label}, 2 processes", workers))
                if label == "OpenVINO":
                    label = "OpenVINO, 2 streams"
                    engines.append(Pair(label, [Worker(label, "openvino-streams", path, imgsz, imgsz, 2)]))
            except Exception as error:
                failures[label] = f"{type(error).__name__}: {error}"
        engines.append(OurSessions(suite.yolo, model, imgsz, 1, ["--source", str(suite.source)]))
        samples, failed = alternate(engines, suite.rounds, lambda engine: [engine.rate(suite.seconds)])
        failures.update(failed)
        return {"name": row["name"], "imgsz": imgsz, "failures": failures,
                "rates": {label: statistics.median(values) for label, values in samples.items()}}
    finally:
        for engine in engines:
            engine.close()


class OurEndToEnd(Ours):
    """Reports pairs: end to end, and the network alone on the same input."""

    def pairs(self, runs):
        answer = self.ask("--end-to-end", "--runs", str(runs))["latencies"]
        return list(zip(answer["endToEnd"], answer["inference"]))


class PeerEndToEnd(Worker):
    def pairs(self, runs):
        return self.turn(runs)


def end_to_end(suite):
    row, rows = suite.models[0], []
    height, width = input_size(suite.source, row["imgsz"])
    onnx = exported(suite.path(row), "onnx", height, width, suite.cache)
    for threads in (2, 1):
        engines = []
        try:
            engines.append(OurEndToEnd(suite.yolo, suite.path(row), row["imgsz"], threads, ["--source", str(suite.source)]))
            engines.append(PeerEndToEnd("Python: OpenCV, ONNX Runtime", suite.source.resolve(), onnx, height, width, threads,
                                        script=str(HERE / "end_to_end_peer.py")))
            samples, failures = alternate(engines, suite.rounds, lambda engine: engine.pairs(suite.runs))
        finally:
            for engine in engines:
                engine.close()
        rows.append({"threads": threads, "failures": failures, "height": height, "width": width, "name": row["name"],
                     "results": {label: {"end to end": statistics.median(pair[0] for pair in pairs),
                                         "network": statistics.median(pair[1] for pair in pairs), "runs": len(pairs)}
                                 for label, pairs in samples.items()}})
    return rows


def cold(suite):
    figures = Path(tempfile.mkstemp(suffix=".json")[1])
    command = [sys.executable, HERE / "cold_start.py", "--model", suite.path(suite.models[0]), "--source", suite.source, "--yolo",
               suite.yolo, "--runs", suite.rounds * suite.runs, "--no-upstream", "--cache", suite.cache, "--json", figures]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    kept = figures.read_text()
    figures.unlink()
    if done.returncode != 0:
        return {"failures": {"cold_start.py": (done.stderr.strip() or done.stdout.strip())[-400:]}, "engines": {}}
    return {"failures": {}, "engines": json.loads(kept)}


def isa(suite):
    row, rows = suite.models[0], []
    for threads in (2, 1):
        engines = [Ours(suite.yolo, suite.path(row), row["imgsz"], threads, ["--source", str(suite.source), "--isa", name], name)
                   for name in ("avx512", "avx2", "baseline")]
        samples, failures = alternate(engines, suite.rounds, lambda engine: engine.turn(suite.runs))
        rows.append({"threads": threads, "failures": failures,
                     "results": {label: {"median": statistics.median(values), "min": min(values), "runs": len(values)}
                                 for label, values in samples.items()}})
    return rows


def peak(suite):
    """Returns GFLOP/s that one thread gives at most, as ours measures it."""
    done = subprocess.run([suite.yolo, "benchmark", "--model", suite.path(suite.models[0]), "--imgsz", "160", "--runs", "1",
                           "--profile", "-"], capture_output=True, text=True)
    found = re.search(r"peak: ([0-9.]+) GFLOP/s", done.stderr)
    return float(found.group(1)) if found else None


def grow(suite):
    """Latency of ours on one and two threads, and of two peers on two, for each input size and each model size."""
    points = ([("size of the input", suite.growth["model"], imgsz) for imgsz in suite.growth["imgsz"]]
              + [("size of the model", name, 640) for name in suite.growth["models"]])
    measured, rows = {}, []
    for axis, name, imgsz in points:
        if (name, imgsz) not in measured:
            print(f"growth: {name} at {imgsz}", file=sys.stderr)
            model = suite.find(name)
            peers, failures = open_peers(model, imgsz, 2, ("ONNX Runtime", "OpenVINO"), suite.cache, "default")
            engines = [Ours(suite.yolo, model, imgsz, threads, ["--source", str(suite.source)],
                            f"swift-yolo, {threads} thread{'s' if threads > 1 else ''}")
                       for threads in (2, 1)] + peers
            for peer in peers:
                peer.label += ", 2 threads"
            try:
                samples, failed = alternate(engines, 2 if suite.quick else 3, lambda engine: engine.turn(3 if suite.quick else 4))
            finally:
                for engine in engines:
                    engine.close()
            work = growth.operations(exported(model, "onnx", imgsz, imgsz, suite.cache))
            measured[name, imgsz] = {
                "gflop": work * 1e-9, "failures": {**failures, **failed},
                "milliseconds": {label: statistics.median(values) for label, values in samples.items()}}
        rows.append({"axis": axis, "name": name, "imgsz": imgsz, **measured[name, imgsz]})
    return rows


# --- The report -------------------------------------------------------------------------------------------------------


def targets(figures):
    """Yields (what, bound, stretch, measured or None, whether more is better)."""
    found = {(row["name"], row["threads"]): row["results"] for row in figures.get("network", ())}

    def ratio(name, threads):
        results = found.get((name, threads), {})
        peer = best_peer(results)
        if peer and Ours.label in results:
            return results[Ours.label]["median"] / results[peer]["median"]

    network = "{}, {}, ours / best float32 peer"
    yield network.format("YOLOv8n 640", "2 threads"), 0.55, 0.45, ratio("YOLOv8n", 2), False
    yield network.format("YOLOv8n 640", "1 thread"), 0.72, 0.62, ratio("YOLOv8n", 1), False
    for name in ("YOLOv8s", "YOLOv8m", "YOLO11n", "YOLO26n", "YOLOv8n-seg", "YOLOv8n-pose"):
        yield network.format(f"{name} 640", "2 threads"), 0.70, 0.55, ratio(name, 2), False
    yield network.format("YOLOv8n-cls 224", "2 threads"), 0.8, 0.6, ratio("YOLOv8n-cls", 2), False
    rates = figures.get("sessions", {}).get("rates", {})
    peers = [value for label, value in rates.items() if is_float32_peer(label)]
    yield ("2 single-thread sessions, images/s, ours / best float32 peer", 1.4, 1.7,
           rates[Ours.label] / max(peers) if Ours.label in rates and peers else None, True)
    for row in figures.get("end-to-end", [{"threads": 2, "results": {}}]):
        ours = row["results"].get(Ours.label)
        yield (f"end to end JPEG to JSON over the network alone, {row['threads']} thread{'s'[:row['threads'] - 1]}", 1.25, 1.15,
               ours["end to end"] / ours["network"] if ours else None, False)
    engines = figures.get("cold", {}).get("engines", {})
    ours, peer = engines.get(Ours.label), engines.get("Python, ONNX Runtime")
    yield ("cold `yolo predict`, time, ours / Python on ONNX Runtime", 0.5, 0.3,
           ours["milliseconds"] / peer["milliseconds"] if ours and peer else None, False)
    yield "peak memory of that, MiB", 100, 64, ours["mebibytes"] if ours else None, False
    for row in figures.get("isa", [{"threads": 2, "results": {}}]):
        results = row["results"]
        yield (f"AVX2 over AVX-512, {row['threads']} thread{'s'[:row['threads'] - 1]}", 1.25, 1.1,
               results["avx2"]["median"] / results["avx512"]["median"] if {"avx2", "avx512"} <= results.keys() else None, False)


def is_float32_peer(label):
    return label != Ours.label and not any(label.startswith(other) for other in NOT_FLOAT32)


def unsteady(figures):
    """Returns the names of measurements of ours whose median lies far above the minimum: the machine was not quiet."""
    return [f"{row['name']}, {row['threads']} thread{'s'[:row['threads'] - 1]}" for row in figures.get("network", ())
            if Ours.label in row["results"]
            and row["results"][Ours.label]["median"] > 1.2 * row["results"][Ours.label]["min"]]


def report(figures, settings, image):
    disturbances = [f"the load before was {settings['load']:.2f}"] if settings["load"] > 0.7 else []
    if unsteady(figures):
        disturbances.append("the median of ours lies more than a fifth above the minimum for " + ", ".join(unsteady(figures)))
    lines = [f"# Speed, {settings['date']}", "", settings["machine"] + ".", "", settings["method"], "", 
             *([f"A thread gives {settings['peak']:.0f} GFLOP/s at most: the convolution tile in the first-level cache.", ""]
               if settings.get("peak") else []),
             *([f"**The machine was not quiet**: {'; '.join(disturbances)}.", ""] if disturbances else []),
             "## Targets", "", "| what | target | stretch | measured | met |", "|---|---:|---:|---:|---|"]
    for what, bound, stretch, value, more in targets(figures):
        sign = "at least" if more else "at most"
        if value is None:
            lines.append(f"| {what} | {sign} {bound} | {stretch} | not measured | |")
            continue
        met = (value >= bound) if more else (value <= bound)
        stretched = (value >= stretch) if more else (value <= stretch)
        text = f"{value:.1f}" if bound == 100 else f"{value:.3f}"
        lines.append(f"| {what} | {sign} {bound} | {stretch} | {text} | {'stretch' if stretched else 'yes' if met else 'no'} |")
    if figures.get("network"):
        lines += ["", "## The network alone", "",
                  "Milliseconds from input tensor to output tensors, batch 1. \"All in\" adds letterbox, normalizing, decoding and "
                  "suppression of ours, of which the peers have the decoding of boxes alone."]
        for row in figures["network"]:
            lines += ["", heading(row["name"], row["imgsz"], row["threads"]) + f" ({row['description']})", "",
                      table(row["results"]), *[line for note in notes(row["failures"]) for line in ("", note)]]
    if figures.get("sessions"):
        part = figures["sessions"]
        rates = part["rates"]
        ours = rates.get(Ours.label)
        lines += ["", "## Two single-thread sessions at once", "",
                  f"{part['name']}, {part['imgsz']}x{part['imgsz']}, images a second.", "",
                  "| engine | images/s | ours / engine |", "|---|---:|---:|"]
        for label in sorted(rates, key=lambda label: (label != Ours.label, -rates[label])):
            lines.append(f"| {label} | {rates[label]:.1f} |" + (f" {ours / rates[label]:.2f} |" if ours else " |"))
        lines += [line for note in notes(part["failures"]) for line in ("", note)]
    if figures.get("end-to-end"):
        row = figures["end-to-end"][0]
        lines += ["", "## An image file's bytes to JSON", "",
                  f"{row['name']}, input {row['width']}x{row['height']} as `yolo predict` makes it; median milliseconds.", "",
                  "| engine | threads | end to end | network alone | end to end / network | ours / engine |",
                  "|---|---:|---:|---:|---:|---:|"]
        for row in figures["end-to-end"]:
            ours = row["results"].get(Ours.label)
            for label, result in row["results"].items():
                share = f"{ours['end to end'] / result['end to end']:.3f}" if ours else ""
                lines.append(f"| {label} | {row['threads']} | {result['end to end']:.2f} | {result['network']:.2f} | "
                             f"{result['end to end'] / result['network']:.3f} | {share} |")
            lines += [line for note in notes(row["failures"]) for line in ("", note)]
    if figures.get("cold"):
        part = figures["cold"]
        lines += ["", "## A cold process", "", "YOLOv8n, from the process's start to its JSON, files in the page cache; medians.", "",
                  "| engine | ms | processor ms | peak MiB | ours / engine, time | memory |", "|---|---:|---:|---:|---:|---:|"]
        ours = part["engines"].get(Ours.label)
        for label, row in part["engines"].items():
            lines.append(f"| {label} | {row['milliseconds']:.1f} | {row['processor']:.1f} | {row['mebibytes']:.1f} | "
                         f"{ours['milliseconds'] / row['milliseconds']:.3f} | {ours['mebibytes'] / row['mebibytes']:.3f} |")
        lines += [line for note in notes(part["failures"]) for line in ("", note)]
    if figures.get("isa"):
        lines += ["", "## Instruction sets", "", "YOLOv8n 640, ours.", "", "| threads | set | min ms | median ms | over AVX-512 |",
                  "|---:|---|---:|---:|---:|"]
        for row in figures["isa"]:
            widest = row["results"].get("avx512")
            for label, result in row["results"].items():
                over = f"{result['median'] / widest['median']:.3f}" if widest else ""
                lines.append(f"| {row['threads']} | {label} | {result['min']:.2f} | {result['median']:.2f} | {over} |")
            lines += [line for note in notes(row["failures"]) for line in ("", note)]
    if figures.get("growth"):
        lines += ["", "## Cost as work grows", "", f"![Latency and rate against input size and model size]({image.name})", "",
                  *growth.table(figures["growth"])]
        failures = {f"{row['name']} {row['imgsz']}, {label}": reason
                    for row in figures["growth"] for label, reason in row["failures"].items()}
        lines += [line for note in notes(failures) for line in ("", note)]
    return "\n".join(lines) + "\n"


class Suite:
    """What is measured and how often."""

    def __init__(self, arguments):
        table = json.loads((HERE / "models.json").read_text())
        self.quick, self.yolo, self.source, self.cache = arguments.quick, arguments.yolo, arguments.source, arguments.cache
        self.weights, self.models, self.growth = arguments.weights, table["models"], table["growth"]
        self.rounds, self.runs, self.seconds = (3, 3, 0.6) if self.quick else (6, 6, 1.5)
        engines = [label for label in ENGINES if not self.quick or label != "PyTorch"]
        self.network = argparse.Namespace(
            engines=engines, cache=self.cache, omp_wait_policy="default", no_ours=False, ours_options="", yolo=self.yolo,
            rounds=self.rounds, runs=self.runs)
        missing = [name for name in self.names() if not self.find(name, required=False)]
        if missing:
            sys.exit(f"not in {', '.join(map(str, self.weights))}: {', '.join(missing)}")

    def names(self):
        return {row["checkpoint"] for row in self.models} | {self.growth["model"], *self.growth["models"]}

    def path(self, row):
        return self.find(row["checkpoint"])

    def find(self, name, required=True):
        """Returns the checkpoint of that name in the first directory that has it."""
        found = [directory / name for directory in self.weights if (directory / name).is_file()]
        return found[0] if found or required else None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--weights", type=Path, nargs="+", required=True,
                        help="directories of the checkpoints that models.json names; the first that has one counts")
    parser.add_argument("--source", type=Path, required=True, help="a JPEG")
    parser.add_argument("--quick", action="store_true", help="9 runs an engine instead of 36, without PyTorch")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--yolo", type=Path, default=Path(".build/release/yolo"), help="our command")
    parser.add_argument("--cache", type=Path, default=Path("~/.cache/yolo-peers"))
    parser.add_argument("--out", type=Path, default=HERE, help="directory of the report")
    parser.add_argument("--name", default=datetime.date.today().isoformat(), help="of the report's files (default: the date)")
    arguments = parser.parse_args()
    arguments.yolo = arguments.yolo.resolve()
    suite = Suite(arguments)

    date = datetime.date.today().isoformat()
    kept = arguments.out / f"{arguments.name}.json"
    figures = json.loads(kept.read_text()) if kept.exists() else {}
    load, start = os.getloadavg()[0], time.monotonic()
    commit = subprocess.run(["git", "-C", HERE, "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    measures = {"network": network, "sessions": sessions, "end-to-end": end_to_end, "cold": cold, "isa": isa, "growth": grow}
    for part in arguments.only:
        begun = time.monotonic()
        figures[part] = measures[part](suite)
        kept.write_text(json.dumps(figures, indent=1) + "\n")
        print(f"{part}: {time.monotonic() - begun:.0f} s", file=sys.stderr)
    settings = {
        "date": date, "machine": f"{processor()}, {os.cpu_count()} cores; commit {commit}; {versions()}",
        "peak": peak(suite), "load": load,
        "method": f"Medians of {suite.rounds * suite.runs} counted runs an engine ({suite.rounds} turns of {suite.runs}, alternating; "
                  f"{'6' if suite.quick else '12'} where work grows); measured: {', '.join(arguments.only)}, in "
                  f"{time.monotonic() - start:.0f} s; load before: {load:.2f}, "
                  f"after: {os.getloadavg()[0]:.2f}.",
    }
    (figures.setdefault("settings", {})).update(settings)
    kept.write_text(json.dumps(figures, indent=1) + "\n")
    image = arguments.out / f"{arguments.name}-growth.svg"
    if figures.get("growth"):
        growth.draw(figures["growth"], image, settings["machine"].split(";")[0], settings["peak"])
    text = report(figures, settings, image)
    (arguments.out / f"{arguments.name}.md").write_text(text)
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
