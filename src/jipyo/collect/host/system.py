"""The system as a whole: its name, its clock, its tables."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from jipyo.collect.host.files import Paths, read_number, read_text, read_value
from jipyo.model.family import gauge, info, single
from jipyo.model.sample import MetricType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.model.family import Family

_OS_LABELS = (
    "build_id", "id", "id_like", "image_id", "image_version", "name", "pretty_name",
    "variant", "variant_id", "version", "version_codename", "version_id",
)  # fmt: skip
_VERSION = re.compile(r"^[0-9]+\.?[0-9]*")
_QUOTED = re.compile(r"\\(.)")


def collect_clock(paths: Paths, t_ms: int) -> Iterator[Family]:
    """The wall clock (`t_ms`), and the kernel's clock sources."""
    text = "System time in seconds since epoch (1970)."
    yield single(MetricType.GAUGE, "node_time_seconds", text, t_ms / 1000)
    base = f"{paths.sys}/devices/system/clocksource/clocksource0"
    names = ("device", "clocksource")
    for file, metric in (
        ("available_clocksource", "node_time_clocksource_available_info"),
        ("current_clocksource", "node_time_clocksource_current_info"),
    ):
        rows = [(("0", source), 1.0) for source in (read_value(f"{base}/{file}") or "").split()]
        yield gauge(metric, "Clock sources of the kernel.", names, rows)


def collect_uname(paths: Paths, t_ms: int) -> Iterator[Family]:
    """The kernel's name and version, as `uname -a` prints them."""
    base = f"{paths.proc}/sys/kernel"
    machine = os.uname().machine
    labels = {
        "sysname": read_value(f"{base}/ostype") or "Linux",
        "release": read_value(f"{base}/osrelease") or "",
        "version": read_value(f"{base}/version") or "",
        "machine": read_value(f"{base}/arch") or machine,
        "nodename": read_value(f"{base}/hostname") or "",
        "domainname": read_value(f"{base}/domainname") or "",
    }
    yield info("node_uname_info", "Labeled system information of the uname call.", labels)


def collect_os_release(paths: Paths, t_ms: int) -> Iterator[Family]:
    """The distribution, from its `os-release` file."""
    fields = _read_os_release(paths)
    labels = {name: fields.get(name.upper(), "") for name in _OS_LABELS}
    yield info("node_os_info", "Fields of os-release.", labels)
    version = _VERSION.match(labels["version_id"])
    if version:
        names = ("id", "id_like", "name")
        values = tuple(labels[name] for name in names)
        text = "Metric containing the major.minor part of the OS version."
        yield gauge("node_os_version", text, names, [(values, float(version[0]))])


def _read_os_release(paths: Paths) -> dict[str, str]:
    root = paths.root.rstrip("/")
    for where in ("etc/os-release", "usr/lib/os-release"):
        text = read_value(f"{root}/{where}")
        if text is not None:
            break
    else:
        return {}
    pairs = (line.partition("=") for line in text.splitlines() if not line.startswith("#"))
    return {
        name.strip(): _QUOTED.sub(r"\1", value.strip().strip("\"'")) for name, _, value in pairs
    }


def collect_file_descriptors(paths: Paths, t_ms: int) -> Iterator[Family]:
    """Open files of the whole system and their limit."""
    allocated, _, maximum = read_text(f"{paths.proc}/sys/fs/file-nr").split()
    text = "File descriptor statistics: {}."
    for name, value in (("allocated", allocated), ("maximum", maximum)):
        yield single(MetricType.GAUGE, f"node_filefd_{name}", text.format(name), float(value))


def collect_entropy(paths: Paths, t_ms: int) -> Iterator[Family]:
    """Bits in the kernel's pool of randomness."""
    base = f"{paths.proc}/sys/kernel/random"
    for file, metric, text in (
        ("entropy_avail", "node_entropy_available_bits", "Bits of available entropy."),
        ("poolsize", "node_entropy_pool_size_bits", "Bits of entropy pool."),
    ):
        value = read_number(f"{base}/{file}")
        if value is not None:
            yield single(MetricType.GAUGE, metric, text, value)


def collect_hung_tasks(paths: Paths, t_ms: int) -> Iterator[Family]:
    """Tasks that the kernel found hung, where it counts them (Linux 6.13)."""
    value = read_number(f"{paths.proc}/sys/kernel/hung_task_detect_count")
    if value is not None:
        text = "Total number of tasks that have been detected as hung since the system booted."
        yield single(MetricType.COUNTER, "node_kernel_hung_tasks_total", text, value)


def collect_selinux(paths: Paths, t_ms: int) -> Iterator[Family]:
    """Whether SELinux is enabled."""
    enabled = read_value(f"{paths.sys}/fs/selinux/enforce") is not None
    text = "SELinux is enabled, 1 is true, 0 is false"
    yield single(MetricType.GAUGE, "node_selinux_enabled", text, float(enabled))


def collect_temperatures(paths: Paths, t_ms: int) -> Iterator[Family]:
    """Thermal zones of the board."""
    base = f"{paths.sys}/class/thermal"
    try:
        with os.scandir(base) as entries:
            zones = sorted(x.name for x in entries if x.name.startswith("thermal_zone"))
    except FileNotFoundError:
        return
    rows = []
    for zone in zones:
        value = read_number(f"{base}/{zone}/temp")
        if value is not None:
            kind = read_value(f"{base}/{zone}/type") or ""
            rows.append(((zone.removeprefix("thermal_zone"), kind), value / 1000))
    text = "Zone temperature in Celsius"
    yield gauge("node_thermal_zone_temp", text, ("zone", "type"), rows)
