"""Write the first cell of a release, by which the notebook finds its files and packages wherever it is opened.

The cell has to work by itself: it may be all that is there. It uses Python (3.9 or newer) and its standard library, and
takes out of the archive no other files than those that it names, so that none can land elsewhere.
"""

from collections.abc import Iterable, Mapping, Sequence

__all__ = ["START", "start_cell"]

START = "start"
"""The cell's grade_id."""
_WIDTH = 100

_CELL = """\
# Run this cell first: where all is there it does nothing, else (in Colab, say) it fetches what is missing.
def start(assignment={assignment}, address={address}):
    import importlib.util, io, os, subprocess, sys, urllib.request, zipfile
    from pathlib import Path

    files = {files}
    packages = {packages}

    class NotReady(Exception):
        def _render_traceback_(self):
            return [str(self)]  # the sentence, without a traceback

    archive = Path(f"{{assignment}}.zip")
    missing = [name for name in files if not Path(name).exists()]
    try:
        if missing:
            here = archive.is_file() or not address
            content = archive.read_bytes() if here else urllib.request.urlopen(address, timeout=60).read()
            unpacked = zipfile.ZipFile(io.BytesIO(content))
            for name, content in [(name, unpacked.read(f"{{assignment}}/{{name}}")) for name in missing]:
                Path(name).parent.mkdir(parents=True, exist_ok=True)
                Path(f"{{name}}.part").write_bytes(content)  # nobody finds half a file under the right name
                Path(f"{{name}}.part").replace(name)
    except Exception as error:
        raise NotReady(
            f"{{', '.join(missing[:3])}}{{' …' if missing[3:] else ''}}: not here, and not to be had from {{archive}} "
            f"({{error}}); put {{archive}} from {{address or 'your course'}} beside this notebook (in Colab: Files, "
            "Upload) and run this cell again."
        ) from None

    lacking = [package for module, package in packages.items() if importlib.util.find_spec(module) is None]
    if lacking and ("google.colab" in sys.modules or "KAGGLE_KERNEL_RUN_TYPE" in os.environ):
        print("Installing", ", ".join(lacking), "…")
        if subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", *lacking]).returncode:
            raise NotReady(f"pip could not install {{', '.join(lacking)}}: is the internet switched on here?")
    elif lacking:
        raise NotReady(
            f"Not installed: {{', '.join(lacking)}}; run `%pip install -r requirements.txt`, then this cell again."
        )
    print("All is here.")


start()"""


def start_cell(assignment: str, *, release_url: str, files: Iterable[str], packages: Mapping[str, str]) -> str:
    """Return the cell's source; `packages` are what pip is asked for, by the module that is looked for."""
    return _CELL.format(
        assignment=_quoted(assignment),
        address=_quoted(f"{release_url}/{assignment}.zip" if release_url else ""),
        files=_written("[", [_quoted(name) for name in files], "]"),
        packages=_written("{", [f"{_quoted(module)}: {_quoted(name)}" for module, name in packages.items()], "}"),
    )


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _written(opening: str, parts: Sequence[str], closing: str) -> str:
    """Return a list or a dict as code, on as many lines as it takes."""
    lines = [""]
    for part in parts:
        if len(lines[-1]) + len(part) > _WIDTH:
            lines.append("")
        lines[-1] += f"{' ' if lines[-1] else ' ' * 8}{part},"
    return "\n".join([opening, *filter(None, lines), f"    {closing}"])
