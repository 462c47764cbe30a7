"""The hash of an entry must never change with how fast it is made: replays are compared with it byte for byte."""

import hashlib
import json
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from cloud.accounting.rules import GENESIS, Draft, Leg, entry_hash

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
AMOUNTS = st.integers(-(2**53), 2**53)
LEGS = st.builds(Leg, st.sampled_from(["1001", "4001", "2110"]), AMOUNTS, st.one_of(st.just(""), TEXTS))
DRAFTS = st.builds(
    Draft,
    TEXTS,
    st.dates(),
    AMOUNTS,
    TEXTS,
    st.lists(LEGS, max_size=4).map(tuple),
    st.one_of(st.none(), st.integers(1, 2**53)),
)


@given(draft=DRAFTS, number=st.integers(1, 2**53))
def test_entry_hash_when_any_entry_is_hashed_then_it_is_that_of_the_standard_librarys_json(
    draft: Draft, number: int
) -> None:
    legs = [
        [leg.account, leg.amount_minor, leg.sub_account] if leg.sub_account else [leg.account, leg.amount_minor]
        for leg in draft.legs
    ]
    day = draft.entry_date.isoformat()
    said = [GENESIS, number, draft.source, day, draft.occurred_at_ms, draft.description, draft.reverses, legs]
    text = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
    assert entry_hash(draft, number, GENESIS) == hashlib.sha256(text.encode()).hexdigest()


def test_entry_hash_when_an_entry_is_known_then_it_is_the_hash_it_always_had() -> None:
    legs = (Leg("2110", 160, "vm-1/credit"), Leg("4001", -149), Leg("2050", -11))
    draft = Draft("vm-1/e/7#sale", date(2026, 11, 20), 1_795_143_600_000, "商品売上 - 緑茶", legs)
    assert entry_hash(draft, 1, GENESIS) == "f2cbb2e97da4670c6bb25b424e14203fb36782de46cb79db3d4ec24ad71a5408"
