#!/usr/bin/env python3
"""Delivers the six exports in every format and holds each run against that of the plain CSV.

    python tests/readers/formats.py path/to/trueup [--only FORMAT]

Other libraries write the files (csv, openpyxl, odfpy, pyarrow, gzip, zstandard), with dates, numbers and truth values as
such where the format has them. The clean tables and the discrepancies have to be the same, but for where they stand.

The last line is `N passed, N failed`. Exit code 1 when something failed or nothing was checked.
"""

import argparse
import csv
import datetime
import gzip
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import openpyxl
import pyarrow
import pyarrow.parquet
import zstandard
from odf import opendocument, table as odf_table, text as odf_text

HERE = pathlib.Path(__file__).resolve().parents[2]
EXPORTS = HERE / "fixtures" / "exports" / "2016-17"
DATE = re.compile(r"\d{4}-\d\d-\d\d")
WHOLE = re.compile(r"-?[1-9]\d{0,8}|0")


def records(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def typed(text, first_year=1):
    """A date where the text is one, a number where it is written as numbers are, else the text; blank is nothing."""
    if text == "":
        return None
    if DATE.fullmatch(text):
        try:
            date = datetime.date.fromisoformat(text)
        except ValueError:
            return text
        return date if date.year > first_year else text
    return int(text) if WHOLE.fullmatch(text) else text


def as_csv(delimiter, encoding, **options):
    def write(rows, path):
        with open(path, "w", encoding=encoding, newline="", errors="strict") as file:
            csv.writer(file, delimiter=delimiter, **options).writerows(rows)

    return write


def as_xlsx(rows, path):
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Export")
    sheet.append(["Export of the case-management system"])
    sheet.append([])
    # Excel has no dates before 1900, and counts a day too many in that year.
    for row in [rows[0]] + [[typed(cell, 1900) for cell in row] for row in rows[1:]]:
        sheet.append(row)
    book.save(path)


def as_ods(rows, path):
    book = opendocument.OpenDocumentSpreadsheet()
    sheet = odf_table.Table(name="Export")
    for nth, row in enumerate(rows):
        line = odf_table.TableRow()
        for cell in row:
            value = typed(cell) if nth else cell
            if value is None:
                line.addElement(odf_table.TableCell())
            elif isinstance(value, datetime.date):
                line.addElement(odf_table.TableCell(valuetype="date", datevalue=value.isoformat()))
            elif isinstance(value, int):
                line.addElement(odf_table.TableCell(valuetype="float", value=str(value)))
            else:
                of_text = odf_table.TableCell(valuetype="string")
                for part in value.split("\n"):
                    # Blanks at the ends and in runs are elements of their own.
                    paragraph = odf_text.P()
                    for piece in re.split(r"(^ +| {2,}| +$)", part):
                        if piece and not piece.strip(" "):
                            paragraph.addElement(odf_text.S(c=len(piece)))
                        elif piece:
                            paragraph.addText(piece)
                    of_text.addElement(paragraph)
                line.addElement(of_text)
        sheet.addElement(line)
    book.spreadsheet.addElement(sheet)
    book.save(str(path))


def as_json_lines(rows, path):
    with open(path, "w", encoding="utf-8") as file:
        for row in rows[1:]:
            of_row = {name: cell for name, cell in zip(rows[0], row) if cell != ""}
            file.write(json.dumps(of_row, ensure_ascii=len(of_row) % 2 == 0) + "\n")


def as_parquet(rows, path):
    columns = {}
    for name, cells in zip(rows[0], zip(*rows[1:])):
        values = [typed(cell) for cell in cells]
        kinds = {type(value) for value in values if value is not None}
        if len(kinds) > 1:
            values = [cell or None for cell in cells]
        columns[name] = pyarrow.array(values)
    pyarrow.parquet.write_table(pyarrow.table(columns), path, compression="zstd", row_group_size=5000)


def packed(open_file):
    def write(rows, path):
        with open_file(path) as file:
            plain = path.with_suffix(".plain")
            as_csv(",", "utf-8")(rows, plain)
            file.write(plain.read_bytes())
            plain.unlink()

    return write


def as_zst(path):
    return zstandard.ZstdCompressor().stream_writer(open(path, "wb"))


#: Name, end of the files' names, who writes them, and what a table's `source` says beside.
FORMATS = [
    ("csv", "csv", as_csv(",", "utf-8"), ""),
    ("semicolons in Windows-1252", "csv", as_csv(";", "cp1252", quoting=csv.QUOTE_ALL), ", encoding: windows-1252"),
    ("tabs in UTF-16", "txt", as_csv("\t", "utf-16"), ""),
    ("a byte order mark", "csv", as_csv(",", "utf-8-sig"), ""),
    ("xlsx", "xlsx", as_xlsx, ""),
    ("ods", "ods", as_ods, ""),
    ("JSON Lines", "jsonl", as_json_lines, ""),
    ("Parquet", "parquet", as_parquet, ""),
    ("gzip", "csv.gz", packed(lambda path: gzip.open(path, "wb")), ""),
    ("Zstandard", "csv.zst", packed(as_zst), ""),
]
PLACES = {"_file", "_sheet", "_line", "_delivery"}
OF_RUN = {"run_id", "first_seen_run", "last_seen_run", "source_file", "source_sheet", "source_line", "message"}


def project(folder, end, beside):
    for part in ["rules", "sql", "fixtures/published"]:
        shutil.copytree(HERE / part, folder / part)
    for path in (folder / "rules" / "tables").glob("*.yaml"):
        text = path.read_text()
        changed = re.sub(r'files: "(\w+)\.csv"', rf'files: "\1.{end}"{beside}', text)
        assert changed != text or end == "csv" and not beside, path
        path.write_text(changed)


def run(trueup, folder, delivery):
    command = [trueup, "run", "--project", folder, "--delivery", delivery, "--out", folder / "out", "--as-of", "2017-10-09"]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def outputs(folder):
    """Each clean table without its places, and the log without those, in its own order."""
    current = folder / "out" / "current"
    found = {}
    for path in sorted((current / "clean").glob("*.parquet")):
        table = pyarrow.parquet.read_table(path)
        found[path.stem] = table.drop_columns([name for name in table.column_names if name in PLACES])
    log = pyarrow.parquet.read_table(current / "discrepancies.parquet")
    rows = log.drop_columns([name for name in log.column_names if name in OF_RUN]).to_pylist()
    # How a file was read is about its format.
    rows = [row for row in rows if not row["rule_id"].endswith((".reading", ".terminated"))]
    found["discrepancies"] = pyarrow.Table.from_pylist(rows)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("trueup", type=pathlib.Path)
    parser.add_argument("--only")
    args = parser.parse_args()
    trueup = args.trueup.resolve()
    plain, passed, failed = None, 0, 0
    for name, end, write, beside in FORMATS:
        if args.only and name not in (args.only, "csv"):
            continue
        with tempfile.TemporaryDirectory() as place:
            folder = pathlib.Path(place)
            delivery = folder / "2016-17"
            delivery.mkdir()
            project(folder, end, beside)
            for path in sorted(EXPORTS.glob("*.csv")):
                write(records(path), delivery / f"{path.stem}.{end}")
            code, said = run(trueup, folder, delivery)
            if code != 0:
                print(f"FAILED {name}: exit code {code}\n{said}")
                failed += 1
                continue
            found = outputs(folder)
            plain = plain or found
            differing = [table for table in plain if not found[table].equals(plain[table])]
            for table in differing:
                ours, theirs = found[table].to_pylist(), plain[table].to_pylist()
                first = next((pair for pair in zip(theirs, ours) if pair[0] != pair[1]), None)
                print(f"  {table}: {len(theirs)} and {len(ours)} rows; {found[table].schema.equals(plain[table].schema)}")
                if first:
                    print({k: (v, first[1][k]) for k, v in first[0].items() if v != first[1][k]}, first[0])
            passed, failed = passed + (not differing), failed + bool(differing)
            rows = sum(table.num_rows for table in found.values())
            print(f"{'FAILED' if differing else 'passed'} {name}: {rows} rows{', differing: ' if differing else ''}{', '.join(differing)}")
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or passed < 1 else 0)


if __name__ == "__main__":
    main()
