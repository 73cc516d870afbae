"""Regressors over several feature spaces: banded ridge, stacking, the best of them."""
