"""Three to six models: which two are tested, and what each reaches over everything."""

from __future__ import annotations

import numpy as np
import streamlit as st

from cortiscope import services, state
from cortiscope.core.evaluation import Comparison
from cortiscope.core.evaluation.comparison import LEVEL
from cortiscope.core.evaluation.significance import adjusted_p
from cortiscope.markup import Html, as_text, html, p_words, signed
from cortiscope.navigation import link_with
from cortiscope.pages.compare.pair import Compared, Pair
from cortiscope.panels.scores import interval_text, interval_words, of_both
from cortiscope.regions import redraw
from cortiscope.roi_chart import MODEL_COLOURS
from cortiscope.subject.model_menu import ModelMenu


def chosen_pair(models: Compared) -> Pair:
    """Return the two that are tested: as the address says, else A and B."""
    letters = models.letters[: len(models.runs)]
    asked = state.current().pair
    sound = len(asked) == 2 and asked[0] != asked[1] and all(one in letters for one in asked)
    return models.pair(asked if sound else "AB")


def pick_pair(models: Compared, pair: Pair) -> None:
    """Draw the choice of the two: the reference, and what is compared with it."""
    letters = models.letters[: len(models.runs)]
    titles = dict(zip(letters, models.titles, strict=True))

    def words(letter: str) -> str:
        return f"{letter}: {titles[letter]}"

    def take() -> None:
        first, second = (st.session_state[f"compare-pair-{k}"] for k in (0, 1))
        if first == second:  # the one that was there makes room
            before = pair.letters
            second = before[0] if first != before[0] else before[1]
        state.change(pair=first + second)
        redraw("compare", "statistics")

    for k, label in enumerate(("reference", "tested against")):
        key = f"compare-pair-{k}"
        st.session_state[key] = pair.letters[k]
        st.selectbox(label, letters, format_func=words, key=key, on_change=take, width=340)


def overall_table(models: Compared, pair: Pair, tested: dict[str, Comparison]) -> Html:
    """Return a row for each model: what it reaches over everything, and against the reference.

    Parameters
    ----------
    tested : letter -> the reference against that model, as far as they can be paired.
    """
    reference = pair.letters[0]
    p = {k: own.overall.p for k, own in tested.items()}
    known = [k for k, value in p.items() if value is not None]
    adjusted = dict(zip(known, adjusted_p(np.array([p[k] for k in known], float)), strict=True))
    rows = [
        _row(models, k, tested.get(letter), adjusted.get(letter), reference)
        for k, letter in enumerate(models.letters[: len(models.runs)])
    ]
    report = models.runs[0].report
    whole = report.overall
    ceiling = (
        f"noise ceiling {whole.ceiling_r:.2f} (mean of its square root)"
        if whole.ceiling_r is not None
        else f"noise ceiling {report.ceiling_source}"
    )
    head = f"− {reference}"
    return html(
        '<table class="cs-table"><thead><tr><th>model</th><td>mean r</td><td>normalised</td>'
        "<td>{head}</td><td>95 % interval</td><td>p adjusted</td><td>ROIs better, worse</td></tr>"
        '</thead><tbody>{rows}</tbody></table><p class="cs-note">Over {n} {unit}{both}; {ceiling}. '
        "Normalised: mean of r² over the ceiling. {head}: mean r less that of {reference}, paired "
        "over images; p corrected over {tests} comparisons, ROIs (left and right apart) each at "
        "q &lt; .05. {intervals} {stamp}</p>",
        **{"head": head, "rows": Html("".join(rows)), "n": f"{whole.n:,}", "ceiling": ceiling},
        **{"unit": models.subject.space.unit, "both": of_both(models.subject)},
        **{"reference": reference, "tests": len(known), "stamp": models.subject.stamp},
        intervals=interval_words(report),
    )


def _row(
    models: Compared, k: int, tested: Comparison | None, adjusted: float | None, reference: str
) -> Html:
    whole = models.runs[k].report.overall
    letter = models.letters[k]
    share = "" if whole.noise_normalized is None else f"{whole.noise_normalized:.1f} %"
    r = "none" if whole.mean_r is None else f"{signed(whole.mean_r, 3)}{interval_text(whole)}"
    cells = ["", "", "", "reference" if letter == reference else ""]
    if tested is not None and tested.overall.difference is not None:
        one = tested.overall
        # The comparison is of the reference less this model.
        ends = "" if one.low is None or one.high is None else _ends(-one.high, -one.low)
        ahead, behind, n = tested.counts()
        p = "" if adjusted is None else p_words(adjusted).removeprefix("= ")
        p += " n.s." if adjusted is not None and adjusted > LEVEL else ""
        cells = [signed(-(one.difference or 0), 3, plus=True), ends, p]
        cells.append(f"{behind}, {ahead} of {n}" if n else "")
    return html(
        '<tr><th><b style="color:light-dark({light},{dark})">{letter}</b> {title}</th>'
        "<td>{r}</td><td>{share}</td>{cells}</tr>",
        **MODEL_COLOURS[k]._asdict(),
        title=link_with(
            models.titles[k],
            page="accuracy",
            title="Where it is right, on Accuracy",
            run=models.runs[k].id,
            versus=None,
        ),
        **{"letter": letter, "r": r, "share": share},
        cells=Html("".join(html("<td>{cell}</td>", cell=cell) for cell in cells)),
    )


def _ends(low: float, high: float) -> str:
    return f"{signed(low, 3)} to {signed(high, 3)}"


def seeds_words(models: Compared) -> str:
    """Say of each untrained network what its other seeds reach: one of them is no control."""
    found = []
    seen: set[str] = set()
    for letter, run in zip(models.letters, models.runs, strict=False):
        seeds = ModelMenu.of(services.runs_of(run.subject)).seeds_of(run)
        values = [own.report.overall.mean_r for own in seeds]
        known = np.array([value for value in values if value is not None])
        if len(known) < 2 or run.id in seen:
            continue
        seen |= {own.id for own in seeds}
        found.append(
            f"{letter} is one of {len(known)} untrained seeds at {run.layer}: mean r "
            f"{signed(known.mean(), 3)} on average, {signed(known.min(), 3)} to "
            f"{signed(known.max(), 3)} (SD {signed(known.std(ddof=1), 3)})."
        )
    return " ".join(found)


def labels(models: Compared) -> str:
    """Return the letters, first to last."""
    letters = models.letters[: len(models.runs)]
    return as_text(f"{letters[0]} and {letters[1]}" if len(letters) == 2 else _span(letters))


def _span(letters: tuple[str, ...]) -> str:
    return f"{letters[0]} to {letters[-1]}"
