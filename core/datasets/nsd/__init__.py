"""Raw NSD on fsaverage: single-trial betas per session -> an Algonauts-shaped subject folder."""

from cortiscope.core.datasets.nsd.design import TEST_SETS
from cortiscope.core.datasets.nsd.prepare import prepare_subject

__all__ = ["TEST_SETS", "prepare_subject"]
