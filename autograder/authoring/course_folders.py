"""Say what lies in a course's folders, or is asked for by it, and would be passed over."""

from collections.abc import Iterator
from importlib.util import find_spec

from autograder.course import CONFIG_NAME, Course
from autograder.extras import how_to_install

__all__ = ["passed_over_in_course"]


def passed_over_in_course(course: Course) -> Iterator[str]:
    """Yield a sentence for each assignment without an entry, and each library that is not installed here."""
    if not course.assignments:
        yield f"{CONFIG_NAME} has no assignments; write one with `autograder new assignment NAME`."
        return
    known = {assignment.name for assignment in course.assignments}
    for folder in sorted((course.root / "source").glob("*/")):
        if folder.name not in known and any(folder.glob("*.ipynb")):
            yield (
                f"source/{folder.name} is passed over: {CONFIG_NAME} has no Assignment(name={folder.name!r}); add one, "
                "or move the folder away."
            )
    for library in course.libraries:
        if find_spec(library) is None:
            cure = how_to_install(library) or "install it, or correct the name"
            yield f"{CONFIG_NAME}: the library {library!r} is not installed here; {cure}."
