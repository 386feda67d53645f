"""Writes the convolutions of models as data: Benchmarks/Benchmarks/Speed/layers.json.

    python Tools/benchmark_layers.py v8n=model.onnx 11n=other.onnx … > Benchmarks/Benchmarks/Speed/layers.json

Needs the upstream environment (package onnx) and networks exported by Ultralytics for a fixed input, as
Benchmarks/compare_peers.py keeps them. Convolutions of one shape are one row, with the models that have it, how often each
has it, and the path of the first. Sizes are those of the input; padding is that which keeps the size (halves it, at
stride 2).
"""
import json
import sys

import onnx


def rows(models):
    found = {}
    for argument in models:
        model, path = argument.split("=", 1)
        network = onnx.shape_inference.infer_shapes(onnx.load(path))
        shapes = {value.name: [dimension.dim_value for dimension in value.type.tensor_type.shape.dim]
                  for value in [*network.graph.value_info, *network.graph.input]}
        weights = {weight.name: list(weight.dims) for weight in network.graph.initializer}
        for node in network.graph.node:
            if node.op_type != "Conv" or shapes[node.input[0]][2] < 2:
                continue
            attributes = {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute}
            outputs, depth, kernel, _ = weights[node.input[1]]
            groups = attributes.get("group", 1)
            _, _, height, width = shapes[node.input[0]]
            key = (depth * groups, outputs, kernel, attributes.get("strides", [1])[0], groups, height, width)
            row = found.setdefault(key, {"path": node.name.strip("/").removesuffix("/Conv").replace("/", "."), "models": {}})
            row["models"][model] = row["models"].get(model, 0) + 1
    names = ("inputs", "outputs", "kernel", "stride", "groups", "height", "width")
    return [{"operation": "convolution", **dict(zip(names, key)), **row} for key, row in found.items()]


if __name__ == "__main__":
    print("[\n " + ",\n ".join(json.dumps(row) for row in rows(sys.argv[1:])) + "\n]")
