"""Read zip and tar archives that strangers made: nothing in them becomes a path on this machine.

An archive is listed, judged as a whole, and only then read, file by file, into memory. What could only be meant to do
harm (a path that leads out, a link, a device, a bomb) refuses all of it in one sentence; nothing is unpacked to disk
but the stream of a compressed tar, into a file without a name.
"""

import bz2
import gzip
import io
import lzma
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import PurePosixPath
from types import TracebackType
from typing import IO, BinaryIO, Self, cast

from autograder.collecting.files import LIMITS, File, Limits, shown
from autograder.errors import CollectError

__all__ = ["Archives"]

_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_COMPRESSED: Mapping[bytes, Callable[[BinaryIO], IO[bytes]]] = {
    b"\x1f\x8b": lambda stream: cast("IO[bytes]", gzip.GzipFile(fileobj=stream)),
    b"BZh": bz2.open,
    b"\xfd7zXZ\x00": lzma.open,
}
_OTHERS = {b"Rar!": "a RAR archive", b"7z\xbc\xaf\x27\x1c": "a 7z archive"}
_ENTRY = b"PK\x01\x02"
"""Begins what a zip says of each of its files."""
_UTF8_FLAG = 0x800
_ENCRYPTED_FLAG = 0x1
_CHUNK = 2**20
_LONGEST_READ = 2**26
"""Bytes that tarfile may want at once: what is longer are names of megabytes."""
_DAMAGED = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,  # a password is needed; RecursionError: names of names of names
    ValueError,
    MemoryError,
)
_CHILD = "unpack it yourself if you trust it, and give the folder"


