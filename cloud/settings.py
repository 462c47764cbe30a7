"""Settings of the cloud's processes, read once from the environment and `.env`.

Whatever is missing, still a placeholder or too weak is refused at start, all of it in one message.
"""

from pathlib import Path
from typing import Any, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from protocol.kit.settings import read, refuse_placeholder, refuse_short

_SECRET_LENGTHS: Final = {"jwt_secret_key": 32, "encryption_key": 32, "mqtt_password": 12}
"""Least characters of each required secret."""


class Settings(BaseSettings):
    """What the cloud's processes need to know. Names in the environment are the same in upper case."""

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True)

    app_name: str = "AI Vending System"
    debug: bool = False
    log_format: Literal["console", "json"] = "console"
    timezone: str = "Asia/Tokyo"
    """Where the operator's day begins and ends."""
    fiscal_year_end_month: int = Field(default=12, ge=1, le=12)
    """Month the business year ends with: 12 for a sole trader, often 3 for a company."""

    database_url: str = "sqlite+aiosqlite:///var/cloud.db"
    data_dir: Path = Path("var")
    """Files the cloud writes: broker configuration and credentials."""
    host: str = "127.0.0.1"
    port: int = Field(default=8800, ge=1, le=65535)

    mqtt_url: str = "mqtt://127.0.0.1:18830"
    mqtt_username: str = "cloud"
    """Also the MQTT client id: the broker insists that the two are equal."""
    mqtt_password: SecretStr
    broker: Literal["auto", "amqtt", "mosquitto"] = "auto"
    """`auto` runs the system's mosquitto when it is installed, else the embedded amqtt."""

    jwt_secret_key: SecretStr
    jwt_previous_secret_key: SecretStr | None = None
    """The key of before a change: what it signed stays good until it expires. Optional."""
    encryption_key: SecretStr
    """Seals what customers say and tell of themselves."""
    encryption_previous_key: SecretStr | None = None
    """The key of before a change: it opens what it sealed, until `vend reseal` has sealed that anew. Optional."""
    operator_email: str = ""
    """First user, an owner, created when the database has none; optional."""
    operator_password: SecretStr | None = None

    company_name: str = ""
    """Whose business it is, as it stands on documents; see `business_name`."""
    company_address: str = ""
    company_registration_number: str = ""
    """The operator's own 登録番号."""
    approval_limit_yen: int = Field(default=30_000, ge=0)
    """A purchase order above it, tax included, needs the approval of somebody who did not make it."""
    price_rise_alert_percent: int = Field(default=5, ge=0, le=1000)
    """A supplier's price that rises by more is told."""
    supplier_lead_day_per_mille: int = Field(default=2, ge=0, le=100)
    """What a day of a supplier's lead time costs, in per mille of the goods, when suppliers are ranked."""
    supplier_unreliable_per_mille: int = Field(default=100, ge=0, le=1000)
    """What a supplier costs that never delivers on time and complete, likewise."""

    searxng_url: str = ""
    """A SearXNG server that may answer with JSON; empty leaves the web alone."""
    search_pages: int = Field(default=0, ge=0, le=10)
    """How many of the pages it finds are opened for their prices; robots.txt decides."""
    search_allowed_hosts: str = ""
    """Names with commas between them; empty lets every public host be opened."""
    search_denied_hosts: str = ""
    supplier_lists_dir: Path | None = None
    """CSV and JSON price lists that are searched too."""

    environment: Literal["development", "production"] = "production"
    """In production the agents' guard is always on."""
    ai_safety_threshold: float = Field(default=0.95, ge=0.9, le=1.0)
    """Share of a conversation's calls that must be unsuspicious; below it a person decides about every effect."""
    max_decision_time: float = Field(default=5.0, gt=0, le=60)
    """Seconds for one decision of an agent; a slower one does not happen."""
    chat_answer_s: float = Field(default=20.0, gt=0, le=120)
    """So long a customer waits for the clerk; then they are told that there is no answer now."""
    enable_guardrails: bool = True
    enable_decision_monitoring: bool = True
    log_ai_decisions: bool = True
    """Every decision also goes to the process's log; the chained log in the database is always kept."""
    agent_loss_budget_yen: int = Field(default=3_000, ge=0, le=10_000_000)
    """What all agents may give away in a day, in all ways together."""
    agent_margin_percent: int = Field(default=10, ge=0, le=900)
    """No price and no coupon below cost plus this."""
    agent_price_cap_percent: int = Field(default=400, ge=100, le=10_000)
    """No price above this share of the cost."""
    agent_price_change_percent: int = Field(default=15, ge=0, le=100)
    """A price that moves further within a day needs a person."""
    agent_coupon_percent: int = Field(default=20, ge=0, le=90)
    """A coupon that takes off more needs a person."""
    agent_refund_limit_yen: int = Field(default=500, ge=0, le=100_000)
    """A refund or credit above it needs a person."""
    agent_refund_days: int = Field(default=7, ge=1, le=365)
    """A refund for an older sale needs a person."""
    agent_order_limit_yen: int = Field(default=30_000, ge=0)
    """A purchase order above it is proposed first."""
    agent_order_day_limit_yen: int = Field(default=50_000, ge=0)
    agent_order_week_limit_yen: int = Field(default=150_000, ge=0)
    agent_cash_reserve_yen: int = Field(default=50_000, ge=0)
    """An order that would leave less is proposed first."""
    payment_hosts: str = ""
    """Hosts that links for paying may lead to, with commas between them; agents can name no others."""
    public_contacts: str = ""
    """E-mail addresses and telephone numbers of the shop that agents may give out, with commas between them."""

    anthropic_api_key: SecretStr | None = None
    openai_api_key: SecretStr | None = None
    stripe_api_key: SecretStr | None = None
    paypal_client_id: SecretStr | None = None
    """Absent keys are fine: the feature that needs one says that it is off."""

    mongodb_url: SecretStr | None = None
    """Keeps conversations in MongoDB; without it they are in the database. It may name a user and a password."""
    use_nosql_for_conversations: bool = True
    """Set to false, conversations stay in the database although MONGODB_URL is set."""
    refused_debt_days: int = Field(default=1827, ge=1, le=7305)
    """So long after somebody refused to pay a debt to a customer a person decides whether it becomes income; until then
    it stays お客様預り金. Five years: a claim lapses then (民法166条1項1号)."""
    conversation_retention_days: int = Field(default=365, ge=1, le=3650)
    """So long after its last word a conversation is deleted."""

    ai_model: str = "claude-haiku-5-5"
    """Who thinks for the agents when ANTHROPIC_API_KEY is set; without a key their rules do."""
    anthropic_base_url: str = "https://api.anthropic.com"
    ai_effort: Literal["", "low", "medium", "high", "xhigh", "max"] = ""
    """How much the model thinks; empty leaves it to the model."""
    ai_max_output_tokens: int = Field(default=4_096, ge=256, le=20_000)
    """Of one reply."""
    ai_patience_s: float = Field(default=90.0, gt=0, le=600)
    """For a reply nobody waits for; customers are answered within MAX_DECISION_TIME."""
    ai_daily_tokens: int = Field(default=10_000_000, ge=0)
    """Of one agent in a day; then its rules go on."""
    ai_daily_yen: int = Field(default=300, ge=0)
    """Of one agent in a day; then its rules go on."""
    ai_price_input_yen: int = Field(default=16, ge=0)
    """List price per million tokens, rounded up to whole yen."""
    ai_price_output_yen: int = Field(default=78, ge=0)
    ai_price_cache_write_yen: int = Field(default=20, ge=0)
    ai_price_cache_read_yen: int = Field(default=2, ge=0)
    ai_shadow: bool = False
    """The rules are judged dry beside the model, and what they would have done is kept."""
    ai_schedules: bool = True
    """Whether agents also run by the clock; asked for by a person they run always."""

    @field_validator("*", mode="before")
    @classmethod
    def _no_placeholder(cls, value: Any) -> Any:
        return refuse_placeholder(value)

    @field_validator("mqtt_password", "jwt_secret_key", "encryption_key", mode="after")
    @classmethod
    def _long_enough(cls, value: SecretStr, info: Any) -> SecretStr:
        refuse_short(value.get_secret_value(), _SECRET_LENGTHS[info.field_name])
        return value

    @field_validator(
        "jwt_previous_secret_key",
        "encryption_previous_key",
        "mongodb_url",
        "operator_password",
        "anthropic_api_key",
        "openai_api_key",
        "stripe_api_key",
        "paypal_client_id",
    )
    @classmethod
    def _empty_is_absent(cls, value: SecretStr | None) -> SecretStr | None:
        return value if value and value.get_secret_value() else None

    @field_validator("mqtt_url", mode="after")
    @classmethod
    def _mqtt_scheme(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme != "mqtt" or not parts.hostname:
            raise ValueError("not of the form mqtt://host:port")
        if parts.username or parts.password:
            raise ValueError("contains credentials; use MQTT_USERNAME and MQTT_PASSWORD, URLs end up in logs")
        return value

    @field_validator("searxng_url", mode="after")
    @classmethod
    def _searxng_scheme(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in {"http", "https"} or not parts.hostname):
            raise ValueError("not of the form http://host:port")
        if parts.username or parts.password:
            raise ValueError("contains credentials; URLs end up in logs")
        return value

    @model_validator(mode="after")
    def _operator_complete(self) -> Self:
        if self.operator_email and self.operator_password is None:
            raise ValueError("OPERATOR_EMAIL is set without OPERATOR_PASSWORD")
        return self

    @model_validator(mode="after")
    def _guarded_in_production(self) -> Self:
        switched_off = [
            name.upper() for name in ("enable_guardrails", "enable_decision_monitoring") if not getattr(self, name)
        ]
        if switched_off and self.environment == "production":
            raise ValueError(f"{' and '.join(switched_off)} cannot be off when ENVIRONMENT is production")
        return self

    @model_validator(mode="after")
    def _keys_differ(self) -> Self:
        if self.jwt_secret_key == self.encryption_key:
            raise ValueError("JWT_SECRET_KEY and ENCRYPTION_KEY are the same; each needs a value of its own")
        return self

    def signing_keys(self) -> tuple[str, list[str]]:
        """The key that signs tokens, and those that only check them."""
        earlier = [self.jwt_previous_secret_key] if self.jwt_previous_secret_key else []
        return self.jwt_secret_key.get_secret_value(), [key.get_secret_value() for key in earlier]

    def sealing_keys(self) -> tuple[str, list[str]]:
        """The key that seals, and those that only open."""
        earlier = [self.encryption_previous_key] if self.encryption_previous_key else []
        return self.encryption_key.get_secret_value(), [key.get_secret_value() for key in earlier]

    @property
    def business_name(self) -> str:
        """Whose business it is, as documents say it."""
        return self.company_name or self.app_name

    @property
    def mqtt_address(self) -> tuple[str, int]:
        """Host and port of the broker."""
        parts = urlsplit(self.mqtt_url)
        return parts.hostname or "127.0.0.1", parts.port or 1883

    @property
    def credentials_file(self) -> Path:
        """Where the machines' broker credentials are exported to."""
        return self.data_dir / "broker" / "credentials.json"

    @property
    def files_dir(self) -> Path:
        """What is kept beside the database: photos of products."""
        return self.data_dir / "files"

    def secrets(self) -> list[str]:
        """Every configured secret's value, for the log mask."""
        values = (getattr(self, name) for name in type(self).model_fields)
        return [value.get_secret_value() for value in values if isinstance(value, SecretStr)]


def load_settings(**overrides: Any) -> Settings:
    """Read the settings.

    Args:
        **overrides: by field name; they win over the environment (tests, the demo).

    Raises:
        SettingsError: with every problem there is, by environment name.
    """
    return read(lambda: Settings(**overrides))
