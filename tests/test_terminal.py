"""All that people print, on terminals that lack the signs of mathematics."""

import ast
import io
import os
import re
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

import autograd
from autograd import Value, draw, explain, sqrt
from autograd.expression import ExpressionError
from autograd.nn import MLP
from autograd.optim import SGD
from autograd.terminal import OutputError, is_command, output, printable

PROGRAM = """
import autograd
from autograd import *
from autograd import optim
from autograd.expression import Expression
from autograd.nn import MLP

@operation("Ω³(x)", "−x²")
def σ2(x):
    return x * x, lambda: (3 * x,)

x, w, other = Value(4.0, "σ"), Value(-1.0, "w"), Value(3.0, "w")
y = σ2((sqrt(x) * w - other / x) ** 2)
y.backward()
told = audit(y)
print(MLP(3, [4, 4, 1]))
for kind in ("text", "markdown", "latex"):
    print(explain(y, format=kind), explain(y, wrt=x, format=kind), explain(y, format=kind).to_text())
print(explain(y).forward, explain(y).backward)
print(repr(draw(y)), y, x, told, told.wrong, told.operations)
print(optim.SGD([x, w], lr=0.1, momentum=0.9).table(), optim.SGD([Value(1.0, "a" * 60)], lr=0.1).table(1))
print(optim.SGD([x, w], lr=0.1).table(1), optim.Adam([x, w]))
for name in {*autograd.__all__} - {"OPERATIONS"}:  # which is a dict, as Python prints it
    print(repr(getattr(autograd, name)))
for declared in OPERATIONS.values():
    print(declared, declared.domain)

def fails(action, *arguments):
    try:
        action(*arguments)
    except Exception as error:
        print(error)
    else:
        raise AssertionError(action)

fails(gradcheck, σ2, 2.0)
fails(Expression, "1/(σ + sinn(x))")
fails(lambda: Expression("x*σ")(x=1.0))
fails(explain, 3.0)
fails(operation, lambda x: x)
with detect_anomaly():
    fails(lambda: (sqrt(x) - 2) * w / 0.0)
print(repr(autograd.gradcheck(sqrt, x)))
"""


def printed(program: str, **environment: str) -> bytes:
    """What a program prints in a process of its own; it has to succeed."""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, env={**os.environ, "PYTHONUTF8": "0", **environment}
    )

    assert (done.returncode, done.stderr.decode()) == (0, "")
    return done.stdout


def stream(encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding)


@pytest.mark.parametrize(
    "encoding", ["ascii", "cp437", "cp850", "cp1252", "cp932", "latin-1", "koi8-r", "gbk", "utf-8"]
)
def test_everything_can_be_printed_everywhere(encoding: str) -> None:
    """Seen to fail, by UnicodeEncodeError, with any one of the texts printed as it is."""
    told = printed(PROGRAM, PYTHONIOENCODING=encoding).decode(encoding)

    # The repr of a Value has its label in ASCII, as 'σ' or '\u03c3' would be typed.
    assert not re.search(r"\\u[0-9a-f]{4}", told.replace("label='\\u03c3'", ""))


def test_model_is_a_tree_of_plain_signs_in_ascii() -> None:
    told = printed("from autograd.nn import MLP; print(MLP(2, [3, 1]))", PYTHONIOENCODING="ascii").decode()

    assert told.splitlines() == [
        "MLP(2 -> 3 -> 1), 13 parameters",
        "|- layers.0: Layer(2 -> 3, relu), 9 parameters",
        "|  `- neurons.0 ... neurons.2: 3 * Neuron(2, relu), 3 parameters",
        "`- layers.1: Layer(3 -> 1, identity), 4 parameters",
        "   `- neurons.0: Neuron(3, identity), 4 parameters",
    ]


def test_columns_stand_below_each_other_in_plain_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen to fail with signs made plain when the columns stand already: sqrt is longer than √."""
    x = Value(4.0, "σ₁")
    y = sqrt(x) * x
    y.backward()
    monkeypatch.setattr(sys, "stdout", stream("ascii"))
    told = repr(explain(y)).splitlines()
    table = SGD([x, Value(1.0, "b")], lr=0.5).table().splitlines()
    forward = told[told.index("Forward") + 1 :][:3]

    assert len({line.rindex("  ") for line in forward}) == 1
    assert len({len(line) for line in table}) == 1
    assert "sigma_1" in table[1]


def test_texts_for_files_keep_their_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what is for the terminal depends on it: Markdown, LaTeX and pictures do not."""
    x = Value(4.0, "σ")
    y = sqrt(x)
    monkeypatch.setattr(sys, "stdout", stream("ascii"))

    assert "sqrt sigma" in explain(y).to_text()
    assert "√σ" in explain(y).to_markdown()
    assert "√σ" in draw(y).svg


