"""The app's look beyond Streamlit's theme: spacing, header, the stamp. One small style sheet."""

from __future__ import annotations

import re
from functools import cache
from html import escape
from pathlib import Path

import streamlit as st

_STYLE = Path(__file__).parent / "look.css"


def apply_look() -> None:
    """Send the style sheet."""
    st.html(f"<style>{_compact_style()}</style>")


@cache
def _compact_style() -> str:
    """Read the style sheet without comments and indentation: it is sent again with every run."""
    text = re.sub(r"/\*.*?\*/", "", _STYLE.read_text(encoding="utf-8"), flags=re.DOTALL)
    return re.sub(r"\s*([{};:,])\s+", r"\1", " ".join(text.split()))


def stamp(text: str) -> None:
    """Print the stamp of simulated data into the header, where it stays on every page."""
    if text:
        st.html(
            f'<div class="cs-stamp" role="note" title="Made by a computer: its hierarchy is built '
            f'in by construction and is no evidence about brains.">{escape(text)}</div>'
        )
