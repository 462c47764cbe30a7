"""`vend user`: add and change users from the server's own command line, when nobody can log in yet or any more.

Passwords are asked for, or read from standard input when that is not a terminal; never taken from the command line,
where other users of the computer could read them.
"""

import argparse
import asyncio
import getpass
import sys
from collections.abc import Awaitable, Callable
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.db.database import Database, open_database
from cloud.db.migrate import upgrade_database
from cloud.identity import activity, service
from cloud.identity.activity import Deed, Origin
from cloud.identity.permissions import Role
from cloud.identity.rules import BadEmailError, WeakPasswordError
from cloud.identity.service import LastOwnerError, NoSuchUserError, UserExistsError
from cloud.kit.clock import system_clock

REFUSALS: Final = (BadEmailError, WeakPasswordError, LastOwnerError, NoSuchUserError, UserExistsError)
_MOST: Final = 10_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe `vend user` to a parser."""
    commands = parser.add_subparsers(dest="user_command", required=True, metavar="WHAT")
    roles = [str(role) for role in Role]
    add = commands.add_parser("add", help="add a user; the password is asked for")
    add.add_argument("email")
    add.add_argument("--role", choices=roles, required=True)
    commands.add_parser("list", help="everybody, with role and state")
    role = commands.add_parser("role", help="give a user another role; ends the user's sessions")
    role.add_argument("email")
    role.add_argument("role", choices=roles)
    for name, what in (
        ("password", "give a user another password; ends the user's sessions"),
        ("disable", "let a user in no more; ends the user's sessions"),
        ("enable", "let a user in again"),
    ):
        commands.add_parser(name, help=what).add_argument("email")


async def _add(db_session: AsyncSession, options: argparse.Namespace) -> str:
    user = await service.create_user(db_session, options.email, options.new_password, role=Role(options.role))
    return f"{user.email} is {user.role} now"


async def _list(db_session: AsyncSession, _: argparse.Namespace) -> str:
    rows = await service.users(db_session, limit=_MOST)
    return "\n".join(f"{row.email}  {row.role}  {'active' if row.is_active else 'disabled'}" for row in rows)


async def _role(db_session: AsyncSession, options: argparse.Namespace) -> str:
    user = await service.user_of_email(db_session, options.email)
    user = await service.change_user(db_session, user.id, now_ms=system_clock(), role=Role(options.role))
    return f"{user.email} is {user.role} now"


async def _password(db_session: AsyncSession, options: argparse.Namespace) -> str:
    user = await service.user_of_email(db_session, options.email)
    await service.set_password(db_session, user.id, options.new_password, now_ms=system_clock())
    return f"{user.email} has another password"


async def _disable(db_session: AsyncSession, options: argparse.Namespace) -> str:
    return await _set_active(db_session, options.email, is_active=False)


async def _enable(db_session: AsyncSession, options: argparse.Namespace) -> str:
    return await _set_active(db_session, options.email, is_active=True)


async def _set_active(db_session: AsyncSession, email: str, *, is_active: bool) -> str:
    user = await service.user_of_email(db_session, email)
    user = await service.change_user(db_session, user.id, now_ms=system_clock(), is_active=is_active)
    return f"{user.email} may {'log in' if is_active else 'not log in any more'}"


_COMMANDS: Final[dict[str, tuple[str, Callable[[AsyncSession, argparse.Namespace], Awaitable[str]]]]] = {
    "add": ("user.added", _add),
    "list": ("", _list),
    "role": ("user.changed", _role),
    "password": ("user.password_set", _password),
    "disable": ("user.changed", _disable),
    "enable": ("user.changed", _enable),
}
"""Word to the action that is written down (none for looking) and what it does."""


def asked_password() -> str:
    """A password from the person at the terminal, or one line of standard input."""
    if sys.stdin.isatty():
        return getpass.getpass("Password: ")
    return sys.stdin.readline().rstrip("\r\n")


async def carry_out(database: Database, options: argparse.Namespace) -> str:
    """Do what the command line says, in one transaction, and write it down.

    Returns:
        What to tell the person.

    Raises:
        ValueError, LookupError: one of `REFUSALS`; nothing was changed.
    """
    action, work = _COMMANDS[options.user_command]
    await upgrade_database(database)
    if options.user_command in {"add", "password"}:  # nobody waits for the person at the terminal
        options.new_password = await service.new_password(asked_password())
    async with database.write() as db_session:
        told = await work(db_session, options)
        if action:
            detail = {"role": options.role} if hasattr(options, "role") else {"command": options.user_command}
            deed = Deed(f"vend user ({getpass.getuser()})", action, options.email, Origin("tool"), detail=detail)
            await activity.record(db_session, deed, system_clock())
    return told


async def _run(url: str, options: argparse.Namespace) -> str:
    database = open_database(url)
    try:
        return await carry_out(database, options)
    finally:
        await database.close()


def run(url: str, options: argparse.Namespace) -> int:
    """Carry out `vend user …` on the database at `url`.

    Returns:
        0, or 1 when it was refused; the reason is on standard error.
    """
    try:
        sys.stdout.write(f"{asyncio.run(_run(url, options))}\n")
    except REFUSALS as error:
        sys.stderr.write(f"vend user: {error}\n")
        return 1
    return 0
