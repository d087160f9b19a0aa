"""Write a source notebook of otter's, as a course in data science has them: birds that a station has weighed."""

import json
from pathlib import Path
from typing import Any

from tiny_course import notebook

TABLE = "kind,grams\nwren,9.5\nrobin,18.0\ngreat tit,17.5\nblackbird,95.0\n"
SUPPORT = "def ounces(grams):\n    return grams / 28.35\n"
TRUE = "True"


def raw(source: str) -> dict[str, Any]:
    """Return a raw cell."""
    return {"cell_type": "raw", "metadata": {}, "source": source}


def text(source: str) -> dict[str, Any]:
    """Return a cell of text."""
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def code(source: str, shown: str = "", printed: str = "") -> dict[str, Any]:
    """Return a cell of code with what it shows of its last line, and what it prints."""
    outputs: list[dict[str, Any]] = []
    if printed:
        outputs.append({"output_type": "stream", "name": "stdout", "text": printed})
    if shown:
        data = {"text/plain": shown}
        outputs.append({"output_type": "execute_result", "data": data, "metadata": {}, "execution_count": 1})
    return {"cell_type": "code", "metadata": {}, "source": source, "outputs": outputs, "execution_count": None}


def question(
    name: str,
    *answer: dict[str, Any],
    tests: tuple[dict[str, Any], ...] = (),
    prompt: tuple[dict[str, Any], ...] = (),
    **settings: Any,
) -> list[dict[str, Any]]:
    """Return the cells of a question."""
    lines = "".join(f"\n{key}: {json.dumps(value)}" for key, value in settings.items())
    cells = [raw(f"# BEGIN QUESTION\nname: {name}{lines}"), text(f"**Question {name}.** What is asked for.")]
    for block, inside in (("PROMPT", prompt), ("SOLUTION", answer), ("TESTS", tests)):
        if inside:
            cells += [raw(f"# BEGIN {block}"), *inside, raw(f"# END {block}")]
    return [*cells, raw("# END QUESTION")]


def judging(source: str, shown: str = "", printed: str = "", **settings: Any) -> dict[str, Any]:
    """Return a cell of tests with settings."""
    lines = "".join(f"{key}: {json.dumps(value)}\n" for key, value in settings.items())
    head = f'""" # BEGIN TEST CONFIG\n{lines}""" # END TEST CONFIG\n' if settings else ""
    return code(head + source, shown, printed)


def birds() -> list[dict[str, Any]]:
    """Return the cells of an assignment with a question of each kind, 16 points."""
    loading = (
        "import csv\nimport numpy as np\nfrom scales import ounces\n\nwith open('birds.csv') as file:\n"
        "    rows = list(csv.DictReader(file))\ngrams = np.array([float(row['grams']) for row in rows])"
    )
    mean = (
        "def mean_weight(weights):\n    # BEGIN SOLUTION NO PROMPT\n    total = sum(weights)\n"
        "    return total / len(weights)\n    # END SOLUTION\n"
        '    """ # BEGIN PROMPT\n    total = ...\n    return ...\n    """ # END PROMPT'
    )
    label = (
        "def label(kind, count):\n    unit = 'bird' if count == 1 else 'birds' # SOLUTION\n"
        "    return f'{count} {unit}: {kind}' # SOLUTION"
    )
    kinds = "kinds = [row['kind'] for row in rows] # SOLUTION\nlongest = max(kinds, key=len) # SOLUTION\nkinds[:2]"
    return [
        raw(
            "# ASSIGNMENT CONFIG\nname: birds\nfiles:\n    - birds.csv\n    - scales.py\nautograder_files:\n"
            "    - unseen.csv\ngenerate: true\nexport_cell: false\nrun_tests: false\nshow_question_points: true"
        ),
        text("# Birds on the scales\n\nWhat a station has weighed."),
        code(loading),
        *question(
            "q1",
            code("heaviest = float(grams.max()) # SOLUTION"),
            tests=(code("isinstance(heaviest, float)", TRUE), code("# HIDDEN\nheaviest", "95.0")),
            points=2,
        ),
        *question(
            "q2",
            code(mean),
            tests=(
                judging("assert abs(mean_weight([1, 2, 6]) - 3) < 1e-9", points=1),
                judging(
                    "for n in (2, 5):\n    assert mean_weight([1] * n) == 1",
                    points=2,
                    hidden=True,
                    success_message="Well done.",
                    failure_message="Divide by how many there are.",
                ),
            ),
        ),
        *question(
            "q3",
            code(label),
            tests=(
                code("label('wren', 2)", "'2 birds: wren'"),
                code("print(label('robin', 1))", printed="1 bird: robin\n"),
                code("# hidden\nprint('seen', label('robin', 3), 3)", printed="seen 3 birds: robin 3\n"),
            ),
            points={"each": 1},
        ),
        *question(
            "q4",
            code(kinds),
            code("# what is shown stays\nlen(kinds)"),
            tests=(code("len(kinds)", "4"), code("longest", "'great tit'"), code("# HIDDEN\nkinds[0]", "'wren'")),
            points=4,
            all_or_nothing=True,
        ),
        *question("q5", text("Blackbirds are heavy."), prompt=(text("*Because …*"),), manual=True, points=2),
        *question("q6", code("rows # SOLUTION"), manual=True, points=1, export=True),
        *question("q7", code("print('a trial') # SOLUTION")),
        *question(
            "q8",
            code("doubled = grams * 2 # SOLUTION"),
            tests=(code("doubled", "array([ 19.,  36.,  35., 190.])"),),
            points=1,
        ),
        code("## Ignore ##\nprint('for authors')"),
        text("That was all."),
    ]


def write_source(folder: Path, *cells: dict[str, Any], name: str = "birds", **metadata: Any) -> Path:
    """Write a source notebook, birds where no cells are given, with its files beside it; return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    content = notebook(*(cells or birds()))
    content["nbformat_minor"] = 4
    content["metadata"] |= metadata
    (folder / "birds.csv").write_text(TABLE)
    (folder / "unseen.csv").write_text(TABLE)
    (folder / "scales.py").write_text(SUPPORT)
    path = folder / f"{name}.ipynb"
    path.write_text(json.dumps(content))
    return path
