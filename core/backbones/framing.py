"""How a picture is brought to a network's input: as published, or stretched as a whole.

Published framings cut out a central square, so that a picture loses its edges; a stretch keeps
all of it and loses its proportions. Both scale the values as the network's publication says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.errors import InvalidInput, check_option

FRAMING_KINDS = ("published", "stretch")
_SMALLEST, _LARGEST = 16, 4096


@dataclass(frozen=True)
class Framing:
    """A framing, as a value.

    Attributes
    ----------
    kind : "published", or "stretch": the whole picture resized (bilinear, antialiased) to a
        square, without keeping its proportions.
    size : side of that square in pixels; 0 for "published".
    """

    kind: Literal["published", "stretch"] = "published"
    size: int = 0

    def __post_init__(self) -> None:
        check_option("framing", self.kind, FRAMING_KINDS)
        if self.kind == "published":
            # A size without meaning must not make two keys out of one thing.
            object.__setattr__(self, "size", 0)
        elif not _SMALLEST <= self.size <= _LARGEST:
            raise InvalidInput(
                f"Pictures can be stretched to {_SMALLEST} to {_LARGEST} px, not {self.size}."
            )

    @classmethod
    def parse(cls, text: str) -> Framing:
        """Read ``published`` or ``stretch:N``."""
        kind, _, size = text.partition(":")
        if kind == "published" and not size:
            return cls()
        if kind == "stretch" and size.isascii() and size.isdigit():
            return cls("stretch", int(size))
        raise InvalidInput(
            f"Unknown framing {text!r}. Allowed: published, stretch:N (as in stretch:224)."
        )

    @property
    def text(self) -> str:
        """What ``parse`` reads."""
        return f"stretch:{self.size}" if self.size else self.kind

    @property
    def label(self) -> str:
        """Words for captions; empty for the published framing."""
        return f"pictures stretched to {self.size} px" if self.size else ""


PUBLISHED = Framing()
