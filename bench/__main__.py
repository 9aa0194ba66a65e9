"""`python -m bench [NAME ...]` runs bench/NAME.py's `main()`; without a name, every one.

`logs` is all whose names begin with `logs_`, and so for other rooms, unless one has the name.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys

import bench


def main(names: list[str]) -> None:
    every = [found.name for found in pkgutil.iter_modules(bench.__path__)]
    for module in every:
        room = module.split("_")[0]
        is_named = module in names or (room in names and room not in every)
        if module.startswith("_") or (names and not is_named):
            continue
        run = getattr(importlib.import_module(f"bench.{module}"), "main", None)
        if run is not None:
            run()


if __name__ == "__main__":
    main(sys.argv[1:])
