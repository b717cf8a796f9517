"""Models in files: bit for bit, readable, replaced as a whole or not at all, and believed only after every check."""

import builtins
import json
import math
import os
import stat
import struct
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import Value, cos, detect_anomaly, files, relu, saving, sin, tanh
from autograd.nn import MLP, Layer, Module, Neuron, Sequential, gelu

INF, NAN = math.inf, math.nan
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions, links and devices")


def all_bits(number: float) -> str:
    """The 64 bits of a number, those of a nan too."""
    return struct.pack(">d", number).hex()


def from_bits(bits: int) -> float:
    number: float = struct.unpack(">d", bits.to_bytes(8, "big"))[0]
    return number


def state_bits(module: Module) -> dict[str, str]:
    return {name: all_bits(number) for name, number in module.state_dict().items()}


class Numbers(Module):
    """A model of any numbers."""

    def __init__(self, *numbers: float) -> None:
        self.numbers = [Value(number) for number in numbers]


class Named(Module):
    """A model of any names."""

    def __init__(self, numbers: dict[str, float]) -> None:
        self.parts = {name: Value(number) for name, number in numbers.items()}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.json"


@pytest.fixture
def saved(path: Path) -> Path:
    """The file of a small network."""
    MLP(2, [2, 1], seed=0).save(path)
    return path


# Round trips --------------------------------------------------------------------------------------

SPECIAL = [0.0, -0.0, 5e-324, -5e-324, 2.0**-1022, 1.7976931348623157e308, 0.1, 1 / 3, 1e22, 1e23, INF, -INF, NAN, -NAN]
NANS = [0x7FF8000000000001, 0xFFF8000000000000, 0x7FFFFFFFFFFFFFFF, 0x7FF8DEADBEEF0000]


def test_every_kind_of_number_goes_round_bit_for_bit(path: Path) -> None:
    """Seen to fail with 15 digits, with -0.0 written as 0, and with all nan alike."""
    numbers = [*SPECIAL, *map(from_bits, NANS)]
    model, twin = Numbers(*numbers), Numbers(*[1.0] * len(numbers))
    model.save(path)
    twin.load(path)

    assert state_bits(twin) == state_bits(model)
    assert [all_bits(value.data) for value in twin.numbers] == [all_bits(number) for number in numbers]


FLOATS = st.floats() | st.integers(0, 2**64 - 1).map(from_bits)


@given(st.lists(FLOATS, min_size=1, max_size=20))
def test_any_numbers_go_round_bit_for_bit(numbers: list[float]) -> None:
    """Seen to fail with 15 digits, and with all nan alike."""
    model, twin = Numbers(*numbers), Numbers(*[1.0] * len(numbers))
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "m")
        twin.load(Path(folder) / "m")

    assert [all_bits(value.data) for value in twin.numbers] == [all_bits(number) for number in numbers]


NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@given(st.dictionaries(NAMES, FLOATS, min_size=1, max_size=8))
def test_any_names_go_round(numbers: dict[str, float]) -> None:
    """Seen to fail with files in Latin-1."""
    model, twin = Named(numbers), Named(dict.fromkeys(numbers, 1.0))
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "m")
        twin.load(Path(folder) / "m")

    assert state_bits(twin) == state_bits(model)


def test_brackets_in_names_are_no_nesting(path: Path) -> None:
    """Seen to fail with all brackets counted."""
    numbers = {"[" * 100: 0.1, '"' + "{" * 100: 0.2, "\\": 0.3, '\\"[[[\n': 0.4}
    model, twin = Named(numbers), Named(dict.fromkeys(numbers, 1.0))
    model.save(path)
    twin.load(path)

    assert state_bits(twin) == state_bits(model)


def test_longest_numbers_fit_where_the_shortest_are_expected(path: Path) -> None:
    """Seen to fail with a limit of twice the size of the model as it is."""
    model, twin = Module(), Module()
    for place in range(3000):  # names of one character and four bytes
        setattr(model, chr(0x10000 + place), Value(-1.7976931348623157e-308))
        setattr(twin, chr(0x10000 + place), Value(0.0))
    model.save(path)
    twin.load(path)

    assert state_bits(twin) == state_bits(model)


