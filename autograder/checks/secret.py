"""Read the course's secret, from which every hidden input derives, and refuse one that could be guessed."""

import math
import os
import re
import string

from autograder.course import Course
from autograder.errors import ConfigError

__all__ = ["DEMO_SECRET", "bits_of", "has_demo_secret", "read_secret"]

DEMO_SECRET = "demo: anybody can work out the hidden inputs"  # noqa: S105 - it says so itself
_VARIABLE = "AUTOGRADER_SECRET"
_FEWEST_BITS = 128
_WORD_BITS = 8.0
"""What prose is worth a word, about; whoever draws words by dice has more, and is told what does not need counting."""
_WORD = re.compile(r"[A-Z]?[a-z]{2,}|[A-Z]{3,}")
_MOSTLY_WORDS = 0.6
"""The part of a text in words from which on these count as words. A random token in base64 may look like that by
chance: of those with 22 characters 1 in 5 is refused, of those with 43 1 in 100, of hex digits none."""
_HOW = 'python -c "import secrets; print(secrets.token_hex(32))"'


def read_secret(course: Course) -> str:
    """Return the course's secret, from AUTOGRADER_SECRET or the secret file; the demo secret where there is neither.

    Raise ConfigError for one of less than 128 bits: who has a few hidden inputs could try a list of secrets on them.
    """
    secret, place = _find(course)
    if secret != DEMO_SECRET and (bits := bits_of(secret)) < _FEWEST_BITS:
        raise ConfigError(
            f"{place}: the secret is worth about {bits:.0f} bits, and one of less than {_FEWEST_BITS} can be guessed; "
            f"take what {_HOW} prints."
        )
    return secret


def has_demo_secret(course: Course) -> bool:
    """Return whether hidden inputs derive from the secret that anybody can read."""
    return _find(course)[0] == DEMO_SECRET


def _find(course: Course) -> tuple[str, str]:
    """Return the secret and where it is from."""
    from_environment = os.environ.get(_VARIABLE, "").strip()
    path = course.root / course.secret_file
    from_file = path.read_text(encoding="utf-8").strip() if path.is_file() else ""
    return (from_environment, _VARIABLE) if from_environment else (from_file or DEMO_SECRET, course.secret_file)


def bits_of(secret: str) -> float:
    """Return how many bits a guesser would have to find at least, as far as the text tells: 4 for a hex digit, say.

    A repetition counts once, few different characters as what they are, words as words.
    """
    text = secret[: (secret + secret).find(secret, 1)]
    digits = re.sub(r"[-:]", "", text)
    if re.fullmatch(r"[0-9a-f]*|[0-9A-F]*", digits):
        return len(digits) * _bits_each(digits, 10 if digits.isdecimal() else 16)
    kinds = [kind for kind in (string.ascii_lowercase, string.ascii_uppercase, string.digits) if set(kind) & set(text)]
    others = set(text) - set("".join(kinds))
    each = _bits_each(text, sum(map(len, kinds)) + len(others))
    words = _WORD.findall(text)
    if sum(map(len, words)) <= _MOSTLY_WORDS * len(text):
        return len(text) * each
    return len(words) * _WORD_BITS + len(re.sub(r"[^A-Za-z0-9]", "", _WORD.sub("", text))) * each


def _bits_each(text: str, alphabet: int) -> float:
    """Return the bits of a character out of an alphabet, or out of the characters that are there if those are few."""
    if not text:
        return 0.0
    different = len(set(text))
    expected = alphabet * (1 - (1 - 1 / alphabet) ** len(text))
    return math.log2(alphabet if different > expected / 2 else max(1, different))
