"""The menu "Map" of a page on which a metric is all that is shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from streamlit.delta_generator import DeltaGenerator

from cortiscope import state
from cortiscope.core.evaluation import Metric, get_metric
from cortiscope.panels.maps import MapKind, map_menu, map_of_metric


def pick_metric(
    offered: Sequence[Metric],
    known: Sequence[Metric],
    *,
    key: str,
    further: Sequence[MapKind] = (),
    more: Callable[[DeltaGenerator], None] | None = None,
) -> Metric:
    """Draw the menu of a page on which a metric is all that is shown; r is its default.

    Parameters
    ----------
    offered : all of this page.
    known : those that the model has all for.
    more : adds to the menu how its maps are shown.
    further : maps of several models, in whose place one stands (``Selection.between``).
    """
    asked = state.current().metric
    others = [m.name for m in offered if m.name != "r"]
    if asked not in ("", *others):
        listed = f"r, {', '.join(others[:-1])} and {others[-1]}"
        state.tell(f"There is no metric “{asked}”; there are {listed}. Showing r.")
        state.change(metric="")
    names = [m.name for m in known]
    # What another page can show and this one cannot stays chosen there.
    chosen = get_metric(asked if asked in names else "r")
    between = next((kind for kind in further if kind.name == state.current().between), None)

    def take(name: str) -> None:
        if any(kind.name == name for kind in further):
            state.change(between=name)
        else:
            state.change(between="", metric="" if name == "r" else name)

    menu = map_menu(
        [*(map_of_metric(m) for m in known), *further],
        chosen.name if between is None else between.name,
        take,
        key=key,
        label=chosen.title if between is None else between.title,
    )
    if more is not None:
        more(menu)
    return chosen
