"""Build the only file system that student code ever sees: system and Python to read, of the course its data alone.

The calling process, which has namespaces of its own by then, moves into it for good. Paths of Python stay what they are
outside, so that later imports find their files. Written here and not left to bubblewrap, which can start a program in
such a root but not move a process that has torch loaded into one; for every submission a start costs seconds.
"""

import os
import shutil
import stat
import sys
import sysconfig
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from autograder.sandbox.inside.syscalls import (
    bind_mount,
    make_mounts_private,
    make_read_only,
    mount,
    pivot_root,
    unmount,
)

__all__ = ["DATA", "WORK", "cover_tmp", "enter_root_folder", "shown_folders"]

WORK = "/submission"
"""The student's working folder: an empty mount point here, for each submission a file system of its own."""
DATA = "/data"
"""Course data that student code may read."""
_OLD = "/.old"
_TMP = "/tmp"  # noqa: S108 - the mount point, not a file in it
_UNDER_TMP = "/.tmp"
"""Where that part of Python waits which lies below /tmp, for instance a whole course that is being tried out there."""
_SYSTEM = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store")
_PREFIXES = ("/usr", "/usr/local", "/opt/conda")
_PARTS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32", "libexec", "share", "include", "ssl", "pyvenv.cfg")
"""What is shown of a prefix: what is installed there, and nothing that merely lies there, such as /usr/src."""
_MORE_PARTS = ("cuda*", "nvidia*", "targets", "nvvm", "*-linux-gnu")
_ETC = ("alternatives", "fonts", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "mime.types", "ssl/certs")
_PACKAGE = Path(__file__).parents[2]
_RUNS_HERE = ("__init__.py", "sandbox/__init__.py", "sandbox/inside", "sandbox/shared")
"""Of this package, what student code may see: what runs in its own process."""
_COPIED_BYTES = 128 * 2**20
_CPUS = "/sys/devices/system/cpu"
_DEVICES = ("null", "full", "random", "urandom")
"""Without /dev/zero: mapped and shared it is memory that no process has, once it is let go of."""
_USERS = "root:x:0:0:root:/:/bin/false\nstudent:x:1000:1000:student:/submission/.home:/bin/bash\n"
_GROUP = "root:x:0:\nstudent:x:1000:\n"
_HOSTS = "127.0.0.1 localhost\n::1 localhost\n"
_DEVICE_LINKS = {"fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2"}


def enter_root_folder(
    data: Sequence[tuple[str, str]], devices: Iterable[Path], private: Iterable[str] = ()
) -> Sequence[str]:
    """Replace the calling process's root by a minimal, read-only one; `devices` are those of its GPU.

    `data` says where each file of the course's data lies, and its path in the folder that student code sees; `private`
    are the folders and files that it must not see, wherever they lie. Return those of them that had to be covered.

    Raise OSError with the call that the host refuses, or the path that can be neither shown nor covered.
    """
    os.umask(0o022)
    hidden = sorted({os.path.realpath(path) for path in private} | {str(path) for path in private})
    shown = shown_folders()  # looked up while Python still finds all of its own files
    make_mounts_private()
    mount("tmpfs", _TMP, options="mode=0755")
    os.mkdir(_TMP + _OLD)  # noqa: PTH102
    pivot_root(_TMP, _TMP + _OLD)
    gpu = list(devices)
    for folder in (*shown, "/sys" if gpu else _CPUS):
        _show(folder)
    covered = [path for path in hidden if _cover(path, shown)]
    _show_own_package()
    for path in covered:
        make_read_only(_place(path), recursive=False)
    for name in _ETC:
        _show(f"/etc/{name}")
    _show_data(data)
    _write_files({"/etc/passwd": _USERS, "/etc/group": _GROUP, "/etc/hosts": _HOSTS})
    _make_devices(gpu)
    for folder in (WORK, _TMP, "/proc"):
        os.makedirs(folder, exist_ok=True)  # noqa: PTH103
    mount("proc", "/proc")
    unmount(_OLD)
    os.rmdir(_OLD)  # noqa: PTH106
    make_read_only("/", recursive=False, devices=True)
    cover_tmp("mode=1777,size=64m")
    return covered


def cover_tmp(options: str) -> None:
    """Mount a new, empty /tmp, and show again what of Python lies below it."""
    mount("tmpfs", _TMP, options=options)
    for target in _shown_under_tmp:
        if os.path.ismount(target):  # it came along with a folder above it
            continue
        os.makedirs(os.path.dirname(target), exist_ok=True)  # noqa: PTH103, PTH120
        _make_mount_point(_UNDER_TMP + target, target)
        bind_mount(_UNDER_TMP + target, target)


