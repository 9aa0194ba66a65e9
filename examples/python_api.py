# ruff: noqa: T201 - what an example shows, it prints
"""The specification's classes on what jipyo has stored here: run it beside a running `jipyo up`."""

import asyncio

import jipyo
from jipyo.api import Workspace


async def main(workspace: Workspace) -> None:
    """Print the CPU and the alerts, and write the daily report."""
    metrics = await jipyo.MetricsCollector(workspace).collect_metrics()
    cpu = metrics["system"]["cpu_usage"]
    print(cpu.metric.name("en"), cpu.text("en"))
    for series in metrics["system"]["disk_usage"].series:
        print("  disk", series.labels["mountpoint"], f"{series.value:.1f}%")

    analysis, alerts = await jipyo.PerformanceAnalyzer(workspace).analyze_performance()
    print("system", analysis["system_health"].state.value)
    for alert in alerts:
        print(alert.state.value, alert.text("en"))

    print(await jipyo.DailyReportGenerator(workspace).generate_report())


if __name__ == "__main__":
    with jipyo.open() as here:
        asyncio.run(main(here))
