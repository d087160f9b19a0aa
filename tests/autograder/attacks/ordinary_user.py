"""Run a command as an ordinary user, also where Python lies in a folder that only root may enter."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ORDINARY_USER = 54321
"""A user ID without an account: it owns nothing but what a test gives it."""
REPOSITORY = Path(__file__).parents[3]

_ENTER = """
import os, sys
from autograder.sandbox.inside import syscalls
user, shown, command = int(sys.argv[1]), sys.argv[2].split(":"), sys.argv[3:]
syscalls.unshare(syscalls.NEW_MOUNT)
syscalls.make_mounts_private()
kept = {}
for number, path in enumerate(shown):
    kept[path] = f"/mnt/{number}"
syscalls.mount("tmpfs", "/mnt", options="mode=0755")
for path, place in kept.items():
    os.mkdir(place)
    syscalls.bind_mount(path, place)
closed = {next(p for p in ["/" + "/".join(path.split("/")[1:n]) for n in range(2, 20)] if not os.stat(p).st_mode & 1) for path in shown}
for folder in closed:
    syscalls.mount("tmpfs", folder, options="mode=0755")
for path, place in kept.items():
    os.makedirs(path, exist_ok=True)
    syscalls.bind_mount(place, path)
syscalls.unmount("/mnt")
os.setgroups([])
os.setresgid(user, user, user)
os.setresuid(user, user, user)
syscalls.become_dumpable()
os.chdir("/")
os.execvp(command[0], command)
"""
"""Show some folders behind doors that are closed to others, in mounts of the command's own."""


def _behind_closed_doors() -> list[str]:
    """Return what the command needs and an ordinary user could not reach."""
    needed = {os.path.realpath(path) for path in (sys.prefix, sys.base_prefix, REPOSITORY)}
    return sorted(path for path in needed if any(not folder.stat().st_mode & 1 for folder in Path(path).parents))


def prepare(folder: Path, user: int | None) -> None:
    """Give a folder with all that is in it to the user."""
    if user is None:
        return
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, user, user, follow_symlinks=False)


def run_as(
    user: int | None, command: Sequence[str], *, check: bool = False, secret: str = ""
) -> subprocess.CompletedProcess:
    """Run a command and return it with what it printed, on both channels together."""
    environment = {"PATH": os.environ["PATH"], "AUTOGRADER_SECRET": secret, "LANG": "C.UTF-8", "COLUMNS": "200"}
    if not secret:
        del environment["AUTOGRADER_SECRET"]
    if user is not None:
        environment["HOME"] = "/nonexistent"
        shown = _behind_closed_doors()
        if shown:
            command = [sys.executable, "-c", _ENTER, str(user), ":".join(shown), *command]
        else:
            command = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", *command]
    else:
        environment["HOME"] = os.environ.get("HOME", "/")
    done = subprocess.run(
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
        cwd="/",
    )
    assert not check or done.returncode == 0, done.stdout
    return done
