"""Compare: two encoders on the same held-out images, and where the difference is certain."""

from __future__ import annotations

from html import escape

import numpy as np
import streamlit as st

from core.datasets import Subject
from core.runs import Run
from dashboard import state
from dashboard.cortex_view import ColourScale, CortexMap
from dashboard.encoder_menu import backbone_title, encoder_title
from dashboard.errors import errors_on_page
from dashboard.panels.brain import focus_roi, show_brain
from dashboard.panels.brushing import brush_words, brushed, show_scatter
from dashboard.panels.downloads import csv_button, csv_text, rounded, vertex_places
from dashboard.panels.layer_table import layer_columns, layer_rows, show_layers
from dashboard.panels.methods import REFERENCES, methods_text, opening_lines, simulation_note
from dashboard.panels.paired import (
    DIFFERENCE_COLUMNS,
    N_DRAWS,
    Comparison,
    compare,
    difference_rows,
    difference_table,
    largest_html,
    overall_html,
    same_images,
    verdict,
)
from dashboard.panels.roi_responses import rows_as_csv, score_rows, take_roi
from dashboard.panels.scores import METRICS, images_of
from dashboard.panels.sidebar import pick_pair, pick_subject
from dashboard.roi_chart import Axis, Series, roi_chart


def render() -> None:
    """Draw the page."""
    subject = pick_subject()
    a, b = pick_pair(subject)
    if b is None:
        st.info("There is one encoder only. Fit another one in the sidebar to compare it with.")
        return
    positions = brushed(subject)
    with errors_on_page():
        _brains(subject, a, b, positions)
    sentence = st.container()
    columns = layer_columns(subject, a, b)
    charts, panel = st.columns([7, 4], gap="medium")
    with charts, errors_on_page():
        _both(subject, a, b)
    differences = charts.container()
    with panel, errors_on_page():
        st.html('<p class="cs-title">Which layer for which ROI?</p>')
        show_layers(subject, a, b, columns)
    scatter, words = st.columns(2, gap="medium")
    with scatter, errors_on_page():
        st.html('<p class="cs-title">A against B, vertex by vertex</p>')
        st.html(brush_words(subject, a, b, positions))
        show_scatter(subject, a, b, _titles(a, b))
    # Thousands of resamplings: everything else is on screen before they start.
    comparison = None
    with sentence, errors_on_page():
        comparison = _compared(a, b)
    with differences, errors_on_page():
        if comparison is not None:
            _differences(subject, a, comparison)
    with words, errors_on_page():
        st.html('<p class="cs-title">Over the whole cortex</p>')
        st.html(overall_html(subject, a, b, comparison))
        if comparison is not None:
            st.html('<p class="cs-title">Where they differ most</p>' + largest_html(comparison))
        _downloads(subject, a, b, comparison, columns)
    _methods_and_code(subject, a, b)
    simulation_note(subject, key="compare")


def _compared(a: Run, b: Run) -> Comparison | None:
    """Test the differences, or say why they cannot be tested."""
    if not same_images(a, b):
        st.warning(
            "A and B were scored on different images, so their difference cannot be tested. Fit "
            "one of them again with the other’s seed."
        )
        return None
    comparison = compare(a.id, b.id)
    st.html(f'<p class="cs-verdict">{escape(verdict(comparison))}</p>')
    return comparison


def _brains(subject: Subject, a: Run, b: Run, positions: np.ndarray | None) -> None:
    shown = np.ones(subject.space.n_vertices(), bool)
    if positions is not None:
        shown[:] = False
        shown[positions] = True
    r_a, r_b = (np.where(shown, np.asarray(r.report.r), np.nan) for r in (a, b))
    # Its own scale, from all vertices: a brush must not recolour what it leaves.
    limit = _difference_limit(np.asarray(a.report.r) - np.asarray(b.report.r))
    scale = METRICS[""].scale
    difference = ColourScale("diverging", -limit, limit, "r", "difference of r")
    title_a, title_b = _titles(a, b)
    maps = [
        ("A", r_a, scale, "score", title_a),
        ("B", r_b, scale, "score", title_b),
        ("A − B", r_a - r_b, difference, "difference", "warm: A predicts better, cool: B"),
    ]
    show_brain(
        subject,
        [
            CortexMap(title, values.astype(np.float32), own, subtitle, role, subject.simulated)
            for title, values, own, role, subtitle in maps
        ],
        key="compare-brain",
        height=400,
    )
    st.html(
        '<p class="cs-note">Pearson r between predicted and measured responses per vertex, '
        f"{a.report.n_images} {escape(images_of(a.report))} of {escape(subject.id)}. A and B share "
        "one scale; their difference has its own, symmetric about 0.</p>"
    )


def _titles(a: Run, b: Run) -> tuple[str, str]:
    """Words for A and B; an encoder that both share goes without saying."""
    if a.encoder != b.encoder:
        return encoder_title(a), encoder_title(b)
    return f"{backbone_title(a)} · {a.layer}", f"{backbone_title(b)} · {b.layer}"


def _difference_limit(difference: np.ndarray) -> float:
    """Return a round end of the scale that holds all but one vertex in a hundred."""
    defined = np.abs(difference[np.isfinite(difference)])
    return max(0.1, float(np.ceil(np.quantile(defined, 0.99) * 20) / 20)) if len(defined) else 0.1


def _both(subject: Subject, a: Run, b: Run) -> None:
    rows = score_rows(subject, [a, b])
    definition = (
        f"A: {encoder_title(a)}. B: {encoder_title(b)}. Median r over the ROI’s "
        "vertices with 95 % bootstrap interval over images; "
        f"{a.report.n_images} {images_of(a.report)} of {subject.id}."
    )
    roi_chart(
        rows,
        [Series("A", role="a"), Series("B", role="b", mark="ring")],
        Axis("median r", "", *_range_of(rows)),
        key="compare-rois",
        height=310,
        title="Accuracy of each ROI",
        definition=definition,
        stamp=subject.stamp,
        focus=focus_roi(state.current().roi),
        on_pick=take_roi,
        csv=rows_as_csv(rows, ["A", "B"], f"{subject.stamp} {definition}".strip()),
    )


