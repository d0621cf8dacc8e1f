"""What is known of a call under way."""

from __future__ import annotations

import time
from typing import Any

from nexus_jupyter.broker.events import Done, Event, ModelCall, Text, ToolDelta, Usage
from nexus_jupyter.broker.routing import Target
from nexus_jupyter.errors import ModelError


class Record:
    """What is known of a call under way."""

    def __init__(self, call_id: str, target: Target, call: ModelCall, prompt: int) -> None:
        self.id = call_id
        self.target = target
        self.call = call
        self.prompt = prompt
        self.started = self.noted = time.monotonic()
        self.usage: Usage | None = None
        self.done: Done | None = None
        self.error: ModelError | None = None
        self.is_settled = False
        self._text: list[str] = []
        self._tools: dict[int, dict[str, Any]] = {}
        self._size = 0
        self.has_begun = False

    @property
    def is_whole(self) -> bool:
        """Whether the answer came to its end."""
        return self.done is not None and self.error is None

    @property
    def guess(self) -> int:
        """About how many tokens have come."""
        return self._size // 4 + 1

    def count(self, event: Event) -> None:
        """Note what came from the provider."""
        self.has_begun = True
        if isinstance(event, Text):
            self._size += len(event.text)
        elif isinstance(event, ToolDelta):
            self._size += len(event.arguments)

    def keep(self, event: Event) -> None:
        """Note what was shown: only that may be kept."""
        if isinstance(event, Text):
            self._text.append(event.text)
        elif isinstance(event, ToolDelta):
            tool = self._tools.setdefault(event.index, {"index": event.index, "id": "", "name": "", "arguments": ""})
            tool["id"] = tool["id"] or event.id
            tool["name"] += event.name
            tool["arguments"] += event.arguments

    def as_stored(self) -> dict[str, Any]:
        """Return the answer as the cache keeps it."""
        assert self.usage is not None
        assert self.done is not None
        return {
            "text": "".join(self._text),
            "tools": list(self._tools.values()),
            "reason": self.done.reason,
            "prompt": self.usage.prompt_tokens,
            "completion": self.usage.completion_tokens,
        }
