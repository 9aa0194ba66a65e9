"""Redis and Valkey under the names of redis_exporter."""

from __future__ import annotations

import contextlib
import math
import re
from typing import TYPE_CHECKING, Any

from jipyo.collect.database.options import Address, DatabaseOptions, read_password
from jipyo.collect.database.session import (
    DatabaseErrors,
    DatabaseKind,
    PartUnavailable,
    Queries,
)
from jipyo.collect.database.tables import to_number
from jipyo.model.family import (
    Family,
    FamilySample,
    Row,
    counter,
    gauge,
    info,
    intern_labels,
    single,
)
from jipyo.model.sample import MetricType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_C, _G = MetricType.COUNTER, MetricType.GAUGE

_GAUGES = {
    "uptime_in_seconds": "uptime_in_seconds",
    "process_id": "process_id",
    "io_threads_active": "io_threads_active",
    "connected_clients": "connected_clients",
    "blocked_clients": "blocked_clients",
    "tracking_clients": "tracking_clients",
    "clients_in_timeout_table": "clients_in_timeout_table",
    "cluster_connections": "cluster_connections",
    "pubsub_clients": "pubsub_clients",
    "watching_clients": "watching_clients",
    "client_recent_max_input_buffer": "client_recent_max_input_buffer_bytes",
    "client_recent_max_output_buffer": "client_recent_max_output_buffer_bytes",
    "allocator_active": "allocator_active_bytes",
    "allocator_allocated": "allocator_allocated_bytes",
    "allocator_resident": "allocator_resident_bytes",
    "allocator_frag_ratio": "allocator_frag_ratio",
    "allocator_frag_bytes": "allocator_frag_bytes",
    "allocator_rss_ratio": "allocator_rss_ratio",
    "allocator_rss_bytes": "allocator_rss_bytes",
    "used_memory": "memory_used_bytes",
    "used_memory_rss": "memory_used_rss_bytes",
    "used_memory_peak": "memory_used_peak_bytes",
    "used_memory_lua": "memory_used_lua_bytes",
    "used_memory_vm_eval": "memory_used_vm_eval_bytes",
    "used_memory_scripts_eval": "memory_used_scripts_eval_bytes",
    "used_memory_overhead": "memory_used_overhead_bytes",
    "used_memory_startup": "memory_used_startup_bytes",
    "used_memory_dataset": "memory_used_dataset_bytes",
    "used_memory_scripts": "memory_used_scripts_bytes",
    "used_memory_functions": "memory_used_functions_bytes",
    "used_memory_vm_functions": "memory_used_vm_functions_bytes",
    "used_memory_vm_total": "memory_used_vm_total",
    "number_of_cached_scripts": "number_of_cached_scripts",
    "number_of_functions": "number_of_functions",
    "number_of_libraries": "number_of_libraries",
    "maxmemory": "memory_max_bytes",
    "mem_fragmentation_ratio": "mem_fragmentation_ratio",
    "mem_fragmentation_bytes": "mem_fragmentation_bytes",
    "mem_clients_slaves": "mem_clients_slaves",
    "mem_clients_normal": "mem_clients_normal",
    "mem_cluster_links": "mem_cluster_links_bytes",
    "mem_aof_buffer": "mem_aof_buffer_bytes",
    "mem_replication_backlog": "mem_replication_backlog_bytes",
    "mem_total_replication_buffers": "mem_total_replication_buffers_bytes",
    "mem_not_counted_for_evict": "mem_not_counted_for_eviction_bytes",
    "active_defrag_running": "active_defrag_running",
    "lazyfree_pending_objects": "lazyfree_pending_objects",
    "migrate_cached_sockets": "migrate_cached_sockets_total",
    "active_defrag_hits": "defrag_hits",
    "active_defrag_misses": "defrag_misses",
    "active_defrag_key_hits": "defrag_key_hits",
    "active_defrag_key_misses": "defrag_key_misses",
    "expired_stale_perc": "expired_stale_percentage",
    "expired_time_cap_reached_count": "expired_time_cap_reached_total",
    "loading": "loading_dump_file",
    "async_loading": "async_loading",
    "rdb_changes_since_last_save": "rdb_changes_since_last_save",
    "rdb_bgsave_in_progress": "rdb_bgsave_in_progress",
    "rdb_last_save_time": "rdb_last_save_timestamp_seconds",
    "rdb_last_bgsave_status": "rdb_last_bgsave_status",
    "rdb_last_bgsave_time_sec": "rdb_last_bgsave_duration_sec",
    "rdb_current_bgsave_time_sec": "rdb_current_bgsave_duration_sec",
    "rdb_last_cow_size": "rdb_last_cow_size_bytes",
    "aof_enabled": "aof_enabled",
    "aof_rewrite_in_progress": "aof_rewrite_in_progress",
    "aof_rewrite_scheduled": "aof_rewrite_scheduled",
    "aof_last_rewrite_time_sec": "aof_last_rewrite_duration_sec",
    "aof_current_rewrite_time_sec": "aof_current_rewrite_duration_sec",
    "aof_last_cow_size": "aof_last_cow_size_bytes",
    "aof_current_size": "aof_current_size_bytes",
    "aof_base_size": "aof_base_size_bytes",
    "aof_pending_rewrite": "aof_pending_rewrite",
    "aof_buffer_length": "aof_buffer_length",
    "aof_rewrite_buffer_length": "aof_rewrite_buffer_length",
    "aof_pending_bio_fsync": "aof_pending_bio_fsync",
    "aof_delayed_fsync": "aof_delayed_fsync",
    "aof_last_bgrewrite_status": "aof_last_bgrewrite_status",
    "aof_last_write_status": "aof_last_write_status",
    "module_fork_in_progress": "module_fork_in_progress",
    "module_fork_last_cow_size": "module_fork_last_cow_size",
    "pubsub_channels": "pubsub_channels",
    "pubsub_patterns": "pubsub_patterns",
    "pubsubshard_channels": "pubsubshard_channels",
    "slave_expires_tracked_keys": "slave_expires_tracked_keys",
    "tracking_total_keys": "tracking_total_keys",
    "tracking_total_items": "tracking_total_items",
    "tracking_total_prefixes": "tracking_total_prefixes",
    "connected_slaves": "connected_slaves",
    "repl_backlog_active": "repl_backlog_is_active",
    "repl_backlog_size": "replication_backlog_bytes",
    "repl_backlog_first_byte_offset": "repl_backlog_first_byte_offset",
    "repl_backlog_histlen": "repl_backlog_history_bytes",
    "master_repl_offset": "master_repl_offset",
    "second_repl_offset": "second_repl_offset",
    "sync_full": "replica_resyncs_full",
    "sync_partial_ok": "replica_partial_resync_accepted",
    "sync_partial_err": "replica_partial_resync_denied",
    "cluster_enabled": "cluster_enabled",
}
"""Fields of INFO and what redis_exporter calls them."""
_COUNTERS = {
    "total_connections_received": "connections_received_total",
    "total_commands_processed": "commands_processed_total",
    "rejected_connections": "rejected_connections_total",
    "total_net_input_bytes": "net_input_bytes_total",
    "total_net_output_bytes": "net_output_bytes_total",
    "expired_keys": "expired_keys_total",
    "evicted_keys": "evicted_keys_total",
    "evicted_clients": "evicted_clients_total",
    "keyspace_hits": "keyspace_hits_total",
    "keyspace_misses": "keyspace_misses_total",
    "used_cpu_sys": "cpu_sys_seconds_total",
    "used_cpu_user": "cpu_user_seconds_total",
    "used_cpu_sys_children": "cpu_sys_children_seconds_total",
    "used_cpu_user_children": "cpu_user_children_seconds_total",
    "used_cpu_sys_main_thread": "cpu_sys_main_thread_seconds_total",
    "used_cpu_user_main_thread": "cpu_user_main_thread_seconds_total",
    "unexpected_error_replies": "unexpected_error_replies",
    "total_error_replies": "total_error_replies",
    "dump_payload_sanitizations": "dump_payload_sanitizations",
    "total_reads_processed": "total_reads_processed",
    "total_writes_processed": "total_writes_processed",
    "io_threaded_reads_processed": "io_threaded_reads_processed",
    "io_threaded_writes_processed": "io_threaded_writes_processed",
}
_REPLICA = {
    "master_link_status": "master_link_up",
    "master_last_io_seconds_ago": "master_last_io_seconds_ago",
    "master_sync_in_progress": "master_sync_in_progress",
    "slave_repl_offset": "slave_repl_offset",
    "slave_read_only": "slave_info_read_only",
    "slave_priority": "slave_priority",
}
_ABOUT = (
    "redis_version", "redis_build_id", "redis_mode", "os", "role", "run_id", "tcp_port",
    "process_id", "maxmemory_policy",
)  # fmt: skip
_CONFIG = ("maxclients", "maxmemory", "io-threads")
_WORDS = {"ok": "1", "up": "1", "err": "0", "fail": "0", "down": "0"}
_COMMANDS = (
    ("calls", "commands_total", "Calls of a command.", 1.0),
    ("usec", "commands_duration_seconds_total", "Time spent in a command, in seconds.", 1e-6),
    ("rejected_calls", "commands_rejected_calls_total", "Calls refused before they ran.", 1.0),
    ("failed_calls", "commands_failed_calls_total", "Calls that failed.", 1.0),
)
_PERCENTILES = "latency_percentiles_usec_"
_LATENCY = "redis_latency_percentiles_usec"


