"""Kills at random instants, full disks, places that cannot be written, and two runs at once.

    python tests/faults/kills.py BINARY [--kills N] [--seed S] [--step KIB] [--pairs N] [--place FOLDER]

After each kill and each full disk `current` names the old or the new run, that run and the chain behind it verify, and
a run that is left alone ends well with the bytes of one that was never disturbed, history included.
"""

import argparse
import collections
import os
import pathlib
import random
import subprocess
import sys
import time

from common import (
    ENVIRONMENT,
    NIGHTS,
    Broken,
    Project,
    Stage,
    current,
    expect,
    folder,
    last_event,
    needs,
    spoken,
    tree,
)

INSIDE = "TRUEUP_FAULTS_INSIDE"


def mount(*words):
    done = subprocess.run(["mount", *map(str, words)], capture_output=True, text=True, check=False)
    expect(done.returncode == 0, f"mount {words}: {done.stderr}")


def unmount(place):
    subprocess.run(["umount", str(place)], check=True)


def started(command):
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT
    )


def kill(stage, after):
    """Kills a run so many seconds after it starts; says whether it was still there."""
    run = started(stage.project.command(NIGHTS[2], stage.out))
    time.sleep(after)
    run.kill()
    _, stderr = run.communicate()
    expect(run.returncode in (0, -9), f"exit {run.returncode}: {stderr}")
    return run.returncode == -9


def kills(stage, number, seed):
    """So many kills that found the run alive; how long one takes changes with the machine, and is followed."""
    chance = random.Random(seed)
    times = []
    for _ in range(3):
        stage.renew()
        began = time.monotonic()
        expect(stage.project.run(NIGHTS[2], stage.out).returncode == 0, "an undisturbed run")
        times.append(time.monotonic() - began)
    whole = min(times)
    landed = 0
    ends = collections.Counter()
    while landed < number:
        expect(sum(ends.values()) < 20 + 5 * number, f"only {landed} kills found the run alive: {dict(ends)}")
        stage.renew()
        times_killed = 1 + (chance.random() < 0.3)
        killed = [kill(stage, chance.uniform(0.0, whole)) for _ in range(times_killed)]
        left = sum(name.startswith(".") for name in os.listdir(stage.out / "runs"))
        names = stage.check()
        word = {0: "ended before", 1: "killed", 2: "killed twice"}[sum(killed)]
        landed += sum(killed)
        whole *= 1.02 if all(killed) else 0.97
        ends[f"{word}, current {names}" + (", leftovers" if left else "")] += 1
    return ends


def full_disks(stage, what, sizes, message):
    """A disk of growing size, until the run fits."""
    ends = collections.Counter()
    stage.renew()
    for size in sizes:
        disk = stage.place / "disk"
        disk.mkdir(exist_ok=True)
        mount("-t", "tmpfs", "-o", f"{what}={size}", "tmpfs", disk)
        try:
            copied = subprocess.run(
                ["cp", "-a", f"{stage.before}/.", disk], capture_output=True, check=False
            )
            if copied.returncode != 0:
                continue  # It does not even hold the nights before.
            run = stage.project.run(NIGHTS[2], disk)
            left_over = run.returncode == 1 and "was not removed" in run.stderr
            expect(run.returncode in (0, 3) or left_over, f"{what}={size}: exit {run.returncode} {run.stderr}")
            if run.returncode == 3:
                said = last_event(run.stderr)["message"]
                expect(message in said, f"{what}={size}: {said}")
                expect(current(disk) == stage.old, "exit 3, and `current` moved")
            fits = run.returncode == 0
            verified = stage.project.verify(disk)
            expect(verified.returncode == 0, f"{verified.stdout}{verified.stderr}")
            mount("-o", f"remount,{what}={'64m' if what == 'size' else 10_000}", disk)
            names = stage.check(disk)
            ends[f"exit {run.returncode}, current {names}"] += 1
            if fits:
                return ends
        finally:
            unmount(disk)
    raise Broken(f"{what}: the run never fits")


