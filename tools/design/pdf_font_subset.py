"""Cut the Japanese font for PDF files down to JIS X 0208 and Latin. Run by hand, like `font_subset.py`; see there.

    PYTHONPATH=. /tmp/fonts/bin/python -m tools.design.pdf_font_subset [folder with BIZUDPGothic-*.ttf]

Source: BIZ UDPGothic, SIL Open Font License 1.1, https://github.com/googlefonts/morisawa-biz-ud-gothic
"""

import sys
from pathlib import Path
from typing import Final

from tools.design.font_subset import DEBIAN_FOLDER, ROOT, WEIGHTS, font_tools

TARGET: Final = ROOT / "cloud/kit/fonts"
BEYOND_JIS: Final = "−–—“”‘’…‰※①②③④⑤⑥⑦⑧⑨⑩㈱㎏㎜㎝℃¥￥△▲★髙﨑～"
"""Signs and name kanji that Japanese documents use and JIS X 0208 lacks."""
_ROW: Final = range(0x21, 0x7F)


def wanted_characters() -> set[str]:
    """JIS X 0208 (kanji of both levels, kana, signs), Latin, and a few more."""
    found = {chr(code) for code in (*range(0x20, 0x7F), *range(0xA0, 0x180))} | set(BEYOND_JIS)
    for row in _ROW:
        for cell in _ROW:
            found.update(bytes((row | 0x80, cell | 0x80)).decode("euc_jp", errors="ignore"))
    return found


def main() -> None:
    """Write both weights."""
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else DEBIAN_FOLDER
    subset = font_tools("subset")
    for weight in WEIGHTS:
        options = subset.Options(hinting=False, layout_features=[], name_IDs=["*"], notdef_outline=True)
        font = subset.load_font(str(source / f"BIZUDPGothic-{weight}.ttf"), options)
        cutter = subset.Subsetter(options)
        cutter.populate(unicodes=[ord(character) for character in wanted_characters()])
        cutter.subset(font)
        subset.save_font(font, str(TARGET / f"bizudp-{weight.lower()}.ttf"), options)


if __name__ == "__main__":
    main()
