"""Handling units as a barcode scanner types them: SSCCs out of GS1 strings, each counted once. Pure."""

import re

#: AIM symbology identifiers of GS1-128, DataMatrix and DataBar, which scanners may put in front.
_SYMBOLOGY = re.compile(r"\](C1|d2|e0|Q3)")
_SSCC_LENGTH = 18
MOST_LINES = 5_000


class ScanUnreadable(ValueError):
    """A line holds no SSCC; the message names the line and what it holds."""


def scanned_ssccs(text: str) -> tuple[str, ...]:
    """The SSCCs in ``text``, one scan to a line, in the order of their first scan.

    A line is an SSCC alone, or a GS1 element string that begins with application identifier 00 (GS1 General
    Specifications, 3.2): ``(00)1…``, ``]C1001…``. What follows the SSCC in the string is left aside.

    Raises:
        ScanUnreadable: a line is neither, its check digit is wrong, or there are too many lines.
    """
    lines = re.split(r"\r\n|[\r\n]", text)  # not splitlines: a scanner types GS (0x1D) inside a line
    if len(lines) > MOST_LINES:
        raise ScanUnreadable(f"More than {MOST_LINES:,} scans at once; send them in parts.")
    read = (_sscc(line, number) for number, line in enumerate(lines, start=1) if line.strip())
    return tuple(dict.fromkeys(read))


def has_check_digit(sscc: str) -> bool:
    """Whether the last of 18 digits is the check digit of the others (GS1 General Specifications, 7.9.1)."""
    if not (sscc.isascii() and sscc.isdigit() and len(sscc) == _SSCC_LENGTH):
        return False
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(sscc[:-1]))
    return (total + int(sscc[-1])) % 10 == 0


def _sscc(line: str, number: int) -> str:
    digits = re.sub(r"[\s()\x1d]", "", _SYMBOLOGY.sub("", line.strip(), count=1))
    if len(digits) >= _SSCC_LENGTH + 2 and digits.startswith("00"):
        digits = digits[2 : 2 + _SSCC_LENGTH]
    if len(digits) != _SSCC_LENGTH or not digits.isdigit():
        raise ScanUnreadable(f"Line {number}, “{line.strip()[:40]}”, is no SSCC. Scan that label again.")
    if not has_check_digit(digits):
        raise ScanUnreadable(
            f"Line {number}: the check digit of {digits} is wrong. Scan it again or compare the label."
        )
    return digits


def typed_seals(text: str) -> tuple[str, ...]:
    """Seal numbers with commas, semicolons or lines between them, in capitals, each once.

    Raises:
        ScanUnreadable: one is longer than 40 characters, or there are more than 20.
    """
    seals = tuple(dict.fromkeys(part.strip().upper() for part in re.split(r"[,;\n]", text) if part.strip()))
    if len(seals) > 20 or any(len(seal) > 40 for seal in seals):
        raise ScanUnreadable("Write at most 20 seals of at most 40 characters, with commas between.")
    return seals
