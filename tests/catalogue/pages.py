"""Series that an expression asks for, made up from its own selectors.

They prove names, matchers, groupings and scales, not that an exporter exists.
"""

from __future__ import annotations

import itertools
import re._constants as sre
import re._parser as parser
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

from jipyo.model.labels import METRIC_NAME, Labels
from jipyo.model.matcher import Matcher, MatchOp
from jipyo.promql import parse
from jipyo.promql.syntax.ast import Aggregate, Call, MatrixSelector, VectorSelector
from support.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Iterator

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
BOUNDS = ("0.1", "0.5", "1.0", "2.0", "2.5", "5.0", "+Inf")
COUNTED = {"rate", "increase", "changes"}
GAUGES = {
    "DCGM_FI_DEV_FB_USED": 2048.0,
    "jipyo_anomaly_score": 1.5,
    **dict.fromkeys(("RBLN_DEVICE_STATUS:TEMPERATURE", "rbln_npu_temperature"), 66.0),
    **dict.fromkeys(("RBLN_DEVICE_STATUS:CARD_POWER", "rbln_npu_power"), 60.0),
}
"""Values in a range that the expressions require; 0.9 for all others."""


def filled(expr: str, now_ms: int) -> MemoryStore:
    """A store in which everything that the expression selects has a past."""
    tree, store = parse(expr), MemoryStore()
    nodes = list(walk(tree))
    groups = {name for node in nodes if isinstance(node, Aggregate) for name in node.grouping}
    calls = {
        id(node.args[0].selector): node.function.name
        for node in nodes
        if isinstance(node, Call) and node.args and isinstance(node.args[0], MatrixSelector)
    }
    times = list(range(now_ms - 15 * MINUTE_MS, now_ms + 1, MINUTE_MS))
    if "offset" in expr:
        times = [*range(now_ms - 6 * HOUR_MS, times[0], 10 * MINUTE_MS), *times]
    selectors = [node for node in nodes if isinstance(node, VectorSelector)]
    # What a function wants to see is put in last, over what a bare selector got.
    for node in sorted(selectors, key=lambda node: id(node) in calls):
        for labels in selected(node, groups):
            store.put(labels, times, values(labels, calls.get(id(node), ""), len(times)))
    return store


def walk(node: Any) -> Iterator[Any]:
    yield node
    if is_dataclass(node):
        for field in fields(node):
            inner = getattr(node, field.name)
            for one in inner if isinstance(inner, tuple) else (inner,):
                if is_dataclass(one):
                    yield from walk(one)


def selected(node: VectorSelector, groups: set[str]) -> Iterator[Labels]:
    base = dict.fromkeys(groups - {"le"}, "x")
    choices = {matcher.name: list(wanted(matcher)) for matcher in node.matchers}
    if node.name.endswith("_bucket"):
        matching = [m for m in node.matchers if m.name == "le"]
        choices["le"] = [le for le in BOUNDS if all(m.matches(le) for m in matching)]
    for chosen in itertools.product(*choices.values()):
        yield Labels.of({**base, **dict(zip(choices, chosen, strict=True))})


def wanted(matcher: Matcher) -> Iterator[str]:
    if matcher.op is MatchOp.EQ:
        yield matcher.value
    elif matcher.op is MatchOp.RE:
        yield from sorted({text for text in examples(parser.parse(matcher.value)) if text})
    else:
        yield "other"


def examples(pattern: Any) -> Iterator[str]:
    """A few texts that a regular expression of the catalogue matches."""
    parts = [list(piece(kind, value)) for kind, value in pattern]
    for chosen in itertools.product(*parts):
        yield "".join(chosen)


def piece(kind: Any, value: Any) -> Iterator[str]:
    if kind is sre.LITERAL:
        yield chr(value)
    elif kind is sre.ANY:
        yield "0"
    elif kind is sre.IN:
        yield chr(value[0][1] if value[0][0] is sre.LITERAL else value[0][1][0])
    elif kind is sre.SUBPATTERN:
        yield from examples(value[-1])
    elif kind is sre.BRANCH:
        yield from (text for branch in value[1] for text in examples(branch))
    elif kind is sre.MAX_REPEAT:
        least, most, inner = value
        yield from (text * n for n in {least, min(most, 1)} for text in examples(inner))
    else:
        raise AssertionError(kind)


def values(labels: Labels, function: str, steps: int) -> Iterator[float]:
    if function == "deriv":
        return (1000.0 - step for step in range(steps))
    if function in COUNTED:
        whole = len(BOUNDS) if labels[METRIC_NAME].endswith("_count") else 1
        slope = BOUNDS.index(labels["le"]) + 1 if "le" in labels else whole
        return (float(slope * step) for step in range(steps))
    return itertools.repeat(GAUGES.get(labels[METRIC_NAME], 0.9), steps)
