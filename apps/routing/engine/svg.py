"""What map and Gantt chart share: escaped SVG elements, and the look of a route by its number.

A route is told apart by its number, by a dash pattern and by a colour, in this order of reliability. Colours
are the style sheet's (classes ``route-1`` … ``route-8``); dash patterns are attributes, so that they survive
print and forced colours.
"""

from __future__ import annotations

from html import escape

ROUTE_COLOURS = 8
_DASHES = ("none", "9 4", "2 3", "12 3 2 3", "5 2", "14 5 5 5")


def route_class(number: int) -> str:
    """The class that colours route ``number``; after eight routes the colours repeat, with other dashes."""
    return f"route-{(number - 1) % ROUTE_COLOURS + 1}"


def route_dash(number: int) -> str:
    """The dash pattern of route ``number``; the pair of colour and dash repeats after 24 routes."""
    return _DASHES[(number - 1) % len(_DASHES)]


def element(name: str, *children: str, **attributes: str | float | int) -> str:
    """One element; ``children`` are markup already, attribute values are escaped.

    A trailing underscore keeps an attribute off Python's keywords; other underscores are written as hyphens.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_plain(value))}"' for key, value in attributes.items()
    )
    return f"<{name}{written}>{''.join(children)}</{name}>" if children else f"<{name}{written}/>"


def text(words: str, x: float, y: float, class_: str, **attributes: str | float | int) -> str:
    """Escaped text at a point."""
    return element("text", escape(words), class_=class_, x=x, y=y, **attributes)


def picture(
    *children: str, id_: str, class_: str, width: float, height: float, title: str, description: str
) -> str:
    """The outermost element, with its name and description for people who do not see it."""
    return element(
        "svg",
        element("title", escape(title), id=f"{id_}-title"),
        element("desc", escape(description), id=f"{id_}-desc"),
        *children,
        xmlns="http://www.w3.org/2000/svg",
        id=id_,
        class_=class_,
        viewBox=f"0 0 {_plain(width)} {_plain(height)}",
        role="img",
        aria_labelledby=f"{id_}-title {id_}-desc",
    )


def swatch(number: int) -> str:
    """A short line in the look of route ``number``, for a table. Classes: ``swatch``, ``route-N``."""
    line = element("line", class_="route-line", x1=1, y1=6, x2=43, y2=6, stroke_dasharray=route_dash(number))
    return element(
        "svg", line, class_=f"swatch {route_class(number)}", viewBox="0 0 44 12", aria_hidden="true"
    )


def _plain(value: str | float | int) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)
