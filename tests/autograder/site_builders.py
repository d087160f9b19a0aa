"""Build the documentation as a site, with each of its builders, where nothing can be fetched."""

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from tiny_course import REPOSITORY

__all__ = ["BUILDERS", "build_site"]

BUILDERS = {
    "mkdocs": ("mkdocs", "build", "--strict", "--quiet"),
    "zensical": ("zensical", "build", "--strict"),
}
NOWHERE = "http://127.0.0.1:9"
"""A proxy at which nobody listens: whoever fetches something fails."""


def build_site(builder: str, root: Path) -> Path:
    """Build a copy in `root`, and return the folder of the site; skip the test where the builders are not installed."""
    if find_spec("mkdocs") is None or find_spec("zensical") is None:
        pytest.skip("needs the extra docs")
    shutil.copytree(REPOSITORY / "docs", root / "docs", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / "mkdocs.yml", root)
    proxies = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), NOWHERE)
    program, *options = BUILDERS[builder]
    done = subprocess.run(
        [str(Path(sys.executable).with_name(program)), *options],
        cwd=root,
        env={**os.environ, **proxies, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return root / "build" / "site" / "zensical"
