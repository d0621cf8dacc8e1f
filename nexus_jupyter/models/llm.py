"""What may be asked of models, and told about them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from nexus_jupyter.models.base import Record

NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"


class CompletionRequest(BaseModel):
    """A chat completion in OpenAI's form. Fields that are not ours are ignored, an address or a key among them."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    model: str = Field("", max_length=300, description="Empty: the one that the owner chose.")
    messages: list[dict[str, Any]] = Field(min_length=1, max_length=10_000)
    stream: bool | None = False
    nexus_cache: bool = Field(True, description="Whether an earlier answer to the same call will do.")
    nexus_app: str = Field("", max_length=64, description="The app it is for; a scoped token names its own.")


class EmbeddingRequest(BaseModel):
    """Embeddings in OpenAI's form."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    model: str = Field("", max_length=300)
    input: str | list[str]


class KeyValue(Record):
    """A key to keep."""

    value: str = Field(max_length=10_000)


class KeyInfo(Record):
    """What may be shown of a key."""

    name: str
    tail: str
    source: str
    is_fixed: bool = False


class ConnectionSpec(Record):
    """A server of models to add."""

    kind: str = Field("openai", pattern=NAME, description="How it is spoken to; `openai` for compatible servers.")
    api_base: str = Field(max_length=2_000)
    label: str = Field("", max_length=100)


class ConnectionInfo(Record):
    """A server of models, or a provider whose key is there."""

    id: str
    label: str
    kind: str
    api_base: str = ""
    has_key: bool = False
    is_local: bool = Field(False, description="It runs on this machine: nothing is sent away, nothing is billed.")
    is_added: bool = Field(False, description="The owner added it, and can remove it.")


class ModelInfo(Record):
    """A model that can be chosen; prices in US dollars per million tokens, null where unknown."""

    id: str
    name: str
    connection: str
    input_price: float | None = None
    output_price: float | None = None
    context: int | None = None
    has_tools: bool = False


class ModelList(Record):
    """Everything a model picker shows."""

    current: str = ""
    models: tuple[ModelInfo, ...] = ()
    connections: tuple[ConnectionInfo, ...] = ()


class ModelChoice(Record):
    """The model to use from now on; empty for none."""

    model: str = Field(max_length=300)


class TokenRequest(Record):
    """A scoped token to make."""

    id: str = Field(pattern=r"^[A-Za-z0-9-]{1,64}$")
    label: str = Field(max_length=200)
    app_id: str = Field("", max_length=64)
    models: tuple[str, ...] = ()
    max_tokens: int | None = Field(None, ge=0)
    max_money: float | None = Field(None, ge=0)
    seconds: float | None = Field(None, gt=0, description="How long it lives; null for ever.")
    secret: str = Field("", max_length=200, description="Chosen by the caller; empty to make one.")


class Budget(Record):
    """What may be spent; null for no limit. Money in US dollars."""

    tokens: int | None = Field(None, ge=0)
    money: float | None = Field(None, ge=0)


class CallInfo(Record):
    """One call of the ledger."""

    model: str
    app_id: str
    status: str
    started: float
    seconds: float
    prompt_tokens: int
    completion_tokens: int
    money: float | None


class UsageReport(Record):
    """What was spent today, and the newest calls."""

    calls: int
    tokens: int
    money: float
    budget: Budget
    budgets: dict[str, Budget] = {}
    newest: tuple[CallInfo, ...] = ()


class CheckedConnection(Record):
    """Whether a provider can be used, found out at no cost."""

    ok: bool
    detail: str
    remedy: str = ""
    models: tuple[str, ...] = ()
