"""Signed notes and checkpoints against the examples of their specification, and against forgers."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from apps.custody import notes
from apps.custody.notes import Checkpoint, KeySigner, NoteInvalid, VerifierKey

# The example of C2SP signed-note.
VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
NOTE = (
    "This is an example message.\n\n"
    "— example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
).encode()
ROOT = bytes(range(32))


def signer(name: str = "dockside.example/acme", seed: int = 1) -> KeySigner:
    return KeySigner(name, Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32))


def test_the_specifications_example_key_and_note_are_understood():
    key = VerifierKey.parse(VKEY)

    assert str(key) == VKEY
    assert notes.open_note(NOTE, [key]) == ("This is an example message.\n", [key])


def test_the_specifications_example_checkpoint_is_parsed_and_written_back():
    text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"

    checkpoint = Checkpoint.parse(text)

    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.text == text


def test_a_signed_checkpoint_opens_for_its_origin_only():
    checkpoint = Checkpoint("dockside.example/acme", 7, ROOT)
    note = notes.sign_checkpoint(checkpoint, [signer()])

    assert notes.open_checkpoint(note, origin=checkpoint.origin, trusted=[signer().key]) == checkpoint
    with pytest.raises(NoteInvalid, match="a checkpoint of"):
        notes.open_checkpoint(note, origin="dockside.example/other", trusted=[signer().key])


def test_no_byte_of_a_note_can_change():
    note = notes.sign_note("goods\nreceived\n", [signer()])

    for position in range(len(note)):
        forged = bytearray(note)
        forged[position] ^= 1
        with pytest.raises(NoteInvalid):
            notes.open_note(bytes(forged), [signer().key])


def test_signatures_of_strangers_are_ignored_but_never_enough():
    note = notes.sign_note("goods\n", [signer(seed=2), signer()])

    assert notes.open_note(note, [signer().key]) == ("goods\n", [signer().key])
    with pytest.raises(NoteInvalid, match="no trusted key"):
        notes.open_note(note, [signer(seed=3).key])


def test_a_text_may_have_empty_lines():
    note = notes.sign_note("goods\n\nreceived\n", [signer()])

    assert notes.open_note(note, [signer().key])[0] == "goods\n\nreceived\n"


@pytest.mark.parametrize("text", ["no newline", "tab\tinside\n", "carriage return\r\n", ""])
def test_texts_that_no_note_may_have_are_refused(text):
    with pytest.raises(NoteInvalid):
        notes.sign_note(text, [signer()])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "example.com/foo",
        VKEY.replace("530d903a", "530d903b"),
        VKEY.replace("530d903a", "530D903A"),
        VKEY.replace("foo", "bar"),
        VKEY[:-1],
        VKEY + "=",
        "with space+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
    ],
)
def test_damaged_keys_are_refused(text):
    with pytest.raises(NoteInvalid):
        VerifierKey.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "origin\n07\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "origin\n-7\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "origin\n7\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n",
        "origin\n7\nCsUY\n",
        "\n7\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "origin\n7\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\nextension\n",
    ],
)
def test_texts_that_are_no_checkpoint_are_refused(text):
    with pytest.raises(NoteInvalid):
        Checkpoint.parse(text)
