"""Compares what `yolo trace` writes with Ultralytics' forward hooks, for every module that runs.

    python Tools/trace_parity.py --yolo .build/release/yolo --checkpoints checkpoints/ --images bus.jpg zidane.jpg \\
        [--imgsz 320] [--backend oracle] [--list 5]

Every module of the unfused network that gives a tensor is hooked: convolutions, normalizations, activations, blocks,
branches of the head, the head itself. The checkpoint's activations share one module, which would have one path; here
each place gets a copy of its own, as in a network that was just built. A module that runs several times counts with its
last output, and one that gives a list of tensors with the list joined along the channels.

The difference of a tap is the greatest absolute one divided by the range of Ultralytics' tensor. Exit status 1 when
one is above --tolerance, when shapes differ, or when a module of Ultralytics has no tap. A tap above the tolerance
counts as noise if its difference is at most 4 times that of Ultralytics from the same network in float64: deep networks
with random weights amplify the rounding of float32.
"""
import argparse
import copy
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("YOLO_OFFLINE", "true")
os.environ.setdefault("YOLO_VERBOSE", "False")

import numpy as np
import torch
from ultralytics import YOLO


def unshared(network):
    """Returns every place of a shared module a copy of its own."""
    seen = set()
    for parent in network.modules():
        for name, child in list(parent._modules.items()):
            if child is None:
                continue
            if id(child) in seen:
                parent._modules[name] = child = copy.deepcopy(child)
            seen.add(id(child))
    return network


def tensor_of(output):
    """Returns what a module gave as one tensor, or None."""
    if isinstance(output, torch.Tensor):
        return output
    if isinstance(output, (tuple, list)) and output:
        if all(isinstance(part, torch.Tensor) and part.dim() == 4 for part in output):
            return torch.cat(list(output), 1) if len({part.shape[2:] for part in output}) == 1 else None
        # Heads give the decoded tensor first, then the raw ones.
        return output[0] if isinstance(output[0], torch.Tensor) else None
    return None


NOISE_FACTOR = 4


def hooked(checkpoint, inputs, exact=False):
    """Returns {path: array} of every module that gives a tensor."""
    with tempfile.TemporaryDirectory() as directory:
        # A name like yolov5.pt would be taken for that of a released file.
        opened = shutil.copyfile(checkpoint, Path(directory) / "network.pt")
        network = unshared(YOLO(str(opened)).model.float().eval())
    if exact:
        network = network.double()
    found = {}

    def hook(path):
        def keep(module, arguments, output):
            if type(module).__name__ == "DeformableTransformerDecoder":
                output = output[0][0]  # the boxes after the last layer; the rest are class logits
            tensor = tensor_of(output)
            if tensor is not None:
                found[path] = tensor.detach().clone().numpy()
        return keep

    for path, module in network.named_modules():
        if path:
            module.register_forward_hook(hook(path))
    with torch.no_grad():
        network(torch.from_numpy(np.float64(inputs) if exact else inputs))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--yolo", required=True, type=Path)
    parser.add_argument("--checkpoints", nargs="+", required=True, type=Path, help="files or directories")
    parser.add_argument("--images", nargs="+", required=True, type=Path)
    parser.add_argument("--imgsz", type=int, default=320)
  
    parser.add_argument("--backend")
    parser.add_argument("--tolerance", type=float, default=1e-3)
    parser.add_argument("--list", type=int, default=6, help="faults to print per checkpoint")
    arguments = parser.parse_args()
    files = [file for path in arguments.checkpoints for file in (sorted(path.glob("*.pt")) if path.is_dir() else [path])]
    failed = taps = 0
    for checkpoint in files:
        for image in arguments.images:
            faults, noise, worst, count = examine(arguments, checkpoint, image)
            failed += bool(faults)
            taps += count
            print(f"{checkpoint.stem:<24} {image.name:<14} {count:>4} taps, worst {worst[0]:.1e} at {worst[1]}"
                  + (f", {len(noise)} noise" if noise else "") + (f", {len(faults)} FAULTS" if faults else ""), flush=True)
            for fault in (faults + noise)[:arguments.list]:
                print("    " + fault)
    print(f"{len(files)} checkpoints, {taps} taps, {failed} runs with faults")
    return 1 if failed else 0


def examine(arguments, checkpoint, image):
    base = [str(arguments.yolo), "trace", "--model", str(checkpoint), "--source", str(image), "--imgsz",
            str(arguments.imgsz), "--no-images"]
    base += ["--backend", arguments.backend] if arguments.backend else []
    with tempfile.TemporaryDirectory() as directory:
        run = subprocess.run(base + ["--out", directory, "--taps", "all"], capture_output=True, text=True)
        if run.returncode:
            return [run.stderr.strip()], [], (float("nan"), "-"), 0
        expected = hooked(checkpoint, np.load(f"{directory}/input.npy"))
        faults, noise, worst, count, exact = [], [], (0.0, "-"), 0, None
        for path, tensor in expected.items():
            file = Path(directory) / f"{path}.npy"
            if not file.exists():
                faults.append(f"{path}: no tap; Ultralytics gives {list(tensor.shape)}")
                continue
            ours = np.load(file)
            if ours.shape != tensor.shape:
                faults.append(f"{path}: {list(ours.shape)}, but Ultralytics gives {list(tensor.shape)}")
                continue
            count += 1
            span = float(tensor.max() - tensor.min()) or 1.0
            difference = float(np.abs(ours - tensor).max()) / span
            if not difference <= worst[0]:
                worst = (difference, path)
            if not difference <= arguments.tolerance:
                exact = exact or hooked(checkpoint, np.load(f"{directory}/input.npy"), exact=True)
                own = float(np.abs(exact[path] - tensor).max()) / span
                text = f"{path}: {difference:.2e} of its range {span:.3g}; Ultralytics is {own:.2e} from float64, " \
                       f"ours {float(np.abs(exact[path] - ours).max()) / span:.2e}"
                (noise if difference <= NOISE_FACTOR * own else faults).append(text)
        return faults, noise, worst, count


if __name__ == "__main__":
    sys.exit(main())
