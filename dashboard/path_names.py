"""Names in place of the machine's paths, in whatever goes to a visitor.

One place for all pages, errors and texts: they say paths as they are, since whoever sits at the
machine needs them, and visitors read names instead. A folder is called as its last part, the
home ``CORTISCOPE_HOME``.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from collections.abc import Callable
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from google.protobuf.message import Message
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from cortiscope.core.storage import Home, data_folders
from cortiscope.markup import as_text
from cortiscope.subject.data_folders import opened_folders

_PROJECT = Path(__file__).resolve().parent


class PathNames:
    """Puts names in place of paths.

    Parameters
    ----------
    named : folder -> its name; what lies in it is named from there on.
    """

    def __init__(self, named: dict[Path, str]) -> None:
        found: dict[str, str] = {}
        for folder, name in named.items():
            for path in {folder, Path(os.path.realpath(folder))}:
                if len(path.parts) > 1:
                    for written in _WAYS_TO_WRITE:
                        found.setdefault(written(str(path)), written(name))
        self._names = found
        # Longest first, and whole parts only: /data/nsd is no beginning of /data/nsd2.
        forms = sorted(found, key=len, reverse=True)
        pattern = "|".join(map(_as_pattern, forms))
        self._pattern, self._in_bytes = re.compile(pattern), re.compile(pattern.encode())
        # If one is the beginning of another it is enough to look for it.
        quick: list[str] = []
        for form in reversed(forms):
            if not any(form.startswith(q) for q in quick):
                quick.append(form)
        self._quick = [form.encode() for form in quick]

    def in_text(self, text: str) -> str:
        """Return a text with names in place of paths."""
        return self._pattern.sub(lambda found: self._names[found[0]], text)

    def in_message(self, content: bytes) -> bytes:
        """Return a message of the server in the same way; most hold no path and stay."""
        if not any(form in content for form in self._quick):
            return content
        message = ForwardMsg()
        message.ParseFromString(content)
        self._walk(message)
        return message.SerializeToString()

    def _walk(self, message: Message) -> None:
        for field, value in message.ListFields():
            if field.type == field.TYPE_MESSAGE:
                self._into(field, value)
            elif field.type in (field.TYPE_STRING, field.TYPE_BYTES):
                if field.is_repeated:
                    value[:] = [self._one(v) for v in value]
                else:
                    setattr(message, field.name, self._one(value))

    def _into(self, field: Any, value: Any) -> None:
        """Go on into messages, lists of them, and maps."""
        if field.message_type.GetOptions().map_entry:
            inner = field.message_type.fields_by_name["value"]
            for key in value:
                if inner.type == inner.TYPE_MESSAGE:
                    self._walk(value[key])
                elif inner.type in (inner.TYPE_STRING, inner.TYPE_BYTES):
                    value[key] = self._one(value[key])
        elif field.is_repeated:
            for each in value:
                self._walk(each)
        else:
            self._walk(value)

    def _one(self, value: str | bytes) -> str | bytes:
        if isinstance(value, str):
            return self.in_text(value)
        if not any(form in value for form in self._quick):
            return value
        # A table's cells: lengths are written elsewhere in it, so they must not change.
        return self._in_bytes.sub(lambda found: b"*" * len(found[0]), value)


# As it is, in Markdown, HTML, JSON, Python, an address.
_WAYS_TO_WRITE: tuple[Callable[[str], str], ...] = (
    str,
    as_text,
    escape,
    lambda text: json.dumps(text)[1:-1],
    lambda text: repr(text)[1:-1],
    quote,
)


def _as_pattern(form: str) -> str:
    # Of one part, as /data, it may be the end of an address; not so after \n and the like.
    alone = form.count("/") == 1 and "\\" not in form
    before = r"(?:(?<![\w.])|(?<=\\[nrt]))" if alone else ""
    return rf"{before}{re.escape(form)}(?!\w)"


def names_in_message(content: bytes) -> bytes:
    """Return a message for a visitor, with names in place of this machine's paths."""
    home = Home.from_environment()
    return _names(home.root, (*data_folders(), *opened_folders(home))).in_message(content)


@lru_cache(maxsize=8)
def _names(home: Path, folders: tuple[Path, ...]) -> PathNames:
    named = {folder: folder.name for folder in folders}
    named.setdefault(home, "CORTISCOPE_HOME")
    named.setdefault(_PROJECT, "cortiscope")
    named.setdefault(_PROJECT.parent, "cortiscope")
    for python in (sys.prefix, sys.base_prefix, *filter(os.path.isabs, sys.path)):
        named.setdefault(Path(python), "python")
    for variable in ("TORCH_HOME", "HF_HOME", "NILEARN_DATA"):
        if where := os.environ.get(variable):
            named.setdefault(Path(where).absolute(), variable)
    named.setdefault(Path.home(), "HOME")
    named.setdefault(Path(tempfile.gettempdir()), "tmp")
    return PathNames(named)
