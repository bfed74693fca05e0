from __future__ import annotations

import io
import logging
import re
import sys

import pytest

from axone.utils import Progbar, disable_interactive_logging, enable_interactive_logging
from axone.utils import io as axone_io


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def plain(text: str) -> str:
    return re.sub(r"\x1b\[\d+m", "", text)


def test_finished_line_looks_like_keras(capsys: pytest.CaptureFixture[str]) -> None:
    bar = Progbar(1688, stateless_metrics=())
    bar.update(1688, [("accuracy", 0.91234), ("loss", 0.00031)], finalize=True)
    out = capsys.readouterr().out
    pattern = r"1688/1688 ━{20} \d+s \d+(us|ms|s)/step - accuracy: 0\.9123 - loss: 3\.1000e-04\n"
    assert re.fullmatch(pattern, out), out


def test_a_file_gets_no_control_characters_and_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    bar = Progbar(10)
    for i in range(10):
        bar.update(i + 1, [("loss", 1.0)])
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert not re.search(r"[\x1b\r\b]", out)


def test_terminal_is_redrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    bar = Progbar(4, interval=0.0)
    for i in range(4):
        bar.update(i + 1, [("loss", float(i))])
    lines = plain(terminal.getvalue()).split("\r")
    assert len(lines) == 5 and lines[0] == ""
    assert lines[1].startswith("1/4 ━━━━━━━━━━━━━━━━━━━━ ") and lines[4].rstrip().endswith("loss: 3.0000")
    assert "\x1b[32m━━━━━\x1b[0m\x1b[37m━━━━━━━━━━━━━━━\x1b[0m" in terminal.getvalue()


def test_a_shorter_line_erases_the_longer_one(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    bar = Progbar(2, interval=0.0, stateless_metrics=())
    bar.update(1, [("loss", 123456.0)])
    bar.update(2, [("loss", 1.0)])
    first, second = plain(terminal.getvalue()).rstrip("\n").split("\r")[1:]
    assert len(second) >= len(first)


def test_unknown_number_of_steps(capsys: pytest.CaptureFixture[str]) -> None:
    bar = Progbar(None)
    bar.update(3, [("loss", 1.0)], finalize=True)
    assert re.match(r"      3/Unknown \d+s \S+/step - loss: 1\.0000\n", capsys.readouterr().out)


def test_verbose_2_prints_once_and_0_never(capsys: pytest.CaptureFixture[str]) -> None:
    for verbose, want in ((2, r"5/5 - \d+s - \S+/step - loss: 1\.0000\n"), (0, "")):
        bar = Progbar(5, verbose=verbose)
        for i in range(5):
            bar.update(i + 1, [("loss", 1.0)])
        assert re.fullmatch(want, capsys.readouterr().out)


def test_averages_and_shown_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    bar = Progbar(4, stateful_metrics=["last"])
    bar.update(1, [("mean", 1.0), ("last", 1.0)])
    bar.update(3, [("mean", 4.0), ("last", 4.0)])
    bar.update(3, finalize=True)
    out = capsys.readouterr().out
    assert "mean: 3.0000" in out and "last: 4.0000" in out


def test_only_one_kind_of_metrics() -> None:
    with pytest.raises(ValueError, match="not both"):
        Progbar(1, stateful_metrics=[], stateless_metrics=[])


def test_logging_instead_of_printing(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    disable_interactive_logging()
    try:
        with caplog.at_level(logging.INFO, "axone"):
            axone_io.print_msg("hello")
    finally:
        enable_interactive_logging()
    assert capsys.readouterr().out == "" and caplog.messages == ["hello"]


def test_output_that_knows_only_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    axone_io.print_msg("━━ é")
    stream.flush()
    assert raw.getvalue() == b"-- ?\n"
