"""The verifier's own Ed25519 against RFC 8032 and against the cryptography library."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.custody import verify
from apps.custody.verify import ed25519_verify

# RFC 8032 section 7.1: TEST 1, 2, 3 and SHA(abc): public key, message, signature.
RFC_8032 = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
        "d25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
        "387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
        "4a7c15e9716ed28dc027beceea1ec40a",
    ),
    (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd"
        "454d4423643ce80e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e030"
        "3dca179c138ac17ad9bef1177331a704",
    ),
]
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()


@pytest.mark.parametrize(("key", "message", "signature"), RFC_8032)
def test_the_signatures_of_the_rfc_are_valid(key, message, signature):
    assert ed25519_verify(bytes.fromhex(key), bytes.fromhex(message), bytes.fromhex(signature))


@pytest.mark.parametrize(("key", "message", "signature"), RFC_8032)
def test_no_changed_signature_of_the_rfc_is_valid(key, message, signature):
    for position in range(0, 64, 7):
        forged = bytearray.fromhex(signature)
        forged[position] ^= 0x10
        assert not ed25519_verify(bytes.fromhex(key), bytes.fromhex(message), bytes(forged))


@settings(max_examples=40, deadline=None)
@given(seed=st.binary(min_size=32, max_size=32), message=st.binary(), bit=st.none() | st.integers(0, 511))
def test_both_implementations_agree_on_right_and_changed_signatures(seed, message, bit):
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public = private.public_key().public_bytes_raw()
    signature = bytearray(private.sign(message))
    if bit is not None:
        signature[bit // 8] ^= 1 << bit % 8

    ours = ed25519_verify(public, message, bytes(signature))

    assert ours == verify.verify_signature(public, message, bytes(signature)) == (bit is None)


@settings(max_examples=40, deadline=None)
@given(public=st.binary(min_size=32, max_size=32), signature=st.binary(min_size=64, max_size=64))
def test_both_implementations_refuse_random_keys_and_signatures(public, signature):
    assert not ed25519_verify(public, b"", signature)
    assert not verify.verify_signature(public, b"", signature)


def test_a_signature_made_larger_by_the_group_order_is_refused():
    """S and S + L satisfy the same equation; RFC 8032 section 5.1.7 accepts only S below L."""
    signature = KEY.sign(b"goods")
    larger = int.from_bytes(signature[32:], "little") + verify.ORDER
    malleable = signature[:32] + larger.to_bytes(32, "little")

    assert ed25519_verify(PUBLIC, b"goods", signature)
    assert not ed25519_verify(PUBLIC, b"goods", malleable)
    assert not verify.verify_signature(PUBLIC, b"goods", malleable)


@pytest.mark.parametrize("length", [0, 31, 63, 65])
def test_wrong_lengths_are_refused(length):
    assert not ed25519_verify(PUBLIC, b"", bytes(length))
    assert not ed25519_verify(bytes(length), b"", KEY.sign(b""))


@pytest.mark.parametrize(
    "encoding",
    [
        (verify.P + 1).to_bytes(32, "little"),  # y is not below p
        (1 | 1 << 255).to_bytes(32, "little"),  # x is zero and called negative
        (2).to_bytes(32, "little"),  # no x for this y
    ],
)
def test_encodings_of_no_point_are_refused(encoding):
    assert verify.decompress_point(encoding) is None
