"""The verbs, joined to one command."""

import typer

from napari_localcl.cli import demo, evaluate, landmarks, methods, pretrain

app = typer.Typer(
    name="napari-localcl",
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
app.add_typer(evaluate.app, name="evaluate")