def _range_of(rows: list) -> tuple[float, float]:
    """Return round ends that hold every interval and ceiling, 0 included."""
    ends = [0.0, 0.1]
    for row in rows:
        ends += [] if row.ceiling is None else [row.ceiling]
        for mark in row.marks:
            if mark is not None:
                ends += [e for e in (mark.value, mark.low, mark.high) if e is not None]
    return float(np.floor(min(ends) * 10) / 10), float(np.ceil(max(ends) * 10 + 0.1) / 10)


def _differences(subject: Subject, a: Run, comparison: Comparison) -> None:
    rows = difference_rows(subject, comparison)
    low, high = _range_of(rows)
    definition = (
        "Median r of A minus median r of B, with the 95 % interval of a paired bootstrap "
        f"({N_DRAWS:,} draws of {a.report.n_images} {images_of(a.report)}, the same for both). "
        f"The tooltip says which differ at q < .05 (Benjamini-Hochberg over "
        f"{comparison.counts()[2]} tests)."
    )
    roi_chart(
        rows,
        [Series("A − B")],
        Axis("difference of r", "", low, high),
        key="compare-differences",
        height=260,
        title="A − B in each ROI",
        definition=definition,
        stamp=subject.stamp,
        focus=focus_roi(state.current().roi),
        on_pick=take_roi,
        csv=_difference_csv(subject, definition, comparison),
    )


def _difference_csv(subject: Subject, definition: str, comparison: Comparison) -> str:
    return csv_text(subject, definition, DIFFERENCE_COLUMNS, difference_table(comparison))


def _downloads(
    subject: Subject, a: Run, b: Run, comparison: Comparison | None, columns: list
) -> None:
    about = (
        f"A: {encoder_title(a)}; B: {encoder_title(b)}; {a.report.n_images} {images_of(a.report)}"
    )

    def vertices() -> str:
        r_a, r_b = np.asarray(a.report.r), np.asarray(b.report.r)
        numbers = zip(rounded(r_a), rounded(r_b), rounded(r_a - r_b), strict=True)
        rows = ((*p, *n) for p, n in zip(vertex_places(subject), numbers, strict=True))
        header = ["hemisphere", "vertex", "rois", "r_a", "r_b", "difference"]
        return csv_text(subject, f"{about}; vertex: fsaverage5 number, from 0", header, rows)

    def layers() -> str:
        header = ["roi", "n_vertices", *(c.key for c in columns)]
        words = f"median r on {a.validation.n_images} validation images, hemispheres together"
        return csv_text(subject, words, header, layer_rows(subject, columns))

    with st.container(horizontal=True, gap="small"):
        if comparison is not None:
            csv_button(
                subject,
                "differences",
                "compare-rois",
                lambda: _difference_csv(subject, f"{about}; paired bootstrap", comparison),
            )
        csv_button(subject, "vertices", "compare-vertices", vertices)
        csv_button(subject, "layers", "compare-layers", layers)


def _methods_and_code(subject: Subject, a: Run, b: Run) -> None:
    left, right, _ = st.columns([1, 1, 4])
    with left.popover("Methods", key="compare-methods", width="stretch"):
        st.write(f"**A.** {methods_text(subject, a)}")
        st.write(f"**B.** {methods_text(subject, b)}")
        st.write(
            f"**A − B.** Median r per ROI and hemisphere, recomputed for both encoders on the same "
            f"{N_DRAWS:,} resamplings of the {a.report.n_images} {images_of(a.report)} (paired "
            "bootstrap); 95 % percentile intervals; two-sided p by inverting the interval, with "
            "one added; false discovery rate over all ROIs and hemispheres, q < .05. It speaks of "
            "this subject and these vertices; other subjects are another question."
        )
        st.caption(
            f"{REFERENCES} Davison & Hinkley 1997, Bootstrap Methods (p); Benjamini & Hochberg "
            "1995, J. R. Stat. Soc. B 57:289 (false discovery rate)."
        )
    with right.popover("Show the code", key="compare-code", width="stretch"):
        st.code(_code(subject, a, b), language="python")


def _code(subject: Subject, a: Run, b: Run) -> str:
    if a.report.split == "test":
        images = 'split, rows = "test", slice(None)\n'
    else:
        images = 'split, rows = "train", run.array("validation_rows")\n'
    return opening_lines(subject, a) + (
        f"other = RunStore(Home.from_environment().runs).open({b.id!r})\n\n"
        "from core.brain import HEMISPHERES\n"
        "from core.evaluation.comparison import benjamini_hochberg, paired_difference\n"
        "import numpy as np\n\n"
        f"{images}"
        "measured = subject.split(split).response_rows(rows)\n"
        "names = [(roi, h) for roi in subject.parcellation.roi_names for h in HEMISPHERES\n"
        "         if len(subject.roi_vertices(roi, h))]\n"
        "found = paired_difference(\n"
        "    run.predict_rows(split, rows), other.predict_rows(split, rows), measured,\n"
        f"    [subject.roi_vertices(*name) for name in names], n_draws={N_DRAWS},\n"
        ")\n"
        "sure = benjamini_hochberg(np.array([f.p for f in found], float), q=0.05)\n"
        "for name, f, s in zip(names, found, sure):\n"
        "    print(*name, f.median_a, f.median_b, f.difference, f.low, f.high, f.p, s)\n"
    )
