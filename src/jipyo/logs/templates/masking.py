"""What certainly varies in a skeleton, by its grammar alone: paths, addresses, quotations.

Skeletons come from the store with `MARK` for every token with a digit. Here further values of
known grammar become marks, marks that lie side by side become one, and Korean particles get
one form. Every pattern takes linear time: what is masked was written by others.
"""

from __future__ import annotations

import re

MARK = "\x11"
"""Stands for a value."""
PARTICLE = "\x12"
"""Begins a Korean particle, which then has the form that follows a vowel."""

LONGEST = 1024
"""Characters that are looked at."""

_START = r"(?<![^\s\"'=(\[<,:;|{>])"
_PART = r"[^\s,;:=()\[\]{}\"'|<>?&/\\가-힣]"
_ASCII = r"A-Za-z0-9_\-"
_NOTHING = "(?:null|NULL|None|nil)"
_MONTHS = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_WEEKDAYS = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"

RULES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), to)
    for pattern, to in (
        (r"\s+", " "),
        (r"<([^\s<>\"'=]{1,200})>", r"\1"),
        (r"(?<![A-Za-z+.-])[A-Za-z][A-Za-z+.-]*://[^\s\"'<>|,;)\]가-힣]+", MARK),
        (rf"{_START}(?:[A-Za-z]:)?[~.]{{0,2}}[/\\]+(?:{_PART}+[/\\]*)+", MARK),
        (rf"(?<=\x11)(?:[/\\]+{_PART}+)+[/\\]?", ""),
        (rf"{_START}{_PART}+(?:/{_PART}+){{2,}}/?", MARK),
        (rf"{_START}{_PART}+/(?=\x11)", ""),
        (rf"(?<![{_ASCII}.+])[{_ASCII}.+]+@[{_ASCII}]+(?:\.[{_ASCII}]+)+", MARK),
        (r"\b[a-fA-F]{8,}\b", MARK),
        (rf"(?<=[=:(\[,|]){_NOTHING}(?![\w.])", MARK),
        (rf"(?<=[=:,] ){_NOTHING}(?=[,)\]}}|;]|$)", MARK),
        (r"(?<![\w.])(?:true|false|True|False|TRUE|FALSE)(?![\w.])", MARK),
        (r"(?:(?<=[\w\"'\x11] )|(?<=[=:(\[,])|(?<=[:,] ))\"[^\"]*\"", MARK),
        (r"(?:(?<=[\w=:\x11] )|(?<=[=:(\[,]))'[^']*'(?!\w)", MARK),
        (r"(?<=[\w\])])=(?=[\s,;)\]}]|$)", "=" + MARK),
        (r"(?<!\w)(?:[0-9A-Fa-f]{2}[:-]){1,16}(?=\x11)", ""),
        (r"(?<=\x11)(?:[:-][0-9A-Fa-f]{2}){1,16}(?!\w)", ""),
        (r"([(\[{])\s*([)\]}])", rf"\1{MARK}\2"),
        (rf"\b(?:{_WEEKDAYS}[a-z]{{0,6}},? )?{_MONTHS}[a-z]{{0,6}} (?=\x11)", ""),
    )
)
COLLAPSES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), MARK)
    for pattern in (
        r"<\x11>?",
        r"\x11(?:[:.,/\\@#+*x|-]?\s?\x11)+",
        r"\x11\s?(?:[KMGTkmgt]i?[Bb]?|[Bb]|[Bb]ytes?|[num]?s|secs?|seconds?|minutes?|hours?|%)(?!\w)",
        r"\x11(?:\{\x11\}|\[\x11\]|\(\x11\))",
        r"(?<![\w>)\]])[-+#]\x11",
    )
)

ALLOMORPHS = {
    "은": "는",
    "이": "가",
    "을": "를",
    "과": "와",
    "으로": "로",
    "이나": "나",
    "이라는": "라는",
}
"""Particles after a consonant -> the same after a vowel."""
_OTHERS = (
    *("에서", "에게", "에게서", "까지", "부터", "에", "의", "도", "만", "께서", "보다", "처럼"),
    *("에는", "에서는", "으로부터", "로부터"),
)
_PARTICLES = sorted((*ALLOMORPHS, *ALLOMORPHS.values(), *_OTHERS), key=len, reverse=True)
_AFTER_OTHERS = re.compile(rf"(?<=[A-Za-z)\]\"'_%\x11])({'|'.join(_PARTICLES)})(?![가-힣\w])")
_KOREAN_WORD = re.compile(r"(?<![가-힣])[가-힣]{2,32}(?![가-힣\w])")


def mask(skeleton: bytes) -> str:
    """The skeleton's first line with a mark for everything that certainly varies.

    A line that announces the next ones (it ends with a colon, as before a traceback) is
    followed by the last one.
    """
    text = choose_lines(skeleton.decode(errors="replace").replace(PARTICLE, " "))
    for pattern, to in RULES:
        text = pattern.sub(to, text)
    return collapse(split_particles(text).strip()).rstrip(" .!,;:")


def choose_lines(text: str) -> str:
    """What is looked at of a record of several lines."""
    lines = [line for line in text.splitlines() if line.strip()] or [""]
    first = lines[0][:LONGEST]
    return f"{first} {lines[-1][:LONGEST]}" if len(lines) > 1 and first.endswith(":") else first


def collapse(text: str) -> str:
    """One mark for several side by side, and for a value with its unit."""
    for _ in range(4):
        before = text
        for pattern, to in COLLAPSES:
            text = pattern.sub(to, text)
        if text == before:
            break
    return text


def split_particles(text: str) -> str:
    """Set Korean particles apart from the words before them, in the form after a vowel.

    서버는 and 서버은 differ only by the sound before; 서버에서 says something else and stays so.
    """
    if not re.search("[가-힣]", text):
        return text
    text = _AFTER_OTHERS.sub(lambda found: write_particle(found[1]), text)
    return _KOREAN_WORD.sub(split_word, text)


def split_word(found: re.Match[str]) -> str:
    """A Korean word, its particle set apart where the sound before allows it."""
    word = found[0]
    shortest = 1 if found.string[: found.start()].endswith(MARK) else 2
    for particle in _PARTICLES:
        stem = word.removesuffix(particle)
        if shortest <= len(stem) < len(word) and may_follow(stem, particle):
            return stem + write_particle(particle)
    return word


def may_follow(stem: str, particle: str) -> bool:
    """Whether the particle has the form that the stem's last syllable asks for."""
    final = (ord(stem[-1]) - ord("가")) % 28
    if particle in ALLOMORPHS:
        return final != 0 and not (particle == "으로" and final == 8)
    if particle in ALLOMORPHS.values():
        return final == 0 or (particle == "로" and final == 8)
    return True


def write_particle(particle: str) -> str:
    """A particle set apart, in the form after a vowel."""
    return PARTICLE + ALLOMORPHS.get(particle, particle)
