"""The driver of all fuzz tests: hostile bytes for a surface, and what a surface must keep.

A surface reads bytes that others wrote. Whatever they are, it returns a value or raises one
of its own errors, whose text can be shown in every language; it takes time linear in their
length, and memory in proportion. What breaks that is a finding: it is made as small as it can
be and written into `corpora/SURFACE/`, where the tests feed it again ever after.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import resource
import signal
import sys
import time
import traceback
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from fuzz.mutate import Mutator
from jipyo.i18n import LANGS, texts
from jipyo.model.errors import JipyoError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CORPORA = Path(__file__).parent / "corpora"
LINES = ".lines"
"""A file of a corpus whose every line is a case, backslashes escaped as in Python."""
_MIB = 1 << 20
_TRIES = 4
_MINIMISE_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """Something that reads bytes, and what it may cost."""

    name: str
    feed: Callable[[bytes], object]
    """Reads them; deterministic, so that a finding can be repeated."""
    corpus: str = ""
    """The folder of its cases; of its own name where it shares none."""
    seeds: tuple[bytes, ...] = ()
    """Beside the files of its corpus: what is built rather than written down."""
    tokens: tuple[bytes, ...] = ()
    """Words of its grammar, of which mutations are made."""
    generate: Callable[[Random], bytes] | None = None
    """Builds whole cases, where bytes alone would hardly get past the first check."""
    errors: tuple[type[Exception], ...] = (JipyoError,)
    """What it promises to raise."""
    most_bytes: int = 20_000
    cases: int = 600
    """In the short form."""
    base_s: float = 0.05
    s_per_byte: float = 5e-6
    hang_s: float = 20.0
    base_bytes: int = 32 * _MIB
    memory_per_byte: int = 2_000
    corpora: Path = CORPORA

    @property
    def folder(self) -> Path:
        """Where its cases are."""
        return self.corpora / (self.corpus or self.name)


@dataclass(frozen=True, slots=True)
class Finding:
    """A case that a surface does not read as it must."""

    surface: Surface
    case: bytes
    kind: str
    """What broke, the same for all cases of one mistake."""
    detail: str

    def __str__(self) -> str:
        return f"{self.surface.name}: {self.kind}\n{self.case[:400]!r}\n{self.detail}"


class HangError(BaseException):
    """A case takes so long that the run would stand still."""


def check(surface: Surface, case: bytes) -> Finding | None:
    """Feed a case; what is wrong with the answer, None where nothing is."""
    peak_kib = _reset_peak_kib()
    start = time.thread_time()
    broken = _feed(surface, case)
    spent_s = time.thread_time() - start
    if broken:
        return Finding(surface, case, *broken)
    bound_s = surface.base_s + surface.s_per_byte * len(case)
    if spent_s > bound_s and (spent_s := _measure_again(surface, case)) > bound_s:
        detail = f"{spent_s:.3f} s for {len(case):,} bytes; the bound is {bound_s:.3f} s"
        return Finding(surface, case, "too slow", detail)
    bound = surface.base_bytes + surface.memory_per_byte * len(case)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak_kib) * 1024
    if grown > bound and (grown := _measure_memory(surface, case)) > bound:
        detail = f"{grown / _MIB:,.0f} MiB for {len(case):,} bytes; bound {bound / _MIB:,.0f} MiB"
        return Finding(surface, case, "too much memory", detail)
    return None


def _feed(surface: Surface, case: bytes) -> tuple[str, str] | None:
    """Kind and detail of what a case breaks, time and memory apart."""
    try:
        with _limit_wall_time(surface.hang_s):
            surface.feed(case)
    except JipyoError as error:
        return _check_text(error) if isinstance(error, surface.errors) else _describe(error)
    except surface.errors:
        return None
    except HangError as error:
        return "hang", "".join(traceback.format_exception(error)[-8:])
    except Exception as error:  # noqa: BLE001 - any of them is a finding
        return _describe(error)
    return None


def _check_text(error: JipyoError) -> tuple[str, str] | None:
    """An error is read by people, in each language and in UTF-8."""
    try:
        for lang in LANGS:
            texts(lang).error(error).encode()
        f"{error}".encode()
    except Exception as broken:  # noqa: BLE001 - any of them is a finding
        return _describe(broken)
    return None


def _describe(error: BaseException) -> tuple[str, str]:
    """The type of an exception and the innermost line of the product that it passed."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "jipyo" in frame.filename] or frames
    place = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}"
    detail = "".join(traceback.format_exception(error, limit=-12))
    return f"{type(error).__name__} at {place}", detail[-4000:]


