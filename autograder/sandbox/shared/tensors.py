"""Know torch's tensors for the protocol. Loaded before any fork, and only where a course asks for torch."""

import os
import re
import sys
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from autograder.sandbox.shared.setting import Setting

__all__ = ["DTYPES", "SETTINGS", "bytes_of", "from_bytes", "is_plain", "name_of", "named", "seed"]

DTYPES: Mapping[str, torch.dtype] = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        *(torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64),
        *(torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.complex64, torch.complex128),
    )
}
"""Those that are sent, by the names that frames have for them."""
_DEVICE = re.compile(r"(?:cpu|cuda|meta|mps)(?::[0-9]{1,2})?")
_ACCELERATORS = ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd")
"""Device files without which Linux has none that torch computes on."""
_TYPES = (torch.Tensor, nn.Parameter, nn.Buffer)
_TV_TENSORS = "torchvision.tv_tensors."
"""The module of torchvision's images, boxes and masks: tensors with metadata, which are not sent."""


def is_plain(value: Any) -> bool:
    """Return whether a value is a tensor that is sent as its numbers."""
    kind = type(value)
    if not issubclass(kind, torch.Tensor) or value.layout != torch.strided:
        return False
    return kind in _TYPES or kind.__module__.startswith(_TV_TENSORS)


def bytes_of(tensor: torch.Tensor) -> bytes:
    """Return a tensor's elements in C order."""
    plain = tensor.as_subclass(torch.Tensor).detach().resolve_conj().resolve_neg().cpu().contiguous()
    return plain.reshape(-1).view(torch.uint8).numpy().tobytes() if plain.numel() else b""


def from_bytes(raw: bytes, dtype: torch.dtype, sizes: tuple[int, ...]) -> torch.Tensor:
    """Return the tensor of these elements, which are as many as the sizes say."""
    if not raw:
        return torch.empty(sizes, dtype=dtype)
    return torch.frombuffer(bytearray(raw), dtype=dtype).reshape(sizes)


def name_of(value: object) -> tuple[str, str] | None:
    """Return the kind and the name of a device or a dtype, None for anything else."""
    if type(value) is torch.device:
        return "device", str(value)
    if type(value) is torch.dtype and str(value).removeprefix("torch.") in DTYPES:
        return "dtype", str(value).removeprefix("torch.")
    return None


def named(kind: str, name: str) -> torch.device | torch.dtype:
    """Return the device or the dtype of that name; raise ValueError where it is none."""
    if kind == "device" and _DEVICE.fullmatch(name):
        return torch.device(name)
    if kind == "dtype" and name in DTYPES:
        return DTYPES[name]
    raise ValueError(f"a {kind} that is none")


def seed(number: int) -> None:
    """Seed torch's generators with the 64 bits that they take."""
    number %= 2**64
    if sys.platform == "linux" and not any(os.path.exists(path) for path in _ACCELERATORS):  # noqa: PTH110 - quick
        torch.default_generator.manual_seed(number)  # `manual_seed` keeps a stack of calls for each kind of accelerator
    else:
        torch.manual_seed(number)


def _default_device() -> torch.device | None:
    """Return the device that was set as the default, None where none was; asking torch for it may need a GPU."""
    context = getattr(torch._GLOBAL_DEVICE_CONTEXT, "device_context", None)  # noqa: SLF001 - torch has no other way
    device: torch.device | None = context.device if context is not None else None
    return device


def _set_inference_mode(mode: bool) -> None:  # noqa: FBT001 - a setting's value
    guard = torch.inference_mode(mode)
    guard.__enter__()
    _entered.append(guard)  # what ends, ends the mode with it


_entered: list[torch.inference_mode] = []


def _autocast() -> tuple[bool, ...]:
    return tuple(torch.is_autocast_enabled(device) for device in ("cpu", "cuda"))


def _set_autocast(enabled: tuple[bool, ...]) -> None:
    for device, on in zip(("cpu", "cuda"), enabled, strict=True):
        torch.set_autocast_enabled(device, on)


def _deterministic() -> tuple[bool, bool]:
    return torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()


def _anomalies() -> tuple[bool, bool]:
    return torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()


def _cudnn() -> tuple[Any, ...]:
    flags = torch.backends.cudnn
    return flags.enabled, flags.benchmark, flags.deterministic


def _set_cudnn(values: tuple[Any, ...]) -> None:
    flags = torch.backends.cudnn
    flags.enabled, flags.benchmark, flags.deterministic = values


SETTINGS = (
    Setting(torch.is_inference_mode_enabled, _set_inference_mode),  # before gradients, which it switches too
    Setting(torch.is_grad_enabled, torch.set_grad_enabled),
    Setting(_autocast, _set_autocast),
    Setting(torch.get_default_dtype, torch.set_default_dtype),
    Setting(_default_device, torch.set_default_device),
    Setting(torch.get_num_threads, torch.set_num_threads),
    Setting(_deterministic, lambda kept: torch.use_deterministic_algorithms(kept[0], warn_only=kept[1])),
    Setting(_anomalies, lambda kept: torch.set_anomaly_enabled(*kept)),
    Setting(torch.get_float32_matmul_precision, torch.set_float32_matmul_precision),
    Setting(_cudnn, _set_cudnn),
)
"""What torch has for all code of a process, the generators apart."""
