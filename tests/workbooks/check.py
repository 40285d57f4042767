"""Opens the workbooks of a run as those do who get them, and holds them to the run's Parquet.

    check.py RUN [RUN …]

What is checked, of discrepancies.xlsx and aggregates.xlsx:

    the package       every part is XML that parses, every relationship leads to a part, no part is left over; nothing leads
                      outside, and there is no formula, macro, merged cell or hidden sheet
    openpyxl          loads them with no warning; the values are those of Parquet, numbers as numbers and texts as texts
    LibreOffice       converts them to xlsx and ods; the values of the xlsx that it wrote are the same again, and the ods has the
                      same sheets. LibreOffice does not say whether it repaired a file, so a value that it lost is the sign

Needs soffice on the path, and the Python packages of tests/readers/requirements.txt.
"""

import math
import pathlib
import posixpath
import re
import subprocess
import sys
import tempfile
import unicodedata
import warnings
import zipfile
from xml.etree import ElementTree

import openpyxl
import pyarrow.parquet

SHORTHAND = {"[x]", "[z]"}
TURNS = set("\u061c\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
FORBIDDEN = re.compile(
    rb'<f[ >/]|<mergeCell|TargetMode="External"|<externalLink|state="hidden"|hidden="1"|calculatedColumnFormula'
)
MOST = 50_000


def shown(text):
    """A text as a workbook has it: what acts is an escape."""
    escapes = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}
    return "".join(
        escapes.get(c, f"\\u{{{ord(c):x}}}") if unicodedata.category(c) == "Cc" or c in TURNS or c in "\ufffe\uffff" else c
        for c in text
    )


def package(path):
    """The zip itself."""
    with zipfile.ZipFile(path) as file:
        assert file.testzip() is None
        names = set(file.namelist())
        assert len(names) == len(file.namelist()), "a part is there twice"
        reached = {"[Content_Types].xml"}
        for name in names:
            ElementTree.fromstring(file.read(name))
            if name != "xl/sharedStrings.xml":
                found = FORBIDDEN.search(file.read(name))
                assert not found, (path, name, found)
            if name.endswith(".rels"):
                reached.add(name)
                # xl/_rels/workbook.xml.rels is about xl/workbook.xml.
                base = posixpath.dirname(posixpath.dirname(name))
                for link in ElementTree.fromstring(file.read(name)):
                    target = posixpath.normpath(posixpath.join("/" + base, link.get("Target")))[1:]
                    assert target in names, (path, name, target)
                    reached.add(target)
        assert reached == names, (path, names - reached)
        types = ElementTree.fromstring(file.read("[Content_Types].xml"))
        named = {t.get("PartName", "/")[1:] for t in types}
        assert named - {""} <= names, named - names


def load(path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return openpyxl.load_workbook(path)


def table(sheet):
    """The rows of the one table, by the names of its columns."""
    assert len(sheet.tables) == 1, (sheet.title, list(sheet.tables))
    (name,) = sheet.tables
    rows = list(sheet[sheet.tables[name].ref])
    assert rows[-1][0].row == sheet.max_row, sheet.title
    return [[cell.value for cell in row] for row in rows]


def tables(book):
    return {sheet.title: table(sheet) for sheet in book if sheet.title != "Cover"}


def held(value, cell, blank):
    if value is None or value == "":
        return cell is None if blank else cell in SHORTHAND
    if isinstance(value, str):
        return isinstance(cell, str) and cell == shown(value)
    if abs(value) >= 2**53:
        return cell == str(value)
    return isinstance(cell, (int, float)) and cell == value


def same(told, path, blank):
    """A table of a sheet begins with the columns of a Parquet file."""
    columns = pyarrow.parquet.read_table(path).to_pydict()
    rows = list(zip(*columns.values()))
    assert len(told) - 1 == len(rows) <= MOST, (path, len(told), len(rows))
    for number, (want, got) in enumerate(zip(rows, told[1:])):
        for column, value, cell in zip(columns, want, got):
            if isinstance(value, str) and len(value) > 30_000:
                continue
            assert held(value, cell, blank), (path, number, column, value, cell)
    return len(rows) * len(columns)


def convert(path, kind, folder):
    home = pathlib.Path(folder, "home").as_uri()
    done = subprocess.run(
        ["soffice", f"-env:UserInstallation={home}", "--headless", "--convert-to", kind, "--outdir", folder, path],
        capture_output=True,
        text=True,
        timeout=600,
    )
    made = pathlib.Path(folder, path.stem).with_suffix("." + kind)
    assert done.returncode == 0 and made.exists(), (done.stdout, done.stderr)
    return made


def converted(path, book):
    """What LibreOffice reads is what we wrote."""
    with tempfile.TemporaryDirectory() as folder:
        again = load_converted(convert(path, "xlsx", folder))
        ods = convert(path, "ods", folder)
        with zipfile.ZipFile(ods) as file:
            content = file.read("content.xml").decode()
    sheets = re.findall(r'<table:table table:name="([^"]*)"', content)
    assert sheets == again.sheetnames == book.sheetnames, sheets
    assert "table:formula=" not in content
    for ours, theirs in zip(book, again):
        left, right = ([[c.value for c in row] for row in sheet] for sheet in (ours, theirs))
        assert len(left) == len(right), ours.title
        for row, (a, b) in enumerate(zip(left, right)):
            assert len(a) <= len(b) or not any(a[len(b) :]), (ours.title, row)
            b += [None] * (len(a) - len(b))
            assert not any(b[len(a) :]), (ours.title, row)
            for want, got in zip(a, b):
                # It writes fifteen digits of a number.
                close = isinstance(want, float) and isinstance(got, (int, float)) and math.isclose(want, got, rel_tol=1e-14)
                assert close or want == got, (ours.title, row, want, got)


def check(run):
    for name in ["aggregates", "discrepancies"]:
        path = run / f"{name}.xlsx"
        if name == "aggregates" and not (run / "aggregates").exists():
            assert not path.exists()
            continue
        package(path)
        book = load(path)
        told = tables(book)
        assert book.sheetnames[:2] == ["Cover", "Contents"]
        properties = book.properties
        assert properties.title and properties.subject and properties.creator
        compared = 0
        if name == "aggregates":
            files = sorted((run / "aggregates").glob("*.parquet"))
            # An aggregate may be called like a sheet that all workbooks have.
            named = {sheet.removesuffix("_2"): sheet for sheet in told if sheet not in ("Contents", "Notes")}
            assert {file.stem for file in files} == set(named), set(named)
            for file in files:
                compared += same(told[named[file.stem]], file, blank=False)
        else:
            log = run / "discrepancies.parquet"
            if pyarrow.parquet.read_metadata(log).num_rows in range(1, MOST + 1):
                compared += same(told["Discrepancies"], log, blank=True)
            compared += same(told["Rules"], run / "rule_results.parquet", blank=True)
        converted(path, book)
        print(f"{path}: {len(told)} tables, {compared} cells as in Parquet")


def load_converted(path):
    # What openpyxl says of LibreOffice's own files is not about ours.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return openpyxl.load_workbook(path)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    for run in sys.argv[1:]:
        check(pathlib.Path(run))
