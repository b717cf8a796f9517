"""Whatever writes files: whole or not at all, to the place that is meant, and as its owner has it."""

import builtins
import errno
import importlib
import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from autograd import Value, draw, files
from autograd.nn import MLP
from autograd.optim import SGD
from autograd.plot import Picture

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions, links and devices")
ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="as Linux has it")


def _needs_typst(ending: str) -> Any:
    missing = find_spec("typst") is None
    return pytest.param(
        (ending, lambda path: draw(Value(2.0, "x") * 3).save(path)),
        marks=pytest.mark.skipif(missing, reason="the extra scalar-autograd[pictures] is not installed"),
        id=f"drawing{ending}",
    )


# All that writes files: how the name ends, and what writes to it.
WRITERS = [
    pytest.param((".json", lambda path: MLP(2, [2, 1], seed=0).save(path)), id="model"),
    pytest.param((".json", lambda path: SGD([Value(1.0)], lr=0.1).save(path)), id="optimizer"),
    pytest.param((".svg", lambda path: Picture("<svg/>", "", 0).save(path)), id="trained"),
    pytest.param((".svg", lambda path: draw(Value(2.0, "x") * 3).save(path)), id="drawing.svg"),
    pytest.param((".html", lambda path: draw(Value(2.0, "x") * 3).save(path)), id="drawing.html"),
    pytest.param((".dot", lambda path: draw(Value(2.0, "x") * 3).save(path)), id="drawing.dot"),
    _needs_typst(".png"),
    _needs_typst(".pdf"),
]
Writer = tuple[str, Callable[[Any], None]]
by_all = pytest.mark.parametrize("writer", WRITERS)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def complete(content: bytes) -> bool:
    """Whether the content is that of a file of any writer, from its first to its last character."""
    starts = (b"{", b"<svg", b"<!DOCTYPE html>", b"<!doctype html>", b"digraph", b"\x89PNG", b"%PDF")
    ends = (b"}", b"</svg>", b"<svg/>", b"</html>", b"IEND\xaeB`\x82", b"%%EOF")
    return content.startswith(starts) and content.strip().endswith(ends)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder of a user who has no special rights; pytest's own folders are for root alone where root runs it."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name).resolve()
        if ROOT:
            os.chown(path, 65534, 65534)
            os.setegid(65534)
            os.seteuid(65534)
        try:
            yield path
        finally:
            if ROOT:
                os.seteuid(0)
                os.setegid(0)
            path.chmod(0o700)


# Where it goes ------------------------------------------------------------------------------------


@by_all
def test_new_file_is_written_and_nothing_else(tmp_path: Path, writer: Writer) -> None:
    ending, save = writer
    save(tmp_path / f"new{ending}")

    assert list(contents(tmp_path)) == [f"new{ending}"]
    assert complete((tmp_path / f"new{ending}").read_bytes())


@POSIX
@by_all
def test_links_go_on_pointing_at_their_file(tmp_path: Path, writer: Writer) -> None:
    """Seen to fail with os.replace on the path as it was given. A chain of links, relative ones, through a folder."""
    ending, save = writer
    store = tmp_path / "store"
    store.mkdir()
    (tmp_path / "shortcut").symlink_to("store")
    (store / f"real{ending}").write_text("old")
    (store / f"middle{ending}").symlink_to(f"../shortcut/real{ending}")
    (tmp_path / f"link{ending}").symlink_to(f"shortcut/middle{ending}")
    save(tmp_path / f"link{ending}")

    assert (tmp_path / f"link{ending}").is_symlink()
    assert (store / f"middle{ending}").is_symlink()
    assert not (store / f"real{ending}").is_symlink()
    assert complete((store / f"real{ending}").read_bytes())
    assert sorted(path.name for path in store.iterdir()) == [f"middle{ending}", f"real{ending}"]


@POSIX
@by_all
def test_link_to_what_is_not_there_yet_makes_it(tmp_path: Path, writer: Writer) -> None:
    ending, save = writer
    (tmp_path / "store").mkdir()
    (tmp_path / f"link{ending}").symlink_to(Path("store", f"real{ending}"))
    save(tmp_path / f"link{ending}")

    assert (tmp_path / f"link{ending}").is_symlink()
    assert complete((tmp_path / "store" / f"real{ending}").read_bytes())


@POSIX
def test_link_into_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("gone/real")

    with pytest.raises(FileNotFoundError, match=r"there is no folder '.*gone' for real: '.*link'$"):
        files.write(tmp_path / "link", b"new")


