"""Where files live, what is in them, and how they are written so that a crash never leaves half."""

from cortiscope.core.storage.atomic import atomic_directory, atomic_file, write_array, write_json
from cortiscope.core.storage.content import ContentHashes, content_hashes
from cortiscope.core.storage.paths import Home, data_folders
from cortiscope.core.storage.write_failures import require_room, writing

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
