"""The peer of `yolo benchmark --end-to-end`: an image's bytes to JSON text in Python, with OpenCV and ONNX Runtime.

Started by run.py as `end_to_end_peer.py --worker IMAGE MODEL.onnx HEIGHT WIDTH THREADS`; answers lines "runs N" with a
JSON list of N pairs in milliseconds: end to end, and the network alone on the same input.
"""
import json
import sys
import time

import cv2
import numpy as np

from onnx_predict import Predictor


def main():
    image, model, _, _, threads = sys.argv[2:]
    cv2.setNumThreads(int(threads))
    predictor, data = Predictor(model, int(threads)), np.fromfile(image, np.uint8)
    values = predictor.prepared(cv2.imdecode(data, cv2.IMREAD_COLOR))[0]

    def timed(body, runs):
        taken = []
        for turn in range(runs + 2):
            start = time.perf_counter()
            body()
            if turn >= 2:
                taken.append((time.perf_counter() - start) * 1000)
        return taken

    timed(lambda: predictor.json(data), 1)
    print("ready", flush=True)
    for line in sys.stdin:
        runs = int(line.split()[1])
        network = timed(lambda: predictor.infer(values), runs)
        print(json.dumps(list(zip(timed(lambda: predictor.json(data), runs), network))), flush=True)


if __name__ == "__main__":
    main()
