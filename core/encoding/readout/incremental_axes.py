"""Principal axes from one batch of images after the other (Ross et al. 2008, IJCV 77:125).

What a batch adds beyond the components kept so far is forgotten, so that the axes are those of
exact PCA only approximately. It is here because published encoding models were fitted with it.
"""

from __future__ import annotations

import numpy as np

from core.encoding.readout.feature_scaling import FeatureScaling
from core.encoding.readout.feature_table import FeatureTable
from core.encoding.readout.principal_axes import Axes, is_signal, signs_of


def incremental_axes(
    table: FeatureTable, scaling: FeatureScaling, components: int, batch_size: int
) -> Axes:
    """Return scikit-learn's ``IncrementalPCA`` axes; batches in the order of the rows.

    Parameters
    ----------
    components : at most so many; fewer where images or features are fewer.
    """
    from sklearn.decomposition import IncrementalPCA
    from sklearn.utils import gen_batches

    n, d = table.shape
    k = min(components, n - 1, d)
    model = IncrementalPCA(k)
    for part in gen_batches(n, batch_size, min_batch_size=k):
        model.partial_fit(scaling.apply(table.read_rows(part)), check_input=False)
    values = model.singular_values_.astype(np.float64) ** 2
    kept = is_signal(values, n, d)
    axes = np.ascontiguousarray(model.components_[kept].T, dtype=np.float32)
    axes *= signs_of(axes)
    return Axes(axes, values[kept] / n, float(model.var_.sum()))
