"""What is expected of a series: a weighted ensemble, tested on the series' own past."""

from jipyo.analysis.forecast.ensemble import forecast
from jipyo.analysis.forecast.values import QUANTILES, Backtest, Component, Forecast, ValueBounds

__all__ = ["QUANTILES", "Backtest", "Component", "Forecast", "ValueBounds", "forecast"]
