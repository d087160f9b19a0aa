# Public checks of `build_detector`: made by `autograder build` from tests/faster_rcnn.
OK_FORMAT = False

name = 'build_detector'
points = None


from otter.test_files import test_case
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


NEW = "roi_heads.box_predictor."


def heads(state: dict[str, Tensor], num_classes: int) -> None:
    """Fail unless the box predictor is one for so many classes."""
    found = state.get(f"{NEW}cls_score.weight")
    assert found is not None, "`roi_heads.box_predictor` must be a FastRCNNPredictor."
    assert found.shape[0] != num_classes + 1, "The background is counted already: num_classes includes it."
    assert found.shape[0] == num_classes, "The new predictor must have `num_classes` scores: replace box_predictor."
    assert state[f"{NEW}bbox_pred.weight"].shape[0] == 4 * num_classes, "There is one box for each class."


@test_case(name='build_detector', points=1, failure_message='The box head ends in a new predictor for `num_classes` classes.')
def test_the_new_predictor(env):
    student = Student(env)
    model = student.build_detector(5)
    assert model is not None, "`build_detector` returns nothing: return the model."
    heads(model.state_dict(), 5)
