"""Tiny networks which together have every block and head, and how they are brought to life; used by make_fixtures.py.

Each is described in the form of Ultralytics' yaml files, in a few layers of 8 to 64 channels. They are made so that an
error in any block shows in the head: all weights are random, none is near zero, statistics are those of the images.
"""
import contextlib
import tempfile
from pathlib import Path

import torch
import ultralytics.nn.modules
import ultralytics.nn.modules.activation
import ultralytics.nn.tasks
from ultralytics import RTDETR, YOLO
from ultralytics.nn.modules import Detect
from ultralytics.utils import YAML

BINS = 4  # of the box distribution
# Of the cells of a level, those whose best score does not pass 0.25; more where no suppression follows.
FRACTION_BELOW = {"": 0.94, "one2one_": 0.97}
# Entries of modules that torch makes again when they are missing from a file.
RESTORED = ("_forward_pre_hooks", "_forward_pre_hooks_with_kwargs", "_forward_hooks_with_kwargs",
            "_forward_hooks_always_called", "_state_dict_hooks", "_state_dict_pre_hooks", "_load_state_dict_pre_hooks",
            "_load_state_dict_post_hooks", "_non_persistent_buffers_set", "_is_full_backward_hook", "_backward_pre_hooks")

UPSAMPLE = [-1, 1, "nn.Upsample", ["None", 2, "nearest"]]
STEM = [[-1, 1, "Conv", [8, 3, 2]], [-1, 1, "Conv", [8, 3, 2]]]


def v8(head, *arguments, **settings):
    """v8's C2f, and C2 of its p6 variants; two levels with strides 8 and 16."""
    return dict(settings, layers=STEM + [
        [-1, 1, "C2f", [8, True]], [-1, 1, "Conv", [16, 3, 2]], [-1, 2, "C2f", [16, True]], [-1, 1, "Conv", [16, 3, 2]],
        [-1, 1, "C2", [16, False]], [-1, 1, "SPPF", [16, 5]], UPSAMPLE, [[-1, 4], 1, "Concat", [1]],
        [-1, 1, "C2f", [8]], [[10, 7], 1, head, ["nc", *arguments]]])


def v11(head, *arguments, **settings):
    """11's C3k2 of both kinds and C2PSA; two levels."""
    return dict(settings, layers=STEM + [
        [-1, 1, "C3k2", [16, False, 0.25]], [-1, 1, "Conv", [16, 3, 2]], [-1, 1, "C3k2", [16, True]],
        [-1, 1, "Conv", [32, 3, 2]], [-1, 1, "SPPF", [32, 5]], [-1, 1, "C2PSA", [32]], UPSAMPLE,
        [[-1, 4], 1, "Concat", [1]], [-1, 1, "C3k2", [8, False]], [[10, 7], 1, head, ["nc", *arguments]]])


def v26(head, *arguments, **settings):
    """26's SPPF with a shortcut, and C3k2 with attention; a dual head without a box distribution on two levels."""
    return dict(settings, end2end=True, reg_max=1, layers=STEM + [
        [-1, 1, "C3k2", [8, False, 0.25]], [-1, 1, "Conv", [16, 3, 2]], [-1, 1, "Conv", [16, 3, 2]],
        [-1, 1, "SPPF", [16, 5, 3, True]], [-1, 1, "C3k2", [16, True, 0.5, True]], UPSAMPLE,
        [[-1, 3], 1, "Concat", [1]], [-1, 1, "C3k2", [8, False]], [[9, 6], 1, head, ["nc", *arguments]]])


