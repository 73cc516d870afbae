"""The command line: ``python -m core VERB``; the same functions serve the app."""
