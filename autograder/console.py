"""Print to the terminal: what was asked for to standard output, all else to standard error."""

from rich.console import Console

__all__ = ["ERR", "OUT"]

OUT = Console(highlight=False, soft_wrap=True)
ERR = Console(stderr=True, highlight=False, soft_wrap=True)
