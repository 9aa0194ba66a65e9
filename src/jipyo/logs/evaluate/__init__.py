"""Log queries over batches in memory, record by record: slow and plain, what stores must equal."""

from jipyo.logs.evaluate.condition import ListTemplates, list_message_templates, select
from jipyo.logs.evaluate.source import BatchLogSource
from jipyo.logs.evaluate.values import list_texts, parse_number, write_message, write_number

__all__ = [
    "BatchLogSource",
    "ListTemplates",
    "list_message_templates",
    "list_texts",
    "parse_number",
    "select",
    "write_message",
    "write_number",
]
