"""Wheels of which the same sources make the same bytes, one of them without the compiled engine.

    python -m build --wheel -C--build-option=--pure

makes the wheel for any Python on any machine (py3-none-any), and so for a browser. setuptools loads this file by itself
(see pyproject.toml), before there is a package to import anything from.
"""

import os
import shutil
from pathlib import Path
from typing import Any, ClassVar

from setuptools.command import bdist_wheel as standard

# What the compiled engine is built from. Its stubs stay: type checkers read them where it is not built, too.
SOURCES = ["*.pyx", "*.pxi", "*.pxd", "*.h", "*.c", "*.so", "*.pyd"]

# The dates and permissions of all files: those of a checkout tell when it was made, and by whom.
DATE, READABLE = "315532800", 0o644  # 1 January 1980, before which a ZIP file knows no dates


class BuildWheel(standard.bdist_wheel):  # type: ignore[misc]  # mypy does not read setuptools, see pyproject.toml
    """What setuptools builds a wheel with, and the option --pure."""

    user_options: ClassVar[list[Any]] = [
        *standard.bdist_wheel.user_options,
        ("pure", None, "leave the compiled engine out: py3-none-any"),
    ]
    boolean_options: ClassVar[list[str]] = [*standard.bdist_wheel.boolean_options, "pure"]

    def initialize_options(self) -> None:
        """Build the compiled engine unless told otherwise."""
        super().initialize_options()
        self.pure = False

    def finalize_options(self) -> None:
        """Forget the compiled engine before setuptools asks for which machines the wheel is."""
        if self.pure:
            self.distribution.ext_modules = []
            self.distribution.exclude_package_data = {"autograd.native": SOURCES}
        super().finalize_options()

    def run(self) -> None:
        """Build without what an earlier build has left, such as files that have been deleted since."""
        shutil.rmtree(self.get_finalized_command("build").build_lib, ignore_errors=True)
        os.environ.setdefault("SOURCE_DATE_EPOCH", DATE)
        super().run()

    def write_wheelfile(self, *arguments: str) -> None:
        """Write the last file, after which all of them are packed."""
        super().write_wheelfile(*arguments)
        for path in Path(self.bdist_dir).rglob("*"):
            if path.is_file():
                path.chmod(READABLE)
