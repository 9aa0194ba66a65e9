"""Who is to be scraped: the scrape section of a Prometheus configuration, and target files."""

from jipyo.collect.discovery.jobs import Group, Job, NotRead, PrometheusYml
from jipyo.collect.discovery.prometheus_yml import read_jobs, read_prometheus_yml
from jipyo.collect.discovery.targets import Discovery

__all__ = [
    "Discovery",
    "Group",
    "Job",
    "NotRead",
    "PrometheusYml",
    "read_jobs",
    "read_prometheus_yml",
]
