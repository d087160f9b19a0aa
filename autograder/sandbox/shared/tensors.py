"""Know torch's tensors for the protocol. Loaded before any fork, and only where a course asks for torch."""

from collections.abc import Mapping

import torch
from torch import nn

__all__ = ["DTYPES", "SIZE", "bytes_of", "from_bytes", "is_plain", "seed"]

DTYPES: Mapping[str, torch.dtype] = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        *(torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64),
        *(torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.complex64, torch.complex128),
    )
}
"""Those that are sent, by the names that frames have for them."""
_TYPES = (torch.Tensor, nn.Parameter, nn.Buffer)
SIZE = torch.Size
"""What shapes are: sent as tuples."""


def is_plain(value: object) -> bool:
    """Return whether a value is a tensor that is sent as its numbers."""
    return isinstance(value, torch.Tensor) and type(value) in _TYPES and value.layout == torch.strided


def bytes_of(tensor: torch.Tensor) -> bytes:
    """Return a tensor's elements in C order."""
    plain = tensor.detach().resolve_conj().resolve_neg().cpu().contiguous()
    return plain.reshape(-1).view(torch.uint8).numpy().tobytes() if plain.numel() else b""


def from_bytes(raw: bytes, dtype: torch.dtype, sizes: tuple[int, ...]) -> torch.Tensor:
    """Return the tensor of these elements, which are as many as the sizes say."""
    if not raw:
        return torch.empty(sizes, dtype=dtype)
    return torch.frombuffer(bytearray(raw), dtype=dtype).reshape(sizes)


def seed(number: int) -> None:
    """Seed torch's generators with the 64 bits that they take."""
    torch.manual_seed(number % 2**64)
