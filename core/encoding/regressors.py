"""The registry of regressors: what each says about itself, how it is fitted and opened again.

A regressor maps designs to responses: ridge, a tree, a small network. It is added by one file with
its solver and its ``RegressorEntry``, and one registration (docs/add-a-regressor.md); menus, the
command line and the tests read this table. The families of the project are registered, in menu
order, by the package itself.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from cortiscope.core.encoding.copies import together
from cortiscope.core.encoding.predictor import EnsemblePredictor, LinearPredictor, Predictor
from cortiscope.core.encoding.training import TrainingData, Work, check_responses
from cortiscope.core.errors import InvalidInput, check_kind, unknown_name

_NAME = re.compile(r"[a-z][a-z0-9_]*")

ReadArray = Callable[[str], np.ndarray]


class Restorable(Protocol):
    """A class of predictors that are opened again from what they saved."""

    kind: ClassVar[str]

    @classmethod
    def restore(cls, structure: Mapping[str, Any], array: ReadArray) -> Predictor:
        """Make one from what its ``structure`` and ``arrays`` gave."""


@dataclass(frozen=True)
class NoSettings:
    """For regressors that have nothing to set."""


@dataclass(frozen=True)
class RegressorEntry:
    """One line of the registry.

    Parameters
    ----------
    name : in lower case; part of addresses and of the names of runs.
    title, summary : for menus.
    method : for a methods section; ``{field}`` is replaced by the setting of that name, and
        ``{grid}`` by words for the penalties to choose from.
    settings : a frozen dataclass of plain values that has defaults.
    separable : whether a vertex's fit is the same whatever other vertices are fitted along.
    fit : returns a predictor for training data; imports torch and scikit-learn when it is called.
    uses_positions : whether it needs to know where vertices lie on the cortex.
    reads_places : whether it looks at places of the picture: it is then given features that keep
        theirs (the reduction ``places``) unless others are asked for, and reads parts of a design
        that is not in memory.
    predictor : the class of what ``fit`` returns, if it is one of its own.
    of_runs : whether it is made of finished runs and never fitted (``core.pipeline.voting``).
    """

    name: str
    title: str
    summary: str
    method: str
    settings: type
    separable: bool
    fit: Callable[[TrainingData, Any, Work], Predictor]
    uses_positions: bool = False
    reads_places: bool = False
    predictor: type[Restorable] = LinearPredictor
    of_runs: bool = False


REGRESSORS: dict[str, RegressorEntry] = {}
"""Name -> entry, in menu order."""


def register_regressor(entry: RegressorEntry, *, replace: bool = False) -> RegressorEntry:
    """Add a regressor: it is then offered wherever regressors are, in this process.

    Parameters
    ----------
    replace : whether it may take the place of one of the same name, as when a notebook's cell runs
        again.

    Raises
    ------
    InvalidInput : the name is taken or cannot be one, the settings have no defaults or are not
        frozen, or the method names a setting that there is not.
    """
    check_kind("regressor", entry, RegressorEntry)
    if not _NAME.fullmatch(entry.name):
        raise InvalidInput(
            f"A regressor's name is lower-case letters, digits and _; got {entry.name!r}."
        )
    if entry.name in REGRESSORS and not replace:
        raise InvalidInput(
            f"There is a regressor {entry.name!r} already.",
            "Take another name, or register it with replace=True.",
        )
    _check_settings(entry)
    for other in REGRESSORS.values():
        same = other.predictor.kind == entry.predictor.kind and other.name != entry.name
        if same and other.predictor is not entry.predictor:
            raise InvalidInput(
                f"The regressors {other.name} and {entry.name} save different predictors of one "
                f"kind, {entry.predictor.kind!r}.",
                "Give the class of its predictors another kind.",
            )
    REGRESSORS[entry.name] = entry
    return entry


def _check_settings(entry: RegressorEntry) -> None:
    params = getattr(entry.settings, "__dataclass_params__", None)
    if params is None or not params.frozen:
        raise InvalidInput(f"The settings of {entry.name} must be a frozen dataclass.")
    fields = dataclasses.fields(entry.settings)
    bare = [f.name for f in fields if f.default is f.default_factory is dataclasses.MISSING]
    if bare:
        raise InvalidInput(f"The settings of {entry.name} need defaults; {bare[0]} has none.")
    try:
        entry.method.format(**{f.name: "" for f in fields}, grid="")
    except (KeyError, IndexError, ValueError) as error:
        named = ", ".join(f.name for f in fields) or "none"
        raise InvalidInput(
            f"The method of {entry.name} names {error} in braces; its settings are: {named}."
        ) from None


@dataclass(frozen=True)
class RegressorSpec:
    """Which regressor, with which settings.

    Parameters
    ----------
    name : a name of ``REGRESSORS``.
    settings : of the type that the entry names, or None for its defaults.
    """

    stored_as: ClassVar[str] = "EncoderSpec"

    name: str = "ridge"
    settings: Any = None

    def __post_init__(self) -> None:
        wanted = _entry(self.name).settings
        if self.settings is None:
            object.__setattr__(self, "settings", wanted())
        elif type(self.settings) is not wanted:
            raise InvalidInput(
                f"The regressor {self.name} has settings of type {wanted.__name__}; "
                f"got {type(self.settings).__name__}."
            )

    @classmethod
    def parse(cls, text: str) -> RegressorSpec:
        """Read a name: that regressor with its usual settings."""
        return cls(text)

    @classmethod
    def read_as(
        cls, data: Mapping[str, Any], stored: bool
    ) -> tuple[type[RegressorSpec], dict[str, Any]]:
        """Return what ``config.from_plain`` is to make: settings are of the regressor's own type.

        A stored regressor that is not registered here keeps its name and settings.
        """
        entry = REGRESSORS.get(str(data.get("name", cls.name)))
        if entry is None and stored:
            return UnregisteredRegressor, {}
        return cls, {} if entry is None else {"settings": entry.settings | None}

    def with_settings(self, **changes: Any) -> RegressorSpec:
        """Return the same regressor with some settings changed.

        Raises
        ------
        UnknownName : it has no setting of that name.
        """
        known = [f.name for f in dataclasses.fields(self.settings)]
        for name in changes:
            if name not in known:
                raise unknown_name(f"setting of {self.name}", name, known)
        return RegressorSpec(self.name, dataclasses.replace(self.settings, **changes))


def _entry(name: str) -> RegressorEntry:
    if name not in REGRESSORS:
        raise unknown_name("regressor", name, REGRESSORS)
    return REGRESSORS[name]


class UnregisteredRegressor(RegressorSpec):
    """A regressor of a stored run that this installation does not have: it cannot be fitted."""

    stored_as: ClassVar[str] = RegressorSpec.stored_as

    def __post_init__(self) -> None:
        """Take any name, with settings of any type."""


def regressor_names() -> tuple[str, ...]:
    """Return the names of those that can be fitted, in menu order."""
    return tuple(name for name, entry in REGRESSORS.items() if not entry.of_runs)


def method_text(name: str, settings: Mapping[str, Any]) -> str:
    """Say in words what a regressor did, from its saved settings; its name where it is unknown."""
    if name not in REGRESSORS:
        return name
    words = {k: ", ".join(map(str, v)) if isinstance(v, list) else v for k, v in settings.items()}
    return REGRESSORS[name].method.format(**words, grid=_grid_words(settings))


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
    data: TrainingData, regressor: RegressorSpec | str = "ridge", work: Work | None = None
) -> Predictor:
    """Fit a regressor, given with its settings or by its name alone.

    Raises
    ------
    InvalidInput : responses that are not finite, with the vertex numbers.
    UnknownName : there is no regressor of that name.
    """
    spec = RegressorSpec(regressor) if isinstance(regressor, str) else regressor
    check_responses(data.responses)
    entry = REGRESSORS[spec.name]
    if not entry.reads_places:
        data = dataclasses.replace(data, design=np.asarray(data.design))
    return entry.fit(together(data), spec.settings, work or Work())


def restore_predictor(structure: Mapping[str, Any], array: ReadArray) -> Predictor:
    """Make a predictor from what its ``structure`` and ``arrays`` gave.

    Parameters
    ----------
    array : returns an array by name; may memory-map it.

    Raises
    ------
    UnknownName : no regressor that is registered saves predictors of this kind.
    """
    kind = str(structure["kind"])
    if kind == EnsemblePredictor.kind:
        return EnsemblePredictor.restore(structure, array, restore_predictor)
    known = {entry.predictor.kind: entry.predictor for entry in REGRESSORS.values()}
    if kind not in known:
        raise unknown_name("kind of predictor", kind, [*known, EnsemblePredictor.kind])
    return known[kind].restore(structure, array)
