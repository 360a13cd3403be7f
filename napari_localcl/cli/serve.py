"""``serve``: answer a program's questions about a folder of images, as long as it asks."""

import sys
from contextlib import redirect_stdout

from napari_localcl.cli.options import Events


def serve(events: Events = False) -> None:
    """Answer questions, one JSON object per line on standard input; for programs.

    What can be asked and what is answered, one JSON object per line on standard output, is listed
    in ``napari_localcl.tasks.serving``. Ends when its input does.
    """
    import json

    from napari_localcl.tasks.serving import serve as answer

    out = sys.stdout
    # A library that prints must not break into an answer.
    with redirect_stdout(sys.stderr):
        answer(sys.stdin, lambda facts: print(json.dumps(facts), file=out, flush=True))
