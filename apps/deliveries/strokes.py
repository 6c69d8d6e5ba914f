"""A signature as it was drawn: strokes of points on a field of 1,000 by 400, as text and as a path. Pure."""

import re
from itertools import pairwise
from math import dist

WIDTH, HEIGHT = 1_000, 400
MOST_POINTS = 6_000
#: A drawn line shorter than this (in units of the field) is a tap, no signature.
LEAST_LENGTH = 120

Stroke = tuple[tuple[int, int], ...]
_TEXT = re.compile(r"\d{1,4},\d{1,3}(?:[ ;]\d{1,4},\d{1,3})*")


class NoSignature(ValueError):
    """Nothing was drawn, or nothing that could be a signature; the message says what to do."""


def read_strokes(text: str) -> tuple[Stroke, ...]:
    """``"12,30 14,33;50,60 80,61"`` as strokes: points parted by blanks, strokes by semicolons.

    Raises:
        NoSignature: it is no such text, holds a tap alone, or more points than a hand draws.
    """
    if not _TEXT.fullmatch(text):
        raise NoSignature("The signature holds no strokes. Sign in the field, or type the name alone.")
    strokes = tuple(
        tuple((int(x), int(y)) for x, y in (point.split(",") for point in stroke.split()))
        for stroke in text.split(";")
    )
    if sum(map(len, strokes)) > MOST_POINTS:
        raise NoSignature("The signature is too long to be one. Clear the field and sign again.")
    if any(x > WIDTH or y > HEIGHT for stroke in strokes for x, y in stroke):
        raise NoSignature("The signature leaves its field. Clear it and sign again.")
    drawn = sum(dist(a, b) for stroke in strokes for a, b in pairwise(stroke))
    if drawn < LEAST_LENGTH:
        raise NoSignature("That is a dot, no signature. Sign in the field, or type the name alone.")
    return strokes


def svg_path(strokes: tuple[Stroke, ...]) -> str:
    """The strokes as the ``d`` of an SVG path in a view box of ``WIDTH`` by ``HEIGHT``."""
    return " ".join("M" + "L".join(f"{x} {y}" for x, y in stroke) for stroke in strokes if len(stroke) > 1)