NETWORKS = {
    "yolov3-tiny": dict(layers=[
        [-1, 1, "Conv", [8, 3, 1]], [-1, 1, "nn.MaxPool2d", [2, 2, 0]], [-1, 1, "Conv", [8, 3, 1]],
        [-1, 1, "nn.MaxPool2d", [2, 2, 0]], [-1, 1, "Conv", [16, 3, 1]], [-1, 1, "nn.MaxPool2d", [2, 2, 0]],
        [-1, 1, "Conv", [16, 3, 2]], [-1, 1, "nn.ZeroPad2d", [[0, 1, 0, 1]]], [-1, 1, "nn.MaxPool2d", [2, 1, 0]],
        [-1, 1, "Conv", [16, 1, 1]], [-1, 1, "Conv", [16, 3, 1]], [-2, 1, "Conv", [8, 1, 1]], UPSAMPLE,
        [[-1, 5], 1, "Concat", [1]], [-1, 1, "Conv", [8, 3, 1]], [[14, 10], 1, "Detect", ["nc"]]]),
    "yolov3-spp": dict(layers=STEM + [
        [-1, 1, "Bottleneck", [8]], [-1, 1, "Conv", [16, 3, 2]], [-1, 2, "Bottleneck", [16]], [-1, 1, "Conv", [16, 3, 2]],
        [-1, 1, "Bottleneck", [16, False]], [-1, 1, "SPP", [16, [5, 9, 13]]], [[4, 7], 1, "Detect", ["nc"]]]),
    "yolov5": dict(layers=[
        [-1, 1, "Conv", [8, 6, 2, 2]], [-1, 1, "Conv", [8, 3, 2]], [-1, 1, "C3", [8]], [-1, 1, "Conv", [16, 3, 2]],
        [-1, 2, "C3", [16]], [-1, 1, "Conv", [16, 3, 2]], [-1, 1, "C3", [16, False]], [-1, 1, "SPPF", [16, 5]],
        [[4, 7], 1, "Detect", ["nc"]]]),
    "yolov6": dict(activation="torch.nn.ReLU()", layers=STEM + [
        [-1, 2, "Conv", [8, 3, 1]], [-1, 1, "Conv", [16, 3, 2]], [-1, 1, "Conv", [16, 3, 2]], [-1, 1, "SPPF", [16, 5]],
        [-1, 1, "nn.ConvTranspose2d", [8, 2, 2, 0]], [[-1, 3], 1, "Concat", [1]], [-1, 1, "Conv", [16, 1, 1]],
        [-1, 2, "Conv", [16, 3, 1]], [[9, 5], 1, "Detect", ["nc"]]]),
    "yolov8-pose": v8("Pose", "kpt_shape", nc=1, kpt_shape=[5, 2]),
    "yolov8-obb": v8("OBB", 1),
    "yolov8-ghost": dict(layers=STEM[:1] + [
        [-1, 1, "GhostConv", [8, 3, 2]], [-1, 1, "C3Ghost", [8, True]], [-1, 1, "GhostConv", [16, 3, 2]],
        [-1, 1, "GhostBottleneck", [16, 3, 2]], [[3, 4], 1, "Detect", ["nc"]]]),
    "yolov9t": dict(layers=STEM + [
        [-1, 1, "ELAN1", [8, 16, 8]], [-1, 1, "AConv", [16]], [-1, 1, "RepNCSPELAN4", [16, 16, 8, 1]],
        [-1, 1, "AConv", [16]], [-1, 1, "SPPELAN", [16, 8]], [[4, 6], 1, "Detect", ["nc"]]]),
    "yolov9e": dict(layers=[
        [-1, 1, "nn.Identity", []], [-1, 1, "Conv", [8, 3, 2]], [-1, 1, "ADown", [8]], [-1, 1, "ADown", [16]],
        [2, 1, "CBLinear", [[8, 16]]], [3, 1, "CBLinear", [[8, 16, 8]]], [0, 1, "Conv", [8, 3, 2]],
        [[4, 5, -1], 1, "CBFuse", [[0, 0]]], [-1, 1, "Conv", [16, 3, 2]], [[4, 5, -1], 1, "CBFuse", [[1, 1]]],
        [-1, 1, "ADown", [16]], [-1, 1, "Conv", [8, 3, 2]], [[5, -1], 1, "CBFuse", [[2]]],
        [[10, 12], 1, "Detect", ["nc"]]]),
    "yolov10": dict(layers=STEM + [
        [-1, 1, "C2f", [8, True]], [-1, 1, "SCDown", [16, 3, 2]], [-1, 1, "C2fCIB", [16, True]],
        [-1, 1, "SCDown", [16, 3, 2]], [-1, 1, "C2fCIB", [16, True, True]], [-1, 1, "PSA", [16]],
        [[4, 7], 1, "v10Detect", ["nc"]]]),
    "yolo11-seg": v11("Segment", 8, 8),
    "yolo11-cls": dict(layers=STEM + [
        [-1, 1, "C3k2", [16, False, 0.25]], [-1, 1, "Conv", [16, 3, 2]], [-1, 1, "C2PSA", [16]],
        [-1, 1, "Conv", [8, 1, 1]], [-1, 1, "Classify", ["nc"]]]),
    "yolov8-cls-resnet50": dict(layers=[
        [-1, 1, "ResNetLayer", [3, 8, 1, True, 1]], [-1, 1, "ResNetLayer", [8, 4, 1, False, 2]],
        [-1, 1, "ResNetLayer", [16, 2, 2, False, 2]], [-1, 1, "Classify", ["nc"]]]),
    "yolo12-obb": dict(layers=STEM + [
        [-1, 1, "Conv", [16, 3, 2]], [-1, 1, "A2C2f", [64, True, 4]], [-1, 1, "A2C2f", [64, True, 1, True, 1.2]],
        [-1, 1, "Conv", [8, 1, 1]], [-1, 1, "Conv", [8, 3, 2]], [-1, 1, "A2C2f", [64, False, -1]],
        [-1, 1, "Conv", [8, 1, 1]], [[5, 8], 1, "OBB", ["nc", 1]]]),
    "yolo26-detect": v26("Detect"),
    "yolo26-seg": v26("Segment26", 8, 8),
    "yolo26-pose": v26("Pose26", "kpt_shape", kpt_shape=[3, 3]),
    "yolo26-obb": v26("OBB26", 1),
    # What no stock description uses, but Ultralytics can build.
    "rare": dict(layers=STEM[:1] + [
        [-1, 1, "ConvTranspose", [8, 2, 2]], [-1, 1, "Conv", [8, 3, 2]], [-1, 1, "C1", [8]], [-1, 1, "Conv", [8, 3, 2]],
        [-1, 1, "C3x", [8]], [-1, 1, "Conv", [8, 3, 2]], [-1, 1, "Conv", [16, 3, 2]], [-1, 1, "C2fPSA", [16]],
        [[6, 8], 1, "Detect", ["nc"]]]),
    "rare-blocks": dict(layers=[
        [-1, 1, "Focus", [8, 3]], [-1, 1, "Conv2", [8, 8, 3, 2]], [-1, 1, "BottleneckCSP", [16]], [-1, 1, "Conv", [16, 3, 2]],
        [-1, 1, "CBAM", [16]], [-1, 1, "C3TR", [16]], [-1, 1, "Conv", [16, 3, 2]], [-1, 1, "TransformerBlock", [16, 16, 2, 1]],
        [-1, 1, "DWConvTranspose2d", [8, 2, 2]], [[-1, 5], 1, "Concat", [1]], [-1, 1, "RepC3", [16]],
        [10, 1, "CBLinear", [[4, 12]]], [-1, 1, "Index", [12, 1]], [[12, 7], 1, "Detect", ["nc"]]]),
    "rare-layers": dict(layers=STEM + [
        [-1, 1, "nn.BatchNorm2d", []], [-1, 1, "Conv", [8, 3, 2]], [-1, 1, "nn.PReLU", [8, 0.2]],
        [-1, 1, "nn.GroupNorm", [2, 8]], [-1, 1, "nn.Dropout2d", [0.1]], [-1, 1, "nn.PixelUnshuffle", [2]],
        [-1, 1, "nn.ChannelShuffle", [4]], [-1, 1, "nn.PixelShuffle", [2]], [-1, 1, "nn.AvgPool2d", [2]],
        [-1, 1, "nn.Upsample", ["None", 2, "bilinear"]], [-1, 1, "nn.InstanceNorm2d", [8]], [-1, 1, "LayerNorm2d", [8]],
        [-1, 1, "Conv", [16, 3, 2]], [-1, 1, "nn.AdaptiveAvgPool2d", [1]], [-1, 1, "nn.UpsamplingNearest2d", ["None", 2]],
        [-3, 1, "nn.UpsamplingBilinear2d", ["None", 2]], [-1, 1, "Conv", [16, 3, 2]], [[18, 14], 1, "Detect", ["nc"]]]),
    "rare-activations": dict(layers=STEM + [
        [-1, 1, "nn.Mish", []], [-1, 1, "nn.Softplus", []], [-1, 1, "Conv", [8, 3, 2]], [-1, 1, "nn.GELU", []],
        [-1, 1, "nn.ELU", [0.7]], [-1, 1, "Conv", [8, 3, 1]], [-1, 1, "nn.ReLU6", []], [-1, 1, "nn.Tanh", []],
        [-1, 1, "Conv", [8, 3, 1]], [-1, 1, "nn.Softshrink", [0.05]], [-1, 1, "nn.CELU", [1.3]], [-1, 1, "Conv", [8, 3, 1]],
        [-1, 1, "nn.Hardtanh", [-0.9, 1.7]], [-1, 1, "nn.SELU", []], [-1, 1, "Conv", [16, 3, 2]],
        [-1, 1, "nn.Hardshrink", [1e-4]], [-1, 1, "nn.LogSigmoid", []], [-1, 1, "Conv", [16, 3, 1]], [-1, 1, "nn.Softsign", []],
        [-1, 1, "nn.RReLU", []], [-1, 1, "nn.Tanhshrink", []], [-1, 1, "Conv", [16, 3, 1]],
        [-1, 1, "nn.Threshold", [-0.5, -0.5]], [-1, 1, "nn.Hardsigmoid", []], [-1, 1, "Conv", [16, 3, 1]], [-1, 1, "AGLU", []],
        [-1, 1, "nn.Sigmoid", []], [-1, 1, "Conv", [16, 3, 1]], [-1, 1, "nn.Hardswish", []], [-1, 1, "nn.SiLU", []],
        [-1, 1, "nn.ReLU", []], [-1, 1, "nn.LeakyReLU", [0.2]], [-1, 1, "Conv", [16, 3, 2]],
        [[16, 34], 1, "Detect", ["nc"]]]),
    "rtdetr": dict(layers=[
        [-1, 1, "HGStem", [8, 8]], [-1, 2, "HGBlock", [8, 16, 3]], [-1, 1, "DWConv", [16, 3, 2, 1, False]],
        [-1, 2, "HGBlock", [8, 32, 5, True, True]], [-1, 1, "DWConv", [32, 3, 2, 1, False]], [-1, 1, "Conv", [16, 1, 1, "None", 1, 1, False]],
        [-1, 1, "AIFI", [32, 4]], [-1, 1, "nn.Upsample", ["None", 2, "nearest"]], [[-1, 3], 1, "Concat", [1]],
        [-1, 1, "RepC3", [16]], [[9, 6], 1, "RTDETRDecoder", ["nc", 16, 12, 2, 4, 2, 32]]]),
}

