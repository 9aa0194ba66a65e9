"""Metrics on the command line: by id or by the specification's name, completed by the shell."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from jipyo import catalogue as catalogues
from jipyo.api.names import SPECIFICATION_NAMES, find_id
from jipyo.model.errors import ConfigError

if TYPE_CHECKING:
    from jipyo.catalogue import Catalogue, Metric


class MetricName(click.ParamType):  # type: ignore[type-arg]  # newer click has one
    """The id of a metric."""

    name = "metric"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """The ids and names that begin so."""
        del ctx, param
        ids = [metric.id for metric in catalogues.load().metrics]
        names = [name for group in SPECIFICATION_NAMES.values() for name in group]
        return [CompletionItem(one) for one in sorted({*ids, *names}) if one.startswith(incomplete)]


METRIC = MetricName()


def find_metric(name: str, catalogue: Catalogue) -> Metric:
    """The metric of an id, or of a name of the specification.

    Raises:
        ConfigError: there is none, with those that are most alike.
    """
    metric = catalogue.get(find_id(name))
    if metric is not None:
        return metric
    known = [one.id for one in catalogue.metrics]
    similar = get_close_matches(name, known) or [one for one in known if name in one][:3]
    hint = "cli.no_such_metric.similar" if similar else "cli.no_such_metric.hint"
    raise ConfigError("cli.no_such_metric", hint=hint, metric=name, similar=", ".join(similar))
