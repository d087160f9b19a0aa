# Public checks of `build_segmenter`: made by `autograder build` from tests/mask_rcnn.
OK_FORMAT = False

name = 'build_segmenter'
points = None


from typing import Any
from torch import Tensor


BOX, MASK = "roi_heads.box_predictor.", "roi_heads.mask_predictor."


def weights_of(model: Any) -> dict[str, Tensor]:
    """Return the weights of what was built."""
    assert model is not None, "`build_segmenter` returns nothing: return the model."
    assert hasattr(model, "state_dict"), "`build_segmenter` must return the model and nothing else."
    return model.state_dict()


def heads(state: dict[str, Tensor], num_classes: int) -> None:
    """Fail unless both predictors are for so many classes, and take what the heads give."""
    scores, boxes = state.get(f"{BOX}cls_score.weight"), state.get(f"{BOX}bbox_pred.weight")
    masks, first = state.get(f"{MASK}mask_fcn_logits.weight"), state.get(f"{MASK}conv5_mask.weight")
    assert scores is not None and boxes is not None, "`model.roi_heads.box_predictor` must be a FastRCNNPredictor."
    assert masks is not None and first is not None, "`model.roi_heads.mask_predictor` must be a MaskRCNNPredictor."
    old = (27, 91)  # the classes of the base segmenters
    assert len(scores) not in old or len(masks) not in old, (
        "Both predictors are still those of the base segmenter: replace box_predictor and mask_predictor."
    )
    assert len(scores) not in old, "The box predictor is still that of the base segmenter: replace box_predictor."
    assert len(masks) not in old, (
        "The mask predictor is still that of the base segmenter: replace mask_predictor as well."
    )
    more = num_classes + 1 in (len(scores), len(masks))
    assert not more, "The background is counted already: num_classes includes it."
    assert len(scores) == num_classes, "The box predictor must have `num_classes` scores."
    assert len(masks) == num_classes, "The mask predictor must give `num_classes` masks."
    assert len(boxes) == 4 * num_classes, "There is one box for each class: replace the box predictor as a whole."
    takes = scores.shape[1] == len(state["roi_heads.box_head.fc7.weight"])
    assert takes, "As many numbers go into the new box predictor as into the old one: its cls_score.in_features."
    before = [value for name, value in state.items() if name.startswith("roi_heads.mask_head.") and value.ndim > 1]
    takes = bool(before) and len(first) == len(before[-1])
    assert takes, "As many channels go into the new mask predictor as into the old one: its conv5_mask.in_channels."


def test_both_predictors(student, library):
    """Both heads end in a new predictor for `num_classes` classes, and each call builds a network of its own."""
    first = student.build_segmenter(5)
    heads(weights_of(first), 5)
    heads(weights_of(student.build_segmenter(7)), 7)
    own = len(first.state_dict()[f"{BOX}cls_score.weight"]) == 5
    assert own, "The second call changed the network of the first: take a new base segmenter in each call."
    learns = library.builtins.eval("lambda module: all(one.requires_grad for one in module.parameters())", {})
    frozen = "A new predictor is frozen: it starts from nothing and must learn (freeze the body, if anything)."
    predictors = (first.roi_heads.box_predictor, first.roi_heads.mask_predictor)
    assert all(learns(one) is True for one in predictors), frozen


# From here on all files are alike: how a check is run on your notebook, and how its result is shown.
import html
import importlib
import inspect
import linecache
import pathlib
import re
import traceback
import types
import typing

from otter.test_files import test_case


class Student:
    """The notebook: each attribute is a name that it defines."""

    def __init__(self, env: dict[str, typing.Any]) -> None:
        self._env = env

    def __getattr__(self, name: str) -> typing.Any:
        if name not in self._env:
            raise NameError(f"`{name}` is not defined yet: fill in its cell and run it.")
        return self._env[name]


class Library:
    """Modules by name."""

    def __getattr__(self, name: str) -> typing.Any:
        return importlib.import_module(name)


class NotPassed(AssertionError):
    """What otter shows of a check that failed, below its message."""


class IdNotSet(AssertionError):
    """The student's ID is still the one that the notebook came with."""


class Message:
    """A text that otter shows beside a check's result: plain in a terminal, HTML in a notebook."""

    def __init__(self, plain: str = "", html: str = "") -> None:
        self.plain, self.html = plain, html

    def __str__(self) -> str:
        return self.plain

    def __format__(self, spec: str) -> str:
        # Otter has one text for both; which of them it is making, the name of its function says
        frame = inspect.currentframe()
        in_notebook = frame and frame.f_back and frame.f_back.f_code.co_name == "_repr_html_"
        return self.html if in_notebook else self.plain

    def __reduce__(self) -> typing.Any:
        return str, (self.plain,)  # otter's log and graders, which do not have this class, get the text


