"""Runs the program on pseudo-terminals and pipes, and looks at what a person would see there.

    python3 tests/terminal/check.py target/debug/trueup

Needs nothing but Python and bash; zsh, fish, groff and man are used where they are.
"""

import fcntl
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import unicodedata
from pathlib import Path

PROGRAM = str(Path(sys.argv[1]).resolve())
# So many that reading them takes longer than the line of progress needs to be drawn a few times.
ROWS = 400_000

PROJECT = "version: 1\nname: A long read\ndelivery: { path: delivery, as_of: 2020-06-01 }\n"
VISITS = """version: 1
table: visits_of_a_very_long_name
source: { files: "visits*.csv" }
key: [visit_ref]
columns:
  visit_ref: { type: string, unique: error }
  visited_on: { type: date }
  room: { type: string }
  size: { type: integer }
rules:
  - id: visits_of_a_very_long_name.size.small_enough_for_everybody_who_is_in_the_room
    check: { expression: { sql: size < 97, column: size } }
    why: Rooms are small.
"""

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
checks = 0


def check(holds, what, shown=""):
    """Counts a check, and ends everything with what was shown where it does not hold."""
    global checks
    checks += 1
    if not holds:
        sys.exit(f"FAILED: {what}\n{shown!r}")


def environment(extra):
    return {"PATH": os.environ["PATH"], "TERM": "xterm-256color", **extra}


def on_terminal(folder, arguments, columns, extra=None):
    """The exit code and all bytes that a terminal of so many columns gets."""
    pid, master = pty.fork()
    if pid == 0:
        os.chdir(folder)
        fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        os.execve(PROGRAM, [PROGRAM, *arguments], environment(extra or {}))
    out = b""
    while True:
        try:
            read = os.read(master, 65536)
        except OSError:
            break
        if not read:
            break
        out += read
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.close(master)
    return code, out.decode()


def on_pipe(folder, arguments, extra=None):
    done = subprocess.run(
        [PROGRAM, *arguments], cwd=folder, env=environment(extra or {}), capture_output=True, text=True
    )
    return done.returncode, done.stdout, done.stderr


def width(text):
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide


class Screen:
    """As much of a terminal as the program uses: it ends with an error at anything else."""

    def __init__(self, columns):
        self.columns, self.lines, self.row, self.column = columns, [""], 0, 0
        # Every state of the line that was drawn over.
        self.drawn = []

    def feed(self, text):
        for part in re.findall(r"\x1b\[[0-9;?]*[A-Za-z]|[\r\n]|[^\x1b\r\n]+|\x1b", text):
            if part == "\r":
                self.column = 0
            elif part == "\n":
                self.row += 1
                self.column = 0
                while len(self.lines) <= self.row:
                    self.lines.append("")
            elif COLOUR.fullmatch(part):
                pass
            elif re.fullmatch(r"\x1b\[\??25[lh]", part):
                pass
            elif part == "\x1b[2K":
                self.drawn.append(self.lines[self.row].rstrip())
                self.lines[self.row] = ""
            elif re.fullmatch(r"\x1b\[(\d*)A", part):
                self.row = max(0, self.row - int(part[2:-1] or 1))
            elif part.startswith("\x1b"):
                sys.exit(f"FAILED: the terminal was sent {part!r}")
            else:
                line = self.lines[self.row].ljust(self.column)
                self.lines[self.row] = line[: self.column] + part + line[self.column + len(part) :]
                self.column += len(part)
                # A line of progress that goes over the edge leaves rests behind.
                if self.column > self.columns and not self.lines[self.row].startswith(
                    ("published", "manifest", "look next")
                ):
                    sys.exit(f"FAILED: wider than {self.columns}: {self.lines[self.row]!r}")
        return self


def make(folder, rows):
    (folder / "rules/tables").mkdir(parents=True)
    (folder / "delivery").mkdir()
    (folder / "rules/project.yaml").write_text(PROJECT)
    (folder / "rules/tables/visits_of_a_very_long_name.yaml").write_text(VISITS)
    with open(folder / "delivery/visits.csv", "w") as file:
        file.write("visit_ref,visited_on,room,size\n")
        for at in range(rows):
            file.write(f"v{at},2017-01-{at % 28 + 1:02},room {at % 100} of the long corridor,{at % 100}\n")


