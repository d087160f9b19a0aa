"""Put the pictures of a notebook's text into the text, as data URIs.

Colab shows neither files beside a notebook nor a cell's attachments; data URIs it shows, as do JupyterLab, the classic
notebook and VS Code. They need no network, and no address that may move.
"""

import base64
import mimetypes
import re
from collections.abc import Mapping
from pathlib import Path

from nbformat.notebooknode import NotebookNode

__all__ = ["MOST_CHARACTERS", "data_uri", "embed_pictures"]

MOST_CHARACTERS = 2**20
"""What a notebook's pictures may come to; with more of them they stay files, for students hand each in again."""
_PICTURE = re.compile(r"""(<img\b[^>]*?\bsrc=["'])([^"':]+)(["'])|(!\[[^\]]*\]\()([^)\s:]+)([)\s])""")


def data_uri(path: str, files: Mapping[Path, bytes]) -> str:
    """Return a file as an address that holds it; the path itself where there is no such file."""
    content = files.get(Path(path))
    if content is None:
        return path
    kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def embed_pictures(notebook: NotebookNode, files: Mapping[Path, bytes]) -> set[Path]:
    """Replace the paths of pictures in the notebook's text by the pictures, if all together are small enough.

    Return which are in the text now. A cell with one is no longer to be edited: who clicked on it twice would find a
    picture's worth of letters.
    """
    texts = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
    embedded = [_PICTURE.sub(lambda found: _embedded(found, files), cell.source) for cell in texts]
    if sum(map(len, embedded)) - sum(len(cell.source) for cell in texts) > MOST_CHARACTERS:
        return set()
    paths = {Path(found[2] or found[5]) for cell in texts for found in _PICTURE.finditer(cell.source)}
    for cell, source in zip(texts, embedded, strict=True):
        if source != cell.source:
            cell.source = source
            cell.metadata["editable"] = False
    return paths & files.keys()


def _embedded(found: re.Match[str], files: Mapping[Path, bytes]) -> str:
    before, path, after = filter(None, found.groups())
    return f"{before}{data_uri(path, files)}{after}"
