"""Values as plain ones, for JSON: fields in the order they are declared, `type` names the class."""

from __future__ import annotations

import dataclasses
import math
import re
from datetime import date
from enum import Enum

import numpy as np


def to_plain(value: object) -> object:  # noqa: PLR0911 - one case per type
    """The value of nothing but dicts, lists, strings, numbers, bools and None."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        kind = name_kind(type(value))
        names = (field.name for field in dataclasses.fields(value))
        return {"type": kind, **{name: to_plain(getattr(value, name)) for name in names}}
    if isinstance(value, np.ndarray):
        return to_plain(value.tolist())
    if isinstance(value, tuple | list):
        return [to_plain(item) for item in value]
    if isinstance(value, frozenset):
        return sorted(map(to_plain, value), key=str)
    if isinstance(value, Enum):
        return to_plain(value.value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        # As Prometheus writes them; JSON has no numbers for them.
        return None if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
    return value


def name_kind(kind: type) -> str:
    """The name of a class in plain form: `ScoreSheet` is `score_sheet`."""
    return re.sub("(?<!^)(?=[A-Z])", "_", kind.__name__).lower()