def test_loading_keeps_the_values_and_their_gradients(saved: Path) -> None:
    """Seen to fail with gradients that are forgotten."""
    model = MLP(2, [2, 1], seed=1)
    model([1.0, 2.0]).backward()
    before, gradients = model.parameters(), [parameter.grad for parameter in model.parameters()]
    model.load(saved)

    assert model.parameters() == before
    assert [parameter.grad for parameter in before] == gradients
    assert state_bits(model) == state_bits(MLP(2, [2, 1], seed=0))


def test_path_may_be_a_text_or_a_path(path: Path) -> None:
    """Seen to fail with paths that are added to a text."""
    model = Numbers(1.5)
    model.save(path)
    first = path.read_bytes()
    model.save(str(path))

    assert path.read_bytes() == first
    model.load(str(path))
    model.load(path)


# What a person reads ------------------------------------------------------------------------------


def test_file_is_json_with_a_line_for_each_number(path: Path) -> None:
    """Seen to fail with everything in one line."""
    Numbers(0.1, -0.0, INF, NAN, from_bits(0x7FF8000000000001)).save(path)

    assert path.read_text(encoding="utf-8").splitlines() == [
        "{",
        ' "format": "scalar-autograd",',
        ' "version": 1,',
        ' "kind": "model",',
        ' "parts": {',
        '  "": "Numbers"',
        " },",
        ' "content": {',
        '  "numbers.0": 0.1,',
        '  "numbers.1": -0.0,',
        '  "numbers.2": "inf",',
        '  "numbers.3": "nan",',
        '  "numbers.4": "nan 7ff8000000000001"',
        " }",
        "}",
    ]


def test_file_is_strict_json_in_utf_8(path: Path) -> None:
    """Seen to fail with NaN for nan."""

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    model = Named({"größe": INF, "Θ": NAN, 'a\n\x00"b': -INF})
    model.save(path)
    found = json.loads(path.read_bytes().decode("utf-8"), parse_constant=refuse)

    assert found["content"] == {"parts.größe": "inf", "parts.Θ": "nan", 'parts.a\n\x00"b': "-inf"}
    assert "größe" in path.read_text(encoding="utf-8")


def test_numbers_may_be_edited_by_hand(saved: Path) -> None:
    """Seen to fail with whole numbers refused."""
    whole = json.loads(saved.read_text())
    whole["content"]["layers.0.neurons.0.bias"] = 3
    saved.write_text(json.dumps(whole))
    model = MLP(2, [2, 1])
    model.load(saved)

    assert all_bits(model.layers[0].neurons[0].bias.data) == all_bits(3.0)


# A crash half-way ---------------------------------------------------------------------------------


