"""Network: interfaces, protocols, sockets."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from jipyo.collect.host.files import (
    IsExcluded,
    Paths,
    exclude_nothing,
    read_number,
    read_text,
    read_value,
)
from jipyo.collect.members import read_members
from jipyo.model.family import Row, counter, gauge, single
from jipyo.model.sample import MetricType

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jipyo.model.family import Family

_DEVICE = ("device",)
_RECEIVE = ("bytes", "packets", "errs", "drop", "fifo", "frame", "compressed", "multicast")
_TRANSMIT = ("bytes", "packets", "errs", "drop", "fifo", "colls", "carrier", "compressed")
_COLUMNS = [
    *((f"receive_{name}", column) for column, name in enumerate(_RECEIVE)),
    *((f"transmit_{name}", column) for column, name in enumerate(_TRANSMIT, len(_RECEIVE))),
]


def collect_devices(
    paths: Paths, t_ms: int, is_excluded: IsExcluded = exclude_nothing
) -> Iterator[Family]:
    """Bytes, packets and errors by interface (`/proc/net/dev`)."""
    lines = read_text(f"{paths.proc}/net/dev").splitlines()[2:]
    devices = (device for _, device in read_members(lines, _parse_device, paths.skip))
    counts = {name: numbers for name, numbers in devices if not is_excluded(name)}
    for name, column in _COLUMNS:
        rows = [((device,), numbers[column]) for device, numbers in counts.items()]
        text = f"Network device statistic {name}."
        yield counter(f"node_network_{name}_total", text, _DEVICE, rows)
    unhandled = _read_numbers(paths, "statistics/rx_nohandler", counts)
    text = "Network device statistic receive_nohandler."
    yield counter("node_network_receive_nohandler_total", text, _DEVICE, unhandled)


def _parse_device(line: str) -> tuple[str, list[float]]:
    """The name of an interface and its counts.

    Raises:
        ValueError: there are not as many as every kernel has.
    """
    name, _, rest = line.rpartition(":")
    numbers = [float(word) for word in rest.split()]
    if len(numbers) < len(_COLUMNS):
        raise ValueError(line)
    return name.strip(), numbers


_CLASS = (
    ("addr_assign_type", "address_assign_type", MetricType.GAUGE, 1.0),
    ("carrier", "carrier", MetricType.GAUGE, 1.0),
    ("carrier_changes", "carrier_changes_total", MetricType.COUNTER, 1.0),
    ("carrier_down_count", "carrier_down_changes_total", MetricType.COUNTER, 1.0),
    ("carrier_up_count", "carrier_up_changes_total", MetricType.COUNTER, 1.0),
    ("dev_id", "device_id", MetricType.GAUGE, 1.0),
    ("dormant", "dormant", MetricType.GAUGE, 1.0),
    ("flags", "flags", MetricType.GAUGE, 1.0),
    ("ifindex", "iface_id", MetricType.GAUGE, 1.0),
    ("iflink", "iface_link", MetricType.GAUGE, 1.0),
    ("link_mode", "iface_link_mode", MetricType.GAUGE, 1.0),
    ("mtu", "mtu_bytes", MetricType.GAUGE, 1.0),
    ("name_assign_type", "name_assign_type", MetricType.GAUGE, 1.0),
    ("netdev_group", "net_dev_group", MetricType.GAUGE, 1.0),
    ("speed", "speed_bytes", MetricType.GAUGE, 125_000.0),  # megabits to bytes
    ("tx_queue_len", "transmit_queue_length", MetricType.GAUGE, 1.0),
    ("type", "protocol_type", MetricType.GAUGE, 1.0),
)
_STACKED_TYPES = {
    ("DEVTYPE", kind)
    for kind in ("bond", "bridge", "vlan", "vxlan", "geneve", "gre", "wireguard", "macvlan", "team")
}
_INFO = ("address", "broadcast", "duplex", "ifalias", "operstate")


def collect_interfaces(
    paths: Paths, t_ms: int, is_excluded: IsExcluded = exclude_nothing
) -> Iterator[Family]:
    """The properties of every interface in `/sys/class/net`."""
    try:
        with os.scandir(f"{paths.sys}/class/net") as entries:
            folders = [entry.name for entry in entries if entry.is_dir()]
        names = sorted(name for name in folders if not is_excluded(name))
    except FileNotFoundError:
        names = []
    for file, metric, kind, scale in _CLASS:
        rows = [(labels, value * scale) for labels, value in _read_numbers(paths, file, names)]
        text = f"Network device property: {file}."
        make = counter if kind is MetricType.COUNTER else gauge
        yield make(f"node_network_{metric}", text, _DEVICE, rows)
    stacked: list[Row] = [((name,), float(_is_stacked(paths, name))) for name in names]
    text = "Whether the interface carries the traffic of others in this namespace."
    yield gauge("jipyo_network_stacked", text, _DEVICE, stacked)
    texts = {name: _read_texts(paths, name) for name in names}
    up = [((name,), float(values["operstate"] == "up")) for name, values in texts.items()]
    yield gauge("node_network_up", "Value is 1 if operstate is 'up', 0 otherwise.", _DEVICE, up)
    infos: list[Row] = [((name, *values.values()), 1.0) for name, values in texts.items()]
    text = "Non-numeric data of the interface, value is always 1."
    yield gauge("node_network_info", text, ("device", *_INFO, "adminstate"), infos)


def _is_stacked(paths: Paths, name: str) -> bool:
    """Whether the same bytes are counted at another interface, whatever this one is called.

    It has others below it (a bond, a VLAN, a bridge with ports), or a type that only ever
    passes on: the host's end of a tunnel too, but not a container's end of a veth.
    """
    base = f"{paths.sys}/class/net/{name}"
    lines = (read_value(f"{base}/uevent") or "").splitlines()
    if any(line.partition("=")[::2] in _STACKED_TYPES for line in lines):
        return True
    try:
        with os.scandir(base) as entries:
            return any(entry.name.startswith(("lower_", "tun_flags")) for entry in entries)
    except OSError:
        return False


def _read_texts(paths: Paths, name: str) -> dict[str, str]:
    """The labels of `node_network_info` for one interface."""
    base = f"{paths.sys}/class/net/{name}"
    texts = {file: read_value(f"{base}/{file}") or "" for file in _INFO}
    flags = read_number(f"{base}/flags")
    is_up = flags is not None and int(flags) & 1
    return {**texts, "adminstate": "" if flags is None else "up" if is_up else "down"}


def _read_numbers(paths: Paths, file: str, names: Iterable[str]) -> list[Row]:
    numbers = ((name, read_number(f"{paths.sys}/class/net/{name}/{file}")) for name in names)
    return [((name,), value) for name, value in numbers if value is not None]


_NETSTAT = {
    "Icmp": {"InErrors", "InMsgs", "OutMsgs"},
    "Icmp6": {"InErrors", "InMsgs", "OutMsgs"},
    "Ip": {"Forwarding"},
    "Ip6": {"InOctets", "OutOctets"},
    "IpExt": {"InOctets", "OutOctets"},
    "Tcp": {
        "ActiveOpens", "InSegs", "OutSegs", "OutRsts", "PassiveOpens", "RetransSegs",
        "CurrEstab", "InErrs",
    },
    "TcpExt": {
        "ListenDrops", "ListenOverflows", "SyncookiesSent", "SyncookiesRecv",
        "SyncookiesFailed", "TCPSynRetrans", "TCPTimeouts", "TCPOFOQueue", "TCPRcvQDrop",
    },
    "Udp": {
        "InDatagrams", "InErrors", "OutDatagrams", "NoPorts", "RcvbufErrors", "SndbufErrors",
    },
    "Udp6": {
        "InDatagrams", "InErrors", "OutDatagrams", "NoPorts", "RcvbufErrors", "SndbufErrors",
    },
    "UdpLite": {"InErrors"},
    "UdpLite6": {"InErrors"},
}  # fmt: skip
"""node_exporter's default `--collector.netstat.fields`."""


