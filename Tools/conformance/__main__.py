"""Holds a server to the checklist of the platform's contract, line by line.

    python Tools/conformance --server .build/release/yolo [--lines 1-10,33] [--jobs 2] [--json FILE]

Each of the 61 lines is a function of lines_*.py. A line starts from a shared server with drawn datasets of the five
tasks and the shipped models, or from a server of its own; every server has a data directory of its own, which is
removed at the end (--keep keeps it). Prints a table; the exit code is 1 if a line failed, and 2 if one is not built
and --all is given. README.md of this directory tells how the environment of Python is made.
"""
import argparse
import concurrent.futures
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import harness
import lines_client
import lines_platform
import lines_rest
import lines_sdk
import lines_seed
import lines_training

MODULES = (lines_client, lines_training, lines_seed, lines_platform, lines_sdk, lines_rest)
ROOT = harness.ROOT


def numbers(text):
    """Reads line numbers such as `1-10,33`."""
    found = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


def arguments():
    """Reads the command line."""
    shared = next((p for p in (ROOT.parent / "shared", ROOT.parent.parent / "shared") if p.is_dir()), ROOT)
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0], prog="Tools/conformance")
    parser.add_argument("--server", default=str(ROOT / ".build/release/yolo"), help="the program yolo")
    parser.add_argument("--lines", type=numbers, help="the lines to check, such as 1-10,33 (default: all)")
    parser.add_argument("--jobs", type=int, default=1, help="lines that are checked at once")
    parser.add_argument("--python", default=sys.executable, help="Python with ultralytics and ultralytics-platform")
    parser.add_argument("--older", default=os.environ.get("OLDER_CLIENTS", "/tmp/conf"),
                        help="directory of u8.4.60 and u8.4.120, where pip install --target put them")
    parser.add_argument("--checkpoints", default=os.environ.get("CHECKPOINTS", str(shared.parent / "checkpoints")),
                        help="directory of yolo11n.pt, which the page's example trains from")
    parser.add_argument("--contract", default=str(shared / "platform-openapi.json"), help="the public OpenAPI document")
    parser.add_argument("--seed-page", default=str(next(iter(sorted((shared / "seeds").glob("002_*"))), "")),
                        help="the page of the REST API as text; its examples are compared with those in seed_page.py")
    parser.add_argument("--json", help="file to write the results to")
    parser.add_argument("--all", action="store_true", help="what is not built is a failure, too")
    parser.add_argument("--keep", action="store_true", help="keep the directory of the run")
    parser.add_argument("--fast", action="store_true", help="leave out the lines that train or take minutes")
    return parser.parse_args()


def checked(world, number):
    """Checks one line."""
    title, function, _ = harness.LINES[number]
    check, began = harness.Check(), time.monotonic()
    with check.part("line"):
        function(world, check)
    verdict, reason = check.verdict()
    row = {"line": number, "title": title, "verdict": verdict, "seconds": round(time.monotonic() - began, 1),
           "reason": reason.replace("line: ", "", 1) if reason.startswith("line: ") else reason}
    print(f"{number:3} {verdict:10} {row['seconds']:7.1f}s  {title}: {row['reason'][:600]}", flush=True)
    return row


def main():
    """Checks the lines, prints the table, and ends with the verdict."""
    options = arguments()
    missing = set(range(1, 62)) - harness.LINES.keys()
    if missing:
        sys.exit(f"lines without a function: {sorted(missing)}")
    chosen = options.lines or sorted(harness.LINES)
    if options.fast:
        chosen = [number for number in chosen if not harness.LINES[number][2]]
    directory = tempfile.mkdtemp(prefix="conformance-")
    world = harness.World(options, directory)
    try:
        world.main()
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            rows = list(pool.map(lambda number: checked(world, number), chosen))
    finally:
        world.end()
        if options.keep:
            print("kept:", directory)
        else:
            shutil.rmtree(directory, ignore_errors=True)
    count = {verdict: sum(row["verdict"] == verdict for row in rows) for verdict in ("pass", "fail", "not built", "skipped")}
    print("\n| line | verdict | seconds | what |\n| ---: | --- | ---: | --- |")
    for row in rows:
        more = f" ({row['reason'][:300]})" if row["reason"] and row["verdict"] != "pass" else ""
        print(f"| {row['line']} | {row['verdict']} | {row['seconds']} | {row['title']}{more} |".replace("\n", " "))
    print("\n" + ", ".join(f"{value} {verdict}" for verdict, value in count.items()))
    if options.json:
        Path(options.json).write_text(json.dumps({"counts": count, "lines": rows}, indent=1) + "\n")
    sys.exit(1 if count["fail"] else 2 if options.all and count["not built"] + count["skipped"] else 0)


if __name__ == "__main__":
    main()
