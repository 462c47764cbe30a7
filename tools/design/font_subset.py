"""Cut the Japanese font down to what the pages use, and take the outlines for the product labels from it.

Run by hand when a text brings a kanji that is missing; the result is committed, so nobody needs this to build or run.
It needs a package that the project does not depend on, and the font's two TTF files:

    python -m venv /tmp/fonts && /tmp/fonts/bin/pip install "fonttools[woff]"
    apt-get install fonts-morisawa-bizud-gothic        # or the release from the source named in VENDORED.md
    PYTHONPATH=. /tmp/fonts/bin/python -m tools.design.font_subset [folder with BIZUDPGothic-*.ttf]

What the texts have and the fonts do not, without any of that: `python -m tools.design.font_subset --missing`.

Source: BIZ UDPGothic, SIL Open Font License 1.1, https://github.com/googlefonts/morisawa-biz-ud-gothic
"""

import hashlib
import importlib
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tools.design import art

ROOT = Path(__file__).resolve().parents[2]
DEBIAN_FOLDER = Path("/usr/share/fonts/truetype/bizud-gothic")
WEIGHTS = ("Regular", "Bold")
MOST_BYTES = 120 * 1024
_VERSION = "1.05"

# Each folder of fonts, and where the texts of its pages live. Whatever kanji they hold is in its subset.
TARGETS = {
    "edge/front/static/fonts": (
        "edge/screens/strings/*.json",
        "edge/**/*.py",
        "edge/front/static/*.html",
        "edge/front/static/*.js",
        "protocol/*.py",
        "tools/*.py",
        "cloud/seed.py",
    ),
    "cloud/dashboard/static/fonts": (
        "cloud/**/*.py",
        "cloud/dashboard/templates/**/*.html",
        "cloud/dashboard/static/*.js",
        "cloud/phone/wording/*.json",
        "cloud/agents/customer/wording/*.json",
        "protocol/*.py",
        "tools/*.py",
    ),
}
# Words that are recognised in what strangers write: no page says them.
NOT_SHOWN = (
    "cloud/agents/guard/restricted.py",
    "cloud/agents/guard/patterns.py",
    "cloud/agents/customer/understanding.py",
)
CHARACTERS = ROOT / "tools/design/font_characters.json"
"""What each folder's fonts hold, for `--missing`."""
# Seeds, money, days and places: words that reach the pages from the database.
WORDS = (
    "緑茶烏龍茶天然水炭酸紅茶黒珈琲牛乳煎餅羊羹甘酒抹茶玄米麦茶柚子桜梅昆布塩味醤油海苔苺栗芋豆乳果汁"
    "年月日曜火水木金土時分秒円銭税込抜率冷温常売切準備中故障補充返却釣札硬貨現金電子決済領収書"
    "駅前東西南北口番線階館店都道府県市区町村丁目号室"
)
# The kanji a reader of Japanese meets most, for names an operator types in, where there is room; anything rarer uses
# the system's font. The cloud's pages use most of them, and have no room for the rest.
HAS_COMMON = "edge/front/static/fonts"
COMMON = (
    "日一国人年大十二本中長出三時行見月後前生五間上東四今金九入学高円子外八六下来気小七山話女北午百書先名川千水"
    "半男西電校語土木聞食車何南万毎白天母火右読友左休父雨会同事自社発者地業方新場員立開手力問代明動京目通言理体"
    "田主題意不作用度強公持野以思家世多正安院心界教文元重近考画海売知道集別物使品計死特私始朝運終台広住真有口少"
    "町料工建空急止送切転研足究楽起着店病質待試族銀早映親験英医仕去味写字答夜音注帰古歌買悪図週室歩風紙黒花春赤"
    "青館屋色走秋夏習駅洋旅服夕借曜飲肉貸堂鳥飯勉冬昼茶弟牛魚兄犬妹姉漢政議民連対部合市内相定回選米実関決全表戦"
    "経最現調化当約首法性的要制治務成期取都和機平加受続進数記初指権支産点報済活原共得解交資予向際勝面告反判認参利"
)
PUNCTUATION = "、。・「」『』（）〜ー…々〆〒¥￥％：；！？→←↑↓●○◎■□▲▼△▽★☆※×÷±−–—“”‘’©®°＋－＝／＆"


def wanted_characters(folder: str) -> set[str]:
    """Collect Latin, kana, punctuation, the kanji in the texts of a folder's pages, and the commonest kanji."""
    ranges = [(0x20, 0x7F), (0xA0, 0x100), (0x3040, 0x3100), (0xFF01, 0xFF5F), (0x2460, 0x246A)]
    characters = {chr(code) for start, stop in ranges for code in range(start, stop)}
    hidden = {ROOT / name for name in NOT_SHOWN}
    for pattern in TARGETS[folder]:
        for path in set(ROOT.glob(pattern)) - hidden:
            characters.update(path.read_text(encoding="utf-8"))
    characters.update(WORDS, PUNCTUATION, COMMON if folder == HAS_COMMON else "")
    for product in art.PRODUCTS:
        characters.update("".join(product.label))
    return characters


def missing(folder: str) -> str:
    """What the texts of a folder's pages have and its fonts do not."""
    held: str = json.loads(CHARACTERS.read_text(encoding="utf-8"))[folder]
    return "".join(sorted(wanted_characters(folder) - set(held))).strip()


