"""Korean and English: texts, particles (조사), numbers and times as people read them."""
