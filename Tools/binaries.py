"""What compare_binaries.py and alternate.py know of the `yolo` command: how its flags are named in an older and a newer
build, how to run one, and which bytes of its output are times. Python's standard library only.

Arguments are written with the names of the old command (commit 9375a7a). Where a binary's own help does not list such
a name, the names of the tables below are tried in turn; so both binaries may be of any age.
"""
import json
import os
import re
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

# Flag of the old command: its names in newer ones.
FLAGS = {
    "--no-pictures": ("--no-images", "--no-drawings"),
    "--reference": ("--golden", "--golden-cases", "--cases"),
}
# Value of a flag of the old command: its names in newer ones.
VALUES = {
    ("--backend", "reference"): ("oracle",),
    ("--taps", "heads"): ("head",),
}
# Key of the JSON that is our own (info, val, diff, compare, verify, record, benchmark): its names in newer builds. The
# answer of predict is not looked at through this table.
KEYS = {
    "picture": ("image",),
    "pictures": ("images",),
    "licence": ("license",),
    "field": ("receptiveField",),
    "multiplications": ("macs", "multiplyAccumulates"),
    "share": ("fraction",),
    "greatest": ("maximum", "max"),
    "worst": ("maximum", "max"),
    "outlineOverlap": ("outlineIoU", "maskIoU", "outlineIntersectionOverUnion"),
    "activationBytes": ("arenaBytes",),
    "reference": ("golden", "goldenCase"),
}
# The same for words, in tables that are printed as text and in the texts of such JSON.
WORDS = {"picture": "image", "pictures": "images", "licence": "license", "reference": "oracle"}

_CANONICAL = {name: names[0] for old, names in KEYS.items() for name in (old, *names)}
_UNSTEADY = ("speed", "milliseconds", "seconds", "yolo", "swift-yolo")  # keys of times and of the build's version
_TIMES = re.compile(rb'("speed":\{)([^{}]*)(\})')
_NUMBER = re.compile(rb"-?\d+(\.\d+)?([eE][-+]?\d+)?")
_MILLISECONDS = re.compile(rb"\d+(\.\d+)? ms\b")


class UnknownName(Exception):
    """A binary's help lists neither the old name of a flag or value nor one of the newer ones."""


@dataclass
class Outcome:
    """What a run left behind."""

    command: list
    code: int
    output: bytes
    errors: bytes
    seconds: float = field(default=0, compare=False)

    @property
    def shape(self):
        """The kind of ending, without its words: `crash`, `usage`, `error`, `warning` or `silent`."""
        first = self.errors.lstrip()
        if self.code < 0 or b"Fatal error" in first:
            return "crash"
        if self.code == 0:
            return "warning" if first else "silent"
        return "usage" if first.startswith(b"Error:") else "error" if first.startswith(b"error:") else "silent"


class Binary:
    """One build of the command. Its runs have a working directory of their own, so that relative paths of what they write
    do not differ from those of the other build."""

    def __init__(self, path, directory):
        self.path = Path(path).resolve()
        if not os.access(self.path, os.X_OK):
            raise SystemExit(f"{path} is no program")
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self._help = {}
        self.version = self.run(["--version"]).output.decode().strip()

    def help(self, command):
        if command not in self._help:
            done = subprocess.run([self.path, "help", command], capture_output=True, text=True)
            # Of the list of options: what precedes speaks of other commands' flags.
            self._help[command] = done.stdout[max(0, done.stdout.find("\nUSAGE:")):]
        return self._help[command]

    def flags(self, command):
        return set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]*", self.help(command)))

    def values(self, command, flag):
        """The values that the help lists for a flag, an empty list where it lists none."""
        text = self.help(command)
        start = re.search(rf"^  {flag}\b.*$", text, re.MULTILINE)
        if not start:
            return []
        end = re.compile(r"^  -", re.MULTILINE).search(text, start.end())
        entry = " ".join(text[start.start():end.start() if end else len(text)].split())
        listed = re.search(r"\(values: ([^;)]*)", entry)
        return [value.strip() for value in listed.group(1).split(",")] if listed else []

    def translated(self, command, arguments):
        """Returns the arguments with the names that this build knows. Throws UnknownName."""
        known, result, flag = self.flags(command), [], None
        for argument in map(str, arguments):
            if argument.startswith("--"):
                names = [name for name in (argument, *FLAGS.get(argument, ())) if name in known]
                if not names:
                    raise UnknownName(f"{command} has no {argument}")
                flag = argument
                result.append(names[0])
                continue
            listed = self.values(command, result[-1]) if (flag, argument) in VALUES and result else []
            if (flag, argument) in VALUES and not listed:
                entry = self.help(command)
                listed = [name for name in (argument, *VALUES[flag, argument]) if re.search(rf"\b{name}\b", entry)]
            if listed and argument not in listed:
                names = [name for name in VALUES[flag, argument] if name in listed]
                if not names:
                    raise UnknownName(f"{command} {flag} has no value {argument}")
                argument = names[0]
            result.append(argument)
            flag = None
        return result

    def command(self, arguments, is_exact=False):
        """Returns the whole command line of `[COMMAND, ARGUMENT...]`."""
        name, *rest = map(str, arguments)
        return [str(self.path), name, *(rest if is_exact or name.startswith("-") else self.translated(name, rest))]

    def run(self, arguments, stdin=None, is_exact=False, timeout=600):
        """Runs `[COMMAND, ARGUMENT...]`; `stdin` is the path of a file, `is_exact` leaves the names as they are."""
        command = self.command(arguments, is_exact)
        with open(stdin or os.devnull, "rb") as file:
            start = time.perf_counter()
            done = subprocess.run(command, stdin=file, capture_output=True, cwd=self.directory, timeout=timeout)
            return Outcome(command, done.returncode, done.stdout, done.stderr, time.perf_counter() - start)


def without_times(output, version):
    """Returns output with its times and the build's version replaced: the numbers within `"speed":{…}` and before `ms`,
    and the value of `"yolo":` in `"version"`."""
    output = _TIMES.sub(lambda match: match[1] + _NUMBER.sub(b'"#"', match[2]) + match[3], output)
    output = _MILLISECONDS.sub(b"# ms", output)
    return output.replace(f'"version":{{"yolo":"{version}"}}'.encode(), b'"version":{"yolo":"#"}')


def own_json(output):
    """Returns JSON of our own as nested pairs, with its keys by their new names, numbers as they are written, times and
    versions replaced. Throws ValueError."""
    def pairs(members):
        return [(_CANONICAL.get(key, key), value) for key, value in members]

    def scrub(value):
        if isinstance(value, list) and value and all(isinstance(item, tuple) for item in value):
            return [(key, "#" if key in _UNSTEADY else scrub(item)) for key, item in value]
        if isinstance(value, list):
            return [scrub(item) for item in value]
        return _renamed(value) if isinstance(value, str) else value

    return scrub(json.loads(output, object_pairs_hook=pairs, parse_float=str, parse_int=str))


def own_words(output):
    """Returns the words of a printed table by their new names, with times replaced."""
    text = _MILLISECONDS.sub(b"# ms", output).decode(errors="replace")
    return _renamed(text).split()


def _renamed(text):
    return re.sub(r"[A-Za-z]+", lambda match: WORDS.get(match[0], match[0]), text)


def numbers(words):
    return [word for word in words if re.search(r"\d", word)]
