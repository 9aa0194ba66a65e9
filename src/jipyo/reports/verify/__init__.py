"""Whether a report is what was issued, and what the samples give again."""