def font_tools(module: str) -> Any:
    """Import a module of fontTools, which only the environment of this script has."""
    try:
        return importlib.import_module(f"fontTools.{module}")
    except ModuleNotFoundError as error:
        raise SystemExit(
            'This script needs fontTools: pip install "fonttools[woff]" (see the top of the file).'
        ) from error


def write_subset(source: Path, target: Path, characters: Iterable[str]) -> int:
    """Write one WOFF2 with these characters; gives its size in bytes."""
    subset = font_tools("subset")
    options = subset.Options()
    options.flavor = "woff2"
    options.layout_features = ["kern", "palt", "tnum", "locl"]
    options.hinting = False
    font = subset.load_font(str(source), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(text="".join(sorted(characters)))
    subsetter.subset(font)
    target.parent.mkdir(parents=True, exist_ok=True)
    subset.save_font(font, str(target), options)
    return target.stat().st_size


def label_outlines(source: Path) -> dict[str, dict[str, Any]]:
    """Outline every character on a product label, so that the drawings need no font where they are shown.

    Returns:
        Per character: `path` (SVG, y down, one em is `art.EM` units, origin on the baseline), `advance` in the same
        units, and for characters that stand differently in vertical writing `vertical`, another path.
    """
    font = font_tools("ttLib").TTFont(source)
    glyphs, names = font.getGlyphSet(), font.getBestCmap()
    upright = _vertical_forms(font)
    scale = art.EM / font["head"].unitsPerEm
    outlines: dict[str, dict[str, Any]] = {}
    for character in sorted({c for product in art.PRODUCTS for line in product.label for c in line}):
        name = names[ord(character)]
        outline = {"advance": round(glyphs[name].width * scale), "path": _path(glyphs, name, scale)}
        if name in upright:
            outline["vertical"] = _path(glyphs, upright[name], scale)
        outlines[character] = outline
    return outlines


def _path(glyphs: Any, name: str, scale: float) -> str:
    pen = font_tools("pens.svgPathPen").SVGPathPen(glyphs, ntos=lambda number: str(round(number)))
    glyphs[name].draw(font_tools("pens.transformPen").TransformPen(pen, (scale, 0, 0, -scale, 0, 0)))
    return str(pen.getCommands())


def _vertical_forms(font: Any) -> dict[str, str]:
    """Map glyph names to their forms in vertical writing (OpenType feature `vert`)."""
    table = font["GSUB"].table
    lookups = {
        index
        for record in table.FeatureList.FeatureRecord
        if record.FeatureTag == "vert"
        for index in record.Feature.LookupListIndex
    }
    forms: dict[str, str] = {}
    for index in lookups:
        for subtable in table.LookupList.Lookup[index].SubTable:
            forms.update(getattr(getattr(subtable, "ExtSubTable", subtable), "mapping", {}))
    return forms


def provenance(folder: Path, source: Path) -> str:
    """Say where the fonts in `folder` come from, and what they must hash to."""
    rows = "\n".join(
        f"| `fonts/{path.name}` | {_VERSION} | SIL OFL 1.1 (`OFL.txt`) | `{_sha256(path)}` |"
        for path in sorted(folder.glob("*.woff2"))
    )
    originals = "\n".join(f"- `BIZUDPGothic-{weight}.ttf` `{_sha256(source / _ttf(weight))}`" for weight in WEIGHTS)
    return (
        "# Fonts from others\n\n"
        "BIZ UDPGothic by Morisawa, from https://github.com/googlefonts/morisawa-biz-ud-gothic. Cut down to the\n"
        "characters our pages use by `tools/design/font_subset.py`, which also wrote this page.\n"
        "No glyph was changed.\n\n"
        f"| file | version | licence | SHA-256 |\n|---|---|---|---|\n{rows}\n\nCut from:\n\n{originals}\n"
    )


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _ttf(weight: str) -> str:
    return f"BIZUDPGothic-{weight}.ttf"


def write_fonts(source: Path, target: Path, characters: set[str]) -> bool:
    """Write both weights and their provenance into one static folder; False when one is too large."""
    sizes = [
        write_subset(source / _ttf(weight), target / f"bizudp-{weight.lower()}.woff2", characters) for weight in WEIGHTS
    ]
    (target / "VENDORED.md").write_text(provenance(target, source), encoding="utf-8")
    print(
        f"{target.relative_to(ROOT)}: {len(characters)} characters, {' + '.join(f'{s / 1024:.0f}' for s in sizes)} KiB"
    )
    return max(sizes) <= MOST_BYTES


def main() -> int:
    """Write the fonts to both static folders and the outlines beside this file; `--missing`: say what is not in."""
    wanted = {folder: wanted_characters(folder) for folder in TARGETS}
    if sys.argv[1:] == ["--missing"]:
        print("\n".join(f"{folder}: {missing(folder) or 'nothing'}" for folder in TARGETS))
        return 0
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else DEBIAN_FOLDER
    fits = [write_fonts(source, ROOT / target, characters) for target, characters in wanted.items()]
    if not all(fits):
        print(f"A font is larger than {MOST_BYTES // 1024} KiB: take characters out of COMMON.")
        return 1
    held = {folder: "".join(sorted(characters)) for folder, characters in wanted.items()}
    CHARACTERS.write_text(json.dumps(held, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    outlines = label_outlines(source / _ttf("Bold"))
    lines = [f"  {json.dumps(c, ensure_ascii=False)}: {json.dumps(o, ensure_ascii=False)}" for c, o in outlines.items()]
    art.OUTLINES.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
