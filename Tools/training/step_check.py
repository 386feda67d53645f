#!/usr/bin/env python3
"""Compares one training step of the probe with PyTorch: outputs, gradients by every parameter, running statistics.

    step_check.py PROBE CHECKPOINT BATCH SIZE [THREADS]

The network runs unfused in training mode, in single and in double precision; the gradients by the outputs are random.
Needs the environment (ultralytics, torch); exit code 1 if a gradient is further than 5e-4 of its norm from
the double one and not as near as twice PyTorch's own distance.
"""
import os, subprocess, sys, tempfile
import numpy as np, torch
from ultralytics import YOLO

probe, path, batch, size = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
threads = sys.argv[5] if len(sys.argv) > 5 else "2"
torch.manual_seed(0)


def heads(output):
    """The raw outputs in the order of our graph: level by level boxes, classes, extra; then the other branch."""
    return output


def run(dtype, x, grads):
    model = YOLO(path).model.to(dtype).train()
    for p in model.parameters(): p.requires_grad_(True)
    taps = []
    head = model.model[-1]
    hooks = []
    lists = []
    cls = type(head).__name__
    if cls == "Classify":
        hooks.append(head.linear.register_forward_hook(lambda m, i, o: taps.append(o[:, :, None, None]) or None))
    else:
        order = []
        for prefix in ("", "one2one_"):
            if not hasattr(head, prefix + "cv2"): continue
            extra = None
            if hasattr(head, prefix + "cv4_kpts"): extra = getattr(head, prefix + "cv4_kpts")
            elif hasattr(head, prefix + "cv4"): extra = getattr(head, prefix + "cv4")
            for i in range(len(head.cv2)):
                order += [getattr(head, prefix + "cv2")[i], getattr(head, prefix + "cv3")[i]]
                if extra is not None: order.append(extra[i])
        if hasattr(head, "proto"): order.append(head.proto)
        found = {}
        for m in order: hooks.append(m.register_forward_hook(lambda m, i, o: found.__setitem__(id(m), o[0] if isinstance(o, tuple) else o)))
    out = model(torch.from_numpy(x).to(dtype))
    if cls != "Classify":
        lists = [found[id(m)] for m in order]
    else:
        lists = taps
    if grads is None: return [o.detach().numpy() for o in lists], None, None
    loss = sum((o * torch.from_numpy(g).to(dtype)).sum() for o, g in zip(lists, grads))
    loss.backward()
    return ([o.detach().numpy() for o in lists], {n: p.grad.detach().numpy() for n, p in model.named_parameters() if p.grad is not None},
            {n: b.numpy() for n, b in model.named_buffers()})


x = np.random.default_rng(1).random((batch, 3, size, size), dtype=np.float32)
shapes, _, _ = run(torch.float32, x, None)
rng = np.random.default_rng(2)
grads = [rng.standard_normal(o.shape).astype(np.float32) / 100 for o in shapes]
single, g32, b32 = run(torch.float32, x, grads)
double, g64, b64 = run(torch.float64, x, grads)
with tempfile.TemporaryDirectory() as d:
    x.tofile(d + "/input.f32")
    for i, g in enumerate(grads): g.tofile(f"{d}/gradient-{i}.f32")
    r = subprocess.run([probe, path, str(batch), str(size), threads, "1", d], capture_output=True, text=True)
    if r.returncode: print(r.stdout[-300:], r.stderr[-1500:]); sys.exit(2)
    print(r.stdout.splitlines()[0])
    worst = 0
    names = open(d + "/outputs.txt").read().split()
    for i, o in enumerate(double):
        ours = np.fromfile(f"{d}/output-{i}.f32", np.float32).reshape(o.shape)
        e = np.linalg.norm(ours - o) / np.linalg.norm(o); t = np.linalg.norm(single[i] - o) / np.linalg.norm(o)
        worst = max(worst, e)
        if e > 1e-5: print("output", i, names[i], o.shape, e, "torch", t)
    print("outputs: worst", worst)
    ours = np.fromfile(d + "/gradients.f32", np.float32); values = np.fromfile(d + "/values.f32", np.float32)
    at = 0; errors = []; failed = 0; missing = 0
    seen = set()
    for line in open(d + "/keys.txt"):
        key, shape = line.split(); shape = [int(v) for v in shape.split(",")]; n = int(np.prod(shape))
        a = ours[at:at + n].reshape(shape); v = values[at:at + n].reshape(shape); at += n
        seen.add(key)
        if "running_" in key:
            b = b64[key]; e = np.linalg.norm(v - b) / (np.linalg.norm(b) + 1e-30)
            if e > 1e-5: print("statistic", key, e, "torch", np.linalg.norm(b32[key] - b) / np.linalg.norm(b)); failed += 1
            continue
        if key not in g64:
            missing += 1
            if np.abs(a).max() > 0: print("no gradient there, one here:", key); failed += 1
            continue
        g = g64[key].reshape(shape); e = np.linalg.norm(a - g) / (np.linalg.norm(g) + 1e-30); t = np.linalg.norm(g32[key].reshape(shape) - g) / (np.linalg.norm(g) + 1e-30)
        errors.append((e, t, key))
        if e > 5e-4 and e > 2 * t: failed += 1
    rest = [k for k in g64 if k not in seen]
    if rest: print("not here:", rest[:5], len(rest))
    errors.sort(reverse=True)
    for e, t, key in errors[:6]: print("%.2e torch %.2e %s" % (e, t, key))
    print("median %.2e, torch %.2e; %d tensors, %d failed, %d without gradient there" % (np.median([e[0] for e in errors]), np.median([e[1] for e in errors]), len(errors), failed, missing))
    sys.exit(1 if failed else 0)
