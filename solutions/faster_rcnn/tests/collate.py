# Public checks of `collate`: made by `autograder build` from tests/faster_rcnn.
OK_FORMAT = False

name = 'collate'
points = None


from otter.test_files import test_case
import torch


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


class Mismatch(AssertionError):
    """A value is not of the kind asked for: the rule, and what was found instead."""

    def __init__(self, rule: str, found: str) -> None:
        self.rule = rule
        super().__init__(f"{rule} Yours is {found}.")


@test_case(name='collate', points=0.5, failure_message='`collate` returns a list of images and a list of targets, in order.')
def test_a_batch_of_two(env):
    student = Student(env)
    batch = [
        (torch.zeros(3, 4, 5), {"labels": torch.tensor([1])}),
        (torch.ones(3, 6, 7), {"labels": torch.tensor([2, 3])}),
    ]
    result = student.collate(batch)
    if type(result) not in (tuple, list) or len(result) != 2:
        raise Mismatch("`collate` returns a pair (images, targets).", type(result).__name__)
    images, targets = result
    assert type(images) in (list, tuple), "The images of a batch are a list: they may differ in size, so stack nothing."
    assert type(targets) in (list, tuple), "The targets of a batch are a list of dictionaries."
    assert [tuple(image.shape) for image in images] == [(3, 4, 5), (3, 6, 7)], "Images are missing or in another order."
    assert [len(target["labels"]) for target in targets] == [1, 2], "Targets are missing or in another order."
