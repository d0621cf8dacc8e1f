"""What every handler shares: a parsed body, a record as reply, errors as JSON."""

from __future__ import annotations

import json
import traceback
from typing import Any, TypeVar

from jupyter_server.base.handlers import APIHandler
from tornado.web import HTTPError

from nexus_jupyter.errors import BadRequest, NexusError

T = TypeVar("T")
INSIDE = "Nexus failed inside; the server's log says where."


def error_body(error: NexusError) -> dict[str, Any]:
    """Return an error as it travels."""
    body: dict[str, Any] = {"error": type(error).__name__, "message": error.message, "remedy": error.remedy}
    nearest = getattr(error, "nearest", None)
    if nearest:
        body["nearest"] = [c.model_dump() for c in nearest]
    return body


class NexusHandler(APIHandler):
    """A handler of the `/nexus/api` routes."""

    def body(self, record: type[T]) -> T:
        """Return the request's body as a closed record.

        Raises
        ------
        BadRequest
            It is no JSON, or does not fit.
        """
        from pydantic import BaseModel, ValidationError

        assert issubclass(record, BaseModel)
        try:
            return record.model_validate_json(self.request.body or b"{}")
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "the body"
            raise BadRequest(f"`{where}`: {first['msg']}.", "See docs/users/api.md.") from error

    def reply(self, answer: Any, status: int = 200) -> None:
        """Send a record, or plain JSON types."""
        self.set_status(status)
        self.set_header("Cache-Control", "no-store")
        dump = getattr(answer, "model_dump", None)
        self.finish(json.dumps(dump(mode="json") if dump else answer, ensure_ascii=False))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Send an error as `{"error", "message", "remedy"}`."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        body: dict[str, Any] = {"error": "HTTPError", "message": self._reason or "Unknown error", "remedy": ""}
        if isinstance(error, NexusError):
            self.set_status(error.status)
            body = error_body(error)
        elif isinstance(error, HTTPError) and error.log_message:
            body["message"] = error.log_message % error.args if error.args else error.log_message
        elif error is not None:
            self.log.error("".join(traceback.format_exception(error)))
            body["message"] = INSIDE
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(body, ensure_ascii=False))

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Keep sentences for people out of the server's tracebacks."""
        if not isinstance(value, NexusError):
            super().log_exception(typ, value, tb)
