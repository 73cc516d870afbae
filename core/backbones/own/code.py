"""Code of one's own by where it is written, and torchvision's transforms as plain values."""

from __future__ import annotations

import contextlib
import enum
import hashlib
import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from cortiscope.core.errors import CoreError, InvalidInput, MissingWeights, WorkFailed, unknown_name

_TRANSFORMS = ("torchvision.transforms.", "timm.data.transforms")


def locate(text: str) -> str:
    """Read "FILE.py:function" or "package.module:function"; a file's path is made absolute.

    Raises
    ------
    InvalidInput
        It is neither.
    MissingWeights
        There is no such file.
    """
    where, _, function = text.rpartition(":")
    if not where or not function.isidentifier():
        raise InvalidInput(
            f"{text!r} names no function.", "Write FILE.py:function or package.module:function."
        )
    if not where.endswith(".py"):
        return text
    path = Path(where).expanduser().absolute()
    if not path.is_file():
        raise MissingWeights(f"There is no file {path}.", "Check the path of the code.")
    return f"{path}:{function}"


def location_of(function: Any) -> str:
    """Return where a function is written, as ``locate`` does; empty where nobody else finds it.

    Functions inside others, lambdas, and those of a notebook or a prompt have no such place.
    """
    name = getattr(function, "__qualname__", "")
    module = inspect.getmodule(function)
    file = getattr(module, "__file__", None)
    if module is None or not name.isidentifier() or getattr(module, name, None) is not function:
        return ""
    if module.__name__ != "__main__" and "." in module.__name__:
        return f"{module.__name__}:{name}"
    return f"{Path(file).absolute()}:{name}" if file and file.endswith(".py") else ""


def run(code: str | Callable[[], Any], *, call: bool = True) -> Any:
    """Call a function, or that at a place as by ``locate``; random numbers begin the same way.

    Parameters
    ----------
    call : False returns the function itself. Anything that is not a function is returned as it is.

    Raises
    ------
    UnknownName
        There is no function of that name.
    WorkFailed
        The code failed.
    """
    import torch
    from torch import nn

    name = code if isinstance(code, str) else getattr(code, "__qualname__", str(code))
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            found = _found(code) if isinstance(code, str) else code
            as_is = not call or isinstance(found, nn.Module) or not callable(found)
            return found if as_is else found()
    except CoreError:
        raise
    except Exception as error:  # it is anyone's code
        reason = (str(error).strip().splitlines() or ["without a message"])[0][:200]
        raise WorkFailed(
            f"The code at {name} failed: {type(error).__name__}: {reason}.",
            "Run that function by itself to see where.",
        ) from error


def _found(location: str) -> Any:
    from cortiscope.core.backbones.torchvision.networks import import_torchvision

    # Code that imports it finds it imported, also where its compiled part does not load.
    with contextlib.suppress(ImportError):
        import_torchvision()
    where, _, name = location.rpartition(":")
    module = _of_file(Path(where)) if where.endswith(".py") else importlib.import_module(where)
    if not hasattr(module, name):
        functions = [n for n, thing in vars(module).items() if callable(thing) and n[0] != "_"]
        raise unknown_name(f"function in {where}", name, functions)
    return getattr(module, name)


def _of_file(path: Path) -> ModuleType:
    """Run a file as a module of its own; what lies beside it can be imported."""
    # By its content, so that an edited file is read anew, and an unchanged one only once.
    digest = hashlib.sha256(str(path).encode() + path.read_bytes()).hexdigest()[:16]
    name = f"cortiscope_own_{digest}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise InvalidInput(f"{path} is not a Python file.", "Name a file that ends in .py.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        with _beside(path.parent):
            spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


@contextlib.contextmanager
def _beside(folder: Path) -> Iterator[None]:
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        with contextlib.suppress(ValueError):
            sys.path.remove(str(folder))


def as_library(transform: Any) -> dict[str, Any] | None:
    """Describe one of torchvision's (or timm's) transforms by its class and its settings.

    Returns
    -------
    Values for JSON; None for what is none of theirs, or does not keep its settings.
    """
    try:
        described: dict[str, Any] = _plain(transform)
    except (AttributeError, TypeError, ValueError):
        return None
    return described if "class" in described else None


def _plain(value: Any) -> Any:
    if (
        value is None
        or isinstance(value, bool | int | float | str)
        and not isinstance(value, enum.Enum)
    ):
        return value
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    kind = type(value)
    name = f"{kind.__module__}.{kind.__qualname__}"
    if not name.startswith(_TRANSFORMS):
        raise TypeError(name)
    if isinstance(value, enum.Enum):
        return {"class": name, "value": value.value}
    names = inspect.signature(kind).parameters
    settings = {n: _plain(getattr(value, n)) for n in names}
    if kind.__name__ == "ImageClassification":
        # It keeps each of these as a list of one.
        settings |= {n: settings[n][0] for n in ("crop_size", "resize_size")}
    return {"class": name, "settings": settings}


def of_library(described: Any) -> Any:
    """Make a transform as it was described."""
    from cortiscope.core.backbones.torchvision.networks import import_torchvision

    if isinstance(described, list):
        return [of_library(item) for item in described]
    if not isinstance(described, dict):
        return described
    import_torchvision()
    where, _, name = described["class"].rpartition(".")
    if not described["class"].startswith(_TRANSFORMS):
        raise InvalidInput(f"{described['class']} is none of torchvision's transforms.")
    kind = getattr(importlib.import_module(where), name)
    if "value" in described:
        return kind(described["value"])
    return kind(**{n: of_library(value) for n, value in described["settings"].items()})
