"""Find out where student code computes: on the GPUs where there are some, else on the CPU.

What torch may use is asked of torch, in a process of its own: one that has touched CUDA can no longer be forked. Which
device file belongs to it is read from the driver's folder in /proc, for CUDA's numbers are not those of the files:
CUDA_VISIBLE_DEVICES and a container leave some out, and the fastest GPU is CUDA's first.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.errors import AutograderError
from autograder.sandbox.shared.gpu import Gpu

__all__ = ["Devices", "choose_devices", "find_gpus"]

_PROBE = """
import json, torch

def described(number):
    one = torch.cuda.get_device_properties(number)
    place = [getattr(one, f"pci_{part}_id", None) for part in ("domain", "bus", "device")]
    pci = "" if None in place else "{:04x}:{:02x}:{:02x}.0".format(*place)
    return {"number": number, "uuid": str(getattr(one, "uuid", "")), "pci": pci, "name": one.name}

count = torch.cuda.device_count() if torch.cuda.is_available() else 0
print(json.dumps([described(number) for number in range(count)]))
"""
_PROBE_SECONDS = 120
_DRIVER = Path("/proc/driver/nvidia")
_DEVICES = Path("/dev")
_OWN_FILE = re.compile(r"nvidia[0-9]+")
_FILES_OF_AN_INSTANCE = 2
"""Of a partitioned GPU: for the GPU instance, and for the compute instance in it."""


@dataclass(frozen=True, kw_only=True)
class Devices:
    """What a host lends to student code."""

    gpus: tuple[Gpu, ...] = ()

    @property
    def kind(self) -> str:
        """Return `cuda` or `cpu`."""
        return "cuda" if self.gpus else "cpu"

    def slots(self, gpu_share: float) -> int:
        """Return how many submissions fit at a time: one for each share of a GPU's memory and each core."""
        cores = len(os.sched_getaffinity(0))
        return min(len(self.gpus) * int(1 / gpu_share), cores) if self.gpus else cores


def choose_devices(wish: str) -> Devices:
    """Return what `auto`, `cpu` or `cuda` comes to here; raise AutograderError for CUDA that cannot be used."""
    if wish == "cpu" or (wish == "auto" and not Path("/dev/nvidiactl").exists()):
        return Devices()
    described, why = _ask_torch()
    if described:
        return Devices(gpus=find_gpus(described, os.environ.get("CUDA_VISIBLE_DEVICES")))
    if wish == "cuda":
        raise AutograderError(f"--device cuda: torch cannot use a GPU here{why}; use --device cpu, or mend that.")
    return Devices()


def _ask_torch() -> tuple[Sequence[dict[str, Any]], str]:
    """Return what torch says of each GPU that it may use; none, and why where that is known."""
    try:
        probe = subprocess.run(
            [sys.executable, "-c", _PROBE], check=False, timeout=_PROBE_SECONDS, capture_output=True, text=True
        )
    except subprocess.TimeoutExpired:
        return (), f" (it gave no answer in {_PROBE_SECONDS} seconds)"
    last = (probe.stderr.strip().splitlines() or [""])[-1]
    if probe.returncode:
        return (), f" ({last})" if last else ""
    described: Sequence[dict[str, Any]] = json.loads(probe.stdout.strip().splitlines()[-1])
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    hidden = f" (CUDA_VISIBLE_DEVICES is {visible!r})" if visible is not None else ""
    return described, hidden


def find_gpus(
    described: Sequence[dict[str, Any]], visible: str | None, *, driver: Path = _DRIVER, devices: Path = _DEVICES
) -> tuple[Gpu, ...]:
    """Return the GPUs that torch described, with their device files; `visible` is CUDA_VISIBLE_DEVICES.

    Raise AutograderError for a partitioned GPU with several instances in sight: which files are whose is not known.
    """
    minors = _minors(driver)
    present = sorted((path.name for path in devices.glob("nvidia*") if _OWN_FILE.fullmatch(path.name)), key=_by_number)
    gpus = []
    for one in described:
        uuid = _full_uuid(one, visible)
        minor = minors.get(one["pci"] or uuid, minors.get(uuid))
        if minor is not None:
            own = f"nvidia{minor}"
        else:  # the driver's folder is not to be seen, as in some containers: then they are shown in their order
            own = present[one["number"]] if len(present) == len(described) else f"nvidia{one['number']}"
        nodes = [devices / own]
        if uuid.startswith("MIG-"):
            nodes += _instance_files(own.removeprefix("nvidia"), driver, devices)
        gpus.append(Gpu(number=one["number"], uuid=uuid, nodes=tuple(map(str, nodes))))
    return tuple(gpus)


def _by_number(name: str) -> int:
    return int(name.removeprefix("nvidia"))


def _minors(driver: Path) -> dict[str, str]:
    """Return the numbers of the device files, by each GPU's place on the bus and by its UUID."""
    found = {}
    for path in sorted(driver.glob("gpus/*/information")):
        text = path.read_text(errors="replace")
        fields = dict(re.findall(r"^([^:\n]+):[ \t]*(.*?)[ \t]*$", text, re.MULTILINE))
        if (minor := fields.get("Device Minor", "")).isdecimal():
            found[path.parent.name.lower()] = minor
            found[fields.get("GPU UUID", "")] = minor
    return found


def _full_uuid(one: dict[str, Any], visible: str | None) -> str:
    """Return the UUID with what it begins with: torch leaves that out, and says the GPU's for an instance of one."""
    named = [token.strip() for token in (visible or "").split(",")]
    if " MIG " in one["name"]:
        instances = [token for token in named if token.startswith("MIG-")]
        return instances[0] if instances else "MIG-" + one["uuid"].removeprefix("MIG-")
    return f"GPU-{one['uuid'].removeprefix('GPU-')}" if one["uuid"] else ""


def _instance_files(minor: str, driver: Path, devices: Path) -> list[Path]:
    """Return the files of the one instance of a partitioned GPU that is in sight here."""
    folder = driver / "capabilities" / f"gpu{minor}" / "mig"
    files = []
    for path in sorted([*folder.glob("gi*/access"), *folder.glob("gi*/ci*/access")]):
        number = re.search(r"^DeviceFileMinor:\s*(\d+)", path.read_text(), re.MULTILINE)
        file = devices / "nvidia-caps" / f"nvidia-cap{number[1] if number else ''}"
        files += [file] if number and file.exists() else []
    if len(files) > _FILES_OF_AN_INSTANCE:
        raise AutograderError(
            f"Several instances of the partitioned GPU {devices}/nvidia{minor} are in sight ({len(files)} files in "
            f"{devices}/nvidia-caps), and student code must reach one alone; grade in a container that is given one."
        )
    return files
