"""Random images of a split, and the categories that images carry."""

from __future__ import annotations

from collections import Counter
from html import escape

import numpy as np
import streamlit as st

from cortiscope import state
from cortiscope.core.datasets import Subject
from cortiscope.markup import show_html, show_title
from cortiscope.panels.data_words import SPLIT_WORDS
from cortiscope.panels.stimulus import linked_pictures
from cortiscope.regions import draw_again

_N_RANDOM = 16


def show_random_images(subject: Subject) -> None:
    """Draw a grid of random images; split and seed are in the address."""
    show_title("Random images")
    names = [n for n in SPLIT_WORDS if len(subject.split(n))]
    drawn = state.current().drawn
    known = drawn is not None and drawn.split in names
    if state.current().draw and not known:
        state.tell(
            f"There is no draw “{state.current().draw}”: draws are named like "
            f"{state.Draw(names[0], 7)}; showing {state.Draw(names[0], 1)}."
        )
    name, number = drawn if drawn is not None and known else (names[0], 1)
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        chosen = st.segmented_control(
            "split",
            names,
            default=name,
            format_func=SPLIT_WORDS.__getitem__,
            required=True,
            label_visibility="collapsed",
            key=f"data-draw-split-{subject.id}-{name}",
        )
        if chosen != name:
            state.change(draw=state.Draw(chosen, number))
            draw_again()
        if st.button("Draw again", key="data-draw", icon=":material/shuffle:"):
            state.change(draw=state.Draw(name, number + 1))
            draw_again()
    state.change(draw=state.Draw(name, number))
    split = subject.split(name)
    rows = draw_rows(len(split), number)
    pictures = [(name, int(k), f"{name}-{k + 1}") for k in rows]
    show_html(
        '<div class="cs-grid">{figures}</div><p class="cs-note">{n_rows} of {n_split} {split} '
        "images, drawn without replacement with seed {number}. {stamp}</p>",
        figures=linked_pictures(subject, pictures, side=320),
        n_rows=len(rows),
        n_split=f"{len(split):,}",
        split=SPLIT_WORDS[name],
        number=number,
        stamp=subject.stamp,
    )


def draw_rows(n: int, seed: int, size: int = _N_RANDOM) -> np.ndarray:
    """Return up to ``size`` different rows below ``n``, the same for the same seed."""
    return np.random.default_rng(seed).choice(n, min(n, size), replace=False)


def categories_html(subject: Subject) -> str:
    """Count the categories that images carry; empty where there are none."""
    counts: Counter[str] = Counter()
    n = 0
    for name in SPLIT_WORDS:
        for note in subject.split(name).notes:
            counts.update(set(note.categories))
            n += bool(note.categories)
    if not counts:
        return ""
    rows = "".join(
        f'<li><span style="width:{100 * k / n:.0f}%"></span>{escape(name)} '
        f"<small>{k:,}</small></li>"
        for name, k in counts.most_common(16)
    )
    more = f"; {len(counts) - 16} rarer ones not listed" if len(counts) > 16 else ""
    return (
        f'<p class="cs-title">Categories</p><ul class="cs-guesses cs-columns">{rows}</ul>'
        f'<p class="cs-note">How many of {n:,} images with categories have each; an image may have '
        f"several{more}.</p>"
    )
