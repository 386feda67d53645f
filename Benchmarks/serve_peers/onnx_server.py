"""The peer that wraps ONNX Runtime: FastAPI, OpenCV for decoding, letterbox and suppression; a detection model.

    MODEL=yolov8n.onnx THREADS=1 uvicorn --app-dir Benchmarks/serve_peers onnx_server:app --port 9002 --workers 2

The network is exported with a dynamic input, so that images are padded to a multiple of 32 only, as Ultralytics
does; a square would cost a third more. One inference at a time runs in a process. Answers with the HUB's shape. The session is made and warmed up before the first request.
"""
import ast
import os
import threading
import time

import cv2
import numpy as np
import onnxruntime
from fastapi import FastAPI, File, Form, HTTPException

cv2.setNumThreads(1)
OPTIONS = onnxruntime.SessionOptions()
OPTIONS.intra_op_num_threads = int(os.environ.get("THREADS", "1"))
OPTIONS.add_session_config_entry("session.intra_op.allow_spinning", "0")  # the client shares the cores
SESSION = onnxruntime.InferenceSession(os.environ["MODEL"], OPTIONS, providers=["CPUExecutionProvider"])
INPUT = SESSION.get_inputs()[0]
LOCK = threading.Lock()  # 40 requests in the thread pool would contend for the cores and the cache
NAMES = ast.literal_eval(SESSION.get_modelmeta().custom_metadata_map["names"])
SESSION.run(None, {INPUT.name: np.zeros((1, 3, 640, 640), np.float32)})
app = FastAPI()


def letterbox(image, imgsz):
    """Returns the network's input, the scale, and the padding at the left and at the top."""
    height, width = image.shape[:2]
    scale = min(imgsz / height, imgsz / width)
    size = round(width * scale), round(height * scale)
    left, top = -size[0] % 32 // 2, -size[1] % 32 // 2
    canvas = np.full((size[1] + -size[1] % 32, size[0] + -size[0] % 32, 3), 114, np.uint8)
    canvas[top:top + size[1], left:left + size[0]] = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)
    return cv2.dnn.blobFromImage(canvas, 1 / 255, swapRB=True), scale, left, top


def detections(output, shape, scale, left, top, conf, iou):
    """Returns the results of the head's output [4 + classes, anchors]."""
    best = output[4:].max(0)
    kept = best > conf
    output, best = output[:, kept], best[kept]
    if not len(best):
        return []
    classes = output[4:].argmax(0)
    x1, y1 = output[0] - output[2] / 2, output[1] - output[3] / 2
    boxes = np.stack([x1, y1, output[2], output[3]], 1)
    order = np.asarray(cv2.dnn.NMSBoxesBatched(boxes.tolist(), best.tolist(), classes.tolist(), conf, iou)).reshape(-1)
    order = order[np.argsort(-best[order], kind="stable")][:300]
    results = []
    for index in order:
        x, y, width, height = boxes[index]
        results.append({"name": NAMES[int(classes[index])], "class": int(classes[index]),
                        "confidence": round(float(best[index]), 5),
                        "box": {"x1": clipped(x - left, scale, shape[1]), "y1": clipped(y - top, scale, shape[0]),
                                "x2": clipped(x + width - left, scale, shape[1]),
                                "y2": clipped(y + height - top, scale, shape[0])}})
    return results


def clipped(value, scale, limit):
    """Returns a coordinate of the network's input in the image."""
    return round(float(min(max(value / scale, 0), limit)), 5)


@app.post("/")
def predict(file: bytes = File(), imgsz: int = Form(640, ge=32, le=1280), conf: float = Form(0.25, ge=0.01, le=1),
            iou: float = Form(0.45, ge=0, le=0.95), model: str = Form("")):
    """Predicts one image."""
    start = time.perf_counter()
    image = cv2.imdecode(np.frombuffer(file, np.uint8), cv2.IMREAD_COLOR) if file else None
    if image is None:
        raise HTTPException(415, "not an image")
    with LOCK:
        values, scale, left, top = letterbox(image, imgsz)
        prepared = time.perf_counter()
        output = SESSION.run(None, {INPUT.name: values})[0][0]
        inferred = time.perf_counter()
    results = detections(output, image.shape, scale, left, top, conf, iou)
    end = time.perf_counter()
    speed = {"preprocess": (prepared - start) * 1e3, "inference": (inferred - prepared) * 1e3,
             "postprocess": (end - inferred) * 1e3}
    return {"images": [{"results": results, "shape": list(image.shape[:2]), "speed": speed}],
            "metadata": {"imageCount": 1, "model": model, "task": "detect"}}
