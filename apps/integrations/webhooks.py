"""Posting to addresses that partners gave: signed, without redirects, never into a private network.

A host's name is resolved once and the connection goes to the address that was judged, so that a name which
answers differently the second time gains nothing. Signatures follow Standard Webhooks.
"""

import base64
import hashlib
import hmac
import ipaddress
import socket
import ssl
from datetime import datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from apps.core.errors import DomainError

TIMEOUT = 5  # seconds, for connecting and for each read
MOST_READ = 1 << 16  # bytes of an answer, which nobody is shown
#: Ways to wrap an IPv4 address, private ones too, into one that looks global.
_WRAPPED = [
    ipaddress.ip_network(each) for each in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")
]


class AddressRefused(DomainError):
    """Nothing is posted to this address; the message says what would be."""

    code = "webhook-address-refused"


class NotTaken(DomainError):
    """The receiver is away or did not take what was posted; ``gone`` where it never will (410)."""

    code = "webhook-not-taken"
    status = 502

    def __init__(self, message: str, *, gone: bool = False) -> None:
        super().__init__(message)
        self.gone = gone


def judge(address: str) -> None:
    """Refuse an address that nothing would be posted to, before anybody relies on it.

    Raises:
        AddressRefused: it is no https address of a host on the public internet.
    """
    _resolved(_parts(address))


def post(address: str, body: bytes, *, message_id: str, secret: str, now: datetime) -> None:
    """Post JSON; return once the receiver took it.

    Raises:
        AddressRefused: as `judge`.
        NotTaken: the receiver can't be reached in time, or answers with anything but 2xx.
    """
    parts = _parts(address)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Dockside",
        "GS1-EPCIS-Version": "2.0.0",
        **signature(body, message_id=message_id, secret=secret, now=now),
    }
    connection = _connection(parts, _resolved(parts))
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", path, body, headers)
        answer: HTTPResponse = connection.getresponse()
        answer.read(MOST_READ)
    except (OSError, HTTPException) as error:
        raise NotTaken(f"{parts.hostname} did not answer: {error}.") from error
    finally:
        connection.close()
    if not 200 <= answer.status < 300:
        raise NotTaken(f"{parts.hostname} answered {answer.status}.", gone=answer.status == 410)


def signature(body: bytes, *, message_id: str, secret: str, now: datetime) -> dict[str, str]:
    """The headers that prove who posts: HMAC-SHA256 of ``id.timestamp.body``; none without a secret."""
    moment = str(int(now.timestamp()))
    headers = {"webhook-id": message_id, "webhook-timestamp": moment}
    if not secret:
        return headers
    signed = hmac.digest(secret.encode(), f"{message_id}.{moment}.".encode() + body, hashlib.sha256)
    proof = f"v1,{base64.b64encode(signed).decode()}"
    return headers | {"webhook-signature": proof, "GS1-Signature": proof}


def _parts(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as error:
        raise AddressRefused(f"“{address[:100]}” is no address: {error}.") from error
    if not parts.hostname or parts.username or parts.password or parts.fragment or port == 0:
        raise AddressRefused("Give an address with a host, and without a password or fragment in it.")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_trusted(parts)):
        raise AddressRefused("Reports go to https addresses alone.")
    return parts


def _resolved(parts: SplitResult) -> str:
    """The IP address to connect to."""
    host = parts.hostname or ""
    try:
        found = socket.getaddrinfo(host, parts.port or 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotTaken(f"The name {host} is not known to the domain name system.") from error
    addresses = [str(each[4][0]) for each in found]
    if not _is_trusted(parts) and (hidden := [each for each in addresses if not _is_public(each)]):
        raise AddressRefused(f"{host} is {hidden[0]}, which is no address on the public internet.")
    return addresses[0]


def _is_public(address: str) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return _is_public(str(ip.ipv4_mapped))
        if any(ip in network for network in _WRAPPED):
            return False
    return ip.is_global and not ip.is_multicast


def _is_trusted(parts: SplitResult) -> bool:
    """Whether the operator named the host as one of its own network."""
    return parts.hostname in settings.WEBHOOK_TRUSTED_HOSTS


def _connection(parts: SplitResult, address: str) -> HTTPConnection:
    """A connection to ``address`` that speaks to the host by its name."""
    host = parts.hostname or ""
    if parts.scheme == "http":
        return _Plain(host, parts.port or 80, address)
    return _Secure(host, parts.port or 443, address)


class _Plain(HTTPConnection):
    def __init__(self, host: str, port: int, address: str) -> None:
        super().__init__(host, port, timeout=TIMEOUT)
        self._address = address

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), TIMEOUT)


class _Secure(HTTPSConnection):
    def __init__(self, host: str, port: int, address: str) -> None:
        self._verifying = ssl.create_default_context()
        super().__init__(host, port, timeout=TIMEOUT, context=self._verifying)
        self._address = address

    def connect(self) -> None:
        plain = socket.create_connection((self._address, self.port), TIMEOUT)
        self.sock = self._verifying.wrap_socket(plain, server_hostname=self.host)
