"""Give an author's small course a file that students edit, with a question in it and its checks."""

from author_course import Author
from tiny_course import code, marks, skip

LAYERS = '''
"""Layers."""

SIZE = 3


def forward(x):
    """Return three times x, and one."""
    # TODO: triple it, and add one.
    ### BEGIN SOLUTION
    tripled = SIZE * x
    return tripled + 1
    ### END SOLUTION


def given(x):
    return forward(x) + 1
'''.lstrip()
RIGHT = LAYERS.replace("    ### BEGIN SOLUTION\n", "").replace("    ### END SOLUTION\n", "")
CHECKS = '''

@pytest.mark.question("forward")
@pytest.mark.points(1)
@pytest.mark.public
def test_forward_of_one(student):
    """Three times one, and one."""
    assert student.forward(1) == 4


@pytest.mark.question("forward")
@pytest.mark.points(2)
def test_forward_of_hidden(student, reference, rng):
    """It must hold for all numbers."""
    number = int(rng.integers(100))
    assert student.forward(number) == reference.forward(number)
'''
IMPORT = "from layers import forward"


def with_edited_file(author: Author, *, text: str = LAYERS, imports: str = IMPORT, tags: tuple[str, ...] = ()) -> None:
    """Write `layers.py`, an import of it, its checks, and its name in the configuration."""
    author.file("source/week/layers.py", text)
    author.add(
        code("layers", imports, {**marks("layers"), "tags": list(tags)}),
        code("check-forward", 'grader.check("forward")', skip(marks("check-forward"))),
    )
    author.more(CHECKS)
    author.config("points=4", 'points=7,\n            files=["layers.py"]')
