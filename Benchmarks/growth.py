"""Cost as work grows: counts a network's operations, and draws latency and rate against input size and model size.

    python Benchmarks/growth.py DATE.json OUT.svg      # draws the figures that run.py kept once more
"""
import json
import math
import sys
from pathlib import Path

STYLES = {  # label -> color, marker, line
    "swift-yolo, 2 threads": ("#d1481f", "o", "-"),
    "swift-yolo, 1 thread": ("#d1481f", "o", ":"),
    "OpenVINO, 2 threads": ("#2b6cb0", "s", "-"),
    "ONNX Runtime, 2 threads": ("#6b7280", "^", "-"),
}


def operations(path):
    """Returns the operations of an ONNX network's convolutions and matrix products, two for each multiply-accumulate.

    Counted from the network as Ultralytics exports it, whatever a runtime saves: all engines are rated alike.
    """
    import onnx
    model = onnx.shape_inference.infer_shapes(onnx.load(str(path)))
    shapes = {value.name: [dimension.dim_value for dimension in value.type.tensor_type.shape.dim]
              for value in [*model.graph.value_info, *model.graph.output, *model.graph.input]}
    shapes.update({weight.name: list(weight.dims) for weight in model.graph.initializer})
    total = 0
    for node in model.graph.node:
        if node.op_type in ("Conv", "ConvTranspose"):
            # A weight is used once for each pixel of the output (of the input, if transposed).
            pixels = shapes[node.output[0] if node.op_type == "Conv" else node.input[0]][2:]
            total += math.prod(shapes[node.input[1]]) * math.prod(pixels)
        elif node.op_type in ("MatMul", "Gemm"):
            total += math.prod(shapes[node.output[0]]) * shapes[node.input[0]][-1]
    return 2 * total


def rate(row, label):
    return row["gflop"] / row["milliseconds"][label] * 1000


def table(rows):
    """Returns the lines of a Markdown table: milliseconds and GFLOP/s of each engine at each point."""
    labels = [label for label in STYLES if any(label in row["milliseconds"] for row in rows)]
    lines = ["Median milliseconds (GFLOP/s). Operations are those of the network as exported, two for each multiply-accumulate, "
             "whatever an engine saves by Winograd's or other forms.", "",
             "| model | input | GFLOP | " + " | ".join(labels) + " |", "|---|---:|---:|" + "---:|" * len(labels)]
    seen = set()
    for row in rows:
        if (row["name"], row["imgsz"]) in seen:
            continue
        seen.add((row["name"], row["imgsz"]))
        cells = [f"{row['milliseconds'][label]:.1f} ({rate(row, label):.0f})" if label in row["milliseconds"] else ""
                 for label in labels]
        lines.append(f"| {Path(row['name']).stem} | {row['imgsz']} | {row['gflop']:.1f} | " + " | ".join(cells) + " |")
    return lines


def draw(rows, path, machine, peak=None):
    """Draws four panels: latency above, rate below; left against the input's size, right against the model's."""
    import matplotlib
    matplotlib.use("Agg")
    matplotlib.rcParams.update({"svg.fonttype": "none", "font.family": "sans-serif", "font.size": 10, "axes.spines.top": False,
                                "axes.spines.right": False, "svg.hashsalt": "growth"})
    from matplotlib import pyplot
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

    figure, panels = pyplot.subplots(2, 2, figsize=(11, 7.5), layout="constrained")
    axes = ["size of the input", "size of the model"]
    labels = [label for label in STYLES if any(label in row["milliseconds"] for row in rows)]
    top = max(rate(row, label) for row in rows for label in row["milliseconds"])
    top = max(top, 2 * (peak or 0))
    for column, axis in enumerate(axes):
        points = [row for row in rows if row["axis"] == axis]
        if not points:
            continue
        ticks = [row["imgsz"] if column == 0 else row["gflop"] for row in points]
        above, below = panels[0][column], panels[1][column]
        for label in labels:
            color, marker, line = STYLES[label]
            chosen = [(x, row) for x, row in zip(ticks, points) if label in row["milliseconds"]]
            ours = label.startswith("swift-yolo")
            look = {"color": color, "marker": marker, "linestyle": line, "linewidth": 2 if ours else 1.4,
                    "markersize": 5.5 if ours else 4.5, "zorder": 3 if ours else 2, "label": label}
            above.plot([x for x, _ in chosen], [row["milliseconds"][label] for _, row in chosen], **look)
            below.plot([x for x, _ in chosen], [rate(row, label) for _, row in chosen], **look)
        for panel in (above, below):
            panel.set_xscale("log")
            panel.set_xticks(ticks)
            panel.xaxis.set_minor_formatter(NullFormatter())
            panel.xaxis.set_minor_locator(NullLocator())
            names = ([str(row["imgsz"]) for row in points] if column == 0 else
                     [f"{Path(row['name']).stem.lstrip('v8')}\n{row['gflop']:.0f}" for row in points])
            panel.set_xticklabels(names)
            panel.grid(True, which="major", color="#e5e7eb", linewidth=0.8)
            panel.set_axisbelow(True)
        above.set_yscale("log")
        above.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        above.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        above.yaxis.set_minor_formatter(NullFormatter())
        above.set_ylabel("milliseconds (log)")
        below.set_ylabel("GFLOP/s")
        below.set_ylim(0, top * 1.08)
        for threads in (1, 2) if peak else ():
            below.axhline(peak * threads, color="#9ca3af", linewidth=1, linestyle="--", zorder=1)
            below.annotate(f"peak of {threads} thread{'s' if threads > 1 else ''}", (1, peak * threads),
                           xycoords=("axes fraction", "data"), ha="right", va="bottom", fontsize=8, color="#6b7280")
        below.set_xlabel("input side, pixels (log)" if column == 0 else "model, and its GFLOP (log)")
        name = Path(points[0]["name"]).stem
        above.set_title(f"YOLO{name}, square inputs" if column == 0 else "YOLOv8 at 640x640", loc="left", fontsize=11)
        # What a cost in proportion to the operations would be, from our first point on.
        base = points[0]["milliseconds"].get("swift-yolo, 2 threads")
        if base:
            above.plot(ticks, [base * row["gflop"] / points[0]["gflop"] for row in points], color="#9ca3af", linewidth=1,
                       linestyle="--", zorder=1, label="in proportion to the operations")
    handles, names = panels[0][0].get_legend_handles_labels()
    panels[0][0].legend(handles, names, frameon=False, loc="upper left", fontsize=9)
    figure.suptitle(f"Latency and rate as work grows: batch 1, float32, {machine}", x=0.01, ha="left", fontsize=12)
    figure.savefig(path, metadata={"Date": None} if str(path).endswith(".svg") else None)
    pyplot.close(figure)


if __name__ == "__main__":
    kept = json.loads(Path(sys.argv[1]).read_text())
    draw(kept["growth"], Path(sys.argv[2]), kept["settings"]["machine"].split(";")[0],
         kept["settings"].get("peak"))
