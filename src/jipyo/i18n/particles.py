"""Korean particles (조사): which of two forms follows a word, by how its end is read aloud."""

from __future__ import annotations

import re
from enum import Enum


class Ending(Enum):
    """How the last syllable of a word sounds."""

    VOWEL = "vowel"
    RIEUL = "rieul"
    CONSONANT = "consonant"


_PAIRS = (
    ("은", "는"),
    ("이", "가"),
    ("을", "를"),
    ("과", "와"),
    ("아", "야"),
    ("이에요", "예요"),
    ("이었", "였"),
    *(
        (f"이{rest}", rest)
        for rest in ("나", "라", "라고", "라는", "라서", "란", "며", "면", "든", "므로")
    ),
    *((f"으{rest}", rest) for rest in ("로", "로서", "로써", "로부터")),
)
_BY_FORM = {form: pair for pair in _PAIRS for form in pair}

_HANGUL_FIRST, _HANGUL_LAST, _FINALS, _RIEUL = 0xAC00, 0xD7A3, 28, 8
_DIGITS = dict(zip("0123456789", "clvcvvcllv", strict=True))
_LETTERS = {"L": "l", "R": "l", "M": "c", "N": "c"}
_SOUNDS = {"v": Ending.VOWEL, "l": Ending.RIEUL, "c": Ending.CONSONANT}

_READ = 100
"""Only so many characters at the end decide; words may be of any length, and hostile."""
_ASIDE = re.compile(r"(?<=.)\s*(\([^()]*\)|\[[^\[\]]*\])$")
_LAST_WORD = re.compile(r"[A-Za-z]+$")
_STOP_AFTER_SHORT_VOWEL = re.compile(r"(?:^|[^aeiou])[aeiou](?:ck|pp|tt|[ckpt])$")


def is_particle(form: str) -> bool:
    """Whether this is one of the forms that `add_particle` knows."""
    return form in _BY_FORM


def add_particle(word: str, form: str) -> str:
    """The word with the matching one of the two forms that `form` belongs to.

    Brackets at the end are not read, and quotes are skipped.

    >>> add_particle("GPU", "은"), add_particle("URL", "으로"), add_particle("3", "이")
    ('GPU는', 'URL로', '3이')
    """
    after_consonant, after_vowel = _BY_FORM[form]
    ending = find_ending(word)
    closed = ending is Ending.CONSONANT or (
        ending is Ending.RIEUL and not after_consonant.startswith("으")
    )
    return word + (after_consonant if closed else after_vowel)


def find_ending(word: str) -> Ending:
    """How the word ends when read aloud; an unreadable one counts as ending in a vowel."""
    read = _strip_unread(word[-_READ:])
    if not read:
        return Ending.VOWEL
    last = read[-1]
    if _HANGUL_FIRST <= ord(last) <= _HANGUL_LAST:
        final = (ord(last) - _HANGUL_FIRST) % _FINALS
        if final == _RIEUL:
            return Ending.RIEUL
        return Ending.CONSONANT if final else Ending.VOWEL
    if last in _DIGITS:
        return _SOUNDS[_DIGITS[last]]
    latin = _LAST_WORD.search(read)
    return _find_latin_ending(latin[0]) if latin else Ending.VOWEL


def _strip_unread(word: str) -> str:
    shorter = word.rstrip()
    while (aside := _ASIDE.search(shorter)) is not None:
        shorter = shorter[: aside.start()]
    return re.sub(r"[^\w%°℃]+$", "", shorter).rstrip("_")


def _find_latin_ending(word: str) -> Ending:
    """Abbreviations are spelled out; words follow the usual transcription (외래어 표기법)."""
    if word[-1].isupper() or not re.search("[aeiouy]", word):
        return _SOUNDS[_LETTERS.get(word[-1].upper(), "v")]
    if re.search("(l|le)$", word):
        return Ending.RIEUL
    if re.search("(m|n|me|ne|ng)$", word) or _STOP_AFTER_SHORT_VOWEL.search(word):
        return Ending.CONSONANT
    return Ending.VOWEL
