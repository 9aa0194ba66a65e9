"""When a domain ends: by the registry, by its last answer, or as the site wrote down."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING

import pytest

from collect.helpers import samples
from jipyo.collect.domain import Domain, DomainOptions, domain_target, parse_expiry_ms
from jipyo.i18n import LANGS, texts
from jipyo.model.errors import CollectError
from support.http_server import serving

if TYPE_CHECKING:
    from http.server import BaseHTTPRequestHandler

NOW_MS = 1_795_186_800_000  # 2026-11-20T15:00:00Z
DAY_MS = 86_400_000
ANSWER = {
    "ldhName": "example.kr",
    "events": [
        {"eventAction": "registration", "eventDate": "2001-01-01T00:00:00Z"},
        "nonsense",
        {"eventAction": "expiration", "eventDate": "2026-12-20T15:00:00Z"},
    ],
}
DAYS = 'domain_expiry_days{domain="example.kr"}'
SUCCESS = 'domain_probe_success{domain="example.kr"}'


class Registry:
    """An RDAP service that counts what it is asked."""

    def __init__(self, body: object = ANSWER, status: int = 200) -> None:
        self.body, self.status = body, status
        self.asked: list[str] = []

    def __call__(self, handler: BaseHTTPRequestHandler) -> None:
        self.asked.append(handler.path)
        body = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        handler.send_response(self.status)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)


def test_the_registry_is_asked_twice_a_day_and_the_days_count_down() -> None:
    registry = Registry()
    with serving(registry) as server:
        domain = Domain(DomainOptions(domain="example.kr", rdap_url=f"{server.url}/domain/"))
        assert samples(domain.collect(NOW_MS)) == {DAYS: 30, SUCCESS: 1}
        assert samples(domain.collect(NOW_MS + DAY_MS // 4))[DAYS] == 29.75
        assert len(registry.asked) == 1
        assert samples(domain.collect(NOW_MS + DAY_MS))[DAYS] == 29
    assert len(registry.asked) == 2
    assert registry.asked[0].endswith("/domain/example.kr")


def test_the_last_answer_of_the_registry_counts_while_it_fails() -> None:
    registry = Registry()
    with serving(registry) as server:
        domain = Domain(DomainOptions(domain="example.kr", rdap_url=server.url))
        domain.collect(NOW_MS)
        registry.status = 503
        found = samples(domain.collect(NOW_MS + DAY_MS))
        assert found == {DAYS: 29, SUCCESS: 0}
        domain.collect(NOW_MS + DAY_MS + 60_000)
        assert len(registry.asked) == 2, "asked again after a minute"
        registry.status = 200
        assert samples(domain.collect(NOW_MS + DAY_MS + 600_000))[SUCCESS] == 1


@pytest.mark.parametrize(
    ("body", "status", "key"),
    [
        (ANSWER, 404, "domain.status"),
        ({}, 200, "domain.no_date"),
        ({"events": 5}, 200, "domain.no_date"),
        ({"events": [{"eventAction": "expiration", "eventDate": "soon"}]}, 200, "domain.no_date"),
        (b"<html>", 200, "domain.no_date"),
        (b"[" * 100_000, 200, "domain.no_date"),
    ],
)
def test_a_registry_that_never_gave_a_date_is_an_error_with_a_remedy(
    body: object, status: int, key: str
) -> None:
    with serving(Registry(body, status)) as server:
        domain = Domain(DomainOptions(domain="example.kr", rdap_url=server.url))
        for _ in range(2):
            with pytest.raises(CollectError) as caught:
                domain.collect(NOW_MS)
            assert caught.value.key == key
    for lang in LANGS:
        assert "expires" in texts(lang)(caught.value.hint or "")


def test_a_written_date_needs_no_registry() -> None:
    options = DomainOptions(
        domain="example.kr", expires=date(2026, 11, 20), rdap_url="http://127.0.0.1:1"
    )
    assert samples(Domain(options).collect(NOW_MS)) == {DAYS: -0.625, SUCCESS: 1}


def test_a_domain_in_hangul_is_asked_for_in_ascii() -> None:
    registry = Registry()
    with serving(registry) as server:
        Domain(DomainOptions(domain="지표.한국", rdap_url=server.url)).collect(NOW_MS)
    assert registry.asked[0].endswith("/xn--9b6b27q.xn--3e0b707e")


def test_a_date_without_a_zone_is_utc_and_one_with_is_its_own() -> None:
    def answer(moment: str) -> bytes:
        return json.dumps({"events": [{"eventAction": "expiration", "eventDate": moment}]}).encode()

    assert parse_expiry_ms(answer("2026-11-20T15:00:00")) == NOW_MS
    assert parse_expiry_ms(answer("2026-11-21T00:00:00+09:00")) == NOW_MS
    assert parse_expiry_ms(answer("9999-99-99")) is None


def test_its_target_is_named_by_the_domain() -> None:
    target = domain_target(DomainOptions(domain="example.kr"))
    assert dict(target.labels) == {"job": "domain", "instance": "example.kr"}
