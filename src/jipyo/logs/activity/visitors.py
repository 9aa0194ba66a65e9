"""Who sends requests, and which of them a person looks at."""

from __future__ import annotations

import re
from functools import lru_cache

_AUTOMATIC = re.compile(
    rb"bot\b|bot/|crawl|spider|slurp|headless|phantomjs|lighthouse|monitor|uptime|pingdom|probe"
    rb"|prometheus|blackbox|zabbix|nagios|^curl/|^wget/|python|aiohttp|httpx|go-http-client|java/"
    rb"|okhttp|libwww|axios|node-fetch|scrapy|nmap|nikto|sqlmap|masscan|zgrab|yeti|daum(oa)?/",
    re.IGNORECASE,
)
_PART = re.compile(
    rb"\.(css|js|mjs|map|png|jpe?g|gif|svg|ico|webp|avif|woff2?|ttf|eot|mp4|webm)$", re.IGNORECASE
)
_MONITOR = re.compile(
    rb"^/(.*/)?(metrics|health[^/]*|healthz?|livez?|readyz?|liveness|readiness|ping|status|up"
    rb"|nginx_status|server-status|actuator/(health|prometheus)(/.*)?)/?$",
    re.IGNORECASE,
)
_MAX_CACHED = 1 << 16


@lru_cache(maxsize=_MAX_CACHED)
def is_automatic_agent(agent: bytes) -> bool:
    """Whether an agent calls itself a crawler, a monitor or a library; also one without a name."""
    return agent in (b"", b"-") or _AUTOMATIC.search(agent) is not None


@lru_cache(maxsize=_MAX_CACHED)
def is_monitor_route(route: bytes) -> bool:
    """Whether a route is asked by machines, for health or metrics."""
    return _MONITOR.match(route.split(b"?", 1)[0]) is not None


@lru_cache(maxsize=_MAX_CACHED)
def is_page(route: bytes) -> bool:
    """Whether a route is neither a page's part nor asked by a monitor."""
    return _PART.search(route.split(b"?", 1)[0]) is None and not is_monitor_route(route)
