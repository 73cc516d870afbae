"""Scores of the models beside published ones, where data, images and rule are the same."""

from __future__ import annotations

from typing import NamedTuple

from cortiscope.core.evaluation import PUBLISHED, comparable_scores
from cortiscope.core.evaluation.report import images_of
from cortiscope.markup import Html, html, show_html, show_note, signed
from cortiscope.pages.compare.pair import Compared
from cortiscope.panels.downloads import csv_button, csv_text
from cortiscope.roi_chart import MODEL_COLOURS


class _Bar(NamedTuple):
    """A model, or a published system (without a letter)."""

    letter: str
    words: str
    remark: str
    value: float


# What bars are of: how the report calls it, its title, digits, unit, and the end of the axis.
_RULES = (
    ("challenge_score", "Algonauts 2023 score", 1, " %", 100.0),
    ("median_r", "median r", 3, "", 1.0),
)


def show_scores(models: Compared) -> None:
    """Draw a bar per model, and per published system that is comparable; say why if none is."""
    subject, report = models.subject, models.runs[0].report
    name, title, digits, unit, end = _rule(models)
    bars = bars_of(models)
    show_html(
        '<p class="cs-title">{title}</p><div class="cs-bars">{rows}</div>',
        title=title,
        rows=Html("".join(_row(models, bar, digits, unit, end) for bar in bars)),
    )
    show_note(
        "{rule} over all {n} {space}; {images}. {words} {stamp}",
        rule="Negative r as 0, r² over the noise ceiling, cut at 100 %, a ceiling of 0 as the "
        "challenge takes it, mean"
        if name == "challenge_score"
        else "Median of r",
        n=f"{len(report.r):,}",
        space=subject.space.unit,
        images=models.images,
        words=_words(models, comparable=any(not bar.letter for bar in bars)),
        stamp=subject.stamp,
    )
    csv_button(
        subject,
        "scores",
        "compare-scores",
        lambda: csv_text(
            subject,
            f"{title}; {models.images}",
            ["model", "system", "remark", name],
            [(*bar[:3], f"{bar.value:.6g}") for bar in bars],
        ),
    )


def _rule(models: Compared) -> tuple[str, str, int, str, float]:
    known = models.runs[0].report.overall.challenge_score is not None
    return _RULES[0 if known else 1]


def bars_of(models: Compared) -> list[_Bar]:
    """Return the models and the published systems that are comparable, the best first."""
    subject, report, name = models.subject, models.runs[0].report, _rule(models)[0]
    published = () if subject.simulated else comparable_scores(subject.layout, report.split, name)
    bars = [
        _Bar(letter, words, "", value)
        for letter, words, run in zip(models.letters, models.titles, models.runs, strict=False)
        if (value := getattr(run.report.overall, name)) is not None
    ]
    bars += [_Bar("", own.system, f"{own.remark}; {own.source}", own.value) for own in published]
    return sorted(bars, key=lambda bar: -bar.value)


def _row(models: Compared, bar: _Bar, digits: int, unit: str, end: float) -> Html:
    """Draw a bar from 0 with its name and number."""
    colour = MODEL_COLOURS[models.letters.index(bar.letter)] if bar.letter else None
    return html(
        '<div title="{remark}"><span>{letter}{words}</span><i style="width:{share}%;{shade}"></i>'
        "<b>{number}</b></div>",
        remark=bar.remark,
        letter=html("<b>{letter}</b> ", letter=bar.letter) if bar.letter else "",
        words=bar.words if bar.letter else f"{bar.words}, published",
        share=f"{55 * max(0.0, min(bar.value / end, 1.0)):.1f}",
        shade=""
        if colour is None
        else html("background:light-dark({light},{dark})", **colour._asdict()),
        number=f"{signed(bar.value, digits)}{unit}",
    )


def _words(models: Compared, *, comparable: bool) -> str:
    """Say what published scores are of, and why none is drawn where they are of other data."""
    if comparable:
        return (
            "Published scores are of the same test images by the same rule; those of the challenge "
            "are means over eight subjects, and this is one of them."
        )
    of_challenge = [f"{own.value:.2f}" for own in PUBLISHED if own.layout == "algonauts2023"]
    subject, report = models.subject, models.runs[0].report
    what = "a simulated subject" if subject.simulated else f"of layout {subject.layout}"
    return (
        f"No published score is drawn: those of the Algonauts 2023 challenge "
        f"({', '.join(of_challenge)}) are of its own test images, whose responses it kept, and "
        "img2brain's .2417 is a median r over its own; here are "
        f"{images_of(report, subject)} of {subject.id}, {what}, and a score depends on how "
        "reliable the responses are and on which vertices are counted."
    )
