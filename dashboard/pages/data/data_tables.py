"""What a subject's folder holds, as tables: images, responses, ceiling, ROIs, other subjects."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from pathlib import Path

import numpy as np
import streamlit as st

from cortiscope import services
from cortiscope.core.brain import HEMISPHERES, Hemisphere
from cortiscope.core.datasets import Subject, SubjectRef
from cortiscope.core.datasets.describe import SplitDescription
from cortiscope.core.datasets.registry import layout_named, layout_words
from cortiscope.core.errors import CoreError
from cortiscope.core.evaluation.ceiling import subject_ceiling
from cortiscope.look import theme
from cortiscope.markup import Html, html, show_html
from cortiscope.navigation import link_to_place, link_with
from cortiscope.pages.data.folder_status import last_result
from cortiscope.panels.data_words import SPLIT_WORDS
from cortiscope.state import RoiName
from cortiscope.subject.locations import unit_of
from cortiscope.subject.roi_style import roi_colour

_UNKNOWN = '<span class="cs-absent">unknown</span>'


def headline(subject: Subject) -> str:
    """Say what the folder is: layout, sizes, ROIs, path."""
    n, unit = subject.space.n_vertices(), subject.space.unit
    sizes = [f"{len(subject.train):,} training and {len(subject.test):,} test images"]
    if subject.space.is_placed:
        left, right = (subject.space.n_vertices(h) for h in HEMISPHERES)
        sizes.append(f"{left:,} left + {right:,} right = {n:,} {unit}")
        present, known = _rois_present(subject)
        sizes.append(f"{present} of {known} ROIs" if known else "no ROIs")
    else:
        sizes.append(f"{n:,} {unit} of unknown position")
    layout = layout_words(subject.layout)
    return (
        f'<h2 class="cs-head">{escape(subject.id)} <small>{escape(layout)}</small></h2>'
        f'<p class="cs-note">{escape(" · ".join(sizes))}<br>'
        f"<code>{escape(str(subject.folder))}</code></p>"
    )


def _rois_present(subject: Subject) -> tuple[int, int]:
    names = subject.parcellation.roi_names
    there = [n for n in names if any(len(subject.roi_vertices(n, h)) for h in HEMISPHERES)]
    return len(there), len(names)


def splits_html(subject: Subject, described: Sequence[SplitDescription]) -> str:
    """Tabulate images and responses of each split."""
    head = "".join(f"<td>{SPLIT_WORDS[d.name]}</td>" for d in described)
    rows = [
        ("images", [f"{d.n_images:,}" for d in described]),
        ("image size", [_sizes(d) for d in described]),
        ("responses", [_responses(d, subject) for d in described]),
        ("stored as", [_stored(d) for d in described]),
        ("repeats: images", [_repeats(d) for d in described]),
        ("captions", [_some(d.n_captioned, d.n_images) for d in described]),
        ("categories", [_some(d.n_categorised, d.n_images) for d in described]),
    ]
    if subject.train.truth is not None:
        rows.append(
            ("noise-free truth", ["known" if len(subject.split(d.name)) else "" for d in described])
        )
    body = "".join(
        f"<tr><th>{name}</th>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
        for name, cells in rows
    )
    return (
        f'<table class="cs-table cs-wide"><thead><tr><td></td>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table>"
        f'<p class="cs-note">Responses: {escape(subject.conventions.meaning)}; '
        "one row per image, one column per "
        f"{unit_of(subject)}. Sizes in pixels, from the headers of "
        f"{' and '.join(str(d.n_looked_at) for d in described if d.n_images)} images spread over "
        "the split.</p>"
    )


def stated_html(subject: Subject) -> str:
    """Tabulate what the numbers mean, with who says so; what is not stated is unknown."""
    facts = subject.conventions
    shown = (
        ("rows", facts.row_order),
        ("units", facts.units),
        ("preprocessing", facts.preprocessing),
        ("repeats", facts.repeats),
        ("pictures", facts.picture_degrees),
        ("ceilings", facts.ceiling),
    )
    rows = []
    for name, fact in shown:
        value = f"{fact.value:g}°" if isinstance(fact.value, float) else escape(fact.value or "")
        said = f"{value} <small>({fact.source})</small>" if fact.known else _UNKNOWN
        rows.append(f'<tr><th>{name}</th><td class="cs-left">{said}</td></tr>')
    ask = (
        '<p class="cs-note">No page assumes what is unknown. State it under <code>conventions'
        "</code> in <code>cortiscope_sidecar/sidecar.json</code>: see “Open your own data”.</p>"
        if facts.unstated
        else ""
    )
    return f'<table class="cs-table cs-wide"><tbody>{"".join(rows)}</tbody></table>{ask}'


def _sizes(described: SplitDescription) -> str:
    shown = [f"{w} × {h}" for w, h in list(described.image_sizes)[:2]]
    more = len(described.image_sizes) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def _responses(described: SplitDescription, subject: Subject) -> str:
    if described.responses is None:
        words = subject.conventions.test_responses.value or "none"
        return f'<span class="cs-absent">{escape(words)}</span>' if described.n_images else ""
    shapes = described.responses
    n = next(iter(shapes.values()))[0]
    if not subject.space.is_placed:
        return f"{n:,} × {sum(m for _, m in shapes.values()):,}"
    return "<br>".join(f"{n:,} × {m:,} {part}" for part, (n, m) in shapes.items())


def _stored(described: SplitDescription) -> str:
    if described.responses is None:
        return ""
    return f"{escape(described.dtype)}, {_bytes(described.n_bytes)}"


def _bytes(n: int) -> str:
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if n >= size:
            return f"{n / size:.1f} {unit}"
    return f"{n} bytes"


def _repeats(described: SplitDescription) -> str:
    if described.repeats is None:
        return _UNKNOWN if described.n_images else ""
    return ", ".join(f"{k}×: {n:,}" for k, n in described.repeats.items())


def _some(n: int, n_all: int) -> str:
    if not n_all:
        return ""
    return '<span class="cs-absent">none</span>' if not n else "all" if n == n_all else f"{n:,}"


def ceiling_html(subject: Subject) -> str:
    """Say whether ncsnr and the noise ceiling are known, and what to add where they are not."""
    unit = subject.space.unit
    facts = []
    if subject.ncsnr is None:
        facts.append(("unknown", "ncsnr", "SD of the signal over the SD of a single trial’s noise"))
    else:
        ncsnr = np.asarray(subject.ncsnr)
        facts.append(
            (
                f"{np.median(ncsnr):.2f}",
                "ncsnr",
                f"median over {len(ncsnr):,} {unit}: SD of the signal over the SD of a single "
                "trial’s noise, from repeats alone",
            )
        )
    for name, words in SPLIT_WORDS.items():
        split = subject.split(name)
        if not len(split):
            continue
        ceiling, source = subject_ceiling(subject, name, np.arange(len(split)))
        if ceiling is None:
            facts.append(("unknown", f"noise ceiling, {words}", f"of {len(split):,} images"))
        else:
            facts.append(
                (
                    f"{np.median(np.sqrt(ceiling)):.2f}",
                    f"noise ceiling, {words}",
                    f"median over {len(ceiling):,} {unit} of its square root, the r that a "
                    f"perfect model would reach on {len(split):,} images; {source}",
                )
            )
    rows = "".join(f"<dt>{v}</dt><dd><b>{t}</b> {escape(d)}</dd>" for v, t, d in facts)
    missing = "" if all(v != "unknown" for v, _, _ in facts) else what_to_add(subject)
    return f'<dl class="cs-facts">{rows}</dl>{missing}'


def what_to_add(subject: Subject) -> str:
    """Say which files would make the ceiling known, in the words of the subject's layout."""
    layout = layout_named(subject.layout)
    if layout is None or not layout.for_ceiling:
        return (
            '<p class="cs-note">This layout has no place for either. Scores are then shown without '
            "a ceiling; no substitute is used.</p>"
        )
    files = re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(layout.for_ceiling, quote=False))
    return (
        f'<p class="cs-note">To know the ceiling, add {files}. Until then scores are shown without '
        "one; no substitute is used.</p>"
    )


