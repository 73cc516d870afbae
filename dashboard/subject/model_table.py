"""The table of encoding models: a row for each, or one for each network; pure, without Streamlit.

A column is one entry of ``COLUMNS``. Everything in a row comes from a run's record as menus hold
it: no array is opened.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cortiscope.core.pipeline.methods import recipe_title
from cortiscope.core.runs import Run
from cortiscope.core.runs.facets import differing, distinct_words, facets
from cortiscope.subject.model_menu import (
    ModelMenu,
    backbone_key,
    backbone_title,
    order_of_choice,
    validation_score,
)

# Each has a column of its own that is always shown, or is in the words of one.
_IN_COLUMNS = ("backbone", "weights", "layer", "regressor", "scope")
BESIDES, CURVE = "besides", "over layers"


@dataclass(frozen=True)
class Column:
    """What the table says of a model.

    Parameters
    ----------
    of : the value, None where there is none.
    form : ``text``, ``curve``, or a number's printf format.
    offered : it stands behind the choice of columns; the others are always there.
    groups : whether rows may be ordered by it first.
    """

    name: str
    of: Callable[[ModelMenu, Run], Any]
    form: str = "text"
    width: int | None = None
    help: str = ""
    offered: bool = False
    groups: bool = False


def _ends(run: Run) -> str:
    whole = run.outline.report.whole
    known = whole is not None and whole.low is not None
    return f"{whole.low:.3f} to {whole.high:.3f}" if known and whole else ""


def _share(run: Run) -> float | None:
    """Return held-out mean r as a percentage of what a perfect model would reach."""
    whole = run.outline.report.whole
    if whole is None or whole.mean_r is None or not whole.ceiling_r:
        return None
    return 100 * whole.mean_r / whole.ceiling_r


def _parameters(run: Run) -> int | None:
    """Count coefficients and intercepts of a linear model; None of others."""
    n_vertices = sum(run.n_vertices.values())
    return (run.facts.n_columns + 1) * n_vertices if run.outline.is_linear else None


def _held_out(run: Run) -> float | None:
    whole = run.outline.report.whole
    return None if whole is None else whole.mean_r


def _weights(run: Run) -> str:
    return " + ".join(dict.fromkeys(str(source.weights["label"]) for source in run.sources))


def _reduction(run: Run) -> str:
    found = facets(run)
    return f"{found['reduction']} of {found['pooling']}"


def _curve(menu: ModelMenu, run: Run) -> list[float] | None:
    values = [validation_score(one) for one in menu.layers_like(run)]
    known = [r for r in values if r is not None]
    return known if len(known) > 1 else None


_VALIDATION = "Mean over vertices of Pearson r on the validation images, by which models are chosen"
_REPORTED = "Mean over vertices of Pearson r on held-out images: reported, not for choosing"

COLUMNS = (
    Column("name", lambda _, run: run.about.name, help="A name of one's own"),
    Column("network", lambda _, run: backbone_title(run), groups=True),
    Column("layer", lambda _, run: run.layer, groups=True),
    Column(BESIDES, lambda _, __: "", help="In what else these models differ"),
    Column("r", lambda _, run: validation_score(run), "%.3f", 60, _VALIDATION),
    Column(CURVE, _curve, "curve", 80, "r of the layers that were fitted alike, early to late"),
    Column("held-out r", lambda _, run: _held_out(run), "%.3f", 85, _REPORTED),
    Column("regressor", lambda _, run: run.method, groups=True),
    Column("fitted", lambda _, run: run.facts.created[:10], width=90, groups=True),
    Column("tags", lambda _, run: ", ".join(run.about.tags)),
    Column("weights", lambda _, run: _weights(run), offered=True, groups=True),
    Column("recipe", lambda _, run: recipe_title(run), offered=True, groups=True),
    Column("reduction", lambda _, run: _reduction(run), offered=True, groups=True,
           help="Of what pooled layer"),
    Column("95 % interval", lambda _, run: _ends(run), offered=True,
           help="Of the held-out r; jackknife over images"),
    Column("% of ceiling", lambda _, run: _share(run), "%.0f", 90,
           "Held-out mean r as a share of the attainable: mean square root of the noise ceiling",
           offered=True),
    Column("components", lambda _, run: run.facts.n_columns, "%d", 95,
           "Columns of the design, after the reduction", offered=True),
    Column("parameters", lambda _, run: _parameters(run), "%d", 95,
           "Coefficients and intercepts of a linear model", offered=True),
    Column("n fitted", lambda _, run: run.facts.n_fit, "%d", 75, "Images fitted", offered=True),
    Column("n held out", lambda _, run: run.outline.report.n_images, "%d", 85,
           "Images behind the held-out r", offered=True),
    Column("split", lambda _, run: run.outline.report.split, offered=True,
           help="Where those images are from"),
    Column("seconds", lambda _, run: sum(run.facts.seconds.values()), "%.1f", 75,
           "Of the fit, without the pass through the network", offered=True),
    Column("stand-ins", lambda _, run: "; ".join(run.stand_ins), offered=True,
           help="What replaced weights that were not there"),
    Column("note", lambda _, run: run.about.note, offered=True),
    Column("id", lambda _, run: run.id, offered=True),
)  # fmt: skip
GROUPS = tuple(column.name for column in COLUMNS if column.groups)
OFFERED = tuple(column.name for column in COLUMNS if column.offered)
#: What a table of networks shows: the layer is chosen for each, and reported.
PER_NETWORK = (
    "network", "layer", "r", CURVE, "held-out r", "95 % interval", "% of ceiling", "components",
)  # fmt: skip


@lru_cache(maxsize=8)
def model_rows(menu: ModelMenu, runs: tuple[Run, ...]) -> tuple[dict[str, Any], ...]:
    """Return column -> value for each run; no two of them have the same words.

    Columns without words in any row are left out.
    """
    rows = [{column.name: column.of(menu, run) for column in COLUMNS} for run in runs]
    others = [name for name in differing(runs) if name not in _IN_COLUMNS] if runs else []
    for row, run in zip(rows, runs, strict=True):
        found = facets(run)
        row[BESIDES] = " · ".join(found[name] for name in others if found.get(name))
    _tell_apart(rows, runs)
    kept = [c.name for c in COLUMNS if any(row[c.name] not in ("", None) for row in rows)]
    return tuple({name: row[name] for name in kept} for row in rows)


def _tell_apart(rows: list[dict[str, Any]], runs: Sequence[Run]) -> None:
    """Add to rows with the same words what their runs differ in, or else when they were made."""
    alike: dict[tuple[str, ...], list[int]] = {}
    for k, row in enumerate(rows):
        said = tuple(row[name] for name in ("network", "layer", "regressor", BESIDES))
        alike.setdefault(said, []).append(k)
    for group in alike.values():
        if len(group) > 1:
            for k, words in zip(group, distinct_words([runs[k] for k in group]), strict=True):
                rows[k][BESIDES] = " · ".join(w for w in (rows[k][BESIDES], words) if w)


def holds(row: dict[str, Any], words: str, further: Collection[str] = ()) -> bool:
    """Whether a row of the table has every word, whatever its case.

    Parameters
    ----------
    further : columns that are shown beside those that always are.
    """
    text = " ".join(
        value
        for name, value in row.items()
        if isinstance(value, str) and (name not in OFFERED or name in further)
    ).lower()
    return all(word in text for word in words.lower().split())


def best_layers(menu: ModelMenu, like: Run) -> tuple[tuple[Run, ...], list[str]]:
    """Choose a layer of each network on the validation images, all fitted like one run.

    Reduction, regressor, scope and images are the run's, so that networks are what differs.

    Returns
    -------
    runs : one per network and weights, the best first.
    without : networks that were not fitted so, in words.
    """
    wanted = _how(like)
    best: dict[str, Run] = {}
    others: dict[str, str] = {}
    for run in menu.runs:
        key = backbone_key(run)
        others.setdefault(key, backbone_title(run))
        if _how(run) == wanted and (
            key not in best or order_of_choice(run) > order_of_choice(best[key])
        ):
            best[key] = run
    found = sorted(best.values(), key=order_of_choice, reverse=True)
    return tuple(found), [words for key, words in others.items() if key not in best]


# What a network brings with it.
_OF_A_NETWORK = ("backbone", "weights", "layer", "framing", "precision", "pooling", "data")


def _how(run: Run) -> frozenset[tuple[str, str]]:
    return frozenset(i for i in facets(run).items() if i[1] and i[0] not in _OF_A_NETWORK)


def per_network_words(runs: Sequence[Run], without: Sequence[str]) -> str:
    """Say how rows of networks were chosen, and what is not equal among them."""
    first = runs[0]
    words = (
        f"One row per network, fitted like the model on screen ({facets(first)['reduction']}, "
        f"{first.method}): its layer chosen by r on the validation images, reported on "
    )
    same = first.outline.report.split == first.outline.validation.split
    words += "the same images, which flatters the choice." if same else "held-out images."
    counts = sorted({run.facts.n_columns for run in runs})
    if len(counts) > 1:
        words += f" Components differ: {counts[0]:,} to {counts[-1]:,}."
    if len({facets(run)["pooling"] for run in runs}) > 1:
        words += " Pooling differs."
    if without:
        words += f" Not fitted so: {', '.join(without)}."
    return words
