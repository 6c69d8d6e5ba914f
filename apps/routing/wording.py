"""Lists and numbers as people say them, for sentences about plans."""

from collections.abc import Sequence


def listed(words: Sequence[str], last: str = "and") -> str:
    """``a``, ``a and b`` or ``a, b and c``; ``last`` is the word before the last one."""
    return f"{', '.join(words[:-1])} {last} {words[-1]}" if len(words) > 1 else words[0]


def counted(number: int, one: str, many: str = "") -> str:
    """``1 stop``, ``2 stops``; ``many`` where an s is not enough."""
    return f"{number} {one if number == 1 else many or one + 's'}"