_shown_under_tmp: list[str] = []


def shown_folders() -> list[str]:
    """Return what is shown of the host's system and Python, the outer before the inner."""
    paths = {path for kind, path in sysconfig.get_paths().items() if kind != "data"}  # that is the whole prefix
    paths.add(os.path.dirname(sys.executable))  # noqa: PTH120
    for prefix in {*_PREFIXES, sys.prefix, sys.base_prefix, *map(os.path.realpath, (sys.prefix, sys.base_prefix))}:
        paths |= {f"{prefix}/{part}" for part in _PARTS}
        paths |= {str(path) for pattern in _MORE_PARTS for path in Path(prefix).glob(pattern)}
    paths |= {os.path.realpath(path) for path in paths} | set(_SYSTEM)
    return sorted(path for path in paths if os.path.lexists(path))


def _cover(path: str, shown: Iterable[str]) -> bool:
    """Lay an empty folder or file over what must not be seen; return whether anything of it was to be seen.

    What Python needs of it is shown again, such as the virtual environment in a course's folder.
    """
    place = _place(path)
    if not os.path.exists(place) or os.path.islink(place):  # noqa: PTH110, PTH114 - what links lead to comes by itself
        return False
    if path in shown:
        raise OSError(f"student code needs {path}, where the course, submissions or results lie too; move these")
    if not any(_is_below(path, folder) for folder in shown):
        return False
    if os.path.isdir(place):  # noqa: PTH112
        mount("tmpfs", place, options="mode=0755")
        for folder in shown:
            if _is_below(folder, path):
                _show(folder)
    else:
        bind_mount(f"{_OLD}/dev/null", place)
    return True


def _is_below(path: str, folder: str) -> bool:
    return path.startswith(f"{folder.rstrip('/')}/")


def _show_data(data: Sequence[tuple[str, str]]) -> None:
    """Show the course's data; what is small is copied, so that no table of mounts names the course's folder."""
    files = [(source, name) for source, name in data if os.path.isfile(_OLD + source)]  # noqa: PTH113
    small = sum(os.path.getsize(_OLD + source) for source, _ in files) <= _COPIED_BYTES  # noqa: PTH202
    for source, name in data:
        if small and (source, name) in files:
            target = Path(DATA, name)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(_OLD + source, target)
        else:
            _show(source, f"{DATA}/{name}")


def _show_own_package() -> None:
    """Show of this package what runs in here; where it is installed among Python's others, cover the rest of it."""
    package = str(_PACKAGE)
    place = _place(package)
    if os.path.lexists(place):
        mount("tmpfs", place, options="mode=0755")
    for part in _RUNS_HERE:
        _show(f"{package}/{part}")
    if os.path.ismount(place):
        make_read_only(place, recursive=False)


def _place(target: str) -> str:
    """Return where a path is mounted while the root folder is built."""
    return _UNDER_TMP + target if target.startswith(f"{_TMP}/") else target


def _show(source: str, target: str | None = None) -> None:
    """Show a path of the old root for reading: a link as a link, the rest by a bind mount; skip what is not there."""
    target = target or source
    old = _OLD + source
    place = _place(target)
    if os.path.lexists(place) or not os.path.lexists(old):
        return
    os.makedirs(os.path.dirname(place), exist_ok=True)  # noqa: PTH103, PTH120
    if os.path.islink(old):  # noqa: PTH114
        os.symlink(os.readlink(old), place)  # noqa: PTH115, PTH211
        return
    _make_mount_point(old, place)
    bind_mount(old, place)
    make_read_only(place)
    if place != target:
        _shown_under_tmp.append(target)


def _make_mount_point(source: str, target: str) -> None:
    if os.path.isdir(source):  # noqa: PTH112
        os.makedirs(target, exist_ok=True)  # noqa: PTH103
    else:
        Path(target).touch()


def _write_files(files: Mapping[str, str]) -> None:
    for path, text in files.items():
        Path(path).parent.mkdir(exist_ok=True)
        Path(path).write_text(text)


def _make_devices(gpu: Iterable[Path]) -> None:
    Path("/dev/shm").mkdir(parents=True)  # noqa: S108 - the mount point
    for path in [*(Path("/dev", name) for name in _DEVICES), *gpu]:
        old = Path(_OLD + str(path))
        if not stat.S_ISCHR(old.stat().st_mode):
            raise OSError(f"{path} is not a device")
        path.parent.mkdir(exist_ok=True)
        path.touch()
        bind_mount(str(old), str(path))
        make_read_only(str(path), devices=True)
    for name, target in _DEVICE_LINKS.items():
        Path("/dev", name).symlink_to(target)
