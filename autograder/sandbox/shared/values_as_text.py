"""Write dates, times and exact numbers as texts, and read them again."""

import re
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any

from autograder.sandbox.shared.stand_ins import ProtocolError

__all__ = ["MAX_DIGITS", "TEXT_KINDS", "as_text", "from_text"]

MAX_DIGITS = 4_000
TEXT_KINDS = (date, datetime, time, timedelta, Decimal, Fraction)
_MAX_EXPONENT = 10_000


def as_text(value: Any) -> str:
    """Return a date, a time or an exact number as a text; "" for one whose time zone is no plain offset."""
    if isinstance(value, timedelta):
        return f"{value.days} {value.seconds} {value.microseconds}"
    if isinstance(value, Decimal | Fraction):
        text = str(value)
        return text if len(text) <= MAX_DIGITS else ""
    zone = getattr(value, "tzinfo", None)
    return value.isoformat() if zone is None or type(zone) is timezone else ""


def from_text(kind: str, text: str) -> Any:
    """Return the value of a text; raise ProtocolError where it is not one, or one too large to reckon with."""
    try:
        match kind:
            case "date":
                return date.fromisoformat(text)
            case "datetime":
                return datetime.fromisoformat(text)
            case "time":
                return time.fromisoformat(text)
            case "timedelta":
                days, seconds, microseconds = map(int, text.split(" "))
                return timedelta(days, seconds, microseconds)
            case "Fraction" if found := re.fullmatch(r"(-?[0-9]+)(?:/([0-9]+))?", text):
                return Fraction(int(found[1]), int(found[2] or 1))
            case "Decimal":
                number = Decimal(text)
                if not number.is_finite() or abs(number.adjusted()) <= _MAX_EXPONENT:
                    return number
    except (ValueError, ArithmeticError) as error:
        raise ProtocolError(f"a {kind[:20]} that is not one") from error
    raise ProtocolError("a value that the protocol does not know")
