"""Where files live, what is in them, and how they are written so that a crash never leaves half."""

from core.storage.atomic import atomic_directory, atomic_file, write_array, write_json
from core.storage.content import ContentHashes, content_hashes
from core.storage.paths import Home, data_folders
from core.storage.write_failures import require_room, writing

__all__ = [
    "ContentHashes",
    "Home",
    "atomic_directory",
    "atomic_file",
    "content_hashes",
    "data_folders",
    "require_room",
    "write_array",
    "write_json",
    "writing",
]
