"""Fetch something from a host of strangers without being led astray.

Only http and https, only hosts that are allowed, only public addresses (a name that leads into our own network is
refused, and the connection goes to the very address that was checked), few redirects, each checked again, an end in
time and in size, few tries, with longer and longer waits. Pages are fetched only where robots.txt lets us.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser

import httpx

AGENT: Final = "ai-vending-system"
RETRY_STATUS: Final = frozenset({429, 502, 503, 504})
MOST_REDIRECTS: Final = 3

Sleep = Callable[[float], Awaitable[None]]
Resolve = Callable[[str, int], Awaitable[list[str]]]
"""Host and port to addresses."""


class RefusedAddressError(Exception):
    """An address that is not asked, whoever names it."""


class FetchError(Exception):
    """It did not answer, or not with something that can be used."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Where the end is."""

    timeout_s: int = 10
    """Of one try, whole."""
    most_bytes: int = 1_000_000
    tries: int = 3
    first_wait_s: int = 1
    """Before the second try; each wait is twice the one before."""


@dataclass(frozen=True, slots=True)
class Hosts:
    """Which hosts may be asked."""

    allowed: Sequence[str] = ()
    """Names; a name allows those below it. Empty allows every public host."""
    denied: Sequence[str] = ()
    trusted: frozenset[str] = frozenset()
    """Host:port that may be in our own network: the search server the operator named."""

    def check(self, host: str) -> None:
        """Refuse a host by its name.

        Raises:
            RefusedAddressError: it is denied, or not among the allowed ones.
        """
        if any(_is_below(host, name) for name in self.denied):
            raise RefusedAddressError(f"{host} is denied")
        if self.allowed and not any(_is_below(host, name) for name in self.allowed):
            raise RefusedAddressError(f"{host} is not among the allowed hosts")


def _is_below(host: str, name: str) -> bool:
    return host == name.lower() or host.endswith("." + name.lower())


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host, by the system's resolver."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(row[4][0]) for row in found]


def is_public(address: str) -> bool:
    """Whether an address is one of the open internet: not our network's, not this machine's, not of another purpose."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address) and (inner := found.ipv4_mapped or found.sixtofour):
        found = inner
    return found.is_global and not found.is_multicast


@dataclass(slots=True)
class Fetcher:
    """Fetches; keeps nothing but the rules of robots.txt it has read."""

    hosts: Hosts = field(default_factory=Hosts)
    limits: Limits = field(default_factory=Limits)
    sleep: Sleep = asyncio.sleep
    resolve: Resolve = resolve
    _robots: dict[str, RobotFileParser] = field(default_factory=dict)

    async def get(self, url: str, *, wants_robots: bool) -> bytes:
        """The body behind an address.

        Args:
            url: http or https.
            wants_robots: ask robots.txt of the host first, as one does with pages; not with an interface one may use.

        Raises:
            RefusedAddressError: it is not asked: scheme, host, address, or robots.txt says so.
            FetchError: no answer, an error, or too much.
        """
        if wants_robots and not await self._may(url):
            raise RefusedAddressError(f"robots.txt of {urlsplit(url).hostname} does not let us read it")
        status, body = await self._tried(url)
        if status != HTTPStatus.OK:
            raise FetchError(f"{urlsplit(url).hostname} answered {status}")
        return body

    async def _may(self, url: str) -> bool:
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self._robots:
            self._robots[origin] = await self._rules_of(origin)
        return self._robots[origin].can_fetch(AGENT, url)

    async def _rules_of(self, origin: str) -> RobotFileParser:
        """RFC 9309, 2.3.1: absent means everything is allowed, unreachable means nothing is."""
        rules = RobotFileParser()
        try:
            status, body = await self._tried(f"{origin}/robots.txt")
        except FetchError:
            status, body = 503, b""
        if 400 <= status < 500:
            rules.parse([])
        elif status == HTTPStatus.OK:
            rules.parse(body.decode(errors="replace").splitlines())
        else:
            rules.parse(["User-agent: *", "Disallow: /"])
        return rules

    async def _tried(self, url: str) -> tuple[int, bytes]:
        """Status and body, after as many tries as it takes."""
        why = ""
        for turn in range(self.limits.tries):
            if turn:
                await self.sleep(self.limits.first_wait_s * 2 ** (turn - 1))
            try:
                async with asyncio.timeout(self.limits.timeout_s):
                    status, body = await self._followed(url)
            except (TimeoutError, httpx.TransportError, OSError) as error:
                why = f"{urlsplit(url).hostname} did not answer: {type(error).__name__}"
                continue
            if status not in RETRY_STATUS:
                return status, body
            why = f"{urlsplit(url).hostname} answered {status}"
        raise FetchError(f"{why}, {self.limits.tries} times")

    async def _followed(self, url: str) -> tuple[int, bytes]:
        for _ in range(MOST_REDIRECTS + 1):
            status, body, further = await self._once(url)
            if not further:
                return status, body
            url = further
        raise FetchError(f"{urlsplit(url).hostname} redirects more than {MOST_REDIRECTS} times")

    async def _once(self, url: str) -> tuple[int, bytes, str]:
        """Status, body, and where it sends us."""
        parts = httpx.URL(url)
        address = await self._address_of(parts)
        # To the address that was checked, under the name that was asked for: a second look-up could lead elsewhere.
        target = parts.copy_with(host=address)
        headers = {"Host": parts.netloc.decode(), "User-Agent": AGENT, "Accept-Language": "ja,en;q=0.5"}
        async with httpx.AsyncClient(trust_env=False, timeout=self.limits.timeout_s) as client:
            request = client.build_request("GET", target, headers=headers, extensions={"sni_hostname": parts.host})
            answer = await client.send(request, stream=True)
            try:
                if answer.is_redirect and (further := answer.headers.get("location")):
                    return answer.status_code, b"", str(parts.join(further))
                return answer.status_code, await self._read(answer, parts.host), ""
            finally:
                await answer.aclose()

    async def _read(self, answer: httpx.Response, host: str) -> bytes:
        body = b""
        async for piece in answer.aiter_bytes():
            body += piece
            if len(body) > self.limits.most_bytes:
                raise FetchError(f"{host} sent more than {self.limits.most_bytes} bytes")
        return body

    async def _address_of(self, parts: httpx.URL) -> str:
        """The address to connect to, once everything is checked.

        Raises:
            RefusedAddressError: scheme, name or address is not one we ask.
        """
        if parts.scheme not in {"http", "https"} or not parts.host or parts.userinfo:
            raise RefusedAddressError(f"{str(parts)[:80]!r} is no plain http or https address")
        port = parts.port or (443 if parts.scheme == "https" else 80)
        addresses = await self.resolve(parts.host, port)
        if f"{parts.host}:{port}" in self.hosts.trusted:
            return addresses[0]
        self.hosts.check(parts.host)
        for address in addresses:
            if not is_public(address):
                raise RefusedAddressError(f"{parts.host} is at {address}, which is not a public address")
        return addresses[0]
