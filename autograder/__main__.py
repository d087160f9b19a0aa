"""Run `python -m autograder`."""

from autograder.cli import main

__all__: list[str] = []

raise SystemExit(main())