def _connect(redis: Any, options: DatabaseOptions, address: Address, errors: DatabaseErrors) -> Any:
    del address  # the driver takes the URL as it is
    arguments: dict[str, Any] = {
        "decode_responses": True,
        "encoding_errors": "replace",
        "protocol": 2,
        "client_name": "jipyo",
        "socket_connect_timeout": options.connect_timeout_s,
        "socket_timeout": options.statement_timeout_s,
        "retry": redis.retry.Retry(redis.backoff.NoBackoff(), 0),
    }
    password = read_password(options)
    if password is not None:
        arguments["password"] = password
    url = options.url
    if options.ca_file is not None:
        arguments["ssl_ca_certs"] = str(options.ca_file)
        url = re.sub("^redis:", "rediss:", url)
    connection = redis.ConnectionPool.from_url(url, **arguments).make_connection()
    try:
        connection.connect()
    except (redis.RedisError, OSError) as error:
        connection.disconnect()
        denied = isinstance(error, (redis.AuthenticationError, redis.ResponseError))
        raise errors.no_entry(error) if denied else errors.unreachable(error) from error
    return connection


class _RedisQueries(Queries):
    def parts(self) -> dict[str, Callable[[], Iterator[Family]]]:
        return {
            "info": self._read_info,
            "config": self._read_config,
            "slowlog": self._read_slowlog,
            "latency": self._read_latency,
        }

    def _send(self, *command: object) -> Any:
        """What the server answers.

        Raises:
            PartUnavailable: it refuses the command.
            CollectError: the connection was lost, or the server does not answer in time.
        """
        redis, errors = self._driver, self._errors
        with self.limit_statement():
            try:
                self._connection.send_command(*command)
                return self._connection.read_response()
            except redis.AuthenticationError as error:
                raise errors.no_entry(error) from error
            except redis.TimeoutError as error:
                raise errors.timeout(self._options.statement_timeout_s) from error
            except redis.ResponseError as error:
                if str(error).startswith("NOAUTH"):
                    raise errors.no_entry(error) from error
                raise PartUnavailable(error) from error
            except (redis.RedisError, OSError) as error:
                raise errors.lost(error) from error

    def _read_info(self) -> Iterator[Family]:
        databases = 0
        with contextlib.suppress(PartUnavailable):  # some providers forbid CONFIG
            databases = int(self._fetch_setting("databases"))
        return build_info_families(parse_info(str(self._send("INFO", "all"))), databases)

    def _read_config(self) -> Iterator[Family]:
        for name in _CONFIG:
            value = self._fetch_setting(name)
            metric = f"redis_config_{name.replace('-', '_')}"
            yield single(_G, metric, f"The setting {name}.", value)

    def _fetch_setting(self, name: str) -> float:
        """A setting; 0 where this version does not know it."""
        answer = self._send("CONFIG", "GET", name)
        return to_number(answer[1]) if len(answer) > 1 else 0.0

    def _read_slowlog(self) -> Iterator[Family]:
        length = to_number(self._send("SLOWLOG", "LEN"))
        yield single(_G, "redis_slowlog_length", "Entries of the slow log.", length)
        last = self._send("SLOWLOG", "GET", 1)
        number_of, took_us = (last[0][0], last[0][2]) if last else (0, 0)
        text = "Number of the newest entry of the slow log."
        yield single(_G, "redis_slowlog_last_id", text, float(number_of))
        text = "How long the newest entry of the slow log took."
        name = "redis_last_slow_execution_duration_seconds"
        yield single(_G, name, text, float(took_us) / 1e6)

    def _read_latency(self) -> Iterator[Family]:
        spikes = self._send("LATENCY", "LATEST")
        when: list[Row] = [((spike[0],), float(spike[1])) for spike in spikes]
        took: list[Row] = [((spike[0],), float(spike[2]) / 1000) for spike in spikes]
        names = ("event_name",)
        yield gauge("redis_latency_spike_last", "When a latency spike last was.", names, when)
        text = "How long the last latency spike was, in seconds."
        yield gauge("redis_latency_spike_duration_seconds", text, names, took)


