"""How a stimulus is brought to a network's input: as published, or otherwise.

Published framings cut out a central square, so that a picture loses its edges; a stretch keeps
all of it and loses its proportions. Both scale the values as the network's publication says.
Networks that read are given all captions of a picture, whose features are averaged, or one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from cortiscope.core.errors import InvalidInput, check_option, read_whole

FRAMING_KINDS = ("published", "stretch", "caption")
_SMALLEST, _LARGEST = 16, 4096


@dataclass(frozen=True)
class Framing:
    """A framing, as a value.

    Attributes
    ----------
    kind : "published" (for networks that read: the mean over a picture's captions); "stretch":
        the whole picture resized (bilinear, antialiased) to a square, without keeping its
        proportions; "caption": one of a picture's captions.
    size : side of that square in pixels; 0 for the other kinds.
    caption : which one, counted from 1; 0 for the other kinds.
    """

    kind: Literal["published", "stretch", "caption"] = "published"
    size: int = 0
    caption: int = field(default=0, metadata={"omit_default": True})

    def __post_init__(self) -> None:
        check_option("framing", self.kind, FRAMING_KINDS)
        # A number without meaning must not make two keys out of one thing.
        if self.kind != "stretch":
            object.__setattr__(self, "size", 0)
        if self.kind != "caption":
            object.__setattr__(self, "caption", 0)
        elif self.caption < 1:
            raise InvalidInput(f"Captions are counted from 1; there is no caption {self.caption}.")
        if self.kind == "stretch" and not _SMALLEST <= self.size <= _LARGEST:
            raise InvalidInput(
                f"Pictures can be stretched to {_SMALLEST} to {_LARGEST} px, not {self.size}."
            )

    @classmethod
    def parse(cls, text: str) -> Framing:
        """Read ``published``, ``stretch:N``, ``caption:N`` or ``caption:first``."""
        kind, _, size = text.partition(":")
        if kind == "published" and not size:
            return cls()
        number = 1 if kind == "caption" and size == "first" else read_whole(size)
        if kind == "stretch" and number is not None:
            return cls("stretch", number)
        if kind == "caption" and number is not None:
            return cls("caption", caption=number)
        raise InvalidInput(
            f"Unknown framing {text!r}. Allowed: published, stretch:N (as in stretch:224), and "
            "for networks that read captions caption:N or caption:first."
        )

    @property
    def text(self) -> str:
        """What ``parse`` reads."""
        number = self.size or self.caption
        return f"{self.kind}:{number}" if number else self.kind

    @property
    def label(self) -> str:
        """Words for captions; empty for the published framing."""
        return {
            "published": "",
            "stretch": f"pictures stretched to {self.size} px",
            "caption": f"caption {self.caption} of each picture",
        }[self.kind]


PUBLISHED = Framing()
