"""Reports: readings become a `Report` (data), a renderer writes it down."""
