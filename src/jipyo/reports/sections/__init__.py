"""The sections of reports: from gathered data to blocks, one file per section."""
