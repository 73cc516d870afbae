"""Two models, ROI by ROI: their scores side by side, the difference, and what is certain."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from cortiscope import services
from cortiscope.access import Action, allowed
from cortiscope.core.errors import CoreError
from cortiscope.core.evaluation import LEAST_STIMULI, PAIRED, Comparison, compare_models
from cortiscope.core.evaluation.comparison import LEVEL
from cortiscope.core.evaluation.metrics import WHOLE
from cortiscope.core.evaluation.significance import PairedDifference
from cortiscope.core.pipeline.jobs import Job
from cortiscope.core.runs.kept_results import read_kept
from cortiscope.errors import show_error, show_words
from cortiscope.markup import as_text, html, p_words, signed
from cortiscope.navigation import link_to_place
from cortiscope.pages.compare.pair import Pair
from cortiscope.panels.roi_responses import roi_places
from cortiscope.panels.scores import (
    interval_text,
    interval_words,
    metric_number,
    of_both,
    scored_run,
)
from cortiscope.regions import draw_again, draw_instead
from cortiscope.roi_chart import Mark, RoiRow
from cortiscope.state import RoiName
from cortiscope.work.jobs import end_words, latest, progress_words, submit


@st.cache_data(show_spinner="Comparing on the same images …", max_entries=128)
def compare(run_a: str, run_b: str) -> Comparison:
    """Compare two runs of one subject on the images of their reports."""
    a, b = services.run(run_a), services.run(run_b)
    return compare_models(scored_run(a), scored_run(b))


def compare_elsewhere(pair: Pair) -> Comparison | None:
    """Return the comparison of a large subject once a process of its own has made it.

    Whoever may fit starts it by looking at the page; the rest of the page goes on meanwhile.
    """
    a, b = pair.runs
    kept = read_kept(PAIRED, pair.scored)
    if kept is not None:
        return Comparison.of_result(kept.said, a, b)
    about = f"{pair.subject.state} {a.id} {b.id}"
    job = latest("compare", about)
    if job is not None and job.result is not None:
        return Comparison.of_result(job.result["results"][PAIRED.name], a, b)
    if job is None and allowed(Action.FIT):
        job = _start(pair, about)
    if job is None:
        st.caption(
            "It is tested by whoever serves this app, or by “cortiscope evaluate”: reading all "
            "responses would keep others waiting."
        )
    elif job.active:
        _watch(about)
    else:
        show_words(*end_words(job))
        if st.button("Test the differences", key="compare-test"):
            _start(pair, about)
            draw_again()
    return None


def _start(pair: Pair, about: str) -> Job | None:
    a, b = pair.runs
    folder = services.subject_folders()[pair.subject.id]
    named = ["--run", a.id, "--run", b.id]
    words = ["evaluate", "--data", str(folder), *named, "--what", PAIRED.name]
    try:
        return submit("compare", f"Testing {pair.less}", words, about=about)
    except CoreError as error:
        show_error(error)
        return None


@st.fragment(run_every=1.0)
def _watch(about: str) -> None:
    job = latest("compare", about)
    if job is None or not job.active:
        draw_instead("compare")
    else:
        st.progress(job.share, text=as_text(f"{job.title}: {progress_words(job)}"))


def verdict(comparison: Comparison, letters: Sequence[str] = ("A", "B")) -> str:
    """Say in one sentence who is better where."""
    (first, second), (a, b, n) = letters[:2], comparison.counts()
    if comparison.overall.difference is None:
        return f"There is nothing for which both {first} and {second} have a correlation."
    if comparison.overall.p is None:
        return f"Fewer than {LEAST_STIMULI} images: the test is not calibrated for so few, so no p."
    if not n:
        return _overall_verdict(comparison.overall, first, second)
    rest = n - a - b
    rois = "ROIs (left and right counted apart)"
    if rest == n:
        return (
            f"{first} and {second} are not distinguishable in any of {n} {rois}, at "
            "q\u00a0<\u00a0.05."
        )
    words = f"{first} is better in {a} of {n} {rois}, {second} in {b or 'none'}"
    return words + (f"; {rest} are not distinguishable" if rest else "") + " at q\u00a0<\u00a0.05."


def _overall_verdict(one: PairedDifference, first: str, second: str) -> str:
    """Say which is better over everything, where there are no ROIs to compare."""
    if one.p is None or one.difference is None or one.p > LEVEL:
        return f"{first} and {second} are not distinguishable, at p\u00a0<\u00a0.05."
    ahead = one.difference > 0
    better, by = (first if ahead else second), abs(one.difference)
    return (
        f"{better} is better by {by:.3f} in mean r over {_n_defined(one):,} responses, "
        f"p\u00a0{p_words(one.p)}."
    )


def difference_rows(pair: Pair, comparison: Comparison) -> list[RoiRow]:
    """Return A - B per ROI and hemisphere; the note says what is distinguishable."""
    rows, (a, b) = [], pair.letters
    for roi, group, title, colour, h, vertices in roi_places(pair.subject):
        mark, note = None, ""
        known = comparison.of(roi, h.value)
        if known is not None and known[0].difference is not None:
            one, q = known
            mark = Mark(float(one.difference or 0), one.low, one.high)
            decision = "distinguishable" if q <= LEVEL else "not distinguishable"
            tested = f"{decision} at q < .05 (p {p_words(one.p)}, adjusted {p_words(q)}); "
            note = (
                f"{'' if one.p is None else tested}"
                f"{a} {_r(one.mean_a)}, {b} {_r(one.mean_b)}; medians {_r(one.median_a)}, "
                f"{_r(one.median_b)}"
            )
        rows.append(RoiRow(roi, group, title, colour, h.value, len(vertices), (mark,), None, note))
    return rows


def overall_html(pair: Pair, comparison: Comparison | None) -> str:
    """List both models' numbers over all vertices and their difference."""
    subject, a = pair.subject, pair.runs[0]
    first = a.report.overall
    n = first.n - first.n_undefined if comparison is None else _n_defined(comparison.overall)
    facts = []
    for letter, run in zip(pair.letters, pair.runs, strict=False):
        whole = run.report.overall
        if whole.mean_r is None:
            continue
        share = (
            ""
            if whole.noise_normalized is None
            else f"; noise-normalised {whole.noise_normalized:.1f} %"
        )
        if whole.chance is not None:
            share += f" (chance {whole.chance:.1f} %)"
        if (own := whole.n - whole.n_undefined) != n:
            # The other model is constant where this one is not, or the other way round.
            share += f"; over {own:,} {subject.space.unit}"
        number = f"{signed(whole.mean_r, 3)}<small>{interval_text(whole)}</small>"
        facts.append((number, letter, f"mean r; median {signed(whole.median_r or 0, 3)}{share}"))
    if comparison is not None and comparison.overall.difference is not None:
        one = comparison.overall
        tested = "" if one.low is None else f"<small> [{_r(one.low)}, {_r(one.high)}]</small>"
        words = "of the means, paired over images"
        words += "" if one.p is None else f"; p {p_words(one.p)}"
        facts.append((f"{signed(one.difference or 0, 3, plus=True)}{tested}", pair.less, words))
    if pair.metric.name != "r":
        facts += _further_facts(pair)
    rows = "".join(f"<dt>{v}</dt><dd><b>{t}</b> {escape(d)}</dd>" for v, t, d in facts)
    ceiling = a.report.overall.ceiling_r
    known = (
        f"noise ceiling {ceiling:.2f} (mean of its square root)"
        if ceiling is not None
        else f"noise ceiling {escape(a.report.ceiling_source)}"
    )
    return (
        f'<dl class="cs-facts">{rows}</dl><p class="cs-note">Over {n:,} '
        f"{subject.space.unit}{of_both(subject)}; {known}. {escape(interval_words(a.report))} "
        f"{escape(subject.stamp)}</p>"
    )