@contextlib.contextmanager
def _limit_wall_time(seconds: float) -> Iterator[None]:
    def interrupt(*_: object) -> None:
        raise HangError

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _measure_again(surface: Surface, case: bytes) -> float:
    """The least CPU time of several, without the collector of garbage."""
    spent: list[float] = []
    for _ in range(_TRIES):
        gc.collect()
        gc.disable()
        start = time.thread_time()
        _feed(surface, case)
        spent.append(time.thread_time() - start)
        gc.enable()
    return min(spent)


def _measure_memory(surface: Surface, case: bytes) -> int:
    """How far the peak lies above what is resident before."""
    gc.collect()
    before_kib = _reset_peak_kib()
    _feed(surface, case)
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib) * 1024


def _reset_peak_kib() -> int:
    """Set the peak of resident memory to what is resident now, and return it."""
    Path("/proc/self/clear_refs").write_text("5", "ascii")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@contextlib.contextmanager
def _untraced() -> Iterator[None]:
    """Without the tracer of coverage or a debugger, which multiplies the time of a case."""
    tracer = sys.gettrace()
    sys.settrace(None)
    try:
        yield
    finally:
        sys.settrace(tracer)


# ---------------------------------------------------------------------------------------- runs


def read_corpus(surface: Surface) -> dict[str, bytes]:
    """The cases of a corpus by the names of their files, or of their lines."""
    cases: dict[str, bytes] = {}
    for path in sorted(surface.folder.glob("*")):
        if path.suffix != LINES:
            cases[path.name] = path.read_bytes()
            continue
        for number, line in enumerate(path.read_bytes().splitlines(), 1):
            cases[f"{path.stem}:{number}"] = line.decode("unicode_escape").encode("latin-1")
    return cases


def run_corpus(surface: Surface) -> list[Finding]:
    """Feed every case of the corpus and every seed as it is."""
    cases = [*read_corpus(surface).values(), *surface.seeds]
    with _untraced():
        return [finding for case in cases if (finding := check(surface, case)) is not None]


@dataclass(slots=True)
class Run:
    """The outcome of a run."""

    cases: int
    seconds: float
    findings: list[Finding]


def run(surface: Surface, seed: int, seconds: float) -> Run:
    """Feed mutations for so many seconds; of each mistake the first case is kept."""
    findings: dict[str, Finding] = {}
    done, start = 0, time.monotonic()
    with _untraced():
        for case in iter_mutations(surface, seed):
            finding = check(surface, case)
            done += 1
            if finding is not None:
                findings.setdefault(finding.kind, finding)
            if time.monotonic() - start > seconds:
                break
    return Run(done, time.monotonic() - start, list(findings.values()))


def iter_mutations(surface: Surface, seed: int) -> Iterator[bytes]:
    """Case after case without end, for one seed always the same ones."""
    random = Random(seed)
    mutator = Mutator(
        (*read_corpus(surface).values(), *surface.seeds),
        surface.tokens,
        surface.generate,
        surface.most_bytes,
    )
    while True:
        yield mutator.build(random)


def assert_short_form(surface: Surface) -> None:
    """The corpus and some hundred mutations of it, the same ones every time."""
    findings = run_corpus(surface)
    assert not findings, f"{findings[0]}"
    with _untraced():
        for case in islice(iter_mutations(surface, seed=1), surface.cases):
            finding = check(surface, case)
            assert finding is None, f"{finding}"


# ------------------------------------------------------------------------------------ findings


def minimise(finding: Finding) -> Finding:
    """The smallest case found within seconds that breaks the same."""
    end = time.monotonic() + _MINIMISE_S
    best, size = finding, len(finding.case) // 2
    while size and time.monotonic() < end:
        at = 0
        while at < len(best.case) and time.monotonic() < end:
            shorter = best.case[:at] + best.case[at + size :]
            tried = check(finding.surface, shorter)
            if tried is not None and tried.kind == finding.kind:
                best = tried
            else:
                at += size
        size //= 2
    return best


def keep(finding: Finding) -> Path:
    """Write a finding into the corpus of its surface, where the tests meet it again."""
    path = finding.surface.folder / hashlib.sha256(finding.case).hexdigest()[:12]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(finding.case)
    return path
