"""Compares all that two builds of `yolo` answer, bit for bit.

    python3 Tools/compare_binaries.py OLD NEW [--models Weights] [--checkpoints FILE...] [--combinations 150] [--seed 13]
                                      [--only predict trace ...] [--isa avx2 ...] [--list 5] [--drawings] [--strict-plan]

Python's standard library only; ffmpeg, where it is installed, adds scaled photos and a video. Parts, each a row or more
of the summary:
  predict     seeded combinations of checkpoint, image (the shipped ones, drawn and noise PNGs from 1x1 to 1500x90, a
              directory, standard input), imgsz, conf, iou, max-det, classes, agnostic, rect, retina, nms, normalize and
              format; each with the native backend on every instruction set, with one thread or two in turn, every third
              with blas, every fifth (at a small size) with the oracle loops. Standard output byte for byte.
  trace       the float32 tensors (.npy) of the taps input, heads, layers, blocks and all, for every checkpoint, backend,
              instruction set and thread count, with masks and full probabilities. Bytes.
  record      golden cases: the expected answer and the tensors; NEW verifies what OLD recorded.
  val         the datasets among the test fixtures, as JSON and text.
  info        text, JSON, modules, graph drawings as text (.dot, .md); the plan's steps, which may differ without --strict-plan.
  export      the safetensors file, and what either build predicts from the other's file.
  diff        yolo diff of two backends; yolo compare of two answers.
  decoding    the network's input of every image file of the test fixtures, damaged ones too.
  video       predict of a video, all frames and every other.
  errors      exit code and kind of wrong usage, damaged and missing files.
  drawings    with --drawings: annotated images, drawn tensors, the plots of val, SVG graphs. Bytes.

Not compared: times (the numbers of "speed" and those before "ms"), the version if the builds' differ, and the wording of
messages on standard error; other words there are counted as notes, other exit codes or kinds of message are differences.
JSON and tables of our own (info, val, diff, compare, record) are compared with the renamed keys and words of binaries.py.
Exit status 1 on any difference.
"""
import argparse
import ast
import difflib
import json
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from binaries import Binary, UnknownName, numbers, own_json, own_words, without_times
from plain_images import write_images

ROOT = Path(__file__).resolve().parents[1]
PARTS = ("predict", "trace", "record", "val", "info", "export", "diff", "decoding", "video", "errors")
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")


# --- Differences, as text or None -----------------------------------------------------------------------------------


def shown(value):
    """A value as lines: JSON a member a line."""
    if isinstance(value, bytes):
        value = value.decode(errors="replace")
        try:
            value = json.loads(value, object_pairs_hook=lambda pairs: [list(pair) for pair in pairs], parse_float=str)
        except ValueError:
            return value.splitlines()
    return json.dumps(value, indent=0, ensure_ascii=False).splitlines()


def differing(title, old, new, limit=80):
    if old == new:
        return None
    lines = [line if len(line) < 400 else line[:400] + "…"
             for line in difflib.unified_diff(shown(old), shown(new), "old", "new", lineterm="", n=2)]
    more = [f"… and {len(lines) - limit} more lines"] if len(lines) > limit else []
    return "\n".join([f"{title}:", *(lines or ["the bytes differ, not what they say"])[:limit], *more])


def differing_steps(old, new):
    """Compares the steps of two plans and tells where they begin to differ."""
    if old == new or old is None or new is None:
        return None if old == new else "only one lists the steps of its plan"
    first = next((index for index, pair in enumerate(zip(old, new)) if pair[0] != pair[1]), min(len(old), len(new)))
    steps = [" ".join(f"{key}={value}" for key, value in plan[first]) if first < len(plan) else "none" for plan in (old, new)]
    return f"{len(old)} → {len(new)} steps, first at {first}: {steps[0]}\n→ {steps[1]}"


def differing_words(old, new):
    """Lists what stands in another's place in two texts of the same numbers."""
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    pairs = [f"{' '.join(old[a:b])!r} → {' '.join(new[c:d])!r}" for tag, a, b, c, d in matcher.get_opcodes() if tag != "equal"]
    return ", ".join(dict.fromkeys(pairs))


def array(data):
    """Returns (dtype, shape, bytes) of a .npy file."""
    length, start = struct.unpack("<H", data[8:10])[0], 10
    if data[6] > 1:
        length, start = struct.unpack("<I", data[8:12])[0], 12
    header = ast.literal_eval(data[start:start + length].decode("latin1"))
    return header["descr"], tuple(header["shape"]), data[start + length:]


