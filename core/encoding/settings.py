"""Settings of regressors as typed on a command line or in a plan: ``name=value``."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

from cortiscope.core.encoding.regressors import RegressorSpec
from cortiscope.core.errors import InvalidInput, check_whole


def parse_settings(spec: RegressorSpec, texts: Sequence[str]) -> RegressorSpec:
    """Change settings by ``name=value`` texts; a tuple's values are separated by commas."""
    changes: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise InvalidInput(f"A setting is written NAME=VALUE; got {text!r}.", _allowed(spec))
        changes[name.strip()] = value.strip()
    return with_plain_settings(spec, changes)


def with_plain_settings(spec: RegressorSpec, values: Mapping[str, Any]) -> RegressorSpec:
    """Change settings by texts, numbers or lists, each turned into its field's type."""
    defaults = {f.name: getattr(spec.settings, f.name) for f in dataclasses.fields(spec.settings)}
    changes = {
        name: _convert(spec, name, value, defaults[name]) if name in defaults else value
        for name, value in values.items()
    }
    for name, value in changes.items():
        _check_bounds(spec, name, value)
    return spec.with_settings(**changes)


def _convert(spec: RegressorSpec, name: str, value: Any, default: Any) -> Any:
    try:
        if isinstance(default, tuple):
            items = value.split(",") if isinstance(value, str) else list(value)
            kind = type(default[0]) if default else float
            return tuple(kind(item) for item in items)
        if isinstance(default, bool):
            return {"true": True, "false": False}[str(value).lower()]
        return type(default)(value)
    except (TypeError, ValueError, KeyError, OverflowError):
        wanted = "values like" if isinstance(default, tuple) else "a value like"
        raise InvalidInput(
            f"The setting {name} of {spec.name} takes {wanted} {default!r}; got {value!r}.",
            _allowed(spec),
        ) from None


def _check_bounds(spec: RegressorSpec, name: str, value: Any) -> None:
    """Refuse numbers that no setting means: negative, infinite, NaN or absurdly large ones."""
    for number in value if isinstance(value, tuple) else (value,):
        if isinstance(number, int):
            check_whole(f"The setting {name} of {spec.name}", int(number))
        elif isinstance(number, float) and not 0 <= number < math.inf:
            raise InvalidInput(
                f"The setting {name} of {spec.name} must be 0 or more and finite; got {number}.",
                _allowed(spec),
            )


def _allowed(spec: RegressorSpec) -> str:
    fields = dataclasses.fields(spec.settings)
    if not fields:
        return f"{spec.name} has no settings."
    named = ", ".join(f"{f.name} ({getattr(spec.settings, f.name)!r})" for f in fields)
    return f"Settings of {spec.name} and their defaults: {named}."
