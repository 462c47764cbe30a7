"""What must not be in a text that leaves the house: accounts, cards, secrets, links, other people's addresses. Pure.

A text is no effect: promising money in words moves none. But a customer who is sent to a stranger's account loses
theirs (Project Vend's agent named an account that did not exist).
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from cloud.agents.guard.readings import decoded, plain

KINDS: Final = {
    "bank_account": "口座番号",
    "card_number": "カード番号",
    "wallet": "送金先",
    "secret": "鍵・パスワード",
    "link": "許可されていないリンク",
    "e_mail": "メールアドレス",
    "phone": "電話番号",
}
"""What is looked for, with its Japanese name."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that must not leave. What it says is not repeated: findings are logged."""

    kind: str
    """A key of `KINDS`."""
    start: int
    end: int
    """Where in the plain text (`readings.plain`)."""


_ACCOUNT: Final = re.compile(
    r"(?:口座番号|口座no|振込先|振り込み先|送金先|(?:普通|当座)(?:預金|口座)?|支店)[^\d\n]{0,24}\d[\d\s-]{4,10}\d"
    r"|\b(?:account|acct|a/c|routing|sort code|swift|bic|iban)\b[^\d\n]{0,24}\d[\d\s-]{4,16}\d"
    r"|\b\d{4}[- ]\d{3}[- ]\d{7}\b"
)
_IBAN: Final = re.compile(r"\b[a-z]{2}\d{2}(?: ?[a-z0-9]{4}){2,7}(?: ?[a-z0-9]{1,4})?\b")
_CARD: Final = re.compile(r"(?<![\d-])\d(?:[ -]?\d){13,18}(?![\d-])")
_WALLET: Final = re.compile(
    r"\b(?:bc1[a-z0-9]{20,60}|0x[0-9a-f]{40}|[13][a-km-z1-9]{25,34})\b"
    r"|\b(?:paypal\.me|cash\.app|venmo\.com)/\S+"
    r"|\b(?:venmo|cash ?app|paypal|paypay|line ?pay|zelle|wise)\b[^\n]{0,16}(?:@|\$|id\s*[::は]?\s*)[a-z0-9_.-]{3,}"
)
_SECRET: Final = re.compile(
    r"\bsk[-_][a-z0-9_-]{8,}|\bakia[0-9a-z]{16}\b|\beyj[a-z0-9_-]{8,}\.[a-z0-9_-]{8,}\.[a-z0-9_-]{8,}"
    r"|-----begin [a-z ]*private key|\bbearer [a-z0-9._~+/-]{12,}"
    r"|\b(?:password|passwd|api[ _-]?key|secret[ _-]?key|access[ _-]?token|secret)\b\s*(?:is|=|:)\s*\S{4,}"
    r"|(?:ぱすわーど|暗証番号|秘密鍵|apiきー)\s*(?:は|=|:)\s*\S{4,}"
)
_LINK: Final = re.compile(r"\b(?:https?|ftp)://([a-z0-9.\-\[\]:]+)|\bwww\.([a-z0-9.-]+)|\bdata:text/|\bjavascript:")
_BARE_LINK: Final = re.compile(
    r"(?<![@\w.])((?:[a-z0-9-]+\.)+(?:com|net|org|jp|io|me|app|info|biz|xyz|shop|link|ly|gg|to|co|dev|site|online))"
    r"(?=[/?\s]|$|[^a-z0-9.@-])"
)
_E_MAIL: Final = re.compile(r"[a-z0-9._%+-]+\s?(?:@|\[at\]|\(at\))\s?[a-z0-9-]+(?:\.[a-z0-9-]+)+")
_PHONE: Final = re.compile(r"(?<![\d-])(?:\+?81[ -]?\(?0?\)?|0)\d{1,4}[ ()-]{0,2}\d{1,4}[ ()-]{0,2}\d{3,4}(?![\d-])")
_FOREIGN_PHONE: Final = re.compile(r"(?<!\w)\+\d{1,3}[ -]?\(?\d{1,4}\)?(?:[ -]?\d{2,4}){2,3}(?!\d)")


def screen(
    text: str, *, hosts: Collection[str] = (), contacts: Collection[str] = (), theirs: Collection[str] = ()
) -> list[Finding]:
    """Everything in a text that must not leave.

    Args:
        text: as it would be sent.
        hosts: links to these hosts, and those below them, are ours.
        contacts: the shop's own addresses and numbers.
        theirs: those of whoever reads it.
    """
    known = frozenset(_bare(one) for one in (*contacts, *theirs))
    found = [*_in(plain(text), hosts, known)]
    for piece in decoded(text):
        found += [Finding(one.kind, 0, 0) for one in _in(plain(piece), hosts, known)]
    return found


def redact(text: str) -> str:
    """A text for the log: what must not leave is not kept either. Spelled plainly only where something was found."""
    found = [*_in(plain(text), (), frozenset(), with_links=False)]
    if not found:
        return text
    whole, kept, upto = plain(text), "", 0
    for one in sorted(found, key=lambda row: row.start):
        if one.start >= upto:
            kept += f"{whole[upto : one.start]}[{one.kind}]"
        upto = max(upto, one.end)
    return kept + whole[upto:]


def _in(text: str, hosts: Collection[str], known: frozenset[str], *, with_links: bool = True) -> Iterator[Finding]:
    for kind, pattern in (("bank_account", _ACCOUNT), ("wallet", _WALLET), ("secret", _SECRET)):
        yield from (Finding(kind, *found.span()) for found in pattern.finditer(text))
    yield from _numbers(text)
    if with_links:
        yield from _links(text, hosts)
    yield from _contacts(text, known)


def _numbers(text: str) -> Iterator[Finding]:
    for found in _CARD.finditer(text):
        if _luhn(re.sub(r"\D", "", found.group())):
            yield Finding("card_number", *found.span())
    for found in _IBAN.finditer(text):
        if _is_iban(found.group().replace(" ", "")):
            yield Finding("bank_account", *found.span())


def _contacts(text: str, known: frozenset[str]) -> Iterator[Finding]:
    yield from (Finding("e_mail", *one.span()) for one in _E_MAIL.finditer(text) if _bare(one.group()) not in known)
    for pattern in (_PHONE, _FOREIGN_PHONE):
        for found in pattern.finditer(text):
            digits = sum(mark.isdigit() for mark in found.group())
            if 10 <= digits <= 13 and _bare(found.group()) not in known:
                yield Finding("phone", *found.span())


def _links(text: str, hosts: Collection[str]) -> Iterator[Finding]:
    for pattern in (_LINK, _BARE_LINK):
        for found in pattern.finditer(text):
            host = next((part for part in found.groups() if part), "").split(":")[0].rstrip(".")
            if not any(host == one or host.endswith(f".{one}") for one in hosts):
                yield Finding("link", *found.span())


def _bare(contact: str) -> str:
    text = plain(contact).replace("[at]", "@").replace("(at)", "@").replace(" ", "")
    return text if "@" in text else re.sub(r"\D", "", re.sub(r"^\+?81-?", "0", text))


def _luhn(digits: str) -> bool:
    """The check digit of card numbers. Source: ISO/IEC 7812-1."""
    if len(set(digits)) == 1:
        return False
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _is_iban(text: str) -> bool:
    """The check digits of an international account number. Source: ISO 13616."""
    if not 15 <= len(text) <= 34:
        return False
    return int("".join(str(int(mark, 36)) for mark in text[4:] + text[:4])) % 97 == 1
