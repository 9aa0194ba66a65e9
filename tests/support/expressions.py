"""PromQL expressions by the grammar: types right by construction, every kind of node.

    @given(expressions(Vocabulary(), depth=3))
    def test_…(text: str) -> None: …

The texts are plainly spaced; `respaced` gives the same tokens with other spaces, comments and
capitals. Depth bounds the nesting; a leaf is a selector, a number or a string.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from hypothesis import strategies as st

from jipyo.promql.syntax.lexer import WORDS, TokenKind, tokenize
from jipyo.promql.syntax.names import needs_quotes
from jipyo.promql.syntax.quoting import quote
from jipyo.promql.syntax.signatures import ValueType

_LABELS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"job": ("api", "web"), "instance": ("a:1", "b:2", "c:3"), "경로": ("/", "/새")}
)


@dataclass(frozen=True)
class Vocabulary:
    """The names to speak of, and what of the language to use."""

    gauges: tuple[str, ...] = ("temperature", "queue.length")
    counters: tuple[str, ...] = ("requests_total", "요청수_total")
    buckets: tuple[str, ...] = ("latency_seconds_bucket",)
    """Classic histograms: series with `le`."""
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: _LABELS)
    ranges: tuple[str, ...] = ("1m", "90s", "5m", "10m", "1h", "300")
    steps: tuple[str, ...] = ("", "15s", "1m", "7m")
    offsets: tuple[str, ...] = ("0s", "30s", "1m", "-1m", "5m", "1h", "12h30m")
    times: tuple[str, ...] = ("0", "600", "1200.5", "-60", "start()", "end()")
    """What may stand after @."""
    experimental: bool = True
    """Functions and aggregators that a flag switches on."""
    fill: bool = True
    extended: bool = True
    """`anchored` and `smoothed`."""
    duration_expressions: bool = True
    time_dependent: bool = True
    """`time()`, `hour()` and others whose answer differs from step to step."""
    native: bool = False
    """What acts on native histograms only."""


def expressions(
    vocabulary: Vocabulary = Vocabulary(),
    kind: ValueType | None = None,
    depth: int = 3,
) -> st.SearchStrategy[str]:
    """Expressions of a type; scalars and instant vectors where none is named."""

    @st.composite
    def drawn(draw: st.DrawFn) -> str:
        wanted = kind or draw(st.sampled_from((ValueType.VECTOR,) * 7 + (ValueType.SCALAR,)))
        return _Speaker(draw, vocabulary).of_type(wanted, depth)

    return drawn()


def respaced(text: str) -> st.SearchStrategy[str]:
    """The same tokens with other blanks, comments and capitals."""
    tokens = tokenize(text)[:-1]
    blanks = st.sampled_from((" ", "  ", "\n", "\t", "\r\n"))
    note = st.just(" # a note ( \n")

    @st.composite
    def drawn(draw: st.DrawFn) -> str:
        parts = []
        brackets = 0
        for token in tokens:
            word = token.text
            changeable = token.kind in (TokenKind.KEYWORD, TokenKind.AGGREGATOR, TokenKind.OPERATOR)
            if changeable and word.lower() in WORDS and draw(st.booleans()):
                word = word.upper()
            brackets += (token.kind is TokenKind.LEFT_BRACKET) - (
                token.kind is TokenKind.RIGHT_BRACKET
            )
            # The reference refuses comments there.
            parts.append(word + draw(blanks if brackets else st.one_of(blanks, note)))
        return "".join(parts)

    return drawn()


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_ARITHMETIC = ("+", "-", "*", "/", "%", "^", "atan2")
_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
_SETS = ("and", "or", "unless")
_NUMBERS = (
    *("0", "1", "2", "0.5", "3.75", "10", "100", "1e3", "1e-3", "0x1F", "010", "1_000", ".5", "5."),
    *("-1", "-0.5", "NaN", "Inf", "-Inf", "1e308", "5m", "1h30m", "-2", "+3"),
)
_PHIS = ("0", "0.1", "0.5", "0.9", "0.99", "1", "-0.1", "1.1", "NaN")

_PLAIN = _words(
    "abs absent ceil exp floor ln log2 log10 sgn sqrt sort sort_desc deg rad "
    "sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh timestamp"
)
_CLOCK = _words("day_of_month day_of_week day_of_year days_in_month hour minute month year")
_NATIVE = _words("histogram_avg histogram_count histogram_sum histogram_stddev histogram_stdvar")
_WINDOW = _words(
    "avg_over_time min_over_time max_over_time sum_over_time count_over_time "
    "stddev_over_time stdvar_over_time last_over_time first_over_time present_over_time "
    "absent_over_time changes resets deriv idelta delta"
)
_COUNTING = ("rate", "increase", "irate", "resets", "changes")
_WINDOW_EXPERIMENTAL = _words(
    "mad_over_time ts_of_first_over_time ts_of_last_over_time ts_of_max_over_time "
    "ts_of_min_over_time"
)
_ANCHORED = ("resets", "changes", "rate", "increase", "delta")
_SMOOTHED = ("rate", "increase", "delta")
_AGGREGATORS = ("sum", "avg", "min", "max", "count", "group", "stddev", "stdvar")


class _Speaker:
    def __init__(self, draw: st.DrawFn, vocabulary: Vocabulary) -> None:
        self._draw = draw
        self._words = vocabulary

    def _one(self, choices: Sequence[str]) -> str:
        return self._draw(st.sampled_from(choices))

    def _chance(self, percent: int) -> bool:
        return self._draw(st.integers(0, 99)) < percent

    def _way(self, ways: Sequence[tuple[int, Callable[[int], str]]], depth: int) -> str:
        weighted = [way for weight, way in ways for _ in range(weight)]
        return self._draw(st.sampled_from(weighted))(depth)

    def of_type(self, kind: ValueType, depth: int) -> str:
        ways: dict[ValueType, Callable[[int], str]] = {
            ValueType.SCALAR: self.scalar,
            ValueType.VECTOR: self.vector,
            ValueType.MATRIX: self.matrix,
            ValueType.STRING: lambda _: self.string(),
        }
        return ways[kind](depth)

    # Scalars and strings.

    def scalar(self, depth: int) -> str:
        if depth <= 0:
            return self._one(_NUMBERS)
        ways: list[tuple[int, Callable[[int], str]]] = [
            (6, lambda _: self._one(_NUMBERS)),
            (2, self._scalar_operation),
            (1, lambda d: f"({self.scalar(d - 1)})"),
            (1, lambda d: f"-({self.scalar(d - 1)})"),
            (1, lambda d: f"scalar({self.vector(d - 1)})"),
            (1, lambda _: "pi()"),
        ]
        if self._words.time_dependent:
            ways.append((1, lambda _: "time()"))
        if self._words.experimental:
            ways.append((1, self._bounds))
        return self._way(ways, depth)

    def _bounds(self, depth: int) -> str:
        name = self._one(("min_of", "max_of", "start", "end", "step", "range"))
        if name in ("min_of", "max_of"):
            return f"{name}({self.scalar(depth - 1)}, {self.scalar(depth - 1)})"
        return f"{name}()"

    def _scalar_operation(self, depth: int) -> str:
        op = self._one(_ARITHMETIC + _COMPARISONS)
        return_bool = " bool" if op in _COMPARISONS else ""
        return f"{self.scalar(depth - 1)} {op}{return_bool} {self.scalar(depth - 1)}"

    def string(self) -> str:
        values = [value for values in self._words.labels.values() for value in values]
        text = self._one((*values, "", "a b", 'q"uote', "back\\slash", "nl\n", "é"))
        form = self._draw(st.integers(0, 2))
        if form == 0 and "`" not in text:
            return f"`{text}`"
        if form == 1 and "'" not in text and '"' not in text:
            return "'" + quote(text)[1:-1] + "'"
        return quote(text)

    # Selectors.

    def _label(self) -> str:
        label = self._one(tuple(self._words.labels))
        return quote(label) if self._quoted(label) else label

    def _quoted(self, label: str) -> bool:
        return needs_quotes(label, unquoted_utf8=True) or self._chance(10)

    def _label_list(self) -> str:
        names = self._draw(st.lists(st.sampled_from(tuple(self._words.labels)), max_size=3))
        labels = [quote(name) if self._quoted(name) else name for name in dict.fromkeys(names)]
        trailing = "," if labels and self._chance(10) else ""
        return f"({', '.join(labels)}{trailing})"

    def _matcher(self) -> str:
        label = self._one(tuple(self._words.labels))
        value = self._one((*self._words.labels[label], ""))
        op = self._one(("=", "=", "!=", "=~", "!~"))
        if op in ("=~", "!~"):
            value = self._one((f"{value}|x", ".+", ".*", f"{value[:1]}.*", f"(?i:{value})"))
        name = quote(label) if self._quoted(label) else label
        return f"{name}{op}{quote(value)}"

    def _series(self, metrics: Sequence[str]) -> str:
        name = self._one(metrics)
        matchers = [self._matcher() for _ in range(self._draw(st.integers(0, 2)))]
        if self._chance(10):
            matchers.insert(self._draw(st.integers(0, len(matchers))), quote(name))
            name = ""
        elif self._chance(5):
            matchers.append(f"__name__=~{quote(name + '|nothing')}")
            name = ""
        braces = f"{{{', '.join(matchers)}}}" if matchers or not name else ""
        return name + braces

    def _modifiers(self, *, closed: bool = True) -> str:
        offset = f" offset {self._offset(closed)}" if self._chance(15) else ""
        at = f" @ {self._one(self._words.times)}" if self._chance(10) else ""
        return offset + at if self._chance(50) else at + offset

    def _offset(self, closed: bool) -> str:
        plain = self._one(self._words.offsets)
        if not self._words.duration_expressions or self._chance(75):
            return plain
        computed = ["step()", "-step()", "-(1m / 2)", "range()", f"min_of(step(), {plain})"]
        if closed:
            # An operator behind these would be read as part of the duration.
            computed += [f"({plain} * 2)", f"(1m + {plain})"]
        return self._one(computed)

    def _range(self) -> str:
        plain = self._one(self._words.ranges)
        if not self._words.duration_expressions or self._chance(85):
            return plain
        return self._one(
            (
                *(f"{plain} * 2", f"1m + {plain}", f"({plain}) / 1.5", f"{plain} ^ 1"),
                *(f"max_of({plain}, step())", f"min_of({plain}, 10m)", "step() + 5m"),
                *("range() + 1m", f"{plain} % 7 + 2m"),
            )
        )

    def _any_metric(self) -> tuple[str, ...]:
        return self._words.gauges + self._words.counters

    def selector(self, _depth: int = 0) -> str:
        extended = ""
        if self._words.extended and self._chance(4):
            extended = " smoothed"
        return self._series(self._any_metric()) + extended + self._modifiers(closed=False)

    def matrix(self, depth: int) -> str:
        if depth > 0 and self._chance(20):
            window = f"[{self._range()}:{self._one(self._words.steps)}]"
            return self._operand(depth - 1) + window + self._modifiers()
        return f"{self._series(self._any_metric())}[{self._range()}]{self._modifiers()}"

    def _counter_window(self, name: str) -> str:
        window = f"{self._series(self._words.counters)}[{self._range()}]"
        if self._words.extended and self._chance(20):
            ways = [
                *(["anchored"] if name in _ANCHORED else []),
                *(["smoothed"] if name in _SMOOTHED else []),
            ]
            window += f" {self._one(ways)}" if ways else ""
        return window + self._modifiers()

    # Instant vectors.

    def vector(self, depth: int) -> str:
        if depth <= 0:
            return self.selector()
        ways: list[tuple[int, Callable[[int], str]]] = [
            (3, self.selector),
            (4, self._counting),
            (3, self._over_time),
            (5, self._aggregation),
            (3, self._function),
            (2, self._with_scalar),
            (3, self._with_vector),
            (1, self._sets),
            (1, self._chain),
            (1, self._relabelled),
            (2, self._from_buckets),
            (1, lambda d: f"({self.vector(d - 1)})"),
            (1, lambda d: f"-{self._operand(d - 1)}"),
            (1, lambda d: f"vector({self.scalar(d - 1)})"),
        ]
        if self._words.experimental:
            ways.append((1, self._experimental))
        return self._way(ways, depth)

    def _operand(self, depth: int) -> str:
        """What may stand beside any operator: in parentheses, or whole without them."""
        if self._chance(60):
            return f"({self.vector(depth)})"
        return self._way(
            [(3, self.selector), (2, self._counting), (2, self._aggregation), (2, self._function)],
            depth,
        )

    def _chain(self, depth: int) -> str:
        """Operators of every precedence in a row: types are right however they bind."""
        operators = st.lists(
            st.sampled_from(_ARITHMETIC + _COMPARISONS + _SETS), min_size=1, max_size=4
        )
        signed = ("", "", "", "-", "+")
        text = self._operand(depth - 1)
        for operator in self._draw(operators):
            text += f" {operator} {self._one(signed)}{self._operand(depth - 2)}"
        return text

    def _counting(self, _depth: int) -> str:
        name = self._one(_COUNTING)
        return f"{name}({self._counter_window(name)})"

    def _over_time(self, depth: int) -> str:
        if self._chance(15):
            return f"quantile_over_time({self._one(_PHIS)}, {self.matrix(depth - 1)})"
        if self._chance(10):
            return f"predict_linear({self.matrix(depth - 1)}, {self.scalar(0)})"
        return f"{self._one(_WINDOW)}({self.matrix(depth - 1)})"

    def _function(self, depth: int) -> str:
        if self._words.native and self._chance(10):
            return f"{self._one(_NATIVE)}({self.vector(depth - 1)})"
        if self._words.time_dependent and self._chance(15):
            name = self._one(_CLOCK)
            return f"{name}({self.vector(depth - 1) if self._chance(70) else ''})"
        if self._chance(20):
            name = self._one(("clamp", "clamp_min", "clamp_max", "round"))
            bounds = [self.scalar(depth - 2) for _ in range(2 if name == "clamp" else 1)]
            if name == "round" and self._chance(40):
                bounds = []
            return f"{name}({', '.join((self.vector(depth - 1), *bounds))})"
        return f"{self._one(_PLAIN)}({self.vector(depth - 1)})"

    def _relabelled(self, depth: int) -> str:
        inner = self.vector(depth - 1)
        labels = [quote(self._one(tuple(self._words.labels))) for _ in range(3)]
        target = self._one((*labels, '"made"', '"__name__"'))
        if self._chance(50):
            replacement = self._one(('"$1"', '"x-${1}"', '""', '"$0"'))
            pattern = self._one(('"(.*)"', '"(.).*"', '"nothing"', '"([a-z]+):?(.*)"'))
            return f"label_replace({inner}, {target}, {replacement}, {labels[0]}, {pattern})"
        sources = ", ".join(labels[: self._draw(st.integers(1, 3))])
        return f'label_join({inner}, {target}, "-", {sources})'

    def _from_buckets(self, depth: int) -> str:
        buckets = f"{self._series(self._words.buckets)}"
        inner = f"rate({buckets}[{self._range()}])"
        if self._chance(50):
            by = self._label() if self._chance(50) else ""
            inner = f"sum by (le{', ' if by else ''}{by}) ({inner})"
        elif self._chance(30):
            inner = buckets
        if self._chance(20):
            low, high = self.scalar(0), self.scalar(0)
            return f"histogram_fraction({low}, {high}, {inner})"
        phi = self.scalar(depth - 2) if self._chance(20) else self._one(_PHIS)
        return f"histogram_quantile({phi}, {inner})"

    def _experimental(self, depth: int) -> str:
        inner = self.vector(depth - 1)
        match self._draw(st.integers(0, 5)):
            case 0:
                return f"{self._one(_WINDOW_EXPERIMENTAL)}({self.matrix(depth - 1)})"
            case 1:
                factors = f"{self._one(('0.1', '0.5', '0.9'))}, {self._one(('0.1', '0.5'))}"
                window = self.matrix(depth - 1)
                return f"double_exponential_smoothing({window}, {factors})"
            case 2:
                labels = quote(self._one(tuple(self._words.labels)))
                return f"{self._one(('sort_by_label', 'sort_by_label_desc'))}({inner}, {labels})"
            case 3:
                return f"limitk({self._draw(st.integers(-1, 4))}, {inner})"
            case 4:
                return f"limit_ratio({self._one(('0.5', '-0.5', '1', '0.1', '-0.9'))}, {inner})"
            case _:
                buckets = self._series(self._words.buckets)
                return f'histogram_quantiles(rate({buckets}[{self._range()}]), "q", 0.5, 0.9)'

    def _aggregation(self, depth: int) -> str:
        param = ""
        if self._chance(70):
            name = self._one(_AGGREGATORS)
        else:
            name = self._one(("topk", "bottomk", "quantile", "count_values"))
            params = {
                "quantile": self._one(_PHIS),
                "count_values": self._one(('"value"', '"job"', '"값"')),
            }
            param = f"{params.get(name) or self._draw(st.integers(-1, 4))}, "
        body = f"({param}{self.vector(depth - 1)})"
        grouping = ""
        if self._chance(75):
            grouping = f" {self._one(('by', 'without'))} {self._label_list()}"
        if not grouping:
            return name + body
        return f"{name}{grouping} {body}" if self._chance(60) else f"{name}{body}{grouping}"

    # Binary operations.

    def _with_scalar(self, depth: int) -> str:
        op = self._one(_ARITHMETIC + _COMPARISONS)
        return_bool = " bool" if op in _COMPARISONS and self._chance(40) else ""
        sides = [self._operand(depth - 1), self.scalar(depth - 1)]
        if self._chance(40):
            sides.reverse()
        return f"{sides[0]} {op}{return_bool} {sides[1]}"

    def _with_vector(self, depth: int) -> str:
        op = self._one(_ARITHMETIC + _COMPARISONS)
        return_bool = " bool" if op in _COMPARISONS and self._chance(40) else ""
        left, right = self._operand(depth - 1), self._operand(depth - 1)
        return f"{left} {op}{return_bool}{self._matching()} {right}"

    def _matching(self) -> str:
        text = ""
        if self._chance(60):
            text = f" {self._one(('on', 'ignoring'))} {self._label_list()}"
            if self._chance(40):
                include = f" {self._label_list()}" if text.startswith(" ignoring") else " ()"
                text += f" {self._one(('group_left', 'group_right'))}{include}"
        if self._words.fill and self._chance(15):
            value = self._one(("0", "1", "-1", "NaN", "1e6", "0.25"))
            text += f" {self._one(('fill', 'fill_left', 'fill_right'))}({value})"
        return text

    def _sets(self, depth: int) -> str:
        matching = ""
        if self._chance(60):
            matching = f" {self._one(('on', 'ignoring'))} {self._label_list()}"
        left, right = self._operand(depth - 1), self._operand(depth - 1)
        return f"{left} {self._one(_SETS)}{matching} {right}"
