"""The customer's account, replayed from the events alone: what goes in is spent, given back, or a recorded claim."""

from dataclasses import dataclass

from tools.chaos.checks.verdict import OUTCOMES, PAYOUTS, Event, Run, Verdict


@dataclass(slots=True)
class Account:
    """Yen."""

    credit: int = 0
    """With the bills that nobody can find, until a payout records them."""
    doubtful: int = 0
    """… and those alone."""
    held: int = 0
    """The bill in escrow."""
    unpaid: int = 0
    """Of a delivered product, to be paid by the bill in escrow."""
    lost: int = 0
    """What the bills that nobody can find did not pay, …"""
    unsure: int = 0
    """… and what the payouts say they are not sure of."""

    @property
    def spendable(self) -> int:
        """What the customer may be told they have."""
        return self.credit + self.held - self.unpaid


def check_account(run: Run, verdict: Verdict) -> None:
    """Replay; the machine never tells more than there is, and at the end both agree."""
    account = Account()
    for event in run.events:
        _take(account, event, verdict)
        told, kind = event["d"].get("credit_minor"), event["kind"]
        if account.credit < 0:
            verdict.found("credit", f"event {event['seq']} {kind} takes more than there was: {account}")
            account.credit = 0
        # While coins are on their way out, the credit told is without them; the payout's event follows.
        if told is None or told == account.spendable:
            continue
        is_exact = kind in OUTCOMES and not account.doubtful
        if told > account.spendable or is_exact:
            verdict.found("credit", f"event {event['seq']} {kind} tells {told}, the events before give {account}")
    books = run.record.books
    if account.credit != books.get("credit", 0) + books.get("doubtful", 0):
        verdict.found("credit", f"the machine holds {books.get('credit')}, its events give {account}")
    if account.unsure < account.lost - books.get("doubtful", 0):
        verdict.found("credit", f"a bill that nobody can find was paid out all the same: {account}")


def _take(account: Account, event: Event, verdict: Verdict) -> None:
    body, kind = event["d"], event["kind"]
    if kind == "coin.accepted":
        account.credit += body["amount_minor"]
    elif kind == "vend.dispensed" and body["tender"] == "cash":
        _spend(account, event, verdict)
    elif kind in PAYOUTS:
        account.credit -= body["owed_minor"]
        account.unsure += body["uncertain_minor"]
        account.doubtful = min(account.doubtful, max(0, account.credit))
        _check_report(event, verdict)
    elif kind == "fault.raised" and body["code"] == "bill.uncertain":
        account.credit += account.held - account.unpaid
        account.doubtful += account.held - account.unpaid
        account.lost += account.held - account.unpaid
        verdict.losses["yen of bills that nobody could find"] += account.held
        account.held = account.unpaid = 0
    elif kind.startswith("bill."):
        _take_bill(account, event, verdict)


def _take_bill(account: Account, event: Event, verdict: Verdict) -> None:
    body, kind = event["d"], event["kind"]
    if kind == "bill.held":
        if account.held:
            verdict.found("credit", f"event {event['seq']} holds a second bill")
        account.held = body["amount_minor"]
        return
    if kind == "bill.stacked":
        account.credit += body["amount_minor"] - account.unpaid
    else:
        if body["unpaid_minor"] != account.unpaid:
            verdict.found("credit", f"event {event['seq']} tells {body['unpaid_minor']} unpaid, it is {account.unpaid}")
        verdict.losses["yen of goods whose bill was gone"] += account.unpaid
    account.held = account.unpaid = 0


def _spend(account: Account, event: Event, verdict: Verdict) -> None:
    price = event["d"]["price_minor"]
    unpaid = max(0, price - (account.credit - account.doubtful))
    account.credit -= price - unpaid
    if account.held:
        account.unpaid = unpaid
    elif unpaid != event["d"]["unpaid_minor"]:
        verdict.found("credit", f"event {event['seq']} tells {event['d']['unpaid_minor']} unpaid, it is {unpaid}")
    else:
        verdict.losses["yen of goods whose bill was gone"] += unpaid


def _check_report(event: Event, verdict: Verdict) -> None:
    body = event["d"]
    coins = sum(int(kind) * count for kind, count in body["coins"].items())
    if coins != body["paid_minor"] or body["owed_minor"] - body["paid_minor"] != body["short_minor"]:
        verdict.found("payout report", f"event {event['seq']} does not add up: {body}")
    if body["uncertain_minor"] > body["short_minor"]:
        verdict.found("payout report", f"event {event['seq']} is unsure of more than it is short of")
    if bool(body["claim"]) != bool(body["short_minor"]):
        verdict.found(
            "payout report", f"event {event['seq']} is short of {body['short_minor']}, claim {body['claim']!r}"
        )
