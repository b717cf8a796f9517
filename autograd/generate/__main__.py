"""`python -m autograd.generate` renews what is generated; with --check it only says what is stale, and exits with 1."""

import argparse
import sys

from . import ROOT, renew, stale


def main(arguments: list[str] | None = None) -> int:
    """Renew or check; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m autograd.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit with 1 where something is stale")
    check = parser.parse_args(arguments).check
    if not (ROOT / "pyproject.toml").exists():
        print(f"{ROOT} is not a clone of scalar-autograd: generated files belong to its sources", file=sys.stderr)
        return 2
    for path in stale() if check else renew():
        print(f"stale: {path}" if check else f"written: {path}")
    return 1 if check and stale() else 0


if __name__ == "__main__":
    sys.exit(main())
