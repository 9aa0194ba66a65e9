"""Log lines of today's kinds with known templates, written for the miner's tests and bench.

A line of `tests/logs/templates/corpora/*.txt` is a template: `{user}` is one of a few words,
`{n}`, `{ip}` and the like are made up, `{을/를}` is the particle that fits what is before it.
"""

from __future__ import annotations

import random
import re
from pathlib import Path

CORPORA = Path(__file__).parents[1] / "tests" / "logs" / "templates" / "corpora"

_SLOT = re.compile(r"\{\{|\}\}|\{([^{}]+)\}")
_HEX = {"hex": 32, "hexp": 4, "hex8": 8, "hex16": 16, "hexq": 10}
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def read_words() -> dict[str, list[str]]:
    """The words of every kind."""
    lines = (CORPORA / "words.tsv").read_text("utf-8").splitlines()
    pairs = (line.split("\t") for line in lines if not line.startswith("#"))
    return {kind: words.split("|") for kind, words in pairs}


def names() -> list[str]:
    """Of the corpora."""
    return sorted(path.stem for path in CORPORA.glob("*.txt"))


def make_lines(name: str, n: int = 2000, seed: int = 1) -> tuple[list[str], list[str]]:
    """Lines, and the template of each: every template once, and then as Zipf's law has it."""
    chance = random.Random(f"{name}{seed}")
    templates = (CORPORA / f"{name}.txt").read_text("utf-8").splitlines()
    chance.shuffle(templates)
    weights = [1 / rank for rank in range(1, len(templates) + 1)]
    chosen = templates + chance.choices(templates, weights, k=n - len(templates))
    chance.shuffle(chosen)
    words = read_words()
    lines = [write_line(template, words, chance) for template in chosen]
    return lines, [_SLOT.sub(write_slot, template) for template in chosen]


def write_slot(slot: re.Match[str]) -> str:
    """A slot of a template as the miner writes it."""
    if slot[1] is None:
        return slot[0][0]
    both = {"이/가": "이(가)", "은/는": "은(는)", "을/를": "을(를)", "과/와": "과(와)"}
    return both.get(slot[1], "(으)로") if "/" in slot[1] else "<*>"


def write_line(template: str, words: dict[str, list[str]], chance: random.Random) -> str:
    """One line of a template."""
    text, at = "", 0
    for slot in _SLOT.finditer(template):
        text, at = text + template[at : slot.start()], slot.end()
        if slot[1] is None:
            text += slot[0][0]
        elif "/" in slot[1]:
            text += choose_particle(text, *slot[1].split("/"))
        else:
            text += make_value(slot[1], words, chance)
    return text + template[at:]


def choose_particle(before: str, with_consonant: str, with_vowel: str) -> str:
    """The form of a particle that fits; digits and Latin letters as they are read."""
    last = before[-1]
    final = (ord(last) - ord("가")) % 28 if "가" <= last <= "힣" else 0
    consonant = bool(final) or last in "013678lmnrbckptLMNRBCKPT"
    rieul = final == 8 or last in "178lrLR"
    is_vowel_form = not consonant or (with_consonant == "으로" and rieul)
    return with_vowel if is_vowel_form else with_consonant


def make_value(kind: str, words: dict[str, list[str]], chance: random.Random) -> str:
    """A value of a kind."""
    if kind in words:
        return chance.choice(words[kind])
    if kind in _HEX:
        return "".join(chance.choice("0123456789abcdef") for _ in range(_HEX[kind]))
    if kind == "uuid":
        digits = make_value("hex", words, chance)
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
    if kind == "pod":
        return f"{chance.choice(words['svc'])}-{chance.randrange(10**9)}-{chance.randrange(10**5)}"
    if kind == "b64":
        return "".join(chance.choice(_LETTERS) for _ in range(22))
    return make_number(kind, chance)


def make_number(kind: str, chance: random.Random) -> str:
    """A value that consists of numbers."""
    small = chance.randrange(1, 255)
    numbers = {
        "n": str(chance.choice([chance.randrange(10), chance.randrange(10**6)])),
        "f": f"{chance.random() * chance.choice([1, 1000]):.{chance.choice([1, 3])}f}",
        "ip": f"10.{small}.{chance.randrange(255)}.{small}",
        "port": str(chance.randrange(1024, 65535)),
        "mac": ":".join(f"{chance.randrange(256):02x}" for _ in range(6)),
        "date": f"2026-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02}",
        "time": f"{chance.randrange(24):02}:{chance.randrange(60):02}:{chance.randrange(60):02}",
        "url": f"http://10.0.{small}.1:{chance.randrange(1024, 65535)}",
    }
    return numbers[kind]