def progress(folder):
    """A line for each stage while it reads; nothing of it is left at the end."""
    for columns in (60, 100, 160):
        code, text = on_terminal(folder, ["run", "--out", f"out{columns}"], columns)
        check(code == 0, f"a run on {columns} columns", text)
        screen = Screen(columns).feed(text)
        drawn = [line for line in screen.drawn if line]
        check(len(drawn) > 5, "progress is drawn", text)
        for stage in ("index", "keys", "log", "publish"):
            check(any(line.startswith(f"{stage}  0:") for line in drawn), f"the stage {stage}", drawn)
        reads = [line for line in drawn if re.search(r"\d rows", line)]
        check(any("400,000 rows" in line for line in reads), "all rows are told", drawn)
        check(any(re.search(r"[\d.]+ of [\d.]+ MB", line) for line in reads), "bytes are told", drawn)
        if columns > 60:
            check(any(re.search(r"[\d,]+ rows/s", line) for line in reads), "the rate is told", drawn)
            check(any("[=" in line for line in reads), "a bar is drawn", drawn)
        check(all(width(line) < columns for line in drawn), "the line fits", drawn)
        left = "\n".join(screen.lines)
        check(screen.lines[0].startswith("A long read"), "the line is gone at the end", left)
        check(" rows/s" not in left and "keys  0:" not in left, "nothing of it is left", left)


def apart(folder):
    """What is told meanwhile stands on lines of its own."""
    code, text = on_terminal(folder, ["run", "-v", "--out", "outv"], 160)
    check(code == 0, "a run with -v", text)
    screen = Screen(160).feed(text)
    told = [line for line in screen.lines if "begins" in line]
    check(len(told) >= 5, "stages are told", text)
    for line in told:
        check(re.match(r"\d{4}-\d\d-\d\dT\S+ +INFO ", line) and " rows" not in line, "a line is mixed", line)


def silent(folder):
    for arguments in (["-q"], ["--format", "json"]):
        code, text = on_terminal(folder, ["run", "--out", "outq", *arguments], 100)
        check(code == 0 and "\x1b[2K" not in text and " rows/s" not in text, f"{arguments} draws nothing", text)
        check(arguments != ["-q"] or text == "", "-q says nothing where nothing failed", text)
    code, out, err = on_pipe(folder, ["run", "--out", "outp"])
    check(code == 0 and err == "" and "\x1b" not in out, "a pipe gets plain words alone", out + err)
    # A terminal that cannot take a line back gets none.
    code, text = on_terminal(folder, ["run", "--out", "outd"], 100, {"TERM": "dumb"})
    check(code == 0 and "\x1b" not in text and "index" not in text, "a dumb terminal gets plain words", text)


def summaries(folder):
    """The summary on terminals of several widths, and its colours."""
    bare = {}
    for columns in (60, 100, 160):
        code, text = on_terminal(folder, ["run", "--out", f"out{columns}"], columns)
        check(code == 0, "the same run again", text)
        lines = Screen(columns).feed(text).lines
        for line in lines:
            path = line.startswith(("published", "manifest", "look next"))
            check(path or width(line) <= columns, f"{columns} columns", line)
        bare[columns] = lines
    check(bare[60] != bare[100], "a narrow terminal has another table", bare[60])
    cut = [line for line in bare[60] if line.startswith("error") and "…" in line]
    check(cut and cut[0].endswith("_room"), "a long rule is cut in the middle", bare[60])
    check(any("small_enough_for_everybody_who_is_in_the_room" in line for line in bare[100]), "and else whole", bare[100])

    code, text = on_terminal(folder, ["run", "--out", "out60", "-v"], 60, {"COLUMNS": "140"})
    check(any("small_enough_for_everybody_who_is_in_the_room" in l for l in text.splitlines()), "COLUMNS comes first", text)
    for extra, arguments, colours in (
        ({}, [], True),
        ({"NO_COLOR": "1"}, [], False),
        ({"NO_COLOR": ""}, [], True),
        ({"CLICOLOR": "0"}, [], False),
        ({}, ["--color", "never"], False),
        ({"NO_COLOR": "1"}, ["--color", "always"], True),
    ):
        code, text = on_terminal(folder, ["run", "--out", "out60", *arguments], 100, extra)
        check(bool(COLOUR.search(text)) == colours, f"colours with {extra} {arguments}", text)
        check("error" in text and "published" in text, "words say what colours say", text)
        code, text = on_terminal(folder, ["run", "--bogus", *arguments], 100, extra)
        check(code == 2 and bool(COLOUR.search(text)) == colours, f"a mistake with {extra} {arguments}", text)
        code, text = on_terminal(folder, ["run", "--select", "no.rule", *arguments], 100, extra)
        check(code == 2 and bool(COLOUR.search(text)) == colours, f"a diagnostic with {extra} {arguments}", text)


