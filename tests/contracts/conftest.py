"""The table of servers and tests of the contract of `Source`, at the end of a run."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

_TEST = re.compile(r"test_source\.py::test_(\w+)\[(\w+)[-\]]")
_WORDS = {
    "passed": "ok",
    "xfailed": "differs",
    "skipped": "-",
    "failed": "FAILED",
    "error": "ERROR",
}
"""Of several cases of a test, what comes last here counts."""
_RANK = list(_WORDS)
_SERVERS = {"prometheus_2_42", "prometheus_3_16", "victoria_2022", "victoria_2025"}
"""Without any of them there is nothing to compare."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A row for each promise, a column for each server that was asked."""
    cells: dict[str, dict[str, str]] = defaultdict(dict)
    reasons: dict[str, set[str]] = defaultdict(set)
    for outcome in _RANK:
        for report in terminalreporter.stats.get(outcome, ()):
            found = _TEST.search(getattr(report, "nodeid", ""))
            if found is None:
                continue
            test, server = found.groups()
            cells[test][server] = _WORDS[outcome]
            if outcome == "xfailed":
                reasons[report.wasxfail].add(server)
    servers = sorted({server for row in cells.values() for server in row})
    if not _SERVERS & set(servers):
        return
    terminalreporter.section("contract of sources")
    width = max(map(len, cells))
    columns = [max(len(server), 7) for server in servers]
    head = "  ".join(server.ljust(n) for server, n in zip(servers, columns, strict=True))
    terminalreporter.write_line(f"{'':{width}}  {head}")
    for test in sorted(cells):
        words = (cells[test].get(server, "") for server in servers)
        row = "  ".join(word.ljust(n) for word, n in zip(words, columns, strict=True))
        terminalreporter.write_line(f"{test.replace('_', ' '):{width}}  {row}".rstrip())
    for reason, which in sorted(reasons.items()):
        terminalreporter.write_line(f"differs: {reason} ({', '.join(sorted(which))})")
