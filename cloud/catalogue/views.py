"""A product as everybody else sees it, and the checks on it."""

from datetime import date
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from cloud.catalogue import rules
from cloud.catalogue.allergens import in_order
from protocol.desired import Temperature

Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=120, pattern=r"^[^\x00-\x1F\x7F]*$")]
Name = Annotated[Text, StringConstraints(min_length=1)]
Kana = Annotated[Text, StringConstraints(pattern=r"^[ぁ-ゖァ-ヺー・  0-9A-Za-z]*$")]
SizeUnit = Literal["ml", "g", ""]


def _jan(code: str) -> str:
    if not rules.is_jan(code):
        raise ValueError("is not a JAN code: 8 or 13 digits, of which the last is the check digit; read it again")
    return code


_KATAKANA: Final = {code: code + 0x60 for code in range(ord("ぁ"), ord("ゖ") + 1)}


def _as_katakana(text: str) -> str:
    """So that お茶 written オチャ is found by おちゃ."""
    return text.translate(_KATAKANA)


class TaxChange(BaseModel):
    """From a day on a product is of another tax class."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    valid_from: date
    tax_class: rules.TaxClass


class ProductView(BaseModel):
    """A product as others see it."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "examples": [
                {
                    "id": "green-tea",
                    "name_ja": "緑茶",
                    "name_en": "Green tea",
                    "name_kana": "りょくちゃ",
                    "jan": "4901234567894",
                    "size_amount": 500,
                    "size_unit": "ml",
                    "temperature": "cold",
                    "allergens": [],
                    "tax_class": "food",
                    "tax_changes": [],
                    "shelf_life_days": 270,
                    "picture": "green-tea",
                    "is_active": True,
                }
            ]
        },
    )

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    name_ja: Name
    name_en: Name
    name_kana: Kana = ""
    """How the Japanese name is read."""
    jan: Annotated[str, Field(max_length=13), AfterValidator(_jan)] | None = None
    """JAN code of 8 or 13 digits; unique. Null for goods without one."""
    size_amount: Annotated[int, Field(ge=1, le=100_000)] | None = None
    size_unit: SizeUnit = ""
    temperature: Temperature = "ambient"
    """How it is usually sold."""
    allergens: Annotated[list[Annotated[str, Field(max_length=20)]], Field(max_length=64)] = []
    """Codes, e.g. `wheat`; those of `cloud/catalogue/allergens.py`."""
    tax_class: rules.TaxClass
    """Its class until the first of `tax_changes`."""
    tax_changes: Annotated[list[TaxChange], Field(max_length=50)] = []
    """Days from which it is of another class. The tax of a sale is that of the day of the sale."""
    shelf_life_days: Annotated[int, Field(ge=1, le=10_000)] | None = None
    """From receipt to best before."""
    picture: Annotated[str, StringConstraints(max_length=64, pattern=r"^[a-z0-9-]*$")] = ""
    """Name of its drawing."""
    photo: Annotated[str, StringConstraints(pattern=r"^(?:[0-9a-f]{64})?$")] = ""
    """SHA-256 of the uploaded picture. Only the picture's own address changes it; elsewhere it is ignored."""
    is_active: bool = True

    def on_display(self) -> dict[str, Any]:
        """What a machine shows of it: fields of `protocol.desired.PlanogramSlot`, without price and temperature."""
        size = f"{self.size_amount} {self.size_unit}".strip() if self.size_amount else ""
        names = {name: getattr(self, name) for name in ("name_ja", "name_en", "picture")}
        return names | {"size": size, "allergens": list(self.allergens)}

    @field_validator("allergens")
    @classmethod
    def _known_allergens(cls, codes: list[str]) -> list[str]:
        return in_order(codes)

    @field_validator("tax_changes")
    @classmethod
    def _each_day_once(cls, changes: list[TaxChange]) -> list[TaxChange]:
        if len({row.valid_from for row in changes}) < len(changes):
            raise ValueError("two changes of the tax class are on the same day; leave one out")
        return sorted(changes, key=lambda row: row.valid_from)

    @model_validator(mode="after")
    def _whole_size(self) -> Self:
        if (self.size_amount is None) != (not self.size_unit):
            raise ValueError("size_amount and size_unit belong together; give both or neither")
        return self

    def matches(self, words: str) -> bool:
        """Whether all of these words are in its names, reading, id or JAN; small and large letters alike."""
        said = " ".join((self.id, self.name_ja, self.name_en, self.name_kana, self.jan or "")).casefold()
        return all(word in _as_katakana(said) for word in _as_katakana(words.casefold()).split())

    def tax_class_on(self, day: date) -> str:
        """Its tax class on a day."""
        return rules.class_on(self.tax_class, [(row.valid_from, row.tax_class) for row in self.tax_changes], day)


class RevisionView(BaseModel):
    """A product from a moment on."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    """1 for the first."""
    changed_at_ms: int
    """0 for what was there before anybody wrote it down."""
    changed_by: str
    changed: list[str]
    """Names of the fields that differ from the revision before."""
    product: ProductView
