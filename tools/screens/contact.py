"""Contact sheets: every state of one renderer at one size in one language on one picture, small enough for docs/.

    python -m tools.screens.contact build/screens

Takes the pictures that `tools.screens.kiosk` and `tools.screens.front` have drawn.
"""

import argparse
import sys
from collections import defaultdict
from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont

ROOT: Final = Path(__file__).resolve().parents[2]
PICTURES: Final = ROOT / "docs" / "pictures"
MOST_BYTES: Final = 500 * 1024
QUALITIES: Final = (82, 70, 58, 46)
ACROSS: Final = {"1080x1920": 8, "390x844": 8}
"""Pictures beside each other; of those lying, `LYING`."""
LYING: Final = 5
WIDTH: Final = 1900
_GAP, _NAME = 10, 22
_FONT: Final = ROOT / "edge/screens/kiosk/fonts/bizudp-regular.ttf"
_GROUND, _INK = "#474E5C", "#FFFFFF"


def sheet(pictures: list[Path], across: int) -> Image.Image:
    """One picture of many, each with the name of its state."""
    width = (WIDTH - _GAP) // across - _GAP
    with Image.open(pictures[0]) as first:
        height = first.height * width // first.width
    rows = -(-len(pictures) // across)
    whole = Image.new("RGB", (WIDTH, rows * (height + _NAME + _GAP) + _GAP), _GROUND)
    pen, font = ImageDraw.Draw(whole), ImageFont.truetype(str(_FONT), 15)
    for number, path in enumerate(pictures):
        x = _GAP + number % across * (width + _GAP)
        y = _GAP + number // across * (height + _NAME + _GAP)
        with Image.open(path) as picture:
            whole.paste(picture.convert("RGB").resize((width, height), Image.Resampling.LANCZOS), (x, y + _NAME))
        pen.text((x, y), path.stem.split("-", 3)[3], _INK, font)
    return whole


def packed(picture: Image.Image, most: int = MOST_BYTES) -> bytes:
    """As WebP, in the best quality that is smaller than so many bytes.

    Raises:
        ValueError: none is.
    """
    for quality in QUALITIES:
        written = BytesIO()
        picture.save(written, "WEBP", quality=quality, method=4)
        if written.tell() < most:
            return written.getvalue()
    raise ValueError(f"a sheet of {picture.size} stays over {most} bytes; draw it with more pictures in a row")


def make(folder: Path, into: Path = PICTURES) -> list[Path]:
    """All sheets of the pictures in a folder, named `<renderer>-<size>-<language>-<state>.png`."""
    groups: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(folder.glob("*-*-*-*.png"), key=lambda path: path.stat().st_mtime):
        groups["-".join(path.stem.split("-")[:3])].append(path)
    found = []
    for name, pictures in sorted(groups.items()):
        across = ACROSS.get(name.split("-")[1], LYING)
        target = into / f"screens-{name}.webp"
        target.write_bytes(packed(sheet(pictures, across)))
        found.append(target)
    return found


def main() -> int:
    """Make them."""
    parser = argparse.ArgumentParser(description="Make the contact sheets of docs/pictures.")
    parser.add_argument("folder", type=Path, help="where the pictures are")
    for path in make(parser.parse_args().folder):
        print(f"{path.relative_to(ROOT)}  {path.stat().st_size // 1024} KiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
