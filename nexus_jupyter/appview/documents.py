"""The two constant documents an app is shown in, and the headers that isolate it.

`shell` is trusted: it takes one MessagePort from its parent and hands it to the frame inside. Its policy
names the frame's address as the only one a frame may have, so the frame cannot navigate itself away.
`frame` has an opaque origin: it removes the network interfaces that no policy covers, waits for the port
and imports the app client from the source text that arrives on it.
"""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path
from typing import Final

STATIC: Final = Path(__file__).parent / "static"
STATIC_NAMES: Final = ("appview.js", "chart.js")

_SHELL_STYLE: Final = """
html,body{height:100%;margin:0;background:transparent}
iframe{display:block;width:100%;height:100%;border:0}
"""

# The frame's address is relative, so that these bytes are the same behind every base URL.
_SHELL_SCRIPT: Final = """
"use strict";
(() => {
  const frame = document.querySelector("iframe");
  let port = null;
  let loaded = false;
  const hand = () => {
    if (port && loaded) {
      frame.contentWindow.postMessage("nexus:port", "*", [port]);
      port = null;
    }
  };
  frame.addEventListener("load", () => { loaded = true; hand(); }, { once: true });
  const take = event => {
    if (event.source !== parent || event.origin !== location.origin || event.data !== "nexus:port") return;
    if (event.ports.length !== 1) return;
    removeEventListener("message", take);
    port = event.ports[0];
    hand();
  };
  addEventListener("message", take);
  frame.src = new URL("frame", location.href).href;
})();
"""

_SHELL: Final = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>App</title><style>{_SHELL_STYLE}</style></head>
<body><iframe title="App" sandbox="allow-scripts" referrerpolicy="no-referrer" allow=""></iframe>
<script>{_SHELL_SCRIPT}</script></body></html>
"""

# WebRTC and WebTransport reach the network under any policy; a sandboxed frame of one's own has
# another opaque origin, so there is no second window to take fresh copies from.
_FRAME_SCRIPT: Final = """
"use strict";
(() => {
  for (const name of ["RTCPeerConnection", "webkitRTCPeerConnection", "RTCDataChannel",
                      "RTCIceTransport", "WebTransport"]) {
    Object.defineProperty(self, name, { value: undefined, writable: false, configurable: false });
  }
  const start = async (port, init) => {
    const url = URL.createObjectURL(new Blob([init.source.appview], { type: "text/javascript" }));
    try {
      const client = await import(url);
      client.start(port, init);
    } catch (error) {
      port.postMessage({ type: "failure", message: String(error) });
    } finally {
      URL.revokeObjectURL(url);
    }
  };
  const take = event => {
    if (event.source !== parent || event.data !== "nexus:port" || event.ports.length !== 1) return;
    removeEventListener("message", take);
    const port = event.ports[0];
    port.onmessage = first => {
      if (first.data && first.data.type === "init") {
        port.onmessage = null;
        start(port, first.data);
      }
    };
  };
  addEventListener("message", take);
})();
"""

_FRAME: Final = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>App</title>
<meta name="viewport" content="width=device-width,initial-scale=1"></head>
<body><script>{_FRAME_SCRIPT}</script></body></html>
"""

# Scheme optional: without one the policy means the page's own, which survives a proxy that ends TLS.
_FRAME_URL: Final = re.compile(r"(?:https?://)?[A-Za-z0-9.\-]+(?::[0-9]{1,5})?/[A-Za-z0-9._~%/@:+\-]*")

_COMMON: Final = {
    "Content-Type": "text/html; charset=UTF-8",
    "Cache-Control": "no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-DNS-Prefetch-Control": "off",
}


def _digest(text: str) -> str:
    """Give the CSP source of an inline script or style."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def shell() -> bytes:
    """Give the trusted document that JupyterLab loads in an iframe."""
    return _SHELL.encode()


def frame() -> bytes:
    """Give the document of the opaque-origin frame inside the shell."""
    return _FRAME.encode()


def shell_headers(frame_url: str) -> dict[str, str]:
    """Give the shell's headers.

    Parameters
    ----------
    frame_url
        The exact address of the frame: `https://host/base/nexus/api/appview/frame`, or without the scheme.

    Raises
    ------
    ValueError
        The address cannot stand in a policy.
    """
    if not _FRAME_URL.fullmatch(frame_url):
        raise ValueError(f"`{frame_url}` cannot be named in a content security policy.")
    policy = (
        "default-src 'none'",
        f"script-src {_digest(_SHELL_SCRIPT)}",
        f"style-src {_digest(_SHELL_STYLE)}",
        f"frame-src {frame_url}",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'self'",
    )
    return {**_COMMON, "Content-Security-Policy": "; ".join(policy)}


def frame_headers() -> dict[str, str]:
    """Give the frame's headers: no network at all, and an origin of its own."""
    policy = (
        "default-src 'none'",
        f"script-src {_digest(_FRAME_SCRIPT)} blob:",
        "style-src 'unsafe-inline'",
        "img-src data: blob:",
        "media-src data: blob:",
        "font-src data:",
        "connect-src 'none'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-src 'none'",
        "worker-src blob:",
        "frame-ancestors 'self'",
        "sandbox allow-scripts",
    )
    features = ("camera", "microphone", "geolocation", "display-capture", "usb", "serial", "hid", "payment")
    return {
        **_COMMON,
        "Content-Security-Policy": "; ".join(policy),
        "Permissions-Policy": ", ".join(f"{feature}=()" for feature in features),
    }


def static_file(name: str) -> bytes:
    """Read one of the client's modules.

    Raises
    ------
    KeyError
        `name` is not one of `STATIC_NAMES`.
    """
    if name not in STATIC_NAMES:
        raise KeyError(name)
    return (STATIC / name).read_bytes()
