"""Predicts one image with ONNX Runtime, as a small Python service would: the peer of cold_start.py.

    python Benchmarks/onnx_predict.py MODEL.onnx IMAGE [--conf 0.25] [--iou 0.45] [--threads N]

The model's input is fixed (float32 [1, 3, H, W]); its output is [1, 4 + classes, anchors] as Ultralytics exports it.
Prints a JSON list of detections. Only numpy, OpenCV and ONNX Runtime are imported.
"""
import argparse
import ast
import json

import cv2
import numpy as np
import onnxruntime


def letterbox(image, height, width):
    """Returns the image resized into (height, width) on gray, the gain and the offset (left, top)."""
    gain = min(height / image.shape[0], width / image.shape[1])
    rows, columns = round(image.shape[0] * gain), round(image.shape[1] * gain)
    if (rows, columns) != image.shape[:2]:
        image = cv2.resize(image, (columns, rows), interpolation=cv2.INTER_LINEAR)
    top, left = round((height - rows) / 2 - 0.1), round((width - columns) / 2 - 0.1)
    canvas = np.full((height, width, 3), 114, np.uint8)
    canvas[top:top + rows, left:left + columns] = image
    return canvas, gain, (left, top)


def suppress(boxes, scores, iou, most=300):
    """Returns the indices that greedy suppression keeps, best first."""
    order, kept = np.argsort(-scores, kind="stable"), []
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], 1)
    while len(order) and len(kept) < most:
        best, order = order[0], order[1:]
        kept.append(best)
        sides = np.minimum(boxes[best, 2:], boxes[order, 2:]) - np.maximum(boxes[best, :2], boxes[order, :2])
        shared = np.prod(np.clip(sides, 0, None), 1)
        order = order[shared <= iou * (areas[best] + areas[order] - shared)]
    return kept


class Predictor:
    """A network in ONNX Runtime and all that turns an image file's bytes into a list of detections."""

    def __init__(self, model, threads=0, conf=0.25, iou=0.45):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self.input = self.session.get_inputs()[0]
        self.names = ast.literal_eval(self.session.get_modelmeta().custom_metadata_map["names"])
        self.conf, self.iou = conf, iou

    def prepared(self, image):
        """Returns the network's input, the gain and the offset of the letterbox."""
        canvas, gain, offset = letterbox(image, *self.input.shape[2:])
        return np.ascontiguousarray(canvas[..., ::-1].transpose(2, 0, 1)[None], dtype=np.float32) / 255, gain, offset

    def infer(self, values):
        return self.session.run(None, {self.input.name: values})[0][0].T

    def json(self, data):
        """Returns the JSON of the detections in an image file's bytes (a NumPy array)."""
        image = cv2.imdecode(data, cv2.IMREAD_COLOR)
        values, gain, (left, top) = self.prepared(image)
        output = self.infer(values)
        scores = output[:, 4:].max(1)
        output, scores = output[scores > self.conf], scores[scores > self.conf]
        classes = output[:, 4:].argmax(1)
        boxes = np.concatenate([output[:, :2] - output[:, 2:4] / 2, output[:, :2] + output[:, 2:4] / 2], 1)
        kept = suppress(boxes + classes[:, None] * 7680.0, scores, self.iou)
        boxes = (boxes[kept] - np.float32([left, top, left, top])) / gain
        boxes = boxes.clip(0, np.float32([image.shape[1], image.shape[0]] * 2))
        return json.dumps([{"class": int(classes[k]), "name": self.names[int(classes[k])],
                            "confidence": round(float(scores[k]), 5),
                            "box": dict(zip(("x1", "y1", "x2", "y2"), (round(float(v), 5) for v in box)))}
                           for k, box in zip(kept, boxes)])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model")
    parser.add_argument("image")
    parser.add_argument("--conf", type=float, default=0.25)
    parser.add_argument("--iou", type=float, default=0.45)
    parser.add_argument("--threads", type=int, default=0, help="0: ONNX Runtime decides")
    arguments = parser.parse_args()
    predictor = Predictor(arguments.model, arguments.threads, arguments.conf, arguments.iou)
    print(predictor.json(np.fromfile(arguments.image, np.uint8)))


if __name__ == "__main__":
    main()
