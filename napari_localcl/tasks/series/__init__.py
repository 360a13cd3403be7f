"""Findings of series: what a classifier learns from few labels, and why it says what it says."""
