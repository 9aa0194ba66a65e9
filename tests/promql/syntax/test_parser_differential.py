"""Our parser beside others: the promql-parser package, Prometheus' own suite, a real Prometheus.

What promql-parser 0.12 is known to do wrong is left out of what is compared: deep nesting and
long chains (it crashes), `1_000` and `offset 0s` (refused), negative moments after `@` (read
as 0), unary plus (dropped), everything newer than it (computed durations, extended ranges,
names in any letters), and what it takes though Prometheus refuses (`x[0]`, `1e400`).
"""

import json
import os
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from math import isfinite
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import urllib3
from hypothesis import HealthCheck, given, settings

from jipyo.model.errors import QueryError
from jipyo.model.labels import METRIC_NAME
from jipyo.promql import format_expr, parse
from jipyo.promql.syntax.ast_json import encode_tree
from jipyo.promql.syntax.features import ALL
from jipyo.promql.syntax.printer import format_number, format_pretty
from support import services
from support.expressions import Vocabulary, expressions

Plain = Any
"""A encode_tree as `parse_query` gives it, without what promql-parser does not know."""

UNKNOWN = ("anchored", "smoothed", "rangeExpr", "offsetExpr", "stepExpr")


def ours(node: Plain) -> Plain:
    """Our own encode_tree in the common form."""
    if isinstance(node, list):
        return [ours(item) for item in node]
    if not isinstance(node, dict):
        return node
    if node.get("type") == "unaryExpr" and node["op"] == "+":
        return ours(node["expr"])
    if node.get("type") == "call":
        return {"type": "call", "func": node["func"]["name"], "args": ours(node["args"])}
    known = {key: ours(value) for key, value in node.items() if key not in UNKNOWN}
    return {**known, "matchers": sorted_matchers(known)} if "matchers" in known else known


def sorted_matchers(node: Plain) -> list[Plain]:
    return sorted(node["matchers"], key=json.dumps)


def theirs(node: Any) -> Plain:
    """What promql-parser has read, in the common form."""
    return None if node is None else THEIRS[type(node).__name__](node)


def their_times(node: Any) -> Plain:
    moment = str(node.at) if node.at else ""
    boundary = re.fullmatch(r"@ (start|end)\(\)", moment)
    fixed = node.at is not None and not boundary
    return {
        "offset": their_ms(node.offset),
        "timestamp": round(node.at.at.timestamp() * 1e3) if fixed else None,
        "startOrEnd": boundary[1] if boundary else None,
    }


def their_ms(span: timedelta | None) -> int:
    return 0 if span is None else round(span.total_seconds() * 1e3)


_OPS = {"Equal": "=", "NotEqual": "!=", "Re": "=~", "NotRe": "!~"}


def their_selector(node: Any) -> Plain:
    matchers = [
        {
            "name": matcher.name,
            "value": matcher.value,
            "type": _OPS[str(matcher.op).split(".")[1]],
        }
        for matcher in node.matchers.matchers
    ]
    if node.name:
        matchers.append({"name": METRIC_NAME, "value": node.name, "type": "="})
    selector = {"name": node.name or "", "matchers": matchers, **their_times(node)}
    return {**selector, "matchers": sorted_matchers(selector)}


def their_aggregate(node: Any) -> Plain:
    modifier = node.modifier
    return {
        "type": "aggregation",
        "op": str(node.op),
        "expr": theirs(node.expr),
        "param": theirs(node.param),
        "grouping": list(modifier.labels) if modifier else [],
        "without": bool(modifier) and str(modifier.type).endswith("Without"),
    }


_CARDS = {
    "OneToOne": "one-to-one",
    "ManyToOne": "many-to-one",
    "OneToMany": "one-to-many",
    "ManyToMany": "many-to-many",
}


def their_binary(node: Any) -> Plain:
    modifier = node.modifier
    return {
        "type": "binaryExpr",
        "op": str(node.op),
        "lhs": theirs(node.lhs),
        "rhs": theirs(node.rhs),
        "matching": their_matching(modifier) if modifier else None,
        "bool": bool(modifier and modifier.return_bool),
    }


