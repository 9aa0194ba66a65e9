"""A site's own form, HWPX or XLSX: what it asks for is spliced in, all else stays as it is."""
