"""Compiles the pages' templates, written in Japanese, into English ones: once, so that no request pays for it.

A phrase is what stands between two tags, with `{1}`, `{2}` for the expressions in it, or the value of an attribute that
people read, or a text in an expression. Texts that are compared or looked up stay as they are, and so does whatever a
form sends back. The Japanese templates are compiled by Jinja as ever. Not responsible for which phrases must be there:
`tools/design/english.py`; a page never breaks for a phrase that lacks, it shows the Japanese.
"""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final

import jinja2
from jinja2 import nodes

from cloud.dashboard.forms import once
from cloud.dashboard.language import LANGUAGES, Language, Phrases, named, one_or_many, phrases

JAPANESE: Final = re.compile("[\u3001-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uff01-\uffee]")
PLACE: Final = re.compile(r"\{(\d+)(?::([^{}|]*)\|([^{}|]*))?\}")
"""`{1}`, or `{1:item|items}` for a word that depends on it."""
READ_BY_PEOPLE: Final = {
    "alt",
    "aria-description",
    "aria-label",
    "data-off",
    "data-on",
    "label",
    "placeholder",
    "title",
}
_STATEMENTS: Final = ("body", "else_")
_RAW: Final = ("textarea", "script", "style")


@dataclass(frozen=True, slots=True)
class Found:
    """A phrase of a template."""

    template: str
    line: int
    phrase: str


@dataclass(slots=True)
class _Place:
    """Where in the HTML the compiler stands."""

    inside: str = "text"
    """text, tag, value (of an attribute), quote (behind it) or comment."""
    element: str = ""
    attribute: str = ""
    quote: str = ""

    @property
    def is_read(self) -> bool:
        """Whether people read what stands here."""
        if self.inside == "value":
            return self.attribute in READ_BY_PEOPLE
        return self.inside == "text" and self.element not in _RAW

    def after(self, text: str) -> Iterator[str]:
        """Walk over `text`: its pieces, with an empty one wherever a phrase ends."""
        while text:
            piece, text, ends = self._walks[self.inside](self, text)
            if piece:
                yield piece
            if ends:
                yield ""

    def _text(self, text: str) -> tuple[str, str, bool]:
        wanted = f"</{self.element}" if self.element in _RAW else "<"
        at = text.find(wanted)
        if at < 0:
            return text, "", False
        if text.startswith("<!--", at):
            self.inside = "comment"
        else:
            self.inside = "tag"
            found = re.match(r"</?[a-zA-Z0-9]*", text[at:])
            self.element = found[0].lstrip("<").lower() if found else ""
        return text[:at], text[at:], True

    def _tag(self, text: str) -> tuple[str, str, bool]:
        found = re.search(r"""[>"']""", text)
        if found is None:
            return text, "", False
        if found[0] == ">":
            self.inside = "text"
        else:
            name = re.search(r"([\w-]+)\s*=\s*$", text[: found.start()])
            self.inside, self.quote, self.attribute = "value", found[0], name[1].lower() if name else ""
        return text[: found.end()], text[found.end() :], True

    def _value(self, text: str) -> tuple[str, str, bool]:
        at = text.find(self.quote)
        if at < 0:
            return text, "", False
        self.inside = "quote"
        return text[:at], text[at:], True

    def _end_of_value(self, text: str) -> tuple[str, str, bool]:
        self.inside = "tag"
        return text[0], text[1:], True

    def _comment(self, text: str) -> tuple[str, str, bool]:
        before, end, after = text.partition("-->")
        if end:
            self.inside = "text"
        return before + end, after, bool(end)

    _walks: ClassVar = {"text": _text, "tag": _tag, "value": _value, "quote": _end_of_value, "comment": _comment}


