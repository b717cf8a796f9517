"""Environments, one for each package that is compared, so that none sees another."""

import os
import subprocess
import sys
from pathlib import Path


class MissingError(Exception):
    """Why an engine cannot be compared here."""


def environment(folder: Path, requirements: tuple[str, ...], *, anew: bool) -> Path:
    """The Python of an environment with what pip calls the requirements; it is made if it is not there.

    `anew` installs the first of them again into an environment that was there. Raises MissingError where pip fails.
    """
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    install = [python, "-m", "pip", "--disable-pip-version-check", "install"]
    finished = folder / "finished"  # says what is installed
    wanted = "\n".join(requirements)
    if not finished.exists() or finished.read_text(encoding="utf-8") != wanted:
        call(sys.executable, "-m", "venv", "--clear", folder)
        call(*install, *requirements)
        finished.write_text(wanted, encoding="utf-8")
    elif anew:
        call(*install, requirements[0], "--force-reinstall", "--no-deps")
    return python


def call(*command: object) -> None:
    """Run a command; where it fails, MissingError with the error it told, or else with its last line."""
    done = subprocess.run(
        list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        lines = done.stdout.split("\n") if done.stdout.strip() else [f"exit code {done.returncode}"]
        lines = [line.strip() for line in lines if line.strip()]
        raise MissingError(
            [line for line in lines if line.startswith("ERROR")][-1] if "ERROR" in done.stdout else lines[-1]
        )
