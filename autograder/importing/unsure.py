"""What rewriting raises where it is not sure to be right."""

__all__ = ["UnsureError"]


class UnsureError(Exception):
    """Rewriting is not sure to be right; the text says why."""
