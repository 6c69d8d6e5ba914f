"""Honest histories, and what three attackers make of them: bundles for the verifiers to be tried on.

Each attacker signs and rebuilds whatever is in their power:

- the **outsider** has the bundle: rebuilds events, tree and proofs and signs with a key of their own, or
  changes files and lets the log's signatures stand;
- the **administrator** of the database has the rows: tree and proofs fit the forged rows, and the server
  signs the manifest it is shown; the checkpoint stays what the log's key signed before;
- the **insider** has the log's key too and signs everything anew. The auditor holds an older checkpoint and
  relies on a witness; both are out of the insider's reach.
"""

from __future__ import annotations

import base64
import json
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from apps.custody import bundle, canonical, merkle, notes
from apps.custody.registers import DOMAIN, mark
from tests.custody.samples import (
    DETAILS,
    LOG_TYPES,
    NOW,
    PAPER,
    SITE,
    SampleLog,
    SampleNetwork,
    consignment_bundle,
    files_of,
    pack,
    paper,
    rebuild,
    whole_log_bundle,
)

Event = dict[str, Any]
Files = dict[str, bytes]
Said = dict[str, Any]
WITNESS_NAME = "witness.example"
WITNESS = Ed25519PrivateKey.from_private_bytes(b"w" * 32)
WITNESS_MATERIAL = bytes([4]) + WITNESS.public_key().public_bytes_raw()
WITNESS_ID = sha256(WITNESS_NAME.encode() + b"\n" + WITNESS_MATERIAL).digest()[:4]
WITNESS_VKEY = f"{WITNESS_NAME}+{WITNESS_ID.hex()}+{base64.b64encode(WITNESS_MATERIAL).decode()}"
PAPERS = {"document_issued": PAPER, "document_received": b"certificate"}
OUTSIDER, ADMINISTRATOR, INSIDER = ATTACKERS = ("outsider", "administrator", "insider")


# --- Honest histories ---------------------------------------------------------------------------------------


def honest_log(rng: random.Random) -> SampleLog:
    """A history as devices send it: late, offline for days, out of order, some steps sent twice."""
    log, seen = SampleLog(), set()
    log.add("consignment_created")
    log.add("document_issued", ("C-1", "C-2"))
    sent = [(phone, seq) for phone in ("phone-1", "phone-2") for seq in range(1, rng.randint(3, 9))]
    sent += rng.sample(sent, 2)  # the answer got lost, so the device sends it again
    rng.shuffle(sent)
    goods = (("C-1",), ("C-2",), ("X-9",), ("C-1", "C-2"), ("C-1", "C-2", "X-9"))
    for phone, seq in sent:
        if (phone, seq) in seen:
            continue
        seen.add((phone, seq))
        name = rng.choice(sorted(DETAILS.keys() - {"register_closed"}))
        event_time = NOW - timedelta(seconds=rng.randint(-90, 300_000))
        device = {"id": phone, "seq": seq, "offset_minutes": 120, "skew_ms": rng.randint(-9000, 9000)}
        log.add(
            name,
            () if name in LOG_TYPES else rng.choice(goods),
            event_time=canonical.format_time(event_time),
            device=device,
        )
    return log


def papers_of(log: SampleLog) -> list[bundle.BundleDocument]:
    types = {json.loads(data)["type"] for data in log.data}
    return [paper(data) for name, data in PAPERS.items() if name in types]


def cosigned(log: SampleLog, size: int | None = None) -> bytes:
    """The log's checkpoint with the witness's cosignature under it."""
    note = log.checkpoint(size)
    text = note.rpartition(b"\n\n")[0] + b"\n"
    seconds = int(NOW.timestamp())
    signature = WITNESS.sign(f"cosignature/v1\ntime {seconds}\n".encode() + text)
    line = base64.b64encode(WITNESS_ID + seconds.to_bytes(8, "big") + signature).decode()
    return note + f"\u2014 {WITNESS_NAME} {line}\n".encode()


def entered(log: SampleLog, sizes: Iterable[int]) -> SampleNetwork:
    """The network's log with this log at these sizes, a day each, and another key from the second day on;
    the log remembers it."""
    log.network = SampleNetwork()
    for number, size in enumerate(sizes):
        log.network.enter(log, size, date(2026, 11, 18 + number))
        if number == 0:
            log.network.change_key()
    return log.network


