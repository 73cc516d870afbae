"""Which file a stimulus address means: ``/stimuli/{subject}.{fingerprint}/{split}/{row}``.

The subject is in hexadecimal: a folder may have any name, an address may not.
"""

from __future__ import annotations

from pathlib import Path

from core.datasets import Subject
from core.errors import CoreError
from dashboard import services
from dashboard.stimulus_gallery import stimulus_base_url


def stimulus_key(subject: Subject) -> str:
    """Name a subject's images so that the address changes when the data do."""
    return f"{subject.id.encode().hex()}.{subject.fingerprint}"


def stimulus_address(subject: Subject) -> str:
    """Return where a subject's images are served, relative to the app."""
    return stimulus_base_url(stimulus_key(subject))


def stimulus_file(key: str, split: str, number: int) -> Path | None:
    """Find the file of an image; None if the key, split or number is not known."""
    name, _, fingerprint = key.rpartition(".")
    try:
        subject = services.subject(bytes.fromhex(name).decode())
    except (CoreError, ValueError):
        return None
    if subject.fingerprint != fingerprint or split not in ("train", "test"):
        return None
    images = subject.split(split).images
    return images.paths[number] if 0 <= number < len(images) else None
