"""Forecasts and anomalies of the catalogue's series, computed beside the server, as series."""
