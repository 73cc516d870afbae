"""Frozen configuration values and the fingerprint that is the cache key everywhere.

A configuration is a frozen dataclass of plain values (str, int, float, bool, None, tuples,
enums and other configurations). Its fingerprint is a hash of the canonical JSON of all fields
except those marked ``metadata={"cosmetic": True}`` (device, batch size: they do not change the
result), and those marked ``metadata={"omit_default": True}`` that have their default (fields
added later: what is on disk keeps its key).

A class that was renamed keeps its key by a class attribute, ``stored_as: ClassVar[str]``, with the
name it had when it was first stored.

``to_plain`` turns a configuration into JSON values and ``from_plain`` reads them back, or reads
what a person wrote like them: only what is not as usual need be there, and a class with a
``parse`` may be written as the text that it reads (``"pca:100"``).
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import hashlib
import json
import types
import typing
from collections.abc import Mapping
from typing import Any, TypeVar

from cortiscope.core.errors import InvalidInput, check_option, shortened, unknown_name

_T = TypeVar("_T")


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


def from_plain(cls: type[_T], data: Any, where: str = "", *, stored: bool = False) -> _T:
    """Return the configuration of a class that JSON or TOML values describe.

    Fields are read by their annotations: texts, numbers, ``Literal``, enums, ``None``, tuples,
    mappings, other configurations, and unions of these by their ``stored_name``. A field that is
    left out has its default. A class whose fields depend on their values says how it is read by
    ``read_as(data, stored)`` -> the class to make, and the types of some of its fields.

    Parameters
    ----------
    where : what is read, for errors, as in "plan.toml".
    stored : it was written by ``to_plain``, perhaps of another version: fields that this one does
        not know are left out.

    Raises
    ------
    InvalidInput : a value that the field cannot have, or a field without a default is missing.
    UnknownName : no such field; the nearest one is offered.
    """
    read: _T = _Reading(stored).value(cls, data, "", where)
    return read


_WORDS: dict[Any, tuple[str, str]] = {
    str: ("a text", "texts"),
    int: ("a whole number", "whole numbers"),
    float: ("a number like 0.2", "numbers"),
    bool: ("true or false", "true or false"),
}


@dataclasses.dataclass(frozen=True)
class _Reading:
    """One reading of plain values; ``name`` is the field that is read, ``where`` what holds it."""

    stored: bool

    def value(self, kind: Any, value: Any, name: str, where: str) -> Any:
        """Return a value of any annotated type."""
        if kind in _WORDS:
            return _scalar(kind, value, name, where)
        origin, arguments = _form_of(kind)
        if kind is Any:
            return self._as_it_is(value, name, where)
        if origin in (typing.Union, types.UnionType):
            return self._one_of(arguments, value, name, where)
        if origin is typing.Literal:
            return check_option(name, value, arguments)
        if origin is tuple:
            return self._tuple(arguments, value, name, where)
        if origin is not None and issubclass(origin, Mapping):
            own = _inside(where, name)
            return {
                str(key): self.value(arguments[1], item, str(key), own)
                for key, item in _mapping(value, name, where).items()
            }
        if dataclasses.is_dataclass(kind) and isinstance(kind, type):
            return self._dataclass(kind, value, name, where)
        if issubclass(kind, enum.Enum):
            options = [member.value for member in kind]
            if value not in options:
                raise unknown_name(name, str(value), map(str, options))
            return kind(value)
        raise TypeError(f"A configuration may not hold a {kind.__name__}: {name}.")

    def _dataclass(self, cls: type, value: Any, name: str, where: str) -> Any:
        own = _inside(where, name)
        if isinstance(value, str) and hasattr(cls, "parse"):
            return _made(cls.parse, own, value)
        given = dict(_mapping(value, name, where))
        found = given.pop("type", stored_name(cls))
        if found != stored_name(cls):
            raise InvalidInput(f"{own or 'This'} must be a {stored_name(cls)}; got a {found}.")
        kinds: Mapping[str, Any] = {}
        if hasattr(cls, "read_as"):
            cls, kinds = cls.read_as(given, self.stored)
        known, required = _fields_of(cls)
        for key in given:
            if key not in known and not self.stored:
                raise unknown_name(f"key of {own}" if own else "key", str(key), known)
        for key in required:
            if key not in given:
                raise InvalidInput(f"{own}: {key} is missing.".removeprefix(": "))
        read = {
            key: self.value(kinds.get(key, kind), given[key], key, own)
            for key, kind in known.items()
            if key in given
        }
        return _made(cls, own, **read)

    def _tuple(self, kinds: tuple[Any, ...], value: Any, name: str, where: str) -> tuple[Any, ...]:
        each: Any = kinds[0] if kinds[1:] == (...,) else None
        if isinstance(value, str) and each is not None and (each is str or hasattr(each, "parse")):
            value = [value]  # a list of one may be written without its brackets
        words = f"a list of {_WORDS[each][1]}" if each in _WORDS else "a list"
        if not isinstance(value, list | tuple) or (each is None and len(value) != len(kinds)):
            raise _wrong(name, where, words if each else f"a list of {len(kinds)}", value)
        if each in _WORDS:
            try:
                return tuple(_scalar(each, item, name, where) for item in value)
            except InvalidInput:
                raise _wrong(name, where, words, value) from None
        items = zip(kinds if each is None else [each] * len(value), value, strict=True)
        return tuple(
            self.value(own, v, f"{name} {k}", where) for k, (own, v) in enumerate(items, 1)
        )

    def _one_of(self, kinds: tuple[Any, ...], value: Any, name: str, where: str) -> Any:
        if value is None and type(None) in kinds:
            return None
        kinds = tuple(kind for kind in kinds if kind is not type(None))
        if len(kinds) > 1 and isinstance(value, Mapping):
            by_name = {stored_name(k): k for k in kinds if isinstance(k, type)}
            found = check_option(f"type of {name}", str(value.get("type", "")), by_name)
            kinds = (by_name[found],)
        elif len(kinds) > 1:
            kinds = tuple(kind for kind in kinds if kind is type(value)) or kinds
        return self.value(kinds[0], value, name, where)

    def _as_it_is(self, value: Any, name: str, where: str) -> Any:
        """Return a value of no known type: lists as tuples, objects as frozen records."""
        if isinstance(value, list | tuple):
            return tuple(self._as_it_is(item, name, where) for item in value)
        if not isinstance(value, Mapping):
            return value
        fields = {k: self._as_it_is(v, name, where) for k, v in value.items() if k != "type"}
        try:
            kind = dataclasses.make_dataclass(str(value.get("type", "Record")), fields, frozen=True)
        except (TypeError, ValueError):
            raise _wrong(name, where, "an object with names as its keys", value) from None
        return kind(**fields)


@functools.cache
def _fields_of(cls: type) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the fields of a class with their types, and the names of those without a default."""
    kinds, missing = typing.get_type_hints(cls), dataclasses.MISSING
    fields = [f for f in dataclasses.fields(cls) if f.init]
    required = [f.name for f in fields if f.default is missing and f.default_factory is missing]
    return {f.name: kinds[f.name] for f in fields}, tuple(required)


@functools.cache
def _form_of(kind: Any) -> tuple[Any, tuple[Any, ...]]:
    return typing.get_origin(kind), typing.get_args(kind)


def _scalar(kind: type, value: Any, name: str, where: str) -> Any:
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value) if value.bit_length() < 1024 else None
    if type(value) is not kind:
        raise _wrong(name, where, _WORDS[kind][0], value)
    return value


def _mapping(value: Any, name: str, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _wrong(name, where, "an object with keys and values", value)
    return value


def _made(make: Any, where: str, *positional: Any, **fields: Any) -> Any:
    """Return what is made of values; what is wrong with them says where they are."""
    try:
        return make(*positional, **fields)
    except InvalidInput as error:
        if not where:
            raise
        raise type(error)(f"{where}: {error.message}", error.hint) from None


def _inside(where: str, name: str) -> str:
    return ", ".join(words for words in (where, name) if words)


def _wrong(name: str, where: str, wanted: str, value: Any) -> InvalidInput:
    what = ": ".join(words for words in (where, name) if words) or "This"
    try:
        got = shortened(repr(value), 60)
    except ValueError:  # Python does not spell out whole numbers of thousands of digits
        got = "one of very many digits"
    return InvalidInput(f"{what} must be {wanted}; got {got}.")
