"""What is measured: YAML -> `Metric`, with every mistake told by file, line, key and remedy."""

from jipyo.catalogue.load import check_file, load
from jipyo.catalogue.metric import (
    Across,
    Alternative,
    Bilingual,
    Catalogue,
    Direction,
    Exporter,
    Group,
    Metric,
    Objective,
    Origin,
    ReportShape,
    Statistic,
    Summary,
    Thresholds,
    Unit,
)

__all__ = [
    "Across",
    "Alternative",
    "Bilingual",
    "Catalogue",
    "Direction",
    "Exporter",
    "Group",
    "Metric",
    "Objective",
    "Origin",
    "ReportShape",
    "Statistic",
    "Summary",
    "Thresholds",
    "Unit",
    "check_file",
    "load",
]
