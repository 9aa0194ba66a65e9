"""Redis and Valkey under the names of redis_exporter."""

from __future__ import annotations

import contextlib
import math
import re
from typing import TYPE_CHECKING, Any

from jipyo.collect.database.options import DatabaseOptions, address, password
from jipyo.collect.database.session import (
    Refused,
    load,
    number,
    one_line,
    read_parts,
    refused,
    successes,
)
from jipyo.model.errors import CollectError
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

    from jipyo.model.reading import ReadingNote

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


class Redis:
    """One server, over one connection that is kept; every part of the reading fails alone."""

    def __init__(
        self, options: DatabaseOptions, *, importer: Callable[[str], Any] | None = None
    ) -> None:
        """Nothing is loaded or connected before the first `collect`.

        Raises:
            ConfigError: the URL is not one of Redis, or holds a password.
        """
        self._options = options
        self._address = address(options)
        self._importer = importer
        self._connection: Any = None
        self._notes: tuple[ReadingNote, ...] = ()

    def notes(self) -> tuple[ReadingNote, ...]:
        """What the last reading left out, and why."""
        return self._notes

    def close(self) -> None:
        """Give the connection back."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.disconnect()

    def collect(self, t_ms: int) -> list[Family]:
        """Everything at `t_ms`.

        Raises:
            CollectError: the driver is missing, or the server does not let us in, does not
                answer in time or goes away.
        """
        redis = load("redis", "redis", self._importer)
        connection = self._connection or self._open(redis)
        self._connection = connection
        ask = _Asker(redis, connection, self._options, self._address.text)
        try:
            read = read_parts(ask.parts(), self._address.text)
        except CollectError:
            self.close()
            raise
        self._notes = tuple(read.notes)
        up = single(_G, "redis_up", "Whether the server answered.", 1.0)
        name = "jipyo_redis_collector_success"
        return [up, *read.families, successes(name, "", read.success)]

    def _open(self, redis: Any) -> Any:
        options, url = self._options, self._address.text
        arguments: dict[str, Any] = {
            "decode_responses": True,
            "encoding_errors": "replace",
            "protocol": 2,
            "client_name": "jipyo",
            "socket_connect_timeout": options.connect_timeout_s,
            "socket_timeout": options.statement_timeout_s,
            "retry": redis.retry.Retry(redis.backoff.NoBackoff(), 0),
        }
        secret = password(options)
        if secret is not None:
            arguments["password"] = secret
        where = options.url
        if options.ca_file is not None:
            arguments["ssl_ca_certs"] = str(options.ca_file)
            where = re.sub("^redis:", "rediss:", where)
        connection = redis.ConnectionPool.from_url(where, **arguments).make_connection()
        try:
            connection.connect()
        except (redis.RedisError, OSError) as error:
            connection.disconnect()
            raise _not_opened(redis, error, url) from error
        return connection


def _not_opened(redis: Any, error: Exception, url: str) -> CollectError:
    reason = one_line(error)
    if isinstance(error, (redis.AuthenticationError, redis.ResponseError)):
        hint = "database.no_entry.redis.hint"
        return CollectError("database.no_entry", hint=hint, url=url, reason=reason)
    hint = "database.unreachable.hint"
    return CollectError("database.unreachable", hint=hint, url=url, reason=reason)


class _Asker:
    """The questions of one reading, over an open connection."""

    def __init__(self, redis: Any, connection: Any, options: DatabaseOptions, url: str) -> None:
        self._redis = redis
        self._connection = connection
        self._options = options
        self._url = url
        self._databases = 0

    def parts(self) -> dict[str, Callable[[], Iterator[Family]]]:
        return {
            "info": self._info,
            "config": self._config,
            "slowlog": self._slowlog,
            "latency": self._latency,
        }

    def _ask(self, part: str, *command: object) -> Any:
        """What the server answers.

        Raises:
            Refused: it does not answer this one.
            CollectError: the connection was lost, or did not answer in time.
        """
        try:
            self._connection.send_command(*command)
            return self._connection.read_response()
        except self._redis.AuthenticationError as error:
            hint = "database.no_entry.redis.hint"
            reason = one_line(error)
            raise CollectError(
                "database.no_entry", hint=hint, url=self._url, reason=reason
            ) from error
        except self._redis.TimeoutError as error:
            seconds = self._options.statement_timeout_s
            hint = "database.timeout.hint"
            raise CollectError(
                "database.timeout", hint=hint, url=self._url, seconds=seconds
            ) from error
        except (self._redis.ConnectionError, OSError) as error:
            reason = one_line(error)
            raise CollectError("database.lost", url=self._url, reason=reason) from error
        except self._redis.ResponseError as error:
            if str(error).startswith("NOAUTH"):
                hint = "database.no_entry.redis.hint"
                reason = one_line(error)
                raise CollectError(
                    "database.no_entry", hint=hint, url=self._url, reason=reason
                ) from error
            raise refused(part, error) from error

    def _info(self) -> Iterator[Family]:
        with contextlib.suppress(Refused):  # some providers forbid CONFIG
            self._databases = int(self._setting("databases"))
        return server(fields(str(self._ask("info", "INFO", "all"))), self._databases)

    def _config(self) -> Iterator[Family]:
        for name in _CONFIG:
            value = self._setting(name)
            metric = f"redis_config_{name.replace('-', '_')}"
            yield single(_G, metric, f"The setting {name}.", value)

    def _setting(self, name: str) -> float:
        """A setting; 0 where this version does not know it."""
        answer = self._ask("config", "CONFIG", "GET", name)
        return number(answer[1]) if len(answer) > 1 else 0.0

    def _slowlog(self) -> Iterator[Family]:
        length = number(self._ask("slowlog", "SLOWLOG", "LEN"))
        yield single(_G, "redis_slowlog_length", "Entries of the slow log.", length)
        last = self._ask("slowlog", "SLOWLOG", "GET", 1)
        number_of, took_us = (last[0][0], last[0][2]) if last else (0, 0)
        text = "Number of the newest entry of the slow log."
        yield single(_G, "redis_slowlog_last_id", text, float(number_of))
        text = "How long the newest entry of the slow log took."
        name = "redis_last_slow_execution_duration_seconds"
        yield single(_G, name, text, float(took_us) / 1e6)

    def _latency(self) -> Iterator[Family]:
        spikes = self._ask("latency", "LATENCY", "LATEST")
        when: list[Row] = [((spike[0],), float(spike[1])) for spike in spikes]
        took: list[Row] = [((spike[0],), float(spike[2]) / 1000) for spike in spikes]
        names = ("event_name",)
        yield gauge("redis_latency_spike_last", "When a latency spike last was.", names, when)
        text = "How long the last latency spike was, in seconds."
        yield gauge("redis_latency_spike_duration_seconds", text, names, took)


def fields(text: str) -> dict[str, str]:
    """The lines `name:value` of INFO."""
    lines = (line.partition(":") for line in text.splitlines() if not line.startswith("#"))
    return {name: value.strip() for name, colon, value in lines if colon}


def server(found: Mapping[str, str], databases: int = 0) -> Iterator[Family]:
    """INFO as redis_exporter's families; INFO leaves empty ones of the `databases` out."""
    names = {name: found.get(name, "") for name in _ABOUT}
    yield info("redis_instance_info", "The server.", names)
    yield from _known(found, _GAUGES, _G)
    yield from _known(found, _COUNTERS, _C)
    if "uptime_in_seconds" in found:
        now = number(found.get("server_time_usec")) / 1e6
        start = now - number(found["uptime_in_seconds"])
        if not math.isnan(start):
            text = "When the server was started."
            yield single(_G, "redis_start_time_seconds", text, float(int(start)))
    if "latest_fork_usec" in found:
        text = "How long the last fork took."
        seconds = number(found["latest_fork_usec"]) / 1e6
        yield single(_G, "redis_latest_fork_seconds", text, seconds)
    yield from _keys(found, databases)
    yield from _commands(found)
    yield from _percentiles(found)
    yield from _replication(found)
    errors: list[Row] = [
        ((name.removeprefix("errorstat_"),), number(_pairs(value).get("count")))
        for name, value in found.items()
        if name.startswith("errorstat_")
    ]
    yield counter("redis_errors_total", "Errors answered, by kind.", ("err",), errors)


