#!/usr/bin/env python3
"""Opens every Parquet file of a run with DuckDB, Polars and pyarrow, and says where they do not agree.

    python tests/readers/check.py out/current [--project DIR]

A run is read by others than the program that wrote it. This checks what they rely on: the three see the same columns,
types and rows; the types are those that BI tools keep (no view, dictionary, nested, nanosecond or INT96 type); clean
tables carry statistics and have their columns in the declared order; a CSV has the rows of its Parquet twin.

The last line is `N passed, N failed`. Exit code 1 when something failed or nothing was checked.
"""

import argparse
import csv
import datetime
import decimal
import json
import pathlib
import re
import sys

import duckdb
import polars
import pyarrow
import pyarrow.compute
import pyarrow.parquet
import yaml

PROVENANCE = ["_delivery", "_file", "_sheet", "_row", "_line"]
NUMBERS = {"sort": pyarrow.int64(), "count": pyarrow.int64(), "base": pyarrow.int64(), "share": pyarrow.float64()}
TEXTS = {"period": pyarrow.string(), "population": pyarrow.string(), "category": pyarrow.string()}
AGGREGATE = TEXTS | NUMBERS


def both(name):
    """The columns of the current and of the previous year."""
    return [f"{name}_current", f"{name}_previous"]


# Two years side by side: the one file among the aggregates with columns of its own.
YEAR_ON_YEAR = (
    dict.fromkeys(["comparison", "table", "level", "category"], pyarrow.string())
    | {"sort": pyarrow.int64()}
    | dict.fromkeys(both("period") + both("population") + both("coverage") + both("codes"), pyarrow.string())
    | dict.fromkeys(["current", "previous", "current_matched", "previous_matched"], pyarrow.int64())
    | dict.fromkeys(["presence"] + both("absence"), pyarrow.string())
    | dict.fromkeys(both("share") + [f"{share}_recorded" for share in both("share")], pyarrow.float64())
    | {"change": pyarrow.int64(), "change_percent": pyarrow.float64()}
    | dict.fromkeys(["verdict", "reason"] + both("stated_at"), pyarrow.string())
)

# Control characters but tabs and line breaks, and what turns the direction of writing.
ACTING = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")

UTC_MICROSECONDS = pyarrow.timestamp("us", tz="UTC")
DECLARED = {
    "string": pyarrow.string(),
    "integer": pyarrow.int64(),
    "decimal": pyarrow.decimal128(18, 4),
    "date": pyarrow.date32(),
    "timestamp": UTC_MICROSECONDS,
    "boolean": pyarrow.bool_(),
}
PLAIN = {
    pyarrow.string(),
    pyarrow.date32(),
    UTC_MICROSECONDS,
    pyarrow.int32(),
    pyarrow.int64(),
    pyarrow.float64(),
    pyarrow.bool_(),
}
# How a plain type stands in the file, whatever a reader makes of it: physical type, logical type.
IN_THE_FILE = {
    ("BYTE_ARRAY", "String"),
    ("INT32", "Date"),
    ("INT32", "None"),
    ("INT64", "None"),
    ("DOUBLE", "None"),
    ("BOOLEAN", "None"),
    ("INT32", "Decimal"),
    ("INT64", "Decimal"),
    ("FIXED_LEN_BYTE_ARRAY", "Decimal"),
}


