"""Read a Gradescope export: `submission_metadata.yml` beside a folder `submission_<id>/` for each submission."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from autograder.collecting.deliveries import Delivery, Who
from autograder.collecting.files import File
from autograder.collecting.sources import Told, folders
from autograder.errors import CollectError
from autograder.roster import Field

__all__ = ["Gradescope"]

_METADATA = "submission_metadata.yml"
_MOST_METADATA = 64 * 2**20
_FIELDS: Mapping[str, Sequence[Field]] = {":email": ("email",), ":sid": ("sis", "id", "login")}


class Gradescope:
    """`submission_metadata.yml` says who handed in each `submission_<id>/`, and when; several are a group."""

    name = "gradescope"

    def read(self, files: Sequence[File], told: Told) -> Iterator[Delivery]:  # noqa: ARG002 - the protocol's
        """Yield each submission that the metadata name."""
        metadata = next((file for file in files if str(file.path) == _METADATA), None)
        if metadata is None:
            return
        inside = folders(files)
        beside = [metadata]
        for name, said in _metadata(metadata).items():
            people = said.get(":submitters") if isinstance(said, dict) else None
            if name not in inside or not isinstance(people, list):
                continue
            number = str(name).removeprefix("submission_") if len(people) == 1 else ""
            who = [_who(person, number) for person in people if isinstance(person, dict)]
            if who:
                time = _time(said.get(":created_at"))
                yield Delivery(source=self.name, who=who, files=inside[name], time=time, beside=beside)


def _who(person: Mapping[str, Any], number: str) -> Who:
    """Return whom a submitter is; the submission's number names one who handed in alone."""
    said = {key: str(value) for key, value in person.items() if isinstance(value, str | int) and str(value)}
    values: dict[Field, str] = {field: said[key] for key, fields in _FIELDS.items() if key in said for field in fields}
    name = said.get(":name", "")
    first = said.get(":sid") or said.get(":email", "").partition("@")[0]
    return Who(
        shown=name or first or number,
        values={**values, **({"gradescope": number} if number else {})},
        names=[name] if name else [],
        id=first,
    )


def _metadata(file: File) -> Mapping[Any, Any]:
    import yaml  # noqa: PLC0415 - for this one source

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc] # the quick one, where it is
        def flatten_mapping(self, node: Any) -> None:
            """Take in no merged mappings: of a few lines they make gigabytes."""

    try:
        found = yaml.load(file.read(_MOST_METADATA), Loader)  # noqa: S506 - it is a safe loader
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise CollectError(
            f"{file.seen} is not as Gradescope writes it ({type(error).__name__}); export again."
        ) from error
    if not isinstance(found, dict):
        raise CollectError(f"{file.seen} is not as Gradescope writes it; export again.")
    return found


def _time(value: object) -> datetime | None:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip().removesuffix(" Z"))
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    return value if value.utcoffset() is not None else value.replace(tzinfo=UTC)
