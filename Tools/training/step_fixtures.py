"""Records one training step of Ultralytics in double precision: what the oracle of training is compared with.

    python Tools/training/step_fixtures.py [--out FILE] [NAME ...]

Needs the environment of Tools/upstream/setup. Written is Tests/YOLOGraphTests/Training/Fixtures/steps.json: for each
network (a checkpoint of Weights/ or of Tests/Fixtures/networks, in training mode) a batch of images, gradients of the
outputs of the head's branches, and what follows from them: those outputs, the gradients by the images and by every
parameter, and the running statistics afterwards.

Images and output gradients are not stored: both sides draw them with the same generator (`Numbers`). Of each tensor are
stored its L2 norm and two sums of its values times numbers in [-1, 1) that are drawn with a seed of its name, so that
the file stays small and an error of any value shows. Activations are in the order [image, row, column, channel].

The networks run in float64. Numbers that ours holds in float32 (epsilon of normalizations, scale of attention) are
rounded to it first, so that what is left is the rounding of float64.
"""
import argparse
import json
import platform
from pathlib import Path

import numpy as np
import torch
import ultralytics

ROOT = Path(__file__).resolve().parent.parent.parent
OUT = ROOT / "Tests/YOLOGraphTests/Training/Fixtures/steps.json"
NETWORKS = ROOT / "Tests/Fixtures/networks"
# name: (images, height, width); TRAINING.md 7.1 has 8 images of 192 px for the trained ones
CASES = {
    "shapes-detect": (8, 192, 192), "shapes-segment": (2, 96, 160), "shapes-pose": (2, 160, 96),
    "shapes-obb": (3, 96, 96), "shapes-classify": (3, 64, 96),
    "rare": (2, 64, 96), "rare-blocks": (2, 64, 96), "rare-layers": (2, 64, 96),
    "yolo11-cls": (3, 64, 96), "yolo11-seg": (2, 64, 96), "yolo12-obb": (2, 64, 96), "yolo26-detect": (3, 64, 96),
    "yolo26-pose": (2, 96, 64), "yolo26-seg": (2, 64, 96), "yolov10": (3, 96, 64), "yolov3-tiny": (2, 64, 96),
    "yolov5": (2, 64, 96), "yolov6": (2, 64, 96), "yolov8-cls-resnet50": (3, 64, 96), "yolov8-ghost": (2, 64, 96),
    "yolov9e": (2, 64, 96), "yolov9t": (2, 64, 96),
}
FROZEN = {"yolov5": 4, "yolo11-seg": 1}  # the first layers, whose normalizations are by running statistics
RECTANGLES = 6
PROJECTIONS = 2


class Numbers:
    """SplitMix64 (Steele, Lea and Flood, 2014), as numbers in [0, 1) of 53 bits."""

    def __init__(self, seed):
        self.state = np.uint64(seed)

    def __call__(self, *shape):
        count = int(np.prod(shape))
        with np.errstate(over="ignore"):
            z = self.state + np.uint64(0x9E3779B97F4A7C15) * np.arange(1, count + 1, dtype=np.uint64)
            self.state = z[-1]
            z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            z ^= z >> np.uint64(31)
        return ((z >> np.uint64(11)).astype(np.float64) * 2.0 ** -53).reshape(shape)


def seed(name):
    """FNV-1a of 64 bits."""
    value = 0xCBF29CE484222325
    for byte in name.encode():
        value = (value ^ byte) * 0x100000001B3 % 2 ** 64
    return value


def images(name, count, height, width):
    """Rectangles of one color each on a background, with noise; values are multiples of 2^-16, which float32 holds."""
    numbers = Numbers(seed(name))
    result = np.empty((count, height, width, 3))
    for image in result:
        image[:] = numbers(3)
        for _ in range(RECTANGLES):
            x1, y1, x2, y2 = (numbers(4) * [width, height, width, height]).astype(int)
            color = numbers(3)
            image[min(y1, y2):max(y1, y2), min(x1, x2):max(x1, x2)] = color
    return np.floor((0.75 * result + 0.25 * numbers(*result.shape)) * 65536) / 65536


def gradient(path, shape):
    """The gradient of the output at a path: multiples of 2^-15 in [-1, 1)."""
    return np.floor(Numbers(seed(path))(*shape) * 65536) / 32768 - 1