def unwritable(stage):
    """A file system that is read-only, a file in place of the folder, and a folder of the system."""
    out = stage.renew()
    before = tree(out)
    mount("--bind", out, out)
    mount("-o", "remount,bind,ro", out)
    try:
        for place in (out, out / "new"):
            run = stage.project.run(NIGHTS[2], place)
            expect(run.returncode == 3, f"{place}: exit {run.returncode} {run.stderr}")
            said = last_event(run.stderr)["message"]
            expect("Read-only file system" in said and str(out) in said, said)
            expect("choose an out folder that can be written to" in said, said)
        expect(stage.project.verify(out).returncode == 0, "a read-only folder is verified")
    finally:
        unmount(out)
    expect(tree(out) == before, "something changed")
    stage.check()
    file = stage.place / "file"
    file.write_text("no folder")
    for place in (file, file / "below", pathlib.Path("/proc/none")):
        run = stage.project.run(NIGHTS[2], place)
        expect(run.returncode == 3, f"{place}: exit {run.returncode} {run.stderr}")
        said = last_event(run.stderr)["message"]
        expect("cannot create the folder" in said and "out folder" in said, said)
    expect(file.read_text() == "no folder", "the file was changed")


def together(stage, number):
    """Two runs of two nights that start at once: one publishes, and the other says that it did not."""
    ends = collections.Counter()
    for _ in range(number):
        out = stage.renew()
        runs = [started(stage.project.command(night, out)) for night in NIGHTS[2:]]
        said = [run.communicate()[1] for run in runs]
        codes = [run.returncode for run in runs]
        expect(0 in codes and set(codes) <= {0, 3}, f"{codes}: {said}")
        for code, words in zip(codes, said):
            message = last_event(words).get("message", "")
            busy = "another run is writing to" in message and "wait until it ends" in message
            expect(code == 0 or busy, message)
        names = current(out)
        winners = [night for night, code in zip(NIGHTS[2:], codes) if code == 0]
        expect(any(names.startswith(f"runs/{night}-") for night in winners), f"{names} of {winners}")
        expect(stage.project.verify(out).returncode == 0, "what was published is whole")
        there = {name[:10] for name in os.listdir(out / "runs")}
        expect(there <= {*NIGHTS[:2], *winners}, f"{there}, and {winners} were published")
        ends["one published, one refused" if 3 in codes else "one after the other"] += 1
        # Whoever lost succeeds afterwards.
        for night in NIGHTS[2:]:
            expect(stage.project.run(night, out).returncode == 0, "the loser runs again")
        expect(current(out).startswith(f"runs/{NIGHTS[3]}-") or 3 in codes, "the newest is current")
    expect(ends["one published, one refused"] * 2 >= number, f"too few met: {dict(ends)}")
    return ends


def main():
    about = argparse.ArgumentParser(description=__doc__)
    about.add_argument("binary")
    about.add_argument("--kills", type=int, default=500)
    about.add_argument("--seed", type=int, default=7)
    about.add_argument("--step", type=int, default=4, help="KiB by which the disk grows")
    about.add_argument("--pairs", type=int, default=30)
    about.add_argument("--place", help="the folder to work in")
    asked = about.parse_args()
    needs("unshare", "util-linux")
    if INSIDE not in os.environ:
        # Disks of our own, which nobody else sees and which go away with this process.
        own = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]
        tried = subprocess.run([*own, "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, text=True, check=False)
        if tried.returncode != 0:
            sys.exit(f"`{' '.join(own)}` cannot mount a disk of its own ({tried.stderr.strip()}): run as root, or where user namespaces are allowed")
        os.environ[INSIDE] = "1"
        os.execvp(own[0], [*own, sys.executable, *sys.argv])
    began = time.monotonic()
    broken = []
    with folder(asked.place) as place:
        stage = Stage(Project(asked.binary, f"{place}/project"), place)
        kib = range(64, 16_384, asked.step)
        parts = {
            "two runs at once": lambda: together(stage, asked.pairs),
            "unwritable": lambda: unwritable(stage),
            "disk of so many KiB": lambda: full_disks(stage, "size", (f"{n}k" for n in kib), "free space"),
            "disk of so many files": lambda: full_disks(stage, "nr_inodes", range(40, 1_000, max(1, asked.step // 4)), "free space"),
            "kills": lambda: kills(stage, asked.kills, asked.seed),
        }
        for part, act in parts.items():
            try:
                ends = act()
            except Broken as why:
                broken.append(f"{part}: {why}")
                print(f"BROKEN {broken[-1]}", flush=True)
                continue
            words = "; ".join(f"{n} {end}" for end, n in sorted((ends or {"as it should be": 1}).items()))
            print(f"{part:22} {words}", flush=True)
    print(f"{time.monotonic() - began:.0f} s, {len(broken)} broken")
    return 1 if broken else 0


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main())
