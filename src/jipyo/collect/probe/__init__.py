"""Probes: an address is visited as a user would, under blackbox_exporter's names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.collect.probe.http import HttpProbe
from jipyo.collect.probe.options import ProbeOptions, check_options
from jipyo.collect.probe.tcp import TcpProbe
from jipyo.collect.target import Target, own_target
from jipyo.model.secret import redact_url

if TYPE_CHECKING:
    from jipyo.collect.protocols import Collector

__all__ = ["HttpProbe", "ProbeOptions", "TcpProbe", "probe_collector", "probe_target"]


def probe_collector(options: ProbeOptions) -> Collector:
    """The probe of an address.

    Raises:
        ConfigError: there is not exactly one address, it is none, or a pattern is not RE2.
    """
    check_options(options)
    return HttpProbe(options) if options.url else TcpProbe(options)


def probe_target(options: ProbeOptions) -> Target:
    """The probe of an address as a target of the loop; `up` shows that it was tried.

    Raises:
        ConfigError: there is not exactly one address, it is none, or a pattern is not RE2.
    """
    collector = probe_collector(options)
    address = redact_url(options.url) or options.tcp
    target = own_target(
        [collector],
        job=options.job,
        instance=options.instance or address,
        interval_ms=options.interval_ms,
    )
    return Target(target.labels, target.reader, target.interval_ms, address)