class BrokenFile:
    """A file that writes half of what it is given and then fails."""

    def __init__(self, file: Any, exception: BaseException) -> None:
        self.file, self.exception = file, exception

    def write(self, content: memoryview) -> None:
        self.file.write(content[: len(content) // 2])
        raise self.exception

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)

    def __enter__(self) -> "BrokenFile":
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()


def break_off(monkeypatch: pytest.MonkeyPatch, step: str, exception: BaseException) -> None:
    """Let one step of saving raise."""

    def raise_it(*_: Any, **__: Any) -> None:
        raise exception

    if step == "write":
        real_open = builtins.open
        monkeypatch.setattr(files, "open", lambda *a, **k: BrokenFile(real_open(*a, **k), exception), raising=False)
    else:
        owner, name = {"fsync": (os, "fsync"), "chmod": (os, "chmod"), "replace": (os, "replace")}[step]
        monkeypatch.setattr(owner, name, raise_it)


@pytest.mark.parametrize("exception", [OSError(28, "No space left on device"), KeyboardInterrupt(), MemoryError()])
@pytest.mark.parametrize("step", ["write", "fsync", "chmod", "replace"])
def test_crash_leaves_the_old_file_and_nothing_else(
    saved: Path, monkeypatch: pytest.MonkeyPatch, step: str, exception: BaseException
) -> None:
    """Seen to fail with a file that is written in place, and with temporary files that stay."""
    before = saved.read_bytes()
    with monkeypatch.context() as patch:
        break_off(patch, step, exception)
        with pytest.raises(type(exception)) as caught:
            MLP(2, [2, 1], seed=1).save(saved)

    assert caught.value is exception
    assert saved.read_bytes() == before
    assert os.listdir(saved.parent) == [saved.name]


@pytest.mark.parametrize("step", ["write", "fsync", "replace"])
def test_crash_of_the_first_saving_leaves_no_file(path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """Seen to fail with temporary files that stay."""
    with monkeypatch.context() as patch:
        break_off(patch, step, KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            MLP(2, [2, 1], seed=1).save(path)

    assert os.listdir(path.parent) == []


def test_everything_is_on_the_disk_before_the_old_file_is_gone(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen to fail without fsync, and with fsync before the text has left Python."""
    events = []
    sizes = []
    fsync, replace = os.fsync, os.replace

    def spied_fsync(descriptor: int) -> None:
        events.append("fsync")
        sizes.append(os.fstat(descriptor).st_size)
        fsync(descriptor)

    def spied_replace(source: str, target: str) -> None:
        events.append("replace")
        assert os.path.dirname(source) == os.path.dirname(target)  # else the renaming may be a copy
        replace(source, target)

    monkeypatch.setattr(os, "fsync", spied_fsync)
    monkeypatch.setattr(os, "replace", spied_replace)
    MLP(2, [2, 1], seed=1).save(saved)

    assert events == ["fsync", "replace"]
    assert sizes == [saved.stat().st_size]


def test_two_threads_that_save_to_one_path_leave_one_whole_file(path: Path) -> None:
    """Seen to fail with one name for all temporary files."""
    models = [Numbers(*[float(place)] * 200) for place in range(4)]
    errors: list[BaseException] = []

    def save(model: Module) -> None:
        try:
            for _ in range(10):
                model.save(path)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=save, args=(model,)) for model in models]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    twin = Numbers(*[9.0] * 200)
    twin.load(path)

    assert not errors
    assert len({value.data for value in twin.numbers}) == 1
    assert os.listdir(path.parent) == [path.name]


# Folders, links and permissions -------------------------------------------------------------------


@pytest.fixture
def umask() -> Iterator[int]:
    before = os.umask(0o027)
    yield 0o027
    os.umask(before)


@POSIX
def test_new_file_has_the_permissions_of_the_umask(path: Path, umask: int) -> None:
    """Seen to fail with a temporary file for its owner alone."""
    Numbers(1.0).save(path)

    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~umask


@POSIX
@pytest.mark.parametrize("mode", [0o600, 0o644, 0o664])
def test_existing_file_keeps_its_permissions(path: Path, mode: int) -> None:
    """Seen to fail with a temporary file's own permissions."""
    path.touch()
    path.chmod(mode)
    Numbers(1.0).save(path)

    assert stat.S_IMODE(path.stat().st_mode) == mode


@POSIX
@pytest.mark.parametrize("exists", [True, False])
def test_link_goes_on_pointing_at_its_file(tmp_path: Path, exists: bool) -> None:
    """Seen to fail with a link that is replaced by the file."""
    (tmp_path / "models").mkdir()
    target, link = tmp_path / "models" / "first.json", tmp_path / "latest.json"
    if exists:
        Numbers(1.0).save(target)
    link.symlink_to(target)
    Numbers(2.0).save(link)
    twin = Numbers(0.0)
    twin.load(target)

    assert link.is_symlink()
    assert twin.state_dict() == {"numbers.0": 2.0}
    assert os.listdir(tmp_path / "models") == ["first.json"]


def test_path_relative_to_the_folder_one_is_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen to fail with a folder of "" that does not exist."""
    monkeypatch.chdir(tmp_path)
    Numbers(1.0).save("model.json")
    Numbers(0.0).load("model.json")

    assert os.listdir() == ["model.json"]


def test_folder_that_does_not_exist_is_told(tmp_path: Path) -> None:
    """Seen to fail with the name of the temporary file in the message."""
    with pytest.raises(FileNotFoundError, match=r"there is no folder '.*nowhere' for model\.json: '.*model\.json'$"):
        Numbers(1.0).save(tmp_path / "nowhere" / "model.json")


def test_folder_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    """Seen to fail with temporary files that stay."""
    folder = tmp_path / "model.json"
    folder.mkdir()
    with pytest.raises(OSError, match=r"model\.json"):
        Numbers(1.0).save(folder)
    with pytest.raises(OSError, match=r"model\.json"):
        Numbers(1.0).load(folder)

    assert os.listdir(tmp_path) == ["model.json"]
    assert os.listdir(folder) == []


@POSIX
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write everywhere")
def test_folder_that_may_not_be_written_to_is_told(saved: Path) -> None:
    """Seen to fail with errors that are swallowed."""
    before = saved.read_bytes()
    saved.parent.chmod(0o500)
    try:
        with pytest.raises(PermissionError, match=r"model\.json"):
            Numbers(1.0).save(saved)
    finally:
        saved.parent.chmod(0o700)

    assert saved.read_bytes() == before
    assert os.listdir(saved.parent) == [saved.name]


def test_file_that_does_not_exist_is_told(path: Path) -> None:
    """Seen to fail with errors that are swallowed."""
    model = Numbers(1.0)
    with pytest.raises(FileNotFoundError, match=r"model\.json"):
        model.load(path)

    assert model.state_dict() == {"numbers.0": 1.0}


# Damaged files ------------------------------------------------------------------------------------


def refused(path: Path, content: bytes | str, match: str | None = None, model: Module | None = None) -> None:
    """Loading the content raises ValueError, which names the file, and changes nothing."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    model = model or MLP(2, [2, 1], seed=1)
    before = state_bits(model)
    with pytest.raises(ValueError, match=match) as caught:
        model.load(path)

    assert str(path) in str(caught.value)
    assert len(str(caught.value)) < len(str(path)) + 600
    assert state_bits(model) == before


def test_file_that_is_cut_off_anywhere_is_refused(saved: Path) -> None:
    """Seen to fail with errors that are swallowed."""
    whole = saved.read_bytes()
    for length in range(len(whole.rstrip())):
        refused(saved, whole[:length])


@given(st.data())
def test_damaged_bytes_are_refused_or_give_what_the_file_says(data: st.DataObject) -> None:
    """Seen to fail with names that are not compared."""
    model, twin = MLP(2, [2, 1], seed=0), MLP(2, [2, 1], seed=1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m"
        model.save(path)
        content = bytearray(path.read_bytes())
        for place, byte in data.draw(
            st.lists(st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255)), min_size=1, max_size=4)
        ):
            content[place] = byte
        path.write_bytes(content)
        before = state_bits(twin)
        try:
            twin.load(path)
        except ValueError:
            assert state_bits(twin) == before
            return
        told = json.loads(content.decode())

    # A digit has become another one: the file is as good as any.
    assert told["content"].keys() == before.keys()
    assert state_bits(twin) == {name: all_bits(float(number)) for name, number in told["content"].items()}
    assert all(math.isfinite(number) for number in told["content"].values())


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(content: bytes) -> None:
    """Seen to fail with errors of the decoder that are passed on."""
    with tempfile.TemporaryDirectory() as folder:
        refused(Path(folder) / "m", content, "is damaged or cannot be loaded here")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=5), part, max_size=3),
    max_leaves=6,
)