def honest_bundle(log: SampleLog, rng: random.Random) -> bytes:
    """A bundle of all of ``log`` or of one consignment, cosigned, with some older checkpoints, all of which
    are in the network's log."""
    of_all = rng.random() < 0.5
    if not of_all or rng.random() < 0.5:
        log.close_register()
    older = sorted(rng.sample(range(1, len(log.data)), 2))
    changes: dict[str, Any] = {
        "history": [log.older(size) for size in older],
        "checkpoint_note": cosigned(log),
        "network": entered(log, older).proof(),
    }
    if of_all:
        return whole_log_bundle(log, documents=papers_of(log), **changes)
    own = [data for data in log.data if b'"number":"C-1"' in data]
    types = {json.loads(data)["type"] for data in own}
    documents = [paper(data) for name, data in PAPERS.items() if name in types]
    return consignment_bundle(log, documents=documents, **changes)


# --- Forged events ------------------------------------------------------------------------------------------


def numbered(events: list[Event]) -> list[Event]:
    """The events with their consignments numbered anew, as a careful forger does."""
    last: Counter[str] = Counter()
    for event in events:
        for each in event["consignments"]:
            last[each["number"]] += 1
            each["cseq"] = last[each["number"]]
    return events


def other_type(event: Event) -> None:
    """A type that the event's other fields allow."""
    if event["type"] in LOG_TYPES:
        viewed = event["type"] == "access_viewed"
        event.update(
            type="access_exported" if viewed else "access_viewed", details={} if viewed else {"what": "D-1"}
        )
        return
    arrived = event["type"] == "arrived"
    event.update(type="departed" if arrived else "arrived", details={})
    event["why"]["biz_step"] = "departing" if arrived else "arriving"
    event["why"]["disposition"] = "in_transit" if arrived else "in_progress"


def invented(like: Event, at: int) -> Event:
    return {**json.loads(json.dumps(like)), "event_id": f"{at:08x}-0000-7000-8000-feedfeedfeed"}


def touched(change: Callable[[Event], Any]) -> Callable[[list[Event], int], list[Event]]:
    def forge(events: list[Event], at: int) -> list[Event]:
        change(events[at])
        return events

    return forge


EVENT_KINDS: dict[str, Callable[[list[Event], int], list[Event]]] = {
    "another actor": touched(lambda event: event["actor"].update(id="user-8")),
    "another time of the step": touched(lambda event: event.update(event_time="2026-11-01T00:00:00.000000Z")),
    "another time of receipt": touched(
        lambda event: event.update(received_time="2026-11-01T00:00:00.000000Z")
    ),
    "another type": touched(other_type),
    "another site": touched(lambda event: event.update(site={"name": "Elsewhere"})),
    "another reference": touched(lambda event: event["why"].update(refs=[{"type": "po", "id": "FORGED"}])),
    "another device": touched(lambda event: event.update(device={"id": "phone-9", "seq": 1})),
    "another hidden name": touched(lambda event: event["actor"].update(name="ab" * 32)),
    "an event dropped": lambda events, at: events[:at] + events[at + 1 :],
    "an event dropped, the rest renumbered": lambda events, at: numbered(events[:at] + events[at + 1 :]),
    "the end cut off": lambda events, at: events[: max(at, 1)],
    "an event invented": lambda events, at: numbered([*events[:at], invented(events[at], at), *events[at:]]),
    "an event twice": lambda events, at: numbered(events[: at + 1] + json.loads(json.dumps(events[at:]))),
    "two events swapped": lambda events, at: numbered(
        [*events[: at - 1], events[at], events[at - 1], *events[at + 1 :]]
        if at
        else events[1::-1] + events[2:]
    ),
    "replayed for other goods": touched(
        lambda event: event.update(consignments=[{"number": "Z-1", "cseq": 1, "sscc": []}])
    ),
    "replayed from another log": touched(lambda event: event.update(log="dockside.example/globex")),
}


def forged_log(true: SampleLog, events: list[Event], seed: int) -> SampleLog:
    """A log of the forged events: tree and numbers fit them, ``seed`` is the key it is signed with."""
    forged = SampleLog(seed=seed, data=[canonical.json_bytes(event) for event in events])
    forged.tree = merkle.Tree(merkle.leaf_hash(data) for data in forged.data)
    forged.last_cseq = {}
    for event in events:
        for each in event["consignments"]:
            forged.last_cseq[each["number"]] = max(each["cseq"], forged.last_cseq.get(each["number"], 0))
    forged.disclosures = true.disclosures
    return forged


