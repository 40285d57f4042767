"""Runs small projects and checks what their runs tell other systems, as check.py does, and what is told outside a run folder.

    runs.py TRUEUP
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import check

TABLE = r"""version: 1
table: things
source: { files: "*.csv" }
key: [id]
columns:
  id: { type: string, not_null: error }
  text: { type: string, accepted_values: { values: [fine], severity: warn, why: "Only ]]> {0} [fine](http://x)." } }
  secret: { type: string, policy: hide, length: { max: 3, severity: error, why: "Short." } }
  size: { type: integer }
rules:
  - id: things.size.small
    check: { expression: { sql: "size <= 10", column: size } }
    severity: error
    threshold: { max_count: 5 }
    why: Things are small.
  - id: things.size.even
    check: { expression: { sql: "10 / (size - 7) > 0" } }
    severity: error
    why: Divides by zero where the size is 7.
"""
ABOUT = 'version: 1\nname: "]]> \\"} 1 {0} [a](b) <x>"\ndelivery: { path: "de\\"li<ve>ry{0}", as_of: 2020-06-01 }\n'
HOSTILE = [
    "]]><!-- <failure/> &amp; &#0;",
    '"} 1\ntrueup_rows{a="b\\',
    "{0} {{7*7}} [click](http://attacker.example)",
    "\x1b[31m\u202egpj.exe\x7f\x9b",
    "\ufffe\uffff\ufeff\u2028",
    "\\u0000 \\n \\",
    "'; DROP TABLE x; --",
    "=cmd|' /C calc'!A0",
    "👩‍👩‍👧‍👧 Zoë “东” عمر",
]
NAME = 'a]]>"}\n{0}\x1b\u202e.csv'
SECRET = "nobody may read this"


def cell(text):
    return '"' + text.replace('"', '""') + '"'


class Job:
    def __init__(self, program, folder):
        self.program, self.folder = program, pathlib.Path(folder)
        self.write("rules/project.yaml", ABOUT)
        self.write("rules/tables/things.yaml", TABLE)
        self.jobs = 0

    def write(self, inside, text):
        path = self.folder / inside
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")

    def deliver(self, rows):
        self.write(f'de"li<ve>ry{{0}}/{NAME}', "id,text,secret,size\n" + rows)

    def run(self, code, *arguments):
        """Runs, checks the run folder that there is, and what was told outside it."""
        words = ["run", "--format", "json", "--quiet", "--metrics", "x.prom", "--events", "events.ndjson"]
        ended = subprocess.run(
            [self.program, *words, *arguments], cwd=self.folder, stderr=subprocess.PIPE, text=True, check=False
        )
        check.same(f"exit code of {arguments}: {ended.stderr[-2000:]}", ended.returncode, code)
        last = json.loads(ended.stderr.splitlines()[-1])
        if "folder" in last:
            folder = self.folder / last["folder"]
            check.check(folder)
            for name in ("junit.xml", "discrepancies.sarif", "openlineage.ndjson", "metrics.prom", "validation_report.json"):
                assert SECRET not in (folder / name).read_text(encoding="utf-8"), name
        self.jobs += 1
        families = check.metrics((self.folder / "x.prom").read_text(encoding="utf-8"))
        ((labels, value),) = families["trueup_last_run_exit_code"]
        check.same("exit code", (labels, value), ({"name": "x"}, code))
        check.same("gauges of the run", "trueup_rows" in families, "folder" in last)
        events = check.events((self.folder / "events.ndjson").read_text(encoding="utf-8").splitlines(), clock=True)
        check.same("events", len(events), 2 * self.jobs)
        check.same("START", events[-2]["eventType"], "START")
        check.same("of the same run", events[-1]["run"]["runId"], events[-2]["run"]["runId"])
        return events[-1]["eventType"]


def main():
    (program,) = sys.argv[1:]
    program = str(pathlib.Path(program).resolve())
    with tempfile.TemporaryDirectory() as folder:
        job = Job(program, folder)
        rows = "".join(f"{cell(text)},{cell(text)},{cell(SECRET)},50\n" for text in HOSTILE[:4])
        job.deliver(rows)
        check.same("published", job.run(0), "COMPLETE")
        rows = "".join(f"{cell(text)},{cell(text)},{cell(SECRET)},50\n" for text in HOSTILE)
        job.deliver(rows)
        check.same("restated", job.run(1, "--fail-on", "error"), "COMPLETE")
        check.same("trial", job.run(1, "--exclude", "things.size.small"), "FAIL")
        job.deliver("A,fine,x,7\nB,fine,x,1\n")
        check.same("a rule in error blocks", job.run(1), "FAIL")
        job.deliver(rows + "cut\n")
        check.same("a reject blocks", job.run(1), "FAIL")
        job.deliver("")
        check.same("nothing to look at", job.run(0), "COMPLETE")
        # More than a code review tool takes.
        job.deliver("".join(f"T{n},x,x,{n % 9}\n" for n in range(10_500)))
        job.run(1)
        job.deliver('A,"never closed\n')
        check.same("unreadable", job.run(3), "FAIL")
        job.write("rules/tables/x.yaml", "version: 1\ntabel: x\n")
        check.same("a mistake of the project", job.run(2), "FAIL")
    print("9 runs of a hostile project, and what is told of them outside, are as they should be")


if __name__ == "__main__":
    main()