def differing_arrays(name, old, new):
    """Compares two .npy files and tells where they begin to differ."""
    if old == new:
        return None
    try:
        (dtype, shape, left), (other, other_shape, right) = array(old), array(new)
    except (ValueError, SyntaxError, KeyError, struct.error, IndexError):
        return f"{name}: not two .npy files of equal bytes"
    if (dtype, shape) != (other, other_shape) or len(left) != len(right):
        return f"{name}: {dtype} {shape} → {other} {other_shape}"
    if dtype != "<f4":
        count = sum(a != b for a, b in zip(left, right))
        return f"{name} {shape}: {count} of {len(left)} bytes differ" if count else f"{name}: the header differs"
    count, first, worst = 0, None, 0.0
    for index, ((a,), (b,)) in enumerate(zip(struct.iter_unpack("<f", left), struct.iter_unpack("<f", right))):
        if left[4 * index:4 * index + 4] != right[4 * index:4 * index + 4]:
            count += 1
            first = first or f"first at {index}: {a!r} → {b!r}"
            worst = max(worst, abs(a - b))
    return f"{name} {shape}: {count} of {len(left) // 4} values differ, by {worst:.3g} at most, {first}" if count \
        else f"{name}: the header differs"


def differing_files(old, new, suffixes=None):
    """Compares the files below two directories, those with one of the suffixes."""
    def files(root):
        return {str(path.relative_to(root)): path for path in sorted(Path(root).rglob("*"))
                if path.is_file() and (suffixes is None or path.suffix in suffixes)}

    left, right = files(old), files(new)
    faults = [f"{name}: missing in new" for name in left if name not in right]
    faults += [f"{name}: missing in old" for name in right if name not in left]
    for name in left:
        if name in right:
            a, b = left[name].read_bytes(), right[name].read_bytes()
            if name.endswith(".npy"):
                faults.append(differing_arrays(name, a, b))
            elif a != b:
                faults.append(f"{name}: {len(a)} → {len(b)} bytes, not the same")
    faults = [fault for fault in faults if fault]
    more = [f"… and {len(faults) - 12} more files"] if len(faults) > 12 else []
    return "\n".join(faults[:12] + more) or None, len(left)


def instances(output):
    """Counts the results in what predict printed."""
    listed = output.count(b'"confidence":')
    return listed or sum(int(number) for number in re.findall(rb"  (\d+) detections?  ", output))


def members(data):
    """Returns the header of a safetensors file as pairs, with the metadata without the producer, and the tensors' bytes."""
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + length], object_pairs_hook=list)
    metadata = [(key, value) for key, value in dict(header).get("__metadata__", []) if key != "yolo.producer"]
    return [metadata, [pair for pair in header if pair[0] != "__metadata__"]], data[8 + length:]


# --- Runs ----------------------------------------------------------------------------------------------------------


