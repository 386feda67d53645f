"""Creates an untrained checkpoint of any architecture that Ultralytics can build, and one that detects something.

    python Tools/upstream/make_checkpoint.py yolov8m-seg.yaml out.pt [--seed 7] [--image photo.jpg] [--imgsz 640]

All weights are random. The statistics of the batch normalizations are those of an image, and the class logits are shifted
so that half a percent of its cells pass a confidence of 0.25, which leaves some tens of detections: enough to compare two
runtimes, useless for accuracy. Semantic segmentation has every class somewhere, depth a few meters. Give with --image the image that will be compared on, so that its scores spread over the
whole range; the image that is made up otherwise has blocks of color at several scales, edges and flat areas like a photo.

Needs the environment of Tools/upstream/setup. The same arguments make the same weights; torch's threads are left alone.
"""
import argparse

import cv2
import numpy as np
import torch
from ultralytics import YOLO

CALIBRATION_PASSES = 3
BELOW = 0.995  # of the cells of a level: those whose best class stays below a confidence of 0.25
LOGIT = 1.1  # sigmoid(-1.1) = 0.25


def network_input(path, size, seed):
    """Returns [2, 3, H, W]: the image about as `predict` gives it to the network, and mirrored."""
    if path:
        image = cv2.cvtColor(cv2.imread(path), cv2.COLOR_BGR2RGB)
        scale = size / max(image.shape[:2])
        image = cv2.resize(image, None, fx=scale, fy=scale)
        image = cv2.copyMakeBorder(image, 0, -image.shape[0] % 32, 0, -image.shape[1] % 32, cv2.BORDER_CONSTANT,
                                   value=(114,) * 3)
    else:
        random = np.random.default_rng(seed)
        image = sum(cv2.resize(random.integers(0, 256, (blocks, blocks, 3), dtype=np.uint8), (size, size),
                               interpolation=cv2.INTER_NEAREST).astype(np.float32) for blocks in (3, 8, 21, 55)) / 4
    values = torch.from_numpy(np.ascontiguousarray(image, dtype=np.float32).transpose(2, 0, 1)[None]) / 255
    return torch.cat([values, values.flip(3)])


def randomize(net):
    """Sets the weights; batch normalizations average over all that they see from here on."""
    for module in net.modules():
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None
            module.weight.uniform_(0.6, 1.4)
            module.bias.uniform_(-0.4, 0.4)
    for module in net.modules():  # the weights of the box distribution are its bins
        if type(module).__name__ == "DFL":
            module.conv.weight.data[:] = torch.arange(module.c1, dtype=torch.float).view(1, module.c1, 1, 1)


def output(net, layer, values):
    """Returns the output of a layer."""
    kept = []
    hook = layer.register_forward_hook(lambda module, given, result: kept.append(result.detach()))
    net(values)
    hook.remove()
    return kept.pop()


def scale_logits(net, values):
    """Scales the class logits of every level to a deviation of 1, and shifts those that suppression gets."""
    head = net.model[-1]
    for branch in ("cv3", "one2one_cv3"):
        for level in getattr(head, branch, None) or []:
            last = level[-1]
            last.weight *= 1.0 / output(net, last, values).std().clamp_min(1e-3)
            if branch == "cv3":
                best = output(net, last, values).amax(1).flatten()
                last.bias -= best.kthvalue(max(1, int(BELOW * best.numel()))).values + LOGIT
    if hasattr(head, "linear"):
        head.linear.weight *= 2 / (net(values)[1].std() + 1e-6)
    if hasattr(head, "one2one_cv3"):
        for copies, originals in ((head.one2one_cv3, head.cv3), (head.one2one_cv2, head.cv2)):
            for level, source in zip(copies, originals):
                level.load_state_dict(source.state_dict())


def scale_map(net, values):
    """Scales the last convolution of a head for each pixel: each class is as likely as the others, a distance some 2 m."""
    head = net.model[-1]
    is_depth = type(head).__name__ == "Depth"
    last = (head.head if is_depth else head.classifier)[-1]
    found = output(net, last, values)
    scale = (0.5 if is_depth else 1.5) / found.std((0, 2, 3)).clamp_min(1e-3)
    last.weight *= scale.view(-1, 1, 1, 1)
    last.bias[:] = (last.bias - found.mean((0, 2, 3))) * scale + (0.7 if is_depth else 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("architecture", help="a description of Ultralytics' (yolov8m-seg.yaml), or the path of one")
    parser.add_argument("out")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--image")
    parser.add_argument("--imgsz", type=int, help="default: 640, and 224 for classifiers")
    arguments = parser.parse_args()
    torch.manual_seed(arguments.seed)
    yolo = YOLO(arguments.architecture)
    net = yolo.model.float()
    values = network_input(arguments.image, arguments.imgsz or (224 if yolo.task == "classify" else 640), arguments.seed)
    with torch.no_grad():
        randomize(net)
        net.train()
        for _ in range(CALIBRATION_PASSES):
            net(values)
        net.eval()
        if type(net.model[-1]).__name__ in ("SemanticSegment", "Depth"):
            scale_map(net, values)
        else:
            scale_logits(net, values)
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 0.03
    yolo.save(arguments.out)
    print(arguments.out, yolo.task, sum(tensor.numel() for tensor in net.parameters()), "parameters")


if __name__ == "__main__":
    main()
