"""Errors as sentences on the page: what is wrong, and what to do. Never a traceback."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from core.errors import CoreError

_MARKS = re.compile(r"([!-/:-@\[-`{-~])")  # all punctuation of ASCII: any may begin a mark


def as_text(words: str) -> str:
    """Return words from outside (names, addresses) as Markdown that shows them letter by letter."""
    return _MARKS.sub(r"\\\1", words)


def show_error(error: CoreError) -> None:
    """Show one error in place."""
    st.error(f"**{error.message}**" + (f"  \n{error.hint}" if error.hint else ""))


class PageEnds(Exception):  # noqa: N818 - no error
    """Ends a page early; what was to be said is on it. Unlike ``st.stop``, the script goes on."""


@contextmanager
def errors_on_page() -> Iterator[None]:
    """Show errors of the block in its place, and go on after it."""
    try:
        yield
    except PageEnds:
        pass
    except CoreError as error:
        show_error(error)
    except Exception:
        # A defect must not print a traceback in front of a class. Streamlit's reruns and stops
        # are no Exceptions and pass.
        logging.getLogger(__name__).exception("A panel failed.")
        st.error("**This part of the page failed.**  \nThe terminal that runs the app has details.")
