"""The colours of tokens.css keep their promises: legible in both themes, and apart for colour-blind eyes."""

import itertools
import math
import re
from pathlib import Path

import pytest

TOKENS = Path(__file__).resolve().parents[2] / "static" / "css" / "tokens.css"
THEMES = ("light", "dark")
STATES = ("wait", "agreed", "live", "done", "fail", "ended")
HUES = STATES[:-1]

TEXT = 4.5  # WCAG 2.2, 1.4.3 Contrast (Minimum), level AA
GRAPHIC = 3.0  # WCAG 2.2, 1.4.11 Non-text Contrast, level AA
APART = 0.05  # distance in OKLab; 0.02 is a just noticeable difference

Colour = tuple[float, float, float]

# Machado, Oliveira and Fernandes (2009), severity 1.0, for linear RGB.
COLOUR_BLIND: dict[str, tuple[Colour, Colour, Colour]] = {
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}

ON_EVERY_GROUND = [
    (ink, ground) for ink in ("ink", "ink-2", "ink-3") for ground in ("page", "surface", "sunken", "hover")
]
TEXT_PAIRS = [
    *ON_EVERY_GROUND,
    *(
        (link, ground)
        for link in ("accent", "accent-hover")
        for ground in ("page", "surface", "accent-soft", "hover")
    ),
    ("on-accent", "accent"),
    ("on-accent", "accent-hover"),
    ("ink", "accent-soft"),
    ("ink-2", "accent-soft"),
    ("surface", "ink"),
    *((f"{state}-ink", f"{state}-soft") for state in STATES),
    *((ink, f"{state}-soft") for state in STATES for ink in ("ink", "ink-2")),
    *((f"{state}-ink", ground) for state in STATES for ground in ("page", "surface")),
    *(("surface", f"route-{number}") for number in range(1, 9)),
]
GRAPHIC_PAIRS = [
    *((f"{state}-mark", ground) for state in STATES for ground in ("surface", "page", f"{state}-soft")),
    *((f"route-{number}", "surface") for number in range(1, 9)),
    *(("line-strong", ground) for ground in ("page", "surface")),
    *(("accent", ground) for ground in ("page", "surface", "sunken", *(f"{state}-soft" for state in STATES))),
]


def _linear(channel: int) -> float:
    share = channel / 255
    return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)


def _parse(colour: str) -> Colour:
    red, green, blue = (_linear(int(colour[at : at + 2], 16)) for at in (1, 3, 5))
    return red, green, blue


def _tokens() -> dict[str, dict[str, Colour]]:
    declared = re.findall(
        r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", TOKENS.read_text("utf-8")
    )
    return {
        "light": {name: _parse(light) for name, light, _ in declared},
        "dark": {name: _parse(dark) for name, _, dark in declared},
    }


def _contrast(one: Colour, other: Colour) -> float:
    bright, dim = sorted((0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in (one, other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def _seen_by(colour: Colour, matrix: tuple[Colour, Colour, Colour]) -> Colour:
    red, green, blue = (
        min(1.0, max(0.0, sum(map(math.prod, zip(row, colour, strict=True))))) for row in matrix
    )
    return red, green, blue


def _oklab(colour: Colour) -> Colour:
    """Björn Ottosson's OKLab (2020) of a colour in linear RGB."""
    red, green, blue = colour
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    return (
        0.2104542553 * long + 0.793617785 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.428592205 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.808675766 * short,
    )


@pytest.mark.parametrize("theme", THEMES)
def test_words_are_legible_on_every_ground_they_stand_on(theme: str) -> None:
    colours = _tokens()[theme]

    short = {
        f"{ink} on {ground}": round(ratio, 2)
        for ink, ground in TEXT_PAIRS
        if (ratio := _contrast(colours[ink], colours[ground])) < TEXT
    }

    assert short == {}


@pytest.mark.parametrize("theme", THEMES)
def test_marks_and_edges_stand_out_from_their_ground(theme: str) -> None:
    colours = _tokens()[theme]

    short = {
        f"{mark} on {ground}": round(ratio, 2)
        for mark, ground in GRAPHIC_PAIRS
        if (ratio := _contrast(colours[mark], colours[ground])) < GRAPHIC
    }

    assert short == {}


@pytest.mark.parametrize("eyes", ["all colours", *COLOUR_BLIND])
@pytest.mark.parametrize("theme", THEMES)
def test_the_five_status_hues_stay_apart(theme: str, eyes: str) -> None:
    colours = _tokens()[theme]
    matrix = COLOUR_BLIND.get(eyes)
    seen = {
        hue: _oklab(_seen_by(colours[f"{hue}-mark"], matrix) if matrix else colours[f"{hue}-mark"])
        for hue in HUES
    }

    close = {
        f"{one} and {other}": round(distance, 3)
        for one, other in itertools.combinations(HUES, 2)
        if (distance := math.dist(seen[one], seen[other])) < APART
    }

    assert close == {}