def rois_html(subject: Subject) -> str:
    """Tabulate every ROI that the folder's mapping names, class by class; absent ones too."""
    if not subject.space.is_placed:
        return (
            '<p class="cs-note">The positions of these voxels are unknown: there are no '
            "hemispheres and no ROIs, so no ROI can be shown as present or absent.</p>"
        )
    names = subject.parcellation.roi_names
    if not names:
        return (
            '<p class="cs-note">This folder names no ROIs; everything over all vertices works.</p>'
        )
    classes: dict[str, list[str]] = {}
    for name in names:
        classes.setdefault(subject.parcellation.class_of(name), []).append(name)
    blocks = []
    for group, members in classes.items():
        title, colour = roi_colour(group)
        shade = colour.light if theme() == "light" else colour.dark
        rows = "".join(
            f"<tr><th>{escape(name)}</th>"
            + "".join(f"<td>{_n_or_absent(subject, RoiName(name, h))}</td>" for h in HEMISPHERES)
            + "</tr>"
            for name in members
        )
        blocks.append(
            f'<table class="cs-table"><thead><tr style="border-top:3px solid {shade}">'
            f"<th>{escape(title)}</th><td>left</td><td>right</td></tr>"
            f"</thead><tbody>{rows}</tbody></table>"
        )
    return (
        f'<div class="cs-blocks">{"".join(blocks)}</div><p class="cs-note">Vertices of each ROI. '
        "A vertex may be in ROIs of several classes. Absent: the folder’s mapping names the ROI, "
        "and no vertex of this hemisphere is labelled with it.</p>"
    )


