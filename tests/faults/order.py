"""The order in which a run becomes durable, read from a trace of one that nothing disturbs.

    python tests/faults/order.py BINARY

Each file of the manifest is synced after its last write, then the folders of the run, then the run gets its name and
`runs` is synced, then `current` is switched and its folder synced, and only then the program exits with 0. What goes by
policy goes after that: its manifest is synced in the history, then the run is set aside.
"""

import argparse
import json
import pathlib
import re
import sys

from common import NIGHTS, Broken, Project, Stage, expect, folder, needs, spoken

CALLS = "write,pwrite64,writev,fsync,fdatasync,rename,renameat,renameat2,symlink,symlinkat,exit_group"
CALL = re.compile(r"^\d+ +(?:<\.\.\. )?(\w+)(?: resumed>)?\(?(.*)$")


def events(log):
    """What happened, in order: what was done, and to which paths."""
    found = []
    pending = {}
    for line in log.read_text(errors="replace").splitlines():
        thread, _, rest = line.partition(" ")
        rest = rest.strip()
        if rest.startswith("<... "):
            name = rest[5:].split(" ")[0]
            rest = pending.pop((thread, name), "") + rest.split("resumed>", 1)[1]
        elif "<unfinished ...>" in rest:
            before = rest.replace("<unfinished ...>", "")
            pending[(thread, before.split("(")[0])] = before
            # A write counts from its begin, a sync from its end.
            if "write" not in before.split("(")[0]:
                continue
            rest = before + "= 0"
        name, _, arguments = rest.partition("(")
        failed = re.search(r"= -1 E", arguments)
        if failed:
            continue
        if name in ("write", "pwrite64", "writev", "fsync", "fdatasync"):
            path = re.search(r"^\d+<(.*?)>", arguments)
            if path:
                found.append(("write" if "write" in name else "sync", path.group(1), ""))
        elif name.startswith(("rename", "symlink")):
            paths = re.findall(r'"((?:[^"\\]|\\.)*)"', arguments)
            found.append(("rename" if name.startswith("rename") else "symlink", *paths[:2]))
        elif name == "exit_group":
            found.append(("exit", arguments.split(")")[0], ""))
    return found


def last(found, what, path):
    at = [n for n, event in enumerate(found) if event[0] == what and event[1] == path]
    expect(at, f"no {what} of {path}")
    return at[-1]


def first_after(found, start, test, words):
    for n in range(start + 1, len(found)):
        if test(found[n]):
            return n
    raise Broken(f"after event {start} ({found[start]}): no {words}")


def main():
    about = argparse.ArgumentParser(description=__doc__)
    about.add_argument("binary")
    asked = about.parse_args()
    needs("strace", "strace (apt-get install strace)")
    with folder() as place:
        stage = Stage(Project(asked.binary, f"{place}/project"), place)
        out = stage.renew()
        log = stage.place / "strace.log"
        strace = ["strace", "-f", "-qq", "-y", "-s", "256", "-o", str(log), "-e", f"trace={CALLS}"]
        run = spoken(strace + stage.project.command(NIGHTS[2], out))
        expect(run.returncode == 0, run.stderr)
        found = events(log)
        manifest = json.loads((out / "current/manifest.json").read_text())
        run_id = manifest["run_id"]
        staging = f"{out}/runs/.staging-{run_id}"
        placed = first_after(
            found, -1, lambda e: e == ("rename", staging, f"{out}/runs/{run_id}"), "run that gets its name"
        )
        files = [o["path"] for o in manifest["outputs"]] + ["manifest.json", "manifest.sha256"]
        expect(len(files) > 10, f"only {len(files)} files")
        synced = -1
        for name in files:
            path = f"{staging}/{name}"
            writes = [n for n, e in enumerate(found) if e[:2] == ("write", path)]
            sync = last(found, "sync", path)
            expect(all(n < sync for n in writes), f"{name} is written after its sync")
            synced = max(synced, sync)
        folders = {str(pathlib.PurePath(f"{staging}/{name}").parent) for name in files}
        for inner in folders:
            sync = last(found, "sync", inner)
            of_files = [last(found, "sync", f"{staging}/{n}") for n in files if str(pathlib.PurePath(f"{staging}/{n}").parent) == inner]
            expect(max(of_files) < sync < placed, f"{inner} is synced at {sync}, not between its files and its name")
            if inner != staging:
                expect(sync < last(found, "sync", staging), f"{inner} is synced after the run's own folder")
        runs = first_after(found, placed, lambda e: e[:2] == ("sync", f"{out}/runs"), "sync of runs")
        switched = first_after(found, -1, lambda e: e == ("rename", f"{out}/.current.tmp", f"{out}/current"), "switch")
        expect(runs < switched, "the switch comes before the name of the run is durable")
        outs = first_after(found, switched, lambda e: e[:2] == ("sync", str(out)), "sync of the out folder")
        removed = first_after(found, outs, lambda e: e[0] == "rename" and "/.removed-" in e[2], "run that goes")
        kept = [n for n, e in enumerate(found) if e[:2] == ("sync", f"{out}/history")]
        expect(kept and outs < min(kept) and max(kept) < removed, "a run goes before its manifest is in the history")
        ended = first_after(found, -1, lambda e: e[0] == "exit", "end")
        expect(ended > outs and found[ended][1] == "0", f"the end comes at {ended}, as {found[ended]}")
        print(
            f"{len(files)} files and {len(folders)} folders are synced (the last file at {synced} of {len(found)} events), "
            f"the run gets its name at {placed}, runs is synced at {runs}, current is switched at {switched}, "
            f"its folder synced at {outs}, the oldest run set aside at {removed}, exit 0 at {ended}"
        )
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Broken as why:
        sys.exit(f"BROKEN: {why}")
