"""Redis over a real socket: a small server that speaks its protocol."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import pytest

from collect.helpers import of, samples
from jipyo.collect.database import DatabaseOptions
from jipyo.collect.database.redis import REDIS, build_info_families, parse_info
from jipyo.collect.database.session import DatabaseSession
from jipyo.model.errors import CollectError
from jipyo.model.sample import MetricType
from support.tcp_server import serving_many

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

INFO = """# Server
redis_version:7.0.15
redis_mode:standalone
server_time_usec:1795405590917363
uptime_in_seconds:13
# Clients
connected_clients:3
maxclients:10000
# Memory
used_memory:1089120
maxmemory:0
maxmemory_policy:noeviction
# Persistence
rdb_last_bgsave_status:ok
aof_last_write_status:err
# Stats
keyspace_hits:7
keyspace_misses:3
latest_fork_usec:1500
# Replication
role:slave
master_host:10.0.0.1
master_port:6379
master_link_status:down
master_last_io_seconds_ago:-1
slave_read_only:1
connected_slaves:1
slave0:ip=10.0.0.2,port=6380,state=online,offset=42,lag=1
# Commandstats
cmdstat_get:calls=10,usec=50,usec_per_call=5.00,rejected_calls=1,failed_calls=2
# Errorstats
errorstat_ERR:count=4
# Latencystats
latency_percentiles_usec_get:p50=2.007,p99.9=9.023
latency_percentiles_usec_new:p50=1.0
# Keyspace
db0:keys=5,expires=1,avg_ttl=1500
"""
CONFIG = {"databases": "2", "maxclients": "10000", "maxmemory": "0"}


def test_info_becomes_the_families_of_redis_exporter() -> None:
    families = list(build_info_families(parse_info(INFO), 2))
    found = samples(families)
    assert found["redis_connected_clients"] == 3
    assert found["redis_memory_used_bytes"] == 1089120
    assert found["redis_keyspace_hits_total"] == 7
    assert found["redis_rdb_last_bgsave_status"] == 1
    assert found["redis_aof_last_write_status"] == 0
    assert found["redis_latest_fork_seconds"] == 0.0015
    assert found["redis_start_time_seconds"] == 1795405577
    assert found['redis_commands_total{cmd="get"}'] == 10
    assert found['redis_commands_duration_seconds_total{cmd="get"}'] == pytest.approx(50e-6)
    assert found['redis_errors_total{err="ERR"}'] == 4
    assert of(families, "redis_db_keys") == {'{db="db0"}': 5, '{db="db1"}': 0}
    assert found['redis_db_avg_ttl_seconds{db="db0"}'] == 1.5
    assert found['redis_latency_percentiles_usec{cmd="get",quantile="99.9"}'] == 9.023
    assert found['redis_latency_percentiles_usec_sum{cmd="get"}'] == 50
    assert found['redis_master_link_up{master_host="10.0.0.1",master_port="6379"}'] == 0
    replica = '{slave_ip="10.0.0.2",slave_port="6380",slave_state="online"}'
    assert found["redis_connected_slave_offset_bytes" + replica] == 42
    types = {family.name: family.type for family in families}
    assert types["redis_latency_percentiles_usec"] is MetricType.SUMMARY
    assert types["redis_commands_total"] is MetricType.COUNTER


def test_an_old_server_that_says_little_gives_little() -> None:
    text = "redis_version:2.8\r\nuptime_in_seconds:1\r\nused_memory:x\r\n"
    found = samples(build_info_families(parse_info(text)))
    assert "redis_memory_used_bytes" not in found
    assert "redis_start_time_seconds" not in found


def bulk(text: str) -> bytes:
    data = text.encode()
    return b"$%d\r\n%s\r\n" % (len(data), data)


def listed(items: list[bytes]) -> bytes:
    return b"*%d\r\n%s" % (len(items), b"".join(items))


def answer(words: list[str]) -> bytes:
    match [word.upper() for word in words]:
        case ["INFO", _]:
            return bulk(INFO)
        case ["CONFIG", "GET", _]:
            known = CONFIG.get(words[2])
            return listed([bulk(words[2]), bulk(known)] if known else [])
        case ["SLOWLOG", "LEN"]:
            return b":1\r\n"
        case ["SLOWLOG", "GET", _]:
            return listed([listed([b":9\r\n", b":1795405590\r\n", b":2500\r\n", listed([])])])
        case ["LATENCY", "LATEST"]:
            return listed([listed([bulk("fork"), b":1795405590\r\n", b":12\r\n", b":20\r\n"])])
    return b"+OK\r\n"


Reply = Callable[[list[str]], bytes | Iterable[bytes] | None]


@contextlib.contextmanager
def speaking(reply: Reply) -> Iterator[str]:
    """A server that sends what `reply` returns: bytes, parts of them, or None for the end."""

    def talk(connection: socket.socket) -> None:
        with connection.makefile("rb") as lines:
            while first := lines.readline():
                words = []
                for _ in range(int(first[1:])):
                    size = int(lines.readline()[1:])
                    words.append(lines.read(size + 2)[:-2].decode())
                response = reply(words)
                if response is None:
                    return
                for part in [response] if isinstance(response, bytes) else response:
                    connection.sendall(part)

    with serving_many(talk) as address:
        yield f"redis://{address}"


@contextlib.contextmanager
def reading(
    reply: Reply, *, statement_timeout_s: float = 0.5, **options: Any
) -> Iterator[DatabaseSession]:
    with speaking(reply) as url:
        made = DatabaseOptions(
            kind="redis", url=url, statement_timeout_s=statement_timeout_s, **options
        )
        with contextlib.closing(DatabaseSession(REDIS, made)) as collector:
            yield collector


def test_a_whole_reading() -> None:
    with reading(answer) as collector:
        collector.collect(0)
        found = samples(collector.collect(0))
        families = of(collector.collect(0), "jipyo_redis_collector_success")
    assert collector.notes() == ()
    assert found["redis_up"] == 1
    assert found["redis_config_maxclients"] == 10000
    assert found["redis_slowlog_length"] == 1
    assert found["redis_slowlog_last_id"] == 9
    assert found["redis_last_slow_execution_duration_seconds"] == 0.0025
    assert found['redis_latency_spike_duration_seconds{event_name="fork"}'] == 0.012
    assert all(families.values())


def refusing(*commands: str) -> Callable[[list[str]], bytes]:
    def reply(words: list[str]) -> bytes:
        if words[0].upper() in commands:
            return b"-NOPERM this user has no permissions\r\n"
        return answer(words)

    return reply


def test_what_is_forbidden_costs_its_part_only() -> None:
    with reading(refusing("CONFIG", "SLOWLOG")) as collector:
        found = of(collector.collect(0), "jipyo_redis_collector_success")
    expected = {"info": 1.0, "config": 0.0, "slowlog": 0.0, "latency": 1.0}
    assert found == {f'{{collector="{name}"}}': value for name, value in expected.items()}
    assert [dict(note.values)["part"] for note in collector.notes()] == ["config", "slowlog"]


def find_error_key(reply: Callable[[list[str]], bytes | None]) -> str:
    with reading(reply) as collector, pytest.raises(CollectError) as error:
        collector.collect(0)
    return error.value.key


def noauth(words: list[str]) -> bytes:
    return b"+OK\r\n" if words[0] == "CLIENT" else b"-NOAUTH Authentication required.\r\n"


def silent(words: list[str]) -> bytes:
    if words[0] == "INFO":
        time.sleep(1)
    return answer(words)


@pytest.mark.parametrize(
    ("reply", "key"),
    [
        (noauth, "database.no_entry"),
        (silent, "database.timeout"),
        (lambda words: None if words[0] == "INFO" else answer(words), "database.lost"),
        (refusing("INFO", "CONFIG", "SLOWLOG", "LATENCY"), "database.all_refused"),
    ],
)
def test_what_goes_wrong_is_named(reply: Callable[[list[str]], bytes | None], key: str) -> None:
    assert find_error_key(reply) == key
