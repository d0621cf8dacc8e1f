"""What a kernel that ran untrusted code may still show in JupyterLab's own origin.

Text, raster images and sanitized HTML pass. Everything else (widgets, scripts,
SVG, charts that load addresses) travels inside one inert mime type, which
JupyterLab shows as a card and the app view, in its opaque frame, unwraps.
"""

from __future__ import annotations

from typing import Any

INERT = "application/vnd.nexus.inert+json"
#: A wish for an app, which the owner grants by a click; its texts are shown as they are.
MAKE = "application/vnd.nexus.make-request+json"
MOST_WISH = 2_000
PASS = frozenset({"text/plain", "image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp", "application/json"})
HTML = "text/html"
MARKDOWN = "text/markdown"
TAGS = frozenset(
    [
        "table",
        "thead",
        "tbody",
        "tfoot",
        "tr",
        "th",
        "td",
        "caption",
        "col",
        "colgroup",
        "div",
        "span",
        "p",
        "br",
        "hr",
        "b",
        "i",
        "em",
        "strong",
        "u",
        "s",
        "sub",
        "sup",
        "code",
        "pre",
        "ul",
        "ol",
        "li",
        "dl",
        "dt",
        "dd",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "blockquote",
        "small",
    ]
)
MAX_HTML = 2_000_000
# A kernel speaks on these; `comm_*` would create widgets, whose modules run in the page that holds them.
DROPPED = frozenset({"comm_open", "comm_msg", "comm_close"})
BUNDLES = frozenset({"display_data", "execute_result", "update_display_data"})


def sanitized(html: str) -> str:
    """Return HTML with structure only: no script, style, link, image, form, id or foreign class."""
    import nh3

    if len(html) > MAX_HTML:
        return ""
    return nh3.clean(
        html,
        tags=set(TAGS),
        clean_content_tags={"script", "style", "template", "noscript", "textarea", "title", "svg", "math"},
        attributes={"td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan", "scope"}},
        allowed_classes={"table": {"dataframe"}},
        link_rel=None,
        url_schemes=set(),
    )


def markdown_html(markdown: str) -> str:
    """Return Markdown as sanitized HTML: its structure, without links and images, which could carry data away."""
    import mistune

    if len(markdown) > MAX_HTML:
        return ""
    made = mistune.create_markdown(escape=True, plugins=["table", "strikethrough"])(markdown)
    return sanitized(str(made))


def inert_bundle(data: dict[str, Any]) -> dict[str, Any]:
    """Return a mime bundle that cannot act in the page that shows it.

    Parameters
    ----------
    data
        The bundle as the kernel sent it. What cannot pass is kept whole inside
        the inert type, for the app view.
    """
    safe = {mime: value for mime, value in data.items() if mime in PASS}
    html = data.get(HTML)
    if isinstance(html, list):
        html = "".join(map(str, html))
    if isinstance(html, str):
        clean = sanitized(html)
        if clean.strip():
            safe[HTML] = clean
    if MAKE in data:
        safe[MAKE] = _wish(data[MAKE])
        data = {mime: value for mime, value in data.items() if mime != MAKE}
    markdown = data.get(MARKDOWN)
    if HTML not in safe and isinstance(markdown, str):
        safe[HTML] = markdown_html(markdown)
    if any(mime not in PASS and mime != HTML for mime in data):
        if INERT in data:  # a kernel may not nest, or forge, what the server wraps
            data = {mime: value for mime, value in data.items() if mime != INERT}
        safe[INERT] = {"bundle": data}
        safe.setdefault("text/plain", "Interactive output: open the app view to see it.")
    return safe


def _wish(value: Any) -> dict[str, Any]:
    """Return a wish for an app with nothing in it but short texts."""
    wish = value if isinstance(value, dict) else {}
    data = wish.get("data")
    return {
        "text": str(wish.get("text", ""))[:MOST_WISH],
        "data": [str(name)[:300] for name in data[:5]] if isinstance(data, list) else [],
        "name": str(wish.get("name", ""))[:64],
    }


def guarded_content(channel: str, msg_type: str, content: dict[str, Any]) -> dict[str, Any] | None:
    """Return what an ordinary front end may receive of a message, or `None` to drop it.

    Parameters
    ----------
    channel
        `iopub`, `shell`, `control` or `stdin`.
    msg_type, content
        As the kernel sent them.
    """
    if msg_type in DROPPED:
        return None
    if msg_type in BUNDLES:
        bundle = content.get("data")
        return {**content, "data": inert_bundle(bundle if isinstance(bundle, dict) else {}), "metadata": {}}
    if msg_type == "execute_reply":
        # Payloads insert cells and open pagers; user expressions carry mime bundles.
        return {k: v for k, v in content.items() if k not in {"payload", "user_expressions"}}
    if msg_type == "inspect_reply":
        data = content.get("data")
        plain = data.get("text/plain", "") if isinstance(data, dict) else ""
        return {**content, "data": {"text/plain": str(plain)}, "metadata": {}}
    if msg_type == "kernel_info_reply":
        return {**content, "help_links": []}
    if msg_type == "complete_reply":
        return {**content, "metadata": {}}
    return content


class OutputFilter:
    """Knows which outputs an Output widget took, for a front end that gets no comms.

    `with out:` in a kernel sets the widget's `msg_id`; a front end with comms
    then puts what follows into the widget. One without would show it a second
    time, below the cell.
    """

    def __init__(self) -> None:
        self._widgets: dict[str, str] = {}

    def takes(self, msg_type: str, content: dict[str, Any], parent_id: str) -> bool:
        """Follow an iopub message; return whether an Output widget takes it."""
        comm_id = content.get("comm_id")
        state = _state(content)
        if msg_type == "comm_open" and state.get("_model_name") == "OutputModel" and isinstance(comm_id, str):
            self._widgets[comm_id] = str(state.get("msg_id", ""))
        elif msg_type == "comm_msg" and comm_id in self._widgets and "msg_id" in state:
            self._widgets[str(comm_id)] = str(state["msg_id"])
        elif msg_type == "comm_close":
            self._widgets.pop(str(comm_id), None)
        elif msg_type in CAPTURED and parent_id:
            return parent_id in self._widgets.values()
        return False


CAPTURED = frozenset({"stream", "display_data", "execute_result", "error", "clear_output"})


def _state(content: dict[str, Any]) -> dict[str, Any]:
    data = content.get("data")
    state = data.get("state") if isinstance(data, dict) else None
    return state if isinstance(state, dict) else {}
