"""Text -> tree -> text: lexer, parser, type check, printer."""
