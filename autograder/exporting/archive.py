"""Pack feedback files into a zip: the same files give the same bytes."""

import io
import zipfile
from collections.abc import Collection, Mapping

__all__ = ["zip_of"]

_BEGINNING = (1981, 1, 1, 0, 0, 0)
"""Time in a zip begins with 1980: this is later wherever it is unpacked."""


def zip_of(files: Mapping[str, bytes], executable: Collection[str] = ()) -> bytes:
    """Return a zip of files, by their names; some of them may be programs."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            member = zipfile.ZipInfo(name, date_time=_BEGINNING)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = (0o755 if name in executable else 0o644) << 16
            archive.writestr(member, content)
    return buffer.getvalue()
