"""The functions of PromQL: kernels over windows, labels, dates, histograms, and their table."""
