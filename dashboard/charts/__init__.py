"""Two-dimensional charts: arrays in, SVG or a Plotly figure out. Nothing here draws or caches."""
