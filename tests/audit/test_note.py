"""Signed notes and checkpoints: the specification's own examples, and every flipped bit."""

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit import checkpoint, key, note
from audit.errors import NoteError

# From the documentation of golang.org/x/mod/sumdb/note.
GO_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdng"
    "otpRZb6KE6RyyBwJnAM=\n"
)
ORIGIN = "court.example/audit"
KEY = key.generate(ORIGIN)
ROOT = hashlib.sha256(b"root").digest()
TEXT = checkpoint.body(ORIGIN, 77, ROOT)
SIGNED = KEY.sign(TEXT)


def test_gos_note() -> None:
    verifier = note.parse_vkey(GO_VKEY)
    assert verifier.vkey == GO_VKEY
    assert note.open_note(GO_NOTE, [verifier]).encode() == GO_NOTE


def test_sign_and_read() -> None:
    found = checkpoint.verified(SIGNED, KEY.verifier, ORIGIN)
    assert (found.origin, found.size, found.root, found.note) == (ORIGIN, 77, ROOT, SIGNED)
    assert note.parse_vkey(KEY.vkey) == KEY.verifier


def test_every_flipped_bit_is_refused() -> None:
    data = SIGNED.encode()
    for place in range(len(data)):
        for bit in range(8):
            changed = bytearray(data)
            changed[place] ^= 1 << bit
            with pytest.raises(NoteError):
                checkpoint.verified(bytes(changed), KEY.verifier, ORIGIN)


def test_every_flipped_bit_of_a_verifier_key_is_refused() -> None:
    data = KEY.vkey.encode()
    for place in range(len(data)):
        for bit in range(8):
            changed = bytearray(data)
            changed[place] ^= 1 << bit
            with pytest.raises(NoteError):
                # A changed name gives another, well-formed key only if its id fits, too.
                note.parse_vkey(changed.decode("latin-1"))


def test_other_keys() -> None:
    other = key.generate(ORIGIN)
    with pytest.raises(NoteError, match="not signed by"):
        checkpoint.verified(SIGNED, other.verifier, ORIGIN)
    with pytest.raises(NoteError, match="another log"):
        checkpoint.verified(SIGNED, KEY.verifier, "other.example/audit")


def test_a_key_that_claims_the_logs_id_is_refused() -> None:
    forged = note.Signature(ORIGIN, KEY.verifier.key_id, Ed25519PrivateKey.generate().sign(b"x"))
    with pytest.raises(NoteError, match="is wrong"):
        checkpoint.verified(note.Note(TEXT, (forged,)).encode(), KEY.verifier, ORIGIN)


def test_witness_cosignature() -> None:
    """A line of a witness (tlog-cosignature) is kept by those who do not know it, and checked."""
    witness = Ed25519PrivateKey.generate()
    public = witness.public_key().public_bytes_raw()
    verifier = note.Verifier("witness.example/w1", public, note.COSIGNATURE_ED25519)
    seconds = 1_679_315_147
    stamp = seconds.to_bytes(8, "big")
    signed = witness.sign(f"cosignature/v1\ntime {seconds}\n{TEXT}".encode())
    line = note.Signature(verifier.name, verifier.key_id, stamp + signed)
    both = SIGNED + line.line()
    assert checkpoint.verified(both, KEY.verifier, ORIGIN).size == 77
    assert note.open_note(both, [KEY.verifier, verifier]).encode() == both
    assert note.parse_vkey(verifier.vkey) == verifier
    late = note.Signature(verifier.name, verifier.key_id, bytes(8) + signed)
    with pytest.raises(NoteError, match="is wrong"):
        note.open_note(SIGNED + late.line(), [KEY.verifier, verifier])


def loose(data: bytes) -> str:
    """Base64 of `data` (68 bytes) with a bit set that decoders ignore."""
    text = base64.b64encode(data).decode()
    assert text.endswith("=")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    last = alphabet[alphabet.index(text[-2]) ^ 1]
    return text[:-2] + last + "="


SIGNATURE = note.parse(SIGNED).signatures[0]
BODY = SIGNATURE.key_id + SIGNATURE.signature


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "\n\n",
        TEXT,
        TEXT + "\n",
        SIGNED.rstrip("\n"),
        SIGNED + "\n",
        SIGNED + SIGNED.splitlines()[-1] + "\n",
        SIGNED.replace("— ", "- "),
        SIGNED.replace("— ", "—\u00a0"),
        SIGNED.replace(ORIGIN + "\n", ORIGIN + "\r\n"),
        "\ufeff" + SIGNED,
        f"{TEXT}\n— {ORIGIN} {loose(BODY)}\n",
        f"{TEXT}\n— {ORIGIN} AAAA\n",
        f"{TEXT}\n— {ORIGIN} \n",
        f"{TEXT}\n— {ORIGIN}\n",
        f"{TEXT}\n— a+b AAAAAAA=\n",
        TEXT + "\n" + "".join(f"— w{i} AAAAAAA=\n" for i in range(101)),
        "x" * 1_000_001,
    ],
)
def test_notes_that_are_refused(bad: str) -> None:
    with pytest.raises(NoteError):
        checkpoint.verified(bad, KEY.verifier, ORIGIN)


@pytest.mark.parametrize(
    "text",
    [
        f"{ORIGIN}\n7\n",
        f"{ORIGIN}\n07\n{base64.b64encode(ROOT).decode()}\n",
        f"{ORIGIN}\n-7\n{base64.b64encode(ROOT).decode()}\n",
        f"{ORIGIN}\n٧\n{base64.b64encode(ROOT).decode()}\n",
        f"{ORIGIN}\n7\n{base64.b64encode(ROOT[:31]).decode()}\n",
        f"{ORIGIN}\n7\n{loose(ROOT)}\n",
        f"{ORIGIN}\n7\n!\n",
        f"{ORIGIN}\n7\n{base64.b64encode(ROOT).decode()}\nextension\n",
        f"\n7\n{base64.b64encode(ROOT).decode()}\n",
    ],
)
def test_signed_texts_that_are_no_checkpoint(text: str) -> None:
    with pytest.raises(NoteError):
        checkpoint.verified(KEY.sign(text), KEY.verifier, ORIGIN)


@pytest.mark.parametrize("text", ["no newline", "bell\x07\n", ""])
def test_texts_that_cannot_be_signed(text: str) -> None:
    with pytest.raises(NoteError):
        KEY.sign(text)


@pytest.mark.parametrize("vkey", ["", "a+b", "a b+00000000+AAAA", "a+00000000+AAAA", "a+zz+!"])
def test_verifier_keys_that_are_refused(vkey: str) -> None:
    with pytest.raises(NoteError):
        note.parse_vkey(vkey)
