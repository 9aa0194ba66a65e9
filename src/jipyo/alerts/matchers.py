"""Matchers of alerts as people write them: `job="vllm", severity=~"warning|critical"`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.model.labels import METRIC_NAME
from jipyo.promql import parse_selector
from jipyo.promql.syntax.printer import format_matcher

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jipyo.model.matcher import Matcher


def parse_matchers(text: str) -> tuple[Matcher, ...]:
    """The matchers of a selector of PromQL, with or without its braces; none for an empty text.

    Raises:
        QueryError: it is no such selector.
    """
    body = text.strip()
    # With a name, since a selector must not match everything, and a route may.
    matchers = parse_selector(f"alert{body if body.startswith('{') else f'{{{body}}}'}")
    return tuple(one for one in matchers if one.name != METRIC_NAME)


def write_matchers(matchers: Iterable[Matcher]) -> str:
    """The text that `parse_matchers` reads; empty for none."""
    return ", ".join(map(format_matcher, matchers))
