"""What the first page needs, compressed."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

from bench.web.result import report
from jipyo import web

GOAL_KB = {"js": 90, "css": 20}
STATIC = Path(web.__file__).parent / "static"


def measure_files() -> None:
    """Scripts and styles of the start page; the list of font slices, loaded later, apart."""
    html = (STATIC / "index.html").read_text("utf-8")
    for kind, goal in GOAL_KB.items():
        names = {*re.findall(rf'"\./(assets/[^"]+\.{kind})"', html)}
        size = sum(len(gzip.compress((STATIC / name).read_bytes(), 6)) for name in names)
        report(f"first page, {kind} compressed", size / 1000, goal, "kB")