def is_number(thing: Any) -> bool:
    if isinstance(thing, int | float) and not isinstance(thing, bool):
        return abs(thing) <= 1.7976931348623157e308
    return thing in ("inf", "-inf", "nan") if isinstance(thing, str) else False


@given(JSON, st.sampled_from(["format", "version", "kind", "content", "numbers.0", "numbers.1"]))
def test_anything_but_a_number_in_its_place_is_refused(thing: Any, place: str) -> None:
    """Seen to fail with true taken for 1, and without the check of the format, the version or the kind."""
    content = {"numbers.0": 0.5, "numbers.1": 0.25}
    whole = {"format": "scalar-autograd", "version": 1, "kind": "model", "content": content}
    (content if place in content else whole)[place] = thing
    if (place in content and is_number(thing)) or (place == "version" and thing == 1):
        return

    with tempfile.TemporaryDirectory() as folder:
        refused(Path(folder) / "m", json.dumps(whole), model=Numbers(1.0, 2.0))


def file_of(content: str) -> str:
    return '{"format": "scalar-autograd", "version": 1, "kind": "model", "content": ' + content + "}"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "damaged or cannot be loaded"),
        ("null", 'does not say "format"'),
        ("[]", 'does not say "format"'),
        ("3", 'does not say "format"'),
        ('"scalar-autograd"', 'does not say "format"'),
        ("{}", 'does not say "format"'),
        ('{"format": "pickle"}', 'does not say "format"'),
        ('{"format": "scalar-autograd"}', "has version None, this program reads version 1"),
        ('{"format": "scalar-autograd", "version": 2}', "has version 2, this program reads version 1"),
        ('{"format": "scalar-autograd", "version": 1, "kind": "Adam"}', "holds 'Adam' rather than 'model'"),
        ('{"format": "scalar-autograd", "version": 1, "kind": "model"}', "no content"),
        (file_of("[1.0]"), "no content"),
        (file_of("1.0"), "no content"),
        (file_of("{}"), r"lacks numbers\.0"),
        (file_of('{"numbers.0": 1.0, "numbers.1": 2.0}'), r"has, but the model does not, numbers\.1"),
        (file_of('{"numbers.0": 1.0, "numbers.0": 2.0}'), "twice"),
        (file_of('{"numbers.0": 1.0}') + file_of('{"numbers.0": 1.0}'), "damaged or cannot be loaded"),
        (file_of('{"numbers.0": NaN}'), "NaN is not JSON"),
        (file_of('{"numbers.0": Infinity}'), "Infinity is not JSON"),
        (file_of('{"numbers.0": -Infinity}'), "-Infinity is not JSON"),
        (file_of('{"numbers.0": 1e999}'), "larger than any float"),
        (file_of('{"numbers.0": -1e999}'), "larger than any float"),
        (file_of('{"numbers.0": 1' + 400 * "0" + "}"), "larger than any float"),
        (file_of('{"numbers.0": -1' + 400 * "0" + "}"), "larger than any float"),
        (file_of('{"numbers.0": 1' + 4400 * "0" + "}"), "damaged or cannot be loaded"),
        (file_of('{"numbers.0": true}'), r"numbers\.0 is not a number but True"),
        (file_of('{"numbers.0": null}'), r"numbers\.0 is not a number but None"),
        (file_of('{"numbers.0": "1.0"}'), r"numbers\.0 is not a number but '1\.0'"),
        (file_of('{"numbers.0": "Infinity"}'), r"numbers\.0 is not a number but 'Infinity'"),
        (file_of('{"numbers.0": [1.0]}'), r"numbers\.0 is not a number but \[1\.0\]"),
        (file_of('{"numbers.0": {"a": 1.0}}'), r"numbers\.0 is not a number but \{'a': 1\.0\}"),
        (file_of('{"numbers.0": "nan 3ff0000000000000"}'), "is not a nan"),
        (file_of('{"numbers.0": "nan 7ff0000000000000"}'), "is not a nan"),
        (file_of('{"numbers.0": "nan 7ff8"}'), "damaged or cannot be loaded"),
        (file_of('{"numbers.0": "nan 7ff80000000000000000"}'), "damaged or cannot be loaded"),
        (file_of('{"numbers.0": "nan of mine"}'), "damaged or cannot be loaded"),
        (file_of('{"numbers.0": 0x10}'), "damaged or cannot be loaded"),
        (file_of('{"numbers.0": __import__("os")}'), "damaged or cannot be loaded"),
        (file_of("[" * 1800), "nested more than 16 levels deep"),
        (file_of("[" * 1800 + "]" * 1800), "nested more than 16 levels deep"),
        (file_of('{"numbers.0": ' + "[" * 15 + "]" * 15 + "}"), "nested more than 16 levels deep"),
        (file_of('{"numbers.0": ' + "[" * 14 + "]" * 14 + "}"), r"numbers\.0 is not a number but \[\["),
        (file_of('{"numbers.0": ' + '{"a]}":' * 500 + "1" + "}" * 500 + "}"), "nested more than 16 levels deep"),
        (file_of('{"numbers.0": ' + '{"a\\"]}":' * 300 + "1" + "}" * 300 + "}"), "nested more than 16 levels deep"),
        (file_of('{"numbers.0": 1.0}').encode("utf-16"), "damaged or cannot be loaded"),
        (b"\xef\xbb\xbf" + file_of('{"numbers.0": 1.0}').encode(), "damaged or cannot be loaded"),
        (b"\xff\xfe", "damaged or cannot be loaded"),
        (b'{"format": "\xc3"}', "damaged or cannot be loaded"),
        (b"\x80\x04\x95", "damaged or cannot be loaded"),
        (b"\x00" * 100, "damaged or cannot be loaded"),
    ],
    ids=lambda x: x[:60] if isinstance(x, str) else "bytes",
)
def test_damaged_file_is_refused_and_the_model_unchanged(path: Path, content: bytes | str, message: str) -> None:
    """Seen to fail with 1e999 taken for inf, and with numbers that are taken over one by one."""
    refused(path, content, message, Numbers(0.5))


