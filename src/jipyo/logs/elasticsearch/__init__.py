"""Reads from a cluster of Elasticsearch or OpenSearch by URL; stores nothing."""

from jipyo.logs.elasticsearch.source import ElasticsearchOptions, ElasticsearchSource

__all__ = ["ElasticsearchOptions", "ElasticsearchSource"]
