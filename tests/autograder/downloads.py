"""Build downloads as the systems write them: a table of paths and contents becomes a zip, a tar or a folder."""

import io
import json
import stat
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

Files = Mapping[str, bytes]


def notebook(text: str) -> bytes:
    """A notebook that says who wrote it."""
    cell = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": f"# {text}"}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}).encode()


def zipped(files: Files) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return content.getvalue()


def raw_zip(name: bytes, *, utf8_flag: bool = False) -> bytes:
    """A zip whose one name is these bytes, in whatever encoding."""
    stand_in = b"N" * len(name)
    content = zipped({stand_in.decode(): notebook("raw")}).replace(stand_in, name)
    if utf8_flag:
        for header, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            place = content.index(header) + at
            content = content[:place] + b"\x00\x08" + content[place + 2 :]
    return content


def zip_of_kind(name: str, kind: int) -> bytes:
    """A zip whose one entry is a link or a device."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        entry = zipfile.ZipInfo(name)
        entry.create_system, entry.external_attr = 3, (kind | 0o777) << 16
        archive.writestr(entry, "/etc/passwd")
    assert stat.S_IFMT(kind) == kind
    return content.getvalue()


def tarred(files: Files, mode: str = "w:gz", extra: tarfile.TarInfo | None = None) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode=mode) as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text))
        if extra is not None:
            archive.addfile(extra)
    return content.getvalue()


def write(path: Path, content: bytes | Files) -> Path:
    """Write an archive, or a folder of files."""
    if isinstance(content, bytes):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path
    for name, text in content.items():
        write(path / name, text)
    return path


def otter_zip(text: str, name: str = "mlp.ipynb") -> bytes:
    return zipped({name: notebook(text), "__zip_filename__": b"mlp.zip", ".OTTER_LOG": b"\x80", "mlp.otter": b"{}"})


def canvas(*, late: str = "", suffix: str = "") -> Files:
    """Two students and one who typed something in; the second one may be late."""
    return {
        f"lovelaceada_101_5001_tiny{suffix}.ipynb": notebook("ada"),
        f"müllerjörg_{late}102_5002_tiny.ipynb": notebook("jörg"),
    }


def moodle(between: str) -> Files:
    """Names with a slash or an underscore behind the kind of submission."""
    return {
        f"Ada Lovelace_7001_assignsubmission_file{between}tiny.ipynb": notebook("ada"),
        f"Jörg Müller_7002_assignsubmission_file{between}my work.ipynb": notebook("jörg"),
        "Jörg Müller_7002_assignsubmission_onlinetext/onlinetext.html": b"<p>see file</p>",
    }


GRADESCOPE_METADATA = """\
submission_9001:
  :submitters:
  - :name: Ada Lovelace
    :sid: '1001'
    :email: ada@example.org
  :created_at: 2027-01-14 12:00:00.123456000 Z
  :score: 17.5
  :results: {tests: [{name: MLP, max_score: 3.0}]}
submission_9002:
  :submitters:
  - :name: Jörg Müller
    :sid: '1002'
    :email: jm@example.org
  :created_at: 2027-01-15 12:00:00.000000000 Z
"""


def gradescope(metadata: str = GRADESCOPE_METADATA) -> Files:
    top = "assignment_77_export"
    return {
        f"{top}/submission_metadata.yml": metadata.encode(),
        f"{top}/submission_9001/tiny.ipynb": notebook("ada"),
        f"{top}/submission_9002/tiny.ipynb": notebook("jörg"),
    }
