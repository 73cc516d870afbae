import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps, PngImagePlugin

from cortiscope.core.errors import InvalidImage, MissingData
from cortiscope.core.stimuli import decode, decode_image, square_crop
from tests.peak_memory import needs_proc, rise


def encoded(image, format, **options):  # noqa: A002 - Pillow's own word
    stream = io.BytesIO()
    image.save(stream, format, **options)
    return stream.getvalue()


def photograph(width=60, height=40):
    rng = np.random.default_rng(0)
    return Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_header_only(width, height):
    """A PNG that announces a size and holds a few bytes."""
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
@pytest.mark.parametrize("side", [30_000, 11_000, 9_000])
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


def announcing(data, width, height):
    """A baseline JPEG with another size in its header."""
    start = data.index(b"\xff\xc0")
    return data[: start + 5] + struct.pack(">HH", height, width) + data[start + 9 :]


@pytest.mark.parametrize("options", [{}, {"restart_marker_rows": 1}, {"subsampling": 0}])
def test_jpeg_data_of_a_smaller_picture_than_announced_is_refused(options):
    data = announcing(encoded(photograph(64, 64), "JPEG", **options), 96, 200)
    assert "end before the picture" in refused(data)


def test_jpeg_cut_within_its_data_is_refused_though_an_end_mark_was_put_back():
    data = encoded(photograph(64, 64), "JPEG")
    assert "end before the picture" in refused(data[: len(data) * 2 // 3] + b"\xff\xd9")


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"optimize": True}])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_jpeg_that_ends_in_mid_grey_by_itself_is_taken(mode, options):
    picture = photograph(50, 40)
    picture.paste((128, 128, 128), (0, 20, 50, 40))
    data = encoded(picture.convert(mode), "JPEG", **options)
    assert decode_image(data, name="a").image.size == (50, 40)


@pytest.mark.parametrize("interlaced", [0, 1])
def test_png_of_fewer_rows_than_announced_is_refused(interlaced):
    def png(n_bytes):
        header = struct.pack(">IIBBBBB", 20, 60, 8, 0, 0, 0, interlaced)
        parts = (b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * n_bytes)), (b"IEND", b"")
        return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)

    # Black to the end: only the number of bytes tells whether rows are missing. Adam7's passes
    # have 8, 8, 7, 15, 15, 30 and 30 rows of 3, 2, 5, 5, 10, 10 and 20 pixels, and a byte each.
    whole = 8 * 4 + 8 * 3 + 7 * 6 + 15 * 6 + 15 * 11 + 30 * 11 + 30 * 21 if interlaced else 60 * 21
    assert decode_image(png(whole), name="a").original_mode == "L"
    assert "end before the picture" in refused(png(whole - 21))


@pytest.mark.parametrize("kind", ["zTXt", "iTXt", "tEXt", "iCCP"])
def test_png_with_a_long_text_or_profile_is_taken(kind):
    plain, info, options = photograph(), PngImagePlugin.PngInfo(), {}
    if kind == "iCCP":
        options["icc_profile"] = bytes(2 * 2**20)
    elif kind == "iTXt":
        info.add_itxt("work flow", "step " * 400_000, zip=True)
    else:
        info.add_text("parameters", "prompt " * 300_000, zip=kind == "zTXt")
    data = encoded(plain, "PNG", pnginfo=info, **options)
    np.testing.assert_array_equal(np.asarray(decode_image(data, name="a").image), np.asarray(plain))


def test_small_texts_of_a_png_stay_since_they_may_say_how_it_is_turned():
    exif = Image.Exif()
    exif[0x0112] = 8
    info = PngImagePlugin.PngInfo()
    info.add_text("parameters", "prompt " * 300_000, zip=True)
    data = encoded(photograph(), "PNG", pnginfo=info, exif=exif)
    assert decode_image(data, name="a").image.size == (40, 60)


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("mode", ["RGB", "I;16", "RGBA"])
def test_bands_and_turns_give_what_the_whole_picture_gives(turn, mode, monkeypatch):
    exif = Image.Exif()
    exif[0x0112] = turn
    deep = np.random.default_rng(1).integers(4096, 65536, (23, 31)).astype(np.uint16)
    picture = Image.fromarray(deep) if mode == "I;16" else photograph(31, 23).convert(mode)
    if mode == "RGBA":
        picture.putalpha(Image.fromarray((deep // 256).astype(np.uint8)))
    data = encoded(picture, "PNG", exif=exif)
    monkeypatch.setattr(decode, "_BAND_PIXELS", 31 * 4)
    if mode == "I;16":
        whole = Image.fromarray(np.rint(deep * (255 / 65535)).astype(np.uint8)).convert("RGB")
    else:
        whole = Image.alpha_composite(
            Image.new("RGBA", picture.size, (128, 128, 128, 255)), picture.convert("RGBA")
        ).convert("RGB")
    whole.getexif()[0x0112] = turn
    np.testing.assert_array_equal(
        np.asarray(decode_image(data, name="a").image), np.asarray(ImageOps.exif_transpose(whole))
    )


def test_lab_colours_are_converted_and_noted():
    profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    lab = ImageCms.profileToProfile(photograph(), *profiles, outputMode="LAB")
    decoded = decode_image(encoded(lab, "TIFF"), name="a")
    difference = np.asarray(decoded.image, int) - np.asarray(photograph(), int)
    assert np.abs(difference).mean() < 3
    assert any("Lab" in note for note in decoded.notes)


@pytest.mark.parametrize("options", [{}, {"progressive": True, "subsampling": 0}])
def test_kinds_that_take_much_to_decode_are_refused_from_their_header(options, monkeypatch):
    data = encoded(photograph(), "JPEG" if options else "WEBP", **options)
    monkeypatch.setattr(decode, "MAX_WORKING_BYTES", 60 * 40 * 6 - 1)
    assert "too large for its kind" in refused(data)


@needs_proc
@pytest.mark.parametrize("kind", ["16-bit PNG", "float TIFF", "short JPEG"])
def test_decoding_takes_at_most_250_mb_beyond_the_pixels(kind, tmp_path):
    side = 3500
    path = tmp_path / kind
    if kind == "16-bit PNG":
        Image.fromarray(np.full((side, side), 300, np.uint16)).save(path, "PNG")
    elif kind == "float TIFF":
        values = np.zeros((side, side), np.float32)
        values[:9] = 3.5
        Image.fromarray(values).save(path, "TIFF", compression="tiff_adobe_deflate")
    else:
        path.write_bytes(announcing(encoded(photograph(64, 64), "JPEG"), side, side))
    imports = "from cortiscope.core.stimuli import decode_image"
    added, refusal = rise(imports, "decode_image(path)", path)
    assert added < 4 * side * side + 100 * 2**20
    assert bool(refusal) == (kind == "short JPEG")
