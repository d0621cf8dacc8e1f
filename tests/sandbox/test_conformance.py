"""The public conformance suite, on plain ipykernel and on ours: we fail nothing that it does not."""

from __future__ import annotations

import io
import unittest
import warnings

import pytest


def failures(kernel: str) -> tuple[int, set[str]]:
    suite = pytest.importorskip("jupyter_kernel_test")

    class Conformance(suite.KernelTests):  # type: ignore[misc,name-defined]
        """What a Python kernel should answer."""

        kernel_name = kernel
        language_name = "python"
        file_extension = ".py"
        code_hello_world = "print('hello, world')"
        code_stderr = "import sys; print('test', file=sys.stderr)"
        completion_samples = ({"text": "zi", "matches": {"zip"}},)
        complete_code_samples = ("1", "print('hello, world')", "def f(x):\n  return x*2\n\n\n")
        incomplete_code_samples = ("print('''hello", "def f(x):\n  x*2")
        invalid_code_samples = ("import = 7q",)
        code_page_something = "zip?"
        code_generate_error = "raise"
        code_execute_result = ({"code": "1+2+3", "result": "6"}, {"code": "'a' * 3", "result": "'aaa'"})
        code_display_data = (
            {"code": "from IPython.display import HTML, display; display(HTML('<b>test</b>'))", "mime": "text/html"},
            {"code": "from IPython.display import Math, display; display(Math('y'))", "mime": "text/latex"},
        )
        code_history_pattern = "1?2*"
        supported_history_operations = ("tail", "search")
        code_inspect_sample = "zip"
        code_clear_output = "from IPython.display import clear_output; clear_output()"

    Conformance.__qualname__ = Conformance.__name__
    result = unittest.TextTestRunner(stream=io.StringIO()).run(
        unittest.defaultTestLoader.loadTestsFromTestCase(Conformance)
    )
    names = {str(test) for test, _ in [*result.failures, *result.errors]}
    return result.testsRun, names


@pytest.mark.filterwarnings("ignore")
def test_conforms_as_plain_ipykernel_does() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plain_count, plain = failures("python3")
        count, ours = failures("nexus-python")
    assert count == plain_count >= 12
    assert len(plain) < 3
    assert ours <= plain
