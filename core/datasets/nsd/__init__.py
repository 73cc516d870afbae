"""Raw NSD on fsaverage: single-trial betas per session -> an Algonauts-shaped subject folder."""

from cortiscope.core.datasets.nsd.prepare import prepare_subject
from cortiscope.core.datasets.nsd.split import TEST_SETS

__all__ = ["TEST_SETS", "prepare_subject"]
