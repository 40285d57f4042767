"""SQLite's loop: the Nth call of each kind fails, or the program dies in it, for N = 1, 2, … until a run completes untouched.

    python tests/faults/syscalls.py BINARY [--stride K] [--only KIND] [--place FOLDER]

Once (the Nth alone) and for ever (from the Nth on). `strace` fails the calls, and the program is as it is shipped. After
each trial `current` names the old or the new run, that run and the chain behind it verify, and a run that is left
alone ends well with the bytes of one that was never disturbed. A run that exits with 0 has failed no call that mattered.
"""

import argparse
import collections
import os
import re
import signal
import sys
import time

from common import NIGHTS, Broken, Project, Stage, expect, folder, needs, spoken

# What is failed, and how.
KINDS = {
    "write": ("write,pwrite64,writev", ["error=EIO", "error=ENOSPC", "signal=KILL"]),
    "sync": ("fsync,fdatasync", ["error=EIO", "error=ENOSPC", "signal=KILL"]),
    "rename": ("rename,renameat,renameat2", ["error=EIO", "error=ENOSPC", "error=EXDEV", "signal=KILL"]),
    "mkdir": ("mkdir,mkdirat", ["error=EIO", "error=ENOSPC", "signal=KILL"]),
    "unlink": ("unlink,unlinkat,rmdir", ["error=EIO", "signal=KILL"]),
    "symlink": ("symlink,symlinkat", ["error=EIO", "error=ENOSPC", "signal=KILL"]),
    "open": ("openat", ["error=EIO", "error=ENOSPC", "signal=KILL"]),
}
# So many trials of one kind are more than a small run has calls.
MOST = 5_000


def injected(log):
    """The calls that were failed, with their arguments."""
    try:
        with open(log, errors="replace") as lines:
            return [line.strip() for line in lines if "(INJECTED)" in line]
    except FileNotFoundError:
        return []


def matters(call, out):
    """Whether a failed call has to be noticed: it was to change or to keep a file of the out folder."""
    if str(out) not in call:
        return False
    if re.search(r"\b(unlink|unlinkat|rmdir)\(", call):
        return False  # What is left over is removed by the next run.
    if "openat(" in call and "O_CREAT" not in call and "O_TMPFILE" not in call:
        return False  # Reading: what it is needed for is noticed elsewhere.
    if "openat(" not in call and re.search(r"/\.scratch|\(deleted\)|/#\d+", call):
        return False  # Files that nobody keeps.
    return True


def trial(stage, kind, how, when):
    """One run with a fault; what it came to, or None when no call was left to fail."""
    calls, _ = KINDS[kind]
    out = stage.renew()
    log = stage.place / "strace.log"
    log.unlink(missing_ok=True)
    strace = [
        *("strace", "-f", "-qq", "-y", "-s", "8", "-o", str(log)),
        *("-e", f"trace={calls}", "-e", f"inject={calls}:{how}:when={when}"),
    ]
    run = spoken(strace + stage.project.command(NIGHTS[2], out), timeout=120)
    killed = run.returncode in (137, -signal.SIGKILL)
    failed = injected(log)
    if how == "signal=KILL":
        if not killed:
            expect(run.returncode == 0, f"neither killed nor well: {run.returncode} {run.stderr}")
            return None
        end = "killed"
    else:
        if not failed:
            expect(run.returncode == 0, f"untouched, and exit {run.returncode}: {run.stderr}")
            return None
        end = f"exit {run.returncode}"
        hurt = [call for call in failed if matters(call, out)]
        if run.returncode == 0 and hurt:
            raise Broken(f"exit 0 after {hurt[0]}")
        # 3 is what the exit code says of the machine; before it starts, the loader of the system speaks, with 127.
        # A file of the project that cannot be read is 2, as any mistake of the project: no export was read.
        of_project = any(str(stage.project.folder) in call for call in failed)
        codes = (0, 2, 3, 127) if of_project else (0, 3, 127)
        # 1: the run is published, and the policy could not be followed.
        if any(str(out) in call for call in failed):
            codes += (1,)
        expect(run.returncode in codes, f"exit {run.returncode} after {failed[0]}: {run.stderr}")
    named = stage.check(out)
    expect(end != "exit 1" or named == "new", f"exit 1, and `current` is the {named} run: {run.stderr}")
    return end, named


def main():
    about = argparse.ArgumentParser(description=__doc__)
    about.add_argument("binary")
    about.add_argument("--stride", type=int, default=1, help="try each Kth call")
    about.add_argument("--only", choices=KINDS, action="append", help="only this kind of calls")
    about.add_argument("--place", help="the folder to work in")
    asked = about.parse_args()
    needs("strace", "strace (apt-get install strace)")
    began = time.monotonic()
    ended = collections.defaultdict(collections.Counter)
    broken = []
    with folder(asked.place) as place:
        stage = Stage(Project(asked.binary, f"{place}/project"), place)
        for kind in asked.only or KINDS:
            for how in KINDS[kind][1]:
                for ever in ("", "+"):
                    if how == "signal=KILL" and ever:
                        continue  # Nobody dies twice.
                    row = f"{kind:8} {how:13} {'for ever' if ever else 'once'}"
                    for n in range(1, MOST, asked.stride):
                        try:
                            came_to = trial(stage, kind, how, f"{n}{ever}")
                        except Broken as why:
                            came_to = ("BROKEN", "?")
                            broken.append(f"{row}, call {n}: {why}")
                            print(f"BROKEN {broken[-1]}", flush=True)
                        if came_to is None:
                            break
                        ended[row][", ".join(came_to)] += 1
                    else:
                        broken.append(f"{row}: after {MOST} calls there are still more")
                    print(f"{row:32} {dict(ended[row])}", flush=True)
    print(f"\n{'calls, fault':32} runs  how they ended (what `current` named then)")
    for row, ends in ended.items():
        words = "; ".join(f"{n} {end}" for end, n in sorted(ends.items()))
        print(f"{row:32} {sum(ends.values()):4}  {words}")
    every = sum(sum(ends.values()) for ends in ended.values())
    print(f"{every} runs with a fault in {time.monotonic() - began:.0f} s, {len(broken)} broken")
    expect_enough = len(asked.only or KINDS) * 2
    if broken or every < expect_enough:
        print("\n".join(broken) or "too few calls were failed to say anything")
        return 1
    return 0


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main())
