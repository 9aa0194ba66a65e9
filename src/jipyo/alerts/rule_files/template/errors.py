"""What is wrong with a template, in the words of Go."""

from __future__ import annotations


class TemplateError(Exception):
    """A template cannot be parsed or filled; its text is Prometheus' own English.

    It becomes the text of the annotation, as with Prometheus, and never reaches a person alone:
    `jipyo alerts check` puts it into a message with its place.
    """


class TooMuchError(TemplateError):
    """A template took more steps or wrote more text than any useful one does."""
