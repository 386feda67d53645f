"""The examples of the page of the REST API, word for word; only the host, the key and identifiers are filled in.

`compared` tells whether each of them is on the page as it is here, where the page is at hand.
"""
import json
import re
from pathlib import Path

HOST = "https://platform.ultralytics.com"
DATASETS_CURL = f'curl -H "Authorization: Bearer YOUR_API_KEY" \\\n{HOST}/api/datasets'
PREDICT_CURL = ('curl -X POST \\\n-H "Authorization: Bearer YOUR_API_KEY" \\\n-F "file=@image.jpg" \\\n'
                f"{HOST}/api/models/MODEL_ID/predict")
HEADER_CURL = f'curl -H "Authorization: Bearer ul_abc123..." \\\n{HOST}/api/datasets'

# name -> (request line of the page, body of the page or nothing)
REQUESTS = {
    "create dataset": ("POST /api/datasets",
                       '{\n"name": "my-dataset",\n"task": "detect",\n"description": "A custom detection dataset"\n}'),
    "create project": ("POST /api/projects", '{\n"name": "my-project",\n"description": "Detection experiments"\n}'),
    "start training": ("POST /api/training/start",
                       '{\n"modelId": "model_abc123",\n"datasetId": "dataset_xyz789",\n"epochs": 100,\n'
                       '"imageSize": 640,\n"gpuType": "rtx-4090"\n}'),
    "create deployment": ("POST /api/deployments",
                          '{\n"modelId": "model_abc123",\n"region": "us-central1",\n"minInstances": 0,\n'
                          '"maxInstances": 10\n}'),
    "create export": ("POST /api/exports", '{\n"modelId": "model_abc123",\n"format": "onnx"\n}'),
    "restore": ("POST /api/trash", '{\n"itemId": "item_abc123",\n"type": "dataset"\n}'),
    "checkout": ("POST /api/billing/checkout-session", '{\n"amount": 25\n}'),
    "export of the account": ("POST /api/gdpr", '{\n"action": "export"\n}'),
    "create key": ("POST /api/api-keys", '{\n"name": "training-server",\n"scopes": ["training", "models"]\n}'),
}
GETS = ["/api/datasets", "/api/datasets/{datasetId}", "/api/projects", "/api/projects/{projectId}", "/api/models",
        "/api/models/{modelId}", "/api/models/{modelId}/files", "/api/models/{modelId}/training", "/api/deployments",
        "/api/deployments/{deploymentId}", "/api/deployments/{deploymentId}/metrics",
        "/api/deployments/{deploymentId}/logs", "/api/exports", "/api/exports/{exportId}", "/api/activity",
        "/api/trash", "/api/billing/balance", "/api/billing/usage-summary", "/api/billing/payments", "/api/storage",
        "/api/api-keys"]
OTHERS = ["DELETE /api/datasets/{datasetId}", "POST /api/datasets/{datasetId}/export", "DELETE /api/projects/{projectId}",
          "POST /api/models", "DELETE /api/models/{modelId}", "POST /api/models/{modelId}/predict",
          "DELETE /api/models/{modelId}/training", "POST /api/deployments/{deploymentId}/start",
          "POST /api/deployments/{deploymentId}/stop", "DELETE /api/deployments/{deploymentId}",
          "POST /api/activity/mark-seen", "POST /api/activity/archive", "POST /api/trash/empty",
          "POST /api/billing/subscription-checkout", "POST /api/billing/portal-session", "DELETE /api/api-keys/{keyId}"]

DATASET = """{
"success": true,
"data": [
{
"id": "dataset_abc123",
"name": "my-dataset",
"slug": "my-dataset",
"task": "detect",
"imageCount": 1000,
"classCount": 10,
"visibility": "private",
"createdAt": "2024-01-15T10:00:00Z"
}
]
}"""
PREDICTIONS = """{
"success": true,
"predictions": [
{
"class": "person",
"confidence": 0.92,
"box": { "x1": 100, "y1": 50, "x2": 300, "y2": 400 }
}
]
}"""
BALANCE = """{
"success": true,
"data": {
"cashBalance": 5000000,
"creditBalance": 20000000,
"reservedAmount": 0,
"totalBalance": 25000000
}
}"""
STORAGE = """{
"success": true,
"data": {
"used": 1073741824,
"limit": 107374182400,
"percentage": 1.0
}
}"""
FORMATS = ("onnx, torchscript, openvino, tensorrt, coreml, tflite, saved_model, graphdef, paddle, ncnn, edgetpu, tfjs, "
           "mnn, rknn, imx, axelera, executorch")
ERRORS = ("UNAUTHORIZED", "FORBIDDEN", "NOT_FOUND", "VALIDATION_ERROR", "RATE_LIMITED", "INTERNAL_ERROR")
TRAIN = '''import os
from ultralytics import YOLO
# Set API key
os.environ["ULTRALYTICS_API_KEY"] = "ul_your_key"
# Train with Platform integration
model = YOLO("yolo11n.pt")
model.train(data="ul://username/datasets/my-dataset", project="username/my-project", name="experiment-1", epochs=100)'''
RETRY = '''import time
def api_request_with_retry(url, max_retries=3):
for attempt in range(max_retries):
response = requests.get(url)
if response.status_code != 429:
return response
wait = 2**attempt
time.sleep(wait)
raise Exception("Rate limit exceeded")'''


def compared(path):
    """Returns which examples are not on the page, or nothing if the page is not at hand."""
    if not path or not Path(path).is_file():
        return None
    page = Path(path).read_text()
    texts = {"curl of datasets": DATASETS_CURL, "curl of predict": PREDICT_CURL, "curl of the header": HEADER_CURL,
             "dataset": DATASET, "predictions": PREDICTIONS, "balance": BALANCE, "storage": STORAGE, "formats": FORMATS,
             "train": TRAIN, "retry": RETRY, **{name: body for name, (_, body) in REQUESTS.items()},
             **{line: line for line, _ in REQUESTS.values()}, **{f"GET {path}": f"GET {path}" for path in GETS},
             **{line: line for line in OTHERS}, **{code: code for code in ERRORS}}
    missing = [name for name, text in texts.items() if text not in page]
    lines = set(re.findall(r"^(?:GET|POST|DELETE) /api/\S+$", page, re.MULTILINE))
    known = {line for line, _ in REQUESTS.values()} | {f"GET {path}" for path in GETS} | set(OTHERS)
    return missing + [f"not here: {line}" for line in sorted(lines - known - {"GET /api/datasets?page=2"})]


def same_shape(example, given, where="$"):
    """Returns where a value lacks what the example has, or has it of another type."""
    if isinstance(example, dict):
        if not isinstance(given, dict):
            return [f"{where} is no object"]
        return [fault for key, value in example.items() for fault in (
            same_shape(value, given[key], f"{where}.{key}") if key in given else [f"{where}.{key} is missing"])]
    if isinstance(example, list):
        if not isinstance(given, list) or not given:
            return [f"{where} is no list of something"]
        return [fault for item in given for fault in same_shape(example[0], item, where + "[]")]
    if isinstance(example, bool) or isinstance(given, bool):
        return [] if isinstance(given, bool) and isinstance(example, bool) else [f"{where} is {given!r}"]
    if isinstance(example, (int, float)):
        return [] if isinstance(given, (int, float)) else [f"{where} is {given!r}"]
    return [] if isinstance(given, str) else [f"{where} is {given!r}"]


def faults(example, given):
    """Returns in what an answer differs in shape from an example of the page."""
    return same_shape(json.loads(example), given)
