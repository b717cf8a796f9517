"""Numbers in JSON files that a person can read, bit for bit, and that are checked before they are used.

Finite floats are written so that reading gives the same bits; inf and nan, which JSON does not have, are the
strings "inf", "-inf" and "nan". Nothing in a file is ever run: no pickle, no eval.
"""

import json
import math
import os
import re
import struct
from collections.abc import Mapping
from itertools import accumulate
from typing import Any, NoReturn

from . import files
from .ieee import real

FORMAT, VERSION = "scalar-autograd", 1

# What a model is made of: for each part, by name, the class and what it says about itself, as in "Neuron(2, tanh)".
# The name of the whole is "".
Parts = Mapping[str, str]
NO_PARTS: Parts = {}

DEEPEST = 16  # levels of nesting; no file of ours has more than 5


def write(path: files.AnyPath, kind: str, content: Mapping[str, Any], parts: Parts = NO_PARTS) -> None:
    """Write content of a kind, "model" or the name of an optimiser, to a file, together with what its parts are.

    The file is written completely or not at all.
    """
    files.write(path, _text(kind, content, parts).encode())


def read(path: files.AnyPath, kind: str, like: Mapping[str, Any], parts: Parts = NO_PARTS) -> dict[str, Any]:
    """The content of a file that `write` made, which must be of this kind and not much larger than one `like` it.

    Raises ValueError, which names the file and what is wrong with it, for instance that its model has other parts.
    """
    limit = 4 * len(_text(kind, like, parts)) + 4096  # a number takes 3 to 24 characters
    with open(path, "rb") as file:
        raw = file.read(limit + 1)
    try:
        if len(raw) > limit:
            raise ValueError(f"it is larger than {limit} bytes, much more than {_named(parts)} needs{_beginning(raw)}")
        text = raw.decode()
        if _depth(text) > DEEPEST:  # Python 3.13 would crash in a thread with a small stack
            raise ValueError(f"it is nested more than {DEEPEST} levels deep")
        found = json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)
        if not isinstance(found, dict) or found.get("format") != FORMAT:
            raise ValueError(f'it does not say "format": "{FORMAT}"')
        if found.get("version") != VERSION:
            raise ValueError(f"it has version {found.get('version')!r:.40}, this program reads version {VERSION}")
        if found.get("kind") != kind:
            raise ValueError(f"it holds {found.get('kind')!r:.40} rather than {kind!r}")
        content = found.get("content")
        if not isinstance(content, dict):
            raise ValueError("it has no content")
        decoded = {name: _decoded(thing) for name, thing in content.items()}
    except (ValueError, struct.error) as error:
        raise ValueError(f"{os.fsdecode(path)} is damaged or cannot be loaded here: {error}") from None
    _check_parts(os.fsdecode(path), found.get("parts"), parts)
    return decoded


def load(path: files.AnyPath, kind: str, thing: Any, parts: Parts = NO_PARTS) -> None:
    """Load the state in a file of this kind into something that has a `state_dict` and a `load_state_dict`.

    Raises ValueError, which names the file, and changes nothing, if it does not fit.
    """
    state = read(path, kind, thing.state_dict(), parts)
    try:
        thing.load_state_dict(state)
    except ValueError as error:
        raise ValueError(f"{os.fsdecode(path)}: {error}") from None


def _check_parts(path: str, found: Any, expected: Parts) -> None:
    """Refuse a file whose model computes something else; one that does not say what its model was is trusted."""
    for name, here in expected.items() if isinstance(found, dict) else ():
        there = str(found.get(name, here))
        if not _may_be_same(there, here):
            place = name or "the model"
            raise ValueError(
                f"{path} is the file of another model: there {place} is {there:.80}, here it is {here:.80}. "
                "Build the model as it was when it was saved"
            )


def _may_be_same(there: str, here: str) -> bool:
    """Whether two parts say the same about themselves; a class may be renamed, and a lambda may be any function."""
    about = [part.partition("(")[2] for part in (there, here)]
    return about[0] == about[1] or "" in about or any("<lambda>" in told for told in about)


def _named(parts: Parts) -> str:
    return f"{parts['']:.80}" if "" in parts else "what is expected here"


def _beginning(raw: bytes) -> str:
    """What a file that is too large says about its model."""
    told = re.search(rb'"parts": \{\s*"": ("(?:[^"\\]|\\.){1,400}")', raw[:1000])
    return f"; it is the file of {json.loads(told[1]):.80}" if told else ""


def _text(kind: str, content: Mapping[str, Any], parts: Parts = NO_PARTS) -> str:
    told = {"parts": parts} if parts else {}
    whole = {"format": FORMAT, "version": VERSION, "kind": kind, **told, "content": _encoded(content)}
    return json.dumps(whole, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _depth(text: str) -> int:
    """How deeply the brackets of a JSON text are nested, not counting those within its strings."""
    # A string that does not end is a token too; otherwise each of its quotes would be another beginning to try.
    tokens = re.findall(r'"(?:[^"\\]|\\.)*"?|[][{}]', text)
    return max(accumulate((token in ("[", "{")) - (token in ("]", "}")) for token in tokens), default=0)


def _encoded(thing: Any) -> Any:
    if isinstance(thing, Mapping):
        return {name: _encoded(part) for name, part in thing.items()}
    if isinstance(thing, list | tuple):
        return [_encoded(part) for part in thing]
    if isinstance(thing, float) and not math.isfinite(thing):
        # There are many nans; the usual one is written as nan, others with their bits.
        bits = struct.pack(">d", thing).hex()
        return f"nan {bits}" if math.isnan(thing) and bits != "7ff8000000000000" else str(thing)
    return thing


def _decoded(thing: Any) -> Any:
    if isinstance(thing, dict):
        return {name: _decoded(part) for name, part in thing.items()}
    if isinstance(thing, list):
        return [_decoded(part) for part in thing]
    if thing in ("inf", "-inf", "nan"):
        return float(thing)
    if isinstance(thing, str) and thing.startswith("nan "):
        number: float = struct.unpack(">d", bytes.fromhex(thing[4:]))[0]
        if not math.isnan(number):
            raise ValueError(f"{thing!r} is not a nan")
        return number
    if isinstance(thing, int | float) and math.isinf(real(thing)):  # 1e999, while inf is written as "inf"
        raise ValueError("a number in it is larger than any float")
    return thing


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("it contains a name twice")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
