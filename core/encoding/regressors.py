"""The registry of encoders: name -> how to fit it. One file with ``ENTRIES`` adds some.

Menus, the command line and the tests read this table.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from cortiscope.core.encoding import neighbours, tree
from cortiscope.core.encoding.copies import together
from cortiscope.core.encoding.entry import RegressorEntry
from cortiscope.core.encoding.multiband import banded, best_space, stacking
from cortiscope.core.encoding.neural import regressors as neural
from cortiscope.core.encoding.predictor import Predictor
from cortiscope.core.encoding.ridge import regressors as ridge
from cortiscope.core.encoding.ridge import shared_penalty
from cortiscope.core.encoding.sparse import regressors as sparse
from cortiscope.core.encoding.training import TrainingData, Work, check_responses
from cortiscope.core.errors import InvalidInput, unknown_name

# In menu order.
REGRESSORS: dict[str, RegressorEntry] = {
    entry.name: entry
    for module in (
        ridge,
        shared_penalty,
        banded,
        stacking,
        best_space,
        sparse,
        neighbours,
        tree,
        neural,
    )
    for entry in module.ENTRIES
}


@dataclass(frozen=True)
class RegressorSpec:
    """Which encoder, with which settings.

    Parameters
    ----------
    name : a name of ``REGRESSORS``.
    settings : of the type that the entry names, or None for its defaults.
    """

    stored_as: ClassVar[str] = "EncoderSpec"

    name: str = "ridge"
    settings: Any = None

    def __post_init__(self) -> None:
        if self.name not in REGRESSORS:
            raise unknown_name("encoder", self.name, REGRESSORS)
        wanted = REGRESSORS[self.name].settings
        if self.settings is None:
            object.__setattr__(self, "settings", wanted())
        elif type(self.settings) is not wanted:
            raise InvalidInput(
                f"The encoder {self.name} has settings of type {wanted.__name__}; "
                f"got {type(self.settings).__name__}."
            )

    def with_settings(self, **changes: Any) -> RegressorSpec:
        """Return the same encoder with some settings changed; unknown ones are told."""
        known = [f.name for f in dataclasses.fields(self.settings)]
        for name in changes:
            if name not in known:
                raise unknown_name(f"setting of {self.name}", name, known)
        return RegressorSpec(self.name, dataclasses.replace(self.settings, **changes))


def regressor_names() -> tuple[str, ...]:
    """Names in menu order."""
    return tuple(REGRESSORS)


def method_text(name: str, settings: Mapping[str, Any]) -> str:
    """Say in words what an encoder did, from its saved settings."""
    if name not in REGRESSORS:
        return name
    return REGRESSORS[name].method.format(**settings, grid=_grid_words(settings))


def _grid_words(settings: Mapping[str, Any]) -> str:
    """Say what penalties were chosen from; absolute ones are said as they are."""
    if settings.get("alphas"):
        return f"among {', '.join(f'{alpha:g}' for alpha in settings['alphas'])}"
    shares = settings.get("shares", ())
    if not shares:
        return ""
    return (
        f"among {len(shares)} shares ({min(shares):.2g} to {max(shares):.2g}) of the least penalty "
        "that leaves no coefficient, for responses in units of their SD over all of them"
    )


def fit_regressor(
    data: TrainingData, spec: RegressorSpec | str, work: Work | None = None
) -> Predictor:
    """Fit the regressor that ``spec`` names; a name alone has its default settings.

    Raises
    ------
    InvalidInput : responses that are not finite, with the vertex numbers.
    """
    spec = RegressorSpec(spec) if isinstance(spec, str) else spec
    check_responses(data.responses)
    return REGRESSORS[spec.name].fit(together(data), spec.settings, work or Work())
