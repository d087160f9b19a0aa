"""Write points as people do."""

__all__ = ["points_of", "signed_points"]


def points_of(value: float) -> str:
    """Return points as people write them: 2, 2.5, 2.33."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def signed_points(value: float) -> str:
    """Return points with their sign: +2, -0.5."""
    return f"{'-' if value < 0 else '+'}{points_of(abs(value))}"
