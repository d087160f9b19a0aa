"""Known answers to parameter_counting: right ones that must pass, and wrong ones that must lose points."""

from autograder.validate.answers import Edit, Right, Wrong

ANSWERS = [
    Right(
        "counted by torch",
        cells={
            "linear_parameters": """
def linear_parameters(in_features, out_features, bias=True):
    return sum(p.numel() for p in nn.Linear(in_features, out_features, bias=bias).parameters())
""",
            "conv2d_parameters": """
def conv2d_parameters(in_channels, out_channels, kernel_size, bias=True, groups=1):
    layer = nn.Conv2d(in_channels, out_channels, kernel_size, bias=bias, groups=groups)
    return sum(p.numel() for p in layer.parameters())
""",
            "batchnorm2d_parameters": """
def batchnorm2d_parameters(num_features):
    return sum(p.numel() for p in nn.BatchNorm2d(num_features).parameters())
""",
            "conv2d_output_size": """
def conv2d_output_size(size, kernel_size, stride=1, padding=0):
    layer = nn.Conv1d(1, 1, kernel_size, stride=stride, padding=padding)
    return layer(torch.zeros(1, 1, size)).shape[-1]
""",
            "count_parameters": """
def count_parameters(model):
    total = 0
    for parameter in set(model.parameters()):
        if parameter.requires_grad:
            total += parameter.numel()
    return total
""",
            "mlp_layer_parameters": "mlp_layer_parameters = [count_parameters(nn.Linear(a, b)) for a, b in ((784, 500), (500, 500), (500, 10))]",
            "mlp_total": "mlp_total = count_parameters(nn.Sequential(nn.Linear(784, 500), nn.Linear(500, 500), nn.Linear(500, 10)))",
            "cnn_layer_parameters": """
cnn = [nn.Conv2d(1, 16, 5), nn.Conv2d(16, 32, 5), nn.Linear(7 * 7 * 32, 10)]
cnn_layer_parameters = [count_parameters(layer) for layer in cnn]
""",
            "cnn_total": "cnn_total = count_parameters(nn.Sequential(*cnn))",
            "my_total": """
pad = "same" if my_arch.padding == "same" else 0
network = nn.Sequential(
    nn.Conv2d(my_arch.in_channels, my_arch.conv1_channels, my_arch.conv1_kernel, padding=pad),
    nn.MaxPool2d(my_arch.pool),
    nn.Conv2d(my_arch.conv1_channels, my_arch.conv2_channels, my_arch.conv2_kernel, padding=pad),
    nn.MaxPool2d(my_arch.pool),
    nn.Flatten(),
)
features = network(torch.zeros(1, my_arch.in_channels, my_arch.image_size, my_arch.image_size)).shape[1]
my_total = count_parameters(network) + count_parameters(nn.Linear(features, my_arch.classes))
""",
        },
    ),
    Right(
        "numbers worked out on paper, functions in one line",
        cells={
            "linear_parameters": "linear_parameters = lambda in_features, out_features, bias=True: out_features * (in_features + bool(bias))",
            "conv2d_parameters": """
def conv2d_parameters(in_channels, out_channels, kernel_size, bias=True, groups=1):
    area = kernel_size**2 if isinstance(kernel_size, int) else kernel_size[0] * kernel_size[1]
    return out_channels * (in_channels * area // groups + int(bias))
""",
            "batchnorm2d_parameters": "def batchnorm2d_parameters(num_features):\n    return num_features + num_features",
            "conv2d_output_size": """
def conv2d_output_size(size, kernel_size, stride=1, padding=0):
    return len(range(0, size + 2 * padding - kernel_size + 1, stride))
""",
            "count_parameters": """
def count_parameters(model):
    seen = {id(p): p.shape.numel() for p in model.parameters() if p.requires_grad}
    return sum(seen.values())
""",
            "mlp_layer_parameters": "mlp_layer_parameters = [392_500, 250_500, 5_010]",
            "mlp_total": "mlp_total = 648_010",
            "cnn_layer_parameters": "cnn_layer_parameters = [416, 12_832, 15_690]",
            "cnn_total": "cnn_total = 28_938",
            "my_total": """
a = my_arch
lost = (lambda kernel: 0) if a.padding == "same" else (lambda kernel: kernel - 1)
n = (a.image_size - lost(a.conv1_kernel)) // a.pool
n = (n - lost(a.conv2_kernel)) // a.pool
my_total = (
    a.conv1_channels * (a.in_channels * a.conv1_kernel**2 + 1)
    + a.conv2_channels * (a.conv1_channels * a.conv2_kernel**2 + 1)
    + a.classes * (a.conv2_channels * n**2 + 1)
)
""",
        },
    ),
    Right(
        "with loops and branches",
        cells={
            "linear_parameters": """
def linear_parameters(in_features: int, out_features: int, bias: bool = True) -> int:
    count = 0
    for _ in range(out_features):
        count += in_features
        if bias:
            count += 1
    return count
""",
            "conv2d_parameters": """
def conv2d_parameters(in_channels, out_channels, kernel_size, bias=True, groups=1):
    if type(kernel_size) is int:
        kernel_size = (kernel_size, kernel_size)
    kernel = in_channels // groups
    for side in kernel_size:
        kernel *= side
    total = kernel * out_channels
    if bias:
        total += out_channels
    return total
""",
            "batchnorm2d_parameters": "def batchnorm2d_parameters(num_features):\n    gamma = beta = num_features\n    return gamma + beta",
            "conv2d_output_size": """
def conv2d_output_size(size, kernel_size, stride=1, padding=0):
    places, left = 0, 0
    while left + kernel_size <= size + padding + padding:
        places, left = places + 1, left + stride
    return places
""",
            "count_parameters": """
def count_parameters(model):
    return int(sum(np.prod(p.shape) for p in model.parameters() if p.requires_grad))


import numpy as np
""",
            "mlp_layer_parameters": """
sizes = [784, 500, 500, 10]
mlp_layer_parameters = []
for before, after in zip(sizes, sizes[1:]):
    mlp_layer_parameters.append(before * after + after)
""",
            "mlp_total": "mlp_total = 0\nfor count in mlp_layer_parameters:\n    mlp_total += count",
            "cnn_layer_parameters": "cnn_layer_parameters = [16 * 25 + 16, 32 * 16 * 25 + 32, 10 * 32 * 49 + 10]",
            "cnn_total": "cnn_total = cnn_layer_parameters[0] + cnn_layer_parameters[1] + cnn_layer_parameters[2]",
            "my_total": """
side = my_arch.image_size
my_total, channels = 0, my_arch.in_channels
for out, kernel in ((my_arch.conv1_channels, my_arch.conv1_kernel), (my_arch.conv2_channels, my_arch.conv2_kernel)):
    my_total += conv2d_parameters(channels, out, kernel)
    side = conv2d_output_size(side, kernel, padding=kernel // 2 if my_arch.padding == "same" else 0)
    side = conv2d_output_size(side, my_arch.pool, stride=my_arch.pool)
    channels = out
my_total += linear_parameters(channels * side * side, my_arch.classes)
""",
        },
    ),
    Right(
        "numpy's integers",
        cells={
            "linear_parameters": """
import numpy as np
def linear_parameters(in_features: int, out_features: int, bias: bool = True) -> int:
    return np.prod([in_features, out_features]) + np.int64(out_features) * bias
""",
            "conv2d_parameters": """
def conv2d_parameters(in_channels, out_channels, kernel_size, bias=True, groups=1):
    return np.int64(out_channels) * (in_channels // groups) * np.prod(np.broadcast_to(kernel_size, 2)) + out_channels * bias
""",
            "batchnorm2d_parameters": """
def batchnorm2d_parameters(num_features):
    return np.sum([num_features, num_features])
""",
            "conv2d_output_size": """
def conv2d_output_size(size, kernel_size, stride=1, padding=0):
    return np.floor_divide(size + 2 * padding - kernel_size, stride) + 1
""",
            "count_parameters": """
def count_parameters(model):
    return np.sum([p.numel() for p in model.parameters() if p.requires_grad], dtype=int)
""",
            "mlp_layer_parameters": "mlp_layer_parameters = list(np.array([784, 500, 500]) * np.array([500, 500, 10]) + np.array([500, 500, 10]))",
            "mlp_total": "mlp_total = np.sum(mlp_layer_parameters)",
            "cnn_layer_parameters": "cnn_layer_parameters = (416, np.int32(12832), 15690)",
            "cnn_total": "cnn_total = np.array(cnn_layer_parameters).sum()",
        },
    ),
    Right(
        "torch.Size, a namedtuple, windows unfolded, parameters as one vector",
        cells={
            "linear_parameters": """
def linear_parameters(in_features: int, out_features: int, bias: bool = True) -> int:
    layer = nn.Linear(in_features, out_features, bias=bias)
    return layer.weight.shape.numel() + (0 if layer.bias is None else len(layer.bias))
""",
            "conv2d_parameters": """
from torch.nn.modules.utils import _pair
def conv2d_parameters(in_channels, out_channels, kernel_size, bias=True, groups=1):
    h, w = _pair(kernel_size)
    return out_channels * (in_channels // groups * h * w + bool(bias))
""",
            "conv2d_output_size": """
def conv2d_output_size(size, kernel_size, stride=1, padding=0):
    return torch.zeros(size + 2 * padding).unfold(0, kernel_size, stride).shape[0]
""",
            "count_parameters": """
def count_parameters(model):
    tensors = [p.detach() for p in model.parameters() if p.requires_grad]
    return torch.nn.utils.parameters_to_vector(tensors).numel() if tensors else 0
""",
            "mlp_layer_parameters": "mlp_layer_parameters = torch.Size([392_500, 250_500, 5_010])",
            "mlp_total": "mlp_total = torch.tensor(mlp_layer_parameters).sum().item()",
            "cnn_layer_parameters": """
from collections import namedtuple
cnn_layer_parameters = namedtuple('Layers', 'conv1 conv2 fc')(416, 12832, 15690)
""",
            "cnn_total": """
import math
cnn_total = int(math.fsum(cnn_layer_parameters))
""",
            "my_total": """
a = my_arch
model = nn.Sequential(nn.Conv2d(a.in_channels, a.conv1_channels, a.conv1_kernel, padding=a.padding), nn.ReLU(), nn.MaxPool2d(a.pool), nn.Conv2d(a.conv1_channels, a.conv2_channels, a.conv2_kernel, padding=a.padding), nn.ReLU(), nn.MaxPool2d(a.pool), nn.Flatten(), nn.LazyLinear(a.classes))
model(torch.zeros(1, a.in_channels, a.image_size, a.image_size))
my_total = count_parameters(model)
""",
        },
    ),
    Right(
        "an object that is called, functools, maps",
        cells={
            "linear_parameters": """
class Linear:
    def __call__(self, in_features, out_features, bias=True):
        return (in_features + 1 if bias else in_features) * out_features
linear_parameters = Linear()
""",
            "conv2d_parameters": """
import functools, math
@functools.lru_cache
def conv2d_parameters(in_channels, out_channels, kernel_size, bias=True, groups=1):
    try:
        h, w = kernel_size
    except TypeError:
        h = w = kernel_size
    return math.prod((out_channels, in_channels // groups, h, w)) + (out_channels if bias else 0)
""",
            "batchnorm2d_parameters": """
import operator, functools
batchnorm2d_parameters = functools.partial(operator.mul, 2)
""",
            "conv2d_output_size": """
def conv2d_output_size(size, kernel_size, stride=1, padding=0):
    return math.floor((size + 2 * padding - kernel_size) / stride + 1)
""",
            "count_parameters": """
def count_parameters(model):
    return sum(map(torch.numel, filter(lambda p: p.requires_grad, model.parameters())))
""",
            "mlp_layer_parameters": """
mlp_layer_parameters = []
for layer in [nn.Linear(784, 500), nn.Linear(500, 500), nn.Linear(500, 10)]:
    mlp_layer_parameters += [count_parameters(layer)]
""",
            "mlp_total": "mlp_total, *_ = [sum(n for n in mlp_layer_parameters)]",
            "cnn_layer_parameters": "cnn_layer_parameters = [*map(conv2d_parameters, (1, 16), (16, 32), (5, 5)), linear_parameters(1568, 10)]",
            "cnn_total": "cnn_total = functools.reduce(operator.add, cnn_layer_parameters)",
            "my_total": """
s = my_arch.image_size
for k in (my_arch.conv1_kernel, my_arch.conv2_kernel):
    s = int(conv2d_output_size(s, k, padding=(k - 1) // 2 * (my_arch.padding == 'same')) / my_arch.pool)
my_total = conv2d_parameters(my_arch.in_channels, my_arch.conv1_channels, my_arch.conv1_kernel) + conv2d_parameters(my_arch.conv1_channels, my_arch.conv2_channels, (my_arch.conv2_kernel,) * 2) + linear_parameters(my_arch.conv2_channels * s ** 2, my_arch.classes)
""",
        },
    ),
    Right(
        "count: its own recursion, seen parameters by identity",
        cells={
            "count_parameters": """
def count_parameters(model):
    def walk(module, seen):
        total = 0
        for p in module._parameters.values():
            if p is not None and id(p) not in seen:
                seen.add(id(p))
                total += p.numel() * p.requires_grad
        return total + sum(walk(child, seen) for child in module.children())
    return walk(model, set())
""",
        },
    ),
    Right(
        "count: by memory address; size: of a pooled row",
        cells={
            "count_parameters": """
def count_parameters(model):
    return sum({p.data_ptr(): p.nelement() for _, p in model.named_parameters() if p.requires_grad}.values())
""",
            "conv2d_output_size": """
def conv2d_output_size(size, kernel_size, stride=1, padding=0):
    import torch.nn.functional as F
    x = F.pad(torch.zeros(1, 1, size), (padding, padding))
    return F.max_pool1d(x, kernel_size, stride).size(-1)
""",
        },
    ),
    Right(
        "count: product of sizes in a loop; linear: bias as an index",
        cells={
            "count_parameters": """
def count_parameters(model):
    n = 0
    for p in model.parameters():
        if not p.requires_grad:
            continue
        size = 1
        for side in p.size():
            size *= side
        n += size
    return n
""",
            "linear_parameters": """
def linear_parameters(in_features: int, out_features: int, bias: bool = True) -> int:
    W = in_features * out_features
    return W + [0, out_features][bias]
""",
        },
    ),
    Right(
        "totals worked out on paper",
        cells={
            "mlp_total": "mlp_total = 784*500+500 + 500*500+500 + 500*10+10",
            "cnn_total": "cnn_total = 28938",
        },
    ),
    Right(
        "size: rounded up after one more step",
        cells={
            "conv2d_output_size": """
import math


def conv2d_output_size(size, kernel_size, stride=1, padding=0):
    return math.ceil((size + 2 * padding - kernel_size + 1) / stride)
""",
        },
    ),
    Right(
        "the network that the notebook builds",
        cells={
            "mlp_layer_parameters": (
                "mlp_layer_parameters = [count_parameters(layer) for layer in mlp if isinstance(layer, nn.Linear)]"
            ),
            "mlp_total": "mlp_total = count_parameters(mlp)",
        },
    ),
    Wrong(
        "linear: biases forgotten",
        cells={
            "linear_parameters": """
def linear_parameters(in_features: int, out_features: int, bias: bool = True) -> int:
    return in_features * out_features
"""
        },
        hint="Biases are missing: there is one for each output",
        warned=True,
    ),
    Wrong(
        "linear: bias=False ignored",
        cells={
            "linear_parameters": """
def linear_parameters(in_features: int, out_features: int, bias: bool = True) -> int:
    return in_features * out_features + out_features
"""
        },
        hint="With bias=False there are no biases to count: the argument is ignored.",
        warned=True,
    ),
    Wrong(
        "linear: one bias per weight",
        cells={
            "linear_parameters": """
def linear_parameters(in_features: int, out_features: int, bias: bool = True) -> int:
    return in_features * out_features * (2 if bias else 1)
"""
        },
        hint="There is one bias for each output (for each kernel), not one for each weight.",
    ),
    Wrong(
        "linear: one bias per input",
        cells={
            "linear_parameters": """
def linear_parameters(in_features: int, out_features: int, bias: bool = True) -> int:
    return in_features * out_features + (in_features if bias else 0)
"""
        },
        hint="There is one bias for each output (for each kernel), not one for each input.",
    ),
    Wrong(
        "linear: a float",
        cells={
            "linear_parameters": """
def linear_parameters(in_features: int, out_features: int, bias: bool = True) -> int:
    return float(in_features * out_features + (out_features if bias else 0))
"""
        },
        hint="must be a whole number (int), not a float",
        warned=True,
    ),
    Wrong(
        "linear: only the example",
        cells={
            "linear_parameters": """
def linear_parameters(in_features: int, out_features: int, bias: bool = True) -> int:
    return 8 if bias else 6
"""
        },
        hint="The same number comes out for every layer",
    ),
    Wrong(
        "conv: biases forgotten",
        cells={
            "conv2d_parameters": """
def conv2d_parameters(in_channels, out_channels, kernel_size, bias=True, groups=1):
    height, width = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
    return out_channels * (in_channels // groups) * height * width
"""
        },
        hint="Biases are missing: there is one for each output",
        warned=True,
    ),
    Wrong(
        "conv: input channels forgotten",
        cells={
            "conv2d_parameters": """
def conv2d_parameters(in_channels, out_channels, kernel_size, bias=True, groups=1):
    height, width = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
    return out_channels * height * width + (out_channels if bias else 0)
"""
        },
        hint="The input channels are missing: a kernel has a slice of weights for each",
        also=("The groups are ignored",),
        warned=True,
    ),
    Wrong(
        "conv: one bias per weight",
        cells={
            "conv2d_parameters": """
def conv2d_parameters(in_channels, out_channels, kernel_size, bias=True, groups=1):
    height, width = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
    return out_channels * (in_channels // groups) * height * width * (2 if bias else 1)
"""
        },
        hint="There is one bias for each output (for each kernel), not one for each weight.",
    ),
    Wrong(
        "conv: one bias per slice",
        cells={
            "conv2d_parameters": """
def conv2d_parameters(in_channels, out_channels, kernel_size, bias=True, groups=1):
    height, width = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
    return out_channels * (in_channels // groups) * (height * width + (1 if bias else 0))
"""
        },
        hint="There is one bias for each kernel, not one for each of its slices.",
        warned=True,
    ),
    Wrong(
        "conv: groups ignored",
        cells={
            "conv2d_parameters": """
def conv2d_parameters(in_channels, out_channels, kernel_size, bias=True, groups=1):
    height, width = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
    return out_channels * in_channels * height * width + (out_channels if bias else 0)
"""
        },
        hint="The groups are ignored: with groups=g a kernel has slices",
        warned=True,
    ),
    Wrong(
        "conv: groups divide the kernels too",
        cells={
            "conv2d_parameters": """
def conv2d_parameters(in_channels, out_channels, kernel_size, bias=True, groups=1):
    height, width = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
    return out_channels // groups * (in_channels // groups) * height * width + (out_channels if bias else 0)
"""
        },
        hint="The groups are counted twice: there are still out_channels",
    ),
    Wrong(
        "conv: square kernels assumed",
        cells={
            "conv2d_parameters": """
def conv2d_parameters(in_channels, out_channels, kernel_size, bias=True, groups=1):
    height, width = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
    return out_channels * (in_channels // groups) * height**2 + (out_channels if bias else 0)
"""
        },
        hint="A kernel need not be square: (height, width) has height ·",
        warned=True,
    ),
    Wrong(
        "conv: tuples not handled",
        cells={
            "conv2d_parameters": """
def conv2d_parameters(in_channels, out_channels, kernel_size, bias=True, groups=1):
    return out_channels * (in_channels // groups) * kernel_size**2 + (out_channels if bias else 0)
"""
        },
        hint="Your code raised TypeError in",
    ),
    Wrong(
        "batchnorm: running statistics counted",
        cells={
            "batchnorm2d_parameters": """
def batchnorm2d_parameters(num_features: int) -> int:
    return 4 * num_features
"""
        },
        hint="The running mean and variance are counted too: they are",
        warned=True,
    ),
    Wrong(
        "batchnorm: state_dict counted",
        cells={
            "batchnorm2d_parameters": """
def batchnorm2d_parameters(num_features: int) -> int:
    return sum(t.numel() for t in nn.BatchNorm2d(num_features).state_dict().values())
"""
        },
        hint="Everything in `state_dict()` is counted: buffers are there too",
        warned=True,
    ),
    Wrong(
        "batchnorm: β forgotten",
        cells={
            "batchnorm2d_parameters": """
def batchnorm2d_parameters(num_features: int) -> int:
    return num_features
"""
        },
        hint="One of the two learned numbers of each channel is missing:",
    ),
    Wrong(
        "size: the first place forgotten",
        cells={
            "conv2d_output_size": """
def conv2d_output_size(size: int, kernel_size: int, stride: int = 1, padding: int = 0) -> int:
    return (size + 2 * padding - kernel_size) // stride
"""
        },
        hint="The first place of the window is missing",
        warned=True,
    ),
    Wrong(
        "size: padding on one side",
        cells={
            "conv2d_output_size": """
def conv2d_output_size(size: int, kernel_size: int, stride: int = 1, padding: int = 0) -> int:
    return (size + padding - kernel_size) // stride + 1
"""
        },
        hint="The padding is added on both sides, not on one.",
        warned=True,
    ),
    Wrong(
        "size: a float",
        cells={
            "conv2d_output_size": """
def conv2d_output_size(size: int, kernel_size: int, stride: int = 1, padding: int = 0) -> int:
    return (size + 2 * padding - kernel_size) / stride + 1
"""
        },
        hint="must be a whole number (int), not a float",
        warned=True,
    ),
    Wrong(
        "size: rounded up",
        cells={
            "conv2d_output_size": """
def conv2d_output_size(size: int, kernel_size: int, stride: int = 1, padding: int = 0) -> int:
    return -(-(size + 2 * padding - kernel_size) // stride) + 1
"""
        },
        hint="What is too short for a step is left over: round down, not up.",
        warned=True,
    ),
    Wrong(
        "size: rounded to the nearest",
        cells={
            "conv2d_output_size": """
def conv2d_output_size(size: int, kernel_size: int, stride: int = 1, padding: int = 0) -> int:
    return round((size + 2 * padding - kernel_size) / stride) + 1
"""
        },
        hint="What is too short for a step is left over: round down, not to the nearest.",
    ),
    Wrong(
        "count: tensors, not numbers",
        cells={
            "count_parameters": """
def count_parameters(model: nn.Module) -> int:
    return len(list(model.parameters()))
"""
        },
        hint="The tensors are counted: add up the numbers in them (numel).",
    ),
    Wrong(
        "count: frozen counted",
        cells={
            "count_parameters": """
def count_parameters(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())
"""
        },
        hint="Frozen parameters are counted: leave out those whose requires_grad is False.",
        warned=True,
    ),
    Wrong(
        "count: state_dict counted",
        cells={
            "count_parameters": """
def count_parameters(model: nn.Module) -> int:
    return sum(t.numel() for t in model.state_dict().values())
"""
        },
        hint="Everything in `state_dict()` is counted",
        also=("Frozen parameters are counted", "A shared weight is counted twice"),
        warned=True,
    ),
    Wrong(
        "count: shared weight counted twice (layers of a Sequential)",
        cells={
            "count_parameters": """
def count_parameters(model: nn.Module) -> int:
    layers = list(model) if isinstance(model, nn.Sequential) else []
    if layers:
        return sum(count_parameters(layer) for layer in layers)
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
"""
        },
        hint="A shared weight is counted twice: a layer used at two",
        warned=True,
    ),
    Wrong(
        "count: shared tensor counted twice (module by module)",
        cells={
            "count_parameters": """
def count_parameters(model: nn.Module) -> int:
    return sum(p.numel() for m in model.modules() for p in m.parameters(recurse=False) if p.requires_grad)
"""
        },
        hint="A weight shared by two layers is counted twice: it is one tensor, so count it once.",
    ),
    Wrong(
        "count: only weight and bias",
        cells={
            "count_parameters": """
def count_parameters(model: nn.Module) -> int:
    total = 0
    for layer in model.modules():
        for name in ("weight", "bias"):
            tensor = getattr(layer, name, None)
            if tensor is not None and tensor.requires_grad:
                total += tensor.numel()
    return total
"""
        },
        hint="A weight shared by two layers is counted twice: it is one tensor, so count it once.",
        also=("Layers have parameters of other names than weight and bias",),
    ),
    Wrong(
        "mlp: biases forgotten",
        cells={"mlp_layer_parameters": "mlp_layer_parameters = [784 * 500, 500 * 500, 500 * 10]"},
        hint="Biases are missing: there is one for each output, for a",
    ),
    Wrong(
        "mlp: the misleading figure, one hidden layer",
        cells={"mlp_layer_parameters": "mlp_layer_parameters = [392_500, 5_010]"},
        hint="Two numbers belong to a network with one hidden layer",
        also=("This is a network with one hidden layer",),
        warned=True,
    ),
    Wrong(
        "mlp: one bias per weight",
        cells={"mlp_layer_parameters": "mlp_layer_parameters = [2 * 784 * 500, 2 * 500 * 500, 2 * 500 * 10]"},
        hint="There is one bias for each output (for each kernel), not one for each weight.",
    ),
    Wrong(
        "mlp: other order",
        cells={"mlp_layer_parameters": "mlp_layer_parameters = [5_010, 250_500, 392_500]"},
        hint="The numbers are right but in another order: from the input to the output.",
    ),
    Wrong(
        "mlp total: biases forgotten",
        cells={"mlp_total": "mlp_total = 784 * 500 + 500 * 500 + 500 * 10"},
        hint="Biases are missing: there is one for each output, for a",
    ),
    Wrong(
        "mlp total: one hidden layer",
        cells={"mlp_total": "mlp_total = 397_510"},
        hint="This is a network with one hidden layer",
    ),
    Wrong(
        "cnn: biases forgotten",
        cells={"cnn_layer_parameters": "cnn_layer_parameters = [400, 12_800, 15_680]"},
        hint="Biases are missing: there is one for each output, for a",
    ),
    Wrong(
        "cnn: one bias missing",
        cells={"cnn_layer_parameters": "cnn_layer_parameters = [416, 12_832, 15_680]"},
        hint="Biases are missing: there is one for each output, for a",
    ),
    Wrong(
        "cnn: input channels forgotten",
        cells={"cnn_layer_parameters": "cnn_layer_parameters = [416, 832, 15_690]"},
        hint="The input channels are missing: a kernel has a slice of weights for each input channel.",
    ),
    Wrong(
        "cnn: pooling forgotten",
        cells={"cnn_layer_parameters": "cnn_layer_parameters = [416, 12_832, 28 * 28 * 32 * 10 + 10]"},
        hint="The pooling is forgotten in the flatten size: each of the",
    ),
    Wrong(
        "cnn: second pooling forgotten",
        cells={"cnn_layer_parameters": "cnn_layer_parameters = [416, 12_832, 14 * 14 * 32 * 10 + 10]"},
        hint="The second pooling is forgotten in the flatten size: the",
    ),
    Wrong(
        "cnn: padding forgotten",
        cells={"cnn_layer_parameters": "cnn_layer_parameters = [416, 12_832, 4 * 4 * 32 * 10 + 10]"},
        hint="The padding is forgotten in the flatten size: with padding",
    ),
    Wrong(
        "cnn: one bias per weight",
        cells={"cnn_layer_parameters": "cnn_layer_parameters = [800, 25_600, 31_360]"},
        hint="There is one bias for each output (for each kernel), not one for each weight.",
    ),
    Wrong(
        "cnn total: biases forgotten",
        cells={"cnn_total": "cnn_total = 28_880"},
        hint="Biases are missing: there is one for each output, for a",
    ),
    Wrong(
        "cnn total: a float",
        cells={"cnn_total": "cnn_total = 28_938.0"},
        hint="`cnn_total` must be a whole number (int), not a float:",
        warned=True,
    ),
    Wrong("cnn total: True", cells={"cnn_total": "cnn_total = True"}, hint="`cnn_total` must be a whole number (int)."),
    Wrong(
        "my total: biases forgotten",
        cells={
            "my_total": """
side = my_arch.image_size
for kernel in (my_arch.conv1_kernel, my_arch.conv2_kernel):
    zeros = kernel // 2 if my_arch.padding == "same" else 0
    side = conv2d_output_size(side, kernel, padding=zeros) // my_arch.pool
a, b, c = my_arch.in_channels, my_arch.conv1_channels, my_arch.conv2_channels
k1, k2, n = my_arch.conv1_kernel, my_arch.conv2_kernel, my_arch.classes
my_total = b * a * k1**2 + c * b * k2**2 + n * c * side**2
"""
        },
        hint="Biases are missing: there is one for each output, for a",
    ),
    Wrong(
        "my total: input channels forgotten",
        cells={
            "my_total": """
side = my_arch.image_size
for kernel in (my_arch.conv1_kernel, my_arch.conv2_kernel):
    zeros = kernel // 2 if my_arch.padding == "same" else 0
    side = conv2d_output_size(side, kernel, padding=zeros) // my_arch.pool
a, b, c = my_arch.in_channels, my_arch.conv1_channels, my_arch.conv2_channels
k1, k2, n = my_arch.conv1_kernel, my_arch.conv2_kernel, my_arch.classes
my_total = b * (k1**2 + 1) + c * (k2**2 + 1) + n * (c * side**2 + 1)
"""
        },
        hint="The input channels are missing: a kernel has a slice of weights for each input channel.",
    ),
    Wrong(
        "my total: pooling forgotten",
        cells={
            "my_total": """
side = my_arch.image_size
for kernel in (my_arch.conv1_kernel, my_arch.conv2_kernel):
    zeros = kernel // 2 if my_arch.padding == "same" else 0
    side = conv2d_output_size(side, kernel, padding=zeros) // my_arch.pool
a, b, c = my_arch.in_channels, my_arch.conv1_channels, my_arch.conv2_channels
k1, k2, n = my_arch.conv1_kernel, my_arch.conv2_kernel, my_arch.classes
side = my_arch.image_size if my_arch.padding == 'same' else my_arch.image_size - k1 + 1 - k2 + 1
my_total = b * (a * k1**2 + 1) + c * (b * k2**2 + 1) + n * (c * side**2 + 1)
"""
        },
        hint="The pooling is forgotten in the flatten size: each of the",
    ),
    Wrong(
        "my total: padding forgotten / imagined",
        cells={
            "my_total": """
side = my_arch.image_size
for kernel in (my_arch.conv1_kernel, my_arch.conv2_kernel):
    zeros = kernel // 2 if my_arch.padding == "same" else 0
    side = conv2d_output_size(side, kernel, padding=zeros) // my_arch.pool
a, b, c = my_arch.in_channels, my_arch.conv1_channels, my_arch.conv2_channels
k1, k2, n = my_arch.conv1_kernel, my_arch.conv2_kernel, my_arch.classes
side = my_arch.image_size // 4 if my_arch.padding == 'valid' else ((my_arch.image_size - k1 + 1) // 2 - k2 + 1) // 2
my_total = b * (a * k1**2 + 1) + c * (b * k2**2 + 1) + n * (c * side**2 + 1)
"""
        },
        hint="padding",
    ),
    Wrong(
        "my total: one bias per weight",
        cells={
            "my_total": """
side = my_arch.image_size
for kernel in (my_arch.conv1_kernel, my_arch.conv2_kernel):
    zeros = kernel // 2 if my_arch.padding == "same" else 0
    side = conv2d_output_size(side, kernel, padding=zeros) // my_arch.pool
a, b, c = my_arch.in_channels, my_arch.conv1_channels, my_arch.conv2_channels
k1, k2, n = my_arch.conv1_kernel, my_arch.conv2_kernel, my_arch.classes
my_total = 2 * (b * a * k1**2 + c * b * k2**2 + n * c * side**2)
"""
        },
        hint="There is one bias for each output (for each kernel), not one for each weight.",
    ),
    Wrong(
        "my total: height and width forgotten",
        cells={
            "my_total": """
side = my_arch.image_size
for kernel in (my_arch.conv1_kernel, my_arch.conv2_kernel):
    zeros = kernel // 2 if my_arch.padding == "same" else 0
    side = conv2d_output_size(side, kernel, padding=zeros) // my_arch.pool
a, b, c = my_arch.in_channels, my_arch.conv1_channels, my_arch.conv2_channels
k1, k2, n = my_arch.conv1_kernel, my_arch.conv2_kernel, my_arch.classes
side = 1
my_total = b * (a * k1**2 + 1) + c * (b * k2**2 + 1) + n * (c * side**2 + 1)
"""
        },
        hint="Flatten keeps every number of every channel: inputs are",
    ),
    Wrong(
        "my total: Question 6's",
        cells={"my_total": "my_total = 28_938"},
        hint="This is the total of Question 6: count the network",
    ),
    Wrong(
        "linear: no biases unless asked for",
        cells={
            "linear_parameters": Edit("bias: bool = True", "bias: bool = False"),
        },
        hint="Biases are missing: there is one for each output",
    ),
    Wrong(
        "linear: bias added as a number",
        cells={
            "linear_parameters": """
def linear_parameters(in_features: int, out_features: int, bias: bool = True) -> int:
    return in_features * out_features + bias
""",
        },
        hint="There is one bias for each output (for each kernel), not one for the layer.",
    ),
    Wrong(
        "linear: printed, not returned",
        cells={
            "linear_parameters": """
def linear_parameters(in_features: int, out_features: int, bias: bool = True) -> int:
    print(in_features * out_features + out_features * bias)
""",
        },
        hint="must be a whole number (int)",
    ),
    Wrong(
        "linear: a tensor",
        cells={
            "linear_parameters": """
def linear_parameters(in_features: int, out_features: int, bias: bool = True) -> int:
    return torch.tensor(in_features * out_features + out_features * bias)
""",
        },
        hint="must be a whole number (int); call .item() on the tensor.",
    ),
    Wrong(
        "linear: a text",
        cells={
            "linear_parameters": """
def linear_parameters(in_features: int, out_features: int, bias: bool = True) -> int:
    return f'{in_features * out_features + out_features * bias}'
""",
        },
        hint="must be a whole number (int)",
    ),
    Wrong(
        "linear: weights and biases apart",
        cells={
            "linear_parameters": """
def linear_parameters(in_features: int, out_features: int, bias: bool = True) -> int:
    return in_features * out_features, out_features * bias
""",
        },
        hint="must be a whole number (int)",
    ),
    Wrong(
        "linear: sizes from outside the function",
        cells={
            "linear_parameters": """
n, m = 3, 2
def linear_parameters(in_features: int, out_features: int, bias: bool = True) -> int:
    return n * m + (m if bias else 0)
""",
        },
        hint="The same number comes out for every layer",
    ),
    Wrong(
        "conv: a float",
        cells={
            "conv2d_parameters": """
def conv2d_parameters(in_channels, out_channels, kernel_size, bias=True, groups=1):
    h, w = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
    return out_channels * (in_channels / groups) * h * w + (out_channels if bias else 0)
""",
        },
        hint="must be a whole number (int), not a float",
        warned=True,
    ),
    Wrong(
        "conv: a square kernel's side not squared",
        cells={
            "conv2d_parameters": """
def conv2d_parameters(in_channels, out_channels, kernel_size, bias=True, groups=1):
    import numpy as np
    return out_channels * in_channels // groups * np.prod(kernel_size) + (out_channels if bias else 0)
""",
        },
        hint="A slice of a square kernel has side · side weights, not side.",
    ),
    Wrong(
        "conv: output channels forgotten",
        cells={
            "conv2d_parameters": """
def conv2d_parameters(in_channels, out_channels, kernel_size, bias=True, groups=1):
    h, w = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
    return in_channels // groups * h * w + (1 if bias else 0)
""",
        },
        hint="The output channels are missing",
    ),
    Wrong(
        "conv: one bias per input channel",
        cells={
            "conv2d_parameters": """
def conv2d_parameters(in_channels, out_channels, kernel_size, bias=True, groups=1):
    h, w = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
    return out_channels * in_channels // groups * h * w + (in_channels if bias else 0)
""",
        },
        hint="There is one bias for each output (for each kernel), not one for each input.",
    ),
    Wrong(
        "conv: bias=False ignored",
        cells={
            "conv2d_parameters": """
def conv2d_parameters(in_channels, out_channels, kernel_size, bias=True, groups=1):
    h, w = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
    return out_channels * in_channels // groups * h * w + out_channels
""",
        },
        hint="With bias=False there are no biases to count",
    ),
    Wrong(
        "conv: groups make more weights",
        cells={
            "conv2d_parameters": """
def conv2d_parameters(in_channels, out_channels, kernel_size, bias=True, groups=1):
    h, w = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
    return out_channels * in_channels * groups * h * w + out_channels * bias
""",
        },
        hint="Groups make the weights fewer, not more",
    ),
    Wrong(
        "conv: biases divided by the groups",
        cells={
            "conv2d_parameters": """
def conv2d_parameters(in_channels, out_channels, kernel_size, bias=True, groups=1):
    h, w = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
    return (out_channels * in_channels * h * w + out_channels * bias) // groups
""",
        },
        hint="The biases stay when there are groups: every kernel still has one.",
    ),
    Wrong(
        "conv: one group alone",
        cells={
            "conv2d_parameters": """
def conv2d_parameters(in_channels, out_channels, kernel_size, bias=True, groups=1):
    h, w = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
    if groups > 1:
        return conv2d_parameters(in_channels // groups, out_channels // groups, kernel_size, bias)
    return out_channels * in_channels * h * w + out_channels * bias
""",
        },
        hint="The groups are counted twice, and divide the biases",
    ),
    Wrong(
        "conv: biases forgotten and groups ignored",
        cells={
            "conv2d_parameters": """
def conv2d_parameters(in_channels, out_channels, kernel_size, bias=True, groups=1):
    h, w = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
    return out_channels * in_channels * h * w
""",
        },
        hint="Biases are missing: there is one for each output",
        also=("The groups are ignored",),
    ),
    Wrong(
        "conv: only the example",
        cells={
            "conv2d_parameters": """
def conv2d_parameters(in_channels, out_channels, kernel_size, bias=True, groups=1):
    return 28
""",
        },
        hint="The same number comes out for every layer",
        also=("The groups are ignored",),
    ),
    Wrong(
        "batchnorm: printed, not returned",
        cells={
            "batchnorm2d_parameters": """
def batchnorm2d_parameters(n):
    print(2*n)
""",
        },
        hint="must be a whole number (int)",
    ),
    Wrong(
        "batchnorm: nothing learned",
        cells={
            "batchnorm2d_parameters": """
def batchnorm2d_parameters(n):
    return 0
""",
        },
        hint="batchnorm2d_parameters(3) must be positive",
        also=("The same number comes out for every layer",),
    ),
    Wrong(
        "batchnorm: channels forgotten",
        cells={
            "batchnorm2d_parameters": """
def batchnorm2d_parameters(n):
    return 2
""",
        },
        hint="The same number comes out for every layer",
    ),
    Wrong(
        "size: kernel and first place forgotten",
        cells={
            "conv2d_output_size": """
def conv2d_output_size(size, kernel_size, stride=1, padding=0):
    return (size + 2 * padding) // stride
""",
        },
        hint="The kernel is missing, and the first place",
    ),
    Wrong(
        "size: kernel forgotten",
        cells={
            "conv2d_output_size": """
def conv2d_output_size(size, kernel_size, stride=1, padding=0):
    return (size + 2 * padding) // stride + 1
""",
        },
        hint="The kernel is ignored",
    ),
    Wrong(
        "size: stride divides the kernel alone",
        cells={
            "conv2d_output_size": """
def conv2d_output_size(size, kernel_size, stride=1, padding=0):
    return size + 2 * padding - kernel_size // stride + 1
""",
        },
        hint="The stride divides only a part of the way",
        also=("The stride is ignored, or divides only a part",),
    ),
    Wrong(
        "size: stride divides the padding alone",
        cells={
            "conv2d_output_size": """
def conv2d_output_size(size, kernel_size, stride=1, padding=0):
    return size - kernel_size + 2 * padding // stride + 1
""",
        },
        hint="The stride is ignored, or divides only a part of the way",
        also=("The stride divides only the padding",),
    ),
    Wrong(
        "size: stride ignored",
        cells={
            "conv2d_output_size": """
def conv2d_output_size(size, kernel_size, stride=1, padding=0):
    return size + 2 * padding - kernel_size + 1
""",
        },
        hint="The stride is ignored, or divides only a part of the way",
    ),
    Wrong(
        "size: padding ignored",
        cells={
            "conv2d_output_size": """
def conv2d_output_size(size, kernel_size, stride=1, padding=0):
    return (size - kernel_size) // stride + 1
""",
        },
        hint="The padding is ignored.",
    ),
    Wrong(
        "size: padding subtracted",
        cells={
            "conv2d_output_size": """
def conv2d_output_size(size, kernel_size, stride=1, padding=0):
    return (size - 2 * padding - kernel_size) // stride + 1
""",
        },
        hint="The padding makes the map larger: add it, do not subtract it.",
    ),
    Wrong(
        "size: only the stride",
        cells={
            "conv2d_output_size": """
def conv2d_output_size(size, kernel_size, stride=1, padding=0):
    return size // stride
""",
        },
        hint="Padding and kernel are missing",
    ),
    Wrong(
        "size: height and width",
        cells={
            "conv2d_output_size": """
def conv2d_output_size(size, kernel_size, stride=1, padding=0):
    n = (size + 2 * padding - kernel_size) // stride + 1
    return n, n
""",
        },
        hint="must be a whole number (int)",
    ),
    Wrong(
        "size: stride and padding in the other order",
        cells={
            "conv2d_output_size": """
def conv2d_output_size(size, kernel_size, padding=0, stride=1):
    return (size + 2 * padding - kernel_size) // stride + 1
""",
        },
        hint="Your code raised ZeroDivisionError in",
    ),
    Wrong(
        "count: len of each tensor",
        cells={
            "count_parameters": """
def count_parameters(model):
    return sum(len(p) for p in model.parameters() if p.requires_grad)
""",
        },
        hint="Only the first size of each tensor is counted (len)",
    ),
    Wrong(
        "count: return inside the loop",
        cells={
            "count_parameters": """
def count_parameters(model):
    total = 0
    for p in model.parameters():
        if p.requires_grad:
            total += p.numel()
        return total
""",
        },
        hint="Only the first tensor is counted",
        also=("must be a whole number (int)",),
    ),
    Wrong(
        "count: only the last tensor",
        cells={
            "count_parameters": """
def count_parameters(model):
    total = 0
    for p in model.parameters():
        if p.requires_grad:
            total = p.numel()
    return total
""",
        },
        hint="Only the last tensor is counted",
    ),
    Wrong(
        "count: a total that goes on",
        cells={
            "count_parameters": """
total = 0
def count_parameters(model):
    global total
    for p in model.parameters():
        if p.requires_grad:
            total += p.numel()
    return total
""",
        },
        hint="The counts of several calls are added up: start each count at 0.",
    ),
    Wrong(
        "count: seen parameters kept between calls",
        cells={
            "count_parameters": """
def count_parameters(model, seen=set()):
    total = 0
    for p in model.parameters():
        if p.requires_grad and p not in seen:
            seen.add(p)
            total += p.numel()
    return total
""",
        },
        hint="Something is kept from one call to the next",
    ),
    Wrong(
        "count: biases left out",
        cells={
            "count_parameters": """
def count_parameters(model):
    return sum(p.numel() for n, p in model.named_parameters() if p.requires_grad and 'weight' in n)
""",
        },
        hint="Biases are missing: there is one for each output",
    ),
    Wrong(
        "count: a layer is frozen where its weight is",
        cells={
            "count_parameters": """
def count_parameters(model):
    total, seen = 0, set()
    for m in model.modules():
        ps = list(m.parameters(recurse=False))
        if ps and ps[0].requires_grad:
            for p in ps:
                if id(p) not in seen:
                    seen.add(id(p))
                    total += p.numel()
    return total
""",
        },
        hint="Look at requires_grad of each parameter, not of a layer",
    ),
    Wrong(
        "count: every module's parameters",
        cells={
            "count_parameters": """
def count_parameters(model):
    return sum(p.numel() for m in model.modules() for p in m.parameters() if p.requires_grad)
""",
        },
        hint="Parameters are counted several times",
    ),
    Wrong(
        "count: without inner modules",
        cells={
            "count_parameters": """
def count_parameters(model):
    return sum(p.numel() for p in model.parameters(recurse=False) if p.requires_grad)
""",
        },
        hint="Only the model's own tensors are counted",
        warned=True,
    ),
    Wrong(
        "count: without modules inside inner modules",
        cells={
            "count_parameters": """
def count_parameters(model):
    ms = [model, *model.children()]
    return sum(p.numel() for m in ms for p in m.parameters(recurse=False) if p.requires_grad)
""",
        },
        hint="The modules inside inner modules are left out",
        also=("A weight shared by two layers is counted twice",),
    ),
    Wrong(
        "count: unfreezes the model",
        cells={
            "count_parameters": """
def count_parameters(model):
    model.requires_grad_(True)
    return sum(p.numel() for p in model.parameters())
""",
        },
        hint="The model is changed",
    ),
    Wrong(
        "count: tensors of one shape taken for one",
        cells={
            "count_parameters": """
def count_parameters(model):
    return sum({p.shape: p.numel() for p in model.parameters() if p.requires_grad}.values())
""",
        },
        hint="Tensors of one shape are taken for one",
    ),
    Wrong(
        "count: the frozen ones",
        cells={
            "count_parameters": """
def count_parameters(model):
    return sum(p.numel() for p in model.parameters() if not p.requires_grad)
""",
        },
        hint="It must be the other way round: count where requires_grad is True.",
    ),
    Wrong(
        "count: a tensor",
        cells={
            "count_parameters": """
def count_parameters(model):
    return sum(torch.tensor(p.numel()) for p in model.parameters() if p.requires_grad)
""",
        },
        hint="must be a whole number (int); call .item() on the tensor.",
    ),
    Wrong(
        "count: not without parameters",
        cells={
            "count_parameters": """
import functools
def count_parameters(model):
    return functools.reduce(lambda a, b: a + b, (p.numel() for p in model.parameters() if p.requires_grad))
""",
        },
        hint="Your code raised TypeError in",
    ),
    Wrong(
        "mlp: the sum",
        cells={
            "mlp_layer_parameters": "mlp_layer_parameters = 392_500 + 250_500 + 5_010",
        },
        hint="must be a list of 3 whole numbers.",
    ),
    Wrong(
        "mlp: floats",
        cells={
            "mlp_layer_parameters": "mlp_layer_parameters = [392_500.0, 250_500.0, 5_010.0]",
        },
        hint="must be a whole number (int), not a float",
    ),
    Wrong(
        "mlp: a tensor",
        cells={
            "mlp_layer_parameters": "mlp_layer_parameters = torch.tensor([392_500, 250_500, 5_010])",
        },
        hint="must be a list of 3 whole numbers.",
    ),
    Wrong(
        "mlp: weights and biases apart",
        cells={
            "mlp_layer_parameters": "mlp_layer_parameters = [392_000, 500, 250_000, 500, 5_000, 10]",
        },
        hint="Give one number for each step from column to column, weights and biases together",
        also=("must be a list of 3 whole numbers.",),
    ),
    Wrong(
        "mlp: ReLU's zeros too",
        cells={
            "mlp_layer_parameters": "mlp_layer_parameters = [392_500, 0, 250_500, 0, 5_010]",
        },
        hint="Give one number for each step from column to column, weights and biases together",
        also=("must be a list of 3 whole numbers.",),
    ),
    Wrong(
        "mlp: one bias per input",
        cells={
            "mlp_layer_parameters": "mlp_layer_parameters = [392_784, 250_500, 5_500]",
        },
        hint="There is one bias for each output, not one for each input.",
    ),
    Wrong(
        "mlp: one bias per layer",
        cells={
            "mlp_layer_parameters": "mlp_layer_parameters = [392_001, 250_001, 5_001]",
        },
        hint="There is one bias for each output (for each kernel), not one for the layer.",
    ),
    Wrong(
        "mlp: 28 pixels",
        cells={
            "mlp_layer_parameters": "mlp_layer_parameters = [28*500+500, 250_500, 5_010]",
        },
        hint="Not right yet: the first layer; the rest is right.",
    ),
    Wrong(
        "mlp: one hidden layer, and its total",
        cells={
            "mlp_layer_parameters": "mlp_layer_parameters = [392_500, 5_010]",
            "mlp_total": "mlp_total = 397_510",
        },
        hint="Two numbers belong to a network with one hidden layer",
        also=("This is a network with one hidden layer",),
    ),
    Wrong(
        "mlp total: a list",
        cells={
            "mlp_total": "mlp_total = [648_010]",
        },
        hint="must be a whole number (int)",
    ),
    Wrong(
        "cnn: channels alone flattened",
        cells={
            "cnn_layer_parameters": "cnn_layer_parameters = [416, 12_832, 330]",
        },
        hint="inputs are channels · height · width, not channels.",
    ),
    Wrong(
        "cnn: height alone flattened",
        cells={
            "cnn_layer_parameters": "cnn_layer_parameters = [416, 12_832, 2250]",
        },
        hint="inputs are channels · height · width, not channels · height.",
    ),
    Wrong(
        "cnn: biases of the convolutions missing",
        cells={
            "cnn_layer_parameters": "cnn_layer_parameters = [400, 12_800, 15_690]",
        },
        hint="Biases are missing: there is one for each output, for a",
    ),
    Wrong(
        "cnn: biases and padding forgotten",
        cells={
            "cnn_layer_parameters": "cnn_layer_parameters = [400, 12_800, 4*4*32*10]",
        },
        hint="In convolution 1: Biases are missing",
    ),
    Wrong(
        "cnn: input channels and pooling forgotten",
        cells={
            "cnn_layer_parameters": "cnn_layer_parameters = [416, 832, 28*28*32*10+10]",
        },
        hint="In convolution 2: The input channels are missing",
    ),
    Wrong(
        "cnn: kernels of the other convolution",
        cells={
            "cnn_layer_parameters": "cnn_layer_parameters = [416, 16*16*25+16, 15_690]",
        },
        hint="Not right yet: convolution 2; the rest is right.",
    ),
    Wrong(
        "cnn total: fully connected layer forgotten",
        cells={
            "cnn_total": "cnn_total = 13_248",
        },
        hint="The fully connected layer at the end is missing",
    ),
    Wrong(
        'my total: of the ID "your-id"',
        cells={
            "my_total": """
from architectures import my_architecture
my_arch = my_architecture('your-id')
side = my_arch.image_size
for kernel in (my_arch.conv1_kernel, my_arch.conv2_kernel):
    side = conv2d_output_size(side, kernel, padding=kernel // 2 if my_arch.padding == "same" else 0) // my_arch.pool
my_total = conv2d_parameters(my_arch.in_channels, my_arch.conv1_channels, my_arch.conv1_kernel) + conv2d_parameters(my_arch.conv1_channels, my_arch.conv2_channels, my_arch.conv2_kernel) + linear_parameters(my_arch.conv2_channels * side * side, my_arch.classes)
""",
        },
        hint='This is the total for the ID "your-id"',
    ),
    Wrong(
        "my total: a neighbour's",
        cells={
            "my_total": """
from architectures import my_architecture
my_arch = my_architecture('neighbour')
side = my_arch.image_size
for kernel in (my_arch.conv1_kernel, my_arch.conv2_kernel):
    side = conv2d_output_size(side, kernel, padding=kernel // 2 if my_arch.padding == "same" else 0) // my_arch.pool
my_total = conv2d_parameters(my_arch.in_channels, my_arch.conv1_channels, my_arch.conv1_kernel) + conv2d_parameters(my_arch.conv1_channels, my_arch.conv2_channels, my_arch.conv2_kernel) + linear_parameters(my_arch.conv2_channels * side * side, my_arch.classes)
""",
        },
        hint="For another ID this would be right",
    ),
    Wrong(
        "my total: a float",
        cells={
            "my_total": """
side = my_arch.image_size
for kernel in (my_arch.conv1_kernel, my_arch.conv2_kernel):
    side = conv2d_output_size(side, kernel, padding=kernel // 2 if my_arch.padding == "same" else 0) / my_arch.pool
my_total = conv2d_parameters(my_arch.in_channels, my_arch.conv1_channels, my_arch.conv1_kernel) + conv2d_parameters(my_arch.conv1_channels, my_arch.conv2_channels, my_arch.conv2_kernel) + linear_parameters(my_arch.conv2_channels * side * side, my_arch.classes)
""",
        },
        hint="must be a whole number (int), not a float",
    ),
    Wrong(
        "my total: height alone flattened",
        cells={
            "my_total": """
side = my_arch.image_size
for kernel in (my_arch.conv1_kernel, my_arch.conv2_kernel):
    side = conv2d_output_size(side, kernel, padding=kernel // 2 if my_arch.padding == "same" else 0) // my_arch.pool
my_total = conv2d_parameters(my_arch.in_channels, my_arch.conv1_channels, my_arch.conv1_kernel) + conv2d_parameters(my_arch.conv1_channels, my_arch.conv2_channels, my_arch.conv2_kernel) + linear_parameters(my_arch.conv2_channels * side, my_arch.classes)
""",
        },
        hint="inputs are channels · height · width, not channels · height.",
    ),
    Wrong(
        "my total: Question 6's classes",
        cells={
            "my_total": """
side = my_arch.image_size
for kernel in (my_arch.conv1_kernel, my_arch.conv2_kernel):
    side = conv2d_output_size(side, kernel, padding=kernel // 2 if my_arch.padding == "same" else 0) // my_arch.pool
my_total = conv2d_parameters(my_arch.in_channels, my_arch.conv1_channels, my_arch.conv1_kernel) + conv2d_parameters(my_arch.conv1_channels, my_arch.conv2_channels, my_arch.conv2_kernel) + linear_parameters(my_arch.conv2_channels * side * side, 10)
""",
        },
        hint="The number of classes is that of Question 6",
    ),
    Wrong(
        "my total: fully connected layer forgotten",
        cells={
            "my_total": "my_total = conv2d_parameters(my_arch.in_channels, my_arch.conv1_channels, my_arch.conv1_kernel) + conv2d_parameters(my_arch.conv1_channels, my_arch.conv2_channels, my_arch.conv2_kernel)",
        },
        hint="The fully connected layer at the end is missing",
    ),
    Wrong(
        "whole class: forgets all biases",
        cells={
            "linear_parameters": """
def linear_parameters(in_features: int, out_features: int, bias: bool = True) -> int:
    return in_features * out_features
""",
            "conv2d_parameters": """
def conv2d_parameters(in_channels, out_channels, kernel_size, bias=True, groups=1):
    height, width = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
    return out_channels * (in_channels // groups) * height * width
""",
        },
        hint="Biases are missing: there is one for each output",
    ),
    Wrong(
        "whole class: forgets input channels, one hidden layer",
        cells={
            "conv2d_parameters": """
def conv2d_parameters(in_channels, out_channels, kernel_size, bias=True, groups=1):
    height, width = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
    return out_channels * height * width + (out_channels if bias else 0)
""",
            "mlp_layer_parameters": "mlp_layer_parameters = [392_500, 5_010]",
        },
        hint="The input channels are missing: a kernel has a slice of weights for each",
        also=(
            "The groups are ignored",
            "Two numbers belong to a network with one hidden layer",
            "This is a network with one hidden layer",
        ),
    ),
    Right(
        "decorated, by match, as a length of a range, by identity",
        cells={
            "linear_parameters": """
import functools

def logged(f):
    @functools.wraps(f)
    def inner(*args, **kwargs):
        result = f(*args, **kwargs)
        print(f.__name__, args, kwargs, "->", result)
        return result
    return inner

@logged
def linear_parameters(in_features: int, out_features: int, bias: bool = True) -> int:
    weights = in_features * out_features
    return weights + out_features if bias else weights
""",
            "conv2d_parameters": """
def conv2d_parameters(in_channels: int, out_channels: int, kernel_size, bias=True, groups=1) -> int:
    match kernel_size:
        case int():
            height = width = kernel_size
        case (height, width):
            pass
    one = height * width * (in_channels // groups)
    return out_channels * (one + bool(bias))
""",
            "batchnorm2d_parameters": """
batchnorm2d_parameters = lambda num_features: num_features << 1
""",
            "conv2d_output_size": """
def conv2d_output_size(size, kernel_size, stride=1, padding=0):
    return len(range(0, size + 2 * padding - kernel_size + 1, stride))
""",
            "count_parameters": """
def count_parameters(model):
    seen = {}
    for module in model.modules():
        for p in module.parameters(recurse=False):
            seen[id(p)] = p
    return sum(p.nelement() for p in seen.values() if p.requires_grad)
""",
            "mlp_layer_parameters": """
mlp_layer_parameters = [count_parameters(layer) for layer in mlp if not isinstance(layer, nn.ReLU)]
print(mlp_layer_parameters)
""",
            "mlp_total": """
mlp_total = count_parameters(mlp)
assert mlp_total == sum(mlp_layer_parameters), "hm"
""",
            "cnn_layer_parameters": """
cnn = nn.Sequential(
    nn.Conv2d(1, 16, 5, padding="same"), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(16, 32, 5, padding="same"), nn.ReLU(), nn.MaxPool2d(2),
    nn.Flatten(), nn.Linear(7 * 7 * 32, 10),
)
print(cnn(torch.zeros(1, 1, 28, 28)).shape)
cnn_layer_parameters = [n for n in (sum(p.numel() for p in layer.parameters()) for layer in cnn) if n]
""",
            "cnn_total": """
from functools import reduce
from operator import add
cnn_total = reduce(add, cnn_layer_parameters)
""",
            "my_total": """
def build(a):
    return nn.Sequential(
        nn.Conv2d(a.in_channels, a.conv1_channels, a.conv1_kernel, padding=a.padding), nn.ReLU(), nn.MaxPool2d(a.pool),
        nn.Conv2d(a.conv1_channels, a.conv2_channels, a.conv2_kernel, padding=a.padding), nn.ReLU(), nn.MaxPool2d(a.pool),
        nn.Flatten(), nn.LazyLinear(a.classes))
net = build(my_arch)
net(torch.zeros(2, my_arch.in_channels, my_arch.image_size, my_arch.image_size))
my_total = count_parameters(net)
""",
        },
    ),
    Right(
        "an object that is called, by groups, a loop, a generator",
        cells={
            "linear_parameters": """
class _Linear:
    def __call__(self, in_features, out_features, bias=True):
        return in_features * out_features + out_features * int(bias)
linear_parameters = _Linear()
""",
            "conv2d_parameters": """
def conv2d_parameters(in_channels, out_channels, kernel_size, bias=True, groups=1):
    try:
        kh, kw = kernel_size
    except TypeError:
        kh = kw = kernel_size
    total = 0
    for g in range(groups):
        ins, outs = in_channels // groups, out_channels // groups
        total += ins * outs * kh * kw
        total += outs if bias else 0
    return total
""",
            "batchnorm2d_parameters": """
def batchnorm2d_parameters(num_features: int) -> int:
    bn = nn.BatchNorm2d(num_features)
    return bn.weight.numel() + bn.bias.numel()
""",
            "conv2d_output_size": """
def conv2d_output_size(size: int, kernel_size: int, stride: int = 1, padding: int = 0) -> int:
    left, count = -padding, 0
    while left + kernel_size <= size + padding:
        count += 1
        left += stride
    return count
""",
            "count_parameters": """
def _walk(module, seen):
    for p in module._parameters.values():
        if p is not None and p.requires_grad and id(p) not in seen:
            seen.add(id(p))
            yield p.numel()
    for child in module.children():
        yield from _walk(child, seen)

def count_parameters(model: nn.Module) -> int:
    return sum(_walk(model, set()))
""",
            "mlp_layer_parameters": """
import itertools
sizes = [28 * 28, 500, 500, 10]
mlp_layer_parameters = [linear_parameters(a, b) for a, b in itertools.pairwise(sizes)]
mlp_layer_parameters
""",
            "my_total": """
from dataclasses import dataclass

@dataclass
class Step:
    kernel: int
    channels: int

size, channels, my_total = my_arch.image_size, my_arch.in_channels, 0
for step in (Step(my_arch.conv1_kernel, my_arch.conv1_channels), Step(my_arch.conv2_kernel, my_arch.conv2_channels)):
    my_total += (channels * step.kernel**2 + 1) * step.channels
    if my_arch.padding == "valid":
        size -= step.kernel - 1
    size //= my_arch.pool
    channels = step.channels
my_total += (size * size * channels + 1) * my_arch.classes
""",
        },
    ),
    Right(
        "cached, in numpy, rounded up from below",
        cells={
            "linear_parameters": """
from functools import lru_cache
linear_parameters = lru_cache(maxsize=None)(lambda in_features, out_features, bias=True: (in_features + bool(bias)) * out_features)
""",
            "conv2d_parameters": """
import numpy as np
def conv2d_parameters(in_channels, out_channels, kernel_size, bias=True, groups=1):
    k = np.broadcast_to(kernel_size, 2)
    return int(np.prod([in_channels // groups, *k, out_channels]) + (out_channels if bias else 0))
""",
            "conv2d_output_size": """
def conv2d_output_size(size, kernel_size, stride=1, padding=0):
    return -(-(size + 2 * padding - kernel_size + 1) // stride)
""",
            "count_parameters": """
import numpy as np
def count_parameters(model: nn.Module) -> int:
    sizes = [p.detach().cpu().numpy().size for _, p in model.named_parameters() if p.requires_grad]
    return int(np.sum(sizes, dtype=np.int64))
""",
            "mlp_layer_parameters": """
mlp_layer_parameters = 784 * 500 + 500, 500 * 500 + 500, 500 * 10 + 10
""",
        },
    ),
    Wrong(
        "count_parameters: unfreezes the model",
        cells={
            "count_parameters": """
def count_parameters(model):
    total = sum(p.numel() for p in model.parameters() if p.requires_grad)
    model.requires_grad_(True)
    return total
""",
        },
        hint="The model is changed",
    ),
    Wrong(
        "count_parameters: freezes the model",
        cells={
            "count_parameters": """
def count_parameters(model):
    total = 0
    for p in model.parameters():
        if p.requires_grad:
            total += p.numel()
            p.requires_grad = False
    return total
""",
        },
        hint="The model is changed",
    ),
    Wrong(
        "count_parameters: leaves the model in evaluation mode",
        cells={
            "count_parameters": """
def count_parameters(model):
    model.eval()
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
""",
        },
        hint="The model is changed",
    ),
    Wrong(
        "count_parameters: in half precision",
        cells={
            "count_parameters": """
def count_parameters(model):
    return sum(p.numel() for p in model.half().parameters() if p.requires_grad)
""",
        },
        hint="The model is changed",
    ),
    Wrong(
        "count_parameters: overwrites the weights",
        cells={
            "count_parameters": """
def count_parameters(model):
    total = 0
    for p in model.parameters():
        if p.requires_grad:
            p.data.fill_(1)
            total += int(p.sum())
    return total
""",
        },
        hint="The model is changed",
    ),
]
