"""`make fuzz`: search every surface for so many seconds, and keep what is found.

PYTHONPATH=tests python -m fuzz                     # all surfaces, a minute each
PYTHONPATH=tests python -m fuzz --seconds 600 otlp  # those whose name begins with otlp
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from fuzz import driver

if TYPE_CHECKING:
    from fuzz.driver import Surface


def load_surfaces() -> list[Surface]:
    """The `SURFACES` of every `test_*.py` of this folder."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("test_*.py"))
    modules = [importlib.import_module(f"fuzz.{name}") for name in names]
    return [surface for module in modules for surface in getattr(module, "SURFACES", ())]


def search(surface: Surface, seed: int, seconds: float) -> int:
    """Search a surface; the number of its findings, which are printed and kept."""
    found = driver.run_corpus(surface)
    outcome = driver.run(surface, seed, seconds=seconds)
    found += outcome.findings
    rate = outcome.cases / max(outcome.seconds, 1e-9)
    print(f"{surface.name:24} {outcome.cases:>9,} cases {rate:>8,.0f}/s {len(found):>4} findings")
    for finding in found:
        smallest = driver.minimise(finding)
        path = driver.keep(smallest)
        print(f"\n{smallest}\nkept as {path}\nrepeat it: make test T=tests/fuzz\n")
    return len(found)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("names", nargs="*", help="surfaces whose name begins so; default all")
    parser.add_argument("--seconds", type=float, default=60.0, help="for each surface")
    parser.add_argument("--seed", type=int, default=time.time_ns(), help="of the mutations")
    options = parser.parse_args()
    warnings.simplefilter("error")
    chosen = [
        surface
        for surface in load_surfaces()
        if not options.names or surface.name.startswith(tuple(options.names))
    ]
    if not chosen:
        parser.error(f"no surface is named so; known: {[each.name for each in load_surfaces()]}")
    print(f"seed {options.seed}")
    return 1 if sum(search(each, options.seed, options.seconds) for each in chosen) else 0


if __name__ == "__main__":
    sys.exit(main())