class Translator:
    """Translates the tree of one template in place; `found` is what it saw, `missing` what has no English."""

    def __init__(self, template: str, phrases: Phrases) -> None:
        self.found: list[Found] = []
        self.missing: list[Found] = []
        self._template = template
        self._phrases = phrases
        self._message: list[str | nodes.Expr] = []
        self._line = 1

    def translate(self, tree: nodes.Template) -> None:
        """Exchange every phrase of the tree."""
        self._body(tree.body, _Place())

    def _body(self, body: Sequence[nodes.Node], place: _Place) -> None:
        for node in body:
            if isinstance(node, nodes.Output):
                node.nodes = self._output(node, place)
            else:
                self._statement(node, place)

    def _statement(self, node: nodes.Node, place: _Place) -> None:
        """What is not shown itself. Its branches begin where it stands; the first one says where the next goes on."""
        start = _Place(place.inside, place.element, place.attribute, place.quote)
        if isinstance(node, (nodes.Macro, nodes.Block, nodes.CallBlock)):
            place = start = _Place()
        for name, value in list(node.iter_fields()):
            if name in _STATEMENTS and isinstance(value, list):
                at = place if name == "body" else _Place(start.inside, start.element, start.attribute, start.quote)
                self._body(value, at)
            elif name == "elif_":
                for branch in value:
                    self._statement(branch, _Place(start.inside, start.element, start.attribute, start.quote))
            elif not isinstance(node, (nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport)):
                setattr(node, name, self._field(value))

    def _output(self, node: nodes.Output, place: _Place) -> list[nodes.Expr]:
        out: list[nodes.Expr] = []
        for child in node.nodes:
            if not isinstance(child, nodes.TemplateData):
                self._message.append(child)
                self._line = child.lineno if len(self._message) == 1 else self._line
                if not place.is_read:
                    self._end(out, is_read=False)
                continue
            is_read, line = place.is_read, child.lineno
            for piece in place.after(child.data):
                if piece:
                    self._message.append(piece)
                    self._line = line if len(self._message) == 1 else self._line
                    line += piece.count("\n")
                else:
                    self._end(out, is_read=is_read)
                    is_read = place.is_read
        self._end(out, is_read=place.is_read)
        return out

    def _end(self, out: list[nodes.Expr], *, is_read: bool) -> None:
        """The phrase is whole: put it, or its English, behind `out`."""
        message, self._message = self._message, []
        has_japanese = any(isinstance(part, str) and JAPANESE.search(part) for part in message)
        if not is_read:
            out += [_data(part) if isinstance(part, str) else _untouched(part) for part in message]
        elif not has_japanese:
            out += [_data(part) if isinstance(part, str) else self._expr(part) for part in message]
        else:
            out += self._phrase(message)

    def _phrase(self, message: list[str | nodes.Expr]) -> list[nodes.Expr]:
        """The English of a phrase: its text, and its expressions in the order English wants."""
        shown = [self._expr(part) for part in message if not isinstance(part, str)]
        numbers = iter(range(1, len(shown) + 1))
        whole = "".join(html.unescape(part) if isinstance(part, str) else f"{{{next(numbers)}}}" for part in message)
        bare = whole.strip()
        skipped = whole[: whole.index(bare)].count("\n")
        english = self._english(" ".join(bare.split()), self._line + skipped)
        out: list[nodes.Expr] = [_data(whole[: whole.index(bare)])]
        at = 0
        for match in PLACE.finditer(english):
            out.append(_data(html.escape(english[at : match.start()])))
            value = shown[int(match[1]) - 1]
            out.append(value if match[2] is None else _call("one_or_many", value, match[2], match[3]))
            at = match.end()
        return [*out, _data(html.escape(english[at:]) + whole[whole.index(bare) + len(bare) :])]

    def _english(self, phrase: str, line: int) -> str:
        found = Found(self._template, line, phrase)
        self.found.append(found)
        english = self._phrases.in_template(phrase)
        if english is None:
            self.missing.append(found)
        return phrase if english is None else english

    def _field(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._field(one) for one in value]
        return self._expr(value) if isinstance(value, nodes.Node) else value

    def _expr(self, node: Any) -> Any:
        """An expression whose texts are English, except those that are compared or looked up."""
        if isinstance(node, nodes.Const):
            return self._constant(node)
        if isinstance(node, (nodes.Compare, nodes.Test)):
            return node
        if isinstance(node, nodes.Getitem):
            node.node = self._expr(node.node)
            return node
        if isinstance(node, nodes.Pair):
            node.value = self._expr(node.value)
            return node
        if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Getattr) and node.node.attr == "get":
            node.args[1:] = [self._expr(one) for one in node.args[1:]]
            node.node = self._expr(node.node)
            return node
        for name, value in list(node.iter_fields()):
            setattr(node, name, self._field(value))
        return _with_parts_in_english(node)

    def _constant(self, node: nodes.Const) -> nodes.Const:
        if not isinstance(node.value, str) or not JAPANESE.search(node.value):
            return node
        bare = node.value.strip()
        at = node.value.index(bare)
        english = self._english(bare, node.lineno)
        return nodes.Const(node.value[:at] + english + node.value[at + len(bare) :], lineno=node.lineno)


class EnglishTemplates(jinja2.Environment):
    """Jinja, with templates in Japanese that come out in English."""

    def __init__(self, phrases: Phrases, **options: Any) -> None:
        super().__init__(finalize=phrases.in_english, **options)
        self._phrases = phrases
        self.filters |= {"in_english": phrases.in_english, "one_or_many": one_or_many}

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        Translator(name or "", self._phrases).translate(tree)
        tree.set_environment(self)
        return tree


def environment(language: Language, folder: Path) -> jinja2.Environment:
    """What compiles and renders the templates of `folder` in one language.

    `apart` is nothing: `商品{{ apart }}` is another phrase than `商品`, where English has another word, or a plural.
    """
    options: dict[str, Any] = {"loader": jinja2.FileSystemLoader(folder), "autoescape": jinja2.select_autoescape()}
    made = EnglishTemplates(phrases(), **options) if language == "en" else jinja2.Environment(**options)  # noqa: S701
    other: Language = "en" if language == "ja" else "ja"
    offered = {"code": other, "name": LANGUAGES[other]}
    made.globals |= {"once": once, "named": named, "language": language, "other_language": offered, "apart": ""}
    return made


def _data(text: str) -> nodes.TemplateData:
    return nodes.TemplateData(text, lineno=1)


def _call(name: str, value: nodes.Expr, *arguments: str) -> nodes.Filter:
    constants = [nodes.Const(one, lineno=1) for one in arguments]
    return nodes.Filter(value, name, constants, [], None, None, lineno=1)


def _untouched(value: nodes.Expr) -> nodes.Expr:
    """A value that goes out as it is: it stands where a browser reads, or a form sends it back."""
    return _call("e", value)


def _with_parts_in_english(node: nodes.Node) -> nodes.Node:
    """Values that are put together before they are shown are exchanged one by one."""
    if isinstance(node, nodes.Concat):
        node.nodes = [one if isinstance(one, nodes.Const) else _call("in_english", one) for one in node.nodes]
    elif (
        isinstance(node, nodes.Filter) and node.name == "join" and len(node.args) < 2 and not node.kwargs and node.node
    ):
        node.node = _call("map", node.node, "in_english")
    elif isinstance(node, nodes.Call) and isinstance(node.node, nodes.Getattr) and node.node.attr == "format":
        node.args = [one if isinstance(one, nodes.Const) else _call("in_english", one) for one in node.args]
    return node
