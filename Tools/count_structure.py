"""Counts the structure of the Swift sources, of a commit and of the work tree, as a Markdown table before → after.

    python3 Tools/count_structure.py [--base 9375a7a] [--head COMMIT] [--tests]

A row a module (a target of Package.swift, wherever its path lies), then all of Sources; with --tests also the targets
below Tests. Modules that only one side has show – on the other. Counted are the .swift files that belong to a target, no
symbolic links (the kernels of a wider instruction set are links to the baseline's):
  files, median    how many, and the median of their lines (blank lines and comments count)
  ≤ 20             files of 20 lines and less
  lines            lines in all
  public, package  declarations: lines that begin with attributes and modifiers among which is `public` or `open`, or
                   `package`; not `public import`, not lines of multi-line strings. A public extension counts once, and what
                   it declares only where that says public itself.
Python's standard library, git, and `swift package dump-package`, which asks the manifest where targets lie.
"""
import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SHORT = 20
MODIFIERS = ("nonisolated", "isolated", "static", "class", "final", "indirect", "override", "required", "convenience", "mutating",
             "nonmutating", "lazy", "weak", "unowned", "dynamic", "optional", "prefix", "postfix", "infix", "borrowing",
             "consuming", "distributed")
DECLARATION = re.compile(
    r"^\s*(?:@\w+(?:\([^)]*\))?\s+)*"
    rf"(?:(?:{'|'.join(MODIFIERS)})(?:\(\w+\))?\s+)*"
    r"(public|open|package)\s+(?!import\b)(?=[@a-z])")


@dataclass
class Tally:
    """What was counted of some files."""

    lengths: list = field(default_factory=list)
    public: int = 0
    package: int = 0

    def add(self, text):
        lines = text.splitlines()
        self.lengths.append(len(lines))
        is_string = False
        for line in lines:
            match = None if is_string else DECLARATION.match(line)
            if match and match[1] == "package":
                self.package += 1
            elif match:
                self.public += 1
            is_string ^= line.count('"""') % 2 == 1

    def merge(self, other):
        self.lengths += other.lengths
        self.public += other.public
        self.package += other.package

    @property
    def figures(self):
        """Files, median lines, short files, lines, public and package declarations."""
        if not self.lengths:
            return None
        short = sum(length <= SHORT for length in self.lengths)
        return (len(self.lengths), statistics.median_low(self.lengths), short, sum(self.lengths), self.public, self.package)


def git(*arguments):
    done = subprocess.run(["git", "-C", ROOT, *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"git {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


class Tree:
    """The files of a commit, or of the work tree where the commit is None."""

    def __init__(self, commit):
        self.commit = commit
        if commit:  # MODE TYPE HASH, a tab, NAME
            entries = (entry.split("\t", 1) for entry in git("ls-tree", "-r", "-z", commit).split("\0") if entry)
            names = {name for kind, name in entries if kind.startswith("100")}
        else:
            listed = git("ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
            names = {name for name in listed if (ROOT / name).is_file() and not (ROOT / name).is_symlink()}
        self.names = sorted(names)

    def texts(self, names):
        """Returns {name: text}, of a commit by one process."""
        if not self.commit:
            return {name: (ROOT / name).read_text(errors="replace") for name in names}
        request = "".join(f"{self.commit}:{name}\n" for name in names)
        done = subprocess.run(["git", "-C", ROOT, "cat-file", "--batch"], input=request.encode(), capture_output=True, check=True)
        data, texts = done.stdout, {}
        for name in names:
            head, _, data = data.partition(b"\n")
            size = int(head.split()[-1])
            texts[name], data = data[:size].decode(errors="replace"), data[size + 1:]
        return texts

    def targets(self):
        """Returns {path of a target: (name, whether it belongs to the tests)}."""
        with tempfile.TemporaryDirectory() as directory:
            for name in self.names:
                if re.fullmatch(r"Package(@swift-[\d.]+)?\.swift", name):
                    (Path(directory) / name).write_text(self.texts([name])[name])
            done = subprocess.run(["swift", "package", "--package-path", directory, "dump-package"], capture_output=True,
                                  env={**os.environ, "TERM": "dumb"})
            if done.returncode != 0:
                raise SystemExit(f"swift package dump-package: {done.stderr.decode(errors='replace').strip()[-800:]}")
            targets = json.loads(done.stdout)["targets"]
        paths = {}
        for target in targets:
            is_test = target["type"] == "test"
            path = target.get("path") or f"{'Tests' if is_test else 'Sources'}/{target['name']}"
            paths[path.strip("/")] = (target["name"], is_test or path.startswith("Tests"))
        return paths

    def tallies(self):
        """Returns {(whether it is of the tests, module): Tally}."""
        targets, files = self.targets(), {}
        for name in self.names:
            if not name.endswith(".swift"):
                continue
            parents = [str(parent) for parent in Path(name).parents]
            owner = next((targets[parent] for parent in parents if parent in targets), None)
            if owner:
                files[name] = owner
        texts, tallies = self.texts(list(files)), {}
        for name, (module, is_test) in files.items():
            tallies.setdefault((is_test, module), Tally()).add(texts[name])
        return tallies


def changed(before, after):
    """One cell a figure."""
    columns = []
    for index in range(6):
        pair = [str(side[index]) if side else "–" for side in (before, after)]
        columns.append(pair[0] if pair[0] == pair[1] else " → ".join(pair))
    return " | ".join(columns)


def total(tallies, is_test):
    result = Tally()
    for (test, _), tally in tallies.items():
        if test == is_test:
            result.merge(tally)
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0], epilog="See the head of this file.")
    parser.add_argument("--base", default="9375a7a", help="the commit before")
    parser.add_argument("--head", help="the commit after; the work tree if not given")
    parser.add_argument("--tests", action="store_true", help="also the targets below Tests, one by one")
    arguments = parser.parse_args()
    before, after = Tree(arguments.base).tallies(), Tree(arguments.head).tallies()

    print(f"{arguments.base} → {arguments.head or 'work tree'}\n")
    print(f"| module | files | median lines | files of ≤ {SHORT} lines | lines | public | package |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    empty = Tally()
    for is_test in (False, True):
        for module in sorted({name for test, name in (*before, *after) if test == is_test}):
            if not is_test or arguments.tests:
                sides = [tallies.get((is_test, module), empty).figures for tallies in (before, after)]
                print(f"| {module} | {changed(*sides)} |")
        modules = [sum(test == is_test for test, _ in tallies) for tallies in (before, after)]
        title = f"{'Tests' if is_test else 'Sources'}, {' → '.join(map(str, dict.fromkeys(modules)))} modules"
        print(f"| **{title}** | {changed(*(total(tallies, is_test).figures for tallies in (before, after)))} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
