"""The command ``napari-localcl``; exit status 0, 2 (bad input, one sentence), 130 (interrupted)."""

from __future__ import annotations

import sys
import time

STARTED = time.monotonic()  # before anything heavy is imported: budgets count from here

BAD_INPUT, INTERRUPTED = 2, 130


def main() -> None:
    """Run the command and exit."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run the command with these arguments and return its exit status."""
    import click

    from napari_localcl.cli.app import app
    from napari_localcl.data.errors import BadInput

    try:
        status = app(arguments, prog_name="napari-localcl", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        return _fail("interrupted", INTERRUPTED)
    except BadInput as error:
        return _fail(str(error), BAD_INPUT)
    except BrokenPipeError:
        return BAD_INPUT  # the reader of our output has gone, and with it the wish for more
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        return _fail(f"{place}{error.strerror or error}", BAD_INPUT)
    return int(status or 0)


def _fail(sentence: str, status: int) -> int:
    print(f"napari-localcl: {sentence}", file=sys.stderr)
    return status
