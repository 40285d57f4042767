#!/usr/bin/env python3
"""Reads every file of a public set of hard or broken files, and holds what can be read against another reader.

    python tests/readers/torture.py path/to/trueup FOLDER...

A file is right when its clean cells are those that pyarrow, or the JSON beside a CSV, says; it is refused when the run ends
with 3 and says why. Neither may take a signal, two minutes or a gigabyte. The sets are not part of this repository:
github.com/apache/parquet-testing (data, bad_data) and github.com/maxogden/csv-spectrum (csvs, with json beside).

The last line is `N right, N refused, N failed`. Exit code 1 when something failed or nothing was read.
"""

import datetime
import decimal
import json
import pathlib
import re
import resource
import subprocess
import sys
import tempfile

import pyarrow
import pyarrow.parquet

SECONDS = 120
MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d")
BYTES = 1 << 30


def quoted(text):
    return json.dumps(text)


def project(folder, file, names):
    """A project of one table that takes every column as text; a column is found by its alias."""
    rules = folder / "rules" / "tables"
    rules.mkdir(parents=True)
    (folder / "rules" / "project.yaml").write_text(
        "version: 1\nname: Torture\ndelivery: { path: delivery, as_of: 2026-01-01 }\ngates: { max_rejects: 1000000 }\n"
        "limits: { compression_ratio: 100000 }\n"
    )
    columns = "".join(
        f"  t_{nth}: {{ type: string, clean: [], aliases: [{quoted(name)}] }}\n" for nth, name in enumerate(names)
    )
    (rules / "t.yaml").write_text(
        f"version: 1\ntable: t\nsource: {{ files: {quoted(file.name)} }}\nkey: [t_0]\ncolumns:\n{columns}"
    )
    (folder / "delivery").mkdir()
    (folder / "delivery" / file.name).write_bytes(file.read_bytes())


def run(trueup, folder):
    def limit():
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    command = ["/usr/bin/time", "-f", "%M", "-o", str(folder / "memory"), str(trueup), "run", "--project", str(folder), "--out", str(folder / "out")]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, preexec_fn=limit)
    except subprocess.TimeoutExpired:
        return None, "it took too long", 0
    memory = int((folder / "memory").read_text().split()[-1]) * 1024
    return done.returncode, done.stdout + done.stderr, memory


def same(text, value):
    """Whether a clean cell says what another reader read."""
    if value is None or value == "" or value == b"":
        return text in (None, "")
    if isinstance(value, (list, dict, tuple)):
        return bool(text)
    if text is None:
        # Bytes that are no text, and years that no calendar has, are told of as errors.
        return isinstance(value, bytes) or isinstance(value, str) and value.startswith("<value out of range")
    if isinstance(value, bool):
        return text == str(value).lower()
    if isinstance(value, float):
        read = float(text.replace("inf", "inf"))
        return read == value or read != read and value != value or abs(read - value) <= 1e-6 * abs(value)
    if isinstance(value, (int, decimal.Decimal)):
        return decimal.Decimal(text) == value
    if isinstance(value, bytes):
        # Bytes of a fixed length are told in hexadecimal.
        return text.encode() == value or text == value.hex()
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time, datetime.timedelta)):
        return text[:10] == str(value)[:10] or isinstance(value, (datetime.time, datetime.timedelta))
    # Of moments the day: how a time is written is another matter.
    return text == str(value) or MOMENT.match(str(value)) is not None and text[:10] == str(value)[:10]


def columns_of(file):
    """Names and values of the columns as another reader has them; `None` where it has none."""
    if file.suffix == ".csv":
        beside = file.parent.parent / "json" / f"{file.stem}.json"
        rows = json.loads(beside.read_text())
        names = list(rows[0]) if rows else []
        return names, [[row.get(name) for row in rows] for name in names]
    # In nanoseconds, which is what it takes INT96 for, years before 1678 and after 2262 would be others.
    table = pyarrow.parquet.read_table(file, coerce_int96_timestamp_unit="us")
    moments = [pyarrow.types.is_timestamp(column.type) for column in table.columns]
    values = [column.cast(pyarrow.string()) if is_moment else column for column, is_moment in zip(table.columns, moments)]
    return table.column_names, [column.to_pylist() for column in values]


def look(trueup, file):
    try:
        names, columns = columns_of(file)
    except Exception as error:  # Whatever the other reader cannot read.
        names, columns = ["a"], None
        other = type(error).__name__
    else:
        other = None
    if not names or len(set(names)) < len(names):
        return "refused", "no columns that can be told apart"
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        project(folder, file, names)
        code, said, memory = run(trueup, folder)
        if code not in (0, 1, 3) or memory > BYTES:
            return "failed", f"exit code {code}, {memory} bytes: {said[-300:]}"
        if code == 3:
            why = next((line for line in said.splitlines() if "cannot be read" in line or line.startswith("error")), said)
            good = columns is not None and "bad" not in str(file)
            return "refused", f"{'(the other reader reads it) ' if good else ''}{why[:200]}"
        if code == 1:
            return "failed", said[-300:]
        if columns is None:
            return "failed", f"it was read, and the other reader says {other}"
        clean = pyarrow.parquet.read_table(folder / "out" / "current" / "clean" / "t.parquet")
        for nth, (name, values) in enumerate(zip(names, columns)):
            ours = clean.column(f"t_{nth}").to_pylist()
            if len(ours) != len(values):
                return "failed", f"{len(ours)} rows instead of {len(values)}"
            for row, (text, value) in enumerate(zip(ours, values)):
                if not same(text, value):
                    return "failed", f"column {name} row {row}: {text!r} instead of {value!r}"
        return "right", f"{clean.num_rows} rows"


def main():
    trueup = pathlib.Path(sys.argv[1]).resolve()
    counts = {"right": 0, "refused": 0, "failed": 0}
    for folder in map(pathlib.Path, sys.argv[2:]):
        for file in sorted(folder.rglob("*")):
            beside = file.parent.parent / "json" / f"{file.stem}.json"
            if file.suffix != ".parquet" and not (file.suffix == ".csv" and beside.exists()):
                continue
            verdict, why = look(trueup, file)
            counts[verdict] += 1
            print(f"{verdict:8}{file}: {why}", flush=True)
    print(", ".join(f"{count} {verdict}" for verdict, count in counts.items()))
    sys.exit(1 if counts["failed"] or not sum(counts.values()) else 0)


if __name__ == "__main__":
    main()
