"""Who is to be scraped: the scrape section of a Prometheus configuration, and target files."""

from jipyo.collect.discovery.jobs import Job, NotRead, PrometheusYml, TargetGroup
from jipyo.collect.discovery.prometheus_yml import read_jobs, read_prometheus_yml
from jipyo.collect.discovery.targets import Discovery

__all__ = [
    "Discovery",
    "Job",
    "NotRead",
    "PrometheusYml",
    "TargetGroup",
    "read_jobs",
    "read_prometheus_yml",
]
