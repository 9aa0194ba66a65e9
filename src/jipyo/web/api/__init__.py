"""`/api/jipyo`: what the dashboard reads, in the reader's language.

Each file has one endpoint: the dataclasses of its response, of which the OpenAPI document is
made, the functions that build them, and its routes. Times are seconds UTC, absent values are
null, texts are in the requested language.
"""
