"""Known answers to parameter_counting: right ones that must pass, and wrong ones that must lose points."""

from autograder.validate.answers import Right, Wrong

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
    Wrong(
        "linear: biases forgotten",
        cells={
            "linear_parameters": """
def linear_parameters(in_features: int, out_features: int, bias: bool = True) -> int:
    return in_features * out_features
"""
        },
        hint="The layer in the picture has 3 · 2 weights; its biases are missing.",
    ),
    Wrong(
        "linear: bias=False ignored",
        cells={
            "linear_parameters": """
def linear_parameters(in_features: int, out_features: int, bias: bool = True) -> int:
    return in_features * out_features + out_features
"""
        },
        hint="linear_parameters(3, 2, bias=False) must be 6: only the arrows.",
    ),
    Wrong(
        "linear: one bias per weight",
        cells={
            "linear_parameters": """
def linear_parameters(in_features: int, out_features: int, bias: bool = True) -> int:
    return in_features * out_features * (2 if bias else 1)
"""
        },
        hint="There is one bias for each output, not for each weight.",
    ),
    Wrong(
        "linear: one bias per input",
        cells={
            "linear_parameters": """
def linear_parameters(in_features: int, out_features: int, bias: bool = True) -> int:
    return in_features * out_features + (in_features if bias else 0)
"""
        },
        hint="There is one bias for each output, not for each input.",
    ),
    Wrong(
        "linear: a float",
        cells={
            "linear_parameters": """
def linear_parameters(in_features: int, out_features: int, bias: bool = True) -> int:
    return float(in_features * out_features + (out_features if bias else 0))
"""
        },
        hint="`linear_parameters(3, 2)` must be a whole number (int), not",
    ),
    Wrong(
        "linear: only the example",
        cells={
            "linear_parameters": """
def linear_parameters(in_features: int, out_features: int, bias: bool = True) -> int:
    return 8 if bias else 6
"""
        },
        hint="The count is wrong for layers other than the example: every",
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
        hint="conv2d_parameters(3, 1, 3): the kernel in the picture has 3",
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
        hint="conv2d_parameters(3, 1, 3): the kernel has a slice for each of the 3 input channels.",
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
        hint="conv2d_parameters(3, 1, 3): one bias for the whole kernel, not one for each weight.",
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
        hint="conv2d_parameters(3, 1, 3): one bias for the whole kernel, not one for each slice.",
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
    ),
    Wrong(
        "batchnorm: state_dict counted",
        cells={
            "batchnorm2d_parameters": """
def batchnorm2d_parameters(num_features: int) -> int:
    return sum(t.numel() for t in nn.BatchNorm2d(num_features).state_dict().values())
"""
        },
        hint="Ten times the channels must have ten times the parameters: every channel has its own.",
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
        hint="conv2d_output_size(5, 3): the window can move 2 steps, and",
    ),
    Wrong(
        "size: padding on one side",
        cells={
            "conv2d_output_size": """
def conv2d_output_size(size: int, kernel_size: int, stride: int = 1, padding: int = 0) -> int:
    return (size + padding - kernel_size) // stride + 1
"""
        },
        hint="conv2d_output_size(5, 3, padding=1): the zeros are added on both sides.",
    ),
    Wrong(
        "size: a float",
        cells={
            "conv2d_output_size": """
def conv2d_output_size(size: int, kernel_size: int, stride: int = 1, padding: int = 0) -> int:
    return (size + 2 * padding - kernel_size) / stride + 1
"""
        },
        hint="`conv2d_output_size(5, 3)` must be a whole number (int),",
    ),
    Wrong(
        "size: rounded up",
        cells={
            "conv2d_output_size": """
def conv2d_output_size(size: int, kernel_size: int, stride: int = 1, padding: int = 0) -> int:
    return -(-(size + 2 * padding - kernel_size) // stride) + 1
"""
        },
        hint="conv2d_output_size(8, 3, stride=2) must be 3: the last column is left over.",
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
        hint="`count_parameters` counts the tensors; add up the numbers in them (numel).",
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
    ),
    Wrong(
        "count: state_dict counted",
        cells={
            "count_parameters": """
def count_parameters(model: nn.Module) -> int:
    return sum(t.numel() for t in model.state_dict().values())
"""
        },
        hint="Frozen parameters are counted: leave out those whose requires_grad is False.",
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
    ),
    Wrong(
        "mlp: biases forgotten",
        cells={"mlp_layer_parameters": "mlp_layer_parameters = [784 * 500, 500 * 500, 500 * 10]"},
        hint="Biases are missing: there is one for each output, for a",
    ),
    Wrong(
        "mlp: the misleading figure, one hidden layer",
        cells={"mlp_layer_parameters": "mlp_layer_parameters = [392_500, 5_010]"},
        hint="The network 784-500-500-10 has three fully connected",
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
        hint="`mlp_total` must be the sum of `mlp_layer_parameters`: ReLU",
    ),
    Wrong(
        "mlp total: one hidden layer",
        cells={"mlp_total": "mlp_total = 397_510"},
        hint="`mlp_total` must be the sum of `mlp_layer_parameters`: ReLU",
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
        hint="`cnn_total` must be the sum of `cnn_layer_parameters`:",
    ),
    Wrong(
        "cnn total: a float",
        cells={"cnn_total": "cnn_total = 28_938.0"},
        hint="`cnn_total` must be a whole number (int), not a float:",
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
        hint="The layer in the picture has 3 · 2 weights; its biases are missing.",
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
        hint="conv2d_parameters(3, 1, 3): the kernel has a slice for each of the 3 input channels.",
    ),
]
