"""Run `accept gpu` as on a bare machine: a fresh Python with torch and little else, the wheelhouse, no network.

    python docs/measure/bare_machine.py build/bare --parts walls

What such a machine has installed is linked from this environment: the listed packages, what they need, no others.
Its Python is this one, for which the wheels are collected: another version is not emulated.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "docs" / "operators" / "wheelhouse.sh"
INSTALLED = ("torch", "torchvision", "numpy", "pytest", "msgpack", "rich", "jinja2", "matplotlib", "safetensors")


def main() -> int:
    """Collect, make the machine's Python, install, and run without a network; return what the acceptance returned."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    options, more = parser.parse_known_args()
    folder: Path = options.folder.absolute()
    folder.mkdir(parents=True)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    house, there = folder / "wheelhouse", folder / "gpu"
    around = os.environ | {"PYTHON": sys.executable, "VERSION": version}
    subprocess.run(["/bin/sh", SCRIPT, "collect", house], env=around, check=True)
    alone = ["/usr/bin/unshare", "--net", "env", "-i", "PATH=/usr/bin:/bin", f"HOME={folder}"]
    base = Path(sys.base_prefix, "bin", f"python{version}")
    subprocess.run([*alone, f"PYTHON={base}", "/bin/sh", SCRIPT, "install", house, there], check=True)
    link_packages(next(there.glob("lib/python*/site-packages")))
    command = [there / "bin" / "python", "-m", "autograder", "accept", "gpu", "--output", folder / "accepted"]
    return subprocess.run([*alone, *command, *more, "--course", ROOT], cwd=ROOT, check=False).returncode


def link_packages(target: Path) -> None:
    """Put the listed packages and their needs beside what was installed, as the machine's own."""
    for found in needed(INSTALLED):
        tops = {Path(str(file)).parts[0] for file in found.files or () if not str(file).startswith("..")}
        for top in sorted(tops - {"__pycache__"}):
            source = Path(str(found.locate_file(top)))
            if source.is_dir() and not (target / top).exists():
                shutil.copytree(source, target / top, symlinks=True, copy_function=os.link)
            elif source.is_file() and not (target / top).exists():
                os.link(source, target / top)


def needed(names: tuple[str, ...]) -> list[Distribution]:
    """Return the distributions of these names and of all that they need here."""
    found: dict[str, Distribution] = {}
    waiting = list(names)
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in found:
            continue
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:  # for another system
            continue
        wanted = [need for need in found[name].requires or () if "extra ==" not in need]
        waiting += [match[0] for need in wanted if (match := re.match(r"[\w.-]+", need))]
    return list(found.values())


if __name__ == "__main__":
    raise SystemExit(main())
