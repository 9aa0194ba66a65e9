"""Prometheus' own test scripts on our engine: `python -m bench.conformance [SUITE_DIR]`.

SUITE_DIR, or the environment variable JIPYO_PROMQLTEST, names a folder with `promqltest.py` and
`testdata/`. The scripts are not part of this repository: without them the check prints why it
was skipped, and succeeds. With them, a case of `tests/promql/conformance.txt` that no longer
passes fails it (exit code 1); `--record` rewrites that list.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from jipyo.model.errors import QueryError
from jipyo.model.labels import Labels
from jipyo.model.result import Matrix, RawMatrix, Scalar, String, Value, Vector
from jipyo.model.sample import Scrape
from jipyo.promql import Engine, Feature, Options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from types import ModuleType

    from jipyo.model.store import Queryable

ROOT = Path(__file__).parent.parent
SUITE_VARIABLE = "JIPYO_PROMQLTEST"
EXPECTED = ROOT / "tests" / "promql" / "conformance.txt"

OPTIONS = Options(features=frozenset(Feature), advice=False, max_samples=10_000, max_annotations=10)
"""What the scripts expect of an engine (promql/promqltest/test.go)."""


@dataclass
class Adapter:
    """Our engine as the runner wants it."""

    new_store: Callable[[], Any]
    error: type[Exception]
    store: Any = None
    annotations: tuple[Sequence[str], Sequence[str]] | None = None

    def __post_init__(self) -> None:
        self.engine = Engine(OPTIONS)

    def clear(self) -> None:
        self.close()
        self.store = self.new_store()

    def close(self) -> None:
        if self.store is not None and hasattr(self.store, "close"):
            self.store.close()

    def load(self, series: Iterable[tuple[dict[str, str], Sequence[int], Sequence[float]]]) -> None:
        at: dict[int, tuple[list[Labels], list[np.ndarray]]] = {}
        for labels, times, values in series:
            known = Labels.of(labels)
            array = np.frombuffer(values, np.float64)  # type: ignore[call-overload]  # an array of the runner: keeps the bits of stale markers
            for nth, t_ms in enumerate(times):
                names, column = at.setdefault(t_ms, ([], []))
                names.append(known)
                column.append(array[nth : nth + 1])
        batch = [
            Scrape(t_ms, tuple(names), np.concatenate(column))
            for t_ms, (names, column) in sorted(at.items())
        ]
        done = self.store.append(batch)
        assert not done.rejected, done

    def _asked(self, ask: Callable[[Queryable], Any]) -> dict[str, Any]:
        self.annotations = None
        try:
            result = ask(self.store)
        except QueryError as error:
            raise self.error(error.message, error.kind.value) from error
        self.annotations = (list(result.warnings), list(result.infos))
        return as_data(result.value)

    def instant(self, expr: str, t_ms: int) -> dict[str, Any]:
        return self._asked(lambda store: self.engine.instant(store, expr, t_ms))

    def range(self, expr: str, start: int, end: int, step: int) -> dict[str, Any]:
        return self._asked(lambda store: self.engine.range(store, expr, start, end, step))


def as_data(value: Value) -> dict[str, Any]:
    """The `data` object of the HTTP API."""
    match value:
        case Scalar(t_ms=t_ms, value=number):
            return {"resultType": "scalar", "result": [t_ms / 1000, repr(number)]}
        case String(t_ms=t_ms, value=text):
            return {"resultType": "string", "result": [t_ms / 1000, text]}
        case Vector():
            return {
                "resultType": "vector",
                "result": [
                    {"metric": dict(labels), "value": [value.t_ms / 1000, repr(float(number))]}
                    for labels, number in zip(value.series, value.values, strict=True)
                ],
            }
        case Matrix():
            rows = [
                (labels, value.t_ms[here], numbers[here])
                for labels, numbers, here in zip(
                    value.series, value.values, value.present, strict=True
                )
            ]
        case RawMatrix(blocks=blocks):
            rows = [
                (labels, block.t_ms, numbers)
                for block in blocks
                for labels, numbers in zip(block.series, block.values, strict=True)
            ]
        case _:
            raise AssertionError(value)
    return {"resultType": "matrix", "result": [_series(*row) for row in rows]}


def _series(labels: Labels, t_ms: Any, values: Any) -> dict[str, Any]:
    points = [[t / 1000, repr(v)] for t, v in zip(t_ms.tolist(), values.tolist(), strict=True)]
    return {"metric": dict(labels), "values": points}


def real_store() -> Any:
    """A store on disk, in a folder that goes with it."""
    from jipyo.tsdb import Options as StoreOptions  # noqa: PLC0415
    from jipyo.tsdb import Store  # noqa: PLC0415

    folder = tempfile.TemporaryDirectory(prefix="jipyo-conformance-")

    class Temporary(Store):
        def close(self) -> None:
            super().close()
            folder.cleanup()

    # The scripts' samples lie anywhere from 1970 on and come in any order.
    options = StoreOptions(retention_ms=None, out_of_order_ms=None, durable=False)
    return Temporary.open(Path(folder.name), options, now_ms=lambda: 1 << 48)


def memory_store() -> Any:
    from support.memory import MemoryStore  # noqa: PLC0415

    return MemoryStore()


def runner_of(suite: Path) -> ModuleType:
    """The runner that stands beside the scripts."""
    spec = importlib.util.spec_from_file_location("promqltest", suite / "promqltest.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["promqltest"] = module
    spec.loader.exec_module(module)
    return module


def run(suite: Path, files: str, new_store: Callable[[], Any]) -> tuple[ModuleType, list[Any]]:
    """Every case of the scripts, on our engine."""
    runner = runner_of(suite)
    runner.set_era("3.16")
    scripts = {
        name: runner.tag_script(runner.parse_script(text, name))
        for name, text in sorted(runner.read_suite(str(suite / "testdata"), files).items())
    }
    adapter = Adapter(new_store, runner.QueryError)
    run_one = runner.Runner(adapter, {"native"})
    results = [
        result for name, cases in scripts.items() for result in run_one.run_script(name, cases)
    ]
    adapter.close()
    return runner, results


def key(result: Any) -> str:
    return f"{result.file}:{result.line}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print the table, compare with the list of what must pass."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("suite", nargs="?", default=os.environ.get(SUITE_VARIABLE, ""))
    parser.add_argument("--files", default="*", help="only scripts whose name matches")
    parser.add_argument("--store", choices=["tsdb", "memory"], default="tsdb")
    parser.add_argument("--record", action="store_true", help="write down what passes now")
    parser.add_argument("-v", action="count", default=0, help="failures; -vv remarks too")
    options = parser.parse_args(arguments)
    if not options.suite:
        print(f"conformance: skipped, neither SUITE nor {SUITE_VARIABLE} names a folder")
        return 0
    suite = Path(options.suite)
    if not (suite / "promqltest.py").is_file():
        print(f"conformance: {suite / 'promqltest.py'} does not exist")
        return 2
    new_store = real_store if options.store == "tsdb" else memory_store
    runner, results = run(suite, options.files, new_store)
    report(runner, results, options.v)
    passed = {key(result) for result in results if result.status == "pass"}
    if options.record:
        EXPECTED.write_text("".join(f"{case}\n" for case in sorted(passed, key=_order)))
        return 0
    ran = {key(result) for result in results}
    lost = [case for case in EXPECTED.read_text().split() if case in ran and case not in passed]
    for case in lost:
        print(f"LOST {case}")
    return 1 if lost else 0


def _order(place: str) -> tuple[str, int]:
    name, line = place.rsplit(":", 1)
    return name, int(line)


def report(runner: ModuleType, results: Sequence[Any], verbose: int) -> None:
    for result in results:
        if (result.status == "fail" and verbose) or (
            result.why and verbose > 1 and result.status != "skip"
        ):
            print(f"{result.status.upper()} {key(result)} {result.expr}\n     {result.why}")
    runner.summarise(results)
    native = {"native"}
    stable = [r for r in results if not set(r.tags) & (runner.EXPERIMENTAL_TAGS | native)]
    floats = [r for r in results if "native" not in r.tags]
    for what, cases in (("stable float", stable), ("float", floats)):
        print(f"{what}: {sum(r.status == 'pass' for r in cases)} of {len(cases)}")


if __name__ == "__main__":
    sys.exit(main())
