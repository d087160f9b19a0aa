"""Name the systems whose downloads can be collected, for the command line too: it must not wait for what reads them."""

from typing import Literal, TypeAlias

__all__ = ["SourceName"]

SourceName: TypeAlias = Literal[
    "canvas", "moodle", "gradescope", "github", "blackboard", "nbgrader", "nbgrader-exchange", "otter", "plain"
]
