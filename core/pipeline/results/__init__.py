"""Results as CSV files in the forms of img2brain's ``Results`` folder.

Per subject: ``Feature_eng/Corr_allvoxes/NETWORK_corr.csv``, Pearson r of every voxel (rows) by
every layer of a network (columns); ``Feature_eng/Median_corr/NETWORK_corr_median.csv``, their
medians, and ``median_corr_all_layers.csv``, all layers ranked. ``Evaluation_allmodels/
corr_MODEL.csv``, r of every voxel by one model; ``mean_corr_allmodels.csv`` and
``median_corr_allmodels.csv``, all models ranked. ``Predictions/fmri_test_pred.csv``, the test
images by the model of the largest median. ``README.txt`` says what every number is.

Not taken over: rows named after another network, numbers rounded before they are ranked, and means
and medians called by each other's name or "accuracy".
"""

from cortiscope.core.pipeline.results.folder import write_results
from cortiscope.core.pipeline.results.numbers import write_numbers

__all__ = ["write_numbers", "write_results"]
