"""The command `play`: the playground in a browser, or all of it as files for a host.

>>> from autograd.commands import main
>>> main(["play", "--build", "site"])  # doctest: +SKIP
"""

import argparse
from pathlib import Path
from typing import Any

from .arguments import CommandError, command, whole

# Where the playground is if nobody says so; if another program is there, at any port that is free.
PORT = 8710


def add(commands: Any) -> argparse.ArgumentParser:
    """Declare `play`."""
    parser = command(
        commands,
        "play",
        "open the playground: formulas and programs, drawn, explained and practised as you type",
        "Example: autograd play --build site && python -m http.server --directory site",
        " Python runs in the browser; it is Pyodide, which npm fetches once.",
    )
    parser.add_argument("--port", type=whole(1, 65535), metavar="N", help=f"(default: {PORT}, or any that is free)")
    parser.add_argument("--no-browser", action="store_true", help="only serve it, and print its address")
    parser.add_argument(
        "--build", type=Path, metavar="FOLDER", help="write all of it into a folder, for any host that serves files"
    )
    parser.add_argument(
        "--pyodide", type=Path, metavar="FOLDER", help="the folder of an unpacked npm package pyodide, to fetch nothing"
    )
    parser.set_defaults(values=[])
    return parser


def run(arguments: argparse.Namespace) -> int:
    """Serve the playground until Ctrl-C, or write it; raises CommandError."""
    from ..play.pyodide import PyodideError, folder_of
    from ..play.site import build, site

    if arguments.values:
        raise CommandError(f"play takes no {arguments.values[0]!r}: type it into the playground")
    try:
        pyodide = folder_of(arguments.pyodide, lambda line: print(line, flush=True))
        if arguments.build is None:
            return _serve(site(pyodide), arguments.port, arguments.no_browser)
        print(build(arguments.build, pyodide))
    except PyodideError as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        raise CommandError(f"cannot write {error.filename}: {error.strerror or error}") from error
    print(f"written to {arguments.build}: python -m http.server --directory {arguments.build}")
    return 0


def _serve(files: dict[str, bytes], port: int | None, is_silent: bool) -> int:
    from ..draw.viewer import open_address
    from ..languages import chosen
    from ..play.server import LOOPBACK, server

    try:
        serving = server(files, PORT if port is None else port)
    except OSError as error:
        if port is not None:
            raise CommandError(f"port {port} cannot be used: {error.strerror}; try --port {port + 1}") from error
        serving = server(files, 0)
    address = f"http://{LOOPBACK}:{serving.server_port}/"
    with serving:
        print(f"the playground is at {address} until Ctrl-C", flush=True)
        if not is_silent and (problem := open_address(address, chosen())):
            print(f"not opened, because {problem}", flush=True)
        try:
            serving.serve_forever()
        except KeyboardInterrupt:
            print()
    return 0
