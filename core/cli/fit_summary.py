"""What a fitted run says of itself on the command line: as JSON, and in words."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from cortiscope.core.brain import HEMISPHERES
from cortiscope.core.cli import options as shared
from cortiscope.core.datasets import Subject
from cortiscope.core.evaluation import RoiScore, Scored, further_scores
from cortiscope.core.evaluation.report import ALL_VERTICES
from cortiscope.core.runs import Run


def summary(run: Run, subject: Subject) -> dict[str, Any]:
    """Put a run's scores into the command line's fixed keys; further metrics are ``mean_NAME``."""
    report, edges, again = run.report, run.grid_edges, run.facts.scored_again
    further = further_scores(Scored.of_model(run, subject))
    none = {f"mean_{name}": None for name in further}
    # Voxels of unknown position are in no hemisphere: both have none.
    per_hemisphere = {
        h.short: {**_numbers(RoiScore(ALL_VERTICES, h.value, 0)), **none} for h in HEMISPHERES
    }
    rois: dict[str, dict[str, Any]] = {h.short: {} for h in HEMISPHERES}
    overall: dict[str, Any] = {}
    shorts = {h.value: h.short for h in HEMISPHERES}
    for k, score in enumerate(report.rois):
        own = {**_numbers(score), **{f"mean_{name}": of[k] for name, of in further.items()}}
        if score.hemisphere not in shorts:
            overall = own
        elif score.roi == ALL_VERTICES:
            per_hemisphere[shorts[score.hemisphere]] = own
        elif score.present:
            rois[shorts[score.hemisphere]][score.roi] = own
    return {
        "run": run.id,
        "split": report.split,
        "statistic": report.statistic,
        "scores": {
            **overall,
            "per_hemisphere": per_hemisphere,
            "rois": rois,
        },
        **shared.counts_of(run),
        "recipe": run.recipe,
        "stand_ins": list(run.stand_ins),
        "grid_edges": None if edges is None else {**asdict(edges), "warning": edges.warning()},
        "validation_median_r": run.validation.overall.median_r,
        "n_train": run.facts.n_fit,
        "n_held_out": report.n_images,
        "left_out": [{"train": own, "test": test} for own, test in run.left_out],
        "left_out_words": run.left_out_words,
        "weights": run.facts.weights_label,
        "finetuning": [asdict(own) for own in run.facts.finetuning],
        "seconds": dict(run.facts.seconds),
        "simulated": run.simulated,
        "scored_again": None if again is None else asdict(again),
    }


def _numbers(score: RoiScore) -> dict[str, Any]:
    """Return a place's scores but its names; the interval is that of the mean."""
    numbers = asdict(score)
    del numbers["roi"], numbers["hemisphere"]
    for end in ("low", "high"):
        numbers[f"mean_r_{end}_95"] = numbers.pop(end)
    return numbers


def show(result: dict[str, Any]) -> str:
    """Format for people."""
    lines = []
    for r in result.get("runs", [result]):
        s = r["scores"]
        lines.append(
            f"{r['run']}\n  {'SIMULATED data, ' if r['simulated'] else ''}{r['n_train']} images "
            f"fitted, {r['n_held_out']} held out ({r['split']}), weights {r['weights']}\n"
            f"  mean r {_r_text(s['mean_r'], 3)}{_interval_text(s)}, median r "
            f"{_r_text(s['median_r'], 3)}, {_normalised_text(s)} "
            f"over {s['n'] - s['n_undefined']} {'voxels' if r['voxels'] else 'vertices'}"
            + (f", {s['n_undefined']} constant left out" if s["n_undefined"] else "")
        )
        lines += [f"  {r['left_out_words']}"] if r["left_out_words"] else []
        lines += [f"  stands in: {words}" for words in r["stand_ins"]]
        if r["grid_edges"] and r["grid_edges"]["warning"]:
            lines.append(f"  {r['grid_edges']['warning']}")
        if again := r["scored_again"]:
            changed = ", ".join(again["changed"])
            lines.append(f"  scored again {again['when'][:10]}, not fitted: {changed} changed")
    lines += [result["data_changed"]] if result["data_changed"] else []
    return "\n".join(lines)


def _r_text(value: float | None, digits: int) -> str:
    return "undefined" if value is None else f"{value:.{digits}f}"


def _interval_text(scores: dict[str, Any]) -> str:
    low, high = scores["mean_r_low_95"], scores["mean_r_high_95"]
    return "" if low is None else f" (95 % {low:.3f} to {high:.3f})"


def _normalised_text(scores: dict[str, Any]) -> str:
    """Say the noise-normalised number with what chance gives, and the challenge's if it differs."""
    if scores["challenge_score"] is None:
        return "ceiling unknown"
    challenge = f"challenge score {scores['challenge_score']:.1f} %"
    if scores["noise_normalized"] is None:
        return challenge
    words = f"noise-normalised {scores['noise_normalized']:.1f} %"
    if scores["chance"] is not None:
        words += f" (chance {scores['chance']:.1f} %)"
    if scores["n_zero_ceiling"]:
        words += f" without {scores['n_zero_ceiling']} of ceiling 0, {challenge}"
    return words
