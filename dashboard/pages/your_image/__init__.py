"""A photograph."""