def forge_events(true: SampleLog, kind: str, at: int, attacker: str, rng: random.Random) -> bytes:
    said = [json.loads(data) for data in true.data]
    events = [event for event in said if event["type"] != "register_closed"]
    events = EVENT_KINDS[kind](events, at % len(events))
    forged = forged_log(true, events, seed=99 if attacker == OUTSIDER else true.seed)
    if true.registers:  # whoever rewrites a history rewrites what it says of marks
        forged.close_register()
    note = forged.checkpoint()
    if attacker == INSIDER and rng.random() < 0.5:  # the witness's line of the true checkpoint, copied
        note += cosigned(true).rpartition(b"\n\n")[2].split(b"\n")[1] + b"\n"
    arguments: dict[str, Any] = {"checkpoint_note": note, "documents": papers_of(forged)}
    if (
        attacker == INSIDER and forged.tree.size > 2
    ):  # an older checkpoint of the true log and a proof that doesn't fit
        size = rng.randrange(1, forged.tree.size)
        arguments["history"] = [forged.older(size)]
    data = whole_log_bundle(forged, **arguments)
    if attacker != ADMINISTRATOR:
        return data
    files = files_of(data)
    files["checkpoint.note"] = cosigned(true)
    manifest = json.loads(files["manifest.json"])
    root = base64.b64encode(true.tree.root()).decode()
    manifest["checkpoint"] = {"size": true.tree.size, "root": root}
    files["manifest.json"] = canonical.json_bytes(manifest)
    return rebuild(files, true.signer)


# --- Forged files -------------------------------------------------------------------------------------------


def line_of(files: Files, name: str, at: int) -> tuple[list[bytes], int]:
    lines = files[name].split(b"\n")
    return lines, at % (len(lines) - 1)


def in_line(name: str, change: Callable[[bytes], bytes]) -> Callable[[Files, int], None]:
    def forge(files: Files, at: int) -> None:
        lines, place = line_of(files, name, at)
        lines[place] = change(lines[place])
        files[name] = b"\n".join(lines)

    return forge


def other_proof(line: bytes) -> bytes:
    proof = json.loads(line)
    first = bytearray(base64.b64decode(proof["proof"][0])) if proof["proof"] else bytearray(32)
    first[0] ^= 1
    proof["proof"] = [base64.b64encode(first).decode(), *proof["proof"][1:]]
    return canonical.json_bytes(proof)


def other_index(line: bytes) -> bytes:
    proof = json.loads(line)
    return canonical.json_bytes({**proof, "index": proof["index"] + 1})


def other_paper(files: Files, at: int) -> None:
    name = next(name for name in files if name.startswith("documents/"))
    data = bytearray(files[name])
    data[at % len(data)] ^= 1
    files[name] = bytes(data)


def paper_of_nobody(files: Files, at: int) -> None:
    data = f"%PDF-1.7 forged {at}".encode()
    files[f"documents/{sha256(data).hexdigest()}.pdf"] = data


def value_of_nobody(files: Files, at: int) -> None:
    event = json.loads(line_of(files, "events.jsonl", at)[0][line_of(files, "events.jsonl", at)[1]])
    salt = base64.b64encode(bytes(32)).decode()
    opening = {"event_id": event["event_id"], "path": "/actor/name", "salt": salt, "value": "Somebody else"}
    files["disclosed.jsonl"] = canonical.json_bytes(opening) + b"\n"


def other_promise(files: Files, at: int) -> None:
    manifest = json.loads(files["manifest.json"])
    numbers = manifest["scope"]["last_cseq"]
    number = sorted(numbers)[at % len(numbers)]
    numbers[number] += 1 + at
    files["manifest.json"] = canonical.json_bytes(manifest)


def other_network(change: Callable[[dict[str, Any], int], Any]) -> Callable[[Files, int], None]:
    def forge(files: Files, at: int) -> None:
        told = json.loads(files["network.json"])
        change(told, at)
        files["network.json"] = canonical.json_bytes(told)

    return forge


def other_sibling(told: dict[str, Any], at: int) -> None:
    proof = told["entries"][at % 2]["proof"]
    proof[0], proof[1] = proof[1], proof[0]


def network_of_nobody(files: Files, at: int) -> None:
    """A head that somebody else signed for the same tree."""
    text = files["network.note"].decode().partition("\n\n")[0] + "\n"
    stranger = Ed25519PrivateKey.from_private_bytes(bytes([at % 200 + 20]) * 32)
    files["network.note"] = notes.sign_note(text, [notes.KeySigner(text.partition("\n")[0], stranger)])