class Comparison:
    """Both builds, and the tally of what was compared."""

    def __init__(self, arguments, scratch):
        self.arguments, self.scratch = arguments, scratch
        self.old, self.new = Binary(arguments.old, scratch / "old"), Binary(arguments.new, scratch / "new")
        self.rows = {}  # (part, backend, isa): [compared, files, differences]
        self.differences, self.notes = [], defaultdict(list)

    def count(self, row, problem, commands, files=0, is_note=False):
        tally = self.rows.setdefault(row, [0, 0, 0])
        tally[0] += 1
        tally[1] += files
        if problem and is_note:
            self.note(" ".join(filter(None, row)), problem)
        elif problem:
            tally[2] += 1
            lines = [f"[{' '.join(filter(None, row))}]"]
            lines += [f"  {side}: {' '.join(command)}" for side, command in zip(("old", "new"), commands)]
            lines += ["  " + line for line in problem.splitlines()]
            self.differences.append("\n".join(lines))
            if len(self.differences) <= self.arguments.list:
                print(self.differences[-1] + "\n", flush=True)

    def note(self, title, text):
        self.notes[title].append(text)

    def both(self, arguments, stdin=None, clean=None):
        """Runs both builds and returns their outcomes; `clean` is the file or directory that they write, removed before.
        Throws UnknownName."""
        outcomes = []
        for binary in (self.old, self.new):
            if clean and (binary.directory / clean).is_dir():
                shutil.rmtree(binary.directory / clean)
            elif clean:
                (binary.directory / clean).unlink(missing_ok=True)
            outcomes.append(binary.run(arguments, stdin))
        return outcomes

    def ending(self, old, new):
        """Compares exit codes and kinds of message; other words are a note."""
        if (old.code, old.shape) != (new.code, new.shape):
            return (f"exit code {old.code} ({old.shape}) → {new.code} ({new.shape})\n"
                    f"old stderr: {old.errors.decode(errors='replace')[-800:]}\n"
                    f"new stderr: {new.errors.decode(errors='replace')[-800:]}")
        if without_times(old.errors, self.old.version) != without_times(new.errors, self.new.version):
            self.note("messages worded differently",
                      f"{old.errors.decode(errors='replace').strip()[:300]}\n→ {new.errors.decode(errors='replace').strip()[:300]}")
        return None

    def compare(self, row, arguments, reading="bytes", stdin=None, clean=None, files=None, is_note=False):
        """Runs both and counts whether they agree. `reading` is how standard output is compared: bytes, json or words of
        our own, or none; `files` are suffixes, to compare what was written to the directory `clean`."""
        try:
            old, new = self.both(arguments, stdin, clean)
        except UnknownName as error:
            self.count(row, f"the new command knows another way or none: {error}", [list(map(str, arguments))] * 2)
            return None
        problems, compared = [self.ending(old, new)], 0
        if old.code == 0 or reading == "bytes":
            problems.append(self.output(row, reading, old, new))
        if files is not None and old.code == new.code == 0:
            problem, compared = differing_files(self.old.directory / clean, self.new.directory / clean, files or None)
            problems.append(problem or (None if compared else "nothing was written"))
        self.count(row, "\n".join(filter(None, problems)) or None, (old.command, new.command), compared, is_note)
        return old, new

    def output(self, row, reading, old, new):
        if reading == "bytes":
            return differing("standard output", without_times(old.output, self.old.version),
                             without_times(new.output, self.new.version))
        if reading == "json":
            try:
                return differing("standard output", own_json(old.output), own_json(new.output))
            except ValueError as error:
                return f"standard output is no JSON: {error}"
        if reading == "words":
            left, right = own_words(old.output), own_words(new.output)
            if left != right and numbers(left) == numbers(right):
                self.note(f"{row[0]}: tables worded differently", differing_words(left, right))
                return None
            return differing("standard output", left, right)
        return None


# --- What is compared -----------------------------------------------------------------------------------------------


class Checkpoint:
    def __init__(self, path, old, probe):
        self.path, self.name = path.resolve(), path.stem
        answer = old.run(["info", "--model", self.path, "--format", "json"])
        if answer.code != 0:
            raise SystemExit(f"{path}: {answer.errors.decode(errors='replace').strip()}")
        facts = json.loads(answer.output)
        self.task, self.class_count = facts["task"], len(facts["classes"])
        self.is_dual = old.run(["predict", "--model", self.path, "--source", probe, "--imgsz", 32, "--no-nms"]).code == 0