def _known(
    found: Mapping[str, str], table: Mapping[str, str], kind: MetricType
) -> Iterator[Family]:
    for name, metric in table.items():
        if name in found:
            value = number(_WORDS.get(found[name], found[name]))
            if not math.isnan(value):
                yield single(kind, f"redis_{metric}", f"The field {name} of INFO.", value)


def _pairs(text: str) -> dict[str, str]:
    """`calls=2,usec=5` as a dictionary."""
    return {name: value for name, _, value in (pair.partition("=") for pair in text.split(","))}


def _keys(found: Mapping[str, str], count: int) -> Iterator[Family]:
    databases = {f"db{index}": {"keys": "0", "expires": "0"} for index in range(count)}
    databases |= {
        name: _pairs(text) for name, text in found.items() if re.fullmatch(r"db\d+", name)
    }
    for field, metric, text, scale in (
        ("keys", "redis_db_keys", "Keys of a database.", 1.0),
        ("expires", "redis_db_keys_expiring", "Keys of a database that expire.", 1.0),
        ("avg_ttl", "redis_db_avg_ttl_seconds", "Mean time to live, in seconds.", 1e-3),
    ):
        rows: list[Row] = [
            ((name,), number(one[field]) * scale) for name, one in databases.items() if field in one
        ]
        yield gauge(metric, text, ("db",), rows)


