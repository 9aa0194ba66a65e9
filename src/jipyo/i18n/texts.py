"""Every text that a person reads, by key, in one language."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from string import Formatter
from typing import TYPE_CHECKING, Literal

import orjson
import yaml

from jipyo.i18n import times
from jipyo.i18n.controls import escape_controls
from jipyo.i18n.numbers import choose_unit, format_digits
from jipyo.i18n.particles import add_particle, is_particle
from jipyo.model.calendar import local_time
from jipyo.model.errors import JipyoError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date
    from zoneinfo import ZoneInfo


Lang = Literal["ko", "en"]
LANGS: tuple[Lang, ...] = ("ko", "en")

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_JOINED = ("%", "×", "/")
"""Units that follow their number without a space in English; in Korean every unit does."""
_ONE = frozenset({"1", "1.0"})


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of one language.

    `t("health.ok", n=3)` fills the blanks of a text:

    - `{n}` a value, `{n:.1f}` a formatted number;
    - `{n:metric/metrics}` the first word where n is one, else the second;
    - `{name:은}` a Korean value with the form of the particle that fits it, `{n:,|이}` both.
    """

    lang: Lang
    table: Mapping[str, str]

    def __call__(self, key: str, /, **values: object) -> str:
        """The text of this key; a missing key or value is a bug and fails an assertion."""
        template = self.table.get(key)
        assert template is not None, f"BUG: no text {key!r} in {self.lang}"
        words = {name: self._translate(value) for name, value in values.items()}
        return "".join(_fill(key, template, words))

    def _translate(self, value: object) -> object:
        """Errors inside a text appear in its language, several of them one a line.

        Controls of names are written out, so that they change nothing of the words around them.
        """
        if isinstance(value, str):
            return escape_controls(value)
        if isinstance(value, JipyoError):
            return self.error(value)
        if isinstance(value, tuple):
            return "\n".join(str(self._translate(inner)) for inner in value)
        return value

    def __contains__(self, key: str) -> bool:
        return key in self.table

    def error(self, error: JipyoError) -> str:
        """What went wrong and, on the next line, what to do about it."""
        text = self(error.key, **error.values)
        return f"{text}\n{self(error.hint, **error.values)}" if error.hint else text

    def unit(self, unit: str, n: float = 0) -> str:
        """The label of a unit after `n`, or on an axis: `%`, `MiB/s`, `day`; empty for counts."""
        return self(f"i18n.unit.{unit}", n=n)

    def number(self, value: float | None, unit: str = "count") -> str:
        """A value with its unit: `54.2%`, `1.5 GiB`, `850 ms`; "no data" where there is none."""
        if value is None:
            return self("i18n.no_data")
        scaled = choose_unit(float(value), unit)
        return self.join(format_digits(scaled.value), self.unit(scaled.unit, scaled.value))

    def join(self, number: str, label: str) -> str:
        """A number and the label of its unit: `2 min`, `2분`, `98.7%` in both languages."""
        joined = self.lang == "ko" or not label or label.startswith(_JOINED)
        return f"{number}{label}" if joined else f"{number} {label}"

    def day(self, day: date) -> str:
        """`2026년 11월 21일 (토)`, `Sat 21 November 2026`."""
        return self(
            "i18n.day",
            year=day.year,
            month=self(f"i18n.month.{day.month}"),
            day=day.day,
            weekday=self(f"i18n.weekday.{day.weekday()}"),
        )

    def short_day(self, day: date) -> str:
        """A day of a year that is known: `11. 21. (토)`, `Sat 21 Nov`."""
        return self(
            "i18n.short_day",
            month=self(f"i18n.short_month.{day.month}"),
            day=day.day,
            weekday=self(f"i18n.weekday.{day.weekday()}"),
        )

    def brief_day(self, day: date) -> str:
        """A day of a year that is known, without its weekday: `11. 21.`, `21 Nov`."""
        return self("i18n.brief_day", month=self(f"i18n.short_month.{day.month}"), day=day.day)

    def clock(self, t_ms: int, zone: ZoneInfo, *, to_the_second: bool = False) -> str:
        """The time of day in a zone: `14:05`, to the second `14:05:09`."""
        return local_time(t_ms, zone).strftime("%H:%M:%S" if to_the_second else "%H:%M")

    def moment(self, t_ms: int, zone: ZoneInfo, *, to_the_second: bool = False) -> str:
        """Day and time of day in a zone: `2026년 11월 21일 (토) 14:05`."""
        clock = self.clock(t_ms, zone, to_the_second=to_the_second)
        return f"{self.day(local_time(t_ms, zone).date())} {clock}"

    def recent_moment(self, t_ms: int, zone: ZoneInfo, now_ms: int) -> str:
        """A moment beside now: `14:05` today, `11월 20일 14:05` this year, else with the year."""
        moment, now = local_time(t_ms, zone), local_time(now_ms, zone)
        if moment.date() == now.date():
            return self.clock(t_ms, zone)
        if moment.year != now.year:
            return self.moment(t_ms, zone)
        month = self(f"i18n.month.{moment.month}")
        return f"{self('i18n.day_of_year', month=month, day=moment.day)} {self.clock(t_ms, zone)}"

    def span(self, ms: int) -> str:
        """A length of time by its two largest units: `3시간 5분`, `3 h 5 min`."""
        parts = times.split_units(abs(ms))
        words = (self.join(str(n), self.unit(unit, n)) for n, unit in parts)
        return ("-" if ms < 0 else "") + " ".join(words)


@cache
def texts(lang: Lang) -> Texts:
    """The texts of a language, read once: shared words, and the YAML files of its folder."""
    table = read_words(lang)
    for file in sorted(resources.files(__package__).joinpath(lang).iterdir(), key=str):
        room = yaml.load(file.read_text("utf-8"), Loader=_LOADER)  # noqa: S506 - a safe loader
        duplicates = table.keys() & room.keys()
        assert not duplicates, f"BUG: {lang}/{file.name} repeats {sorted(duplicates)}"
        table.update(room)
    return Texts(lang, table)


def read_words(lang: Lang) -> dict[str, str]:
    """The words that the dashboard is built with too, from `words.json`, by key."""
    groups = orjson.loads(resources.files(__package__).joinpath("words.json").read_bytes())[lang]
    return {
        f"{group}.{name}": word for group, words in groups.items() for name, word in words.items()
    }


def find_short_key(error: JipyoError) -> str:
    """The key of a few words for what went wrong, without why; else that of the whole text."""
    short = f"{error.key}.short"
    return short if short in texts("en") else error.key


def find_blanks(template: str) -> frozenset[str]:
    """The names of the values that a text needs."""
    return frozenset(name for _, name, _, _ in Formatter().parse(template) if name is not None)


def _fill(key: str, template: str, values: Mapping[str, object]) -> Iterator[str]:
    for literal, name, spec, _ in Formatter().parse(template):
        yield literal
        if name is not None:
            assert name in values, f"BUG: text {key!r} needs a value for {name!r}"
            yield _format_value(values[name], spec or "")


def _format_value(value: object, spec: str) -> str:
    one, slash, many = spec.partition("/")
    if slash:
        return one if str(value) in _ONE else many
    number, _, particle = spec.rpartition("|")
    if is_particle(particle):
        return add_particle(_format_value(value, number), particle)
    return format_digits(value) if isinstance(value, float) and not spec else format(value, spec)
