"""Texts from outside (names, paths, addresses, captions) shown as they are, never as markup.

In HTML ``html.escape`` does it, in Markdown ``as_text``: what it is given shows character by
character, and no picture, link, formula or icon comes of it. Streamlit reads Markdown in nearly
all of its words: messages, captions, labels of buttons, tabs and expanders, tooltips, progress.
"""

from __future__ import annotations

import re

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$:^=&@\"'])")
# What is made a link or an icon even where it is escaped.
_ADDRESS = re.compile(r"(https?:(?=//)|www(?=\.)|@(?=[\w-]+\.)|:(?=material/))", re.IGNORECASE)
_WORD_JOINER = "\u2060"  # no width, no break


def as_text(text: object) -> str:
    """Return a text so that Markdown shows it as it is, in one line."""
    line = _ADDRESS.sub(rf"\1{_WORD_JOINER}", " ".join(str(text).split()))
    return _SPECIAL.sub(r"\\\1", line)
