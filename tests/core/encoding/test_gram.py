import numpy as np
import pytest

from cortiscope.core.encoding.reduction.principal_axes import GramAccumulator


@pytest.mark.parametrize("cuts", [[], [1], [3, 4, 9]])
@pytest.mark.parametrize("order", ["C", "F"])
def test_the_sum_over_blocks_is_the_whole_product(rng, cuts, order):
    x = rng.normal(size=(5, 11)).astype(np.float32)
    gram = GramAccumulator(5)
    for block in np.split(x, cuts, axis=1):
        gram.add(np.array(block, order=order))
    exact = x.astype(np.float64)
    np.testing.assert_allclose(gram.matrix(), exact @ exact.T, rtol=1e-13)
    np.testing.assert_allclose(np.tril(gram.lower), np.tril(exact @ exact.T), rtol=1e-13)
    np.testing.assert_allclose(gram.trace, (exact**2).sum(), rtol=1e-13)


def test_a_slice_of_a_larger_array_is_added_as_it_is(rng):
    x = rng.normal(size=(6, 9))
    gram = GramAccumulator(3)
    gram.add(x[::2, 1::3])
    np.testing.assert_allclose(gram.matrix(), x[::2, 1::3] @ x[::2, 1::3].T, rtol=1e-13)


def test_products_keep_the_digits_of_float64():
    gram = GramAccumulator(2)
    gram.add(np.float32([[1, 1e-6], [1, 0]]))
    assert gram.matrix()[0, 0] - 1 == pytest.approx(1e-12, rel=1e-3)


def test_nothing_added_is_zero():
    np.testing.assert_array_equal(GramAccumulator(2).matrix(), np.zeros((2, 2)))
