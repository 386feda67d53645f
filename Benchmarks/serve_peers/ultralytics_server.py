"""The peer that wraps Ultralytics: FastAPI, one model a process, predictions under a lock in the thread pool.

    MODEL=yolov8n.pt THREADS=1 uvicorn --app-dir Benchmarks/serve_peers ultralytics_server:app --port 9001 --workers 2

Answers with the HUB's shape. The model is loaded and warmed up before the first request.
"""
import json
import os
import threading

import cv2
import numpy as np
import torch
from fastapi import FastAPI, File, Form, HTTPException
from ultralytics import YOLO

torch.set_num_threads(int(os.environ.get("THREADS", "1")))
cv2.setNumThreads(1)
MODEL = YOLO(os.environ["MODEL"])
LOCK = threading.Lock()  # a predictor is not made for several threads
MODEL.predict(np.zeros((640, 640, 3), np.uint8), imgsz=640, verbose=False)
app = FastAPI()


@app.post("/")
def predict(file: bytes = File(), imgsz: int = Form(640, ge=32, le=1280), conf: float = Form(0.25, ge=0.01, le=1),
            iou: float = Form(0.45, ge=0, le=0.95), model: str = Form("")):
    """Predicts one image."""
    image = cv2.imdecode(np.frombuffer(file, np.uint8), cv2.IMREAD_COLOR) if file else None
    if image is None:
        raise HTTPException(415, "not an image")
    with LOCK:
        result = MODEL.predict(image, imgsz=imgsz, conf=conf, iou=iou, verbose=False)[0]
    return {"images": [{"results": json.loads(result.to_json()), "shape": list(result.orig_shape), "speed": result.speed}],
            "metadata": {"imageCount": 1, "model": model, "task": MODEL.task}}
