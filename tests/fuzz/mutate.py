"""Hostile bytes: mutations of known cases, in the words of their grammar."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

HOSTILE = (
    b"", b"\x00", b"\xff", b"\xc3\xa9", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", "한".encode(),
    b"\xe2\x80\xa8", b"\xef\xbb\xbf", b"\r", b"\n", b"\t", b" ", b'"', b"'", b"\\", b"/", b"..",
    b"0", b"-0", b"-1", b"1e309", b"-1e309", b"NaN", b"Inf", b"+Inf", b"Infinity", b"1_0", b"0x10",
    b"1e-400", b"9223372036854775807", b"9223372036854775808", b"99999999999999999999",
    b"9" * 400, b"2024-02-30", b"2024-02-30T25:61:61Z", b"\\ud800", b"\\u0000", b"null", b"true",
    b"{}", b"[]", b"()", b"{", b"[", b"(", b"}", b"]", b")", b",", b":", b";", b"=", b"%", b"%00",
    b"%ff", b"$", b"#", b"*", b"?", b"|", b"@", b"<", b"&", b"`", b"!",
)  # fmt: skip
"""What breaks readers of any kind."""
_LARGEST_NUMBER = 1 << 64


class Mutator:
    """Builds cases from seeds and words."""

    def __init__(
        self,
        seeds: Sequence[bytes],
        tokens: Sequence[bytes],
        generate: Callable[[Random], bytes] | None,
        most_bytes: int,
    ) -> None:
        """No case is longer than `most_bytes`."""
        self._seeds = [*seeds, b""]
        self._tokens = tokens or HOSTILE
        self._generate = generate
        self._most_bytes = most_bytes

    def build(self, random: Random) -> bytes:
        """The next case."""
        case = self._pick_seed(random)
        for _ in range(random.choice((0, 1, 1, 1, 2, 3, 5, 9))):
            case = random.choice(_MUTATIONS)(self, random, case)[: self._most_bytes]
        return case[: self._most_bytes]

    def _pick_seed(self, random: Random) -> bytes:
        if self._generate is not None and random.random() < 0.5:
            return self._generate(random)
        return random.choice(self._seeds)

    def _pick_token(self, random: Random) -> bytes:
        return random.choice(self._tokens if random.random() < 0.6 else HOSTILE)

    def _flip_bit(self, random: Random, case: bytes) -> bytes:
        if not case:
            return case
        at = random.randrange(len(case))
        return case[:at] + bytes([case[at] ^ 1 << random.randrange(8)]) + case[at + 1 :]

    def _insert_bytes(self, random: Random, case: bytes) -> bytes:
        at = random.randint(0, len(case))
        return case[:at] + random.randbytes(random.choice((1, 1, 2, 8))) + case[at:]

    def _insert_token(self, random: Random, case: bytes) -> bytes:
        at = random.randint(0, len(case))
        return case[:at] + self._pick_token(random) + case[at:]

    def _replace_span(self, random: Random, case: bytes) -> bytes:
        start, end = _pick_span(random, case)
        return case[:start] + self._pick_token(random) + case[end:]

    def _delete_span(self, random: Random, case: bytes) -> bytes:
        start, end = _pick_span(random, case)
        return case[:start] + case[end:]

    def _repeat_span(self, random: Random, case: bytes) -> bytes:
        """A stretch or a word many times, which a quadratic reader does not survive."""
        start, end = _pick_span(random, case)
        span = case[start:end] if random.random() < 0.7 else self._pick_token(random)
        most = self._most_bytes // max(len(span), 1)
        times = random.choice((2, 3, 20, 300, most))
        return case[:start] + span * min(times, most) + case[end:]

    def _truncate(self, random: Random, case: bytes) -> bytes:
        return case[: random.randint(0, len(case))]

    def _splice(self, random: Random, case: bytes) -> bytes:
        other = self._pick_seed(random)
        return case[: random.randint(0, len(case))] + other[random.randint(0, len(other)) :]

    def _nest(self, random: Random, case: bytes) -> bytes:
        """The case within brackets, as deep as the size allows."""
        first, last = random.choice(((b"{", b"}"), (b"[", b"]"), (b"(", b")"), (b'"', b'"')))
        depth = random.choice((1, 30, 1000, self._most_bytes // 2))
        return first * depth + case + last * depth

    def _write_number(self, random: Random, case: bytes) -> bytes:
        """Another number in the place of one."""
        start, end = _find_number(random, case)
        number = random.choice((random.randrange(300), random.randrange(_LARGEST_NUMBER)))
        return case[:start] + str(random.choice((1, -1)) * number).encode() + case[end:]


_MUTATIONS = (
    Mutator._flip_bit,
    Mutator._insert_bytes,
    Mutator._insert_token,
    Mutator._replace_span,
    Mutator._delete_span,
    Mutator._repeat_span,
    Mutator._truncate,
    Mutator._splice,
    Mutator._nest,
    Mutator._write_number,
)


def _pick_span(random: Random, case: bytes) -> tuple[int, int]:
    start = random.randint(0, len(case))
    return start, min(len(case), start + random.choice((0, 1, 2, 5, 20, 200)))


def _find_number(random: Random, case: bytes) -> tuple[int, int]:
    start = random.randint(0, len(case))
    while start < len(case) and not case[start : start + 1].isdigit():
        start += 1
    end = start
    while case[end : end + 1].isdigit():
        end += 1
    return start, end
