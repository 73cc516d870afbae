"""Lasso and elastic net: a support per vertex, or one for all (multitask), on Gram matrices."""