@POSIX
def test_links_in_a_circle_are_told(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")

    with pytest.raises(OSError, match=r"/a'$") as caught:
        files.write(tmp_path / "a", b"new")
    assert caught.value.errno == errno.ELOOP


@POSIX
@by_all
def test_pipe_is_written_to(tmp_path: Path, writer: Writer) -> None:
    """Seen to fail with os.replace: a regular file stood in its place, and the reader waited for ever."""
    ending, save = writer
    path = tmp_path / f"pipe{ending}"
    os.mkfifo(path)
    with subprocess.Popen(["cat", path], stdout=subprocess.PIPE) as reader:
        save(path)
        received, _ = reader.communicate(timeout=60)

    assert complete(received)
    assert stat.S_ISFIFO(path.stat().st_mode)
    assert len(list(tmp_path.iterdir())) == 1


@POSIX
def test_device_is_written_to(tmp_path: Path) -> None:
    """Seen to fail, where root ran it, with a regular file in its place. Its own device, so that none is harmed."""
    device = Path("/dev/null")
    if ROOT:
        device = tmp_path / "null"
        os.mknod(device, stat.S_IFCHR | 0o666, os.stat("/dev/null").st_rdev)
    link = tmp_path / "null.svg"
    link.symlink_to(device)
    try:
        files.write(device, b"new")
        draw(Value(1.0)).save(link)
    except PermissionError:
        pytest.skip("no device may be used here")

    assert link.is_symlink()
    assert stat.S_ISCHR(device.stat().st_mode)


@LINUX
def test_device_that_is_full_is_told_by_its_name() -> None:
    with pytest.raises(OSError, match=r"No space left on device: '/dev/full'$"):
        files.write("/dev/full", b"new")


@LINUX
def test_standard_output_is_written_to_wherever_it_goes(tmp_path: Path) -> None:
    """Seen to fail with os.path.realpath, which names a pipe that nobody finds, or a file that has been replaced."""
    program = "from autograd import files; files.write('/dev/stdout', b'new')"
    piped = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout
    log = tmp_path / "log"
    with open(log, "ab") as file:
        file.write(b"old, ")
        file.flush()
        subprocess.run([sys.executable, "-c", program], stdout=file, check=True)
        file.write(b", newest")

    assert piped == b"new"
    assert log.read_bytes() == b"old, new, newest"


@by_all
def test_longest_name_can_be_written(tmp_path: Path, writer: Writer) -> None:
    """Seen to fail with a temporary name that is longer than the name itself."""
    ending, save = writer
    name = "x" * (255 - len(ending)) + ending
    for _ in range(2):  # a new file, and an old one
        save(tmp_path / name)

    assert list(contents(tmp_path)) == [name]
    with pytest.raises(OSError, match=f"x{ending}'$"):
        save(tmp_path / f"x{name}")


@POSIX
@by_all
def test_path_may_be_bytes(tmp_path: Path, writer: Writer) -> None:
    """Seen to fail with TypeError in the middle of a message. A name need not be text in any encoding."""
    ending, save = writer
    for name in (f"plain{ending}", f"\udcff{ending}"):
        path = os.fsencode(tmp_path / name)
        save(path)
        with open(path, "rb") as file:
            assert complete(file.read())


@POSIX
def test_what_is_saved_by_a_path_of_bytes_can_be_loaded_by_it(tmp_path: Path) -> None:
    model, path = MLP(2, [1], seed=0), os.fsencode(tmp_path / "model.json")
    model.save(path)
    twin = MLP(2, [1], seed=1)
    twin.load(path)

    assert twin.state_dict() == model.state_dict()


@pytest.mark.parametrize("path", [3, None, 2.5, ["x"], True])
def test_what_is_no_path_is_told(path: Any) -> None:
    with pytest.raises(TypeError, match=r"expected str, bytes or os\.PathLike object"):
        files.write(path, b"new")


def test_empty_path_is_told() -> None:
    with pytest.raises(FileNotFoundError):
        files.write("", b"new")


@by_all
def test_folder_is_told(tmp_path: Path, writer: Writer) -> None:
    ending, save = writer
    path = tmp_path / f"folder{ending}"
    path.mkdir()
    with pytest.raises(IsADirectoryError, match=rf"it is a folder: '.*folder{ending}'$"):
        save(path)

    assert list(tmp_path.rglob("*")) == [path]


@by_all
def test_folder_that_is_not_there_is_told(tmp_path: Path, writer: Writer) -> None:
    """Seen to fail without a number and a name in the error, which programs look at."""
    ending, save = writer
    (tmp_path / "file").write_text("old")

    for missing in ("gone", "file"):
        with pytest.raises(FileNotFoundError, match=rf"there is no folder '.*{missing}' for x{ending}") as caught:
            save(tmp_path / missing / f"x{ending}")

        assert caught.value.errno == errno.ENOENT
        assert caught.value.filename == str(tmp_path / missing / f"x{ending}")


# As its owner has it ------------------------------------------------------------------------------


@POSIX
@by_all
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666, 0o755])
def test_old_file_keeps_its_permissions(tmp_path: Path, writer: Writer, mode: int) -> None:
    """Seen to fail, and a private picture to become readable for all, with a new file's own permissions."""
    ending, save = writer
    path = tmp_path / f"old{ending}"
    path.touch()
    path.chmod(mode)
    save(path)

    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert complete(path.read_bytes())


