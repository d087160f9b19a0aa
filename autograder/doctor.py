"""Examine the host: what of the sandbox it can give, what it computes on, and what mends the rest."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from autograder.course import Course
from autograder.extras import not_installed, what_to_install
from autograder.grading.devices import choose_devices
from autograder.sandbox.outside.memory_cgroup import find_memory_cgroups
from autograder.sandbox.outside.zygote_process import SandboxError, ZygoteProcess
from autograder.sandbox.shared.config import SandboxConfig
from autograder.sandbox.shared.layers import OPTIONAL, Layer

__all__ = ["Finding", "examine", "print_findings"]

_NAMESPACES = (
    "allow namespaces: as root `sysctl -w user.max_user_namespaces=15000`, on Ubuntu also "
    "`sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`; in Docker run as root with `--cap-add SYS_ADMIN "
    "--security-opt seccomp=unconfined --security-opt apparmor=unconfined`"
)
_CGROUPS = (
    "none is needed, the watch is there; with one the kernel itself counts: grade as root, by "
    "`systemd-run --user --scope -p Delegate=yes autograder grade …`, or in a pod with a writable cgroup"
)
_WALLS: Mapping[Layer, tuple[str, str]] = {
    Layer.MOUNT: (
        "no file of the host but Python, what is installed, training data; own /tmp of limited size",
        "Linux 5.12 or newer; ",
    ),
    Layer.PID: ("no process of others is seen or signalled; nothing outlives the submission", ""),
    Layer.NETWORK: ("no network, no abstract sockets of others", ""),
    Layer.IPC: ("no shared memory or message queue of others", ""),
    Layer.USER_ID: ("a user that owns nothing (root's graders), or the same in a namespace", ""),
    Layer.PRIVILEGES: ("no capability, and none to be gained by set-user-ID programs", ""),
    Layer.SECCOMP: ("known system calls alone; no mounts, namespaces, tracing, kernel back doors", ""),
    Layer.USER: ("processes are counted for this submission alone", ""),
    Layer.LANDLOCK: ("a second wall around files, signals and abstract sockets", ""),
    Layer.UTS: ("the host's name is not seen", ""),
    Layer.CGROUP: ("the host's control groups are not seen", ""),
}
_REMEDIES: Mapping[Layer, str] = {
    Layer.SECCOMP: "install libseccomp: `apt install libseccomp2`, and this package with its dependencies",
    Layer.LANDLOCK: "Linux 5.13 or newer, booted with `landlock` among `lsm=`",
    Layer.USER_ID: "a container whose user IDs reach beyond 50,000, or grade as an ordinary user",
}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One property of the host."""

    property: str
    how: str
    there: bool
    remedy: str = ""
    required: bool = True


def examine(course: Course | None = None) -> Sequence[Finding]:
    """Try each wall for real, in a process that does nothing else, and look for devices."""
    missing: Mapping[str, str] = {}
    with ZygoteProcess(SandboxConfig(trial=True)) as zygote:
        try:
            missing = zygote.wait_until_ready()
        except SandboxError as error:
            missing = error.missing or dict.fromkeys(Layer, error.why)
    hidden = _hidden(course) if course and not missing.keys() - OPTIONAL else ()
    offered = _offered(course) if course and course.offered else ()
    return [*_walls(missing), *hidden, *_limits(missing), *_memory(), *offered, *_devices()]


def _walls(missing: Mapping[str, str]) -> Iterator[Finding]:
    for layer, (what, need) in _WALLS.items():
        remedy = f"{missing[layer]}; {need}{_REMEDIES.get(layer, _NAMESPACES)}" if layer in missing else ""
        yield Finding(
            property=what, how=layer, there=layer not in missing, remedy=remedy, required=layer not in OPTIONAL
        )


def _memory() -> Iterator[Finding]:
    cgroups = find_memory_cgroups()
    remedy = "" if cgroups else _CGROUPS
    how = f"cgroup, version {cgroups.version}" if cgroups else "cgroup"
    yield Finding(
        property="all that the kernel holds for it", how=how, there=bool(cgroups), remedy=remedy, required=False
    )


def _hidden(course: Course) -> Iterator[Finding]:
    """Try whether the course can be kept out of sight where it lies."""
    private = (str(course.root),)
    remedy, how = "", "nothing of it is shown"
    with ZygoteProcess(SandboxConfig(trial=True, private=private)) as zygote:
        try:
            zygote.wait_until_ready()
            how = "covered below what is shown" if zygote.covered else how
        except SandboxError as error:
            remedy = error.why or "mend what is missing above"
    yield Finding(property="the course, out of student code's sight", how=how, there=not remedy, remedy=remedy)


def _limits(missing: Mapping[str, str]) -> Iterator[Finding]:
    children = Path("/proc/self/task") / str(os.getpid()) / "children"
    yield Finding(
        property="memory of all its processes together, and the kernel's for them",
        how="watched ten times a second",
        there=children.exists(),
        remedy="" if children.exists() else "a kernel with CONFIG_PROC_CHILDREN",
    )
    yield Finding(
        property="CPU time, file sizes, descriptors, output", how="resource limits, watched pipes", there=True
    )
    yield Finding(property="memory of the checks process", how="resource limit of its own", there=True)
    counted = Layer.USER not in missing or os.geteuid() == 0
    yield Finding(
        property="number of processes",
        how="resource limit of its user",
        there=counted,
        remedy="" if counted else _NAMESPACES,
    )


def _offered(course: Course) -> Iterator[Finding]:
    """Look whether students find what the course says that they may import."""
    missing = not_installed(course.offered)
    yield Finding(
        property=f"what the course offers to import: {', '.join(course.offered)}",
        how="installed beside this package",
        there=not missing,
        remedy=f"{', '.join(missing)}: {what_to_install(missing)}" if missing else "",
        required=False,
    )


def _devices() -> Iterator[Finding]:
    cores = len(os.sched_getaffinity(0))
    yield Finding(property=f"{cores} processor cores, a submission on each", how="processor affinity", there=True)
    gpu = choose_devices("auto").kind != "cpu"
    remedy = "" if gpu else "none is needed; with an NVIDIA GPU install its driver, so that /dev/nvidiactl is there"
    yield Finding(property="a GPU for student code", how="CUDA", there=gpu, remedy=remedy, required=False)


def print_findings(console: Console, course: Course | None = None) -> bool:
    """Print the table; return whether `grade` can run student code here with every required wall standing."""
    findings = examine(course)
    table = Table(title="What this host gives student code", show_lines=False)
    for heading in ("Property", "How", "Here", "What to do"):
        table.add_column(heading, overflow="fold")
    for finding in findings:
        state = "yes" if finding.there else ("NO" if finding.required else "no")
        table.add_row(finding.property, finding.how, state, finding.remedy)
    console.print(table)
    sound = all(finding.there for finding in findings if finding.required)
    user = "root" if os.geteuid() == 0 else "an ordinary user"
    verdict = "`autograder grade` isolates student code here." if sound else "`autograder grade` refuses to run here."
    console.print(f"As {user}: {verdict}")
    return sound
