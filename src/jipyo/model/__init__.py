"""Values that all rooms share: labels, samples, matchers, answers, errors, the two store protocols."""
