"""What a source answers, as rules and their templates use it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.alerts.rule_files.template import TemplateError
from jipyo.model.errors import QueryError
from jipyo.model.labels import EMPTY, Labels
from jipyo.model.result import Scalar, Vector

if TYPE_CHECKING:
    from jipyo.alerts.rule_files.template import AskQuery
    from jipyo.model.result import Value
    from jipyo.source import Source


def list_samples(value: Value) -> list[tuple[Labels, float]]:
    """The series of an answer with their values; a scalar is one without labels.

    Prometheus: rules/manager.go, `EngineQueryFunc`.

    Raises:
        QueryError: it is a text or a range.
    """
    if isinstance(value, Scalar):
        return [(EMPTY, value.value)]
    if not isinstance(value, Vector):
        raise QueryError.execution("rule result is not a vector or scalar")
    return list(zip(value.series, value.values.tolist(), strict=True))


def bind_query(source: Source, t_ms: int) -> AskQuery:
    """The function `query` of templates, at the moment of the evaluation.

    It raises a SourceError where the source fails, as then the rule itself has no answer.
    """

    def ask(expr: str) -> list[tuple[Labels, float]]:
        try:
            return list_samples(source.instant(expr, t_ms).value)
        except QueryError as error:
            raise TemplateError(error.message) from error

    return ask