def network_key_of_nobody(files: Files, at: int) -> None:
    """A change to a stranger's key that the old one knows nothing of, and a head signed with the new one."""
    network_of_nobody(files, at)
    lines = files["network-rotations/1.note"].decode().partition("\n\n")[0].split("\n")
    private = Ed25519PrivateKey.from_private_bytes(bytes([at % 200 + 20]) * 32)
    stranger = notes.KeySigner(lines[1], private)
    text = "\n".join([*lines[:4], str(stranger.key), ""])
    files["network-rotations/1.note"] = notes.sign_note(text, [stranger])


FILE_KINDS: dict[str, Callable[[Files, int], None]] = {
    "another day in the network's log": other_network(
        lambda told, at: told["entries"][at % 2].update(day="2026-11-01")
    ),
    "another size in the network's log": other_network(
        lambda told, at: told["entries"][0].update(size=told["entries"][1]["size"])
    ),
    "a hash of the network's proof changed": other_network(other_sibling),
    "the network's early entry left out": other_network(lambda told, at: told["entries"].pop(0)),
    "the network's head signed by another": network_of_nobody,
    "the network's key changed by another": network_key_of_nobody,
    "a line of the table changed": in_line("custody.csv", lambda line: line.replace(b'"', b'"0', 1)),
    "a hash of a proof changed": in_line("proofs.jsonl", other_proof),
    "the place in the log changed": in_line("proofs.jsonl", other_index),
    "an event's bytes spaced": in_line("events.jsonl", lambda line: line.replace(b":", b": ", 1)),
    "a paper changed": other_paper,
    "a paper added": paper_of_nobody,
    "a value that was not recorded": value_of_nobody,
    "another number of events promised": other_promise,
}


# --- Forged scopes ------------------------------------------------------------------------------------------

AT_THE_SITE = [[mark("site", SITE["name"])]]


def scoped(true: SampleLog, without: Sequence[str] = (), **changes: Any) -> Files:
    """The files of a bundle of all goods that had to do with the site, ``without`` some of them."""
    bearing = true.registers[-1].held[AT_THE_SITE[0][0]]
    numbers = sorted(set(bearing) - set(without))
    named = b"".join(data for data in true.data if any(f'"{number}"'.encode() in data for number in numbers))
    papers = [paper for paper in papers_of(true) if paper.sha256.encode() in named]
    given = {"documents": papers, "checkpoint_note": cosigned(true)}
    return files_of(consignment_bundle(true, numbers, AT_THE_SITE, **given | changes))


def in_register(change: Callable[[Said, int], object]) -> Callable[[SampleLog, int], Files]:
    """``change`` what a register says of the scope's mark."""

    def forge(true: SampleLog, at: int) -> Files:
        files = scoped(true)
        line = json.loads(files["registers.jsonl"])
        change(line["said"][0], at)
        files["registers.jsonl"] = canonical.json_bytes(line) + b"\n"
        return files

    return forge


def in_scope(change: Callable[[dict[str, Any]], object], **given: Any) -> Callable[[SampleLog, int], Files]:
    """``change`` what the manifest says of the scope."""

    def forge(true: SampleLog, at: int) -> Files:
        files = scoped(true, **{name: value(true, at) for name, value in given.items()})
        manifest = json.loads(files["manifest.json"])
        change(manifest["scope"])
        return files | {"manifest.json": canonical.json_bytes(manifest)}

    return forge


def one_of(true: SampleLog, at: int) -> list[str]:
    bearing = sorted(true.registers[-1].held[AT_THE_SITE[0][0]])
    return [bearing[at % len(bearing)]]


def hide_entry(said: Said, at: int) -> None:
    place = at % len(said["entries"])
    shown = said["entries"][place]
    salt = base64.b64decode(shown["salt"])
    told = canonical.json_bytes({"consignment": shown["consignment"], "events": shown["events"]})
    hidden = sha256(DOMAIN + b"entry" + salt + told).digest()
    said["entries"][place] = {"hidden": base64.b64encode(hidden).decode()}


def shorten(true: SampleLog, at: int) -> Files:
    """One consignment without its last event."""
    [number] = one_of(true, at)
    bearing = sorted(true.registers[-1].held[AT_THE_SITE[0][0]])
    last = {each: true.last_cseq[each] - (each == number) for each in bearing}
    own = [json.loads(data) for data in true.data]
    kept = [
        index
        for index, event in enumerate(own)
        if any(each["number"] in bearing for each in event["consignments"])
        and not any(
            each == {**each, "number": number, "cseq": true.last_cseq[number]}
            for each in event["consignments"]
        )
    ]
    scope = bundle.Scope(
        "consignments", {each: count for each, count in last.items() if count}, conditions=AT_THE_SITE
    )
    return scoped(true, events=true.logged(kept), scope=scope, documents=[])