# With a value for each pixel; made by fixtures/dense.py.
DENSE = {
    "yolo26-sem": v26("SemanticSegment"),
    "yolo26-depth": v26("Depth"),
}
for description in DENSE.values():
    del description["end2end"], description["reg_max"]
DENSE["yolo26-depth"]["layers"][-1][3] = [16]  # the channels of its levels

# What Ultralytics has, but not by name in descriptions; users add such names to it.
ADDED = {name: getattr(ultralytics.nn.modules, name) for name in ("CBAM", "LayerNorm2d", "TransformerBlock")}
ADDED["AGLU"] = ultralytics.nn.modules.activation.AGLU


def make(name, names, inputs, seed):
    """Builds a network and brings it to life on inputs ([1, 3, H, W] tensors); returns Ultralytics' checkpoint."""
    torch.manual_seed(seed)
    description = {"nc": len(names), "reg_max": BINS, **{**NETWORKS, **DENSE}[name]}
    vars(ultralytics.nn.tasks).update(ADDED)
    names = names[:description["nc"]]
    layers = description.pop("layers")
    with tempfile.TemporaryDirectory() as directory, few_bins():
        yaml, raw = Path(directory) / f"{name}-tiny.yaml", Path(directory) / "raw.pt"
        YAML.save(yaml, dict(description, backbone=layers[:-1], head=layers[-1:]))
        yolo = RTDETR(yaml) if layers[-1][2] == "RTDETRDecoder" else YOLO(yaml)
        with torch.no_grad():
            shrink_flow(yolo.model)
            pool, offsets = enliven(yolo.model.float(), inputs)
        yolo.save(raw)
        checkpoint = torch.load(raw, map_location="cpu", weights_only=False)
    model = checkpoint["model"].half()
    model.yaml["yaml_file"] = yaml.name
    model.names = dict(enumerate(names))
    model.args = {"model": yaml.name, "task": yolo.task, "imgsz": 96}
    pack(model, pool.half(), offsets)
    return {"date": "2026-01-01T00:00:00", "version": checkpoint["version"], "train_args": dict(model.args), "model": model}


