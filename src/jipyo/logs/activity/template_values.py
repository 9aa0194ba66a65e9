"""The numbers in the messages of a template, place by place, without a rule for them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import re2

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from jipyo.logs.record import LogBatch

MARK = "<*>"
_NUMBER = re.compile(
    r"([+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[eE][+-]?\d+)?) ?([A-Za-zµ%/]*)"
)
_BOTH_FORMS = re.compile(r"\\\(?([가-힣]+)\\\)([가-힣]*)|([가-힣]+)\\\(([가-힣]+)\\\)")
_SCALES = {
    "ns": ("s", 1e-9), "us": ("s", 1e-6), "µs": ("s", 1e-6), "ms": ("s", 1e-3), "s": ("s", 1.0),
    "sec": ("s", 1.0), "secs": ("s", 1.0), "seconds": ("s", 1.0), "min": ("s", 60.0),
    "B": ("B", 1.0), "bytes": ("B", 1.0), "KB": ("B", 1e3), "kB": ("B", 1e3), "MB": ("B", 1e6),
    "GB": ("B", 1e9), "TB": ("B", 1e12), "KiB": ("B", 1024.0), "MiB": ("B", 1024.0**2),
    "GiB": ("B", 1024.0**3), "TiB": ("B", 1024.0**4),
}  # fmt: skip
"""Units that are written side by side in one place, and what they are of another."""
_EXAMPLES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplatePlace:
    """What a template has in one of its places, in order of time."""

    number: int
    """From 1, as the marks of the template."""
    unit: str
    """Of all values: as written, or seconds and bytes where several are; empty for none."""
    t_ns: NDArray[np.int64]
    """Of the records with a number there; shape (numbers,)."""
    values: NDArray[np.float64]
    texts: int
    """Records with something else there."""
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateValues:
    """The places of a template."""

    records: int
    unread: int
    """Records that are not written as the template is, as after it became more general."""
    places: tuple[TemplatePlace, ...]

    def find_numeric(self) -> TemplatePlace | None:
        """The first place that mostly has different numbers; one with a unit before all others."""
        numeric = [each for each in self.places if len(each.values) > each.texts]
        varying = [each for each in numeric if np.ptp(each.values) > 0]
        measured = [each for each in varying if each.unit]
        return next(iter((*measured, *varying, *numeric)), None)


def read_template_values(text: str, batches: Iterable[LogBatch]) -> TemplateValues:
    """The values of messages in the places of a template's text.

    Args:
        text: of the template, with `<*>` for what varies.
        batches: its records, with messages.
    """
    pattern = compile_template(text)
    reader = _PlaceReader(text.count(MARK))
    records = unread = 0
    for batch in batches:
        assert batch.messages is not None, "BUG: a batch without messages"
        records += len(batch)
        for t_ns, message in zip(batch.t_ns.tolist(), batch.messages, strict=True):
            found = pattern.fullmatch(message)
            if found is None:
                unread += 1
            else:
                reader.add(t_ns, found.groups())
    return TemplateValues(records=records, unread=unread, places=reader.build())


def compile_template(text: str) -> re2._Regexp:
    """What reads a message as a template: blanks of any length, particles of either form."""
    fixed = []
    for part in text.split(MARK):
        escaped = re2.escape(part.strip())
        particles = _BOTH_FORMS.sub(_write_either, escaped)
        left = r"\s*" if part[:1].isspace() else ""
        right = r"\s*" if part[-1:].isspace() else ""
        fixed.append(left + re.sub(r"(?:\\?\s)+", r"\\s+", particles) + right)
    pattern = r"(?s)\s*" + "(.*?)".join(fixed) + r"[\s.!,;:]*"
    return re2.compile(pattern.encode())


def _write_either(found: re.Match[str]) -> str:
    r"""`은\\(는\\)` as either, `\\(으\\)로` with and without."""
    if found[3]:
        return f"(?:{found[3]}|{found[4]})"
    return f"(?:{found[1]})?{found[2]}"


class _PlaceReader:
    """Collects values by place."""

    def __init__(self, places: int) -> None:
        self._numbers: list[list[tuple[int, float, str]]] = [[] for _ in range(places)]
        self._texts = [0] * places
        self._examples: list[dict[str, None]] = [{} for _ in range(places)]

    def add(self, t_ns: int, values: Sequence[bytes]) -> None:
        for place, value in enumerate(values):
            text = value.decode("utf-8", "backslashreplace").strip()
            if len(self._examples[place]) < _EXAMPLES:
                self._examples[place].setdefault(text)
            number = _NUMBER.fullmatch(text)
            if number is None:
                self._texts[place] += 1
            else:
                read = float(number[1].replace(",", ""))
                self._numbers[place].append((t_ns, read, number[2]))

    def build(self) -> tuple[TemplatePlace, ...]:
        return tuple(self._build(place) for place in range(len(self._numbers)))

    def _build(self, place: int) -> TemplatePlace:
        unit, rows = convert_units(sorted(self._numbers[place], key=lambda row: row[0]))
        return TemplatePlace(
            number=place + 1,
            unit=unit,
            t_ns=np.array([t_ns for t_ns, _ in rows], np.int64),
            values=np.array([value for _, value in rows], np.float64),
            texts=self._texts[place] + len(self._numbers[place]) - len(rows),
            examples=tuple(self._examples[place]),
        )


def convert_units(
    rows: Sequence[tuple[int, float, str]],
) -> tuple[str, list[tuple[int, float]]]:
    """Times, numbers and their units -> times and numbers of the most frequent kind of unit.

    >>> convert_units([(1, 900.0, "ms"), (2, 1.2, "s"), (3, 7.0, "")])
    ('s', [(1, 0.9), (2, 1.2)])
    """
    counts = Counter(_SCALES[unit][0] if unit in _SCALES else unit for _, _, unit in rows)
    if not counts:
        return "", []
    kind = counts.most_common(1)[0][0]
    units = {unit for _, _, unit in rows if _SCALES.get(unit, (unit,))[0] == kind}
    if len(units) == 1:
        (unit,) = units
        return unit, [(t_ns, value) for t_ns, value, own in rows if own == unit]
    scales = {unit: _SCALES[unit][1] for unit in units}
    return kind, [(t_ns, value * scales[own]) for t_ns, value, own in rows if own in scales]
