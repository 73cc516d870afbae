"""Still figures, drawn with matplotlib and nilearn: for notebooks, and by the worker for the app.

Import the modules, not this package: matplotlib takes seconds, and the app's server must not load
it.
"""
