"""Runs the snippets of the HUB's document against a server, the host changed only, and compares with `yolo predict`.

    python Tools/hub_snippets.py DOCUMENT.txt [--yolo .build/release/yolo] [--video clip.mp4]

Needs requests and curl. DOCUMENT.txt is the page of the HUB Inference API as text; it is not part of this
repository. The document lost the indentation of its Python snippets: the lines after `with` are indented
anew. Host, MODEL_ID, API_KEY and the image's path are filled in; nothing else is changed. Every snippet of the
document is run for each shipped model; `results` and `shape` must be equal to `yolo predict --format json`.
"""
import argparse
import ast
import json
import re
import subprocess
import sys
from pathlib import Path

from serving import TASKS, WEIGHTS, YOLO, Server

HOST = "https://predict.ultralytics.com"


def python_snippets(text):
    """Returns the different Python snippets that send a request, the block of `with` indented."""
    found = re.findall(r"^import requests\n.*?^print\(response\.json\(\)\)$", text, re.MULTILINE | re.DOTALL)
    return list(dict.fromkeys(re.sub(r"^(files =|response =)", r"    \1", snippet, flags=re.MULTILINE)
                              for snippet in found))


def curl_snippets(text):
    """Returns the different cURL snippets."""
    return list(dict.fromkeys(re.findall(r'^curl (?:.*\\\n)+.*$', text, re.MULTILINE)))


def filled(snippet, url, model, path):
    """Returns the snippet with the host and the placeholders filled in."""
    for old, new in ((HOST, url), ("MODEL_ID", model), ("API_KEY", "none"), ("/path/to/image.jpg", str(path)),
                     ("path/to/image.jpg", str(path))):
        snippet = snippet.replace(old, new)
    return snippet


def output(line):
    """Returns what a command prints; fails with what it says."""
    done = subprocess.run(line, capture_output=True, text=True)
    if done.returncode:
        raise ValueError(f"{line[0]} ended with {done.returncode}: {done.stderr.strip()[-300:]}")
    return done.stdout


def answers(text, url, model, path):
    """Yields each snippet's kind and the answer that it prints."""
    for snippet in python_snippets(text):
        printed = output([sys.executable, "-c", filled(snippet, url, model, path)])
        yield "Python", ast.literal_eval(printed)
    for snippet in curl_snippets(text):
        yield "cURL", json.loads(output(["bash", "-c", filled(snippet, url, model, path).replace("curl ", "curl -s ", 1)]))


def predicted(yolo, model, path):
    """Returns the images that `yolo predict` gives for the document's options."""
    value = json.loads(output([yolo, "predict", "--model", str(WEIGHTS / f"{model}.pt"), "--source", str(path),
                               "--imgsz", "640", "--conf", "0.25", "--iou", "0.45", "--format", "json"]))
    return value["images"] if isinstance(value, dict) else value


def plain(images):
    """Returns what must be equal of the images."""
    return [(image["results"], image["shape"]) for image in images]


def main():
    """Runs all snippets; returns whether all were equal."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("document")
    parser.add_argument("--yolo", default=YOLO)
    parser.add_argument("--video")
    options = parser.parse_args()
    text = Path(options.document).read_text()
    if not python_snippets(text) or not curl_snippets(text):
        raise SystemExit(f"{options.document}: no snippets found")
    right = True
    with Server(yolo=options.yolo) as server:
        url = f"http://{server.address[0]}:{server.address[1]}"
        for task, name in TASKS.items():
            for path in [WEIGHTS / name, *([Path(options.video).resolve()] if options.video else [])]:
                try:
                    expected = plain(predicted(options.yolo, f"shapes-{task}", path))
                    for kind, answer in answers(text, url, f"shapes-{task}", path):
                        equal = "images" in answer and plain(answer["images"]) == expected
                        right &= equal
                        count = sum(len(results) for results, _ in expected)
                        print(f"{task:9} {path.name:20} {kind:7} {count} results: {'equal' if equal else 'DIFFERENT'}")
                except (ValueError, KeyError, TypeError) as error:
                    right = False
                    print(f"{task:9} {path.name:20} FAIL: {error}")
    return right


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