def without_parts(content: str) -> str:
    """A file as it was before it said what its model is."""
    whole = json.loads(content)
    del whole["parts"]
    return json.dumps(whole)


def test_file_of_another_shape_is_refused(saved: Path) -> None:
    """Seen to fail with names that are not compared."""
    content = saved.read_text()
    for nin, nouts, message in (
        (2, [3, 1], r"lacks layers\.0\.neurons\.2\.weights\.0"),
        (2, [1, 1], r"has, but the model does not, layers\.0\.neurons\.1\.weights\.0"),
        (3, [2, 1], r"lacks layers\.0\.neurons\.0\.weights\.2"),
    ):
        here = " → ".join(map(str, [nin, *nouts]))

        refused(saved, without_parts(content), message, MLP(nin, nouts))
        refused(
            saved, content, rf"there the model is MLP\(2 → 2 → 1\), here it is MLP\({here}\)\. Build", MLP(nin, nouts)
        )


# What the model is --------------------------------------------------------------------------------


class Acting(Module):
    """A module that says nothing of itself."""

    def __init__(self, act: Any) -> None:
        self.act, self.weight = act, Value(0.5)

    def forward(self, x: Any) -> Any:
        return self.act(self.weight * x)


class Renamed(Acting):
    pass


class Telling(Acting):
    def extra_repr(self) -> str:
        return "tells"


