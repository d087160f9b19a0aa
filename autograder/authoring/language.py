"""Refuse notebooks of another language than Python."""

import re
from collections.abc import Mapping
from typing import Any

from autograder.errors import BuildError

__all__ = ["verify_language"]

_PYTHON = {"python", "python3", "ipython"}
_OTHER_KERNELS = re.compile(
    r"(?:ir|julia|i?javascript|jslab|tslab|deno|i?java|scala|almond|octave|i?matlab|xcpp|root|bash|rust|evcxr|go(?:nb|phernotes)?"
    r"|i?haskell|stata|nbstata|sas|sagemath|i?ruby|maxima|wolfram\w*|\.net-\w+|sos|xsql\w*|xr|xlua|elixir|kotlin)(?![a-z])"
)
"""What kernels of other languages are called by those who make them."""


def verify_language(where: str, metadata: Mapping[str, Any]) -> None:
    """Raise BuildError where a notebook's kernel is of another language than Python; `where` begins the sentence.

    A kernel that does not say its language is known by its name; any other name is somebody's own, of Python.
    """
    kernel, language = (metadata.get(key) for key in ("kernelspec", "language_info"))
    kernel, language = (one if isinstance(one, Mapping) else {} for one in (kernel, language))
    said = str(kernel.get("language") or language.get("name") or "")
    other = _OTHER_KERNELS.match(str(kernel.get("name", "")).lower())
    if (said.lower() not in _PYTHON) if said else other:
        raise BuildError(
            f"{where}: its kernel is of {said or kernel.get('display_name', other and other[0])}; "
            "answers in Python alone are graded, choose a Python kernel."
        )