@POSIX
@by_all
def test_new_file_has_the_permissions_of_the_umask(tmp_path: Path, writer: Writer) -> None:
    ending, save = writer
    before = os.umask(0o027)
    try:
        save(tmp_path / f"new{ending}")
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / f"new{ending}").stat().st_mode) == 0o640


@POSIX
def test_private_file_is_never_readable_for_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen to fail with a temporary file that gets its permissions when it is complete."""
    path, modes = tmp_path / "private", []
    path.touch(mode=0o600)
    fsync = os.fsync
    monkeypatch.setattr(
        os, "fsync", lambda descriptor: (modes.append(os.fstat(descriptor).st_mode & 0o777), fsync(descriptor))
    )
    files.write(path, b"new")

    assert modes == [0o600]


@POSIX
@pytest.mark.skipif(not ROOT, reason="only root can give files away")
def test_root_leaves_files_to_their_owners(tmp_path: Path) -> None:
    """Seen to fail with files that belong to root afterwards."""
    path = tmp_path / "old"
    path.touch()
    os.chown(path, 1234, 4321)
    path.chmod(0o4755)
    files.write(path, b"new")
    status = path.stat()

    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (1234, 4321, 0o4755)
    assert path.read_bytes() == b"new"


@POSIX
@pytest.mark.skipif(not ROOT, reason="only root can give files away")
def test_file_of_somebody_else_that_may_be_written_stays_his(folder: Path) -> None:
    """Seen to fail with a file that changes its owner. In an open folder, where it could be replaced."""
    path = folder / "shared"
    path.write_text("old")
    os.seteuid(0)
    os.chown(path, 1234, 1234)
    path.chmod(0o666)
    os.seteuid(65534)
    files.write(path, b"new")

    assert path.read_bytes() == b"new"
    assert path.stat().st_uid == 1234
    assert os.listdir(folder) == ["shared"]


@POSIX
def test_protected_file_stays_as_it_is(folder: Path) -> None:
    """Seen to fail with os.replace, which asks for the permission of the folder alone."""
    path = folder / "protected.json"
    path.write_text("old")
    path.chmod(0o444)
    for write in (lambda: files.write(path, b"new"), lambda: files.require_writable(path)):
        with pytest.raises(PermissionError, match=r"protected\.json'$"):
            write()

    assert path.read_text() == "old"
    assert os.listdir(folder) == ["protected.json"]


@POSIX
def test_file_in_a_closed_folder_is_written_in_place(folder: Path) -> None:
    """Seen to fail with no way but a temporary file. What is shorter than before leaves nothing of it."""
    path = folder / "old"
    path.write_text("a long old text")
    folder.chmod(0o555)
    files.require_writable(path)
    files.write(path, b"new")

    assert path.read_bytes() == b"new"
    for write in (files.require_writable, lambda path: files.write(path, b"new")):
        with pytest.raises(PermissionError, match=r"another'$"):
            write(folder / "another")


@pytest.mark.parametrize("reason", [errno.EBUSY, errno.EXDEV, errno.EPERM, errno.EROFS])
def test_mounted_file_is_written_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: int) -> None:
    """Seen to fail with EBUSY, as docker's `--volume $PWD/model.json:/model.json` gives it."""

    def refuse(*_: Any) -> None:
        raise OSError(reason, os.strerror(reason))

    path = tmp_path / "mounted"
    path.write_text("a long old text")
    before = path.stat().st_ino
    monkeypatch.setattr(os, "replace", refuse)
    files.write(path, b"new")

    assert (path.read_bytes(), path.stat().st_ino) == (b"new", before)
    assert os.listdir(tmp_path) == ["mounted"]