def _commands(found: Mapping[str, str]) -> Iterator[Family]:
    prefix = "cmdstat_"
    stats = {
        name.removeprefix(prefix): _pairs(text)
        for name, text in found.items()
        if name.startswith(prefix)
    }
    for field, metric, text, scale in _COMMANDS:
        rows: list[Row] = [
            ((command,), number(one[field]) * scale)
            for command, one in stats.items()
            if field in one
        ]
        yield counter(f"redis_{metric}", text, ("cmd",), rows)


def _percentiles(found: Mapping[str, str]) -> Iterator[Family]:
    """Percentiles since the start, which cannot be added up; sums and counts can."""
    base = "redis_latency_percentiles_usec"
    samples: list[FamilySample] = []
    for name, text in found.items():
        if name.startswith(_PERCENTILES):
            command = name.removeprefix(_PERCENTILES)
            for quantile, value in _pairs(text).items():
                key = (command, str(float(quantile.removeprefix("p"))))
                labels = intern_labels(base, ("cmd", "quantile"), key)
                samples.append(FamilySample(labels, number(value)))
            stats = _pairs(found.get(f"cmdstat_{command}", ""))
            for suffix, field in (("_sum", "usec"), ("_count", "calls")):
                if field in stats:
                    labels = intern_labels(base + suffix, ("cmd",), (command,))
                    samples.append(FamilySample(labels, number(stats[field])))
    text = "Percentiles of the time a command takes, in microseconds, since the start."
    yield Family(base, MetricType.SUMMARY, text, tuple(samples))


def _replication(found: Mapping[str, str]) -> Iterator[Family]:
    if found.get("role") == "slave":
        names = ("master_host", "master_port")
        key = tuple(found.get(name, "") for name in names)
        for name, metric in _REPLICA.items():
            value = number(_WORDS.get(found.get(name, ""), found.get(name)))
            if not math.isnan(value):
                text = f"The field {name} of INFO."
                yield gauge(f"redis_{metric}", text, names, [(key, value)])
    replicas = [_pairs(text) for name, text in found.items() if re.fullmatch(r"slave\d+", name)]
    labels = ("slave_ip", "slave_port", "slave_state")
    for field, metric, text in (
        ("offset", "redis_connected_slave_offset_bytes", "What a replica has taken, in bytes."),
        ("lag", "redis_connected_slave_lag_seconds", "How long a replica has been silent."),
    ):
        rows: list[Row] = [
            ((one.get("ip", ""), one.get("port", ""), one.get("state", "")), number(one[field]))
            for one in replicas
            if field in one
        ]
        yield gauge(metric, text, labels, rows)
