"""Drawings as they are shown: by the viewer of the system, inline in notebooks, and in what notebooks become."""

import base64
import os
import sys
import time
import types
import webbrowser
from pathlib import Path
from urllib.parse import urlparse
from urllib.request import url2pathname

import pytest

import autograd
from autograd import Value, draw
from autograd.draw import Drawing, notebook, notebook_formats, viewer
from autograd.draw.look import Look

IS_IN_NOTEBOOK = viewer._is_in_notebook


@pytest.fixture(autouse=True)
def opened(monkeypatch, tmp_path):
    """The addresses that would be opened, on a machine with a screen whose temporary files are in `tmp_path`."""
    addresses: list[str] = []
    for name in ("BROWSER", "SSH_CONNECTION", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(webbrowser, "open", lambda address: addresses.append(address) or True)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(viewer, "_is_in_notebook", lambda: False)
    return addresses


def path_of(address):
    return Path(url2pathname(urlparse(address).path))


class Plain(Drawing):
    """A kind of drawing that has neither a page nor a graph."""

    look = Look()
    title = "A dot"
    description = "One black dot."
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><circle cx="4" cy="4" r="4"/></svg>'


# Kinds of drawings --------------------------------------------------------------------------------


def test_a_kind_of_drawing_needs_only_a_title_a_description_and_a_picture(tmp_path):
    Plain().save(tmp_path / "dot.svg")

    assert (tmp_path / "dot.svg").read_text() == Plain.svg == Plain()._repr_mimebundle_()["image/svg+xml"]
    assert 'alt="A dot. One black dot."' in Plain()._repr_mimebundle_()["text/html"]
    assert repr(Plain()) == "<drawing: A dot>"


@pytest.mark.parametrize("ending", ["html", "dot"])
def test_what_a_kind_of_drawing_does_not_have_is_told(ending, tmp_path):
    with pytest.raises(ValueError, match=r"<drawing: A dot> (has no page|is not a graph).*: save it as \.svg, "):
        Plain().save(tmp_path / f"dot.{ending}")

    assert list(tmp_path.iterdir()) == []


def test_a_drawing_of_a_graph_knows_its_title_and_its_description():
    drawing = draw(Value(2.0, "a") * 3)

    assert isinstance(drawing, Drawing)
    assert drawing.title == "a × 3: 2 nodes"
    assert "<desc>" + drawing.description in drawing.svg
    assert drawing.to_html().startswith("<!doctype html>")


# On the screen ------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", ["svg", "html"])
def test_show_opens_a_temporary_file(format, opened, capsys, tmp_path):
    drawing = draw(Value(2.0, "a") * 3)
    drawing.show(format)
    (address,) = opened
    path = path_of(address)

    assert path.parent.parent.resolve() == tmp_path.resolve()
    assert path.read_text(encoding="utf-8") == {"svg": drawing.svg, "html": drawing.to_html()}[format]
    assert capsys.readouterr().out == f"opened {path}\n"


@pytest.mark.parametrize(
    ("platform", "environment", "opens"),
    [
        ("linux", {}, False),
        ("linux", {"SSH_CONNECTION": "1"}, False),
        ("linux", {"DISPLAY": ":0"}, True),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("linux", {"SSH_CONNECTION": "1", "DISPLAY": "localhost:10.0"}, True),  # windows come through SSH
        ("linux", {"BROWSER": "w3m"}, True),
        ("darwin", {}, True),
        ("darwin", {"SSH_CONNECTION": "1"}, False),
        ("win32", {}, True),
        ("win32", {"SSH_CONNECTION": "1"}, False),
    ],
)
def test_without_a_screen_the_file_is_told_and_nothing_opened(
    platform, environment, opens, opened, monkeypatch, capsys
):
    """Seen to fail with everything left to webbrowser, which starts w3m in the terminal."""
    monkeypatch.delenv("DISPLAY")
    for name, text in environment.items():
        monkeypatch.setenv(name, text)
    with monkeypatch.context() as patched:
        patched.setattr(sys, "platform", platform)
        shown = viewer._has_screen()
    monkeypatch.setattr(viewer, "_has_screen", lambda: shown)
    draw(Value(2.0)).show()
    printed = capsys.readouterr().out

    assert bool(opened) == opens
    assert printed.startswith("opened " if opens else "not opened, because there is no screen here: the picture is in ")
    assert Path(printed.split("the picture is in " if not opens else "opened ")[1].strip()).is_file()


def no_browser(_):
    raise webbrowser.Error("could not locate runnable browser")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [(lambda _: False, "no viewer was found"), (no_browser, "could not locate runnable browser")],
)
def test_a_viewer_that_does_not_start_is_told(answer, reason, monkeypatch, capsys):
    monkeypatch.setattr(webbrowser, "open", answer)
    draw(Value(2.0)).show()

    assert capsys.readouterr().out.startswith(f"not opened, because {reason}: the picture is in ")


