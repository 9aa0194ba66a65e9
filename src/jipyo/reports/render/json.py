"""A report as JSON, for programs: in no language, every figure with its provenance."""

from __future__ import annotations

import dataclasses
import math
import re
from datetime import date
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np
import orjson

if TYPE_CHECKING:
    from jipyo.reports.document import Report


def to_json(report: Report) -> bytes:
    """The report as JSON: fields in the order they are declared, `type` names the class."""
    return orjson.dumps(_to_plain(report), option=orjson.OPT_INDENT_2)


def _to_plain(value: object) -> object:  # noqa: PLR0911 - one case per type
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        kind = re.sub("(?<!^)(?=[A-Z])", "_", type(value).__name__).lower()
        names = (field.name for field in dataclasses.fields(value))
        return {"type": kind, **{name: _to_plain(getattr(value, name)) for name in names}}
    if isinstance(value, np.ndarray):
        return _to_plain(value.tolist())
    if isinstance(value, tuple | list):
        return [_to_plain(item) for item in value]
    if isinstance(value, Enum):
        return _to_plain(value.value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        # As Prometheus writes them; JSON has no numbers for them.
        return None if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
    return value
