"""All that a person reads, by key, in one language."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from string import Formatter
from typing import TYPE_CHECKING, Literal

import yaml

from jipyo.i18n import times
from jipyo.i18n.numbers import digits, scale
from jipyo.i18n.particles import is_particle, with_particle
from jipyo.model.errors import JipyoError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date
    from zoneinfo import ZoneInfo


Lang = Literal["ko", "en"]
LANGS: tuple[Lang, ...] = ("ko", "en")

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TIGHT = "×"


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of one language.

    `t("health.ok", n=3)` fills the blanks: `{n}` a value, `{n:.1f}` a formatted number,
    `{name:은}` a value with the particle that fits it, `{n:,|이}` both.
    """

    lang: Lang
    table: Mapping[str, str]

    def __call__(self, key: str, /, **values: object) -> str:
        """The text of this key; a key or a value that is missing is our own fault."""
        template = self.table.get(key)
        assert template is not None, f"BUG: no text {key!r} in {self.lang}"
        said = {name: self._said(value) for name, value in values.items()}
        return "".join(_fill(key, template, said))

    def _said(self, value: object) -> object:
        """Errors inside a text are said in its language, one a line."""
        if isinstance(value, JipyoError):
            return self.error(value)
        if isinstance(value, tuple):
            return "\n".join(str(self._said(inner)) for inner in value)
        return value

    def __contains__(self, key: str) -> bool:
        return key in self.table

    def error(self, error: JipyoError) -> str:
        """What went wrong and, on the next line, what to do about it."""
        text = self(error.key, **error.values)
        return f"{text}\n{self(error.hint, **error.values)}" if error.hint else text

    def unit(self, unit: str) -> str:
        """The label of a unit on an axis: `%`, `MiB/s`, `건/초`; empty for plain counts."""
        return self(f"i18n.unit.{unit}")

    def number(self, value: float | None, unit: str = "count") -> str:
        """A value with its unit: `54.2 %`, `1.5 GiB`, `850 ms`; no value is said in words."""
        if value is None:
            return self("i18n.no_data")
        scaled = scale(float(value), unit)
        label = self.unit(scaled.unit)
        return digits(scaled.value) + _gap(label) + label

    def day(self, day: date) -> str:
        """`2026년 11월 21일 (토)`, `Sat 21 November 2026`."""
        return self(
            "i18n.day",
            year=day.year,
            month=self(f"i18n.month.{day.month}"),
            day=day.day,
            weekday=self(f"i18n.weekday.{day.weekday()}"),
        )

    def clock(self, t_ms: int, zone: ZoneInfo) -> str:
        """The time of day in a zone: `14:05`."""
        return times.local(t_ms, zone).strftime("%H:%M")

    def moment(self, t_ms: int, zone: ZoneInfo) -> str:
        """Day and time of day in a zone: `2026년 11월 21일 (토) 14:05`."""
        return f"{self.day(times.local(t_ms, zone).date())} {self.clock(t_ms, zone)}"

    def span(self, ms: int) -> str:
        """A length of time by its two largest units: `3시간 5분`, `3 h 5 min`."""
        parts = times.largest_units(abs(ms))
        words = (f"{n}{_gap(label)}{label}" for n, label in ((n, self.unit(u)) for n, u in parts))
        return ("-" if ms < 0 else "") + " ".join(words)


@cache
def texts(lang: Lang) -> Texts:
    """The texts of a language, read once from the files that stand beside this one."""
    table: dict[str, str] = {}
    for file in sorted(resources.files(__package__).joinpath(lang).iterdir(), key=str):
        room = yaml.load(file.read_text("utf-8"), Loader=_LOADER)  # noqa: S506 - a safe loader
        twice = table.keys() & room.keys()
        assert not twice, f"BUG: {lang}/{file.name} says again: {sorted(twice)}"
        table.update(room)
    return Texts(lang, table)


def _gap(label: str) -> str:
    """Korean units and signs stand close to the number, symbols after a space."""
    close = not label or label in _TIGHT or "가" <= label[0] <= "힣"
    return "" if close else " "


def _fill(key: str, template: str, values: Mapping[str, object]) -> Iterator[str]:
    for literal, name, spec, _ in Formatter().parse(template):
        yield literal
        if name is not None:
            assert name in values, f"BUG: text {key!r} needs a value for {name!r}"
            yield _written(values[name], spec or "")


def _written(value: object, spec: str) -> str:
    number, _, particle = spec.rpartition("|")
    if not is_particle(particle):
        return digits(value) if isinstance(value, float) and not spec else format(value, spec)
    return with_particle(_written(value, number), particle)
