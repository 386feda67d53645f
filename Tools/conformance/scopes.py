"""The scope matrix of section 8.4, as a table of our own that is held to every operation of the server's document."""
import json
import re

from harness import form, send

SCOPES = ("training", "models", "datasets", "read", "write", "admin", "predict")
OPEN = ("/api/billing/provider-events", "/api/training/gpu-availability", "/api/explore/search")
# What is open without a key, and what it answers where nothing is public; all else is 401.
VISITORS = {
    "POST /api/billing/provider-events": 501, "GET /api/training/gpu-availability": 200, "GET /api/explore/search": 200,
    "GET /api/projects/{owner}": 200, "GET /api/datasets/{owner}": 200, "POST /api/images/urls": 404,
    **{f"GET /api/datasets/{{owner}}/{{dataset}}{tail}": 404 for tail in ("", "/export", "/models", "/images", "/class-stats")},
    "POST /api/datasets/{owner}/{dataset}/images": 404,
    "GET /api/projects/{owner}/{project}": 404, "GET /api/models/{owner}/{project}": 404,
    **{f"GET /api/models/{{owner}}/{{project}}/{{model}}{tail}": 404
       for tail in ("", "/files", "/training", "/exports", "/exports/{exportId}")},
    "POST /api/models/{owner}/{project}/{model}/predict": 404,
}


def admin_only(method, path):
    """Whether an operation needs `admin`."""
    return (path.startswith(("/api/api-keys", "/api/gdpr"))
            or path.startswith("/api/billing/") and method == "POST"
            or path == "/api/trash/empty" or path == "/api/trash" and method == "DELETE"
            or path == "/api/webhooks" or re.fullmatch(r"/api/webhooks/\{[^}]*\}(/.*)?", path) is not None)


def allowed(scope, method, path):
    """Whether the scope may call the operation; nothing where the contract does not tell."""
    if path in OPEN:
        return True if scope in ("read", "write", "admin") and path != OPEN[0] else None
    if path == "/api/account/summary":
        return True
    if scope == "admin":
        return True
    if admin_only(method, path):
        return False
    if scope == "write":
        return True
    if path.endswith("/predict") and method == "POST":
        if path.startswith("/api/images"):
            return None
        return scope in ("models", "predict")
    if scope == "predict":
        return None if path.startswith(("/api/training/gpu", "/d/")) else False
    if scope == "read":
        if method == "GET":
            return True
        return None if path.endswith("/export") or path.startswith("/api/images/urls") or "/images" in path else False
    reports = re.match(r"/api/webhooks/(training|models|datasets)/", path)
    training = path.startswith("/api/training/") or path.endswith("/training")
    models = path.startswith(("/api/projects", "/api/models", "/api/exports", "/api/deployments"))
    sets = path.startswith(("/api/datasets", "/api/images"))
    upload = path.startswith("/api/upload/")
    if scope == "training":
        if reports or training:
            return True
        if method == "GET" and (sets or path.startswith("/api/models")):
            return None if "/exports" in path or path.startswith("/api/images") or path.count("/") > 5 else True
        reads = path.endswith(("/export", "/images")) or path == "/api/images/urls"
        return None if reads or upload else False
    if scope == "models":
        if models:
            return None if training else True
        return True if upload else None if reports or training or path.startswith("/api/trash") or method == "GET" else False
    if sets:
        return None if "/predict" in path or path.endswith("/models") else True
    return True if upload else None if reports or path.startswith("/api/trash") or method == "GET" else False


def filled(path, server, method):
    """Fills in a path: for reading with what there is, else with what there is not."""
    values = {"owner": "alice", "username": "alice", "project": "shapes", "dataset": "shapes-detect", "model": "shapes-detect"}
    def value(match):
        name = match[1]
        if name.endswith("Id"):
            kind = name.removesuffix("Id")
            return ("" if kind in ("image", "export", "integration") else kind + "_") + "0" * 24
        if name in values:
            return values[name] if method == "GET" or name == "owner" else "none-such"
        return "none-such"
    return re.sub(r"\{(\w+)\}", value, path)


def matrix(server, account, world):
    """Calls every operation with a key of every scope, and without; returns how many calls, and what was wrong."""
    document = json.loads(send(server.origin, "GET", "/openapi.json").body)
    keys = {scope: server.key(account, scope) for scope in SCOPES}
    count, faults = 0, [f"there is no {operation}" for operation in VISITORS if operation not in {f"{m} {p}" for m, p, _ in server.routes()}]
    documented = {(m.upper(), re.sub(r"\{\w+\}", "{}", path)) for path, item in document["paths"].items() for m in item}
    for method, path in dict.fromkeys((method, path) for method, path, _ in server.routes()):
        if path.startswith("/api/"):
            if (method, re.sub(r"\{\w+\}", "{}", path)) not in documented:
                faults.append(f"{method} {path} is not in the document")
            real = filled(path, server, method)
            if path.endswith("/predict") and method == "POST":
                data, kind = form({})
            else:
                body = {"imageIds": ["0" * 24]} if path in ("/api/images/urls", "/api/datasets/{owner}/{dataset}/images") else {}
                data, kind = (json.dumps(body).encode(), "application/json") if method != "GET" else (None, None)
            for scope, key in {**keys, "none": None, "wrong": "ul_" + "0" * 40}.items():
                if method == "POST" and path in ("/api/trash/empty", "/api/activity/mark-seen", "/api/activity/archive") and scope in ("write", "admin"):
                    continue  # these would do it
                if path == "/api/trash/empty" and scope == "admin" or path.startswith("/api/gdpr") and scope == "admin" and method == "POST":
                    continue
                headers = {**({"Content-Type": kind} if kind else {}), **({"Authorization": f"Bearer {key}"} if key else {})}
                answer = send(server.origin, method, real, data, headers)
                count += 1
                told = f"{scope} {method} {path}: {answer.status}"
                if answer.status >= 500 and answer.status not in (501, 503):
                    faults.append(told)
                elif scope == "wrong":
                    if answer.status != 401 and path not in OPEN[:1]:
                        faults.append(told)
                elif scope == "none":
                    if answer.status != VISITORS.get(f"{method} {path}", 401):
                        faults.append(told)
                else:
                    may = allowed(scope, method, path)
                    if may is True and answer.status in (401, 403):
                        faults.append(f"{told}, but it may")
                    if may is False and answer.status not in (403,):
                        faults.append(f"{told}, but it may not")
    return count, faults
