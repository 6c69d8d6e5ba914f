"""The antivirus hook: asks ClamAV where one is set up (``CLAMD_ADDRESS``), and says so where none is."""

import io
from dataclasses import dataclass

from clamav_client.clamd import ClamdNetworkSocket, ClamdUnixSocket
from clamav_client.clamd import CommunicationError as Unreachable
from django.conf import settings

SECONDS = 60


class ScannerAway(Exception):
    """A scanner is set up but does not answer; the file stays in quarantine and is scanned again later."""


@dataclass(frozen=True)
class Verdict:
    """What was found: ``threat`` is empty for a clean file, ``scanner`` where none is set up."""

    scanner: str
    threat: str = ""


def is_set_up() -> bool:
    """Whether files wait in quarantine for a scanner here."""
    return bool(settings.CLAMD_ADDRESS)


def scan(content: bytes) -> Verdict:
    """Ask the scanner about a file.

    Raises:
        ScannerAway: it can't be reached, or did not finish.
    """
    if not is_set_up():
        return Verdict(scanner="")
    try:
        state, threat = next(iter(_client().instream(io.BytesIO(content)).values()))
    except (Unreachable, OSError) as error:
        raise ScannerAway(str(error)) from error
    if state == "ERROR":
        raise ScannerAway(str(threat))
    return Verdict(scanner="ClamAV", threat=str(threat or "unnamed") if state == "FOUND" else "")


def _client() -> ClamdNetworkSocket | ClamdUnixSocket:
    """``/path/to/socket`` or ``host:port``."""
    address = settings.CLAMD_ADDRESS
    if address.startswith("/"):
        return ClamdUnixSocket(path=address, timeout=SECONDS)
    host, _, port = address.rpartition(":")
    return ClamdNetworkSocket(host=host, port=int(port), timeout=SECONDS)