def their_matching(modifier: Any) -> Plain:
    matching, fill = modifier.matching, modifier.fill_values
    sides = {"lhs": fill.lhs, "rhs": fill.rhs}
    return {
        "card": _CARDS[str(modifier.card).split(".")[1]],
        "labels": list(matching.labels) if matching else [],
        "on": bool(matching) and str(matching.type).endswith("Include"),
        "include": list(modifier.group_labels or ()),
        "fillValues": {
            side: format_number(value) if value is not None and not isfinite(value) else value
            for side, value in sides.items()
        },
    }


THEIRS: dict[str, Callable[[Any], Plain]] = {
    "NumberLiteral": lambda node: {"type": "numberLiteral", "val": format_number(node.val)},
    "StringLiteral": lambda node: {"type": "stringLiteral", "val": node.val},
    "ParenExpr": lambda node: {"type": "parenExpr", "expr": theirs(node.expr)},
    "UnaryExpr": lambda node: {"type": "unaryExpr", "op": "-", "expr": theirs(node.expr)},
    "Call": lambda node: {
        "type": "call",
        "func": node.func.name,
        "args": [theirs(arg) for arg in node.args],
    },
    "VectorSelector": lambda node: {"type": "vectorSelector", **their_selector(node)},
    "MatrixSelector": lambda node: {
        "type": "matrixSelector",
        "range": their_ms(node.range),
        **their_selector(node.vector_selector),
    },
    "SubqueryExpr": lambda node: {
        "type": "subquery",
        "expr": theirs(node.expr),
        "range": their_ms(node.range),
        "step": their_ms(node.step),
        **their_times(node),
    },
    "AggregateExpr": their_aggregate,
    "BinaryExpr": their_binary,
}

# It gives no modifier where nothing is said; between vectors Prometheus then says so at length.
PLAIN_MATCHING = {
    "labels": [],
    "on": False,
    "include": [],
    "fillValues": {"lhs": None, "rhs": None},
}


def without_defaults(node: Plain) -> Plain:
    """Matching that says nothing is as good as none."""
    if isinstance(node, list):
        return [without_defaults(item) for item in node]
    if not isinstance(node, dict):
        return node
    plain = {key: without_defaults(value) for key, value in node.items()}
    matching = plain.get("matching")
    if matching and {key: matching[key] for key in PLAIN_MATCHING} == PLAIN_MATCHING:
        plain["matching"] = None
    return plain


def assert_read_alike(text: str) -> None:
    mine = without_defaults(ours(encode_tree(parse(text, ALL))))
    assert mine == without_defaults(theirs(promql_parser.parse(text)))


SHARED = Vocabulary(
    gauges=("temperature", "queue_length"),
    counters=("requests_total", "job:requests:rate5m"),
    labels={"job": ("api", "web"), "instance": ("a:1", "b:2"), "path": ("/",)},
    offsets=("30s", "1m", "-1m", "1h", "12h30m", "90"),
    times=("0", "600", "1200.5", "start()", "end()"),
    extended=False,
    duration_expressions=False,
)


@given(expressions(SHARED, depth=3))
def test_promql_parser_reads_the_same_tree(text: str) -> None:
    text = text.replace("1_000", "1000")
    assert_read_alike(text)


@pytest.mark.parametrize(
    "text",
    [
        "-2^2",
        "a or b and c unless d == e + f * g ^ h atan2 i",
        "sum by (a, b) (x) / on (a) group_left (c) y",
        "x > bool ignoring () y",
        "x{a='1', b!='2', c=~'3', d!~'4'} offset -1h @ end()",
        "{__name__=~'a.*', 'le'='+Inf'}",
        "quantile without (le) (0.9, max_over_time(x[5m:] @ 10) == 1)",
        "5m + 0x1F - 1e3 * .5",
    ],
)
def test_promql_parser_agrees_on_what_everybody_writes(text: str) -> None:
    assert_read_alike(text)


# Prometheus' own suite.

