"""Read the released ``mapping_*.npy`` files without running what is in them.

Algonauts 2023 ships label names as pickled 0-d object arrays of ``dict[int, str]``. A pickle may
call any function when it is loaded, so only the two or three names that numpy itself needs to
rebuild such an array are let through; anything else is refused by name.
"""

from __future__ import annotations

import io
import pickle
from pathlib import Path

import numpy as np

from cortiscope.core.datasets.npy import shape_and_type
from cortiscope.core.errors import DamagedFile
from cortiscope.core.storage.foreign import check_fetched

_LARGEST = 2**20  # bytes; the released files have a few hundred

# numpy moved its core package in version 2; files of both ages are about.
_ALLOWED = {
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy.core.multiarray", "scalar"),
    ("numpy._core.multiarray", "scalar"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    # Protocol 2 writes bytes by this codec call; with latin1 it can only make bytes.
    ("_codecs", "encode"),
}


class _RestrictedUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> object:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it asks to load {module}.{name}")
        return super().find_class(module, name)


def load_label_names(path: Path) -> dict[int, str]:
    """Read label -> ROI name from a released mapping file; label 0 ("Unknown") is left out.

    Raises
    ------
    DamagedFile : not such a file, or one that asks for anything but a dictionary.
    """
    hint = "Download the file again from the challenge's own source."
    check_fetched(path)
    if path.stat().st_size > _LARGEST:
        raise DamagedFile(f"{path.name} has {path.stat().st_size:,} bytes; names take few.", hint)
    try:
        with path.open("rb") as stream:
            _, dtype = shape_and_type(stream)
            if not dtype.hasobject:
                raise DamagedFile(f"{path.name} holds numbers ({dtype}), not label names.", hint)
            value = _RestrictedUnpickler(io.BytesIO(stream.read())).load()
    except DamagedFile:
        raise
    except Exception as error:  # a hostile or truncated pickle may raise anything at all
        raise DamagedFile(f"{path.name} was refused and not run: {error}.", hint) from error
    if isinstance(value, np.ndarray) and value.shape == ():
        value = value.item()
    if not isinstance(value, dict):
        raise DamagedFile(f"{path.name} holds a {type(value).__name__}, not label names.", hint)
    names: dict[int, str] = {}
    for label, name in value.items():
        if not isinstance(label, int | np.integer) or not isinstance(name, str | np.str_):
            raise DamagedFile(f"{path.name}: {label!r}: {name!r} is not a label and a name.", hint)
        if int(label) != 0 and str(name) in names.values():
            raise DamagedFile(f"{path.name} gives the name {name} to several labels.", hint)
        if int(label) != 0:
            names[int(label)] = str(name)
    return names
