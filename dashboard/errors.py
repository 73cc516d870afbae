"""Errors as sentences on the page: what is wrong, and what to do. Never a traceback."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from cortiscope.core.errors import CoreError
from cortiscope.markup import as_text


def show_words(message: str, hint: str = "", *, calm: bool = False) -> None:
    """Show what went wrong in place, and what to do.

    Parameters
    ----------
    calm : it was asked for, as a stop.
    """
    words = f"**{as_text(message)}**" + (f"  \n{as_text(hint)}" if hint else "")
    (st.info if calm else st.error)(words)


def show_error(error: CoreError) -> None:
    """Show one error in place."""
    show_words(error.message, error.hint)


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
