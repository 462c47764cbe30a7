"""What the clerk's tools take. Narrow on purpose: no price, no amount and no customer is ever an argument."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from cloud.agents.tools import Arguments

Slot = Annotated[str, StringConstraints(pattern=r"^[A-H][0-9]{1,2}$")]
Code = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z]{4}[- ]?[0-9A-Za-z]{4}$")]
Kind = Literal["not_delivered", "change", "card", "quality", "other"]


class LookUpProducts(Arguments):
    """What of the machine to look up."""

    words: Annotated[str, Field(max_length=80)] = ""
    """Names, kinds or slots; empty for everything."""


class Recommend(Arguments):
    """Nothing to say: it goes by what they bought and what is there."""


class RecordRequest(Arguments):
    """Something a customer would like to find here."""

    wish: Annotated[str, Field(min_length=1, max_length=120)]
    """In their words, only the thing itself."""


class Reported(Arguments):
    """What a complaint is about."""

    slot: Slot | Literal[""] = ""
    minutes_ago: Annotated[int, Field(ge=0, le=20_160)] | None = None
    """About how long ago; two weeks at most."""
    code: Code | Literal[""] = ""
    """The number the machine showed."""


class ReportProblem(Reported):
    """A complaint for the staff."""

    kind: Kind
    details: Annotated[str, Field(max_length=500)] = ""
    """What the customer says."""


class RefundSale(Reported):
    """A sale to give back, whole; the machine's own records find it and say what it is worth."""


class LookUpClaim(Arguments):
    """A number the machine showed."""

    code: Code


class GrantCoupon(Arguments):
    """For what; the price follows from the limits."""

    slot: Slot


class AskPerson(Arguments):
    """Something for people."""

    why: Annotated[str, Field(min_length=1, max_length=300)]


class Say(Arguments):
    """Text for the customer."""

    text: Annotated[str, Field(min_length=1, max_length=4_000)]
