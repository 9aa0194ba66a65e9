"""`jipyo completion`: the scripts of the shells."""

from __future__ import annotations

import pytest

from support.product import jipyo


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_is_printed(shell: str) -> None:
    assert "_JIPYO_COMPLETE" in jipyo("completion", shell).out


def test_another_shell_is_wrong_usage() -> None:
    result = jipyo("completion", "tcsh")
    assert result.code == 2
    assert "bash" in result.err
