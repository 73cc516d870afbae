"""The app's look beyond Streamlit's theme: spacing, header, the stamp. One small style sheet."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_STYLE = Path(__file__).parent / "look.css"


def apply_look() -> None:
    """Send the style sheet."""
    st.html(_STYLE)


def stamp(text: str) -> None:
    """Print the stamp of simulated data into the header, where it stays on every page."""
    if text:
        st.html(
            f'<div class="cs-stamp" role="note" title="Made by a computer: its hierarchy is built '
            f'in by construction and is no evidence about brains.">{text}</div>'
        )
