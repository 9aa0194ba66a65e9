"""PostgreSQL and Redis."""

from __future__ import annotations

import numpy as np

from jipyo.demo.day import STEP_S, TargetDay
from jipyo.demo.host import serve
from jipyo.demo.service import slow_down

_MOST_CONNECTIONS = 200.0
_LEAK = 150.0
"""Connections that the faulty version takes and does not give back."""


def add_postgres(target: TargetDay) -> None:
    """postgres_exporter, and what jipyo measures beside it."""
    day = target.day
    leak = np.clip((day.t_ms - day.story.deployed_ms) / 780_000, 0, 1)
    leaked = _LEAK * np.where(day.t_ms < day.story.outage.end_ms, leak, 0.0)
    open_ = np.minimum(np.round(24 + 58 * day.load * target.jitter(0.03) + leaked), 196)
    target.gauge("pg_up", 1.0)
    target.gauge("pg_stat_activity_count", open_, datname="service", state="active")
    target.gauge("pg_settings_max_connections", _MOST_CONNECTIONS)
    longest = np.round((0.6 + 2.8 * day.load) * slow_down(day) * target.jitter(0.2), 2)
    target.gauge("pg_stat_activity_max_tx_duration", np.abs(longest), state="active")
    calls = np.round(STEP_S * 410 * (0.05 + serve(day)))
    each = 0.0085 * (0.8 + 0.2 * slow_down(day) ** 2) * target.jitter(0.04)
    target.count("pg_stat_statements_calls_total", calls)
    target.count("pg_stat_statements_seconds_total", np.round(calls * np.abs(each), 3))
    target.count("pg_stat_database_blks_hit", np.round(calls * 41), datname="service")
    target.count("pg_stat_database_blks_read", np.round(calls * 0.45), datname="service")
    target.count("pg_stat_database_deadlocks", 0.0, datname="service")
    target.gauge("jipyo_postgres_lock_waits", np.where(day.during(day.story.outage), 14.0, 0.0))
    for name, size, growth in (("service", 3.8e11, 2.1e9), ("vectors", 9.4e11, 3.6e10)):
        space = np.round((size + growth * day.month_days) / 8192) * 8192
        target.gauge("pg_database_size_bytes", space, datname=name)
    target.gauge("pg_replication_is_replica", 1.0)
    target.gauge("pg_replication_lag_seconds", np.abs(np.round(0.4 * target.jitter(0.3), 2)))


def add_redis(target: TargetDay) -> None:
    """redis_exporter."""
    day = target.day
    commands = np.round(STEP_S * 900 * (0.05 + serve(day)))
    target.gauge("redis_up", 1.0)
    target.gauge("redis_connected_clients", np.round(40 + 120 * day.load))
    target.gauge("redis_config_maxclients", 10_000.0)
    target.count("redis_commands_total", commands, cmd="get")
    target.count("redis_commands_duration_seconds_total", np.round(commands * 3e-5, 4), cmd="get")
    target.count("redis_keyspace_hits_total", np.round(commands * 0.972))
    target.count("redis_keyspace_misses_total", np.round(commands * 0.028))
    target.gauge("redis_master_link_up", 1.0)
    target.gauge("redis_master_last_io_seconds_ago", 1.0)