def test_file_says_what_the_model_is(saved: Path) -> None:
    """Seen to fail with numbers alone in the file."""
    assert json.loads(saved.read_text())["parts"] == {
        "": "MLP(2 → 2 → 1)",
        "layers.0": "Layer(2 → 2, relu)",
        "layers.0.neurons.0": "Neuron(2, relu)",
        "layers.0.neurons.1": "Neuron(2, relu)",
        "layers.1": "Layer(2 → 1, identity)",
        "layers.1.neurons.0": "Neuron(2, identity)",
    }


@pytest.mark.parametrize(
    ("there", "here", "message"),
    [
        (
            lambda: MLP(2, [2, 1], "tanh"),
            lambda: MLP(2, [2, 1], "relu"),
            r"layers\.0 is Layer\(2 → 2, tanh\), here it is Layer\(2 → 2, relu\)",
        ),
        (
            lambda: MLP(2, [2, 1], output="sigmoid"),
            lambda: MLP(2, [2, 1]),
            r"layers\.1 is Layer\(2 → 1, sigmoid\), here it is Layer\(2 → 1, identity\)",
        ),
        (lambda: Neuron(2, sin), lambda: Neuron(2, cos), r"is Neuron\(2, sin\), here it is Neuron\(2, cos\)"),
        (lambda: Acting(tanh), lambda: Acting(relu), r"is Acting\(act=tanh\), here it is Acting\(act=relu\)"),
        (
            lambda: Sequential(Layer(2, 1), tanh),
            lambda: Sequential(Layer(2, 1), relu),
            r"is Sequential\(1: tanh\), here it is Sequential\(1: relu\)",
        ),
        (lambda: Acting("tanh"), lambda: Acting("relu"), r"is Acting\(act=tanh\), here it is Acting\(act=relu\)"),
        (
            lambda: Acting([tanh]),
            lambda: Acting([gelu]),
            r"is Acting\(act=\[tanh\]\), here it is Acting\(act=\[gelu\]\)",
        ),
        (lambda: Telling(tanh), lambda: Acting(relu), r"is Telling\(tells\), here it is Acting\(act=relu\)"),
    ],
)
def test_file_of_a_model_that_computes_something_else_is_refused(
    path: Path, there: Callable[[], Module], here: Callable[[], Module], message: str
) -> None:
    """Seen to fail with names and numbers alone compared."""
    there().save(path)

    refused(path, path.read_bytes(), message, here())
    model = here()
    path.write_text(without_parts(path.read_text()))
    model.load(path)


