"""The templates of alerts, with the variables that Prometheus defines in front of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.alerts.rule_files.template.errors import TemplateError
from jipyo.alerts.rule_files.template.execution import execute
from jipyo.alerts.rule_files.template.parser import parse_template

if TYPE_CHECKING:
    from jipyo.alerts.rule_files.template.functions import Surroundings
    from jipyo.alerts.rule_files.template.values import AlertData

_DEFINITIONS = (
    "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}"
    "{{$externalURL := .ExternalURL}}{{$value := .Value}}"
)


def check_template(text: str, alert: str) -> None:
    """Refuse the template of an alert's label or annotation that cannot be parsed.

    Raises:
        TemplateError: in the words of Prometheus.
    """
    if "{{" in text:
        parse_template(_DEFINITIONS + text, f"__alert_{alert}")


def expand_template(text: str, alert: str, data: AlertData, around: Surroundings) -> str:
    """The text of a label or annotation of an alert.

    A template that fails becomes its error, as with Prometheus.
    """
    if "{{" not in text:
        return text
    name = f"__alert_{alert}"
    step = "parsing"
    try:
        template = parse_template(_DEFINITIONS + text, name)
        step = "executing"
        return execute(template, data, around)
    except TemplateError as error:
        return f"<error expanding template: error {step} template {name}: {error}>"
