"""A photo somebody uploads: what is taken, what is refused, and that nothing but pixels is kept."""

import asyncio
import io
import struct
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cloud.catalogue.pictures import LARGE_PX, MAX_BYTES, THUMB_PX, BadPictureError, process
from cloud.kit.files import Folder

PICTURE = "/api/v1/products/green-tea/picture"
ORIENTATION, GPS = 0x0112, 0x8825


def photo(width: int = 60, height: int = 30, kind: str = "JPEG", **save: Any) -> bytes:
    """Left half red, right half blue."""
    image = Image.new("RGB", (width, height), (200, 0, 0))
    image.paste((0, 0, 200), (width // 2, 0, width, height))
    target = io.BytesIO()
    image.save(target, kind, **save)
    return target.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data), formats=["WEBP"])


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_picture_when_larger_than_needed_then_both_are_webp_within_their_sizes(kind: str) -> None:
    found = process(photo(2400, 1200, kind))
    assert (opened(found.large).size, opened(found.thumb).size) == ((LARGE_PX, 600), (THUMB_PX, 120))
    assert (opened(found.large).format, len(found.digest)) == ("WEBP", 64)


def test_picture_when_small_then_it_is_not_enlarged() -> None:
    assert opened(process(photo(60, 30)).large).size == (60, 30)


def test_picture_when_it_says_where_it_was_taken_then_that_is_gone_and_it_stands_upright() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # the camera lay on its side: turn it by 90 degrees clockwise
    exif[GPS] = {1: "N", 2: (35.0, 41.0, 22.0)}
    found = opened(process(photo(exif=exif, comment=b"kitchen of a person")).large)
    found.load()
    assert (dict(found.getexif()), found.size) == ({}, (30, 60))
    assert not {"exif", "xmp", "comment", "icc_profile"} & set(found.info)
    top, bottom = found.convert("RGB").getpixel((15, 5)), found.convert("RGB").getpixel((15, 55))
    assert isinstance(top, tuple)
    assert isinstance(bottom, tuple)
    assert top[0] > 150 > top[2]
    assert bottom[2] > 150 > bottom[0]


def test_picture_when_see_through_then_it_stays_so() -> None:
    target = io.BytesIO()
    Image.new("RGBA", (20, 20), (0, 0, 0, 0)).save(target, "PNG")
    pixel = opened(process(target.getvalue()).large).convert("RGBA").getpixel((5, 5))
    assert isinstance(pixel, tuple)
    assert pixel[3] == 0


@pytest.mark.parametrize("data", [b"", b"hello", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"GIF89a" + b"\0" * 99])
def test_picture_when_it_is_something_else_then_it_is_refused_by_its_content(data: bytes) -> None:
    with pytest.raises(BadPictureError) as refused:
        process(data)
    assert refused.value.code == "not_a_picture"


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


@pytest.mark.parametrize("side", [7_000, 12_000, 60_000])
def test_picture_when_a_small_file_would_fill_the_memory_then_it_is_refused_unread(side: int) -> None:
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    bomb = (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 9)) + chunk(b"IEND", b"")
    )
    with pytest.raises(BadPictureError) as refused:
        process(bomb)
    assert refused.value.code == "too_many_pixels"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_picture_when_it_ends_too_early_then_it_is_refused(kind: str) -> None:
    whole = photo(400, 300, kind)
    for size in (40, len(whole) // 2, len(whole) * 3 // 4):
        with pytest.raises(BadPictureError):
            process(whole[:size])


@settings(max_examples=60, derandomize=True, deadline=None, database=None)
@given(kind=st.sampled_from(["JPEG", "PNG", "WEBP"]), at=st.integers(0, 5000), bits=st.integers(1, 255))
def test_picture_when_any_byte_is_wrong_then_it_is_taken_or_refused_in_our_words(kind: str, at: int, bits: int) -> None:
    data = bytearray(photo(kind=kind))
    data[at % len(data)] ^= bits
    # Anything but our own refusal fails the test.
    with suppress(BadPictureError):
        process(bytes(data))


async def test_picture_when_uploaded_then_it_is_served_and_browsers_may_keep_it(client: AsyncClient) -> None:
    assert (await client.get(PICTURE)).json()["code"] == "no_picture"
    saved = await client.put(PICTURE, content=photo(500, 400), headers={"Content-Type": "image/jpeg"})
    assert saved.status_code == 200
    name = saved.json()["photo"]
    found = await client.get(PICTURE, params={"v": name, "size": "thumb"})
    assert (found.headers["content-type"], found.headers["cache-control"]) == (
        "image/webp",
        "private, max-age=31536000, immutable",
    )
    assert opened(found.content).size == (THUMB_PX, 192)
    again = await client.get(PICTURE, params={"size": "thumb"}, headers={"If-None-Match": found.headers["etag"]})
    assert (again.status_code, again.content, again.headers["cache-control"]) == (304, b"", "private, no-cache")
    history = (await client.get("/api/v1/products/green-tea/revisions")).json()["items"]
    assert (history[0]["changed"], history[0]["product"]["photo"]) == (["photo"], name)
    assert (await client.delete(PICTURE)).json()["photo"] == ""
    assert (await client.get(PICTURE)).status_code == 404


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [(b"x" * (MAX_BYTES + 1), 413, "too_large"), (b"no picture", 422, "not_a_picture")],
)
async def test_picture_when_it_is_refused_then_the_answer_says_why_and_the_old_one_stays(
    client: AsyncClient, content: bytes, status: int, code: str
) -> None:
    before = (await client.put(PICTURE, content=photo())).json()["photo"]
    answer = await client.put(PICTURE, content=content)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (await client.get("/api/v1/products/green-tea")).json()["photo"] == before


async def test_picture_when_nobody_described_the_product_then_the_answer_is_404(client: AsyncClient) -> None:
    for answer in (
        await client.put("/api/v1/products/nothing/picture", content=photo()),
        await client.get("/api/v1/products/nothing/picture"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "no_such_product")


# --- the folder behind the port --------------------------------------------------------------------------


def test_folder_when_a_file_is_put_then_it_is_there_whole_and_nothing_else(tmp_path: Path) -> None:
    async def put_twice() -> None:
        files = Folder(tmp_path)
        await files.put("pictures/0f/0f3a-large.webp", b"one")
        await files.put("pictures/0f/0f3a-large.webp", b"two")
        assert await files.get("pictures/0f/0f3a-large.webp") == b"two"
        assert await files.get("pictures/0f/none.webp") is None

    asyncio.run(put_twice())
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["0f3a-large.webp"]


@pytest.mark.parametrize("name", ["../secret.txt", "/etc/passwd", "a/../b.txt", "", "A.webp", "a//b.txt", ".x.txt"])
async def test_folder_when_a_name_could_lead_elsewhere_then_it_is_refused(tmp_path: Path, name: str) -> None:
    calls: list[Callable[[], Any]] = [lambda: Folder(tmp_path).put(name, b""), lambda: Folder(tmp_path).get(name)]
    for call in calls:
        with pytest.raises(ValueError, match="is not a file name"):
            await call()
