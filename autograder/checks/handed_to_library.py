"""Say, of a check that raised, what to write where it gave an object of the student's to a library of its own.

`inspect.getsource(student.f)` looks here for what is there; `library.inspect.getsource(student.f)` asks there.
"""

import traceback
from pathlib import Path

from autograder.checks.handles import Handle

__all__ = ["advice"]

_NO_GRAPH = "does not require grad"
_WITHOUT_GRAPH = (
    "What comes back is data, without the graph that `backward` needs: have it done there, as in "
    '`library.builtins.eval("lambda model, x: model(x).sum().backward()")(model, x)`.'
)


def advice(error: BaseException, checks: Path) -> str:
    """Return one sentence on what the check is to be written like, "" where nothing of that kind went wrong."""
    if any(_NO_GRAPH in said for said in error.args if type(said) is str):  # str(error) might ask a handle
        return _WITHOUT_GRAPH
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    own = [place for place, frame in enumerate(frames) if Path(frame.f_code.co_filename).parent == checks]
    if not own or own[-1] + 1 == len(frames):
        return ""
    called = frames[own[-1] + 1]
    handle = next((value for value in called.f_locals.values() if isinstance(value, Handle)), None)
    module = str(called.f_globals.get("__name__", ""))
    if handle is None or module.startswith(("autograder.", "_pytest.")):
        return ""
    function = f"{module}.{called.f_code.co_qualname}"
    return (
        f"`{function}` was given {handle!r}, which stays in the student's process: ask there, as in "
        f"`library.{function}(…)`, or give it what the object holds."
    )