class Checks:
    """Counts checks and prints those that failed."""

    def __init__(self):
        self.passed = 0
        self.failed = 0

    def check(self, subject, what, wrong):
        """`wrong` lists what is wrong; empty is a pass."""
        wrong = list(wrong)
        if not wrong:
            self.passed += 1
            return
        self.failed += 1
        print(f"FAILED {subject}: {what}")
        for line in wrong[:5]:
            print(f"    {line}")
        if len(wrong) > 5:
            print(f"    and {len(wrong) - 5} more")

    def end(self):
        print(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed or not self.passed else 0


def main():
    parser = argparse.ArgumentParser(description="Reads a run with DuckDB, Polars and pyarrow")
    parser.add_argument("run", type=pathlib.Path, help="folder of a run, such as out/current")
    root = pathlib.Path(__file__).resolve().parents[2]
    parser.add_argument("--project", type=pathlib.Path, default=root, help="folder of the project (default: this one)")
    arguments = parser.parse_args()

    checks = Checks()
    run = arguments.run.resolve()
    declared = declared_tables(arguments.project)
    manifest = read_manifest(run)
    files = sorted(run.rglob("*.parquet"))
    names = [str(path.relative_to(run)) for path in files]

    print(f"{len(files)} Parquet files in {run.name}")
    checks.check("run", "holds Parquet files", [] if files else [f"none in {run}"])
    listed = sorted(path for path in manifest if path.endswith(".parquet"))
    checks.check("run", "the manifest lists every Parquet file", differences(listed, names))
    for folder in ["clean", "quarantine"]:
        found = [path.stem for path in files if path.parent == run / folder]
        checks.check(folder, "one file for each declared table", differences(sorted(declared), found))
    for path, name in zip(files, names):
        check_file(checks, path, name, manifest.get(name), declared)
    return checks.end()


def declared_tables(project):
    """Table -> column -> declared type, in the declared order."""
    tables = {}
    for path in sorted((project / "rules" / "tables").glob("*.yaml")):
        # BaseLoader: every scalar stays the text it is, so that `no` is a column's name and not false.
        table = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
        tables[table["table"]] = {name: column["type"] for name, column in table["columns"].items()}
    return tables


def read_manifest(run):
    """Output -> number of rows."""
    manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    return {output["path"]: output.get("rows") for output in manifest["outputs"]}


def check_file(checks, path, name, rows, declared):
    file = pyarrow.parquet.ParquetFile(path)
    # One column for each leaf: only so is the type of each known to the readers below.
    checks.check(name, "only flat columns of plain types", not_plain(file))

    with_pyarrow = file.read()
    connection = duckdb.connect()
    connection.execute("SET preserve_insertion_order = true")
    with_duckdb = connection.read_parquet(str(path)).to_arrow_table()
    with_polars = polars.read_parquet(path).to_arrow()
    for reader, table in [("DuckDB", with_duckdb), ("Polars", with_polars)]:
        checks.check(name, f"pyarrow and {reader} see the same rows", unlike(with_pyarrow, table))
    checks.check(name, "as many rows as the manifest says", differences([rows], [with_pyarrow.num_rows]))

    folder, table = pathlib.PurePath(name).parent.name, pathlib.PurePath(name).stem
    columns = declared.get(table, {})
    if folder == "clean":
        want = [(column, DECLARED[of]) for column, of in columns.items()]
        checks.check(name, "declared columns and types in the declared order", in_order(file, want))
        checks.check(name, "statistics of every column chunk", without_statistics(file))
    if folder == "quarantine":
        want = [(column, pyarrow.string()) for column in columns]
        checks.check(name, "declared columns in the declared order, as text", in_order(file, want, ["_rules"]))
    if folder == "aggregates":
        got = {field.name: field.type for field in file.schema_arrow}
        want, counted = (YEAR_ON_YEAR, "current") if table == "year_on_year" else (AGGREGATE, "count")
        checks.check(name, "the columns of an aggregate", differences(list(want.items()), list(got.items())))
        checks.check(name, "the three readers add up the same counts", other_sums(connection, path, with_pyarrow, counted))
    twin = path.with_suffix(".csv")
    if twin.exists():
        checks.check(name, "the CSV has the same rows", unlike_csv(with_pyarrow, twin))


def not_plain(file):
    """Columns of which a reader could make something else."""
    for field in file.schema_arrow:
        if field.type not in PLAIN and not pyarrow.types.is_decimal128(field.type):
            yield f"{field.name} is {field.type}"
    if len(file.schema) != len(file.schema_arrow):
        yield "nested columns"
    for at in range(len(file.schema)):
        column = file.schema.column(at)
        logical = json.loads(column.logical_type.to_json())
        kind = logical["Type"]
        if column.max_repetition_level > 0 or column.max_definition_level > 1:
            yield f"{column.path} is nested"
        elif kind == "Timestamp":
            if column.physical_type != "INT64" or logical["timeUnit"] != "microseconds" or not logical["isAdjustedToUTC"]:
                yield f"{column.path} is {column.physical_type} {logical}"
        elif (column.physical_type, kind) not in IN_THE_FILE:
            yield f"{column.path} is {column.physical_type} {kind}"


def unlike(expected, table):
    """What differs between what two readers made of a file."""
    if table.column_names != expected.column_names:
        yield from differences(expected.column_names, table.column_names)
        return
    if table.num_rows != expected.num_rows:
        yield f"{table.num_rows} rows instead of {expected.num_rows}"
        return
    for field in expected.schema:
        column = table.column(field.name)
        if not same_kind(field.type, column.type):
            yield f"{field.name} is read as {column.type} instead of {field.type}"
        elif not column.cast(field.type).equals(expected.column(field.name)):
            yield f"{field.name} has other values"


def same_kind(expected, found):
    """Readers may hold text in another layout; any other type has to be the same."""
    text = pyarrow.types.is_string(expected)
    kept = pyarrow.types.is_large_string(found) or pyarrow.types.is_string_view(found)
    return found == expected or (text and kept)


def in_order(file, declared, after=()):
    got = [(field.name, field.type) for field in file.schema_arrow]
    own = [(name, pyarrow.int64() if name in ("_row", "_line") else pyarrow.string()) for name in PROVENANCE]
    return differences(list(declared) + own + [(name, pyarrow.string()) for name in after], got)


def without_statistics(file):
    for group in range(file.metadata.num_row_groups):
        for at in range(file.metadata.num_columns):
            chunk = file.metadata.row_group(group).column(at)
            statistics = chunk.statistics
            if statistics is None or not statistics.has_null_count:
                yield f"{chunk.path_in_schema} in row group {group} has none"
            elif not statistics.has_min_max and statistics.null_count < chunk.num_values:
                yield f"{chunk.path_in_schema} in row group {group} has no least and greatest value"


def other_sums(connection, path, table, counted):
    query = f'SELECT sum("{counted}"), count("{counted}") FROM read_parquet(?)'
    total, rows = connection.execute(query, [str(path)]).fetchone()
    column = polars.read_parquet(path)[counted]
    sums = {
        "DuckDB": (int(total or 0), rows),
        "Polars": (int(column.sum()), column.count()),
        "pyarrow": (
            pyarrow.compute.sum(table[counted]).as_py() or 0,
            pyarrow.compute.count(table[counted]).as_py(),
        ),
    }
    if len(set(sums.values())) > 1:
        yield f"sum and number of counts: {sums}"


def unlike_csv(table, path):
    """The CSV of a table: null is blank, a leading apostrophe keeps a spreadsheet from taking text for a formula, and what
    a terminal would act on is an escape."""
    with path.open(encoding="utf-8", newline="") as lines:
        reader = csv.reader(lines, strict=True)
        header = next(reader, None)
        if header != table.column_names:
            yield from differences(table.column_names, header)
            return
        rows = 0
        columns = [table.column(name).to_pylist() for name in header]
        for row in reader:
            rows += 1
            if rows > table.num_rows:
                continue
            for name, column, cell in zip(header, columns, row, strict=True):
                value = column[rows - 1]
                if not same_value(value, cell):
                    yield f"row {rows}, {name}: {cell!r} instead of {value!r}"
    if rows != table.num_rows:
        yield f"{rows} rows instead of {table.num_rows}"


def escaped(found):
    return "\\r" if found[0] == "\r" else f"\\u{{{ord(found[0]):x}}}"


def same_value(value, cell):
    if value is None:
        return cell == ""
    if isinstance(value, str):
        return cell.removeprefix("'") == ACTING.sub(escaped, value)
    if isinstance(value, bool):
        return cell == str(value).lower()
    if isinstance(value, float):
        return float(cell) == value
    if isinstance(value, decimal.Decimal):
        return decimal.Decimal(cell) == value
    if isinstance(value, datetime.datetime):
        return datetime.datetime.fromisoformat(cell) == value
    return cell == str(value)


def differences(expected, found):
    if list(expected) != list(found):
        missing = [item for item in expected if item not in found]
        surplus = [item for item in found if item not in expected]
        if missing:
            yield f"missing: {missing}"
        if surplus:
            yield f"surplus: {surplus}"
        if not missing and not surplus:
            yield f"another order: {found}"


if __name__ == "__main__":
    sys.exit(main())
