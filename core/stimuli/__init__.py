"""Images as files: decoding them safely, and ordered, identified collections of them."""

from core.stimuli.caption_file import read_captions, with_captions
from core.stimuli.decode import DecodedImage, decode_image, open_picture, square_crop
from core.stimuli.images import IMAGE_SUFFIXES, StimulusImages, list_images, natural_sort_key

__all__ = [
    "IMAGE_SUFFIXES",
    "DecodedImage",
    "StimulusImages",
    "decode_image",
    "list_images",
    "natural_sort_key",
    "read_captions",
    "open_picture",
    "square_crop",
    "with_captions",
]