def test_files_of_yesterday_are_removed_and_those_of_today_stay(opened, tmp_path):
    """Seen to fail with files removed when the program ends, and with files that stay for ever."""
    for _ in range(3):
        draw(Value(2.0)).show()
    first, second, third = [path_of(address) for address in opened]
    os.utime(first.parent, times=(time.time() - 90_000,) * 2)
    (tmp_path / "autograd-notes.svg").write_text("of somebody else")
    os.utime(tmp_path / "autograd-notes.svg", times=(0, 0))
    draw(Value(2.0)).show()

    assert [path.is_file() for path in (first, second, third, path_of(opened[-1]))] == [False, True, True, True]
    assert not first.parent.exists()
    assert (tmp_path / "autograd-notes.svg").exists()


def test_what_cannot_be_drawn_leaves_no_file(opened, tmp_path):
    for problem in (lambda: draw(Value(2.0)).show("gif"), lambda: Plain().show("html")):
        with pytest.raises(ValueError, match=r"format must be 'svg' or|has no page"):
            problem()

    assert (opened, list(tmp_path.iterdir())) == ([], [])


def shell(*names):
    kinds: tuple[type, ...] = ()
    for name in names:
        kinds = (type(name, kinds, {}),)
    return kinds[0]()


@pytest.mark.parametrize(
    ("running", "inline"),
    [
        (None, False),
        (shell("TerminalInteractiveShell"), False),
        (shell("TerminalInteractiveShell", "InteractiveShellEmbed"), False),
        (shell("ZMQInteractiveShell"), True),
        (shell("ZMQInteractiveShell", "Shell"), True),  # Colab
    ],
)
def test_in_a_notebook_a_drawing_is_shown_inline(running, inline, opened, monkeypatch, capsys):
    displayed = []
    monkeypatch.setattr(viewer, "_is_in_notebook", IS_IN_NOTEBOOK)
    ipython = types.ModuleType("IPython")
    ipython.get_ipython = lambda: running  # type: ignore[attr-defined]
    display = types.ModuleType("IPython.display")
    display.display = displayed.append  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    drawing = draw(Value(2.0))
    drawing.show()

    assert (displayed == [drawing], bool(opened)) == (inline, not inline)
    assert bool(capsys.readouterr().out) == (not inline)


# In notebooks -------------------------------------------------------------------------------------


@pytest.fixture
def formats(monkeypatch):
    """`notebook_formats`, whose choice ends with the test."""
    monkeypatch.setattr(notebook, "_asked", ())
    monkeypatch.delenv("AUTOGRAD_NOTEBOOK_FORMATS", raising=False)
    return notebook_formats


def kinds(thing):
    shown = thing._repr_mimebundle_()
    return [*(shown[0] if isinstance(shown, tuple) else shown)][1:]