def summary(name, values):
    """Norm and projections of a tensor."""
    values = np.asarray(values, dtype=np.float64).ravel()
    vectors = 2 * Numbers(seed("projection " + name))(PROJECTIONS, values.size) - 1
    return [float(f"{v:.12g}") for v in (np.linalg.norm(values), *(vectors @ values))]


def pixels(tensor):
    """[image, row, column, channel]; vectors have one pixel."""
    array = tensor.detach().numpy()
    return array[:, None, None, :] if array.ndim == 2 else array.transpose(0, 2, 3, 1)


def float32(value):
    return float(np.float32(value))


class Depth(int):
    """The channels of a head, whose power -1/2 is the scale of attention."""

    def __pow__(self, exponent):
        return float32(int(self) ** exponent)


def branches(head):
    """The names of the modules whose outputs a loss reads: those that inference has too, and classes of pixels."""
    names = []
    for name, child in head.named_children():
        if "sigma" in name or name in ("dfl", "flow_model", "conv", "pool", "drop"):
            continue  # training alone reads the first two; the rest of these comes before other branches
        if any(other == name + "_kpts" for other, _ in head.named_children()):
            continue  # read by the branch of that name
        if isinstance(child, torch.nn.ModuleList):
            names += [f"{name}.{index}" for index in range(len(child))]
        else:
            names.append(name)
            if hasattr(child, "semseg"):
                names.append(f"{name}.semseg")
    return names


def record(name, count, height, width):
    file = ROOT / f"Weights/{name}.pt" if name.startswith("shapes") else NETWORKS / f"{name}.pt"
    checkpoint = torch.load(file, weights_only=False)
    model = (checkpoint.get("ema") or checkpoint["model"]).double().train()
    momenta = set()
    model.model[:FROZEN.get(name, 0)].eval()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            momenta.add(module.momentum)
        if isinstance(getattr(module, "eps", None), float):
            module.eps = float32(module.eps)
        if isinstance(module, torch.nn.modules.dropout._DropoutNd):
            module.p = 0.0
        if isinstance(getattr(module, "scale", None), float):
            module.scale = float32(module.scale)
        if hasattr(module, "head_dim"):
            module.head_dim = Depth(module.head_dim)
    for parameter in model.parameters():
        parameter.requires_grad_(True)
    head = model.model[-1]
    prefix = f"model.{len(model.model) - 1}."
    outputs = {}

    def keep(path):
        def hook(module, arguments, output):
            assert path not in outputs, f"{path} runs twice"
            outputs[path] = output[0] if isinstance(output, tuple) else output
        return hook

    for branch in branches(head):
        head.get_submodule(branch).register_forward_hook(keep(prefix + branch))
    x = torch.from_numpy(images(name, count, height, width)).permute(0, 3, 1, 2).contiguous().requires_grad_(True)
    model(x)
    gradients = []
    for path, output in outputs.items():
        g = gradient(path, pixels(output).shape)
        gradients.append(torch.from_numpy(g).permute(0, 3, 1, 2).reshape(output.shape))
    torch.autograd.backward(list(outputs.values()), gradients)
    assert len(momenta) == 1, momenta
    return dict(
        checkpoint=str(file.relative_to(ROOT)), batch=count, height=height, width=width, momentum=momenta.pop(),
        frozen=FROZEN.get(name, 0),
        outputs={p: summary("output " + p, pixels(o)) for p, o in outputs.items()},
        input=summary("input", pixels(x.grad)),
        gradients={n: summary(n, p.grad)
                   for n, p in model.named_parameters() if p.grad is not None},
        statistics={n: summary(n, b) for n, b in model.named_buffers()
                    if "running" in n})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("names", nargs="*", help="networks; all by default")
    options = parser.parse_args()
    torch.set_num_threads(1)
    cases = {}
    for name in options.names or CASES:
        cases[name] = record(name, *CASES[name])
        print(name, len(cases[name]["outputs"]), "outputs,", len(cases[name]["gradients"]), "parameters", flush=True)
    origin = (f"Tools/training/step_fixtures.py, ultralytics {ultralytics.__version__}, torch {torch.__version__}, "
              f"numpy {np.__version__}, Python {platform.python_version()}")
    options.out.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(dict(origin=origin, cases=cases), separators=(",", ":"))
    options.out.write_text(text.replace('],"', '],\n"').replace('},"', '},\n"') + "\n")


if __name__ == "__main__":
    main()
