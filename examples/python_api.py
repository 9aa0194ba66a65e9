# ruff: noqa: T201 - what an example shows, it prints
"""The specification's classes on the configured sources, whether `jipyo up` runs or not.

Ask another server instead: python examples/python_api.py http://prometheus:9090
"""

import asyncio
import json
import sys

import jipyo


async def main(url: str | None) -> None:
    """Print some values and the alerts, and write the daily report."""
    with jipyo.MetricsCollector(url) as collector:
        metrics = await collector.collect_metrics()
        for name in ("cpu_usage", "memory_usage", "gpu_usage"):
            print(name, metrics["system"][name].text("en"))
        for series in metrics["system"]["disk_usage"].series:
            print("  disk", series.labels["mountpoint"], f"{series.value:.1f}%")
        up = await collector.prometheus.query(["count(up == 1)"])
        print(json.dumps(up["count(up == 1)"]["series"]))

    with jipyo.PerformanceAnalyzer(url) as analyzer:
        analysis, alerts = await analyzer.analyze_performance()
        for part, health in analysis.items():
            print(part, health.state.value)
        for alert in alerts:
            print(alert.state.value, alert.text("en"))

    with jipyo.DailyReportGenerator(url) as generator:
        report = await generator.generate_report()
        print(report.day, report.state.value, report.path)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else None))
