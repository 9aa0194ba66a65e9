"""/proc and /sys, which hold what processes, drivers and containers wrote there."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

import pytest

from collect.helpers import FIXTURES
from fuzz.driver import Surface, assert_short_form
from jipyo.collect.host import HostOptions, Paths, build_parts
from jipyo.collect.process import read

WORDS = (
    b"\n", b" ", b"\t", b":", b"kB", b"cpu0", b"cpu", b"/", b"\\040", b"0", b"-1",
    b"18446744073709551615",
    b"nan", b"inf", b"some avg10=", b"full ", b"eth0:", b"TcpExt:", b"max", b"(", b")", b"\x00",
)  # fmt: skip
STAT = b"42 (x) S 1 1 1 0 -1 4194304 11 0 3 0 250 50 0 0 20 0 7 0 1000 1048576 10 184467 1 1\n"
TREE = FIXTURES / "host"
FILES = sorted(
    path.relative_to(TREE)
    for top in ("proc", "sys")
    for path in (TREE / top).rglob("*")
    if path.is_file() and not path.is_symlink()
)


def collect_with(number: int, body: bytes) -> None:
    """Every part over a copy of a host of which one file is this."""
    folder = Path(tempfile.gettempdir()) / f"jipyo-fuzz-host-{os.getpid()}"
    if not folder.exists():
        shutil.copytree(TREE, folder, symlinks=True)
    file = folder / FILES[number % len(FILES)]
    kept = file.read_bytes()
    try:
        file.write_bytes(body)
        proc, sys, root = (str(folder / name) for name in ("proc", "sys", "root"))
        paths = Paths(proc=proc, sys=sys, root=root)
        for part in build_parts(HostOptions()).values():
            # One part may fail alone, which the collector reports; nothing else may come out.
            with contextlib.suppress(OSError, ValueError, LookupError, ArithmeticError):
                list(part(paths, 1_795_400_000_000))
    finally:
        file.write_bytes(kept)


def read_host(case: bytes) -> None:
    collect_with(case[0] if case else 0, case[1:])


SURFACES = [
    Surface(
        name="process-stat",
        feed=lambda body: read.parse_stat(body, 4096),
        seeds=(STAT, STAT.replace(b"(x)", b"(a) (b))"), STAT.replace(b"250", b"9" * 4000)),
        tokens=WORDS,
        errors=(ValueError, IndexError),
    ),
    Surface(
        name="process-number",
        feed=lambda body: read.find_number(body, b"\nPss:"),
        seeds=(b"Rss: 1\nPss: 12 kB\n",),
        tokens=WORDS,
        errors=(ValueError, IndexError),
    ),
    Surface(
        name="host",
        feed=read_host,
        seeds=tuple(bytes([n]) + (TREE / path).read_bytes() for n, path in enumerate(FILES[:256])),
        tokens=WORDS,
        base_s=1.0,
        s_per_byte=20e-6,
        cases=60,
    ),
]


@pytest.mark.parametrize("surface", SURFACES, ids=lambda surface: surface.name)
def test_a_file_is_read_or_fails_alone(surface: Surface) -> None:
    assert_short_form(surface)
