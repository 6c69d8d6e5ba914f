"""A witness of custody logs: cosigns a checkpoint that it has seen the log grow to (C2SP tlog-witness).

Somebody else runs it, away from Dockside: a customer's auditor, another region. It needs Python, the
cryptography library, this file and `verify` beside it in a checkout; no settings, no database, no Django:

    NAME=witness.example/one
    python -m apps.custody.witness key   --name $NAME --key witness.pem
    python -m apps.custody.witness serve --name $NAME --key witness.pem --log acme.vkey --state seen

``key`` makes the key and prints what auditors give to ``verify.py --witness``. ``serve`` answers
``POST /add-checkpoint`` of the logs whose keys it was given. What it saw of each log is on disk before it
signs, so that no restart makes it forget; it never signs two histories of one log.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from apps.custody.verify import (
    COSIGNATURE,
    WITNESS_KEY,
    Checkpoint,
    Key,
    Rejected,
    Trust,
    is_consistent,
    open_note,
    read_keys,
    strict_hash,
)

MAX_BODY = 1 << 16
MAX_PROOF = 63
SEEN_SIZE = "text/x.tlog.size"


class Refused(Exception):
    """A checkpoint is not cosigned: the HTTP status, and what to say."""

    def __init__(self, status: int, said: str, media_type: str = "text/plain") -> None:
        super().__init__(said)
        self.status = status
        self.said = said
        self.media_type = media_type


@dataclass(frozen=True)
class Cosigner:
    """The witness's name and private key."""

    name: str
    private: Ed25519PrivateKey

    @property
    def key(self) -> Key:
        public = self.private.public_key().public_bytes_raw()
        material = bytes([WITNESS_KEY]) + public
        return Key(self.name, sha256(self.name.encode() + b"\n" + material).digest()[:4], public, WITNESS_KEY)

    def line(self, text: str, seconds: int) -> str:
        """The signature line under a checkpoint's ``text``, seen at ``seconds`` since 1970."""
        signature = self.private.sign(f"{COSIGNATURE}\ntime {seconds}\n{text}".encode())
        value = self.key.key_id + seconds.to_bytes(8, "big") + signature
        return f"\u2014 {self.name} {base64.b64encode(value).decode()}\n"


class Witness:
    """What was seen of each log, in files of ``folder``; one process has a folder."""

    def __init__(self, cosigner: Cosigner, logs: Sequence[Key], folder: Path) -> None:
        self._cosigner = cosigner
        self._logs = {
            name: Trust([key for key in logs if key.name == name]) for name in {k.name for k in logs}
        }
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def add_checkpoint(self, body: bytes, seconds: int) -> str:
        """Cosign the checkpoint in a request ``old SIZE``, proof lines, an empty line, the note.

        Raises:
            Refused: as the protocol's status says; 409 with the size that was seen last.
        """
        old, proof, note = _request(body)
        trust = self._logs.get(note.split(b"\n", 1)[0].decode("utf-8", "replace"))
        if trust is None:
            raise Refused(404, "this log is not known here")
        try:
            checkpoint, _ = trust.open_checkpoint(note, "checkpoint")
        except Rejected as rejection:
            raise Refused(403, str(rejection)) from None
        seen = self._seen(trust.origin)
        if old > checkpoint.size:
            raise Refused(400, "the old size is beyond the checkpoint")
        if old != seen.size:
            raise Refused(409, f"{seen.size}\n", SEEN_SIZE)
        if old == checkpoint.size and old and checkpoint.root != seen.root:
            raise Refused(409, f"{seen.size}\n", SEEN_SIZE)
        if not (is_consistent(seen, checkpoint, proof) if old else not proof):
            raise Refused(422, "the proof does not lead from what was seen to this checkpoint")
        self._keep(trust.origin, checkpoint)
        return self._cosigner.line(open_note(note, (), "checkpoint").text, seconds)

    def _seen(self, origin: str) -> Checkpoint:
        file = self._file(origin)
        if not file.exists():
            return Checkpoint(0, b"")
        seen = json.loads(file.read_text("utf-8"))
        return Checkpoint(seen["size"], bytes.fromhex(seen["root"]))

    def _keep(self, origin: str, checkpoint: Checkpoint) -> None:
        """On disk, whole, before anything is signed."""
        file, unfinished = self._file(origin), self._file(origin).with_suffix(".new")
        with unfinished.open("w", encoding="utf-8") as target:
            json.dump({"log": origin, "size": checkpoint.size, "root": checkpoint.root.hex()}, target)
            target.flush()
            os.fsync(target.fileno())
        unfinished.replace(file)
        folder = os.open(self._folder, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)

    def _file(self, origin: str) -> Path:
        return self._folder / f"{sha256(origin.encode()).hexdigest()}.json"


def _request(body: bytes) -> tuple[int, list[bytes], bytes]:
    head, separator, note = body.partition(b"\n\n")
    first, *lines = head.decode("ascii", "replace").split("\n")
    word, _, size = first.partition(" ")
    if not separator or word != "old" or not size.isdecimal() or len(size) > 15 or len(lines) > MAX_PROOF:
        raise Refused(400, "a request is: old SIZE, lines of a proof, an empty line, a checkpoint")
    try:
        return int(size), [strict_hash(line, "proof") for line in lines], note
    except Rejected as rejection:
        raise Refused(400, str(rejection)) from None


def make_server(
    witness: Witness, address: tuple[str, int], clock: Callable[[], float] = time.time
) -> HTTPServer:
    """An HTTP server that answers one request after the other, as no two may race for one log."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            try:
                if self.path != "/add-checkpoint":
                    raise Refused(404, "there is /add-checkpoint and nothing else")
                length = int(self.headers.get("Content-Length") or 0)
                if length > MAX_BODY:
                    raise Refused(413, "too long for a checkpoint")
                line = witness.add_checkpoint(self.rfile.read(length), int(clock()))
            except Refused as refused:
                self._answer(refused.status, refused.said, refused.media_type)
            else:
                self._answer(200, line, "text/plain")

        def _answer(self, status: int, said: str, media_type: str) -> None:
            body = said.encode()
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    Handler.timeout = 30
    return HTTPServer(address, Handler)


def new_key(path: Path) -> Ed25519PrivateKey:
    """Make a key in a new file that its owner alone can read."""
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with open(path, "xb", opener=lambda name, flags: os.open(name, flags, mode=0o600)) as file:
        file.write(pem)
    return private


def load_key(path: Path) -> Ed25519PrivateKey:
    private = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(private, Ed25519PrivateKey):
        raise SystemExit(f"{path} holds no Ed25519 key")
    return private


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Witness custody logs.")
    commands = parser.add_subparsers(dest="command", required=True)
    making, serving = commands.add_parser("key"), commands.add_parser("serve")
    for command in (making, serving):
        command.add_argument("--name", required=True, help="the witness's name, as witness.example/one")
        command.add_argument("--key", type=Path, required=True, help="file of its private key")
    serving.add_argument("--log", action="append", required=True, help="key of a log: a file, or its text")
    serving.add_argument("--state", type=Path, required=True, help="folder of what was seen")
    serving.add_argument("--host", default="127.0.0.1")
    serving.add_argument("--port", type=int, default=8100)
    options = parser.parse_args(arguments)
    if options.command == "key":
        sys.stdout.write(f"{Cosigner(options.name, new_key(options.key)).key}\n")
        return 0
    cosigner = Cosigner(options.name, load_key(options.key))
    witness = Witness(cosigner, read_keys(options.log), options.state)
    make_server(witness, (options.host, options.port)).serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
