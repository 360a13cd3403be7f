"""What `methods --events` says of `classify`, as far as forms need it."""

WORDS = {"allowed": "this", "help": "that", "limits": {}}


def _settings(head: str, features: str) -> list[dict[str, object]]:
    choices = {"head": ["convlstm", "logistic"], "features": ["encoder", "pixels"]}
    given = {"head": head, "features": features}
    return [
        {"name": name, "default": given[name], "choices": choices[name], "kind": "str", **WORDS}
        for name in choices
    ]


CLASSIFY = {
    "preset": "small",
    "presets": {
        "small": _settings("convlstm", "encoder"),
        "light": _settings("logistic", "encoder"),
        "pixels": _settings("logistic", "pixels"),
    },
    "preset_help": {"light": "seconds"},
}
