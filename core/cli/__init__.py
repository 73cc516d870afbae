"""The command line: ``cortiscope VERB``; the same functions serve the app."""
