"""Values that all rooms share: labels, samples, matchers, answers, errors, store protocols."""
