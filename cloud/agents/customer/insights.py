"""What a message tells about the customer's mood, and what they could be offered next. Pure; a hint for people only.

Nothing is granted or refused by it.
"""

from dataclasses import dataclass
from typing import Any, Final, Literal

from cloud.agents.customer.phrases import Intent

Mood = Literal["pleased", "neutral", "upset"]
Engagement = Literal["low", "medium", "high"]

NEXT: Final[dict[Intent, tuple[str, ...]]] = {
    Intent.GREETING: ("recommend", "stock", "wish"),
    Intent.PRODUCT: ("allergens", "recommend"),
    Intent.PRICE: ("recommend", "coupon"),
    Intent.STOCK: ("recommend", "wish"),
    Intent.RECOMMEND: ("allergens", "price"),
    Intent.WISH: ("recommend",),
    Intent.COMPLAINT: ("report", "person"),
    Intent.CLAIM: ("person",),
    Intent.COUPON: ("recommend",),
    Intent.ALLERGENS: ("person", "stock"),
    Intent.UNKNOWN: ("recommend", "report", "person"),
}
"""What is offered as a button after each intent."""
_OTHERWISE: Final = ("recommend", "wish")


@dataclass(frozen=True, slots=True)
class Insights:
    """What a turn of a conversation tells."""

    mood: Mood
    engagement: Engagement
    intent: str
    suggested: tuple[str, ...]
    """Keys of buttons."""

    def to_json(self) -> dict[str, Any]:
        """As it is kept with a conversation."""
        return {
            "mood": self.mood,
            "engagement_level": self.engagement,
            "intent": self.intent,
            "suggested_actions": list(self.suggested),
        }


def insights(intent: Intent, messages: int) -> Insights:
    """What one message tells.

    Args:
        intent: of the message.
        messages: how many the customer has written in this conversation, this one included.
    """
    mood: Mood = "upset" if intent is Intent.COMPLAINT else "pleased" if intent is Intent.THANKS else "neutral"
    engagement: Engagement = "low" if messages <= 1 else "medium" if messages <= 4 else "high"
    return Insights(mood, engagement, intent.value, NEXT.get(intent, _OTHERWISE))
