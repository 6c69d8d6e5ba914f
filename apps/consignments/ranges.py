"""A temperature range as people write it, as the database keeps it, as pages and papers word it. Pure.

Kept in whole thousandths of a degree Celsius; None is no limit on that side.
"""

import re
from decimal import Decimal

Range = tuple[int | None, int | None]
NO_RANGE: Range = (None, None)
COLDEST, HOTTEST = -200_000, 100_000
_NUMBER = r"([-−+]?[0-9]{1,3}(?:\.[0-9]{1,3})?)?"
_WRITTEN = re.compile(rf"{_NUMBER} *(?:to|\.\.|–) *{_NUMBER} *(?:°? ?[cC])?")


class RangeUnreadable(ValueError):
    """What was written is no temperature range; the message says what would be one."""


def read_range(text: str) -> Range:
    """``2 to 8``, ``2..8``, ``-25 to -15``, ``to -15``; blank is no range.

    Raises:
        RangeUnreadable: it is none, its ends are the wrong way round, or no such temperature exists.
    """
    text = " ".join(text.split())
    if not text:
        return NO_RANGE
    found = _WRITTEN.fullmatch(text)
    if found is None or not any(found.groups()):
        raise RangeUnreadable("is no temperature range in °C: write it as in 2 to 8, or to -15")
    lowest, highest = (
        int(Decimal(end.replace("−", "-")) * 1000) if end is not None else None for end in found.groups()
    )
    if any(end is not None and not COLDEST <= end <= HOTTEST for end in (lowest, highest)):
        raise RangeUnreadable("holds a temperature that goods never have; degrees Celsius are meant")
    if lowest is not None and highest is not None and lowest > highest:
        raise RangeUnreadable("has its ends the wrong way round: write the colder one first")
    return lowest, highest


def written_range(within: Range) -> str:
    """As ``read_range`` reads it: ``2 to 8``; empty without a limit."""
    lowest, highest = (_degrees(end) for end in within)
    return f"{lowest} to {highest}".strip() if lowest or highest else ""


def worded_range(within: Range) -> str:
    """For people, in any language: 2–8 °C, ≤ -15 °C; empty without a limit."""
    lowest, highest = (_degrees(end) for end in within)
    if lowest and highest:
        dash = "…" if highest.startswith("-") else "–"
        return f"{lowest}{dash}{highest} °C"
    return f"≥ {lowest} °C" if lowest else f"≤ {highest} °C" if highest else ""


def narrowed(ranges: list[Range]) -> Range:
    """The range that keeps within all of them."""
    lows = [low for low, _ in ranges if low is not None]
    highs = [high for _, high in ranges if high is not None]
    return max(lows, default=None), min(highs, default=None)


def _degrees(milli: int | None) -> str:
    return "" if milli is None else f"{Decimal(milli).scaleb(-3).normalize():f}"