class Suite:
    def __init__(self, arguments, scratch):
        self.arguments = arguments
        self.comparison = Comparison(arguments, scratch)
        self.inputs = scratch / "inputs"
        self.inputs.mkdir()
        self.images, self.photos = self.make_images()
        old = self.comparison.old
        shipped = sorted(arguments.models.glob("*.pt"))
        self.shipped = [Checkpoint(path, old, self.images[0]) for path in shipped]
        self.checkpoints = self.shipped + [Checkpoint(path, old, self.images[0]) for path in arguments.checkpoints]
        if not self.checkpoints:
            raise SystemExit("no checkpoints")
        self.settings = self.find_settings()
        self.asked = self.answered = self.results = 0

    def make_images(self):
        """Returns the images to look at, and the photos among them by task."""
        images = write_images(self.inputs, self.arguments.seed)
        photos = sorted(path.resolve() for path in self.arguments.models.iterdir() if path.suffix in SUFFIXES)
        images += photos
        if shutil.which("ffmpeg"):
            sizes = ((643, 479), (97, 640), (1280, 720), (250, 333), (60, 45))
            for index, photo in enumerate(photos):
                for width, height in (sizes[index % 5], sizes[(index + 2) % 5]):
                    path = self.inputs / f"{photo.stem}-{width}x{height}.{('png', 'jpg')[index % 2]}"
                    done = subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", photo, "-vf", f"scale={width}:{height}", path])
                    if done.returncode == 0:
                        images.append(path)
        by_task = {path.stem.split("-")[-1] if "-" in path.stem else "detect": path for path in photos}
        return images, by_task or {"detect": images[18]}

    def photo(self, task):
        return self.photos.get(task) or next(iter(self.photos.values()))

    def find_settings(self):
        """Returns (backend, instruction set) pairs that the machine and the old build have."""
        old, settings = self.comparison.old, []
        for backend in old.values("predict", "--backend") or ["native"]:
            for isa in old.values("predict", "--isa") or [None]:
                if self.arguments.isa and isa not in self.arguments.isa:
                    continue
                arguments = ["predict", "--model", self.checkpoints[0].path, "--source", self.images[0], "--imgsz", 32,
                             *self.flags(backend, isa)]
                tried = old.run(arguments)
                if tried.code != 0:
                    print(f"not here: {backend} {isa}: {tried.errors.decode(errors='replace').strip()}")
                elif self.has(self.comparison.new, arguments):
                    settings.append((backend, isa))
                else:
                    self.comparison.count(("settings", backend, isa), "only the old build has this backend or set",
                                          [list(map(str, arguments))] * 2)
        if not settings:
            raise SystemExit("no instruction set to compare")
        return settings

    @staticmethod
    def has(binary, arguments):
        try:
            return binary.run(arguments).code == 0
        except UnknownName:
            return False

    @staticmethod
    def flags(backend, isa, threads=None):
        return ["--backend", backend, *(["--isa", isa] if isa else []), *(["--threads", threads] if threads else [])]

    # Predictions

    def options(self, rng, checkpoint, is_small):
        """Returns random options of predict."""
        sizes = ("32", "64", "96", "64,160", "33,65") if is_small else \
            (None, None, "64", "96,320", "160", "224", "320", "320", "333", "480,352", "416", "640", "640", "704,96", "1000")
        if checkpoint not in self.shipped and not is_small:
            sizes = (None, "64,352", "160", "224", "320", "384")
        chosen = []

        def maybe(chance, *option):
            if rng.random() < chance:
                chosen.extend(map(str, option))

        size = rng.choice(sizes)
        maybe(1 if size else 0, "--imgsz", size)
        maybe(0.7, "--conf", rng.choice((0.01, 0.01, 0.05, 0.1, 0.25, 0.4, 0.6, 0.9, 1.0)))
        maybe(0.6, "--iou", rng.choice((0.0, 0.1, 0.3, 0.45, 0.6, 0.7, 0.95)))
        maybe(0.25, "--max-det", rng.choice((1, 2, 5, 20, 1000, 30000)))
        count = rng.randint(1, min(5, checkpoint.class_count))
        maybe(0.3, "--classes", ",".join(map(str, rng.sample(range(checkpoint.class_count), count))))
        maybe(0.25, "--agnostic-nms")
        maybe(0.3, "--no-rect")
        maybe(0.4 if checkpoint.task == "segment" else 0.05, "--retina-masks")
        maybe(0.5 if checkpoint.is_dual else 0.02, "--no-nms")
        form = rng.choice(("json", "json", "ndjson", "text"))
        maybe(0.2 if form != "text" else 0, "--normalize")
        return [*chosen, "--format", form]

    def source(self, rng, index, checkpoint):
        """Returns what `--source` is, and the file on standard input."""
        kind = rng.random()
        image = self.photo(checkpoint.task) if kind < 0.2 else self.images[(index * 7 + index // len(self.images))
                                                                           % len(self.images)]
        if kind > 0.92:
            return "-", image
        if kind > 0.84:
            directory = self.inputs / f"directory-{index}"
            directory.mkdir(exist_ok=True)
            for number, path in enumerate(rng.sample(self.images, 4)):
                shutil.copyfile(path, directory / f"{number}-{path.name}")
            return directory, None
        return image, None

    def predict(self):
        native = [setting for setting in self.settings if setting[0] == "native"]
        others = [[setting for setting in self.settings if setting[0] == backend] for backend in ("blas", "reference")]
        for index in range(self.arguments.combinations):
            checkpoint = self.checkpoints[index % len(self.checkpoints)]
            rng = random.Random(f"{self.arguments.seed} {index}")
            source, stdin = self.source(rng, index, checkpoint)
            options = self.options(rng, checkpoint, is_small=False)
            small = self.options(rng, checkpoint, is_small=True)
            runs = [(setting, options, 1 + (index + i) % 2) for i, setting in enumerate(native)]
            for every, settings in zip((3, 5), others):
                if settings and index % every == 0:
                    setting = settings[index // every % len(settings)]
                    runs.append((setting, small if setting[0] == "reference" else options, 1 + index // every % 2))
            for (backend, isa), chosen, threads in runs:
                done = self.comparison.compare(
                    ("predict", backend, isa),
                    ["predict", "--model", checkpoint.path, "--source", source, *chosen, *self.flags(backend, isa, threads)],
                    stdin=stdin)
                self.asked += 1
                if done and done[0].code == 0:
                    self.answered += 1
                    self.results += instances(done[0].output)
            if index % 25 == 24:
                self.say(f"predict: {index + 1} combinations")

    # Tensors

    def trace(self):
        odd = next(path for path in self.images if path.name.startswith("scene-333x500"))
        wide = next(path for path in self.images if path.name.startswith("scene-900x17"))
        for checkpoint in self.checkpoints:
            photo = self.photo(checkpoint.task)
            is_shipped = checkpoint in self.shipped
            full, middle, small = (None, "224", "96") if is_shipped else ("256,320", "128", "64")
            if checkpoint.task == "classify":
                full, middle = None, "160"
            for backend, isa in self.settings:
                for threads in (1, 2):
                    if backend == "reference":
                        plan = [("heads", photo, "64,96", ()), ("all", odd, "64", ())]
                    else:
                        plan = [("input", odd, middle, ()), ("heads", photo, full, ()), ("heads", wide, middle, ("--no-rect",)),
                                ("layers", odd, middle, ()), ("blocks", photo, middle, ()), ("all", odd, small, ())]
                        if checkpoint.is_dual:
                            plan.append(("heads", photo, middle, ("--no-nms",)))
                        if checkpoint.task == "segment":
                            plan.append(("heads", odd, middle, ("--retina-masks", "--conf", "0.1")))
                    for taps, image, size, more in plan:
                        self.comparison.compare(
                            (f"trace {taps}", backend, isa),
                            ["trace", "--model", checkpoint.path, "--source", image, *(["--imgsz", size] if size else []),
                             *self.flags(backend, isa, threads), "--taps", taps, *more, "--no-pictures", "--out", "trace"],
                            clean="trace", files=(".npy",))
            self.say(f"trace: {checkpoint.name}")

    def record(self):
        backend, isa = self.settings[-1] if self.settings[-1][0] == "native" else \
            [setting for setting in self.settings if setting[0] == "native"][-1]
        flags, comparison = self.flags(backend, isa, 1), self.comparison
        for checkpoint in self.checkpoints:
            done = comparison.compare(
                ("record", backend, isa),
                ["record", "--model", checkpoint.path, "--source", self.photo(checkpoint.task), "--taps", "heads",
                 "--imgsz", "160", "--out", "case", *flags], reading="none", clean="case", files=(".npy",))
            if not done or done[0].code or done[1].code:
                continue
            for name, read in (("expected.json", lambda data: without_times(data, "")), ("case.json", own_json)):
                old, new = ((binary.directory / "case" / name) for binary in (comparison.old, comparison.new))
                problem = differing(name, read(old.read_bytes()), read(new.read_bytes())) \
                    if old.exists() and new.exists() else f"{name} is missing"
                comparison.count((f"record {name}", backend, isa), problem, [outcome.command for outcome in done])
            # The same case to both: the old one's.
            case = comparison.old.directory / "case"
            comparison.compare(("verify old case", backend, isa),
                               ["verify", "--model", checkpoint.path, "--reference", case, *flags], reading="none")
        self.say("record")

    # Reports

    def datasets(self):
        """Returns {task: data.yaml, or a classifier's directory} of the test fixtures."""
        found = {path.parent.name: path for path in sorted((ROOT / "Tests" / "Fixtures").rglob("data.yaml"))}
        for path in sorted((ROOT / "Tests" / "Fixtures").rglob("classify")):
            if (path / "val").is_dir():
                found["classify"] = path
        return found

    def val(self):
        datasets = self.datasets()
        native = [setting for setting in self.settings if setting[0] == "native"]
        for checkpoint in self.shipped:
            data = datasets.get(checkpoint.task)
            if not data:
                self.comparison.note("val", f"no dataset for {checkpoint.task} among the fixtures")
                continue
            start = ["val", "--model", checkpoint.path, "--data", data]
            for number, (backend, isa) in enumerate(native):
                flags = self.flags(backend, isa, 1 + number % 2)
                self.comparison.compare(("val", backend, isa), [*start, "--format", "json", *flags], "json")
                self.comparison.compare(("val", backend, isa), [*start, *flags], "words")
                if checkpoint.task != "classify":
                    more = ["--imgsz", "256", "--batch", "3", "--conf", "0.05", "--iou", "0.5", "--max-det", "20"]
                    self.comparison.compare(("val", backend, isa), [*start, *more, "--format", "json", *flags], "json")
        self.say("val")

    def info(self):
        for checkpoint in self.checkpoints:
            start = ["info", "--model", checkpoint.path]
            for backend, isa in self.settings:
                if (backend, isa) != self.settings[0] and backend != "native":
                    continue
                flags = self.flags(backend, isa)
                for size in ([], ["--imgsz", "192,256"]):
                    self.comparison.compare(("info", backend, isa), [*start, *size, *flags, "--format", "json"], "json")
                self.layers(checkpoint, backend, isa, flags)
            self.comparison.compare(("info", "", ""), start, "words")
            for suffix in ("dot", "md"):
                self.graph(checkpoint, suffix, f"info --graph .{suffix}")
        self.say("info")

    def graph(self, checkpoint, suffix, part):
        """Compares a drawing of the network."""
        name, comparison = f"graph.{suffix}", self.comparison
        try:
            old, new = comparison.both(["info", "--model", checkpoint.path, "--graph", name], clean=name)
        except UnknownName as error:
            comparison.note(part, str(error))
            return
        problem = comparison.ending(old, new)
        if old.code == new.code == 0:
            problem = differing(name, *((binary.directory / name).read_bytes() for binary in (comparison.old, comparison.new)))
        comparison.count((part, "", ""), problem, (old.command, new.command))

    def layers(self, checkpoint, backend, isa, flags):
        """Compares the modules, and the steps of the plan apart."""
        comparison = self.comparison
        arguments = ["info", "--model", checkpoint.path, "--layers", "--format", "json", *flags]
        try:
            old, new = comparison.both(arguments)
            answers = [dict(own_json(outcome.output)) for outcome in (old, new)]
        except (UnknownName, ValueError) as error:
            comparison.count(("info --layers", backend, isa), str(error), [list(map(str, arguments))] * 2)
            return
        plans = [answer.pop("steps", None) for answer in answers]
        commands = (old.command, new.command)
        comparison.count(("info --layers", backend, isa), comparison.ending(old, new) or differing(
            "modules", *(sorted(answer.items()) for answer in answers)), commands)
        comparison.count(("info steps", backend, isa), differing_steps(*plans), commands,
                         is_note=not self.arguments.strict_plan)

    def export(self):
        comparison = self.comparison
        for checkpoint in self.checkpoints:
            name = f"{checkpoint.name}.safetensors"
            done = comparison.compare(("export", "", ""), ["export", "--model", checkpoint.path, "--output", name], "words",
                                      clean=name)
            if not done or done[0].code or done[1].code:
                continue
            paths = [binary.directory / name for binary in (comparison.old, comparison.new)]
            old, new = (path.read_bytes() for path in paths)
            problem, commands = None, [outcome.command for outcome in done]
            if old != new and comparison.old.version == comparison.new.version:
                problem = f"{len(old)} → {len(new)} bytes"
            if old != new:
                (left, left_data), (right, right_data) = members(old), members(new)
                problem = "\n".join(filter(None, (problem, differing("header", left, right),
                                                  None if left_data == right_data else "the tensors' bytes differ"))) or None
            comparison.count(("export bytes", "", ""), problem, commands)
            for path in paths:
                comparison.compare(("predict safetensors", "", ""),
                                   ["predict", "--model", path, "--source", self.photo(checkpoint.task), "--format", "json",
                                    "--imgsz", "160"])
                path_in = ["info", "--model", path, "--format", "json"]
                comparison.compare(("info safetensors", "", ""), path_in, "json")
            for path in paths:
                path.unlink()
        self.say("export")

    def diff(self):
        backends = list(dict.fromkeys(backend for backend, _ in self.settings))
        for checkpoint in self.checkpoints:
            source = ["--source", self.photo(checkpoint.task), "--imgsz", "96"]
            for second in backends[1:]:
                for form, reading in (("json", "json"), ("text", "words")):
                    self.comparison.compare(
                        ("diff", f"native {second}", ""),
                        ["diff", "--model", checkpoint.path, *source, "--backend", "native", "--backend", second,
                         "--format", form, "--tolerance", "0.00001", "--threads", "1"], reading)
            answers = []
            for size in ("160", "192"):
                path = self.inputs / f"answer-{size}.json"
                path.write_bytes(self.comparison.old.run(
                    ["predict", "--model", checkpoint.path, "--source", self.photo(checkpoint.task), "--imgsz", size,
                     "--format", "json", "--conf", "0.05"]).output)
                answers.append(path)
            for form, reading in (("json", "json"), ("text", "words")):
                self.comparison.compare(("compare", "", ""), ["compare", *answers, "--format", form], reading)
                self.comparison.compare(("compare", "", ""),
                                        ["compare", *answers, "--format", form, "--tolerance", "1"], reading)
        self.say("diff, compare")

    # Input files

    def decoding(self):
        model = (self.shipped or self.checkpoints)[0]
        for path in sorted(path for path in (ROOT / "Tests").rglob("*") if path.suffix in SUFFIXES):
            self.comparison.compare(
                ("decoding", "native", ""),
                ["trace", "--model", model.path, "--source", path, "--taps", "input", "--imgsz", "64", "--no-pictures",
                 "--out", "trace", "--threads", "1"], clean="trace", files=(".npy",))
        self.say("decoding")

    def make_video(self):
        """Writes a short video of the photos, where ffmpeg is installed, and returns its path."""
        if not shutil.which("ffmpeg"):
            return None
        path, frames = self.inputs / "video.mp4", self.inputs / "frames"
        frames.mkdir(exist_ok=True)
        photos = [photo for photo in self.images if photo.parent != self.inputs] or self.images[13:18]
        for number, photo in enumerate(photos * 2):
            shutil.copyfile(photo, frames / f"{number:03d}{photo.suffix}")
        done = subprocess.run(["ffmpeg", "-v", "error", "-y", "-framerate", "5", "-i", frames / f"%03d{photos[0].suffix}", "-vf",
                               "scale=320:240", "-c:v", "mpeg4", "-q:v", "3", path])
        return path if done.returncode == 0 else None

    def video(self):
        path = self.make_video()
        if not path:
            self.comparison.note("video", "ffmpeg is not installed: no video was compared")
            return
        for checkpoint in self.checkpoints:
            for form in ("json", "ndjson", "text"):
                for more in ([], ["--vid-stride", "3", "--conf", "0.1"]):
                    self.comparison.compare(("video", "native", ""),
                                            ["predict", "--model", checkpoint.path, "--source", path, "--imgsz", "160",
                                             "--threads", "1", "--format", form, *more])
        self.say("video")

    def errors(self):
        model, photo = (self.shipped or self.checkpoints)[0].path, self.photo("detect")
        cut_image, cut_model = self.inputs / "cut.bin", self.inputs / "cut.pt"
        cut_image.write_bytes(photo.read_bytes()[:30000])
        cut_model.write_bytes(model.read_bytes()[:30000])
        flipped = bytearray(model.read_bytes())
        for offset in range(1000, len(flipped), 4099):
            flipped[offset] ^= 0x55
        damaged = self.inputs / "damaged.pt"
        damaged.write_bytes(flipped)
        empty = self.inputs / "empty"
        empty.mkdir()
        predict = ["predict", "--model", model, "--source", photo]
        cases = [
            ["predict", "--model", "missing.pt"], ["predict", "--model", photo, "--source", photo],
            ["predict", "--model", cut_model, "--source", photo], ["predict", "--model", damaged, "--source", photo],
            ["predict", "--model", model, "--source", "missing.jpg"], ["predict", "--model", model, "--source", model],
            ["predict", "--model", model, "--source", cut_image], ["predict", "--model", model, "--source", empty],
            ["predict", "--model", self.inputs, "--source", photo],
            *([*predict, *option] for option in (
                ["--conf", "0"], ["--conf", "3"], ["--conf", "nan"], ["--iou", "-1"], ["--iou", "2"], ["--imgsz", "0"],
                ["--imgsz", "7"], ["--imgsz", "100000"], ["--imgsz", "1,2,3"], ["--imgsz", "x"], ["--max-det", "0"],
                ["--max-det", "30001"], ["--classes", "99999"], ["--classes", "-1"], ["--classes", "a"], ["--threads", "0"],
                ["--threads", "9999"], ["--isa", "sse9"], ["--backend", "none"], ["--format", "xml"], ["--no-nms"],
                ["--vid-stride", "0"], ["--save", "/proc/nowhere"])),
            ["val", "--model", model, "--data", "missing.yaml"], ["val", "--model", model, "--data", photo],
            ["trace", "--model", model, "--source", photo, "--taps", "nonsense", "--out", "trace"],
            ["trace", "--model", model, "--source", photo, "--taps", "heads", "--out", "/proc/nowhere"],
            ["export", "--model", model, "--output", "/proc/nowhere/x.safetensors"],
            ["info", "--model", cut_model], ["info", "--model", model, "--graph", "graph.gif"],
            ["verify", "--model", model, "--reference", "missing"], ["compare", photo, photo],
        ]
        for case in cases:
            self.comparison.compare(("errors", "", ""), case)
        for case in (["nonsense"], ["predict", "--nonsense"], ["predict", "--conf"], ["benchmark", "--runs", "0"]):
            row = ("errors", "", "")
            old, new = (binary.run(case, is_exact=True) for binary in (self.comparison.old, self.comparison.new))
            self.comparison.count(row, self.comparison.ending(old, new), (old.command, new.command))
        for checkpoint in self.checkpoints:
            if not checkpoint.is_dual:
                self.comparison.compare(("errors", "", ""), ["predict", "--model", checkpoint.path, "--source", photo, "--no-nms"])
        self.say("errors")

    # Drawings

    def drawings(self):
        datasets, compare = self.datasets(), self.comparison.compare
        for checkpoint in self.checkpoints:
            photo, model = self.photo(checkpoint.task), ["--model", checkpoint.path]
            compare(("drawings predict", "", ""), ["predict", *model, "--source", photo, "--save", "saved", "--threads", "1"],
                    clean="saved", files=())
            compare(("drawings trace", "", ""),
                    ["trace", *model, "--source", photo, "--taps", "heads", "--imgsz", "160", "--out", "trace", "--threads", "1"],
                    clean="trace", files=(".png", ".jpg", ".svg"))
            self.graph(checkpoint, "svg", "drawings graph")
            if checkpoint in self.shipped and checkpoint.task in datasets:
                compare(("drawings val", "", ""),
                        ["val", *model, "--data", datasets[checkpoint.task], "--save", "saved", "--threads", "1"], "none",
                        clean="saved", files=())
        self.say("drawings")

    # Report

    def say(self, text):
        found = len(self.comparison.differences)
        print(f"{time.strftime('%H:%M:%S')} {text}; {found} differences so far", file=sys.stderr, flush=True)

    def run(self):
        comparison, start = self.comparison, time.monotonic()
        parts = list(self.arguments.only) + (["drawings"] if self.arguments.drawings and "drawings" not in self.arguments.only
                                             else [])
        print(f"old {comparison.old.path} ({comparison.old.version})\nnew {comparison.new.path} ({comparison.new.version})\n"
              f"{len(self.checkpoints)} checkpoints, {len(self.images)} images, seed {self.arguments.seed}, "
              f"{self.arguments.combinations} combinations; {', '.join(' '.join(filter(None, s)) for s in self.settings)}\n",
              flush=True)
        for part in parts:
            getattr(self, part)()
        print("| part | backend | instruction set | comparisons | files | differences |\n|---|---|---|---:|---:|---:|")
        for (part, backend, isa), (count, files, differences) in comparison.rows.items():
            print(f"| {part} | {backend or ''} | {isa or ''} | {count} | {files or ''} | {differences} |")
        total = [sum(column) for column in zip(*comparison.rows.values())] or [0, 0, 0]
        print(f"| all | | | {total[0]} | {total[1]} | {total[2]} |")
        if "predict" in parts:
            print(f"\n{self.answered} of {self.asked} predictions succeeded in old, with {self.results} results in all.")
        for title, notes in comparison.notes.items():
            kinds = list(dict.fromkeys(notes))
            print(f"\nNote: {title}: {len(notes)} times, {len(kinds)} different; the first:")
            for text in kinds[:3]:
                print("    " + text.replace("\n", "\n    "))
        hidden = len(comparison.differences) - self.arguments.list
        if hidden > 0:
            print(f"\n{hidden} differences were not printed; --list {len(comparison.differences)} prints all.")
        print(f"\n{total[0]} comparisons, {total[2]} differences, {time.monotonic() - start:.0f} s")
        return 1 if total[2] or not total[0] else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0], epilog="See the head of this file.")
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--models", type=Path, default=ROOT / "Weights", help="a directory of checkpoints and images")
    parser.add_argument("--checkpoints", type=Path, nargs="*", default=[], help="further checkpoints")
    parser.add_argument("--combinations", type=int, default=150, help="of predict")
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument("--only", nargs="*", choices=(*PARTS, "drawings"), default=PARTS)
    parser.add_argument("--isa", nargs="*", help="instruction sets; all that the machine has if not given")
    parser.add_argument("--list", type=int, default=5, help="differences that are printed in full")
    parser.add_argument("--drawings", action="store_true", help="also compare drawn images and plots")
    parser.add_argument("--strict-plan", action="store_true", help="other steps of a plan are differences")
    parser.add_argument("--keep", type=Path, help="a directory to work in, which is kept")
    arguments = parser.parse_args()
    if arguments.keep:
        arguments.keep.mkdir(parents=True)
        return Suite(arguments, arguments.keep.resolve()).run()
    with tempfile.TemporaryDirectory(prefix="compare-binaries-") as directory:
        return Suite(arguments, Path(directory)).run()


if __name__ == "__main__":
    sys.exit(main())
