"""SSCCs, the numbers on handling units, and the check digit that all GS1 keys share. No Django."""

SSCC_DIGITS = 18
SHORTEST_PREFIX, LONGEST_PREFIX = 4, 12


def check_digit(digits: str) -> int:
    """The check digit that follows ``digits`` (GS1 General Specifications 7.9.1).

    From the right the digits weigh 3, 1, 3, …; the check digit fills the sum up to a multiple of ten.
    """
    if not _are_digits(digits):
        raise ValueError(f"{digits!r} has something else than digits")
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return -total % 10


def has_valid_check_digit(key: str) -> bool:
    """Whether the last digit of a GS1 key (GTIN, GLN, SSCC) is its check digit."""
    return len(key) > 1 and _are_digits(key) and int(key[-1]) == check_digit(key[:-1])


def capacity(company_prefix: str) -> int:
    """How many SSCCs one company prefix gives: every extension digit with every serial reference.

    Raises:
        ValueError: the prefix has not 4 to 12 digits.
    """
    return 10 * 10 ** _serial_digits(company_prefix)


def compose(*, company_prefix: str, number: int) -> str:
    """The SSCC of the ``number``-th unit (from 0): extension digit, company prefix, serial, check digit.

    The serial reference counts up; when it is full the extension digit does (GS1 application identifier 00).

    Raises:
        ValueError: the prefix has not 4 to 12 digits, or has no such many SSCCs.
    """
    width = _serial_digits(company_prefix)
    if not 0 <= number < capacity(company_prefix):
        raise ValueError(f"company prefix {company_prefix} has no SSCC number {number}")
    extension, serial = divmod(number, 10**width)
    body = f"{extension}{company_prefix}{serial:0{width}d}"
    return f"{body}{check_digit(body)}"


def is_sscc(text: str) -> bool:
    """Whether ``text`` is an SSCC: 18 digits, the last of which checks the others."""
    return len(text) == SSCC_DIGITS and has_valid_check_digit(text)


def _serial_digits(company_prefix: str) -> int:
    if not _are_digits(company_prefix) or not SHORTEST_PREFIX <= len(company_prefix) <= LONGEST_PREFIX:
        raise ValueError(f"{company_prefix!r} is no GS1 company prefix of 4 to 12 digits")
    return SSCC_DIGITS - 2 - len(company_prefix)


def _are_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()