SCOPE_KINDS: dict[str, Callable[[SampleLog, int], Files]] = {
    "a consignment withheld": lambda true, at: scoped(true, one_of(true, at)),
    "a consignment withheld by the log's word": in_scope(
        lambda scope: scope.update(narrowed=True), without=one_of
    ),
    "a consignment's last event withheld": shorten,
    "a consignment hidden in its register": in_register(hide_entry),
    "a consignment taken out of its register": in_register(
        lambda said, at: said["entries"].pop(at % len(said["entries"]))
    ),
    "a mark said to be nowhere": in_register(lambda said, at: said.update(entries=[], salt="")),
    "another number of events in a register": in_register(
        lambda said, at: (
            said["entries"][at % len(said["entries"])].update(events=1 + at)
            if said["entries"][at % len(said["entries"])]["events"] != 1 + at
            else said["entries"].pop()
        )
    ),
    "registers left out": lambda true, at: scoped(true, registers=()),
    "no mark asked for": in_scope(lambda scope: scope.update(marks=[])),
    "another day asked for": in_scope(lambda scope: scope.update(first_day="2027-01-01")),
    "another mark asked for": in_scope(
        lambda scope: scope.update(marks=[[["batch", "B-7"]]], asked=[{"by": "batch", "value": "B-7"}])
    ),
}


def forge_scope(true: SampleLog, kind: str, at: int, attacker: str) -> bytes:
    files = SCOPE_KINDS[kind](true, at)
    if attacker == OUTSIDER:  # has the signature of the honest bundle alone
        files["manifest.note"] = scoped(true)["manifest.note"]
    return rebuild(files, None if attacker == OUTSIDER else true.signer)


RAW_KINDS = ("a bit of the file", "the file cut short", "bytes appended", "bytes put in")


def forge_files(true: SampleLog, good: bytes, kind: str, at: int, attacker: str) -> bytes:
    files = files_of(good)
    FILE_KINDS[kind](files, at)
    return rebuild(files, None if attacker == OUTSIDER else true.signer)


def forge_bytes(good: bytes, kind: str, rng: random.Random) -> bytes:
    place = rng.randrange(1, len(good))
    if kind == "a bit of the file":
        return good[:place] + bytes([good[place] ^ 1 << rng.randrange(8)]) + good[place + 1 :]
    if kind == "the file cut short":
        return good[:place]
    if kind == "bytes appended":
        return good + rng.randbytes(rng.randint(1, 40))
    return good[:place] + rng.randbytes(rng.randint(1, 40)) + good[place:]


def without_signature(true: SampleLog, good: bytes) -> bytes:
    """All as it was, but for the key: the outsider's."""
    files = files_of(good)
    stranger = notes.KeySigner(true.origin, Ed25519PrivateKey.from_private_bytes(b"\x63" * 32))
    return pack(files_of(rebuild(files, stranger)))


def forgeries(rng: random.Random, step: int = 1) -> Iterator[tuple[str, str, SampleLog, bytes]]:
    """One history forged by every attacker in every kind at every ``step``-th event.

    Where events are forged the auditor knows nothing of the network's log, so that it helps no other check.
    """
    true = honest_log(rng)
    true.close_register()
    plain = replace(true)
    older = sorted(rng.sample(range(1, len(true.data)), 2))
    good = whole_log_bundle(
        true,
        documents=papers_of(true),
        checkpoint_note=cosigned(true),
        history=[true.older(size) for size in older],
        network=entered(true, older).proof(),
    )
    for at in range(rng.randrange(step), len(true.data), step):
        for attacker in ATTACKERS:
            for kind in EVENT_KINDS:
                yield attacker, kind, plain, forge_events(true, kind, at, attacker, rng)
            for kind in FILE_KINDS:
                yield attacker, kind, true, forge_files(true, good, kind, at, attacker)
            for kind in SCOPE_KINDS:
                yield attacker, kind, plain, forge_scope(true, kind, at, attacker)
        for kind in RAW_KINDS:
            yield OUTSIDER, kind, true, forge_bytes(good, kind, rng)
        yield OUTSIDER, "signed by another key", true, without_signature(true, good)
