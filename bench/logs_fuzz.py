"""A million mutated lines of every format, parsed with redaction: no exception, hang or growth.

`BENCH_LOGS_LINES=100000` mutates so many. Each case is some lines of `tests/fuzz/` with bits
flipped, pieces lost, repeated and moved, and words of every grammar between them; one in ten
thousand is a line of ten megabytes. All bytes must be used and every record counted.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from bench.machine import describe_machine
from jipyo.logs.formats.parser import LineParser, Options
from jipyo.logs.formats.redact import Redactor

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from fuzz.mutate import Mutator
from fuzz.test_logs_formats import NOW_NS, SEEDS, WORDS, WRAPPED, generate

LINES = 1_000_000
_CASE_BYTES = 1 << 14
_LONG_BYTES = 10 << 20
_TEN = 10
_MOST_S = 60.0
"""Of one case, the long ones among them."""
_JUMP_NS = 86_400 * 10**9


def main() -> None:
    wanted, random = int(os.environ.get("BENCH_LOGS_LINES", LINES)), Random(14)
    mutator = Mutator((*SEEDS, *WRAPPED), WORDS, generate, _CASE_BYTES)
    redactor = Redactor()
    options = Options(service="x", zone=ZoneInfo("Asia/Seoul"))
    lines = cases = records = size = 0
    slowest = 0.0
    before = measure_peak()
    started = time.process_time()
    while lines < wanted:
        parser = LineParser(options, redactor)  # one stream of cases, whose formats pile up
        for _ in range(_TEN**3):
            case = build_case(mutator, random, cases)
            begun = time.process_time()
            batches = parser.feed(case, NOW_NS + random.randrange(-9, 9) * _JUMP_NS)
            slowest = max(slowest, time.process_time() - begun)
            cases, size = cases + 1, size + len(case)
            records += sum(map(len, batches))
            lines += case.count(b"\n")
            if lines >= wanted:
                break
        records += sum(map(len, parser.feed(b"", NOW_NS, end=True)))
        assert parser.counts.records <= records, "BUG: records that were not returned"
    assert slowest < _MOST_S, f"BUG: a case took {slowest:.1f} s"
    print(f"logs_fuzz: {describe_machine()}\n\n| figure | measured |\n|---|---|")
    print(f"| mutated lines, cases, MB | {lines:,}, {cases:,}, {size / 1e6:,.0f} |")
    print(f"| records | {records:,} |\n| exceptions | 0 |")
    print(f"| slowest case, ms | {slowest * 1e3:.0f} |")
    rate = lines / (time.process_time() - started)
    print(f"| lines in a CPU second, mutation included | {rate:,.0f} |")
    print(f"| peak memory, MB more than at the start | {measure_peak() - before:.0f} |", flush=True)


def build_case(mutator: Mutator, random: Random, number: int) -> bytes:
    """Mutated lines; now and then a line that is megabytes long."""
    case = mutator.build(random)
    if number % _TEN**4 == 1:
        case = case.replace(b"\n", b" ")[:-1] or b"x"
        case *= max(_LONG_BYTES // len(case), 1)
    return case + b"\n" * (random.random() < 0.9)


def measure_peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