def completions(folder):
    scripts = {}
    for shell in ("bash", "zsh", "fish", "powershell", "elvish"):
        code, out, err = on_pipe(folder, ["completions", shell])
        check(code == 0 and err == "" and len(out) > 1000, f"a script for {shell}", err)
        (folder / f"trueup.{shell}").write_text(out)
        scripts[shell] = out
    for shell, words in (("bash", ["bash", "-n"]), ("zsh", ["zsh", "-n"]), ("fish", ["fish", "-n"])):
        if shutil.which(shell):
            done = subprocess.run([*words, folder / f"trueup.{shell}"], capture_output=True, text=True)
            check(done.returncode == 0 and done.stderr == "", f"{shell} reads its script", done.stderr)
        else:
            print(f"passed over: {shell} is not installed")

    # As a person: an interactive shell, and the key.
    pid, master = pty.fork()
    if pid == 0:
        os.chdir(folder)
        extra = {"PS1": "$ ", "PATH": f"{Path(PROGRAM).parent}:{os.environ['PATH']}", "INPUTRC": "/dev/null"}
        os.execvpe("bash", ["bash", "--norc", "--noprofile", "-i"], environment(extra))
    os.write(master, b"bind 'set enable-bracketed-paste off'; source trueup.bash\n")
    os.write(master, b"trueup ver\t--ou\tout60\n")
    os.write(master, b"exit\n")
    out = b""
    while True:
        try:
            read = os.read(master, 65536)
        except OSError:
            break
        if not read:
            break
        out += read
    os.waitpid(pid, 0)
    check(b"trueup verify --out out60" in out and b": whole" in out, "TAB completes in bash", out.decode())


def pages(folder):
    code, out, err = on_pipe(folder, ["man", "--out", "pages"])
    check(code == 0 and err == "", "pages are written", err)
    files = sorted((folder / "pages").iterdir())
    check(len(files) > 12 and out.count("wrote ") == len(files), "one for each command", out)
    for page in files:
        if shutil.which("groff"):
            groff = ["groff", "-man", "-Tutf8", "-ww", "-b", page]
            done = subprocess.run(groff, capture_output=True, text=True)
            check(done.returncode == 0 and done.stderr == "", f"{page.name} has no mistake", done.stderr)
            text = re.sub(r"\x1b\[[0-9;]*m|.\x08", "", done.stdout)
            check("EXAMPLES" in text and "ENVIRONMENT" in text or page.name.count("-") > 1, page.name, text)
    if shutil.which("man"):
        man = subprocess.run(
            ["man", "--warnings", "-l", folder / "pages/trueup-run.1"],
            capture_output=True,
            text=True,
            env=environment({"MANWIDTH": "80", "LC_ALL": "C.UTF-8", "PAGER": "cat", "MANPAGER": "cat"}),
        )
        check(man.returncode == 0 and man.stderr == "", "man shows the page", man.stderr)
        check("trueup run --fail-on error --format json -q" in man.stdout, "with its examples", man.stdout)


def main():
    with tempfile.TemporaryDirectory(prefix="trueup-terminal-") as name:
        large, small = Path(name) / "large", Path(name) / "small"
        make(large, ROWS)
        make(small, 2_000)
        for part in (progress, apart, silent, summaries, completions, pages):
            part(large if part is progress else small)
            print(f"{part.__name__}: holds", flush=True)
    print(f"{checks} checks hold")


main()
