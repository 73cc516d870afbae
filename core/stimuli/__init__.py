"""Images as files: decoding them safely, and ordered, identified collections of them."""

from cortiscope.core.stimuli.caption_file import read_captions, with_captions
from cortiscope.core.stimuli.copies import nsd_number
from cortiscope.core.stimuli.decode import (
    DecodedImage,
    decode_image,
    open_picture,
    square_crop,
    thumbnail,
)
from cortiscope.core.stimuli.images import StimulusImages, groups_over
from cortiscope.core.stimuli.listing import IMAGE_SUFFIXES, list_images, natural_sort_key
from cortiscope.core.stimuli.looks import picture_looks

__all__ = [
    "IMAGE_SUFFIXES",
    "DecodedImage",
    "StimulusImages",
    "decode_image",
    "groups_over",
    "list_images",
    "natural_sort_key",
    "nsd_number",
    "open_picture",
    "picture_looks",
    "read_captions",
    "square_crop",
    "thumbnail",
    "with_captions",
]
