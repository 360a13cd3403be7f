"""The verbs, joined to one command."""

import sys
from typing import Any

import typer
from typer.core import TyperGroup

from napari_localcl.cli import (
    classify,
    demo,
    embed,
    evaluate,
    exchange,
    finetune,
    landmarks,
    methods,
    pretrain,
    probe,
    segment,
    serve,
    shapes,
    window,
)
from napari_localcl.data.errors import BadInput

BAD_INPUT, INTERRUPTED = 2, 130


class Verbs(TyperGroup):
    """Turns what may go wrong in any verb into one sentence and an exit status."""

    def invoke(self, ctx: Any) -> Any:
        """Run the verb."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise _end("interrupted", INTERRUPTED) from None
        except BadInput as error:
            raise _end(str(error), BAD_INPUT) from error
        except OSError as error:
            place = f"{error.filename}: " if error.filename else ""
            raise _end(f"{place}{error.strerror or error}", BAD_INPUT) from error


def _end(sentence: str, status: int) -> typer.Exit:
    print(f"napari-localcl: {sentence}", file=sys.stderr)
    return typer.Exit(status)


app = typer.Typer(
    name="napari-localcl",
    cls=Verbs,
    help="Annotate one, get the rest: learn from a folder of images without labels, then find the "
    "landmarks of one annotated image in all the others.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("demo")(demo.demo)
app.command("methods")(methods.methods)
app.command("pretrain")(pretrain.pretrain)
app.command("landmarks")(landmarks.landmarks)
app.command("shapes")(shapes.shapes)
app.command("probe")(probe.probe)
app.command("finetune")(finetune.finetune)
app.command("segment")(segment.segment)
app.command("embed")(embed.embed)
app.command("classify")(classify.classify)
app.command("export")(exchange.export_verb)
app.command("import")(exchange.import_verb)
app.command("window")(window.window)
# Hidden, because people do not talk JSON.
app.command("serve", hidden=True)(serve.serve)
app.add_typer(evaluate.app, name="evaluate")
