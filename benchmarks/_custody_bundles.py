"""Building, verifying and reading a large bundle, each in a process of its own that tells its peak memory."""

import hashlib
import json
import resource
import time
import zipfile
from uuid import UUID, uuid4

import django

django.setup()

from django.utils import timezone  # noqa: E402 models need the set-up above

from apps.accounts.actors import Actor, Side  # noqa: E402
from apps.accounts.models import Role  # noqa: E402
from apps.custody import selectors, verify  # noqa: E402
from apps.custody.services import ExportScope, export_bundle  # noqa: E402
from apps.tenancy import doorway  # noqa: E402
from apps.tenancy.models import Shipper  # noqa: E402

HEADER = 30  # bytes before a file's name
CHUNK = 1 << 16


def build(shipper_id: UUID, target: str) -> tuple[str, float, float]:
    started = time.monotonic()
    with doorway.enter_shipper(Shipper.objects.get(pk=shipper_id)):
        with open(target, "w+b") as output:
            export_bundle(actor=auditor(shipper_id), scope=ExportScope(), output=output, now=timezone.now())
        vkey = str(selectors.verifier_key())
    return vkey, time.monotonic() - started, _peak()


def check(target: str, vkey: str) -> tuple[float, float]:
    started = time.process_time()
    with open(target, "rb") as file:
        report = verify.verify(file, [verify.parse_key(vkey)])
    assert report.verdict == verify.PASS, list(report.lines())
    return time.process_time() - started, _peak()


def read_all(target: str) -> float:
    """Seconds to read every byte of a bundle once and hash it, each line of JSON by itself once it is parsed.

    Files in a bundle are not compressed: they are read where they lie, which is the quickest.
    """
    started = time.process_time()
    with zipfile.ZipFile(target) as bundle:
        files = bundle.infolist()
    with open(target, "rb") as source:
        for file in files:
            source.seek(file.header_offset + HEADER + len(file.filename))
            left = file.file_size
            while left:
                if file.filename.endswith(".jsonl"):
                    part = source.readline()
                    json.loads(part)
                else:
                    part = source.read(min(left, CHUNK))
                hashlib.sha256(part).digest()
                left -= len(part)
    return time.process_time() - started


def _peak() -> float:
    """MiB of memory that this process had at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def auditor(shipper_id: UUID) -> Actor:
    """Somebody who may export."""
    return Actor(Side.SHIPPER, uuid4(), "Auditor", shipper_id=shipper_id, roles=frozenset({Role.AUDITOR}))
