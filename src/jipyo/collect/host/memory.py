"""Memory and paging."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.collect.host.files import Paths, read_text
from jipyo.model.family import single
from jipyo.model.sample import MetricType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.model.family import Family

_PARENTHESES = str.maketrans({"(": "_", ")": None})


def collect_meminfo(paths: Paths, t_ms: int) -> Iterator[Family]:
    """Every line of `/proc/meminfo`, kB turned into bytes."""
    for line in read_text(f"{paths.proc}/meminfo").splitlines():
        name, _, rest = line.partition(":")
        words = rest.split()
        field = name.translate(_PARENTHESES)
        in_kib = len(words) > 1
        field = f"{field}_bytes" if in_kib else field
        value = float(words[0]) * (1024 if in_kib else 1)
        text = f"Memory information field {field}."
        yield single(MetricType.GAUGE, f"node_memory_{field}", text, value)


def collect_vmstat(paths: Paths, t_ms: int) -> Iterator[Family]:
    """node_exporter's default selection: `^(oom_kill|pgpg|pswp|pg.*fault).*`."""
    for line in read_text(f"{paths.proc}/vmstat").splitlines():
        name, _, value = line.partition(" ")
        if name.startswith(("oom_kill", "pgpg", "pswp")) or (
            name.startswith("pg") and "fault" in name
        ):
            text = f"/proc/vmstat information field {name}."
            yield single(MetricType.UNKNOWN, f"node_vmstat_{name}", text, float(value))
