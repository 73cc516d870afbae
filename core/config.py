"""Frozen configuration values and the fingerprint that is the cache key everywhere.

A configuration is a frozen dataclass of plain values (str, int, float, bool, None, tuples,
enums and other configurations). Its fingerprint is a hash of the canonical JSON of all fields
except those marked ``metadata={"cosmetic": True}`` (device, batch size: they do not change the
result), and those marked ``metadata={"omit_default": True}`` that have their default (fields
added later: what is on disk keeps its key).

A class that was renamed keeps its key by a class attribute, ``stored_as: ClassVar[str]``, with the
name it had when it was first stored.
"""

from __future__ import annotations

import dataclasses
import enum
import hashlib
import json
from typing import Any


def to_plain(value: Any, *, cosmetic: bool = True) -> Any:
    """Turn a configuration into JSON values; dataclasses carry their ``stored_name``.

    Parameters
    ----------
    cosmetic : keep fields that are no part of the fingerprint.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {
            f.name: to_plain(getattr(value, f.name), cosmetic=cosmetic)
            for f in dataclasses.fields(value)
            if cosmetic or not _is_left_out(f, getattr(value, f.name))
        }
        return {"type": stored_name(type(value)), **fields}
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, tuple | list):
        return [to_plain(item, cosmetic=cosmetic) for item in value]
    if isinstance(value, dict):
        return {str(k): to_plain(v, cosmetic=cosmetic) for k, v in value.items()}
    if value is None or isinstance(value, str | int | float | bool):
        return value
    raise TypeError(f"A configuration may not hold a {type(value).__name__}: {value!r}.")


def stored_name(cls: type) -> str:
    """Return what a configuration's class is called in fingerprints and on disk.

    Its own name, or ``stored_as`` where its body (not a parent's) sets it.
    """
    return str(vars(cls).get("stored_as", cls.__name__))


def _is_left_out(field: dataclasses.Field[Any], value: Any) -> bool:
    if field.metadata.get("omit_default") and value == field.default:
        return True
    return bool(field.metadata.get("cosmetic"))


def fingerprint(value: Any) -> str:
    """Return 16 hexadecimal digits that are equal exactly when the results must be."""
    text = json.dumps(to_plain(value, cosmetic=False), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