def _n_or_absent(subject: Subject, roi: RoiName) -> str:
    n = len(subject.roi_vertices(roi.name, Hemisphere(roi.hemisphere)))
    return link_to_place(f"{n:,}", roi, page="") if n else '<span class="cs-absent">absent</span>'


def roi_rows(subject: Subject) -> list[tuple[object, ...]]:
    """Return one row per ROI and hemisphere, for the CSV file."""
    return [
        (name, subject.parcellation.class_of(name), h.value, len(subject.roi_vertices(name, h)))
        for name in subject.parcellation.roi_names
        for h in HEMISPHERES
    ]


def show_side_by_side(refs: Sequence[SubjectRef], current: str) -> None:
    """Tabulate the subjects of one folder; those that cannot be opened say why."""
    rows = []
    with st.spinner(f"Opening {len(refs)} subjects …", show_time=False):
        for ref in refs:
            try:
                opened = services.subject(ref.id)
            except CoreError as error:
                rows.append(
                    f"<tr><th>{escape(ref.id)}</th>"
                    f'<td colspan="8" class="cs-left">{escape(error.message)}</td></tr>'
                )
                continue
            rows.append(_subject_row(opened, ref.folder, opened.id == current))
    head = "".join(
        f"<td>{words}</td>"
        for words in (
            "training", "test", "left", "right", "ROIs", "repeats", "ceiling (test)", "problems",
        )
    )  # fmt: skip
    show_html(
        '<div class="cs-scroll"><table class="cs-table cs-wide"><thead><tr><th>subject</th>'
        "{head}</tr></thead><tbody>{listed}</tbody></table></div>"
        '<p class="cs-note">Images of each split; vertices of each hemisphere (voxels of unknown '
        "position count once); ROIs present of those named; trials averaged per training image; "
        "median over vertices of the square root of the noise ceiling; problems that the last "
        "check found.</p>",
        head=Html(head),
        listed=Html("".join(rows)),
    )


def _subject_row(subject: Subject, folder: Path, current: bool) -> str:
    space = subject.space
    if space.is_placed:
        sizes = "".join(f"<td>{space.n_vertices(h):,}</td>" for h in HEMISPHERES)
    else:
        sizes = f'<td colspan="2">{space.n_vertices():,} voxels</td>'
    present, known = _rois_present(subject) if space.is_placed else (0, 0)
    ceiling, _ = subject_ceiling(subject, "test", np.arange(len(subject.test)))
    repeats = subject.train.repeats
    last = last_result(folder)
    cells = (
        f"{len(subject.train):,}",
        f"{len(subject.test):,}"
        + (
            ""
            if subject.test.responses or not len(subject.test)
            else f" {subject.conventions.test_responses.value or ''}".rstrip()
        ),
    )
    later = (
        f"{present} of {known}" if known else '<span class="cs-absent">none</span>',
        _UNKNOWN if repeats is None else f"{repeats.min()} to {repeats.max()}",
        _UNKNOWN if ceiling is None else f"{np.median(np.sqrt(ceiling)):.2f}",
        '<span class="cs-absent">not looked at yet</span>'
        if last is None
        else str(last.n_problems or "none"),
    )
    name = (
        html("<b>{id}</b>", id=subject.id)
        if current
        else link_with(subject.id, title="Look at this subject", subject=subject.id, vertex=None)
    )
    return (
        f"<tr><th>{name}</th>{''.join(f'<td>{c}</td>' for c in cells)}{sizes}"
        f"{''.join(f'<td>{c}</td>' for c in later)}</tr>"
    )