def _further_facts(pair: Pair) -> list[tuple[str, str, str]]:
    """List the numbers of the metric that is shown, which is not the tested one."""
    values = [pair.metric.of_group(own, *WHOLE) for own in pair.scored]
    if any(v is None for v in values):
        return []
    a, b = (v.value for v in values if v is not None)
    first, second = pair.letters
    shown = ((a, first, ""), (b, second, ""), (a - b, pair.less, "; not tested"))
    return [
        (metric_number(number, pair.metric), letter, f"{pair.metric.axis_title}{words}")
        for number, letter, words in shown
    ]


_N_LISTED = 10


def _n_defined(one: PairedDifference) -> int:
    return one.n - one.n_undefined


def largest_html(comparison: Comparison, letters: Sequence[str] = ("A", "B")) -> str:
    """List the places where two differ most, with interval and adjusted p."""
    sizes = [abs(d.difference or 0) for d in comparison.differences]
    order = sorted(range(len(sizes)), key=sizes.__getitem__, reverse=True)[:_N_LISTED]
    rows = []
    for k in order:
        (roi, side), one = comparison.places[k], comparison.differences[k]
        if one.difference is None:
            continue
        words = html("{roi} <small>{side}</small>", roi=roi, side=side)
        rows.append(
            f"<tr><th>{link_to_place(words, RoiName(roi, side))}</th><td>{_n_defined(one)}</td>"
            f"<td>{_r(one.mean_a)}</td><td>{_r(one.mean_b)}</td>"
            f"<td><b>{_r(one.difference, plus=True)}</b></td>"
            f"<td>{'' if one.low is None else f'{_r(one.low)} to {_r(one.high)}'}</td>"
            f"<td>{escape(p_words(float(comparison.adjusted[k])).removeprefix('= '))}"
            f"{'' if comparison.found[k] or one.p is None else ' n.s.'}</td>"
            "</tr>"
        )
    return (
        '<table class="cs-table"><thead><tr><th>ROI</th><td>n</td>'
        f"<td>{letters[0]}</td><td>{letters[1]}</td><td>{letters[0]} − {letters[1]}</td>"
        "<td>95 % interval</td><td>p adjusted</td></tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table>"
        '<p class="cs-note">The largest of many differences are partly luck: on new images they '
        "would be smaller.</p>"
    )


def _r(value: float | None, *, plus: bool = False) -> str:
    return "" if value is None else signed(value, plus=plus)