SUITE = os.environ.get("JIPYO_PROMQLTEST", "")
_EVAL = re.compile(
    r"eval(?P<fail>_fail)?\w*\s+"
    r"(?:instant\s+at\s+\S+|range\s+from\s+\S+\s+to\s+\S+\s+step\s+\S+)\s+(?P<expr>.+)"
)


def asked(path: Path) -> Iterator[tuple[str, bool]]:
    """The expressions of a script, and whether an error is expected."""
    lines = path.read_text().splitlines()
    for number, line in enumerate(lines):
        found = _EVAL.match(line)
        if found:
            following = lines[number + 1 : number + 4]
            fails = any("expect fail" in other for other in following)
            yield found["expr"], fails or bool(found["fail"])


@pytest.mark.skipif(not SUITE, reason="JIPYO_PROMQLTEST names no folder of test scripts")
def test_the_suite_of_prometheus_is_parsed() -> None:
    cases = [
        case for path in sorted(Path(SUITE, "testdata").glob("*.test")) for case in asked(path)
    ]
    assert len(cases) > 2_400
    for text, fails in cases:
        try:
            expr = parse(text, ALL)
        except QueryError:
            assert fails, text
        else:
            assert parse(format_expr(expr), ALL) == expr


# A real Prometheus.

FLAGS = ",".join(sorted(feature.value for feature in ALL))


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("prometheus")
    (folder / "prometheus.yml").write_text("global: {}\n")
    url = f"http://127.0.0.1:{services.free_port()}"
    command = [
        services.binary("prometheus"),
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={url.removeprefix('http://')}",
        f"--enable-feature={FLAGS}",
    ]
    with services.running(command, f"{url}/-/ready", folder / "log"):
        yield url


HTTP = urllib3.PoolManager(retries=False)


def answer(url: str, path: str, text: str) -> Any:
    form = {"query": text}
    reply = HTTP.request("POST", f"{url}/api/v1/{path}", fields=form, encode_multipart=False)
    body = json.loads(reply.data)
    return body.get("data") or body["error"]


def as_text(matcher: Any) -> str:
    return json.dumps(matcher, sort_keys=True)


def unordered(node: Any) -> Any:
    """Matchers have no order of their own."""
    if isinstance(node, list):
        return [unordered(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: sorted(map(as_text, value)) if key == "matchers" else unordered(value)
        for key, value in sorted(node.items())
    }


@pytest.mark.integration
def test_a_real_prometheus_reads_the_same_tree(prometheus: str) -> None:
    @settings(max_examples=400, suppress_health_check=list(HealthCheck))
    @given(expressions(Vocabulary(), depth=3))
    def same(text: str) -> None:
        expr = parse(text, ALL)
        printed = answer(prometheus, "format_query", text)
        # Prometheus cannot read back its own `+Inf ^ 2` and `info(x, )`.
        if "Inf" not in text and "info" not in text:
            assert parse(printed, ALL) == expr
            # It counts the length of lines in bytes.
            assert printed == format_pretty(expr) or not text.isascii()
        # Prometheus cannot send a fill of NaN.
        if "(NaN)" not in text:
            known = json.loads(json.dumps(encode_tree(expr)))
            assert unordered(known) == unordered(answer(prometheus, "parse_query", text))

    same()


def list_expected_errors() -> list[str]:
    lines = (Path(__file__).parent / "parse_errors.txt").read_text().splitlines()
    return [line for line in lines if line and not line.startswith(("#", " "))]


OURS_ALONE = {
    "요청수 $": "we count columns in characters, Prometheus in bytes",
    "x[0.0001]": "a window below a millisecond is empty",
    "x offset NaN": "Prometheus takes it for -292 years",
    "x @ 1e17": "Prometheus' times overflow there",
}


@pytest.mark.integration
def test_a_real_prometheus_words_errors_alike(prometheus: str) -> None:
    for text in list_expected_errors():
        if text in OURS_ALONE:
            continue
        error = answer(prometheus, "parse_query", text)
        with pytest.raises(QueryError) as caught:
            parse(text, ALL)
        assert error.endswith(caught.value.message), text
