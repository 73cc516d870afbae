import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from core.errors import InvalidImage, MissingData
from core.stimuli import decode_image, square_crop


def encoded(image, format, **options):  # noqa: A002 - Pillow's own word
    stream = io.BytesIO()
    image.save(stream, format, **options)
    return stream.getvalue()


def photograph(width=60, height=40):
    rng = np.random.default_rng(0)
    return Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))


def png_header_only(width, height):
    """A PNG that announces a size and holds a few bytes."""

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\0" * 1000)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


def refused(source, **options):
    with pytest.raises(InvalidImage) as caught:
        decode_image(source, name="holiday.jpg", **options)
    assert "holiday.jpg" in caught.value.message
    assert caught.value.hint
    return caught.value.message


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_every_supported_format_decodes_without_notes(format):  # noqa: A002
    decoded = decode_image(encoded(photograph(), format), name="a")
    assert decoded.image.mode == "RGB"
    assert decoded.image.size == decoded.original_size == (60, 40)
    assert decoded.notes == ()


def test_text_named_jpg_is_refused():
    assert "not a picture" in refused(b"Dear diary, today I saw a cat.\n" * 40)


def test_empty_file_is_refused():
    assert "empty" in refused(b"")


def test_format_outside_the_list_is_refused():
    assert "not a picture" in refused(encoded(photograph(), "PPM"))


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "TIFF"])
def test_truncated_picture_is_refused(format):  # noqa: A002
    data = encoded(photograph(200, 200), format)
    assert "damaged" in refused(data[: len(data) // 2])


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("side", [30_000, 11_000, 8_000])
def test_decompression_bomb_is_refused_from_its_header(side, monkeypatch):
    def fail(*_):
        raise AssertionError("the picture was decoded")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", fail)
    assert "too large" in refused(png_header_only(side, side))


def test_one_pixel_is_too_small():
    assert "1 x 1" in refused(encoded(photograph(1, 1), "PNG"))


def test_too_big_a_file_is_refused_without_reading_it(tmp_path, monkeypatch):
    path = tmp_path / "holiday.jpg"
    with path.open("wb") as stream:
        stream.truncate(200 * 2**20)  # sparse: takes no room on the disk

    def fail(*_):
        raise AssertionError("the file was read")

    monkeypatch.setattr("pathlib.Path.read_bytes", fail)
    assert "200 MiB" in refused(path)


def test_missing_file_and_folder_are_told(tmp_path):
    with pytest.raises(MissingData, match=r"cat\.png"):
        decode_image(tmp_path / "cat.png")
    assert "not a file" in refused(tmp_path)


def test_cmyk_is_converted_and_noted():
    decoded = decode_image(encoded(photograph().convert("CMYK"), "JPEG"), name="a")
    assert decoded.original_mode == "CMYK"
    assert decoded.image.mode == "RGB"
    assert any("CMYK" in note for note in decoded.notes)


@pytest.mark.parametrize(("highest", "bits"), [(65535, 16), (4095, 12), (30000, 16)])
def test_16_bit_grey_is_scaled_and_not_clipped(highest, bits):
    ramp = np.linspace(0, highest, 64 * 32).astype(np.uint16).reshape(32, 64)
    decoded = decode_image(encoded(Image.fromarray(ramp), "PNG"), name="a")
    shown = np.asarray(decoded.image)[..., 0]
    np.testing.assert_allclose(shown, ramp / (2**bits - 1) * 255, atol=0.51)
    assert any(f"{bits} of 16 bits" in note for note in decoded.notes)


def test_float_grey_is_scaled_from_its_own_range():
    ramp = np.linspace(-3, 5, 64 * 32, dtype=np.float32).reshape(32, 64)
    decoded = decode_image(encoded(Image.fromarray(ramp), "TIFF"), name="a")
    shown = np.asarray(decoded.image)[..., 0]
    assert (shown.min(), shown.max()) == (0, 255)
    assert "-3 to 5" in decoded.notes[0]


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_is_filled_with_mid_grey_and_noted(mode):
    image = photograph(40, 40).convert(mode)
    alpha = Image.new("L", (40, 40), 255)
    alpha.paste(0, (0, 0, 20, 40))
    image.putalpha(alpha)
    decoded = decode_image(encoded(image, "PNG"), name="a")
    shown = np.asarray(decoded.image)
    assert (shown[:, :20] == 128).all()
    np.testing.assert_array_equal(shown[:, 20:], np.asarray(image.convert("RGB"))[:, 20:])
    assert any("mid-grey" in note for note in decoded.notes)


def test_transparent_palette_colour_is_filled_with_mid_grey():
    image = Image.new("P", (20, 20), 1)
    image.putpalette([255, 0, 0, 0, 255, 0])
    image.paste(0, (0, 0, 10, 20))
    decoded = decode_image(encoded(image, "PNG", transparency=0), name="a")
    assert decoded.image.getpixel((0, 0)) == (128, 128, 128)
    assert decoded.image.getpixel((15, 0)) == (0, 255, 0)
    assert len(decoded.notes) == 1


def test_opaque_alpha_changes_nothing_and_is_not_noted():
    image = photograph().convert("RGBA")
    assert decode_image(encoded(image, "PNG"), name="a").notes == ()


def test_animated_gif_shows_its_first_frame_and_says_so():
    frames = [Image.new("RGB", (20, 20), c) for c in ("red", "lime", "blue")]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    decoded = decode_image(data, name="a")
    assert decoded.image.getpixel((5, 5)) == (255, 0, 0)
    assert any("first" in note for note in decoded.notes)


def test_exif_rotated_portrait_is_shown_upright():
    # Orientation 6: the stored pixels have to be turned by 90 degrees clockwise.
    stored = Image.new("RGB", (60, 40), "black")
    stored.paste("white", (0, 0, 20, 40))  # stored left third is white
    exif = Image.Exif()
    exif[0x0112] = 6
    decoded = decode_image(encoded(stored, "JPEG", exif=exif.tobytes(), quality=95), name="a")
    assert decoded.image.size == (40, 60)
    assert decoded.original_size == (60, 40)
    shown = np.asarray(decoded.image).mean(axis=(1, 2))
    assert shown[:15].min() > 200  # now at the top
    assert shown[30:].max() < 50
    assert any("upright" in note for note in decoded.notes)


def test_square_crop_takes_the_centre():
    image = Image.new("RGB", (30, 20), "black")
    image.paste("white", (5, 0, 25, 20))
    assert np.asarray(square_crop(image)).min() == 255
    assert square_crop(image).size == (20, 20)
    assert square_crop(image, 8).size == (8, 8)
    assert square_crop(image.rotate(90, expand=True)).size == (20, 20)
