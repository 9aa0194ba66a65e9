"""The template language of Prometheus' rules: text -> tree -> text, without any code to run."""

from jipyo.alerts.rule_files.template.errors import TemplateError
from jipyo.alerts.rule_files.template.expand import check_template, expand_template
from jipyo.alerts.rule_files.template.functions import AskQuery, Surroundings
from jipyo.alerts.rule_files.template.values import AlertData

__all__ = [
    "AlertData",
    "AskQuery",
    "Surroundings",
    "TemplateError",
    "check_template",
    "expand_template",
]
