"""Show how far a notebook is, and pack it for handing in: its last cell calls this.

`build` copies this file into each release, where there is nothing of our package. So it uses Python (3.10 or newer),
IPython and otter alone.
"""

import contextlib
import io
import json
import os
import re
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

from IPython import get_ipython
from IPython.display import Markdown, display

__all__ = ["hand_in"]

GREEN, RED = "🟢 green", "🔴 red"
NOT_WRITTEN, NOT_RUN, NEEDS_ID = "⚪ not written yet", "⚪ its cell was not run", "🟡 needs your ID"


def hand_in(
    assignment: str, grader: Any, questions: Mapping[str, tuple[float, float]], files: Sequence[str] = ()
) -> None:
    """Show each question's state, and write `<assignment>_hand_in.zip`.

    `questions` says how many points each is worth, and on how many of them the checks in the notebook decide; `files`
    are handed in with the notebook.
    """
    shell = get_ipython()
    ran = list(shell.history_manager.input_hist_raw)
    states = {question: state_of(question, grader, shell.user_ns, ran) for question in questions}
    display(Markdown(table(questions, states)))
    in_colab = "google.colab" in str(shell)
    name = f"{assignment}.ipynb" if in_colab else notebook_name(assignment, shell.user_ns)
    if name is None:
        display(Markdown(f"The notebook's file is not here: download it (*File*, *Download*) as `{assignment}.ipynb`."))
        return
    content = from_colab() if in_colab else Path(name).read_text(encoding="utf-8")
    if stale := not_in_file([q for q, state in states.items() if state != NOT_WRITTEN], ran, json.loads(content)):
        cells = ", ".join(f"`{question}`" for question in stale)
        display(
            Markdown(
                f"**Nothing is packed yet:** `{name}` does not hold what you ran last for {cells}. Run "
                f"{'its cell' if len(stale) == 1 else 'their cells'}, save (Ctrl+S), and run this cell again."
            )
        )
        return
    if missing := [file for file in files if not Path(file).is_file()]:
        lost = ", ".join(f"`{file}`" for file in missing)
        display(
            Markdown(
                f"**Nothing is packed yet:** {lost} {'is' if len(missing) == 1 else 'are'} not beside `{name}`, and "
                f"{'goes' if len(missing) == 1 else 'go'} with it; put {'it' if len(missing) == 1 else 'them'} there, "
                "and run this cell again."
            )
        )
        return
    if edited := [file for file in files if edited_since_import(file)]:
        display(
            Markdown(
                f"**Edited since this notebook imported it: {', '.join(f'`{file}`' for file in edited)}.** What stands "
                "above is of the older one: restart the kernel and run all cells to see how the saved one does."
            )
        )
    archive = f"{assignment}_hand_in.zip"
    if in_colab:
        download_from_colab(archive, name, content, files)
    else:
        grader.export(nb_path=name, export_path=archive, pdf=False, ignore_log=True, files=list(files))
    packed = " and ".join(f"`{file}`" for file in (name, *files))
    display(Markdown(f"`{archive}` holds {packed} as {'they are' if files else 'it is'} saved now."))


def state_of(question: str, grader: Any, names: dict[str, Any], ran: Sequence[str]) -> str:
    """Return how an answer is doing; the check says more when it is run by itself."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        result = grader.check(question, global_env=names)
    if result.passed_all:
        return GREEN
    said = "\n".join(str(case.message) for case in result.test_case_results if not case.passed)
    cell = last_run(question, ran)
    if f"`{question}` is not written yet" in (cell or "\n".join([said, *ran])):  # a stub may define nothing
        return NOT_WRITTEN
    if cell is None and question not in names:
        return NOT_RUN
    return NEEDS_ID if "IdNotSet" in said else RED


def last_run(question: str, ran: Sequence[str]) -> str | None:
    """Return the cell that was the last to define a name; None for none."""
    defines = re.compile(
        rf"^(?:async\s+)?(?:def|class)\s+{question}\b|^{question}\s*(?::[^=\n]+)?=(?!=)", flags=re.MULTILINE
    )
    return next((cell for cell in reversed(ran) if defines.search(cell)), None)


def table(questions: Mapping[str, tuple[float, float]], states: Mapping[str, str]) -> str:
    """Return what there is as a table, and a sentence on what it says."""
    rows = [
        f"| `{question}` | {states[question]} | {points:g} | {checked:g} of {points:g} |"
        for question, (points, checked) in questions.items()
    ]
    head = ["| question | | points | checked here |", "|:--|:--|--:|--:|"]
    open_ones = [f"`{question}`" for question, state in states.items() if state != GREEN]
    hidden = any(checked < points for points, checked in questions.values())
    sentences = [
        f"**Not green: {', '.join(open_ones)}.**" if open_ones else "**Everything is green.**",
        "On the points that are not checked here hidden checks decide, with other inputs." if hidden else "",
    ]
    return "\n".join([*head, *rows, "", " ".join(filter(None, sentences))])


def notebook_name(assignment: str, names: Mapping[str, Any]) -> str | None:
    """Return the name of this notebook's file in the working folder: VS Code and Jupyter tell it; None for no file."""
    told = (names.get("__vsc_ipynb_file__"), os.environ.get("JPY_SESSION_NAME"), f"{assignment}.ipynb")
    found = (Path(str(path)).name for path in told if path)
    return next((name for name in found if name.endswith(".ipynb") and Path(name).is_file()), None)


def not_in_file(questions: Sequence[str], ran: Sequence[str], notebook: Mapping[str, Any]) -> list[str]:
    """Return the questions whose cell in the file is not the one that was run last."""
    saved = {"".join(cell.get("source", "")).strip() for cell in notebook.get("cells", ())}
    last = {question: last_run(question, ran) for question in questions}
    return [question for question, cell in last.items() if cell is not None and cell.strip() not in saved]


def edited_since_import(file: str) -> bool:
    """Return whether a file defines functions otherwise than its module does that was imported; False where unsure."""
    module = sys.modules.get(Path(file).stem)
    if module is None:
        return False
    try:
        saved = compile(Path(file).read_bytes(), file, "exec")
    except (SyntaxError, ValueError):
        return True
    return any(differs(code, vars(module).get(code.co_name)) for code in inner_code(saved))


def differs(saved: CodeType, found: object) -> bool:
    """Return whether a function, or a method of a class, has other code than the saved one."""
    if isinstance(found, type):
        return any(differs(code, vars(found).get(code.co_name)) for code in inner_code(saved))
    return isinstance(found, FunctionType) and said_by(found.__code__) != said_by(saved)


def inner_code(code: CodeType) -> list[CodeType]:
    """Return the code of what some code defines."""
    return [value for value in code.co_consts if isinstance(value, CodeType)]


def said_by(code: CodeType) -> tuple[object, ...]:
    """Return what code does, wherever it stands."""
    values = [said_by(value) if isinstance(value, CodeType) else repr(value) for value in code.co_consts]
    return code.co_name, code.co_code, code.co_names, code.co_varnames, values


def from_colab() -> str:
    """Return this notebook as Colab has it in the browser: there it is in no file, so that otter cannot export it."""
    from google.colab import _message

    return json.dumps(_message.blocking_request("get_ipynb", timeout_sec=60)["ipynb"])


def download_from_colab(archive: str, name: str, content: str, beside: Sequence[str] = ()) -> None:
    """Pack the notebook, with files beside it, and let the browser save the archive."""
    from google.colab import files

    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(name, content)
        for file in beside:
            packed.write(file)
    files.download(archive)
