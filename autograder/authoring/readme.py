"""Write the page that a release opens with: what it is, how to begin, where to hand in."""

from collections.abc import Collection
from urllib.parse import quote, urlencode, urlsplit

from autograder.course import Assignment, Course

__all__ = ["readme"]

_BADGE = "https://colab.research.google.com/assets/colab-badge.svg"
_BEGIN = """\
With Python 3.10 or newer, in this folder:

```console
$ python -m venv .venv
$ source .venv/bin/activate          # Windows: .venv\\Scripts\\activate
$ pip install -r requirements.txt
$ jupyter lab {name}.ipynb
```"""
_LARGE = """\
`pip` takes minutes: on Linux PyTorch brings CUDA along, some gigabytes. Where there is no NVIDIA GPU, run this first:
`pip install {packages} --index-url https://download.pytorch.org/whl/cpu`."""
_THEN = """\
The notebook's first cell says whether everything is there; in Colab and Kaggle it fetches the files, or asks for
`{name}.zip`.

Fill in the cells that say `# TODO` and run the check below each. The last cell shows what is green and what is not
written yet, and packs the notebook into `{name}_hand_in.zip`."""
_EDITED = """\
Answers also go into {files}: edit {it} in JupyterLab or anywhere else, where it says `# TODO`, and save. After that the
notebook must import anew what it uses of {it}: restart its kernel and run all cells, unless a cell of it begins with
`%autoreload`. `{name}_hand_in.zip` holds {it} too."""


def readme(course: Course, assignment: Assignment, modules: Collection[str]) -> str:
    """Return the text, in Markdown; `modules` are those that the release imports."""
    name = assignment.name
    due = f", due {assignment.due:%d %B %Y, %H:%M (%Z)}" if assignment.due else ""
    worth = f"{assignment.points:g} {'point' if assignment.points == 1 else 'points'}"
    links = _links(course, name)
    large = [module for module in ("torch", "torchvision") if module in modules]
    files = " and ".join(f"`{file}`" for file in assignment.files)
    usual = f"that zip, or the notebook with {files}," if files else "the notebook, or that zip,"
    where = course.hand_in_of(assignment) or f"{usual} as your course asks for."
    parts = [
        f"# {assignment.title}",
        f"Assignment `{name}` of *{course.name}*: {worth}{', optional' if assignment.optional else ''}{due}.",
        "\n".join(links),
        _BEGIN.format(name=name),
        _LARGE.format(packages=" ".join(large)) if large else "",
        _THEN.format(name=name),
        _EDITED.format(name=name, files=files, it="it" if len(assignment.files) == 1 else "them") if files else "",
        f"**Hand in:** {where}",
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _links(course: Course, name: str) -> list[str]:
    """Return where the notebook can be opened without installing anything, as far as the course says."""
    if not course.repository_url:
        return []
    links = []
    repository = urlsplit(course.repository_url)
    branch, path = course.repository_branch, repository.path.strip("/").removesuffix(".git")
    if repository.hostname == "github.com":
        address = f"https://colab.research.google.com/github/{path}/blob/{quote(branch)}/{name}/{name}.ipynb"
        links.append(f"[![Open in Colab]({_BADGE})]({address})")
    if course.hub_url:
        folder = path.rpartition("/")[2]
        opened = f"lab/tree/{folder}/{name}/{name}.ipynb"
        query = urlencode({"repo": course.repository_url, "branch": branch, "urlpath": opened}, quote_via=quote)
        links.append(f"[Open on the course's JupyterHub]({course.hub_url}/hub/user-redirect/git-pull?{query})")
    return links
