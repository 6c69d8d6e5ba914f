"""Having the log's heads cosigned by witnesses that somebody else runs (``CUSTODY_WITNESSES``).

A witness that is away delays nothing: the head stays without its line until it is asked again. Its answer
counts only if it is a cosignature of this very checkpoint by the key that the settings name.
"""

import base64
import logging
from dataclasses import dataclass
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from django.conf import settings

from apps.custody import selectors, verify
from apps.custody.models import Checkpoint, Cosignature
from apps.custody.tiles import StoredTree

log = logging.getLogger(__name__)

TIMEOUT = 5  # seconds
MAX_ANSWER = 1 << 14


@dataclass(frozen=True)
class Witness:
    """Where a witness is asked, and the key that it cosigns with."""

    url: str
    key: verify.Key


def witnesses() -> list[Witness]:
    """The witnesses of this network, ``URL KEY`` in each entry of the setting.

    Raises:
        Unusable: (of verify) an entry holds no witness's key.
    """
    entries = [entry.split() for entry in settings.CUSTODY_WITNESSES]
    return [Witness(url.rstrip("/"), verify.parse_key(key, verify.WITNESS_KEY)) for url, key in entries]


def ask_witnesses(checkpoint: Checkpoint | None = None) -> int:
    """Ask each witness that has not cosigned ``checkpoint``, by default the newest; how many lines were new.

    Not to be called in a transaction: it waits for others.
    """
    checkpoint = checkpoint or selectors.latest_checkpoint()
    if checkpoint is None:
        return 0
    return sum(_cosigned_by(witness, checkpoint) for witness in witnesses())


def _cosigned_by(witness: Witness, checkpoint: Checkpoint) -> bool:
    by_it = Cosignature.objects.filter(witness=str(witness.key))
    seen = by_it.order_by("-size").values_list("size", flat=True).first() or 0
    if seen >= checkpoint.size:
        return False
    try:
        line = _ask(witness, checkpoint, seen)
        times = verify.open_note((checkpoint.note + line).encode(), [witness.key], witness.url).times
    except (OSError, ValueError, verify.Rejected) as error:
        log.warning("the witness %s did not cosign %s: %s", witness.key.name, checkpoint.size, error)
        return False
    if set(times) != {witness.key} or line.count("\n") != 1:
        log.warning("the witness %s answered with something else than its cosignature", witness.key.name)
        return False
    Cosignature.objects.bulk_create(
        [Cosignature(size=checkpoint.size, witness=str(witness.key), line=line)], ignore_conflicts=True
    )
    return True


def _ask(witness: Witness, checkpoint: Checkpoint, seen: int) -> str:
    """The witness's answer; once more from the size that it says it saw, where that is another."""
    try:
        return _post(witness, checkpoint, seen)
    except HTTPError as error:
        said = error.read(20).decode("ascii", "replace").strip()
        if error.code != 409 or not said.isdecimal() or not int(said) <= checkpoint.size:
            raise
        return _post(witness, checkpoint, int(said))


def _post(witness: Witness, checkpoint: Checkpoint, old: int) -> str:
    proof = StoredTree(checkpoint.size).consistency_proof(old) if old else []
    lines = [f"old {old}", *(base64.b64encode(each).decode() for each in proof), "", checkpoint.note]
    if not witness.url.startswith(("https://", "http://")):
        raise URLError("not an address of the web")
    request = Request(f"{witness.url}/add-checkpoint", data="\n".join(lines).encode())  # noqa: S310 checked above
    with urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310 the operator's own setting
        return str(answer.read(MAX_ANSWER).decode())