@dataclass
class Archives:
    """Opens archives within limits that hold for all of them together, and closes them at the end."""

    limits: Limits = LIMITS
    entries: int = 0
    _open: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all that is open."""
        self._open.close()

    def inner(self) -> "Archives":
        """Return one for archives that are closed before the others."""
        return Archives(self.limits, self.entries)

    def adopt(self, inner: "Archives") -> None:
        """Keep open what another one has opened."""
        self._open.callback(inner.close)
        self.entries = max(self.entries, inner.entries)

    def files(self, archive: File, *, strict: bool = True) -> list[File]:
        """Return the files in an archive, their paths below its name; raise CollectError for one that is refused.

        Where names decide who somebody is, `strict`, their encoding must be certain.
        """
        stream = self._stream(archive)
        head = stream.read(8)
        stream.seek(0)
        try:
            if head.startswith(_ZIP):
                return list(self._zip(archive, stream, strict=strict))
            return list(self._tar(archive, stream, head, strict=strict))
        except CollectError:
            raise
        except _DAMAGED as error:
            raise CollectError(_damaged(archive, error)) from error

    def _stream(self, archive: File) -> BinaryIO:
        if archive.disk is not None:
            try:
                return self._open.enter_context(archive.disk.open("rb"))
            except OSError as error:
                raise CollectError(f"{archive.seen} cannot be read ({error.strerror}); mend that.") from error
        return io.BytesIO(archive.read(self.limits.archive_bytes))

    def _count(self, archive: File, more: int = 1) -> None:
        self.entries += more
        if self.entries > self.limits.entries:
            raise CollectError(f"{archive.seen} is refused: it holds more than {self.limits.entries:,} entries.")

    def _zip(self, archive: File, stream: BinaryIO, *, strict: bool) -> Iterator[File]:
        if self.entries + _occurrences(stream, _ENTRY) > self.limits.entries:  # before anything is made of them
            self._count(archive, self.limits.entries + 1)
        try:
            opened = self._open.enter_context(zipfile.ZipFile(stream))
        except UnicodeDecodeError as error:
            raise CollectError(_wrong_encoding(archive)) from error
        infos = opened.infolist()
        self._count(archive, len(infos))
        for info in infos:
            self._verify_zip_entry(archive, info)
        total, packed = sum(info.file_size for info in infos), max(1, archive.size)
        if total > self.limits.total_bytes or (total > self.limits.ratio_from and total > self.limits.ratio * packed):
            raise CollectError(_bomb(archive, total, archive.size))
        names = set[str]()
        for info in infos:
            path = self._inner_path(archive, _zip_name(archive, info, strict=strict), names, folder=info.is_dir())
            if info.is_dir() or path is None:
                continue

            def content(most: int, info: zipfile.ZipInfo = info) -> bytes:
                try:
                    with opened.open(info) as file:
                        return _bounded(file, most, archive)
                except _DAMAGED as error:
                    raise CollectError(_damaged(archive, error)) from error

            yield File(
                path=archive.path / path,
                size=info.file_size,
                seen=f"{archive.seen}: {shown(path)}",
                content=content,
                modified=_zip_time(info),
            )

    def _verify_zip_entry(self, archive: File, info: zipfile.ZipInfo) -> None:
        mode = info.external_attr >> 16
        if stat.S_IFMT(mode) not in {0, stat.S_IFREG, stat.S_IFDIR}:
            what = "a symbolic link" if stat.S_ISLNK(mode) else "a device or a pipe"
            raise CollectError(f"{archive.seen} is refused: {shown(info.filename)} in it is {what}.")
        if info.flag_bits & _ENCRYPTED_FLAG:
            raise CollectError(f"{archive.seen} needs a password; {_CHILD}.")
        large = info.file_size > self.limits.ratio_from
        if large and info.file_size > self.limits.ratio * max(1, info.compress_size):
            raise CollectError(_bomb(archive, info.file_size, info.compress_size))

    def _tar(self, archive: File, stream: BinaryIO, head: bytes, *, strict: bool) -> Iterator[File]:
        for magic, what in _OTHERS.items():
            if head.startswith(magic):
                raise CollectError(f"{archive.seen} is {what}, which is not read here; {_CHILD}.")
        plain = self._decompressed(archive, stream, head)
        if plain.seek(0, io.SEEK_END) < tarfile.BLOCKSIZE:
            raise CollectError(f"{archive.seen} is neither a zip nor a tar archive; give another, or the folder.")
        plain.seek(0)
        bounded = cast("IO[bytes]", _Bounded(plain))
        opened = self._open.enter_context(tarfile.open(fileobj=bounded, mode="r:"))  # noqa: SIM115 - as above
        names = set[str]()
        while (member := opened.next()) is not None:
            self._count(archive)
            if not (member.isreg() or member.isdir()) or member.issparse():
                what = "a link" if member.issym() or member.islnk() else "a device, a pipe or a sparse file"
                raise CollectError(f"{archive.seen} is refused: {shown(member.name)} in it is {what}.")
            if strict and not _is_encodable(member.name):
                raise CollectError(_wrong_encoding(archive))
            path = self._inner_path(archive, member.name, names, folder=member.isdir())
            if member.isdir() or path is None:
                continue

            def content(most: int, start: int = member.offset_data, size: int = member.size) -> bytes:
                plain.seek(start)
                found = plain.read(min(size, most + 1))
                if len(found) < size:
                    raise CollectError(f"{archive.seen} is cut off; fetch it again.")
                return found

            yield File(
                path=archive.path / path,
                size=member.size,
                seen=f"{archive.seen}: {shown(path)}",
                content=content,
                modified=_tar_time(member),
            )

    def _decompressed(self, archive: File, stream: BinaryIO, head: bytes) -> BinaryIO:
        """Return the tar itself, in a file without a name where it was compressed."""
        opener = next((opener for magic, opener in _COMPRESSED.items() if head.startswith(magic)), None)
        if opener is None:
            return stream
        plain = self._open.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - closed with the others
        size = 0
        with opener(stream) as packed:
            while chunk := packed.read(_CHUNK):
                size += len(chunk)
                bomb = size > self.limits.ratio_from and size > self.limits.ratio * max(1, archive.size)
                if bomb or size > self.limits.tar_bytes:
                    raise CollectError(_bomb(archive, size, archive.size))
                plain.write(chunk)
        return cast("BinaryIO", plain)

    def _inner_path(self, archive: File, name: str, names: set[str], *, folder: bool) -> PurePosixPath | None:
        """Return the path of an entry inside its archive, None for the archive's own folder; refuse what leads out."""
        plain = name.replace("\\", "/")
        path = PurePosixPath(plain)
        if ".." in path.parts or path.is_absolute() or plain[1:2] == ":":
            raise CollectError(f"{archive.seen} is refused: {shown(name)!r} in it is a path that leads out of it.")
        if any(ord(character) < ord(" ") or character == "\x7f" for character in name):
            raise CollectError(f"{archive.seen} is refused: a name in it has a control character ({shown(name)!r}).")
        if len(path.parts) > self.limits.folders or any(len(part) > self.limits.name_length for part in path.parts):
            raise CollectError(
                f"{archive.seen} is refused: {shown(name)!r} in it is longer than any path of a submission."
            )
        if not path.parts:
            return None
        if str(path) in names and not folder:
            raise CollectError(f"{archive.seen} is refused: it holds {shown(path)} twice.")
        names.add(str(path))
        return path