def collect_protocols(paths: Paths, t_ms: int) -> Iterator[Family]:
    """Protocol counters of `/proc/net/{netstat,snmp,snmp6}`, node_exporter's selection."""
    counts = (
        count for count in _read_protocol_counts(paths) if count[1] in _NETSTAT.get(count[0], ())
    )
    for (protocol, name, _), value in read_members(counts, lambda c: float(c[2]), paths.skip):
        metric = f"node_netstat_{protocol}_{name}"
        yield single(MetricType.UNKNOWN, metric, f"Statistic {protocol}{name}.", value)


def _read_protocol_counts(paths: Paths) -> Iterator[tuple[str, str, str]]:
    for file in ("netstat", "snmp"):
        lines = read_text(f"{paths.proc}/net/{file}").splitlines()
        for names, values in zip(lines[::2], lines[1::2], strict=False):
            protocol, _, columns = names.partition(":")
            for name, value in zip(columns.split(), values.split()[1:], strict=False):
                yield protocol, name, value
    for line in (read_value(f"{paths.proc}/net/snmp6") or "").splitlines():
        name, _, value = line.partition(" ")
        protocol, six, rest = name.partition("6")
        yield protocol + six, rest.strip(), value


def collect_sockets(paths: Paths, t_ms: int) -> Iterator[Family]:
    """Sockets in use by protocol (`/proc/net/sockstat` and `sockstat6`)."""
    page_size = os.sysconf("SC_PAGESIZE")
    for file in ("sockstat", "sockstat6"):
        lines = (read_value(f"{paths.proc}/net/{file}") or "").splitlines()
        for _, (protocol, values) in read_members(lines, _parse_sockets, paths.skip):
            if "mem" in values:
                values["mem_bytes"] = values["mem"] * page_size
            for name, value in values.items():
                metric = f"node_sockstat_{protocol}_{name}"
                text = f"Number of {protocol} sockets in state {name}."
                yield single(MetricType.GAUGE, metric, text, value)