@pytest.mark.parametrize(
    ("there", "here"),
    [
        (lambda: Acting(tanh), lambda: Renamed(tanh)),
        (lambda: Acting(tanh), lambda: Acting(lambda x: x.tanh())),
        (lambda: Acting("first"), lambda: Acting("second")),
        (lambda: Acting(tanh), lambda: Acting("tanh")),
        (lambda: Neuron(2, tanh), lambda: Neuron(2, "tanh")),
        (lambda: Neuron(2, "tanh"), lambda: Neuron(2, lambda x: x.tanh())),
        (lambda: Sequential(Layer(2, 1), tanh), lambda: Sequential(Layer(2, 1), lambda xs: xs[0])),
    ],
)
def test_a_class_may_be_renamed_and_a_lambda_be_any_function(
    path: Path, there: Callable[[], Module], here: Callable[[], Module]
) -> None:
    """Seen to fail with the names of classes compared."""
    model, twin = there(), here()
    model.save(path)
    twin.load(path)

    assert state_bits(twin) == state_bits(model)


@pytest.mark.parametrize("parts", [None, [], "MLP", {}, {"layers.7": "x"}, {"": "MLP(2 → 2 → 1)"}])
def test_what_a_file_says_in_another_way_is_left_alone(saved: Path, parts: Any) -> None:
    """Seen to fail with parts that have to be complete."""
    whole = json.loads(saved.read_text())
    whole["parts"] = parts
    saved.write_text(json.dumps(whole))
    model = MLP(2, [2, 1])
    model.load(saved)

    assert state_bits(model) == state_bits(MLP(2, [2, 1], seed=0))


def test_file_of_a_much_larger_model_is_named(path: Path) -> None:
    """Seen to fail with a number of bytes alone."""
    MLP(2, [32, 1], seed=0).save(path)

    refused(path, path.read_bytes(), r"much more than MLP\(2 → 2 → 1\) needs; it is the file of MLP\(2 → 32 → 1\)")


