"""Matchers: which series a selector selects."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING

import re2

from jipyo.model.errors import QueryError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from jipyo.model.labels import Labels

_MAX_REGEX_BYTES = 8 << 20


class MatchOp(Enum):
    """How a label value is compared."""

    EQ = "="
    NE = "!="
    RE = "=~"
    NRE = "!~"


@lru_cache(maxsize=1024)
def compile_regex(pattern: str) -> Callable[[str], bool]:
    """An anchored RE2 pattern as a predicate; `.` matches a newline, as in Prometheus 3.

    Raises:
        QueryError: the pattern is not valid RE2, or too large once compiled.
    """
    options = re2.Options()
    options.dot_nl = True
    options.log_errors = False
    options.max_mem = _MAX_REGEX_BYTES
    try:
        compiled = re2.compile(pattern.encode("utf-8", "surrogateescape"), options)
    except re2.error as error:
        raise QueryError.bad_data(f"error parsing regexp: {describe_regex_error(error)}") from error
    return lambda value: compiled.fullmatch(value.encode("utf-8", "surrogateescape")) is not None


_GO_WORDS = {
    "missing ]": "missing closing ]",
    "missing )": "missing closing )",
    "trailing \\": "trailing backslash at end of expression",
    "no argument for repetition operator": "missing argument to repetition operator",
    "invalid repetition size": "invalid repeat count",
    "bad repetition operator": "invalid nested repetition operator",
    "invalid perl operator": "invalid or unsupported Perl syntax",
    "invalid named capture group": "invalid named capture",
}
"""Messages of the C++ library in the words of Go's, which Prometheus uses."""


def describe_regex_error(error: re2.error) -> str:
    """What is wrong with a pattern, as Go says it."""
    raw = error.args[0]
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
    kind, _, fragment = text.partition(": ")
    return f"{_GO_WORDS.get(kind, kind)}: `{fragment}`"


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition on one label; a label that is absent reads as an empty string."""

    name: str
    op: MatchOp
    value: str

    def matches(self, value: str) -> bool:
        """Whether a label of this value passes.

        Raises:
            QueryError: the pattern is not valid RE2.
        """
        if self.op is MatchOp.EQ:
            return value == self.value
        if self.op is MatchOp.NE:
            return value != self.value
        return compile_regex(self.value)(value) is (self.op is MatchOp.RE)

    def __str__(self) -> str:
        return f"{self.name}{self.op.value}{self.value!r}"


def select_all(matchers: Iterable[Matcher], labels: Labels) -> bool:
    """Whether a label set passes every matcher."""
    return all(matcher.matches(labels.get(matcher.name, "")) for matcher in matchers)
