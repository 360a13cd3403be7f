"""Running a generator of progress to its end."""


def finish(work):
    """Return what was said and the result."""
    said = []
    while True:
        try:
            said.append(next(work))
        except StopIteration as end:
            return said, end.value
