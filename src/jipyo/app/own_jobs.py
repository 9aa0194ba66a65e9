"""The jobs that a configuration sets up, for those who explain what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.analysis.jobs import JobKind, OwnJobs

if TYPE_CHECKING:
    from jipyo.config.load import Config

HOST_JOBS = ("node", "process", "dcgm", "jipyo", "pushed", "logs")
"""The jobs of this host's collectors, of jipyo itself and of what batch jobs push."""


def list_own_jobs(config: Config) -> OwnJobs:
    """The jobs that the configuration sets up, whether they have targets at the moment or not."""
    options = config.settings.collect
    scraped = [*options.scrape, *(options.prometheus_yml.jobs if options.prometheus_yml else ())]
    site = {
        **{job.name: JobKind.SCRAPE for job in scraped},
        **{database.job or database.kind: JobKind.DATABASE for database in options.databases},
        **{probe.job: JobKind.PROBE for probe in options.probes},
        **{server.job: JobKind.SCRAPE for server in options.ollama},
        **{domain.job: JobKind.PROBE for domain in options.domains},
    }
    return OwnJobs(config.instance, frozenset(HOST_JOBS), site)