def parse_info(text: str) -> dict[str, str]:
    """The lines `name:value` of INFO as a dictionary."""
    lines = (line.partition(":") for line in text.splitlines() if not line.startswith("#"))
    return {name: value.strip() for name, colon, value in lines if colon}


def build_info_families(fields: Mapping[str, str], databases: int = 0) -> Iterator[Family]:
    """INFO as redis_exporter's families; INFO omits those of the `databases` that are empty."""
    names = {name: fields.get(name, "") for name in _ABOUT}
    yield info("redis_instance_info", "The server.", names)
    yield from _build_plain_families(fields, _GAUGES, _G)
    yield from _build_plain_families(fields, _COUNTERS, _C)
    if "uptime_in_seconds" in fields:
        now = to_number(fields.get("server_time_usec")) / 1e6
        start = now - to_number(fields["uptime_in_seconds"])
        if not math.isnan(start):
            text = "When the server was started."
            yield single(_G, "redis_start_time_seconds", text, float(int(start)))
    if "latest_fork_usec" in fields:
        text = "How long the last fork took."
        seconds = to_number(fields["latest_fork_usec"]) / 1e6
        yield single(_G, "redis_latest_fork_seconds", text, seconds)
    yield from _build_keyspace_families(fields, databases)
    yield from _build_command_families(fields)
    yield from _build_percentiles_family(fields)
    yield from _build_replication_families(fields)
    errors: list[Row] = [
        ((name.removeprefix("errorstat_"),), to_number(_parse_pairs(value).get("count")))
        for name, value in fields.items()
        if name.startswith("errorstat_")
    ]
    yield counter("redis_errors_total", "Errors answered, by kind.", ("err",), errors)


