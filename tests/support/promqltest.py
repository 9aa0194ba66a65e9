"""Scripts in Prometheus' own test language: samples, questions, answers.

    load 1m
      requests_total{job="api"} 0+10x5 _ stale

    eval instant at 5m rate(requests_total[2m])
      {job="api"} 0.16666666666666666

    eval range from 0 to 2m step 1m requests_total
      requests_total{job="api"} 0 10 20

    eval instant at 5m abs("a")
      expect fail msg: expected type instant vector

`load` gives series by their values at every step: `1 2 3`, `0+10x5` (0 and five more), `7x2`
(7 and two more), `_` and `_x3` (nothing), `stale`. `clear` drops them. Under an `eval` stand
the series of its answer, or a number, and before them what else is expected: `expect fail`,
`warn`, `info` (each with `msg:` and a part of the text, where it matters), `ordered`,
`string "…"`, `range vector from T to T step D` for the samples of a window. What is not
expected must not happen. An instant question about a vector is asked again as the middle step
of a range, where the answer must be the same. `#` begins a comment.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import repeat
from math import isclose, isnan
from pathlib import Path
from typing import Protocol

import numpy as np

from jipyo.model.duration import parse_duration
from jipyo.model.errors import QueryError
from jipyo.model.labels import EMPTY, Labels
from jipyo.model.result import Matrix, QueryResult, RawMatrix, Scalar, String, Value, Vector
from jipyo.model.sample import STALE_NAN, Scrape
from jipyo.model.store import Appender, Queryable
from jipyo.promql import Engine
from jipyo.promql.syntax.lexer import TokenKind, tokenize
from jipyo.promql.syntax.parser import parse_selector
from jipyo.promql.syntax.quoting import unquote
from support.memory import MemoryStore

Row = tuple[float | None, ...]
"""Values at steps, None where there is none."""


@dataclass(frozen=True)
class Load:
    """Series at a fixed step from 1970 on."""

    step_ms: int
    series: tuple[tuple[Labels, Row], ...]


@dataclass(frozen=True)
class Clear:
    """Forget all samples."""


@dataclass(frozen=True)
class Eval:
    """A question and its answer; `step_ms` is 0 for an instant one."""

    line: int
    expr: str
    start_ms: int
    end_ms: int
    step_ms: int
    series: tuple[tuple[Labels, Row], ...] = ()
    number: float | None = None
    string: str | None = None
    window: tuple[int, int, int] | None = None
    """Start, end and step of the samples that are expected of a window."""
    expected: dict[str, str] = field(default_factory=dict)
    """`fail`, `warn`, `info`, `ordered`, with a part of the text."""


Command = Load | Clear | Eval

_EVAL = re.compile(
    r"eval (?:instant at (?P<at>\S+)|range from (?P<start>\S+) to (?P<end>\S+) step (?P<step>\S+))"
    r"\s+(?P<expr>.+)"
)
_EXPECT = re.compile(r"expect (fail|warn|info|ordered)(?: msg:\s*(.+))?")
_NUMBER = re.compile(r"[+-]?(?:[0-9].*|\.[0-9].*|inf|nan)", re.IGNORECASE)
_WINDOW = re.compile(r"expect range vector from (\S+) to (\S+) step (\S+)")
_ITEM = re.compile(r"(?P<first>[^x]+?)(?:(?<=[^+-])(?P<more>[+-][^+-]+))?x(?P<times>\d+)")


def read(path: Path) -> Iterator[Command]:
    """The commands of a script."""
    lines = [
        (number, line.strip(), line[:1].isspace())
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    while lines:
        number, head, indented = lines.pop(0)
        assert not indented, f"{path.name}:{number}: {head!r} stands under nothing"
        body = []
        while lines and lines[0][2]:
            body.append(lines.pop(0)[1])
        yield _command(number, head, body)


def _command(number: int, head: str, body: Sequence[str]) -> Command:
    if head == "clear":
        return Clear()
    if head.startswith("load "):
        return Load(_ms(head.removeprefix("load ")), tuple(map(_series, body)))
    asked = _EVAL.fullmatch(head)
    assert asked, f"line {number}: {head!r} is no command"
    if asked["at"]:
        times = (_ms(asked["at"]), _ms(asked["at"]), 0)
    else:
        times = (_ms(asked["start"]), _ms(asked["end"]), _ms(asked["step"]))
    return _with_answer(Eval(number, asked["expr"], *times), body)


def _with_answer(question: Eval, body: Sequence[str]) -> Eval:
    expected: dict[str, str] = {}
    series = []
    for line in body:
        if line.startswith("expect string "):
            text = unquote(line.removeprefix("expect string "))
            question = replace(question, string=text)
        elif wanted := _EXPECT.fullmatch(line):
            expected[wanted[1]] = wanted[2] or ""
        elif window := _WINDOW.fullmatch(line):
            start, end, step = map(_ms, window.groups())
            question = replace(question, window=(start, end, step))
        elif _NUMBER.fullmatch(line):
            question = replace(question, number=float(line))
        else:
            series.append(_series(line))
    return replace(question, series=tuple(series), expected=expected)


def _ms(text: str) -> int:
    if text == "0":
        return 0
    return -parse_duration(text[1:]) if text.startswith("-") else parse_duration(text)


def _series(line: str) -> tuple[Labels, Row]:
    end = _selector_end(line)
    values = [value for item in line[end:].split() for value in _values(item)]
    return _labels(line[:end]), tuple(values)


def _selector_end(line: str) -> int:
    for token in tokenize(line):
        if token.kind is TokenKind.RIGHT_BRACE:
            return token.end
    return len(line.split(None, 1)[0])


def _labels(selector: str) -> Labels:
    if selector == "{}":
        return EMPTY
    return Labels.of((matcher.name, matcher.value) for matcher in parse_selector(selector))


def _values(item: str) -> Iterator[float | None]:
    plain = {"_": None, "stale": STALE_NAN}
    if item in plain:
        yield plain[item]
        return
    if item.startswith("_x"):
        yield from repeat(None, int(item[2:]))
        return
    found = _ITEM.fullmatch(item)
    if not found:
        yield float(item)
        return
    value = STALE_NAN if found["first"] == "stale" else float(found["first"])
    for _ in range(int(found["times"]) + 1):
        yield value
        value += float(found["more"] or 0)


class Storing(Appender, Queryable, Protocol):
    """A store that is written and asked."""


def run(path: Path, engine: Engine, new_store: Callable[[], Storing] = MemoryStore) -> int:
    """Run a script; how many questions it asked.

    Raises:
        AssertionError: an answer differs; the message names the script, line and question.
    """
    store = new_store()
    asked = 0
    for command in read(path):
        match command:
            case Clear():
                store = new_store()
            case Load():
                _load(store, command)
            case Eval():
                asked += 1
                try:
                    _check(engine, store, command)
                except AssertionError as error:
                    place = f"{path.name}:{command.line}: {command.expr}"
                    raise AssertionError(f"{place}\n  {error}") from error
    return asked


def _load(store: Storing, load: Load) -> None:
    longest = max(len(row) for _, row in load.series)
    scrapes = []
    for step in range(longest):
        there = [(labels, row[step]) for labels, row in load.series if step < len(row)]
        known = [(labels, value) for labels, value in there if value is not None]
        series = tuple(labels for labels, _ in known)
        values = np.array([value for _, value in known], np.float64)
        scrapes.append(Scrape(step * load.step_ms, series, values))
    done = store.append(scrapes)
    assert not done.rejected, done


def _check(engine: Engine, store: Queryable, question: Eval) -> None:
    try:
        result = _ask(engine, store, question)
    except QueryError as error:
        _check_refusal(error.message, question.expected.get("fail"))
        return
    assert "fail" not in question.expected, "not refused"
    _check_notes(result, question)
    _check_value(result.value, question)
    if isinstance(result.value, Vector) and "ordered" not in question.expected:
        _check_middle_step(engine, store, question, result.value)


def _check_refusal(message: str, wanted: str | None) -> None:
    assert wanted is not None, f"refused: {message}"
    assert wanted in message, f"refused otherwise: {message}"


def _ask(engine: Engine, store: Queryable, question: Eval) -> QueryResult:
    if not question.step_ms:
        return engine.instant(store, question.expr, question.end_ms)
    times = question.start_ms, question.end_ms, question.step_ms
    return engine.range(store, question.expr, *times)


def _check_notes(result: QueryResult, question: Eval) -> None:
    for kind, notes in (("warn", result.warnings), ("info", result.infos)):
        wanted = question.expected.get(kind)
        assert notes or wanted is None, f"no {kind}"
        assert wanted is not None or not notes, f"{kind}: {notes}"
        fits = wanted is None or any(wanted in note for note in notes)
        assert not notes or fits, f"{kind} otherwise: {notes}"


def _check_value(value: Value, question: Eval) -> None:
    match value:
        case Scalar(value=number):
            assert question.number is not None, f"the number {number}"
            assert _same(number, question.number), f"{number} instead of {question.number}"
        case String(value=text):
            assert text == question.string, f"the text {text!r}"
        case Vector():
            _check_series(_of_vector(value), question)
        case Matrix():
            _check_series(_of_matrix(value), question)
        case RawMatrix():
            assert question.window, "samples of a window"
            _check_series(_of_samples(value, *question.window), question)


def _of_vector(vector: Vector) -> list[tuple[Labels, Row]]:
    rows = zip(vector.series, vector.values.tolist(), strict=True)
    return [(labels, (value,)) for labels, value in rows]


def _of_matrix(matrix: Matrix) -> list[tuple[Labels, Row]]:
    rows = zip(matrix.series, matrix.values.tolist(), matrix.present.tolist(), strict=True)
    return [
        (labels, tuple(v if here else None for v, here in zip(values, present, strict=True)))
        for labels, values, present in rows
    ]


def _of_samples(matrix: RawMatrix, start: int, end: int, step: int) -> list[tuple[Labels, Row]]:
    """Samples at steps; there must be none between them."""
    steps = range(start, end + 1, step)
    rows = []
    for block in matrix.blocks:
        times = block.t_ms.tolist()
        assert set(times) <= set(steps), f"samples at {times}"
        for labels, values in zip(block.series, block.values.tolist(), strict=True):
            known = dict(zip(times, values, strict=True))
            rows.append((labels, tuple(known.get(t_ms) for t_ms in steps)))
    return rows


def _check_series(found: list[tuple[Labels, Row]], question: Eval) -> None:
    wanted = list(question.series)
    if "ordered" not in question.expected:
        found, wanted = sorted(found, key=_by_labels), sorted(wanted, key=_by_labels)
    names = [str(labels) for labels, _ in found]
    assert names == [str(labels) for labels, _ in wanted], f"series {names}"
    for (labels, row), (_, expected) in zip(found, wanted, strict=True):
        padded = expected + (None,) * (len(row) - len(expected))
        alike = len(row) == len(padded) and all(map(_same, row, padded))
        assert alike, f"{labels} {list(row)} instead of {list(expected)}"


def _by_labels(row: tuple[Labels, Row]) -> tuple[tuple[str, str], ...]:
    return row[0].pairs


def _same(a: float | None, b: float | None) -> bool:
    if a is None or b is None:
        return a is b
    return (isnan(a) and isnan(b)) or a == b or isclose(a, b, rel_tol=1e-6)


def _check_middle_step(engine: Engine, store: Queryable, question: Eval, vector: Vector) -> None:
    """The reference runs every instant question so as well."""
    t_ms = question.end_ms
    result = engine.range(store, question.expr, t_ms - 60_000, t_ms + 60_000, 60_000)
    assert isinstance(result.value, Matrix)
    middle = [(labels, row[1:2]) for labels, row in _of_matrix(result.value) if row[1] is not None]
    rows = tuple(_of_vector(vector))
    as_range = Eval(question.line, question.expr, t_ms, t_ms, 0, rows)
    _check_series(middle, as_range)
