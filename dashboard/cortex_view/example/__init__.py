"""A page that shows the viewer alone, on synthetic data."""
