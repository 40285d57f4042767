"""Runs a small project whose every text would act in a spreadsheet, and checks its workbooks.

    hostile.py PROGRAM
"""

import csv
import pathlib
import subprocess
import sys
import tempfile

import check

TEXTS = [
    "=1+1", "=cmd|' /C calc'!A0", "@SUM(A1)", "+1", "-2+3", "\t=1", "\r=1", "  =1", "'x", "{=1}", '=HYPERLINK("http://x")',
    "http://example.com/", "mailto:a@b.c", "file:///etc/passwd", "internal:Cover!A1",
    "_x000D_", "_x003D_1+1", "\x1b[31m", "\u202egpj", "\ufffe\uffff", "a\x01b", "<f>1</f>", "]]>&amp;&lt;",
    "1e5", "007", "12,5", "TRUE", "#REF!", "2020-01-01", "é😀", " lead", "trail ", "a  b",
    "=" + "long " * 190_000 + "end",
]
FILES = {
    "rules/project.yaml": r"""version: 1
name: "=A <b>&amp; \e]0;x\a \u202E project [x]"
delivery: { path: delivery, as_of: 2020-06-01 }
""",
    "rules/tables/notes.yaml": """version: 1
table: notes
source: { files: "notes.csv", required: true }
key: [ref]
columns:
  ref: { type: string, clean: [] }
  text: { type: string, clean: [], pattern: { regex: "never", severity: warn, why: "It is <b> & _x000D_." } }
""",
    "sql/aggregates/notes.sql": """-- =One row & <b> for each text, with a count that no cell can hold.
SELECT '=2020' AS period, '+all' AS population, text AS category, CAST(min(_row) AS BIGINT) AS sort,
  CAST(9007199254740993 AS BIGINT) AS count, CAST(NULL AS BIGINT) AS base, CAST(NULL AS DOUBLE) AS share
FROM notes GROUP BY text ORDER BY sort
""",
}


def main(program):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for name, text in FILES.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        (folder / "delivery").mkdir()
        with open(folder / "delivery/notes.csv", "w", newline="") as file:
            writer = csv.writer(file, quoting=csv.QUOTE_ALL)
            writer.writerow(["ref", "text"])
            writer.writerows(enumerate(TEXTS))
        subprocess.run([program, "run", "--fail-on", "never"], cwd=folder, check=True, capture_output=True)
        check.check(folder / "out/current")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]).resolve())