def test_notebooks_get_the_formats_that_were_asked_for(formats):
    y = Value(2.0, "a") * 3
    usual = kinds(y)
    formats("html", "svg", "pdf")
    with_pdf = kinds(y)
    pdf = base64.b64decode(y._repr_mimebundle_()["application/pdf"])
    formats("pdf")
    alone = kinds(draw(y))
    formats()

    assert usual == kinds(y) == ["text/html", "image/svg+xml"]
    assert with_pdf == [*usual, "application/pdf"]
    assert alone == ["application/pdf"]
    assert pdf.startswith(b"%PDF-")


def test_formats_are_chosen_by_either_name():
    """Seen to fail as `autograd.draw.notebook_formats`, for `autograd.draw` is the function."""
    assert autograd.draw.notebook_formats is notebook_formats


def test_a_png_in_a_notebook_is_as_large_as_the_picture(formats):
    """Seen to fail without its size: it has two dots for each pixel."""
    drawing = draw(Value(2.0, "a") * 3, size=(400, 200))
    formats("png")
    data, sizes = drawing._repr_mimebundle_()
    png = base64.b64decode(data["image/png"])

    assert png.startswith(b"\x89PNG")
    assert [int.from_bytes(png[start : start + 4], "big") for start in (16, 20)] == [800, 400]
    assert sizes == {"image/png": {"width": 400, "height": 200}}


def test_the_environment_chooses_formats_for_a_notebook_that_says_nothing(formats, monkeypatch):
    monkeypatch.setenv("AUTOGRAD_NOTEBOOK_FORMATS", "svg, pdf")
    told = kinds(Value(1.0))
    formats("html")
    said = kinds(Value(1.0))
    formats()
    monkeypatch.setenv("AUTOGRAD_NOTEBOOK_FORMATS", "gif")
    shown = Value(1.0)._repr_mimebundle_()

    assert (told, said) == (["image/svg+xml", "application/pdf"], ["text/html"])
    assert [*shown] == ["text/plain"]
    assert "not drawn: a format in AUTOGRAD_NOTEBOOK_FORMATS must be 'html' or " in shown["text/plain"]


def test_a_format_that_cannot_be_made_is_told(formats, monkeypatch):
    """Seen to fail with a bundle that consists of the error alone."""
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(ValueError, match="a format of notebooks must be 'html' or 'svg' or 'png' or 'pdf', not 'gif'"):
        formats("gif")
    with pytest.raises(RuntimeError, match=r"pip install"):
        formats("html", "pdf")
    monkeypatch.setenv("AUTOGRAD_NOTEBOOK_FORMATS", "pdf,svg")
    shown = Plain()._repr_mimebundle_()

    assert [*shown] == ["text/plain", "image/svg+xml"]
    assert shown["text/plain"].startswith("<drawing: A dot>, not drawn as pdf: PNG and PDF are made by the package")


class Broken(Plain):
    svg = property(lambda self: 1 / 0)  # type: ignore[assignment]


@pytest.mark.parametrize("shown", [Value(2.0, "a") * 3, draw(Value(2.0, "a") * 3), Plain(), Broken()], ids=repr)
def test_who_looks_for_one_format_gets_the_same(shown, formats):
    """Seen to fail with an error instead of None, which is what sphinx-gallery and Jupyter take for "not there"."""
    bundle = shown._repr_mimebundle_()

    assert shown._repr_html_() == bundle.get("text/html")
    if isinstance(shown, Drawing):
        assert shown._repr_svg_() == bundle.get("image/svg+xml")


def test_jupyter_shows_what_the_bundle_holds(formats):
    """As IPython asks: the bundle first, then each format that is not in it."""
    ipython = pytest.importorskip("IPython.core.formatters", reason="it comes with the extra 'notebooks'")
    formatter = ipython.DisplayFormatter()
    for shown in (draw(Value(2.0, "a") * 3), Value(2.0, "a") * 3, Broken()):
        data, _ = formatter.format(shown)

        assert data == shown._repr_mimebundle_()
