# Public checks of `build_segmenter`: made by `autograder build` from tests/mask_rcnn.
OK_FORMAT = False

name = 'build_segmenter'
points = None


from otter.test_files import test_case
from typing import Any
from torch import Tensor


class Student:
    """The notebook: each attribute is a name that it defines."""

    def __init__(self, env):
        self._env = env

    def __getattr__(self, name):
        if name not in self._env:
            raise NameError(f"`{name}` is not defined yet: fill in its cell and run it.")
        return self._env[name]


class Library:
    """Modules by name."""

    def __getattr__(self, name):
        import importlib

        return importlib.import_module(name)


BOX, MASK = "roi_heads.box_predictor.", "roi_heads.mask_predictor."


def heads(model: Any, num_classes: int) -> dict[str, Tensor]:
    """Return the model's weights; fail unless both predictors are for so many classes."""
    assert model is not None, "`build_segmenter` returns nothing: return the model."
    state = model.state_dict()
    scores, masks = state.get(f"{BOX}cls_score.weight"), state.get(f"{MASK}mask_fcn_logits.weight")
    assert scores is not None, "`roi_heads.box_predictor` must be a FastRCNNPredictor."
    assert masks is not None, "`roi_heads.mask_predictor` must be a MaskRCNNPredictor."
    more = num_classes + 1 in (len(scores), len(masks))
    assert not more, "The background is counted already: num_classes includes it."
    assert len(scores) == num_classes, "The box predictor must have `num_classes` scores: replace box_predictor."
    assert len(masks) == num_classes, (
        "The mask predictor must give `num_classes` masks: replace mask_predictor as well."
    )
    assert len(state[f"{BOX}bbox_pred.weight"]) == 4 * num_classes, "There is one box for each class."
    return state


@test_case(name='build_segmenter', points=0.5, failure_message='Both heads end in a new predictor for `num_classes` classes.')
def test_both_predictors(env):
    student = Student(env)
    state = heads(student.build_segmenter(5), 5)
    going_in = state["roi_heads.mask_predictor.conv5_mask.weight"].shape[0]
    assert going_in == 64, "64 channels go into the mask predictor: ask the old one's conv5_mask.in_channels."
