"""A photo somebody uploads becomes two WebP pictures without anything but pixels in them. Nothing is stored here.

What a photo says of its place and camera (EXIF, XMP, GPS) is left behind; the orientation in it is applied first, and
colours are brought to sRGB.
"""

import io
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

MAX_BYTES: Final = 10 * 1024 * 1024
MAX_PIXELS: Final = 40_000_000
"""A small file can hold a picture that fills the memory; phones make up to about 50 megapixels only when asked to."""
LARGE_PX: Final = 1200
THUMB_PX: Final = 240
"""Longest side of each."""
FORMATS: Final = ("JPEG", "PNG", "WEBP")
_QUALITY: Final = 82


class BadPictureError(ValueError):
    """A file that is no picture we take."""

    def __init__(self, code: str, words: str) -> None:
        self.code = code
        """not_a_picture, too_many_pixels or broken_picture."""
        super().__init__(words)


@dataclass(frozen=True, slots=True)
class Picture:
    """What is kept of a photo."""

    digest: str
    """SHA-256 of `large`, in hex: the name of the picture."""
    large: bytes
    """WebP, at most `LARGE_PX` on its longest side; never enlarged."""
    thumb: bytes


def file_name(digest: str, size: str) -> str:
    """Where a picture is kept.

    Args:
        digest: of `Picture`.
        size: large or thumb.
    """
    return f"pictures/{digest[:2]}/{digest}-{size}.webp"


def process(data: bytes) -> Picture:
    """Check a photo, by what is in it and not by its name, and make our two pictures of it.

    Args:
        data: at most `MAX_BYTES`.

    Raises:
        BadPictureError: it is not JPEG, PNG or WebP, has too many pixels, or ends too early.
    """
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as photo:
            _refuse_bombs(photo)
            pixels = _upright(photo)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many() from error
    except BadPictureError:
        raise
    except UnidentifiedImageError as error:
        raise BadPictureError("not_a_picture", "The file is not a JPEG, PNG or WebP picture.") from error
    except Exception as error:  # whatever a decoder finds in a file somebody made: it is the file, not us
        words = "The picture is damaged or ends too early; save it again and send that file."
        raise BadPictureError("broken_picture", words) from error
    large = _webp(pixels, LARGE_PX)
    return Picture(sha256(large).hexdigest(), large, _webp(pixels, THUMB_PX))


def _refuse_bombs(photo: Image.Image) -> None:
    """Only the header was read so far."""
    if photo.width * photo.height > MAX_PIXELS:
        raise _too_many()


def _too_many() -> BadPictureError:
    words = f"The picture has more than {MAX_PIXELS // 1_000_000} million pixels; make it smaller."
    return BadPictureError("too_many_pixels", words)


def _upright(photo: Image.Image) -> Image.Image:
    """The pixels alone, small enough for what comes, the right way up, in sRGB."""
    photo.draft("RGB", (LARGE_PX * 2, LARGE_PX * 2))
    photo.load()
    profile = photo.info.get("icc_profile")
    turned = ImageOps.exif_transpose(photo)
    mode = "RGBA" if turned.mode in {"RGBA", "LA", "PA"} or "transparency" in turned.info else "RGB"
    pixels = _standard_colours(turned, profile).convert(mode)
    pixels.thumbnail((LARGE_PX, LARGE_PX), Image.Resampling.LANCZOS)
    clean = Image.new(mode, pixels.size)
    clean.paste(pixels)
    return clean


def _standard_colours(photo: Image.Image, profile: bytes | None) -> Image.Image:
    if not profile or photo.mode not in {"RGB", "RGBA"}:
        return photo
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        found = ImageCms.profileToProfile(photo, source, ImageCms.createProfile("sRGB"))
    except (ImageCms.PyCMSError, OSError):
        return photo  # a profile nobody can read changes nothing
    return found or photo


def _webp(pixels: Image.Image, longest_px: int) -> bytes:
    small = pixels.copy()
    small.thumbnail((longest_px, longest_px), Image.Resampling.LANCZOS)
    target = io.BytesIO()
    small.save(target, "WEBP", quality=_QUALITY, method=4)
    return target.getvalue()
