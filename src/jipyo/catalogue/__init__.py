"""The metrics: YAML -> `Metric`, each mistake with its file, line, key and remedy."""

from jipyo.catalogue.load import check_file, load
from jipyo.catalogue.metric import (
    SERVER,
    Across,
    Catalogue,
    Direction,
    Exporter,
    Metric,
    MetricGroup,
    MetricQuery,
    Objective,
    Origin,
    ReportShape,
    Role,
    Statistic,
    Summary,
    Thresholds,
    Unit,
)
from jipyo.model.bilingual import Bilingual

__all__ = [
    "SERVER",
    "Across",
    "Bilingual",
    "Catalogue",
    "Direction",
    "Exporter",
    "Metric",
    "MetricGroup",
    "MetricQuery",
    "Objective",
    "Origin",
    "ReportShape",
    "Role",
    "Statistic",
    "Summary",
    "Thresholds",
    "Unit",
    "check_file",
    "load",
]