class _Bounded:
    """A stream that tarfile may not read megabytes of names from at once."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.seek, self.tell = stream.seek, stream.tell

    def read(self, size: int) -> bytes:
        if size > _LONGEST_READ:
            raise tarfile.HeaderError("a header of megabytes")
        return self._stream.read(size)


def _occurrences(stream: BinaryIO, pattern: bytes) -> int:
    """Return how often a pattern occurs in a stream: a zip cannot list more files than it has beginnings of them."""
    count, rest = 0, b""
    stream.seek(0)
    while chunk := stream.read(_CHUNK):
        count += (rest + chunk).count(pattern)
        rest = chunk[-len(pattern) + 1 :]
    stream.seek(0)
    return count


def _bounded(file: IO[bytes], most: int, archive: File) -> bytes:
    content = file.read(most + 1)
    if len(content) > most:
        raise CollectError(f"{archive.seen} is refused: a file in it is larger than it says.")
    return content


def _zip_name(archive: File, info: zipfile.ZipInfo, *, strict: bool) -> str:
    """Return a name as whoever packed it wrote it; without the mark of UTF-8 it may be that all the same."""
    name = info.orig_filename
    if info.flag_bits & _UTF8_FLAG or name.isascii():
        return name
    try:
        return name.encode("cp437").decode()
    except UnicodeError:
        if strict:
            raise CollectError(_wrong_encoding(archive)) from None
        return name


def _is_encodable(name: str) -> bool:
    """Return whether a name was UTF-8: tarfile keeps other bytes as lone surrogates."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _wrong_encoding(archive: File) -> str:
    return f"{archive.seen} is refused: it has names that are not in UTF-8, and nobody could be told by them; {_CHILD}."


def _bomb(archive: File, size: int, packed: int) -> str:
    return (
        f"{archive.seen} is refused: {max(1, packed) / 2**20:.1f} MB in it become {size / 2**20:,.0f} MB or more "
        f"(a zip bomb?); {_CHILD}."
    )


def _damaged(archive: File, error: BaseException) -> str:
    what = shown(str(error)) or type(error).__name__
    return (
        f"{archive.seen} cannot be unpacked, it is damaged or of a kind that is not read here ({what}); fetch it again."
    )


def _zip_time(info: zipfile.ZipInfo) -> datetime | None:
    try:
        return datetime(*info.date_time, tzinfo=UTC)
    except ValueError:
        return None


def _tar_time(member: tarfile.TarInfo) -> datetime | None:
    try:
        return datetime.fromtimestamp(member.mtime, UTC)
    except (OverflowError, ValueError, OSError):
        return None
