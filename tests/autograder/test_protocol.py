"""What crosses the boundary is plain data, exactly, or it does not cross."""

import contextlib
import math
import sys
from collections import Counter, OrderedDict, defaultdict
from typing import Any, NamedTuple

import msgpack
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchvision import tv_tensors

import autograder.sandbox.shared.tensors  # noqa: F401 - frames may hold tensors
from autograder.sandbox.shared.protocol import (
    HEADER,
    Decoder,
    Encoder,
    ImportPath,
    Limits,
    ProtocolError,
    RemoteObject,
    pack,
    unpack,
)

LIMITS = Limits(frame_bytes=2**20, items=1_000)


def keep(value: object) -> RemoteObject:
    return RemoteObject(7, type(value).__name__)


def resolve(stand_in: RemoteObject | ImportPath) -> object:
    return stand_in


def encode(value: object) -> Any:
    return Encoder(LIMITS, keep).encode(value)


def decode(encoded: object) -> Any:
    return Decoder(LIMITS, resolve).decode(encoded)


def there_and_back(value: object) -> Any:
    return decode(unpack(pack(encode(value), LIMITS)[HEADER.size :], LIMITS))


scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
keys = st.booleans() | st.integers() | st.text()
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.lists(inner, max_size=4).map(tuple) | st.dictionaries(keys, inner, max_size=4)
    ),
    max_leaves=20,
)


@given(values)
@settings(deadline=None)
def test_plain_data_comes_back_the_same_with_the_same_types(value):
    result = there_and_back(value)
    assert result == value
    assert repr(result) == repr(value)


@given(st.binary(max_size=200))
@settings(deadline=None)
def test_random_bytes_are_plain_data_or_a_protocol_error(body):
    with contextlib.suppress(ProtocolError):
        decode(unpack(body, LIMITS))


documents = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text() | st.binary(),
    lambda inner: (
        st.lists(st.sampled_from(list("iltdTAhp")) | inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=3)
    ),
    max_leaves=15,
)


@given(documents)
@settings(deadline=None)
def test_any_document_decodes_to_plain_data_or_a_protocol_error(document):
    try:
        value = decode(unpack(msgpack.packb(document), LIMITS))
    except ProtocolError:
        return
    allowed = (bool, int, float, str, type(None), list, tuple, dict, torch.Tensor, np.ndarray, RemoteObject, ImportPath)
    assert type(value) in allowed


@pytest.mark.parametrize(
    "dtype", [torch.bool, torch.uint8, torch.int64, torch.bfloat16, torch.float32, torch.complex64]
)
@pytest.mark.parametrize("shape", [(), (0, 3), (2, 3), (1, 2, 3, 4)])
def test_tensors_keep_dtype_shape_and_bits(dtype, shape):
    tensor = torch.rand(shape).mul(9).to(dtype)
    result = there_and_back(tensor)
    assert type(result) is torch.Tensor
    assert (result.dtype, result.shape) == (dtype, tensor.shape)
    assert torch.equal(result, tensor)


def test_a_transposed_parameter_comes_back_as_a_plain_detached_tensor():
    parameter = torch.nn.Parameter(torch.rand(3, 2))
    result = there_and_back([parameter, parameter.T])
    assert type(result[0]) is torch.Tensor
    assert not result[0].requires_grad
    assert torch.equal(result[1], parameter.detach().T)


def test_an_image_and_boxes_of_torchvision_come_back_as_plain_tensors():
    image = tv_tensors.Image(torch.rand(3, 4, 4))
    boxes = tv_tensors.BoundingBoxes(torch.tensor([[0.0, 1.0, 2.0, 3.0]]), format="XYXY", canvas_size=(4, 4))
    found = there_and_back([image, boxes])
    assert [type(one) for one in found] == [torch.Tensor, torch.Tensor]
    assert torch.equal(found[0], image.as_subclass(torch.Tensor))
    assert torch.equal(found[1], boxes.as_subclass(torch.Tensor))


def test_state_dicts_stay_ordered_and_sizes_become_tuples():
    state = torch.nn.Linear(2, 1).state_dict()
    assert type(there_and_back(state)) is type(state) is OrderedDict
    assert there_and_back(torch.Size([1, 2])) == (1, 2)


class Scores(NamedTuple):
    loss: float
    accuracy: float

    def __iter__(self):
        return iter(("forged",))


def test_every_kind_of_tuple_is_a_tuple_of_the_items_that_it_really_has():
    assert there_and_back(Scores(0.5, 0.9)) == (0.5, 0.9)
    assert there_and_back(torch.tensor([1, 3]).max(dim=0)) == (3, 1)
    assert list(there_and_back(Scores(0.5, 0.9))) == [0.5, 0.9]


def test_the_items_of_a_namedtuple_have_their_names():
    found = there_and_back(Scores(0.5, 0.9))
    assert (found.loss, found._fields, found._asdict()["accuracy"]) == (0.5, ("loss", "accuracy"), 0.9)
    assert type(found) is not Scores
    assert found._replace(loss=1.0) == (1.0, 0.9)
    with pytest.raises(ValueError, match="no fields"):
        found._replace(other=1)


