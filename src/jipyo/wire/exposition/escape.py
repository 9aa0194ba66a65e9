"""Names for readers that know ASCII letters only: the escaping schemes of Prometheus.

A reader lists the schemes it understands in its Accept header (`escaping=allow-utf-8`); one
that lists none, as Prometheus 2, fails a whole exposition over one quoted name. The schemes are
those of common/model/metric.go (`EscapeName`), their choice that of common/expfmt/encode.go
(`NegotiateAccept`).
"""

from __future__ import annotations

import re
from dataclasses import replace
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING

from jipyo.model.labels import METRIC_NAME, Labels

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jipyo.model.family import Family, FamilySample
    from jipyo.wire.exposition.write import Format

_METRIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_MAX_CACHED = 4096


class Escaping(Enum):
    """A scheme; the value is its name in Accept and Content-Type."""

    NONE = "allow-utf-8"
    UNDERSCORES = "underscores"
    DOTS = "dots"
    VALUES = "values"


def choose_escaping(accept: str, form: Format) -> Escaping:
    """The scheme of the first clause, best ones first, that asks for this format.

    A clause passes its scheme on to those after it; without any it is underscores.
    """
    wanted, parameters = _parse_media_type(form.value)
    escaping = Escaping.UNDERSCORES
    for clause in sorted(accept.split(","), key=_read_weight, reverse=True):
        media, found = _parse_media_type(clause)
        if found.get("escaping") in _SCHEMES:
            escaping = Escaping(found["escaping"])
        if media == wanted and found.get("version", parameters["version"]) == parameters["version"]:
            break
    return escaping


def _parse_media_type(text: str) -> tuple[str, dict[str, str]]:
    media, *parts = text.split(";")
    pairs = (part.partition("=") for part in parts)
    return media.strip(), {name.strip(): value.strip() for name, _, value in pairs}


_SCHEMES = frozenset(escaping.value for escaping in Escaping)


def _read_weight(clause: str) -> float:
    match = re.search(r";\s*q\s*=\s*([0-9]*\.?[0-9]+)\s*(?:;|$)", clause, re.ASCII)
    return float(match[1]) if match else 1.0


def escape_families(families: Iterable[Family], escaping: Escaping) -> Iterator[Family]:
    """The families with all names in ASCII, to be written and not to be stored.

    Escaped names may be equal, and labels keep the order that they had.
    """
    if escaping is Escaping.NONE:
        yield from families
        return
    for family in families:
        name = escape_name(family.name, escaping)
        samples = tuple(
            _escape_sample(sample, family.name, name, escaping) for sample in family.samples
        )
        is_same = name == family.name and samples == family.samples
        yield family if is_same else replace(family, name=name, samples=samples)


def _escape_sample(
    sample: FamilySample, family: str, escaped_family: str, escaping: Escaping
) -> FamilySample:
    if all(_LABEL.fullmatch(name) for name in sample.labels) and family == escaped_family:
        return sample
    pairs = []
    for name, value in sample.labels.pairs:
        if name != METRIC_NAME:
            pairs.append((escape_name(name, escaping, _LABEL), value))
        elif value.startswith(family):  # the suffix of a bucket is no part of the name
            pairs.append((name, escaped_family + value.removeprefix(family)))
        else:
            pairs.append((name, escape_name(value, escaping)))
    return replace(sample, labels=Labels(tuple(pairs)))


@lru_cache(maxsize=_MAX_CACHED)
def escape_name(name: str, escaping: Escaping, legacy: re.Pattern[str] = _METRIC) -> str:
    """A name in ASCII letters, digits, underscores and colons; a `legacy` one stays.

    >>> escape_name("http.status_code", Escaping.UNDERSCORES)
    'http_status_code'
    >>> escape_name("http.status_code", Escaping.DOTS)
    'http_dot_status__code'
    >>> escape_name("http.status_code", Escaping.VALUES)
    'U__http_2e_status__code'
    """
    if legacy.fullmatch(name) or escaping is Escaping.NONE:
        return name
    prefix = "U__" if escaping is Escaping.VALUES else ""
    return prefix + "".join(
        _escape_char(char, "_" if at else "", escaping, legacy) for at, char in enumerate(name)
    )


def _escape_char(char: str, before: str, escaping: Escaping, legacy: re.Pattern[str]) -> str:
    """A character of a name, whose first one has nothing before it."""
    # An underscore is one of the escapes.
    if char != "_" and legacy.fullmatch(before + char):
        return char
    if escaping is Escaping.UNDERSCORES:
        return "_"
    if escaping is Escaping.DOTS:
        return "_dot_" if char == "." else "__"
    is_surrogate = 0xD800 <= ord(char) < 0xE000
    return "__" if char == "_" else "_FFFD_" if is_surrogate else f"_{ord(char):x}_"
