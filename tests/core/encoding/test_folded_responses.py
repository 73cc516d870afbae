import numpy as np
import torch

from cortiscope.core.encoding.multiband.space_ridge import FoldedResponses
from cortiscope.core.encoding.ridge.fold import Fold


def test_a_vertex_constant_in_training_has_one_error_whatever_the_penalty(rng):
    x = torch.as_tensor(rng.normal(size=(24, 6)))
    x[:, 5] = x[:, 4] + 1e-3 * x[:, 5]
    x -= x.mean(0)
    gram, x = x.T @ x, x.float()
    y = np.full((24, 2), 0.1)
    y[:8, 0] = rng.normal(size=8)
    y[:, 1] = rng.normal(size=24)
    rows = [slice(0, 8), slice(8, 16), slice(16, 24)]
    grid = np.array([10.0, 1e-3, 1e-9])
    folds = [Fold.prepare(x, gram, part, grid, torch.float32) for part in rows]
    folded = FoldedResponses.of(y, rows, x.device, torch.float32)
    np.testing.assert_array_equal(folded.constant, [[True, False], [False] * 2, [False] * 2])
    parts, whole = folded.moments(x, rows)
    assert torch.allclose(whole, x.T @ folded.centred.values)
    first = folded.errors(folds[:1], parts, whole).numpy()
    assert np.all(first[:, 0] == first[0, 0])
    assert len(np.unique(first[:, 1])) == 3
    scale = float(folded.centred.scale[0])
    np.testing.assert_allclose(first[0, 0] * scale**2, ((y[:8, 0] - 0.1) ** 2).mean(), rtol=1e-6)
