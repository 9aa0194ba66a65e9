"""Charts as SVG, for every renderer."""