@contextlib.contextmanager
def few_bins():
    """Creates the heads that take no number of bins have few as well."""
    kept = Detect.__init__.__defaults__
    Detect.__init__.__defaults__ = tuple(BINS if value == 16 else value for value in kept)
    try:
        yield
    finally:
        Detect.__init__.__defaults__ = kept


def shrink_flow(net):
    """Creates the flow model of a pose head, which predicting does not use, small."""
    for nets in (getattr(getattr(net.model[-1], "flow_model", None), name, []) for name in ("s", "t")):
        for layers in nets:
            linear = [index for index, layer in enumerate(layers) if isinstance(layer, torch.nn.Linear)]
            for index in linear:
                layers[index] = torch.nn.Linear(2 if index == linear[0] else 4, 2 if index == linear[-1] else 4)


def enliven(net, inputs):
    """Returns random weights, statistics of the inputs, and logits of which some pass 0.25.

    The weights of normalized convolutions, whose scale is of no account, are parts of one pool of random numbers, so that
    the file stays small. Returns the pool, and the offsets into it by the name of the parameter.
    """
    modules = dict(net.named_modules())
    normalized = [name for name, module in modules.items()
                  if isinstance(module, torch.nn.Conv2d) and name.endswith(".conv") and hasattr(modules[name[:-5]], "bn")
                  and module.bias is None]
    pool = (0.2 * torch.randn(max(modules[name].weight.numel() for name in normalized) + 997)).half().float()
    offsets = {}
    for name in normalized:
        weight = modules[name].weight
        offset = offsets[f"{name}.weight"] = int(torch.randint(len(pool) - weight.numel(), ()))
        weight[:] = pool[offset:offset + weight.numel()].view(weight.shape)
    for name, module in modules.items():
        kind = type(module).__name__
        if kind in ("Conv2d", "ConvTranspose2d") and name not in normalized:
            torch.nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                module.bias.uniform_(-0.3, 0.3)
        elif kind == "BatchNorm2d":
            module.momentum = None
            module.weight.uniform_(0.6, 1.4), module.bias.uniform_(-0.4, 0.4)
        elif kind == "A2C2f" and module.gamma is not None:
            module.gamma.uniform_(0.5, 1.5)
    for module in modules.values():  # the weights of the box distribution are its bins
        if type(module).__name__ == "DFL":
            module.conv.weight[:] = torch.arange(module.c1, dtype=torch.float).view(1, -1, 1, 1)
    net.train()
    for _ in range(2):
        for x in inputs:
            net(torch.cat([x, x.flip(3)]))
    for module in modules.values():
        if type(module).__name__ == "BatchNorm2d":
            module.momentum = 0.03
            module.eval()  # in training mode the rest of the network runs both branches of the head
    head = net.model[-1]
    if hasattr(head, "dec_score_head"):
        enliven_queries(net, head, inputs)
        return pool, offsets
    if hasattr(head, "linear"):
        head.linear.weight *= 1.5 / (outputs(net, head.linear, inputs).std() + 1e-6)
        return pool, offsets
    if type(head).__name__ in ("SemanticSegment", "Depth"):
        enliven_dense(net, head, inputs)
        return pool, offsets
    for prefix in ("", "one2one_"):
        for level in getattr(head, prefix + "cv3", []):
            level[-1].weight *= 1.5 / outputs(net, level[-1], inputs).std()
            best = outputs(net, level[-1], inputs).amax(1).flatten().sort().values
            level[-1].bias -= best[int(FRACTION_BELOW[prefix] * len(best))] + 1.1
        for level in getattr(head, prefix + "cv2", []):
            spread, center = (1.5, 0) if head.reg_max > 1 else (0.7, 2.5)
            level[-1].weight *= spread / outputs(net, level[-1], inputs).std()
            level[-1].bias += center - outputs(net, level[-1], inputs).mean()
        for level in getattr(head, prefix + ("cv4_kpts" if hasattr(head, "cv4_kpts") else "cv4"), []):
            layer = level[-1] if isinstance(level, torch.nn.Sequential) else level
            layer.weight *= 1.0 / outputs(net, layer, inputs).std()
    return pool, offsets


