"""Where files live, and how they are written so that a crash never leaves half a file."""

from core.storage.atomic import atomic_directory, atomic_file, write_array, write_json
from core.storage.paths import Home, data_folders

__all__ = ["Home", "atomic_directory", "atomic_file", "data_folders", "write_array", "write_json"]