def _parse_sockets(line: str) -> tuple[str, dict[str, float]]:
    protocol, _, rest = line.partition(":")
    words = rest.split()
    return protocol, dict(zip(words[::2], map(float, words[1::2]), strict=True))


def collect_udp_queues(paths: Paths, t_ms: int) -> Iterator[Family]:
    """Bytes waiting in UDP sockets (`/proc/net/udp` and `udp6`)."""
    rows: list[Row] = []
    for ip, file in (("v4", "udp"), ("v6", "udp6")):
        text = read_value(f"{paths.proc}/net/{file}")
        if text is None:
            continue
        # The fifth word is tx_queue:rx_queue, both in hex.
        sockets = read_members(
            text.splitlines()[1:],
            lambda line: [float(int(word, 16)) for word in line.split()[4].split(":", 1)],
            paths.skip,
        )
        pairs = [pair for _, pair in sockets if len(pair) == 2]
        rows += [
            ((queue, ip), sum((pair[column] for pair in pairs), 0.0))
            for column, queue in enumerate(("tx", "rx"))
        ]
    text = "Number of allocated memory in the kernel for UDP datagrams in bytes."
    yield gauge("node_udp_queues", text, ("queue", "ip"), rows)


_SOFTNET = (
    (0, "processed_total", "Number of processed packets"),
    (1, "dropped_total", "Number of dropped packets"),
    (2, "times_squeezed_total", "Number of times processing packets ran out of quota"),
    (8, "cpu_collision_total", "Number of collisions while obtaining a device lock"),
    (9, "received_rps_total", "Number of times the cpu was woken up by received_rps"),
    (10, "flow_limit_count_total", "Number of times the flow limit has been reached"),
    (11, "backlog_len", "Softnet backlog status"),
)


def collect_softnet(paths: Paths, t_ms: int) -> Iterator[Family]:
    """Packets handled by each CPU's soft interrupt."""
    lines = read_text(f"{paths.proc}/net/softnet_stat").splitlines()
    parsed = read_members(
        enumerate(lines),
        lambda numbered: [float(int(word, 16)) for word in numbered[1].split()],
        paths.skip,
    )
    cpus = [(cpu, counts) for (cpu, _), counts in parsed]
    for column, name, text in _SOFTNET:
        rows: list[Row] = [
            ((str(cpu),), counts[column]) for cpu, counts in cpus if column < len(counts)
        ]
        make = counter if name.endswith("_total") else gauge
        yield make(f"node_softnet_{name}", text, ("cpu",), rows)


def collect_arp(
    paths: Paths, t_ms: int, is_excluded: IsExcluded = exclude_nothing
) -> Iterator[Family]:
    """ARP entries by interface."""
    entries: dict[str, int] = {}
    for line in read_text(f"{paths.proc}/net/arp").splitlines()[1:]:
        device = line.rpartition(" ")[2]
        if not is_excluded(device):
            entries[device] = entries.get(device, 0) + 1
    rows = [((device,), float(count)) for device, count in entries.items()]
    yield gauge("node_arp_entries", "ARP entries by device", _DEVICE, rows)


def collect_tracked_connections(paths: Paths, t_ms: int) -> Iterator[Family]:
    """Entries of the connection tracking table and its limit, where it is loaded."""
    base = f"{paths.proc}/sys/net/netfilter/nf_conntrack"
    for file, name, text in (
        ("count", "entries", "Number of currently allocated flow entries for tracking."),
        ("max", "entries_limit", "Maximum size of connection tracking table."),
    ):
        value = read_number(f"{base}_{file}")
        if value is not None:
            yield single(MetricType.GAUGE, f"node_nf_conntrack_{name}", text, value)