def enliven_dense(net, head, inputs):
    """Sets the last convolution so that each class is as likely as the others, or depth a few meters."""
    is_depth = hasattr(head, "refine")
    last = (head.head if is_depth else head.classifier)[-1]
    head.eval()
    values = outputs(net, last, inputs)
    scale = (0.35 if is_depth else 1.5) / values.std((0, 2))
    last.weight *= scale.view(-1, 1, 1, 1)
    last.bias[:] = (last.bias - values.mean((0, 2))) * scale + (0.8 if is_depth else 0)


def enliven_queries(net, head, inputs):
    """Sets the weights of RT-DETR's head to others that are not those of the start of a training, some of which are zeros."""
    head.eval()
    for module in head.modules():
        kind = type(module).__name__
        if kind == "MSDeformAttn":
            module.sampling_offsets.weight.normal_(0, 0.1)
            module.attention_weights.weight.normal_(0, 0.3), module.attention_weights.bias.uniform_(-1, 1)
        elif kind == "LayerNorm":
            module.weight.uniform_(0.6, 1.4), module.bias.uniform_(-0.4, 0.4)
    for perceptron in [head.enc_bbox_head, *head.dec_bbox_head]:
        perceptron.layers[-1].weight.normal_(0, 0.4), perceptron.layers[-1].bias.uniform_(-0.3, 0.3)

    def logits(layer):
        kept = []
        hook = layer.register_forward_hook(lambda module, given, output: kept.append(output[0].clone()))
        for x in inputs:
            net(x)
        hook.remove()
        return torch.cat(kept)
    last = head.dec_score_head[-1]
    head.enc_score_head.weight *= 1.5 / logits(head.enc_score_head).std()
    last.weight *= 1.5 / logits(last).std()
    best = logits(last).amax(1).sort().values
    last.bias -= best[len(best) // 2] + 1.1


def outputs(net, layer, inputs):
    """Returns the output of a layer for the inputs, as [1, channels, all cells]."""
    kept = []
    hook = layer.register_forward_hook(lambda module, given, output: kept.append(output.reshape(1, output.shape[1], -1)))
    for x in inputs:
        net(x)
    hook.remove()
    return torch.cat(kept, 2)


def pack(model, pool, offsets):
    """Puts the tensors of a type into one storage, and drops the empty entries of modules that torch restores."""
    parameters = dict(model.named_parameters())
    for name, offset in offsets.items():
        if not torch.equal(parameters[name].flatten(), pool[offset:offset + parameters[name].numel()]):
            raise ValueError(f"{name} is not its part of the pool")
    pooled = {id(parameters[name]): offset for name, offset in offsets.items()}
    tensors = list(parameters.values()) + list(model.buffers())
    for dtype in {tensor.dtype for tensor in tensors}:
        own = [tensor for tensor in tensors if tensor.dtype == dtype and id(tensor) not in pooled]
        flat = torch.cat([pool] * (dtype == pool.dtype) + [tensor.detach().flatten() for tensor in own])
        start = len(pool) if dtype == pool.dtype else 0
        for tensor in own:
            tensor.data = flat[start:start + tensor.numel()].view(tensor.shape)
            start += tensor.numel()
        if dtype == pool.dtype:
            for name, offset in offsets.items():
                tensor = parameters[name]
                tensor.data = flat[offset:offset + tensor.numel()].view(tensor.shape)
    for module in model.modules():
        for parameter in module.parameters(recurse=False):
            parameter.requires_grad_(False)
        for key in RESTORED:
            if not module.__dict__.get(key):
                module.__dict__.pop(key, None)
