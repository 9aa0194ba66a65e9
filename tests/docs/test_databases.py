"""docs/databases-and-probes.md has every metric, with its type and its labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from collect.database.recorded import Driver, connection
from collect.database.test_mysql import ANSWERS as MYSQL
from collect.database.test_mysql import OPTIONS as MYSQL_OPTIONS
from collect.database.test_postgres import ANSWERS as POSTGRES
from collect.database.test_postgres import OPTIONS as POSTGRES_OPTIONS
from collect.database.test_redis import answer, reading
from docs.metric_tables import check_documented, read_metric_tables
from jipyo.collect.database.mysql import MYSQL as MYSQL_KIND
from jipyo.collect.database.postgres import POSTGRES as POSTGRES_KIND
from jipyo.collect.database.session import DatabaseSession
from jipyo.collect.probe import HttpProbe, ProbeOptions, TcpProbe
from support.http_server import page, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.model.family import Family

PAGES = ("databases-and-probes.md", "databases-and-probes.ko.md")


def collect_everything() -> Iterator[Family]:
    with connection(POSTGRES, 170002) as server:
        driver = Driver(server)
        yield from DatabaseSession(
            POSTGRES_KIND, POSTGRES_OPTIONS, importer=lambda name: driver
        ).collect(0)
    with connection(MYSQL, "8.4.1") as server:
        other = Driver(server)
        yield from DatabaseSession(MYSQL_KIND, MYSQL_OPTIONS, importer=lambda name: other).collect(
            0
        )
    with reading(answer) as redis:
        yield from redis.collect(0)
    with serving(page(b"", last_modified="Mon, 01 Jan 2024 00:00:00 GMT")) as web:
        yield from HttpProbe(ProbeOptions(url=web.url)).collect(0)
        yield from TcpProbe(ProbeOptions(tcp=f"127.0.0.1:{web.port}")).collect(0)


@pytest.mark.parametrize("name", PAGES)
def test_every_metric_is_documented_with_its_type_and_labels(name: str) -> None:
    check_documented(collect_everything(), read_metric_tables(name), name)


def test_both_languages_list_the_same_metrics() -> None:
    assert read_metric_tables(PAGES[0]) == read_metric_tables(PAGES[1])
