"""Printing on any terminal: plain signs where it has no others.

>>> import io
>>> printable("∂y/∂w₁ = −2 × x²", io.TextIOWrapper(io.BytesIO(), "ascii"))
'dy/dw_1 = -2 * x^2'

The texts of this package are written with the signs of mathematics. A console with code page 437 or 1252, or a file
that output goes to there, has only some of them, and `print` would raise UnicodeEncodeError for the others.
"""

import codecs
import contextlib
import io
import os
import sys
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

ARITHMETIC = {
    "−": "-",
    "×": "*",
    "·": "*",
    "⋅": "*",
    "÷": "/",
    "±": "+-",
    "√": "sqrt ",
    "∛": "cbrt ",
    "½": "1/2",
    "∞": "inf",
    "∂": "d",
    "¬": "not ",
}
RELATIONS = {"≠": "!=", "≤": "<=", "≥": ">=", "≈": "~", "→": "->", "←": "<-", "›": ">", "▸": ">", "◂": "<"}
BRACKETS = {"⌊": "floor(", "⌋": ")", "⌈": "ceil(", "⌉": ")", "‖": "||"}
PUNCTUATION = {
    "�": "?",
    "␡": "^?",
    "…": "...",
    "–": "-",
    "—": "-",
    "′": "'",
    "″": "''",
    "‘": "'",
    "’": "'",
    "“": '"',
    "”": '"',
}
MARKS = {"✓": "+", "✗": "x"}
TREES = {"─": "-", "│": "|", "├": "|", "└": "`"}
LETTERS = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu "
    "nu xi omicron pi rho sigma tau upsilon phi chi psi omega"
)
GREEK = dict(zip("αβγδεζηθικλμνξοπρστυφχψω", LETTERS.split(), strict=True))
CAPITALS = {letter.upper(): name.capitalize() for letter, name in GREEK.items()}
# The letters of western languages: without their accents they can be read.
ACCENTED = frozenset(map(chr, range(0xC0, 0x100)))
PLAIN = str.maketrans(ARITHMETIC | RELATIONS | BRACKETS | PUNCTUATION | MARKS | TREES | GREEK | CAPITALS)

# The name of the way to write what an encoding lacks, for `errors=`.
ERRORS = "autograd.plain"


def printable(text: str, stream: Any = None) -> str:
    """The text in signs that a stream can write, which is standard output if none is given.

    Where columns stand below each other, their cells are to be made printable first: plain signs may be longer.
    """
    if text.isascii():
        return text
    encoding = getattr(sys.stdout if stream is None else stream, "encoding", None)
    if not isinstance(encoding, str):  # a StringIO, which takes everything
        return text
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.encode(encoding, ERRORS).decode(encoding)
    except LookupError:  # an encoding of the stream's own
        pass
    return text


def _plain(error: UnicodeError) -> tuple[str, int]:
    """Plain signs for those that an encoding lacks, and where the text goes on after them."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    import unicodedata

    def position(sign: str) -> str:
        return unicodedata.decomposition(sign).partition(" ")[0]

    plain = ""
    for where, signs in groupby(error.object[error.start : error.end], key=position):
        text = "".join(signs).translate(PLAIN)
        # Digits and letters that are set high or low, and others that are variants of usual ones, become those. The
        # letters of western languages lose their accents.
        text = {"<super>": "^", "<sub>": "_"}.get(where, "") + unicodedata.normalize("NFKC", text).translate(PLAIN)
        text = "".join([unicodedata.normalize("NFD", sign)[0] if sign in ACCENTED else sign for sign in text])
        plain += text.encode("ascii", "backslashreplace").decode()
    return plain, error.end


codecs.register_error(ERRORS, _plain)


def print_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns of text: the first stands left and is shortened to the terminal's width, the others stand right."""
    import shutil  # slow to import, and this module is a part of every program

    table = [[printable(cell) for cell in row] for row in (heads, *rows)]
    first, *others = [max(map(len, column)) for column in zip(*table, strict=True)]
    first = min(first, max(10, shutil.get_terminal_size().columns - sum(others) - 2 * len(others)))
    ellipsis = printable("…")
    for text, *numbers in table:
        shown = text if len(text) <= first else text[: first - len(ellipsis)] + ellipsis
        print(
            f"{shown:<{first}}",
            *[f"{number:>{width}}" for number, width in zip(numbers, others, strict=True)],
            sep="  ",
        )


class OutputError(Exception):
    """Why nobody gets what is printed, in one line."""


@contextlib.contextmanager
def output() -> Iterator[None]:
    """A block whose prints are in plain signs where need be, and all written when it ends.

    Raises OutputError where standard output is closed or full, and BrokenPipeError as soon as nobody reads on.
    """
    if sys.stdout is None:
        raise OutputError("cannot write the output: it is closed")
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stderr(sys.stderr or nowhere), _plain_signs():
        try:
            try:
                yield
            finally:
                sys.stdout.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            if error.filename is not None:  # of a file, and not of what is printed
                raise
            raise OutputError(f"cannot write the output: {error.strerror}") from error
        finally:
            _let_go(sys.stdout)
            _let_go(sys.stderr)


@contextlib.contextmanager
def _plain_signs() -> Iterator[None]:
    streams = [stream for stream in (sys.stdout, sys.stderr) if isinstance(stream, io.TextIOWrapper)]
    usual = [stream.errors for stream in streams]
    for stream in streams:
        stream.reconfigure(errors=ERRORS)
    try:
        yield
    finally:
        for stream, errors in zip(streams, usual, strict=True):
            stream.reconfigure(errors=errors)


def _let_go(stream: Any) -> None:
    """Send nowhere what cannot be written; else Python would complain once more when it ends."""
    try:
        stream.flush()
    except OSError:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), stream.fileno())


def complain(problem: str) -> None:
    """Tell what went wrong in one line of standard error, if somebody can be told."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError):
            print(f"autograd: {printable(problem, sys.stderr)}", file=sys.stderr)
        _let_go(sys.stderr)


def is_command() -> bool:
    """Whether the program that runs is the command `autograd`, or `python -m autograd`.

    Asked while the package is imported, when Python does not know yet what `-m` names.
    """
    program: str = getattr(sys, "argv", [""])[0]
    if program == "-m":
        module = sys.orig_argv[-len(sys.argv)].removeprefix("-m")
        return module.partition(".")[0] == "autograd"
    return os.path.basename(program).removesuffix(".exe").removesuffix("-script.py") == "autograd"
