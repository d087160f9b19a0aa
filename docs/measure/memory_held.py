"""See how much of the host's memory hostile notebooks get hold of, within a limit and, as the control, without one.

    python docs/measure/memory_held.py --plot docs/figures/memory_held.png [--user UID]

Each attack is graded by itself twice: with a limit of 600 MB, and with one that it does not reach, in which it must be
seen to take more. MemAvailable is read every twentieth of a second. Takes minutes and up to 3 GB.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import matplotlib.pyplot as plt

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tests" / "autograder"), str(ROOT / "tests" / "autograder" / "attacks")]

from hostile_code import BOMBS, NOTHING  # noqa: E402 - they lie beside the tests
from ordinary_user import prepare, run_as  # noqa: E402
from tiny_course import answers, make_course, submit  # noqa: E402

LIMIT_MB, OUT_OF_REACH_MB = 600, 20_000
REFUSED = "shared, let go of"
"""Refused whatever the limit; that it takes 2 GB otherwise is seen in the controls of tests/autograder/attacks."""
SHARED = (
    "import mmap, time\nkept = []\nfor _ in range(30):\n    block = mmap.mmap(-1, 64 * 2**20{flags})\n"
    "    for at in range(0, 64 * 2**20, 2**12): block[at] = 1\n    block.madvise(mmap.MADV_DONTNEED)\n"
    f"    kept.append(block)\ntime.sleep(2)\n{NOTHING}"
)
ATTACKS = {
    "its own": (
        "kept = []\nfor _ in range(40): kept.append(bytearray(b'x') * 50_000_000)\n"
        f"import time\ntime.sleep(2)\n{NOTHING}"
    ),
    REFUSED: SHARED.format(flags=""),
    "page tables": (
        BOMBS["page-tables"].source.replace("400 * 2**30", "1200 * 2**30").replace("time.sleep(1000)", "time.sleep(2)")
    ),
    "sockets": BOMBS["sockets"].source.replace("time.sleep(1000)", "time.sleep(3)"),
    "mappings": BOMBS["mappings-of-children"].source.replace("time.sleep(1000)", "time.sleep(3)"),
    "file locks": BOMBS["file-locks"].source,
    "files in memory": (
        f"for n in range(60): open(f'/tmp/{{n}}', 'wb').write(b'x' * 10_000_000)\nimport time\ntime.sleep(2)\n{NOTHING}"
    ),
}


def available_mb() -> float:
    """Return the memory that the host could still give out."""
    text = Path("/proc/meminfo").read_text()
    return int(text.partition("MemAvailable:")[2].split()[0]) / 1024


def held(source: str, limit_mb: int, user: int | None) -> tuple[list[tuple[float, float]], dict[str, object]]:
    """Grade one attack; return how much memory was gone over time, in seconds and MB, and its result."""
    folder = Path(tempfile.mkdtemp(prefix="held-", dir="/var/tmp"))
    root = make_course(folder / "course")
    config = root / "course_config.py"
    config.write_text(
        config.read_text()
        .replace("memory_mb=1500", f"memory_mb={limit_mb}")
        .replace("cell_seconds=2", "cell_seconds=8")
    )
    submit(root, "zero", *answers(f"import time\ntime.sleep(1.5)\n{source}", "answer = 0"))
    submit(root, "right", *answers("def double(x):\n    return 2 * x"))
    prepare(folder, user)
    autograder = [sys.executable, "-m", "autograder"]
    run_as(user, [*autograder, "build", "--course", str(root)], check=True)
    grade = [*autograder, "grade", "tiny", "--course", str(root), "--workers", "1", "--student"]
    run_as(user, [*grade, "right"], check=True)  # the disk's cache is warm, and the neighbour known
    before = json.loads((root / "results" / "tiny" / "right.json").read_text())["score"]
    (root / "results" / "tiny" / "right.json").unlink()
    looks: list[tuple[float, float]] = []
    began = start = 0.0
    child = os.fork()
    if child == 0:
        run_as(user, [*grade, "zero", "right", "--force"])
        os._exit(0)
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        if not start and (root / "results" / "tiny" / "right.json").exists():  # all is loaded, the attack begins
            began, start = time.monotonic(), available_mb()
        if start:
            looks.append((time.monotonic() - began, start - available_mb()))
        time.sleep(0.05)
    results = {name: json.loads((root / "results" / "tiny" / f"{name}.json").read_text()) for name in ("zero", "right")}
    assert results["right"]["score"] == before == 6, "the neighbour is right whatever happens"
    shutil.rmtree(folder)
    return looks, results["zero"]


def words(result: dict[str, object]) -> str:
    """Return how an attack ended, in the result's own words."""
    cells = result["cells"]
    assert isinstance(cells, list)
    return next((cell["error"][:70] for cell in cells if cell["error"]), "it ran to its end")


def main() -> None:
    """Print and plot what each attack held at most."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plot", type=Path, required=True)
    parser.add_argument("--user", type=int, help="grade as this user, who needs no account")
    parser.add_argument("--only", nargs="+", default=list(ATTACKS))
    options = parser.parse_args()
    figure, axes = plt.subplots(2, 4, figsize=(14, 6), layout="constrained", sharey=True)
    print("| attack | limit, MB | most held, MB | how it ended |\n|---|--:|--:|---|")
    for axis, name in zip(axes.flat, options.only):
        for limit_mb in (LIMIT_MB, OUT_OF_REACH_MB)[: 1 if name == REFUSED else 2]:
            looks, result = held(ATTACKS[name], limit_mb, options.user)
            most = max(gone for _, gone in looks)
            print(f"| {name} | {limit_mb:,} | {most:,.0f} | {words(result)} |", flush=True)
            axis.plot(*zip(*looks), label=f"limit {limit_mb:,} MB")
        axis.set_title(name)
        axis.set_xlabel("seconds")
        axis.grid(alpha=0.3)
    axes[0, 0].set_ylabel("less MemAvailable, MB")
    axes[0, 0].legend()
    for axis in axes.flat[len(options.only) :]:
        axis.set_visible(False)
    figure.savefig(options.plot, dpi=100)


if __name__ == "__main__":
    main()
