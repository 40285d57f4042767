"""A project of two small tables, its nights, and what has to hold of an out folder after any fault."""

import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

PROJECT = """version: 1
name: Orders
outputs: { keep_runs: 2 }
"""
ORDERS = """version: 1
table: orders
source: { files: "orders.csv" }
key: [order_ref]
columns:
  order_ref: { type: string, not_null: error }
  ordered_on: { type: date, formats: ["%Y-%m-%d"], not_null: error }
rules:
  - id: orders.order_ref.once
    check: { unique: { columns: [order_ref] } }
    severity: warn
    dimension: uniqueness
    on_fail: keep
    why: An order is written once.
"""
LINES = """version: 1
table: lines
source: { files: "lines.csv" }
key: [line_ref]
columns:
  line_ref: { type: string, not_null: error }
  order_ref: { type: string, not_null: error }
  pieces: { type: integer, not_null: error }
"""
AGGREGATE = """WITH counted AS (SELECT order_ref, count(*) AS n FROM lines GROUP BY order_ref)
SELECT
  'all' AS period,
  'lines' AS population,
  order_ref AS category,
  row_number() OVER (ORDER BY order_ref) AS sort,
  n AS count,
  CAST(10 AS BIGINT) AS base,
  CAST(n AS DOUBLE) / 10 AS share
FROM counted
ORDER BY order_ref
"""
# The nights: before, old, new, and one more. The third removes the first, which the policy does not keep.
NIGHTS = ["2020-06-01", "2020-06-02", "2020-06-03", "2020-06-04"]
ENVIRONMENT = {"PATH": os.environ.get("PATH", "/usr/bin:/bin")}


class Broken(Exception):
    """Something does not hold."""


def expect(holds, what):
    if not holds:
        raise Broken(what)


class Project:
    """The project in a folder of its own, and its nights."""

    def __init__(self, binary, folder):
        self.binary = str(pathlib.Path(binary).resolve())
        self.folder = pathlib.Path(folder)
        for path, text in {
            "rules/project.yaml": PROJECT,
            "rules/tables/orders.yaml": ORDERS,
            "rules/tables/lines.yaml": LINES,
            "sql/aggregates/by_order.sql": AGGREGATE,
        }.items():
            self.write(path, text)
        for at, night in enumerate(NIGHTS):
            orders = [f"O{n},2020-05-{n + 1:02}\n" for n in range(5 + at)]
            lines = [f"L{n},O{n % 5},{n * (at + 1)}\n" for n in range(10)]
            self.write(f"nights/{night}/orders.csv", "order_ref,ordered_on\n" + "".join(orders))
            self.write(f"nights/{night}/lines.csv", "line_ref,order_ref,pieces\n" + "".join(lines))

    def write(self, path, text):
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)

    def command(self, night, out, *more):
        return [
            *(self.binary, "run", "--project", str(self.folder)),
            *("--delivery", str(self.folder / "nights" / night), "--as-of", night),
            *("--out", str(out), "--threads", "1", "--format", "json", *more),
        ]

    def run(self, night, out, *more):
        return spoken(self.command(night, out, *more))

    def verify(self, out, *more):
        return spoken([self.binary, "verify", "--out", str(out), "--all", *more])


def spoken(command, **more):
    return subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, check=False, **more)


def current(out):
    try:
        return os.readlink(pathlib.Path(out) / "current")
    except FileNotFoundError:
        return None


def tree(out):
    """Every path below a folder with the hash of a file, the target of a link; the lock is no output."""
    found = {}
    out = pathlib.Path(out)
    for folder, folders, files in os.walk(out):
        for name in folders + files:
            path = pathlib.Path(folder) / name
            inside = str(path.relative_to(out))
            if path.is_symlink():
                found[inside] = "-> " + os.readlink(path)
            elif path.is_dir():
                found[inside] = "folder"
            elif name != ".lock":
                found[inside] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


class Stage:
    """The out folder before the faults, what a run that is left alone makes of it, and a place for each trial."""

    def __init__(self, project, place):
        self.project = project
        self.place = pathlib.Path(place)
        self.before = self.place / "before"
        undisturbed = self.place / "undisturbed"
        for night in NIGHTS[:2]:
            run = project.run(night, self.before)
            expect(run.returncode == 0, f"night {night}: {run.stderr}")
        self.old = current(self.before)
        shutil.copytree(self.before, undisturbed, symlinks=True)
        run = project.run(NIGHTS[2], undisturbed)
        expect(run.returncode == 0, f"night {NIGHTS[2]}: {run.stderr}")
        self.new = current(undisturbed)
        self.wanted = tree(undisturbed)
        expect(self.old != self.new, "the nights are one run")
        expect(any(p.startswith("history/") for p in self.wanted), "nothing was removed by policy")
        self.out = self.place / "out"

    def renew(self):
        shutil.rmtree(self.out, ignore_errors=True)
        shutil.copytree(self.before, self.out, symlinks=True)
        return self.out

    def check(self, out=None):
        """What holds after a fault: a whole run, old or new; then a run that is left alone makes all as it should be."""
        out = out or self.out
        names = current(out)
        expect(names in (self.old, self.new), f"`current` names {names}")
        verified = self.project.verify(out)
        expect(verified.returncode == 0, f"verify: {verified.stdout}{verified.stderr}")
        again = self.project.run(NIGHTS[2], out)
        expect(again.returncode == 0, f"the run after it: {again.returncode} {again.stderr}")
        found = tree(out)
        differs = sorted(p for p in found.keys() | self.wanted.keys() if found.get(p) != self.wanted.get(p))
        expect(not differs, f"the run after it differs from an undisturbed one: {differs[:5]}")
        return "new" if names == self.new else "old"


def last_event(stderr):
    lines = [line for line in stderr.splitlines() if line.startswith("{")]
    return json.loads(lines[-1]) if lines else {}


def needs(program, package):
    if not shutil.which(program):
        sys.exit(f"`{program}` is missing, which these tests cannot do without: install {package} and run again")


def folder(parent=None):
    return tempfile.TemporaryDirectory(prefix="trueup-faults-", dir=parent)


