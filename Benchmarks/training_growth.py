"""How a step of `yolo train` grows with the batch, the input and the network, beside Ultralytics' trainer.

    python Benchmarks/training_growth.py OUT.svg [--yolo .build/release/yolo] [--rounds 2] [--steps 6] [--threads 2]
        [--json FILE]                                  # measures, draws, and keeps the figures
    python Benchmarks/training_growth.py OUT.svg --from FILE      # draws kept figures once more

Steps and memory are those of training.py, in the same alternating runs; a point is the median. Needs the upstream
environment and an otherwise idle machine.
"""
import argparse
import json
import statistics
import tempfile
from pathlib import Path

import training
from training import ROOT, Case

NETWORK = "yolov8n.yaml"
AXES = {
    "batch": [(str(batch), Case(NETWORK, "detect", 320, batch)) for batch in (1, 2, 4, 8, 16)],
    "input": [(str(size), Case(NETWORK, "detect", size, 4)) for size in (160, 256, 320, 480, 640)],
    "network": [(name, Case(f"yolo{name}.yaml", "detect", 320, 4)) for name in ("26n", "11n", "v8n", "11s", "v8s", "v8m")],
}
TITLES = {"batch": "images of a batch (v8n, 320)", "input": "side of the input, pixels (v8n, batch 4)",
          "network": "network (320, batch 4)"}
STYLES = {"ours": ("#d1481f", "o", "swift-yolo"), "peer": ("#2b6cb0", "s", "Ultralytics, PyTorch")}


def measure(yolo, case, threads, rounds, steps, directory):
    """Returns median milliseconds of a step and the peak memory of both trainers, in alternating runs."""
    data = training.draw(directory, case, steps)
    times, memory = {"ours": [], "peer": []}, {"ours": 0, "peer": 0}
    for _ in range(rounds):
        for program in times:
            found = (training.ours(yolo, case, data, threads, directory) if program == "ours"
                     else training.peer(case, data, threads, directory))
            times[program] += found[0]
            memory[program] = max(memory[program], found[1])
    return {program: {"milliseconds": round(1000 * statistics.median(times[program]), 1),
                      "minimum": round(1000 * min(times[program]), 1), "memory": round(memory[program], 1)}
            for program in times}


def table(rows):
    """Prints the figures as Markdown."""
    print("| axis | point | ours ms (min) | peer ms (min) | ratio | ours MiB | peer MiB | ratio |")
    print("|---|---|---:|---:|---:|---:|---:|---:|")
    for row in rows:
        ours, peer = row["ours"], row["peer"]
        print(f"| {row['axis']} | {row['point']} | {ours['milliseconds']} ({ours['minimum']}) | "
              f"{peer['milliseconds']} ({peer['minimum']}) | {ours['milliseconds'] / peer['milliseconds']:.2f} | "
              f"{ours['memory']} | {peer['memory']} | {ours['memory'] / peer['memory']:.2f} |")


def draw(rows, path, threads):
    """Draws a column an axis: milliseconds a step above, memory below."""
    import matplotlib
    matplotlib.use("Agg")
    matplotlib.rcParams.update({"svg.fonttype": "none", "font.family": "sans-serif", "font.size": 10,
                                "axes.spines.top": False, "axes.spines.right": False, "svg.hashsalt": "growth"})
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(2, len(AXES), figsize=(12, 6.8), layout="constrained")
    for column, axis in enumerate(AXES):
        points = [row for row in rows if row["axis"] == axis]
        is_number = axis != "network"
        places = [int(row["point"]) for row in points] if is_number else list(range(len(points)))
        for panel, figures in zip(panels[:, column], ("milliseconds", "memory")):
            for program, (color, marker, label) in STYLES.items():
                panel.plot(places, [row[program][figures] for row in points], color=color, marker=marker, label=label,
                           linestyle="-" if is_number else "none")
            if is_number:
                panel.set_xscale("log", base=2)
                panel.minorticks_off()
            panel.set_yscale("log")
            panel.set_xticks(places, [row["point"] for row in points])
            panel.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
            panel.yaxis.set_minor_formatter(lambda value, _: f"{value:g}" if str(value)[0] in "25" else "")
            panel.grid(True, which="both", color="#e5e7eb", linewidth=0.7)
            panel.set_axisbelow(True)
        panels[1][column].set_xlabel(TITLES[axis])
    panels[0][0].set_ylabel("a step, milliseconds (log)")
    panels[1][0].set_ylabel("peak memory, MiB (log)")
    panels[0][0].legend(frameon=False, loc="upper left", fontsize=9)
    figure.suptitle(f"A step of training as work grows: float32, {threads} threads", x=0.01, ha="left", fontsize=12)
    figure.savefig(path, metadata={"Date": None} if str(path).endswith(".svg") else None)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--yolo", type=Path, default=ROOT / ".build/release/yolo")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--steps", type=int, default=6, help="batches of a run")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, help="where the figures are written, too")
    parser.add_argument("--from", type=Path, dest="kept", help="figures that --json wrote")
    arguments = parser.parse_args()
    if arguments.kept:
        kept = json.loads(arguments.kept.read_text())
        threads, rows = kept["threads"], kept["rows"]
    else:
        threads, rows, known = arguments.threads, [], {}
        with tempfile.TemporaryDirectory() as scratch:
            for axis, points in AXES.items():
                for point, case in points:
                    if case not in known:
                        known[case] = measure(arguments.yolo.resolve(), case, threads, arguments.rounds, arguments.steps,
                                              Path(scratch))
                    rows.append({"axis": axis, "point": point, **known[case]})
        if arguments.json:
            arguments.json.write_text(json.dumps({"threads": threads, "rows": rows}, indent=2) + "\n")
    table(rows)
    draw(rows, arguments.out, threads)


if __name__ == "__main__":
    main()
