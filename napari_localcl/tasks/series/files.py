"""What the files in a run folder of ``classify`` are called that others read, too."""

LABELS = "labels.csv"
"""What the run learned from."""

PREDICTIONS = "predictions.csv"
"""What the run says of a project's series, where the window had it learn."""