def _build_plain_families(
    fields: Mapping[str, str], table: Mapping[str, str], kind: MetricType
) -> Iterator[Family]:
    for name, metric in table.items():
        if name in fields:
            value = to_number(_WORDS.get(fields[name], fields[name]))
            if not math.isnan(value):
                yield single(kind, f"redis_{metric}", f"The field {name} of INFO.", value)


def _parse_pairs(text: str) -> dict[str, str]:
    """`calls=2,usec=5` as a dictionary."""
    return {name: value for name, _, value in (pair.partition("=") for pair in text.split(","))}


def _build_keyspace_families(fields: Mapping[str, str], count: int) -> Iterator[Family]:
    databases = {f"db{index}": {"keys": "0", "expires": "0"} for index in range(count)}
    databases |= {
        name: _parse_pairs(text) for name, text in fields.items() if re.fullmatch(r"db\d+", name)
    }
    for key, metric, text, scale in (
        ("keys", "redis_db_keys", "Keys of a database.", 1.0),
        ("expires", "redis_db_keys_expiring", "Keys of a database that expire.", 1.0),
        ("avg_ttl", "redis_db_avg_ttl_seconds", "Mean time to live, in seconds.", 1e-3),
    ):
        rows: list[Row] = [
            ((name,), to_number(stats[key]) * scale)
            for name, stats in databases.items()
            if key in stats
        ]
        yield gauge(metric, text, ("db",), rows)


