"""What people write into requests and read in answers: moments, matchers, severities, numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from jipyo.alerts.matchers import parse_matchers
from jipyo.analysis.thresholds import Severity
from jipyo.model.errors import ConfigError, QueryError, QueryErrorKind
from jipyo.schema import ANY_TEXT, TEXT, Kind, quote, wrong_kind
from jipyo.web.http.params import parse_float, parse_int, parse_time_ms

if TYPE_CHECKING:
    from jipyo.i18n import Texts
    from jipyo.model.matcher import Matcher
    from jipyo.schema import Node
    from jipyo.web.http.message import WebRequest

SeverityName = Literal["warning", "critical"]


def read_moment(node: Node) -> int:
    """Unix seconds or RFC 3339, in milliseconds."""
    t_ms = parse_time_ms(TEXT.read(node).strip())
    if t_ms is None:
        raise ConfigError("web.not_a_moment", where=node.at, value=quote(node))
    return t_ms


def read_matchers(node: Node) -> tuple[Matcher, ...]:
    """Matchers of the labels of alerts; none for an empty text."""
    try:
        return parse_matchers(ANY_TEXT.read(node))
    except QueryError as error:
        reason = error.message.partition(" parse error: ")[2] or error.message
        raise ConfigError(
            "config.not_matchers", where=node.at, value=quote(node), reason=reason
        ) from error


def read_json_number(node: Node) -> float:
    """A finite number; in a document of JSON it arrives as it is written."""
    number = parse_float(ANY_TEXT.read(node))
    if number is None:
        raise wrong_kind(node, "number")
    return number


JSON_NUMBER = Kind("number", read_json_number)
MOMENT = Kind("text", read_moment)
MATCHERS = Kind("text", read_matchers)


def read_number(request: WebRequest, name: str, t: Texts, unknown: str) -> int:
    """The number of a thing in a path; `unknown` is the text where it can be none.

    Raises:
        QueryError: it is no number.
    """
    number = parse_int(request.path_params[name])
    if number is None:
        text = t(unknown, number=request.path_params[name])
        raise QueryError(QueryErrorKind.NOT_FOUND, text)
    return number


def to_seconds(t_ms: int | None) -> float | None:
    """A moment in seconds UTC."""
    return None if t_ms is None else t_ms / 1000


def name_severity(severity: Severity) -> SeverityName:
    """The name that the API uses."""
    return "critical" if severity is Severity.CRITICAL else "warning"
