"""What callers say, brought into the closed schema's form: printable text, nothing empty, no names. Pure.

Text that people typed may hold anything; a custody event may not. What can be said in the schema's form is
brought into it here, and `canonical` judges the result.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from apps.custody import canonical, commitments

MAX_PERSONAL = 100_000  # characters: free text, or the strokes of a signature
_PADDED = {"gtin": 14, "gln": 13}
_REPLACEMENT = "\ufffd"
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_UNCLEAN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_ABSENT: tuple[object, ...] = (None, "")


class FactInvalid(ValueError):
    """A value can't be brought into the schema's form; ``path`` is the JSON pointer of the field."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path


@dataclass(frozen=True, slots=True)
class Personal:
    """A value about a person, or free text that may hold one: the event commits to it, it is kept apart."""

    value: str


def settle(value: object, *, event_id: str, path: str = "") -> tuple[object, list[commitments.Disclosure]]:
    """``value`` in the schema's form, and what opens the commitments that took the place of personal values.

    ``None`` and empty texts are left out of objects and lists. Control characters become spaces, text beyond
    the schema's limit is cut and ends in an ellipsis. GTIN and GLN are padded with zeros, and left out where
    their check digit is wrong. ``path`` is the JSON pointer of ``value`` in the event.

    Raises:
        FactInvalid: a personal value is longer than ``MAX_PERSONAL``.
    """
    opened: list[commitments.Disclosure] = []
    return _settle(value, path, event_id, opened), opened


def clean_text(text: str) -> str:
    """``text`` as the kind ``text`` wants it; may be empty."""
    printable = (_without_surrogates(_CONTROL.sub(" ", text)) if _UNCLEAN.search(text) else text).strip()
    return printable if len(printable) <= canonical.MAX_TEXT else printable[: canonical.MAX_TEXT - 1] + "…"


def gs1_key(kind: str, digits: str) -> str:
    """A GTIN or GLN in its full length; empty when it is none."""
    padded = digits.strip().zfill(_PADDED[kind])
    return padded if canonical.is_kind(kind, padded) and digits.strip() else ""


def _settle(value: object, path: str, event_id: str, opened: list[commitments.Disclosure]) -> object:
    if isinstance(value, str):
        return clean_text(value if type(value) is str else str(value))
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, dict):
        return _object(value, path, event_id, opened)
    if isinstance(value, Personal):
        return _commit(value, path, event_id, opened)
    if isinstance(value, Sequence):
        present = [each for each in value if _says_something(each)]
        return [_settle(each, f"{path}/{place}", event_id, opened) for place, each in enumerate(present)]
    if isinstance(value, Mapping):
        return _object(value, path, event_id, opened)
    return value


def _object(
    value: Mapping[str, object], path: str, event_id: str, opened: list[commitments.Disclosure]
) -> dict[str, object]:
    settled: dict[str, object] = {}
    for name, each in value.items():
        # Most are plain texts, whose path is nobody's business.
        answer = clean_text(each) if type(each) is str else _settle(each, f"{path}/{name}", event_id, opened)
        if name in _PADDED and isinstance(answer, str):
            answer = gs1_key(name, answer)
        if answer not in _ABSENT:
            settled[name] = answer
    return settled


def _says_something(value: object) -> bool:
    return value is not None and not (isinstance(value, str) and not clean_text(value))


def _commit(personal: Personal, path: str, event_id: str, opened: list[commitments.Disclosure]) -> str:
    value = _without_surrogates(personal.value.replace("\0", _REPLACEMENT))
    if len(value) > MAX_PERSONAL:
        raise FactInvalid(path, f"text of at most {MAX_PERSONAL} characters")
    if not value.strip():
        return ""
    salt = commitments.new_salt()
    opened.append(commitments.Disclosure(event_id=event_id, path=path, salt=salt, value=value))
    return commitments.commit(path=path, salt=salt, value=value)


def _without_surrogates(text: str) -> str:
    return _SURROGATE.sub(_REPLACEMENT, text)
