"""The program that the `nexus-python` kernelspec names: refuses to run an app outside the sandbox.

The provisioner starts the kernel by itself; this runs only where a front end ignores kernel provisioners
(some do) or somebody starts it by hand. Inside a sandbox it is an ordinary IPython kernel.
"""

from __future__ import annotations

import sys

from nexus_jupyter.sandbox.inside.evidence import missing_evidence

EXIT_UNAVAILABLE = 69


def main(arguments: list[str]) -> int:
    """Run an IPython kernel if this process is sandboxed; else say what to do and return an error code."""
    missing = missing_evidence()
    if missing:
        sys.stderr.write(
            "Nexus does not run this app: the process is not inside the sandbox "
            f"(it lacks {', '.join(missing)}).\n"
            "Open the notebook in JupyterLab, or run it with nbclient or papermill: they honour the "
            "`nexus-sandbox` kernel provisioner, which this program did not. Or choose another kernel "
            "to run the code unprotected.\n"
        )
        return EXIT_UNAVAILABLE
    from ipykernel.kernelapp import IPKernelApp

    IPKernelApp.launch_instance(arguments)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
