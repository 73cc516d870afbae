"""Files that anybody may have made are opened first, or only, in processes of their own.

Pictures and data folders have one each: a folder that takes minutes to convert must not hold up
the thumbnails.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import streamlit as st

from cortiscope.core.errors import CoreError
from cortiscope.stimulus_gallery import UnreadablePictureError
from cortiscope.work.answering import AnsweringProcess

_LONGEST_OPENING = 3600.0  # seconds; large tables are converted once


@st.cache_resource(show_spinner=False)
def _reader(what: str) -> AnsweringProcess:
    return AnsweringProcess("reader")


def read_thumbnail(path: Path, size: int) -> tuple[bytes, str]:
    """Return (content, media type) of a picture, its longest side at most ``size`` pixels."""
    try:
        said = _reader("pictures").ask(ask="thumbnail", image=str(path), size=size)
    except CoreError as error:
        raise UnreadablePictureError(str(error)) from error
    return base64.b64decode(said["base64"]), str(said["media_type"])


def read_photograph(source: Path, name: str, side: int, out: Path) -> dict[str, Any]:
    """Write a picture as an upright RGB PNG, its longest side at most ``side`` pixels.

    Returns
    -------
    said : ``notes``, what was done to it, and ``original``, its size and colours in words.

    Raises
    ------
    CoreError : what is wrong with it and what to do.
    """
    return _reader("pictures").ask(
        ask="photograph", image=str(source), name=name, side=side, out=str(out)
    )


def try_subject(folder: Path) -> None:
    """Open a subject in another process, so that only what went well there is opened here.

    Raises
    ------
    CoreError : why it cannot be opened.
    """
    _reader("folders").ask(timeout=_LONGEST_OPENING, ask="subject", folder=str(folder))
