"""The events as CSV: a reading copy that no spreadsheet program executes and that can be turned back. Pure.

UTF-8 with a byte order mark, CRLF, every cell quoted. A cell that a spreadsheet could take for a formula,
and one that begins with an apostrophe itself, gets an apostrophe in front: dropping one leading apostrophe
restores every cell.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from apps.custody import canonical

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
COLUMNS = (
    "log_index",
    "event_id",
    "type",
    "event_time",
    "received_time",
    "consignments",
    "sscc",
    "delivery",
    "site_gln",
    "site_name",
    "actor_id",
    "actor_role",
    "actor_organisation",
    "biz_step",
    "disposition",
    "refs",
    "details",
)
_SKIPPED = " \u00a0\u3000\"'"
_FORMULA_STARTS = tuple("=+-@\t\r\n\0\uff1d\uff0b\uff0d\uff20")


def header() -> bytes:
    """The first line of the file, byte order mark included."""
    return BYTE_ORDER_MARK + line(COLUMNS)


def event_line(index: int, event: Mapping[str, Any]) -> bytes:
    """The line of the valid event at place ``index`` of the log."""
    return line(event_cells(index, event))


def event_cells(index: int, event: Mapping[str, Any]) -> tuple[str, ...]:
    """A cell per column of the valid event at place ``index`` of the log, as they are, nothing escaped."""
    site, actor, reason = event.get("site", {}), event["actor"], event["why"]
    consignments = event["consignments"]
    return (
        str(index),
        event["event_id"],
        event["type"],
        event["event_time"],
        event["received_time"],
        " | ".join(f"{each['number']} #{each['cseq']}" for each in consignments),
        " ".join(sscc for each in consignments for sscc in each["sscc"]),
        event.get("delivery", ""),
        site.get("gln", ""),
        site.get("name", ""),
        actor["id"],
        actor["role"],
        actor["organisation"],
        reason.get("biz_step", ""),
        reason.get("disposition", ""),
        " | ".join(f"{ref['type']}: {ref['id']}" for ref in reason["refs"]),
        canonical.encode(event["details"]).decode(),
    )


def line(cells: Iterable[str]) -> bytes:
    """One line of quoted cells with its CRLF."""
    return (",".join('"' + _harmless(cell).replace('"', '""') + '"' for cell in cells) + "\r\n").encode()


def restore(cell: str) -> str:
    """The text that a cell was written from."""
    return cell.removeprefix("'")


def _harmless(cell: str) -> str:
    """``cell``, escaped if needed; programs skip blanks and quotes before they look for a formula."""
    visible = cell.lstrip(_SKIPPED)
    return f"'{cell}" if cell.startswith("'") or visible.startswith(_FORMULA_STARTS) else cell
