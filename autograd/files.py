"""The one writer of files: what is written is there completely, or what was there before still is.

>>> import pathlib, tempfile
>>> with tempfile.TemporaryDirectory() as folder:
...     write(f"{folder}/notes.txt", b"y = x * x")
...     pathlib.Path(folder, "notes.txt").read_text()
'y = x * x'

A new file is written beside the old one and takes over its name when it is complete: an interrupt, a crash or a full
disk leaves the old one. The new file has the same owner and permissions, and symbolic links still point to it. Hard
links do not: under its other names, the old file stays as it was.

What cannot be replaced is written in place: devices, pipes, and files in a read-only folder, owned by someone else, or
mounted one by one as in a container.
"""

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from io import FileIO

AnyPath = str | bytes | os.PathLike[str] | os.PathLike[bytes]

# Why a file that may be written cannot be replaced: its folder is read-only, it is mounted, someone else owns it.
CANNOT_REPLACE = {errno.EACCES, errno.EPERM, errno.EROFS, errno.EBUSY, errno.EXDEV, errno.EINVAL}


def write(path: AnyPath, content: bytes) -> None:
    """Write a file, completely or not at all; what is there is replaced.

    Raises OSError, which names the file: FileNotFoundError if there is no folder for it, IsADirectoryError if it is
    a folder itself, PermissionError if it is protected.
    """
    with _named(path) as name:
        place = _end_of_links(name)
        old = _status(place)
        if old is None:
            _replace(place, content, None)
        elif _is_open(place) or not stat.S_ISREG(old.st_mode):
            _pass_on(place, content, old)
        else:
            _require_writable(place)
            try:
                _replace(place, content, old)
            except OSError as error:
                if error.errno not in CANNOT_REPLACE:
                    raise
                _overwrite(place, content)


def require_writable(path: AnyPath) -> None:
    """Raise the error that `write` would raise, as far as it can be known in advance."""
    with _named(path) as name:
        place = _end_of_links(name)
        old = _status(place)
        if old is None:
            with _temporary(place, 0o600):
                pass
        elif stat.S_ISREG(old.st_mode):
            _require_writable(place)


@contextlib.contextmanager
def _named(path: AnyPath) -> Iterator[str]:
    """The path as text, which errors name instead of a temporary file."""
    name = os.fsdecode(path)
    try:
        yield name
    except OSError as error:
        if error.errno is not None:
            error.filename = name
            del error.filename2
        raise


# Where it goes ------------------------------------------------------------------------------------


def _end_of_links(path: str) -> str:
    """The path at the end of a chain of links; nothing has to exist there yet."""
    for _ in range(64):
        # Not os.path.realpath: for /dev/stdout it would return the name of a pipe, or of a file that others write too.
        if not os.path.islink(path) or _is_open(path):
            return path
        path = os.path.join(os.path.dirname(path), os.readlink(path))
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))


def _is_open(path: str) -> bool:
    """Whether the path stands for an open file of a process, like /proc/self/fd/1, to which /dev/stdout links."""
    return os.path.realpath(os.path.dirname(path)).startswith(("/proc/", "/dev/fd"))


def _status(place: str) -> os.stat_result | None:
    """What is there now, None for nothing; raises OSError for what can never be a file."""
    folder, name = os.path.split(place)
    if not os.path.isdir(folder or "."):
        raise FileNotFoundError(errno.ENOENT, f"there is no folder {folder!r} for {name or 'a file'}")
    try:
        status = os.stat(place)
    except FileNotFoundError:
        if not name:  # the path is empty
            raise
        return None
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, "it is a folder")
    return status


def _require_writable(place: str) -> None:
    """A file that is protected stays as it is, even if its folder would let it be replaced."""
    with open(place, "ab"):
        pass


# How it is written --------------------------------------------------------------------------------


def _replace(place: str, content: bytes, old: os.stat_result | None) -> None:
    """Put a new file there; if there was none, with the permissions that new files have."""
    # While it is being written, no one may read it who could not read it before.
    with _temporary(place, 0o666 if old is None else 0o600) as file:
        _fill(file, content)
        os.fsync(file.fileno())
        if old is not None:
            _take_after(old, file.name)
        file.close()  # because Windows cannot rename an open file
        os.replace(file.name, place)


@contextlib.contextmanager
def _temporary(place: str, mode: int) -> Iterator[FileIO]:
    """A new file beside the place, which is gone at the end if it has not become that file."""
    # A short name, because that of the file may be as long as names can be.
    name = os.path.join(os.path.dirname(place), f".{os.urandom(8).hex()}.tmp")
    try:
        with open(name, "xb", buffering=0, opener=lambda path, flags: os.open(path, flags, mode)) as file:
            yield file
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)


def _take_after(old: os.stat_result, name: str) -> None:
    new = os.stat(name)
    if (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid):
        os.chown(name, old.st_uid, old.st_gid)  # before chmod, because it takes permissions away
    os.chmod(name, stat.S_IMODE(old.st_mode))


def _overwrite(place: str, content: bytes) -> None:
    """Write into the existing file, and restore its old content if that fails halfway."""
    with open(place, "r+b", buffering=0) as file:
        before = file.read()
        try:
            _refill(file, content)
        except BaseException:
            _refill(file, before)
            raise


def _refill(file: FileIO, content: bytes) -> None:
    file.seek(0)
    _fill(file, content)
    file.truncate()
    os.fsync(file.fileno())


def _pass_on(place: str, content: bytes, status: os.stat_result) -> None:
    """Write to a device, to a pipe, or at the end of what a shell sends to a file."""
    with open(place, "ab" if stat.S_ISREG(status.st_mode) else "wb", buffering=0) as file:
        _fill(file, content)


def _fill(file: FileIO, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[file.write(rest) :]
