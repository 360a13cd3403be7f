"""Settings as a person gives and reads them: one flat list of names, from any pydantic model.

A setting of a setting is named with a dot (``points.count``). Defaults, ranges and help come from
the model alone, so nothing is written twice.
"""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError

from napari_localcl.data.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pydantic.fields import FieldInfo

Model = TypeVar("Model", bound=BaseModel)

_KINDS = {str(bool): "true or false", str(int): "a whole number", str(float): "a number"}
_SIGNS = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}


@dataclass(frozen=True)
class Setting:
    """One setting, as shown in a table.

    Attributes
    ----------
    name : str
        Its dotted name.
    default : object
        Its value unless given.
    allowed : str
        Which values are allowed, in words: 'at least 4, at most 1024'.
    help : str
        What it is, with its unit.
    choices : tuple
        The allowed values themselves, where there are only some.
    kind : str
        'bool', 'int', 'float'; otherwise what Python calls its type.
    limits : dict of str to float
        What its value is bound by: 'ge', 'gt', 'le', 'lt', 'multiple_of'.
    """

    name: str
    default: object
    allowed: str
    help: str
    choices: tuple[object, ...] = ()
    kind: str = ""
    limits: Mapping[str, float] = field(default_factory=dict)

    def read(self, value: object) -> object:
        """Return a value, or what a text typed in a terminal means; the model checks it later."""
        if not isinstance(value, str):
            return value
        named = {str(choice): choice for choice in self.choices}
        if value in named or value.lower() == "none":
            return named.get(value)
        try:
            return json.loads(value) if value[:1] in ("[", "{") else value
        except ValueError:
            return value


def list_settings(model: type[BaseModel] | BaseModel, prefix: str = "") -> Iterator[Setting]:
    """Yield the settings of a model (with an instance's values as defaults), nested ones too."""
    values = model() if isinstance(model, type) else model
    for name, info in type(values).model_fields.items():
        value = getattr(values, name)
        if isinstance(value, BaseModel):
            yield from list_settings(value, f"{prefix}{name}.")
        else:
            yield _setting(prefix + name, value, info)


def build_settings(
    model: type[Model],
    given: Mapping[str, object],
    preset: Mapping[str, Any] | None = None,
    listed: str = "'napari-localcl methods' lists all settings",
) -> Model:
    """Return settings: the defaults, changed by a preset, changed by what is given.

    Parameters
    ----------
    model : type of BaseModel
        The settings' class; every field has a default.
    given : mapping
        Dotted names and values; a value may be text, as typed in a terminal.
    preset : mapping or None
        Nested names and values.
    listed : str
        Tells who gives an unknown name where all are listed.

    Raises
    ------
    BadInput
        If a name is unknown (the sentence has near names) or a value not allowed (with the range).
    """
    known = {setting.name: setting for setting in list_settings(model)}
    values = _merged(model().model_dump(), preset or {})
    for name, value in given.items():
        if name not in known:
            raise BadInput(_unknown(name, list(known), listed))
        values = _merged(values, _nested(name, known[name].read(value)))
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise BadInput(_explain(error, known)) from error


def parse_assignments(assignments: Sequence[str]) -> dict[str, str]:
    """Return ``name=value`` texts as a dictionary.

    Raises
    ------
    BadInput
        If one has no '=' or no name.
    """
    parsed = {}
    for text in assignments:
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            raise BadInput(f"'{text}' is no setting: write --set name=value")
        parsed[name.strip()] = value.strip()
    return parsed


def _nested(name: str, value: object) -> dict[str, Any]:
    first, _, rest = name.partition(".")
    return {first: _nested(rest, value) if rest else value}


def _merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for name, value in changes.items():
        value = value.model_dump() if isinstance(value, BaseModel) else value
        both = isinstance(merged.get(name), dict) and isinstance(value, dict)
        merged[name] = _merged(merged[name], value) if both else value
    return merged


def _unknown(name: str, known: list[str], listed: str) -> str:
    tails = {own.rpartition(".")[2]: own for own in known}
    near = difflib.get_close_matches(name, known, n=3)
    if not near:
        last = name.rpartition(".")[2]
        near = [tails[tail] for tail in difflib.get_close_matches(last, tails, n=3)]
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    return f"there is no setting '{name}'{hint} ({listed})"


def _explain(error: ValidationError, known: Mapping[str, Setting]) -> str:
    first = error.errors(include_url=False)[0]
    name = ".".join(str(part) for part in first["loc"])
    reason = first["msg"].removeprefix("Value error, ")
    # An error of several settings together has no single range to point at.
    names = [setting for setting in known if setting == name or name.startswith(f"{setting}.")]
    allowed = known[names[0]].allowed if names else ""
    wanted = f"must be {allowed}" if allowed else f"does not fit: {reason}"
    subject = f"setting {name or 'values'}={first['input']!r}" if names else "the settings:"
    return f"{subject} {wanted}" if names else f"{subject} {reason}"


def _setting(name: str, value: object, info: FieldInfo) -> Setting:
    return Setting(
        name,
        value,
        _allowed(info),
        info.description or "",
        _choices(info),
        getattr(info.annotation, "__name__", str(info.annotation)),
        _limits(info),
    )


def _choices(info: FieldInfo) -> tuple[object, ...]:
    literal = get_origin(info.annotation) is Literal
    return get_args(info.annotation) if literal else ()


def _allowed(info: FieldInfo) -> str:
    if _choices(info):
        return "one of " + ", ".join(map(str, _choices(info)))
    kind = _KINDS.get(str(info.annotation), "")
    return ", ".join(part for part in (kind, *_in_words(_limits(info))) if part)


def _limits(info: FieldInfo) -> dict[str, Any]:
    return {
        sign: getattr(rule, sign)
        for rule in info.metadata
        for sign in (*_SIGNS, "multiple_of")
        if getattr(rule, sign, None) is not None
    }


def _in_words(limits: dict[str, Any]) -> Iterator[str]:
    if "ge" in limits and "le" in limits:
        yield f"{limits.pop('ge'):g} to {limits.pop('le'):g}"
    for sign, word in _SIGNS.items():
        if sign in limits:
            yield f"{word} {limits[sign]:g}"
    if "multiple_of" in limits:
        yield f"a multiple of {limits['multiple_of']:g}"
