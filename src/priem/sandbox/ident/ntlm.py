"""Signing in with a Windows account: NTLM version 2 (MS-NLMP), as far as a server needs it.

The client says hello in its login packet, the server answers with a challenge, the client proves with it that it knows
the password. Windows' own hash of passwords is MD4, which today's OpenSSL has switched off: hence the one below.
"""

import hmac
import secrets
import struct
from dataclasses import dataclass
from hashlib import md5

SIGNATURE = b"NTLMSSP\x00"
HELLO, CHALLENGE, PROOF = 1, 2, 3
DOMAIN = "CLINIC"
FLAGS = 0xA2898205
"""Unicode, a target with its names, extended session security, NTLM, 128 and 56 bits."""
END, COMPUTER_NAME, DOMAIN_NAME = 0, 1, 2
SHORTEST = 16 + 28
"""Of a version 2 answer: the proof, and what it is about. Version 1 answers with 24 bytes."""


@dataclass(frozen=True, slots=True)
class Proof:
    user: str
    domain: str
    answer: bytes


def is_hello(data: bytes) -> bool:
    return data[:8] == SIGNATURE and data[8:12] == struct.pack("<I", HELLO)


def new_challenge() -> bytes:
    return secrets.token_bytes(8)


def challenge_message(challenge: bytes) -> bytes:
    name = DOMAIN.encode("utf-16-le")
    names = b"".join(struct.pack("<HH", kind, len(name)) + name for kind in (DOMAIN_NAME, COMPUTER_NAME))
    names += struct.pack("<HH", END, 0)
    head = SIGNATURE + struct.pack("<I", CHALLENGE) + struct.pack("<HHI", len(name), len(name), 56)
    head += struct.pack("<I", FLAGS) + challenge + bytes(8)
    head += struct.pack("<HHI", len(names), len(names), 56 + len(name)) + bytes(8)
    return head + name + names


def read_proof(data: bytes) -> Proof | None:
    if data[:8] != SIGNATURE or data[8:12] != struct.pack("<I", PROOF) or len(data) < 52:
        return None

    def part(at: int) -> bytes:
        length, _, offset = struct.unpack_from("<HHI", data, at)
        return data[offset : offset + length]

    return Proof(part(36).decode("utf-16-le", "replace"), part(28).decode("utf-16-le", "replace"), part(20))


def proves(proof: Proof, password: str, challenge: bytes) -> bool:
    """Version 2 alone: servers of today take no other."""
    if len(proof.answer) < SHORTEST:
        return False
    secret = md4(password.encode("utf-16-le"))
    key = hmac.digest(secret, (proof.user.upper() + proof.domain).encode("utf-16-le"), md5)
    return hmac.compare_digest(hmac.digest(key, challenge + proof.answer[16:], md5), proof.answer[:16])


def md4(message: bytes) -> bytes:
    """RFC 1320."""
    padded = message + b"\x80" + bytes(-(len(message) + 9) % 64) + struct.pack("<Q", 8 * len(message))
    state = [0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476]
    for start in range(0, len(padded), 64):
        words = struct.unpack_from("<16I", padded, start)
        state = [(old + new) & MASK for old, new in zip(state, rounds(state, words), strict=True)]
    return struct.pack("<4I", *state)


MASK = 0xFFFFFFFF
ROUNDS = (
    (0, tuple(range(16)), (3, 7, 11, 19)),
    (0x5A827999, (0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15), (3, 5, 9, 13)),
    (0x6ED9EBA1, (0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15), (3, 9, 11, 15)),
)
"""What is added, in which order words come, by how much is turned."""


def rounds(state: list[int], words: tuple[int, ...]) -> list[int]:
    a, b, c, d = state
    for number, (added, order, turns) in enumerate(ROUNDS):
        for step, word in enumerate(order):
            mixed = (b & c | ~b & d, b & c | b & d | c & d, b ^ c ^ d)[number]
            total = (a + mixed + words[word] + added) & MASK
            turn = turns[step % 4]
            a, b, c, d = d, (total << turn | total >> (32 - turn)) & MASK, b, c
    return [a, b, c, d]