def _build_command_families(fields: Mapping[str, str]) -> Iterator[Family]:
    prefix = "cmdstat_"
    stats = {
        name.removeprefix(prefix): _parse_pairs(text)
        for name, text in fields.items()
        if name.startswith(prefix)
    }
    for key, metric, text, scale in _COMMANDS:
        rows: list[Row] = [
            ((command,), to_number(values[key]) * scale)
            for command, values in stats.items()
            if key in values
        ]
        yield counter(f"redis_{metric}", text, ("cmd",), rows)


def _build_percentiles_family(fields: Mapping[str, str]) -> Iterator[Family]:
    """Percentiles since the start, which cannot be added up; sums and counts can."""
    samples = [
        sample
        for name, text in fields.items()
        if name.startswith(_PERCENTILES)
        for sample in _read_percentiles(name.removeprefix(_PERCENTILES), text, fields)
    ]
    text = "Percentiles of the time a command takes, in microseconds, since the start."
    yield Family(_LATENCY, MetricType.SUMMARY, text, tuple(samples))


def _read_percentiles(command: str, text: str, fields: Mapping[str, str]) -> Iterator[FamilySample]:
    for quantile, value in _parse_pairs(text).items():
        key = (command, str(float(quantile.removeprefix("p"))))
        labels = intern_labels(_LATENCY, ("cmd", "quantile"), key)
        yield FamilySample(labels, to_number(value))
    stats = _parse_pairs(fields.get(f"cmdstat_{command}", ""))
    for suffix, field in (("_sum", "usec"), ("_count", "calls")):
        if field in stats:
            labels = intern_labels(_LATENCY + suffix, ("cmd",), (command,))
            yield FamilySample(labels, to_number(stats[field]))


def _build_replication_families(fields: Mapping[str, str]) -> Iterator[Family]:
    if fields.get("role") == "slave":
        names = ("master_host", "master_port")
        key = tuple(fields.get(name, "") for name in names)
        for name, metric in _REPLICA.items():
            value = to_number(_WORDS.get(fields.get(name, ""), fields.get(name)))
            if not math.isnan(value):
                text = f"The field {name} of INFO."
                yield gauge(f"redis_{metric}", text, names, [(key, value)])
    replicas = [
        _parse_pairs(text) for name, text in fields.items() if re.fullmatch(r"slave\d+", name)
    ]
    keys = ("ip", "port", "state")
    labels = tuple(f"slave_{key}" for key in keys)
    for field, metric, text in (
        ("offset", "redis_connected_slave_offset_bytes", "What a replica has taken, in bytes."),
        ("lag", "redis_connected_slave_lag_seconds", "How long a replica has been silent."),
    ):
        rows: list[Row] = [
            (
                tuple(replica.get(key, "") for key in ("ip", "port", "state")),
                to_number(replica[field]),
            )
            for replica in replicas
            if field in replica
        ]
        yield gauge(metric, text, labels, rows)


REDIS = DatabaseKind(
    name="redis",
    port=6379,
    schemes=("redis", "rediss", "unix"),
    module="redis",
    package="redis",
    entry_hint="database.no_entry.redis.hint",
    up="redis_up",
    success="jipyo_redis_collector_success",
    connect=_connect,
    disconnect=lambda connection: connection.disconnect(),
    find_fileno=lambda connection: connection._sock.fileno(),  # noqa: SLF001 - nothing public
    queries=_RedisQueries,
)
