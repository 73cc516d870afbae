"""Fitted encoding models on disk: arrays and JSON, no pickle, readable with numpy alone."""

from cortiscope.core.runs.about import About
from cortiscope.core.runs.belonging import (
    FORMER_WORDS,
    Belonging,
    belonging,
    changes,
    report_is_current,
    runs_by_state,
    state_words,
)
from cortiscope.core.runs.drafts import FolderCheckpoint
from cortiscope.core.runs.facts import RunFacts, RunSource
from cortiscope.core.runs.run import Run
from cortiscope.core.runs.spec import RUN_FORMAT, EncodingSpec, SubjectData
from cortiscope.core.runs.store import RunStore, SetAside

__all__ = [
    "FORMER_WORDS",
    "RUN_FORMAT",
    "About",
    "Belonging",
    "EncodingSpec",
    "FolderCheckpoint",
    "Run",
    "RunFacts",
    "RunSource",
    "RunStore",
    "SetAside",
    "SubjectData",
    "belonging",
    "changes",
    "report_is_current",
    "runs_by_state",
    "state_words",
]