def test_buffers_are_in_the_file(path: Path) -> None:
    """Seen to fail with parameters only."""
    model, twin = Module(), Module()
    for thing, numbers in ((model, [NAN, -0.0, 7]), (twin, [0.0, 0.0, 0])):
        thing.register_buffer("mean", numbers[0])
        thing.register_buffer("table", [[numbers[1]], numbers[2]])
    model.save(path)
    twin.load(path)

    assert all_bits(twin.mean) == all_bits(NAN)
    assert repr(twin.table) == "[[-0.0], 7]"


def test_last_number_that_is_none_changes_nothing(saved: Path) -> None:
    """Seen to fail with numbers that are taken over one by one."""
    whole = json.loads(saved.read_text())
    whole["content"]["layers.1.neurons.0.bias"] = "0.0"

    refused(saved, json.dumps(whole), "bias is not a number but '0.0'")


@POSIX
def test_huge_file_is_refused_before_it_is_read(path: Path) -> None:
    """Seen to fail with a file that is read as a whole."""
    with open(path, "wb") as file:
        file.truncate(2**36)  # it has no blocks on the disk, but 64 GiB to read
    model = Numbers(0.5)
    with pytest.raises(ValueError, match=r"model\.json.*larger than \d{4} bytes"):
        model.load(path)

    assert model.state_dict() == {"numbers.0": 0.5}


@POSIX
@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null"])
def test_device_is_refused(device: str) -> None:
    """Seen to fail with a file that is read as a whole."""
    model = Numbers(0.5)
    with pytest.raises(ValueError, match=device):
        model.load(device)

    assert model.state_dict() == {"numbers.0": 0.5}


def test_deep_nesting_is_refused_on_a_small_stack(path: Path) -> None:
    """Seen to fail without the check of the depth: RecursionError, on Python 3.13 a crash of the process."""
    model = Numbers(*[0.5] * 5_000)  # large enough for a file of 100,000 brackets
    path.write_text(file_of('{"numbers.0": ' + "[" * 50_000 + "]" * 50_000 + "}"))
    caught: list[BaseException] = []

    def load() -> None:
        try:
            model.load(path)
        except BaseException as error:
            caught.append(error)

    before = threading.stack_size(256 * 1024)
    try:
        thread = threading.Thread(target=load)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(before)

    assert [type(error) for error in caught] == [ValueError]
    assert "nested" in str(caught[0])


def test_string_that_does_not_end_is_refused_at_once(path: Path) -> None:
    """Seen to fail with each quote tried as a beginning: it takes minutes."""
    model = Numbers(*[0.5] * 5_000)

    refused(path, '"' + 100_000 * '\\"', "Unterminated string", model)


@pytest.mark.parametrize("name", ["pickle", "marshal", "shelve", "dill", "eval(", "exec(", "__import__"])
def test_nothing_in_a_file_is_ever_run(name: str) -> None:
    """Seen to fail with an import of pickle."""
    source = Path(saving.__file__).read_text(encoding="utf-8")
    code = source.replace("no pickle, no eval.", "")

    assert name not in code


def test_names_that_no_file_can_hold_are_refused_and_leave_nothing(path: Path) -> None:
    """Seen to fail with temporary files that stay."""
    with pytest.raises(ValueError, match="surrogates"):
        Named({"\ud800": 1.0}).save(path)

    assert os.listdir(path.parent) == []


def test_anomaly_that_breaks_off_loading_changes_nothing(path: Path) -> None:
    """Seen to fail with numbers that are taken over one by one."""
    model, twin = Numbers(1.0, NAN), Numbers(3.0, 4.0)
    model.save(path)
    with detect_anomaly(), pytest.raises(FloatingPointError, match=r"numbers\.1 is nan"):
        twin.load(path)

    assert twin.state_dict() == {"numbers.0": 3.0, "numbers.1": 4.0}


@pytest.mark.parametrize("make", [lambda: MLP(3, [4, 4, 1], seed=0), lambda: Numbers(1.0, 2.0)])
def test_saving_twice_gives_the_same_bytes(path: Path, make: Callable[[], Module]) -> None:
    """Seen to fail with the time of saving in the file."""
    make().save(path)
    first = path.read_bytes()
    make().save(path)

    assert path.read_bytes() == first
