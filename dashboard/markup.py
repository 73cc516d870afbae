"""Texts from outside (names, paths, addresses, captions) shown as they are, never as markup.

HTML is made by templates that are ours, and whatever is put into one is escaped unless it is
``Html`` itself. In Markdown ``as_text`` makes a text plain: what it is given shows character by
character, and no picture, link, formula or icon comes of it. Streamlit reads Markdown in nearly
all of its words: messages, captions, labels of buttons, tabs and expanders, tooltips, progress.
"""

from __future__ import annotations

import re
from html import escape
from math import isfinite

import streamlit as st

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$:^=&@\"'])")
# What is made a link or an icon even where it is escaped.
_ADDRESS = re.compile(r"(https?:(?=//)|www(?=\.)|@(?=[\w-]+\.)|:(?=material/))", re.IGNORECASE)
_WORD_JOINER = "\u2060"  # no width, no break


class Html(str):
    """Markup of our own: templates take it as it is."""

    __slots__ = ()


def html(template: str, /, **values: object) -> Html:
    """Fill a template of ours (as ``str.format`` does); values that are not ``Html`` are escaped.

    Without values the template is markup as it stands.
    """
    plain = {k: v if isinstance(v, Html) else escape(str(v)) for k, v in values.items()}
    return Html(template.format(**plain) if values else template)


def show_html(template: str, /, **values: object) -> None:
    """Draw a filled template."""
    st.html(html(template, **values))


def show_title(template: str, /, **values: object) -> None:
    """Draw the title of a panel."""
    show_html('<p class="cs-title">{words}</p>', words=html(template, **values))


def show_note(template: str, /, **values: object) -> None:
    """Draw a note below a panel: small and grey."""
    show_html('<p class="cs-note">{words}</p>', words=html(template, **values))


def as_text(text: object) -> str:
    """Return a text so that Markdown shows it as it is, in one line."""
    line = _ADDRESS.sub(rf"\1{_WORD_JOINER}", " ".join(str(text).split()))
    return _SPECIAL.sub(r"\\\1", line)


def signed(value: float, digits: int = 2, *, plus: bool = False) -> str:
    """Write a number for people: a true minus, and no minus before a zero.

    Parameters
    ----------
    plus : of a difference: what is above zero says so.
    """
    text = f"{float(value):{'+' if plus else ''}.{digits}f}"
    return text.lstrip("-+") if not float(text) else text.replace("-", "\u2212")


def p_words(value: float | None) -> str:
    """Write what follows "p": ``= .012``, or ``< .001`` where it is less."""
    if value is None or not isfinite(value):
        return "unknown"
    return "< .001" if value < 0.001 else f"= {value:.3f}".replace("= 0.", "= .")
