"""Encoders that keep examples instead of coefficients: nearest neighbours, a decision tree."""
