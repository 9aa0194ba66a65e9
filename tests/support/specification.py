"""The classes of the specification as an operator who has read it writes them.

Sections 2.1 to 4.1, with the product's classes under the names that they use. Nothing is
added but the classes that they derive from: what a body calls must exist under that name.
"""

from datetime import datetime

from jipyo import (
    DailyReportGenerator,
    ElasticsearchClient,
    LogCollector,
    LogParser,
    MetricsCollector,
    PerformanceAnalyzer,
    PrometheusClient,
    ReportTemplate,
    StatisticalAnalyzer,
    ThresholdConfig,
    TimeSeriesDB,
    TrendAnalyzer,
)

# fmt: off
# ruff: noqa: DTZ005, RET504 - as the specification has it


class SpecifiedCollector(MetricsCollector):
    """Section 2.1."""

    def __init__(self):
        self.prometheus = PrometheusClient()
        self.elasticsearch = ElasticsearchClient()

    async def collect_metrics(self):
        system_metrics = await self.prometheus.query([
            'cpu_usage',
            'memory_usage',
            'disk_usage',
            'gpu_usage'
        ])

        app_metrics = await self.prometheus.query([
            'api_response_time',
            'error_rate',
            'request_count'
        ])

        ai_metrics = await self.prometheus.query([
            'inference_time',
            'model_accuracy',
            'gpu_utilization'
        ])

        return {
            'system': system_metrics,
            'application': app_metrics,
            'ai': ai_metrics
        }


class SpecifiedLogCollector(LogCollector):
    """Section 2.2."""

    def __init__(self):
        self.elasticsearch = ElasticsearchClient()
        self.log_parser = LogParser()

    async def collect_logs(self, timeframe: str):
        logs = await self.elasticsearch.search(
            index="application-logs",
            timeframe=timeframe
        )

        parsed_logs = self.log_parser.parse_logs(logs)

        analysis = self.analyze_logs(parsed_logs)

        return analysis


class SpecifiedAnalyzer(PerformanceAnalyzer):
    """Section 3.1."""

    def __init__(self):
        self.metrics = MetricsCollector()
        self.threshold = ThresholdConfig()

    async def analyze_performance(self):
        metrics = await self.metrics.collect_metrics()

        analysis = {
            'system_health': self.analyze_system_health(metrics['system']),
            'api_performance': self.analyze_api_performance(metrics['application']),
            'ai_performance': self.analyze_ai_performance(metrics['ai'])
        }

        alerts = self.check_thresholds(analysis)

        return analysis, alerts


class SpecifiedReport(DailyReportGenerator):
    """Section 4.1; the specification returns nothing, so that what was saved is kept here."""

    def __init__(self):
        self.metrics = MetricsCollector()
        self.template = ReportTemplate('daily')
        self.saved = []

    async def generate_report(self):  # type: ignore[override]  # as specified
        metrics = await self.metrics.collect_metrics()

        analysis = self.analyze_data(metrics)

        report = self.template.render(
            metrics=metrics,
            analysis=analysis,
            date=datetime.now()
        )

        await self.save_report(report)

    async def save_report(self, report):  # type: ignore[override]
        self.saved.append(await super().save_report(report))


class SpecifiedTrends(TrendAnalyzer):
    """Section 3.2."""

    def __init__(self):
        self.db = TimeSeriesDB()
        self.analyzer = StatisticalAnalyzer()

    async def analyze_trends(self, timeframe: str):
        # 1. data
        data = await self.db.get_metrics(timeframe)

        # 2. trends
        trends = self.analyzer.detect_trends(data)

        # 3. predictions
        predictions = self.analyzer.predict_future(trends)

        return {
            'trends': trends,
            'predictions': predictions
        }
# fmt: on
