"""Two-dimensional charts: arrays in, Plotly figures out. Nothing here draws or caches."""
