"""The contract of log sources as a table: real servers with the same records, and equal answers.

    python -m bench.logs_contract                    # 1 M records in the store and five servers
    python -m bench.logs_contract 100000 opensearch-3.5.0 everything "a word"

A row is a query, a column a kind of answer: `ok`, or what differs from the plain evaluation.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from jipyo.logs.elasticsearch import ElasticsearchOptions, ElasticsearchSource
from jipyo.logs.embedded import EmbeddedLogs
from jipyo.logs.query import Contains, Equals, LogQuery
from jipyo.logs.store.reader import StoreReader
from jipyo.logs.store.store import LogStore
from logs.contract.oracle import Oracle, compare
from logs.contract.records import END_NS, HOUR_NS, START_NS, build_batches, write_documents
from logs.contract.skeletons import EachSkeleton, list_skeletons
from logs.contract.suite import ERRORS
from support.search_servers import VERSIONS, search_server
from support.services import folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.logs.base import LogSource
    from jipyo.logs.record import LogBatch

EMBEDDED = "embedded"
INDEX = {"settings": {"number_of_shards": 3, "number_of_replicas": 0, "refresh_interval": "-1"}}
DAY_NS = 24 * HOUR_NS
QUERIES = {
    "everything": LogQuery(start_ns=START_NS, end_ns=END_NS),
    "errors, a day": LogQuery(start_ns=START_NS, end_ns=START_NS + DAY_NS, levels=ERRORS),
    "one service": LogQuery(start_ns=START_NS, end_ns=END_NS, services=("검색",)),
    "a word": LogQuery(start_ns=START_NS, end_ns=END_NS, where=Contains("refused")),
    "Korean in a word": LogQuery(start_ns=START_NS, end_ns=END_NS, where=Contains("서버")),
    "words and signs": LogQuery(
        start_ns=START_NS, end_ns=END_NS, where=Contains("refused by 10.0.0.1")
    ),
    "a host": LogQuery(start_ns=START_NS, end_ns=END_NS, where=Equals("host.name", "gpu-07")),
}


def main() -> None:
    n = next((int(each) for each in sys.argv[1:] if each.isdigit()), 1_000_000)
    names = [name for name in (EMBEDDED, *VERSIONS) if name in sys.argv] or [EMBEDDED, *VERSIONS]
    if not (folder() / "search").exists():
        print("no search servers here: run `make services`")
        names = [EMBEDDED]
    batches = build_batches(n)
    labels = [label for label in QUERIES if label in sys.argv] or list(QUERIES)
    oracle = Oracle(batches, {label: QUERIES[label] for label in labels})
    for name in names:
        if name == EMBEDDED:
            ask_embedded(batches, oracle)
            continue
        with (
            tempfile.TemporaryDirectory() as work,
            search_server(name, Path(work), heap_mb=700) as server,
        ):
            server.call("PUT", "/logs", INDEX)
            start = time.perf_counter()
            server.load("logs", write_documents(batches))
            print(f"\n{name}: {n:,} records loaded in {time.perf_counter() - start:.0f} s")
            options = ElasticsearchOptions(name="logs", url=server.url, index="logs", timeout_s=120)
            print_rows(oracle, ElasticsearchSource(options, list_templates=list_skeletons))


def ask_embedded(batches: Sequence[LogBatch], oracle: Oracle) -> None:
    with tempfile.TemporaryDirectory() as work, LogStore.open(Path(work)) as store:
        start = time.perf_counter()
        for batch in batches:
            store.append([batch])
        store.flush()
        taken = time.perf_counter() - start
        print(f"\n{EMBEDDED}: {sum(map(len, batches)):,} records written in {taken:.0f} s")
        print_rows(oracle, EmbeddedLogs(StoreReader(Path(work)), EachSkeleton()))


def print_rows(oracle: Oracle, source: LogSource) -> None:
    for place, label in enumerate(oracle.answers):
        start = time.perf_counter()
        row = compare(source, QUERIES[label], oracle.answers[label])
        if place == 0:
            print(f"{'':18}{'records':>11}", *(f"{kind:>11}" for kind in row), f"{'s':>7}")
        cells = (f"{'ok' if same else 'DIFFERS':>11}" for same in row.values())
        taken = time.perf_counter() - start
        print(f"{label:18}{oracle.answers[label].count:>11,}", *cells, f"{taken:>7.1f}", flush=True)


if __name__ == "__main__":
    main()