@POSIX
def test_hard_link_keeps_the_old_file(tmp_path: Path) -> None:
    path, kept = tmp_path / "path", tmp_path / "kept"
    path.write_text("old")
    kept.hardlink_to(path)
    files.write(path, b"new")

    assert (path.read_bytes(), kept.read_bytes()) == (b"new", b"old")


# Whole or not at all ------------------------------------------------------------------------------


real_open = builtins.open


class HalfFile:
    """A file that takes a few bytes and then breaks, once."""

    def __init__(self, file: Any, problem: BaseException) -> None:
        self.file, self.problems = file, [problem]

    def write(self, content: memoryview) -> int:
        if self.problems:
            self.file.write(content[:2])
            raise self.problems.pop()
        return int(self.file.write(content))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)

    def __enter__(self) -> "HalfFile":
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()


PROBLEMS = [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt(), MemoryError()]


@by_all
@pytest.mark.parametrize("problem", PROBLEMS, ids=["full", "interrupt", "memory"])
def test_break_leaves_the_old_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writer: Writer, problem: BaseException
) -> None:
    """Seen to fail with `write_text` on the old file, and with temporary files that stay."""
    ending, save = writer
    path = tmp_path / f"old{ending}"
    path.write_text("old")
    save(tmp_path / f"warm{ending}")  # what is imported on the way reads files too
    (tmp_path / f"warm{ending}").unlink()
    monkeypatch.setattr(files, "open", lambda *a, **k: HalfFile(real_open(*a, **k), problem), raising=False)
    with pytest.raises(type(problem)):
        save(path)

    assert contents(tmp_path) == {f"old{ending}": b"old"}


@pytest.mark.parametrize("problem", PROBLEMS, ids=["full", "interrupt", "memory"])
def test_break_of_what_is_written_in_place_brings_the_old_content_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, problem: BaseException
) -> None:
    """Seen to fail without the second filling."""

    def refuse(*_: Any) -> None:
        raise OSError(errno.EBUSY, "busy")

    def broken(path: str, mode: str, **options: Any) -> Any:
        file = real_open(path, mode, **options)
        return HalfFile(file, problem) if mode == "r+b" else file

    path = tmp_path / "mounted"
    path.write_text("old")
    monkeypatch.setattr(os, "replace", refuse)
    monkeypatch.setattr(files, "open", broken, raising=False)
    with pytest.raises(type(problem)):
        files.write(path, b"a new text that is longer")

    assert contents(tmp_path) == {"mounted": b"old"}


@LINUX
@pytest.mark.skipif(not ROOT, reason="only root can make a small disk")
@by_all
def test_full_disk_leaves_the_old_file(tmp_path: Path, writer: Writer) -> None:
    """Seen to fail with the old picture of `train` cut off in the middle, on a disk of one page with one old file."""
    ending, save = writer
    mount = ["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", tmp_path]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        path = tmp_path / f"old{ending}"
        path.write_text("old")
        with pytest.raises(OSError, match=rf"No space left on device: '.*old{ending}'$"):
            save(path)

        assert contents(tmp_path) == {f"old{ending}": b"old"}
    finally:
        subprocess.run(["umount", tmp_path], check=True)


def test_two_processes_that_write_at_the_same_time_leave_one_whole_file(tmp_path: Path) -> None:
    """Seen to fail with a temporary name that is the same for both."""
    program = """
import sys
from autograd import files
for _ in range(100):
    files.write(sys.argv[1], sys.argv[2].encode() * 100_000)
"""
    path = tmp_path / "shared"
    writers = [subprocess.Popen([sys.executable, "-c", program, path, letter]) for letter in "ab"]
    seen = set()
    while any(writer.poll() is None for writer in writers):
        if path.exists():
            content = path.read_bytes()
            seen.add((content[:1], content.count(content[:1]), len(content)))

    assert [writer.returncode for writer in writers] == [0, 0]
    assert seen <= {(b"a", 100_000, 100_000), (b"b", 100_000, 100_000)}
    assert os.listdir(tmp_path) == ["shared"]


def test_path_is_tried_before_the_picture_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen to fail with an error after the layout, which may take half a minute."""
    layout = importlib.import_module("autograd.draw.layout")
    monkeypatch.setattr(layout, "layout_of", lambda *_: pytest.fail("a picture was made"))

    with pytest.raises(FileNotFoundError):
        draw(Value(1.0)).save(tmp_path / "gone" / "x.svg")