@pytest.mark.parametrize("value", [defaultdict(list, a=[1]), Counter("aab")])
def test_pythons_own_kinds_of_dict_are_what_they_are(value):
    assert there_and_back(value) == dict(value)
    assert type(there_and_back(value)) is type(value)


def test_a_defaultdict_keeps_its_factory_where_that_is_pythons():
    assert there_and_back(defaultdict(list))["x"] == []
    with pytest.raises(KeyError):
        there_and_back(defaultdict(lambda: 3))["x"]


@pytest.mark.parametrize("scalar", [np.int64(3), np.uint8(3)])
def test_a_numpy_integer_is_an_int(scalar):
    assert type(there_and_back(scalar)) is int


def test_a_numpy_float_is_a_float_and_a_numpy_truth_value_a_bool():
    assert type(there_and_back(np.float32(0.5))) is float
    assert there_and_back(np.bool_(True)) is True


class AlwaysEqual(int):
    def __eq__(self, other):
        return True

    __hash__ = int.__hash__


class MyTensor(torch.Tensor):
    pass


class MyArray(np.ndarray):
    pass


class MyList(list):
    pass


@pytest.mark.parametrize(
    "impostor",
    [
        AlwaysEqual(1),
        torch.rand(2).as_subclass(MyTensor),
        np.zeros(2).view(MyArray),
        MyList([1]),
        object(),
        len,
        np.array([("a", 1)], dtype=[("name", "U1"), ("number", "i4")]),
    ],
)
def test_impostors_stay_where_they_are(impostor):
    assert there_and_back(impostor) == RemoteObject(7, type(impostor).__name__)


def test_nan_travels_as_what_it_is():
    assert math.isnan(there_and_back(math.nan))


def test_lone_surrogates_travel():
    assert there_and_back("\ud800") == "\ud800"


@pytest.mark.parametrize("value", [list(range(2_000)), [[0] * 600, [0] * 600], {i: i for i in range(600)}])
def test_too_many_elements_are_refused(value):
    with pytest.raises(ProtocolError, match="elements"):
        encode(value)


def test_endless_nesting_is_refused():
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(ProtocolError, match="deep"):
        encode(loop)


def test_a_large_array_is_refused_before_it_is_copied():
    with pytest.raises(ProtocolError, match="MB"):
        encode(torch.zeros(1).expand(2**30))


@pytest.mark.parametrize(
    "encoded",
    [
        ["T", "float32", [2], b"1234"],
        ["T", "float32", [-1], b""],
        ["T", "float32", [2**60, 2**60], b""],
        ["T", "object", [1], b"12345678"],
        ["T", "bool", [1], b"\x02"],
        ["A", "object", [1], b"12345678"],
        ["A", "bool", [1], b"\x02"],
        ["T", "float32", [True], b"1234"],
        ["i", "not a number"],
        ["i", "9" * 5_000],
        ["d", [["l", []], 1]],
        ["d", [1]],
        ["h", True, "x", "", [], False],
        ["x", 1],
        ["l"],
        {"l": 1},
        b"bytes",
    ],
)
def test_malformed_values_are_refused(encoded):
    with pytest.raises(ProtocolError):
        decode(encoded)


@pytest.mark.parametrize(
    "inner", [b"\x80", b"\x90", b"\x91\x00", b"\x81\xa1k\x00"], ids=["maps", "lists", "ones", "pairs"]
)
def test_containers_count_over_the_whole_frame(inner):
    """Each list is within the limit; together they would take a hundred times the frame's size."""
    many = b"\xdc" + (900).to_bytes(2, "big") + inner * 900
    few, flood = b"\x91" + many, b"\xdc" + (500).to_bytes(2, "big") + many * 500
    assert len(unpack(few, LIMITS)) == 1
    with pytest.raises(ProtocolError, match="elements in one answer"):
        unpack(flood, LIMITS)


def test_all_that_can_be_sent_can_be_read():
    value = [[n] for n in range(499)]
    assert decode(unpack(pack(encode(value), LIMITS)[HEADER.size :], LIMITS)) == value


@pytest.fixture
def torchless(monkeypatch):
    """What a course without torch has loaded."""
    monkeypatch.delitem(sys.modules, "autograder.sandbox.shared.tensors")


def test_without_torch_a_frame_with_a_tensor_is_malformed(torchless):
    with pytest.raises(ProtocolError, match="does not know"):
        decode(["T", "float32", [1], b"\0\0\0\0"])


def test_without_torch_a_tensor_is_an_object_that_stays(torchless):
    assert encode(torch.ones(1)) == ["h", 7, "Tensor", "", [], False]


def test_without_torch_all_else_is_sent_as_with_it(torchless):
    value = [None, True, 3, 2.5, "x", (1, 2), {"a": 1}, 2**70]
    assert decode(encode(value)) == value
    assert decode(encode(np.arange(3))).tolist() == [0, 1, 2]