@pytest.mark.parametrize(
    ("text", "encoding", "expected"),
    [
        ("x − y", "ascii", "x - y"),
        ("x × y − z", "cp1252", "x × y - z"),
        ("x × √y", "cp437", "x * √y"),
        ("├─ a\n│  └─ b", "ascii", "|- a\n|  `- b"),
        ("├─ a\n│  └─ b", "cp437", "├─ a\n│  └─ b"),
        ("w₁₂ + x⁻¹ = ŷ′", "ascii", "w_12 + x^-1 = \\u0177'"),
        ("∂L/∂θ", "ascii", "dL/dtheta"),
        ("Ω ≠ µ", "ascii", "Omega != mu"),
        ("ﬁ…", "ascii", "fi..."),
        ("漢", "ascii", "\\u6f22"),
        ("漢 ½ 字", "cp932", "漢 1/2 字"),
        ("\ud800", "utf-8", "\\ud800"),
        ("é", "latin-1", "é"),
        ("é", "ascii", "e"),
    ],
)
def test_only_signs_that_are_missing_are_replaced(text: str, encoding: str, expected: str) -> None:
    assert printable(text, stream(encoding)) == expected


class Tee:
    """What takes the place of standard output in many programs: it writes, and has nothing else."""

    def write(self, text: str) -> int:
        return len(text)


class Strange(Tee):
    encoding = "no such encoding"


@pytest.mark.parametrize("where", [io.StringIO(), Tee(), Strange(), None], ids=lambda where: type(where).__name__)
def test_streams_without_an_encoding_get_texts_as_they_are(monkeypatch: pytest.MonkeyPatch, where: object) -> None:
    """Seen to fail without a look at what the encoding is. None is where a program has no terminal at all."""
    monkeypatch.setattr(sys, "stdout", where)

    assert "→" in repr(MLP(1, [1]))
    assert printable("√") == "√"


def test_an_error_points_at_its_place_in_plain_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen to fail with a caret for the text before it was made plain."""
    monkeypatch.setattr(sys, "stdout", stream("ascii"))

    assert str(ExpressionError("wrong", "σ + ?", 4)) == "wrong (at column 5)\n  sigma + ?\n          ^"


def test_every_sign_that_the_package_writes_has_a_plain_one() -> None:
    """Seen to fail without the arrow. Pictures and pages are not texts for terminals."""
    documented = ast.Module | ast.ClassDef | ast.FunctionDef
    package = Path(autograd.__file__).parent
    texts: set[str] = set()
    for path in package.rglob("*.py"):
        if path.relative_to(package).parts[0] not in ("draw", "play"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            prose = {ast.get_docstring(node, clean=False) for node in ast.walk(tree) if isinstance(node, documented)}
            texts |= {str(node.value) for node in ast.walk(tree) if isinstance(node, ast.Constant)} - prose

    signs = {sign for text in texts for sign in text if not sign.isascii()}
    accents = {sign for sign in signs if unicodedata.combining(sign)}  # which a user's name may have

    assert {sign for sign in signs - accents if "\\" in printable(sign, stream("ascii"))} == set()


def test_print_writes_plain_signs_by_itself_in_a_block(capsys: pytest.CaptureFixture[str]) -> None:
    raw = io.BytesIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", io.TextIOWrapper(raw, "ascii"))
        with output():
            print("x ≥ √2")
        with pytest.raises(UnicodeEncodeError):
            print("x ≥ √2")

        assert raw.getvalue().decode().split() == ["x", ">=", "sqrt", "2"]
    with output():  # and elsewhere all signs
        print("√2")

    assert capsys.readouterr().out == "√2\n"


class Full(io.StringIO):
    """A stream on a full disk."""

    target = -1

    def flush(self) -> None:
        raise OSError(28, "No space left on device")

    def fileno(self) -> int:
        return self.target


def test_output_that_nobody_gets_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Seen to fail without the flush. Errors of files stay what they are."""
    with open(tmp_path / "spare", "w") as spare:
        full = Full()
        full.target = spare.fileno()
        monkeypatch.setattr(sys, "stdout", full)
        with pytest.raises(OutputError, match="cannot write the output: No space left on device"), output():
            print("x")
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(OutputError, match="it is closed"), output():
        print("x")
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    with pytest.raises(FileNotFoundError), output():
        (tmp_path / "gone").read_text()


@pytest.mark.parametrize(
    ("argv", "orig_argv", "expected"),
    [
        (["/usr/bin/autograd", "draw"], [], True),
        ([r"autograd.exe", "draw"], [], True),
        (["-m", "draw"], ["python", "-m", "autograd", "draw"], True),
        (["-m", "draw"], ["python", "-X", "utf8", "-mautograd", "draw"], True),
        (["-m"], ["python", "-m", "autograd"], True),
        (["-m"], ["python", "-m", "autograd.grade"], True),
        (["-m", "autograd"], ["python", "-m", "pytest", "autograd"], False),
        (["train.py", "autograd"], [], False),
        (["-c"], ["python", "-c", "import autograd"], False),
        ([""], ["python"], False),
    ],
)
def test_the_command_is_told_from_other_programs(
    monkeypatch: pytest.MonkeyPatch, argv: list[str], orig_argv: list[str], expected: bool
) -> None:
    monkeypatch.setattr(sys, "argv", argv)
    monkeypatch.setattr(sys, "orig_argv", orig_argv or ["python", *argv])

    assert is_command() == expected
