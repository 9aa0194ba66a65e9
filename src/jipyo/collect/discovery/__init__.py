"""The targets to scrape: the scrape jobs of a Prometheus configuration, and target files."""

from jipyo.collect.discovery.http_client import (
    HTTP_CLIENT_KEYS,
    TLS,
    check_credentials,
    split_http_client,
)
from jipyo.collect.discovery.jobs import Job, PrometheusYml, TargetGroup
from jipyo.collect.discovery.prometheus_yml import read_prometheus_yml
from jipyo.collect.discovery.scrape_config import (
    LABEL_TEXTS,
    RELABEL_RULE,
    SCRAPE_TARGET,
    check_timeout,
)
from jipyo.collect.discovery.targets import Discovery

__all__ = [
    "HTTP_CLIENT_KEYS",
    "LABEL_TEXTS",
    "RELABEL_RULE",
    "SCRAPE_TARGET",
    "TLS",
    "Discovery",
    "Job",
    "PrometheusYml",
    "TargetGroup",
    "check_credentials",
    "check_timeout",
    "read_prometheus_yml",
    "split_http_client",
]