class PublicCheck(test_case):
    """One of otter's test cases, which says first what is wrong, and last how much is checked here."""

    said: typing.ClassVar[set[str]] = set()
    """The hints of this question so far; otter reads a file, and this with it, anew for each `grader.check`."""

    def __init__(
        self,
        check: typing.Callable[..., None],
        *,
        question: str,
        points: float,
        placeholder: object,
        coverage: str,
        files: tuple[str, ...] = (),
    ) -> None:
        green = Message(coverage, f"</details>{as_html(coverage)}") if coverage else None
        super().__init__(question, points, success_message=green, failure_message=Message())
        self.test_func = check
        self._placeholder = placeholder
        self._coverage = coverage
        self._files = files

    def __reduce__(self) -> typing.Any:
        return test_case, (self.name, self.points, self.hidden, self.success_message, self.failure_message)

    def call_func(self, env: dict[str, typing.Any]) -> None:
        """Run the check on the notebook's names, as otter wants it."""
        given = {"student": Student(env), "library": Library()}
        try:
            require_id(env, self._placeholder)
            self.test_func(**{name: given[name] for name in self._get_func_params()})
        except Exception as error:
            trace = error.__traceback__ and error.__traceback__.tb_next
            self._say(error, list(traceback.walk_tb(trace)), env)
            short = f"{type(error).__name__}: {error}".replace("AssertionError: ", "").partition("\n")[0][:300]
            raise NotPassed(re.sub(r"<(?=\S)", "< ", short)).with_traceback(trace) from None

    def _say(self, error: Exception, frames: list[tuple[types.FrameType, int]], env: dict[str, typing.Any]) -> None:
        hint = hint_for(error, frames, env, self.test_func, self._files)
        if hint in self.said:
            hint = "The same as above."
        self.said.add(hint)
        places = "\n".join(place_of(frame, line, env) for frame, line in frames)
        details = html.escape(f"{places}\n{type(error).__name__}: {error}"[-4000:])
        coverage = f"<p>{as_html(self._coverage)}</p>" if self._coverage else ""
        self.failure_message.plain = "\n".join(filter(None, [hint, self._coverage]))
        # The last fold stays open, so that it takes in what otter shows next; another check's message closes it
        self.failure_message.html = (
            f"</details><blockquote>{as_html(hint)}</blockquote>{coverage}"
            f"<details><summary>Details</summary><pre>{details}</pre>"
        )


def require_id(env: dict[str, typing.Any], placeholder: object) -> None:
    """Raise IdNotSet where the student's ID is still what the notebook came with; None: it asks for none."""
    if placeholder is not None and str(env.get("STUDENT_ID", placeholder)).strip() in ("", placeholder):
        cell = f"STUDENT_ID = {placeholder!r}"
        raise IdNotSet(f"Set `STUDENT_ID` first: write your ID into the cell `{cell}`, run it, then those below it.")


def hint_for(
    error: Exception,
    frames: list[tuple[types.FrameType, int]],
    env: dict[str, typing.Any],
    check: typing.Callable[..., None],
    own_files: tuple[str, ...] = (),
) -> str:
    """Return what a student reads first; `frames` lead from the check to where it was raised.

    `own_files` are those beside the notebook that students edit.
    """
    kind, text = type(error).__name__, str(error).strip()
    rule = " ".join((check.__doc__ or "").split())
    edited = [str(pathlib.Path.cwd() / name) for name in own_files]
    theirs = [
        place_of(frame, line, env)
        for frame, line in frames
        if frame.f_globals is env or frame.f_code.co_filename in edited
    ]
    files = [frame.f_code.co_filename for frame, _ in frames]
    by_check = files[-1] == check.__code__.co_filename
    undefined = re.fullmatch(r"name '(\w+)' is not defined.*", text)
    if text.endswith("is not written yet") and files[-1] in edited:  # what a stub raises
        hint = f"{text}: write it in `{pathlib.Path(files[-1]).name}`, save that, and import it anew."
    elif text.endswith("is not written yet"):
        hint = f"{text}: fill in its cell and run it."
    elif by_check and isinstance(error, (AssertionError, NameError)):
        hint = getattr(error, "hint", text) or rule
    elif undefined and theirs:
        hint = f"`{undefined[1]}` is not defined: run the cell that defines it, then this one.\n{theirs[-1]}"
    elif theirs:
        hint = f"Your code raised {kind}. {theirs[-1]}\n{text[:600]}"
    elif isinstance(error, AssertionError):
        hint = f"{rule}\n{text[:600]}"
    else:
        asked = linecache.getline(files[0], frames[0][1]).strip()
        hint = f"{kind} where this is checked: `{asked}`\n{text[:600]}\n{rule}"
    return hint


def place_of(frame: types.FrameType, line: int, env: dict[str, typing.Any]) -> str:
    """Return where code is at work, and its line: a cell goes by the number that the notebook shows."""
    file, name = frame.f_code.co_filename, frame.f_code.co_name
    linecache.checkcache(file)  # it may have been edited, and imported anew
    source = linecache.getlines(file, frame.f_globals)
    shown = f": `{source[line - 1].strip()}`" if 0 < line <= len(source) else ""
    if frame.f_globals is not env:
        is_beside = pathlib.Path(file).parent == pathlib.Path.cwd()
        return f"{pathlib.Path(file).name if is_beside else file}, line {line}, in {name}{shown}"
    cell = "".join(source).strip()
    number = max((n for n, text in enumerate(env.get("In") or ()) if cell and str(text).strip() == cell), default=0)
    where = f"In [{number}], line {line}" if number else f"Line {line} of its cell"
    return where + (f", `{name}`" if name.isidentifier() else "") + shown


def as_html(text: str) -> str:
    """Return a hint with its Markdown as HTML: code, bold, emphasis, lines; all else is plain text."""
    parts = re.split(r"`([^`\n]+)`", text)
    for index, part in enumerate(parts):
        escaped = html.escape(part, quote=False)
        if index % 2:
            parts[index] = f"<code>{escaped}</code>"
        else:
            bold = re.sub(r"(?<![\w*])\*\*(?=\S)([^*\n]+)(?<=\S)\*\*(?![\w*])", r"<strong>\1</strong>", escaped)
            emphasis = re.sub(r"(?<![\w*])\*(?=\S)([^*\n]+)(?<=\S)\*(?![\w*])", r"<em>\1</em>", bold)
            parts[index] = emphasis.replace("\n", "<br>")
    return "".join(parts)


test_both_predictors = PublicCheck(test_both_predictors, question=name, points=0.5, placeholder=None, coverage='0.5 of 3 points is checked here, the rest by hidden checks.')
