"""`python -m bench analysis`: every bench of the analysis room, one after the other.

Each is a file `bench/analysis_NAME.py` with a function `measure()` that prints Markdown;
JIPYO_ANALYSIS=NAME runs one.
"""

from __future__ import annotations

import importlib
import os
import pkgutil

import bench
from bench.machine import describe_machine


def main() -> None:
    """Run them."""
    print(f"{describe_machine()}\n")
    wanted = os.environ.get("JIPYO_ANALYSIS", "")
    for module in pkgutil.iter_modules(bench.__path__):
        if module.name.startswith(f"analysis_{wanted}"):
            measure = getattr(importlib.import_module(f"bench.{module.name}"), "measure", None)
            if measure is not None:
                measure()
