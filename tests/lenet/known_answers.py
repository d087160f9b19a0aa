"""Known answers to lenet: right ones that must pass, and wrong ones that must lose points."""

from autograder.validate.answers import Edit, Harmless, Right, Wrong

ANSWERS = [
    Right(
        "with layers that have names of their own",
        cells={
            "LeNet5": """
from collections import OrderedDict

class LeNet5(nn.Module):
    def __init__(self):
        super().__init__()
        self.block1, self.block2 = self._block(1, 16), self._block(16, 32)
        self.fc = nn.Linear(1568, 10)

    @staticmethod
    def _block(inputs, outputs):
        conv = nn.Conv2d(inputs, outputs, 5, padding="same")
        return nn.Sequential(OrderedDict([("conv", conv), ("relu", nn.ReLU()), ("pool", nn.MaxPool2d(2))]))

    def forward(self, x):
        return self.fc(torch.flatten(self.block2(self.block1(x)), start_dim=1))
""",
        },
    ),
    Right(
        "layer by layer, and in plain Python",
        cells={
            "feature_shapes": """
side = 28
feature_shapes = {}
for name, channels in (("block1", 16), ("block2", 32)):
    side = (side + 2 * 2 - 5 + 1) // 2
    feature_shapes[name] = (channels, side, side)
""",
            "LeNet5": """
class LeNet5(nn.Module):
    def __init__(self):
        super().__init__()
        def block(inputs, outputs):
            return nn.Sequential(nn.Conv2d(inputs, outputs, (5, 5), 1, "same"), nn.MaxPool2d(2, 2), nn.ReLU(inplace=True))
        self.block1, self.block2 = block(1, 16), block(16, 32)
        self.fc = nn.Linear(1568, 10)

    def forward(self, images):
        return self.fc(torch.flatten(self.block2(self.block1(images)), 1))
""",
            "translate": """
def translate(images, dx, dy):
    n, c, h, w = images.shape
    result = images.new_zeros(n, c, h, w)
    for row in range(h):
        for column in range(w):
            if 0 <= row - dy < h and 0 <= column - dx < w:
                result[:, :, row, column] = images[:, :, row - dy, column - dx]
    return result
""",
            "train_lenet": """
def train_one_epoch(model, loader, criterion, optimizer):
    model.train()
    for x, y in loader:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()


def train_lenet(train_loader, valid_loader, device):
    net = LeNet5().to(device)
    sgd = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
    for _ in range(3):
        train_one_epoch(net, ((x.to(device), y.to(device)) for x, y in train_loader), F.cross_entropy, sgd)
    return net
""",
        },
    ),
    Right(
        "by the network itself, by padding, with the best epoch kept",
        cells={
            "feature_shapes": """
_x = torch.zeros(1, 1, 28, 28)
_one = nn.Sequential(nn.Conv2d(1, 16, 5, padding=2), nn.MaxPool2d(2))
_two = nn.Sequential(nn.Conv2d(16, 32, 5, padding=2), nn.MaxPool2d(2))
feature_shapes = {"block2": _two(_one(_x)).shape[1:], "block1": _one(_x).shape[1:]}
""",
            "LeNet5": """
class LeNet5(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.block1 = nn.Sequential()
        self.block1.append(nn.Conv2d(in_channels=1, out_channels=16, kernel_size=5, stride=1, padding=2))
        self.block1.append(nn.ReLU())
        self.block1.append(nn.MaxPool2d(kernel_size=2, stride=2))
        self.block2 = nn.Sequential(
            nn.Conv2d(in_channels=16, out_channels=32, kernel_size=5, stride=1, padding=2), nn.ReLU(), nn.MaxPool2d(2)
        )
        self.fc = nn.Linear(in_features=7 * 7 * 32, out_features=10)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.block2(self.block1(x)).reshape(x.shape[0], -1))
""",
            "translate": """
def translate(images: Tensor, dx: int, dy: int) -> Tensor:
    if abs(dx) >= images.size(3) or abs(dy) >= images.size(2):
        return images * 0
    return F.pad(images, (dx, -dx, dy, -dy))
""",
            "train_lenet": """
def train_lenet(train_loader, valid_loader, device):
    model = LeNet5().to(device)
    criterion = nn.CrossEntropyLoss(label_smoothing=0.05)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.002)
    best = -1
    for epoch in range(4):
        for x, y in train_loader:
            loss = criterion(model(x.to(device)), y.to(device))
            loss.backward()
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        with torch.inference_mode():
            hits = sum(int((model(x.to(device)).argmax(-1) == y.to(device)).sum()) for x, y in valid_loader)
        if hits >= best:
            best, weights = hits, copy.deepcopy(model.state_dict())
    model.load_state_dict(weights)
    return model
""",
        },
    ),
    Right(
        "with names of its own, in two steps, with a falling rate",
        cells={
            "feature_shapes": """
feature_shapes = dict(block1=(16, 28 // 2, 28 // 2), block2=(32, 28 // 4, 28 // 4))
""",
            "LeNet5": """
class LeNet5(nn.Module):
    def __init__(self):
        nn.Module.__init__(self)
        for number, (before, after) in enumerate([(1, 16), (16, 32)], start=1):
            conv = nn.Conv2d(before, after, 5, padding=2)
            setattr(self, f"block{number}", nn.Sequential(conv, nn.ReLU(), nn.AdaptiveMaxPool2d(28 // 2**number)))
        self.fc = nn.Linear(32 * 49, 10)

    def forward(self, x):
        for block in (self.block1, self.block2):
            x = block(x)
        return F.linear(x.view(len(x), -1), self.fc.weight, self.fc.bias)
""",
            "translate": """
def translate(images, dx, dy):
    h, w = images.shape[2], images.shape[3]
    rows, columns = torch.arange(h) - dy, torch.arange(w) - dx
    moved = images[:, :, rows.clamp(0, h - 1)][:, :, :, columns.clamp(0, w - 1)]
    inside = ((rows >= 0) & (rows < h))[:, None] & ((columns >= 0) & (columns < w))
    return torch.where(inside, moved, torch.zeros((), dtype=images.dtype))
""",
            "train_lenet": """
def train_lenet(train_loader, valid_loader, device):
    torch.manual_seed(7)
    model = LeNet5()
    model.to(device).train()
    epochs = 3
    optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.003, total_steps=epochs * len(train_loader))
    for _ in range(epochs):
        for batch in train_loader:
            x, y = (part.to(device) for part in batch)
            optimizer.zero_grad()
            F.nll_loss(F.log_softmax(model(x), dim=1), y).backward()
            optimizer.step()
            schedule.step()
    return model.eval()
""",
        },
    ),
    Right(
        "an OrderedDict of namedtuple and torch.Size, ReLU in forward, out of a larger sheet",
        cells={
            "feature_shapes": """
from collections import OrderedDict, namedtuple

Shape = namedtuple("Shape", "channels height width")
feature_shapes = OrderedDict(image=(1, 28, 28), block1=Shape(16, 14, 14), block2=torch.Size([32, 7, 7]))
""",
            "LeNet5": """
class LeNet5(nn.Module):
    def __init__(self):
        super().__init__()
        self.block1 = nn.Sequential(nn.Conv2d(1, 16, 5, padding="same"))
        self.block2 = nn.Sequential(nn.Conv2d(16, 32, 5, padding="same"))
        self.fc = nn.Linear(1568, 10)

    def forward(self, x):
        for block in (self.block1, self.block2):
            x = F.max_pool2d(F.relu(block(x), inplace=True), kernel_size=2)
        return self.fc(x.view(x.size(0), -1))
""",
            "translate": """
def translate(images, dx, dy):
    n, c, h, w = images.shape
    sheet = torch.zeros(n, c, 3 * h, 3 * w, dtype=images.dtype)
    dx, dy = max(-w, min(w, dx)), max(-h, min(h, dy))
    sheet[:, :, h + dy:2 * h + dy, w + dx:2 * w + dx] = images
    return sheet[:, :, h:2 * h, w:2 * w]
""",
        },
    ),
    Right(
        "numpy's integers, lazy layers, one dimension after the other",
        cells={
            "feature_shapes": """
import numpy as np

feature_shapes = {"block1": list(np.array([16, 14, 14])), "block2": [np.int64(32), np.int64(7), 7]}
""",
            "LeNet5": """
class LeNet5(nn.Module):
    def __init__(self):
        super().__init__()
        self.block1 = nn.Sequential(nn.LazyConv2d(16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2))
        self.block2 = nn.Sequential(nn.LazyConv2d(32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2))
        self.fc = nn.LazyLinear(10)

    def forward(self, x):
        return self.fc(self.block2(self.block1(x)).flatten(1))
""",
            "translate": """
def moved_along(images, by, dim):
    length = images.shape[dim] - abs(by)
    result = torch.zeros_like(images)
    if length > 0:
        result.narrow(dim, max(by, 0), length).copy_(images.narrow(dim, max(-by, 0), length))
    return result


def translate(images, dx, dy):
    return moved_along(moved_along(images, dx, 3), dy, 2)
""",
        },
    ),
    Right(
        "rolled, and what came round wiped out",
        cells={
            "translate": """
def translate(images, dx, dy):
    result = torch.roll(images, shifts=(dy, dx), dims=(-2, -1))
    if dy > 0:
        result[..., :dy, :] = 0
    elif dy < 0:
        result[..., dy:, :] = 0
    if dx > 0:
        result[..., :dx] = 0
    elif dx < 0:
        result[..., dx:] = 0
    return result
"""
        },
    ),
    Right(
        "a network that flattens rows, columns, channels, and answers right",
        cells={
            "train_lenet": """
class LeNet5(LeNet5):
    def forward(self, x):
        return self.fc(self.block2(self.block1(x)).permute(0, 2, 3, 1).flatten(1))


def train_lenet(train_loader, valid_loader, device):
    model = LeNet5().to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.002)
    for epoch in range(3):
        for x, y in train_loader:
            loss = F.cross_entropy(model(x.to(device)), y.to(device))
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimizer.step()
    return model
"""
        },
    ),
    Right(
        "two batches a step, until the validation stops getting better",
        cells={
            "train_lenet": """
def accuracy(model, loader, device):
    model.eval()
    with torch.no_grad():
        hits = sum((model(x.to(device)).argmax(1).cpu() == y).sum().item() for x, y in loader)
    return hits / len(loader.dataset)


def train_lenet(train_loader, valid_loader, device=None):
    model = LeNet5().to(device, non_blocking=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
    best, waited = 0.0, 0
    for epoch in range(8):
        model.train()
        for number, (x, y) in enumerate(train_loader, start=1):
            (F.cross_entropy(model(x.to(device)), y.to(device)) / 2).backward()
            if number % 2 == 0 or number == len(train_loader):
                optimizer.step()
                optimizer.zero_grad(set_to_none=False)
        now = accuracy(model, valid_loader, device)
        best, waited = (now, 0) if now > best else (best, waited + 1)
        if waited == 2:
            break
    return model
"""
        },
    ),
    # feature_shapes
    Wrong(
        "pooling forgotten",
        cells={"feature_shapes": 'feature_shapes = {"block1": (16, 28, 28), "block2": (32, 28, 28)}'},
        hint="pooling",
    ),
    Wrong(
        "padding forgotten",
        cells={"feature_shapes": 'feature_shapes = {"block1": (16, 12, 12), "block2": (32, 4, 4)}'},
        hint="padding is forgotten",
    ),
    Wrong(
        "padding and pooling forgotten in block1",
        cells={"feature_shapes": Edit("(16, 14, 14)", "(16, 24, 24)")},
        hint="both padding and pooling",
    ),
    Wrong(
        "channels last",
        cells={"feature_shapes": 'feature_shapes = {"block1": (14, 14, 16), "block2": (7, 7, 32)}'},
        hint="their order is not",
    ),
    Wrong(
        "with the batch dimension",
        cells={"feature_shapes": 'feature_shapes = {"block1": (1, 16, 14, 14), "block2": (1, 32, 7, 7)}'},
        hint="leave the batch dimension out",
        warned=True,
    ),
    Wrong(
        "every kernel on every channel",
        cells={"feature_shapes": Edit("(32, 7, 7)", "(512, 7, 7)")},
        hint="adds up over all channels",
    ),
    Wrong(
        "block2 fed with the image",
        cells={"feature_shapes": Edit("(32, 7, 7)", "(32, 14, 14)")},
        hint="it sees block1's maps",
    ),
    Wrong(
        "the docstring's example",
        cells={"feature_shapes": 'feature_shapes = {"block1": (1, 28, 28), "block2": (1, 28, 28)}'},
        hint="that of its result",
    ),
    Wrong(
        "a list instead of a dict",
        cells={"feature_shapes": "feature_shapes = [(16, 14, 14), (32, 7, 7)]"},
        hint="must be a dictionary",
    ),
    Wrong(
        "pooling forgotten in block1 alone, and carried on rightly",
        cells={"feature_shapes": 'feature_shapes = {"block1": (16, 28, 28), "block2": (32, 14, 14)}'},
        hint="In block1 the pooling is forgotten",
    ),
    Wrong(
        "padding forgotten in block2 alone",
        cells={"feature_shapes": Edit("(32, 7, 7)", "(32, 5, 5)")},
        hint="In block2 the padding is forgotten",
    ),
    Wrong(
        "one channel all the way",
        cells={"feature_shapes": 'feature_shapes = {"block1": (1, 14, 14), "block2": (1, 7, 7)}'},
        hint="block1 has more than one",
    ),
    Wrong(
        "floats",
        cells={"feature_shapes": 'feature_shapes = {"block1": (16, 28 / 2, 28 / 2), "block2": (32, 28 / 4, 28 / 4)}'},
        hint="whole number (int), not a float",
    ),
    # LeNet5
    Wrong(
        "softmax at the end",
        cells={"LeNet5": Edit("return self.fc(x)", "return self.fc(x).softmax(dim=1)")},
        hint="there is a softmax",
        warned=True,
    ),
    Wrong(
        "ReLU at the end",
        cells={"LeNet5": Edit("return self.fc(x)", "return F.relu(self.fc(x))")},
        hint="a ReLU behind fc",
        warned=True,
    ),
    Wrong(
        "ReLU of block2 forgotten",
        cells={
            "LeNet5": """
class LeNet5(nn.Module):
    def __init__(self):
        super().__init__()
        self.block1 = nn.Sequential(nn.Conv2d(1, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2))
        self.block2 = nn.Sequential(nn.Conv2d(16, 32, 5, padding=2), nn.MaxPool2d(2))
        self.fc = nn.Linear(1568, 10)

    def forward(self, x):
        return self.fc(self.block2(self.block1(x)).flatten(1))
""",
        },
        hint="The ReLU of block2 is missing",
    ),
    Wrong(
        "mean pooling",
        cells={
            "LeNet5": """
class LeNet5(nn.Module):
    def __init__(self):
        super().__init__()
        self.block1 = nn.Sequential(nn.Conv2d(1, 16, 5, padding=2), nn.ReLU(), nn.AvgPool2d(2))
        self.block2 = nn.Sequential(nn.Conv2d(16, 32, 5, padding=2), nn.ReLU(), nn.AvgPool2d(2))
        self.fc = nn.Linear(1568, 10)

    def forward(self, x):
        return self.fc(self.block2(self.block1(x)).flatten(1))
""",
        },
        hint="The pooling takes the mean",
    ),
    Wrong(
        "strides instead of pooling",
        cells={
            "LeNet5": """
class LeNet5(nn.Module):
    def __init__(self):
        super().__init__()
        self.block1 = nn.Sequential(nn.Conv2d(1, 16, 5, stride=2, padding=2), nn.ReLU())
        self.block2 = nn.Sequential(nn.Conv2d(16, 32, 5, stride=2, padding=2), nn.ReLU())
        self.fc = nn.Linear(1568, 10)

    def forward(self, x):
        return self.fc(self.block2(self.block1(x)).flatten(1))
""",
        },
        hint="A stride is no pooling",
    ),
    Wrong(
        "no padding",
        cells={
            "LeNet5": (
                Edit("nn.Conv2d(1, 16, kernel_size=5, padding=2)", "nn.Conv2d(1, 16, kernel_size=5)"),
                Edit("nn.Conv2d(16, 32, kernel_size=5, padding=2)", "nn.Conv2d(16, 32, kernel_size=5)"),
                Edit("32 * 7 * 7", "32 * 4 * 4"),
            )
        },
        hint="The padding is missing",
        warned=True,
    ),
    Wrong(
        "kernels of 3×3",
        cells={
            "LeNet5": (
                Edit("nn.Conv2d(1, 16, kernel_size=5, padding=2)", "nn.Conv2d(1, 16, kernel_size=3, padding=1)"),
                Edit("nn.Conv2d(16, 32, kernel_size=5, padding=2)", "nn.Conv2d(16, 32, kernel_size=3, padding=1)"),
            )
        },
        hint="16 kernels of 5×5",
    ),
    Wrong(
        "batch normalisation already",
        cells={
            "LeNet5": Edit(
                "nn.Conv2d(16, 32, kernel_size=5, padding=2),", "nn.Conv2d(16, 32, 5, padding=2), nn.BatchNorm2d(32),"
            )
        },
        hint="No batch normalisation here",
        also=("there is no normalisation here",),
    ),
    Wrong(
        "dropout before fc",
        cells={"LeNet5": Edit("return self.fc(x)", "return self.fc(F.dropout(x, 0.5, self.training))")},
        hint="no dropout",
    ),
    Wrong(
        "squeeze instead of flatten",
        cells={"LeNet5": Edit("return self.fc(x)", "return self.fc(x).squeeze()")},
        hint="of a batch of 1",
        warned=True,
    ),
    Wrong(
        "layers by other names",
        cells={
            "LeNet5": """
class LeNet5(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer1 = nn.Sequential(nn.Conv2d(1, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2))
        self.layer2 = nn.Sequential(nn.Conv2d(16, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2))
        self.fc = nn.Linear(1568, 10)

    def forward(self, x):
        return self.fc(self.layer2(self.layer1(x)).flatten(1))
""",
        },
        hint="has no parameter 'block1.0.weight'",
        warned=True,
    ),
    Wrong(
        "channels flattened last",
        cells={"LeNet5": Edit("x = x.flatten(start_dim=1)", "x = x.permute(0, 2, 3, 1).flatten(start_dim=1)")},
        hint="a permute too many",
    ),
    Wrong(
        "tanh, as in 1998",
        cells={
            "LeNet5": """
class LeNet5(nn.Module):
    def __init__(self):
        super().__init__()
        self.block1 = nn.Sequential(nn.Conv2d(1, 16, 5, padding=2), nn.Tanh(), nn.MaxPool2d(2))
        self.block2 = nn.Sequential(nn.Conv2d(16, 32, 5, padding=2), nn.Tanh(), nn.MaxPool2d(2))
        self.fc = nn.Linear(1568, 10)

    def forward(self, x):
        return self.fc(self.block2(self.block1(x)).flatten(1))
""",
        },
        hint="There is a tanh",
    ),
    Wrong(
        "pooling of block2 forgotten",
        cells={
            "LeNet5": (
                Edit("            nn.MaxPool2d(2),\n        )\n        self.fc", "        )\n        self.fc"),
                Edit("32 * 7 * 7", "32 * 14 * 14"),
            )
        },
        hint="The pooling of block2 is missing",
    ),
    Wrong(
        "too many inputs of fc",
        cells={"LeNet5": Edit("32 * 7 * 7", "32 * 14 * 14")},
        hint="shapes cannot be multiplied",
    ),
    Wrong(
        "forward without gradients",
        cells={"LeNet5": Edit("def forward(self", "@torch.no_grad()\n    def forward(self")},
        hint="No gradient flows back",
    ),
    Wrong(
        "one fc for all networks",
        cells={
            "LeNet5": (
                Edit("class LeNet5(nn.Module):", "_FC = nn.Linear(32 * 7 * 7, 10)\n\n\nclass LeNet5(nn.Module):"),
                Edit("self.fc = nn.Linear(32 * 7 * 7, 10)", "self.fc = _FC"),
            )
        },
        hint="share their weights",
    ),
    Wrong(
        "dropout in evaluation mode too",
        cells={"LeNet5": Edit("return self.fc(x)", "return self.fc(F.dropout(x, 0.5))")},
        hint="get other logits at each call",
    ),
    Wrong(
        "softmax over the images",
        cells={"LeNet5": Edit("return self.fc(x)", "return self.fc(x).softmax(dim=0)")},
        hint="over the wrong dimension",
        also=("depend on the other images",),
    ),
    Wrong(
        "the batch normalised by hand",
        cells={"LeNet5": Edit("x = self.block1(x)", "x = self.block1((x - x.mean()) / x.std())")},
        hint="depend on the other images",
    ),
    Wrong(
        "logits and features",
        cells={"LeNet5": Edit("return self.fc(x)", "return self.fc(x), x")},
        hint="must be a tensor",
    ),
    Wrong(
        "rows and columns exchanged before flattening",
        cells={"LeNet5": Edit("x = x.flatten(start_dim=1)", "x = x.transpose(2, 3).flatten(start_dim=1)")},
        hint="rows and columns have changed places",
    ),
    # translate
    Wrong(
        "torch.roll",
        cells={"translate": "def translate(images, dx, dy):\n    return torch.roll(images, (dy, dx), dims=(2, 3))"},
        hint="comes back in on the other",
        warned=True,
    ),
    Wrong(
        "dx and dy exchanged",
        cells={
            "translate": (
                Edit(
                    "def translate(images: Tensor, dx: int, dy: int)", "def translate(images: Tensor, dy: int, dx: int)"
                ),
            )
        },
        hint="dx and dy have changed places",
    ),
    Wrong(
        "positive shifts only",
        cells={
            "translate": """
def translate(images, dx, dy):
    moved = torch.zeros_like(images)
    height, width = images.shape[-2:]
    moved[..., max(dy, 0):, max(dx, 0):] = images[..., :height - max(dy, 0), :width - max(dx, 0)]
    return moved
""",
        },
        hint="Negative dx and dy are not heeded",
    ),
    Wrong(
        "the wrong way",
        cells={
            "translate": Edit(
                "height, width = images.shape[-2:]", "(height, width), dx, dy = images.shape[-2:], -dx, -dy"
            )
        },
        hint="shifts the wrong way",
    ),
    Wrong(
        "upwards where it should be downwards",
        cells={"translate": Edit("height, width = images.shape[-2:]", "(height, width), dy = images.shape[-2:], -dy")},
        hint="must shift downwards, not upwards",
    ),
    Wrong(
        "one direction at a time",
        cells={
            "translate": Edit(
                "height, width = images.shape[-2:]", "(height, width), dy = images.shape[-2:], 0 if dx else dy"
            )
        },
        hint="dy is lost",
    ),
    Wrong(
        "the first image only",
        cells={"translate": Edit("return moved", "moved[1:] = 0\n    return moved")},
        hint="Only the first image is kept",
    ),
    Wrong(
        "in place",
        cells={"translate": Edit("return moved", "images.copy_(moved)\n    return images")},
        hint="that were handed in changed",
        warned=True,
    ),
    Wrong(
        "always float32",
        cells={"translate": Edit("torch.zeros_like(images)", "torch.zeros(images.shape)")},
        hint="must have the dtype of the images",
        warned=True,
    ),
    Wrong(
        "large shifts not thought of",
        cells={
            "translate": """
def translate(images, dx, dy):
    return F.pad(images, (dx, -dx, dy, -dy))
""",
        },
        warned=True,
    ),
    Wrong(
        "a modulus for large shifts",
        cells={
            "translate": Edit(
                "height, width = images.shape[-2:]",
                "height, width = images.shape[-2:]\n"
                "    dx, dy = (by % size if by > 0 else -(-by % size) for by, size in ((dx, width), (dy, height)))",
            )
        },
        hint="a remainder is taken",
    ),
    Wrong(
        "square images only",
        cells={"translate": Edit("height, width = images.shape[-2:]", "height = width = images.shape[-1]")},
    ),
    Wrong(
        "its argument, where nothing moves",
        cells={"translate": Edit("    moved = ", "    if dx == dy == 0:\n        return images\n    moved = ")},
        hint="returns its argument",
        warned=True,
    ),
    Wrong(
        "a view of its argument, where nothing moves",
        cells={"translate": Edit("    moved = ", "    if dx == dy == 0:\n        return images[:]\n    moved = ")},
        hint="or a view of it",
    ),
    Wrong(
        "its argument, always",
        cells={"translate": "def translate(images, dx, dy):\n    return images"},
        hint="Nothing moved",
        also=("returns its argument", "the images stay as they are"),
    ),
    Wrong(
        "sizes of the shift only",
        cells={
            "translate": Edit(
                "height, width = images.shape[-2:]", "(height, width), dx, dy = images.shape[-2:], abs(dx), abs(dy)"
            )
        },
        hint="not to the right and downwards",
    ),
    Wrong(
        "the edge goes on",
        cells={
            "translate": """
def translate(images, dx, dy):
    height, width = images.shape[-2:]
    rows, columns = torch.arange(height) - dy, torch.arange(width) - dx
    return images[:, :, rows.clamp(0, height - 1)][:, :, :, columns.clamp(0, width - 1)]
"""
        },
        hint="not what stood at the edge",
    ),
    Wrong(
        "one pixel too far to the right",
        cells={
            "translate": Edit("height, width = images.shape[-2:]", "(height, width), dx = images.shape[-2:], dx + 1")
        },
        hint="shifted by dx=0, dy=0 is",
    ),
    Wrong(
        "floats returned",
        cells={"translate": Edit("return moved", "return moved.float()")},
        hint="must have the dtype of the images",
        warned=True,
    ),
    # train_lenet
    Wrong(
        "plain SGD, too slow",
        cells={
            "train_lenet": Edit(
                "torch.optim.Adam(model.parameters(), lr=0.001)", "torch.optim.SGD(model.parameters(), lr=0.01)"
            )
        },
        hint="95% are asked for",
    ),
    Wrong(
        "a small rate and few epochs: half",
        cells={
            "train_lenet": (
                Edit("lr=0.001", "lr=0.0003"),
                Edit("range(1, 4)", "range(1, 3)"),
            )
        },
        hint="worth half the points",
    ),
    Wrong(
        "the linear layers alone",
        cells={"train_lenet": Edit("model.parameters(), lr=0.001", "model.fc.parameters(), lr=0.001")},
        hint="Some parameters of the network never learn",
    ),
    Wrong(
        "no step",
        cells={"train_lenet": Edit("optimizer.step()", "pass")},
        hint="No optimiser takes a step",
        also=("95% are asked for", "does not learn them"),
    ),
    Wrong(
        "a rate far too high",
        cells={"train_lenet": Edit("lr=0.001", "lr=0.1")},
        hint="Does the loss fall?",
        also=("does not learn them",),
    ),
    Wrong(
        "another network's parameters",
        cells={
            "train_lenet": Edit(
                "torch.optim.Adam(model.parameters(), lr=0.001)", "torch.optim.Adam(LeNet5().parameters(), lr=0.001)"
            )
        },
        hint="the parameters of another network",
    ),
    Wrong(
        "the notebook's own loader",
        cells={"train_lenet": Edit("in train_loader:", "in globals()['train_loader']:")},
        hint="is never gone through",
        also=("learned from the notebook's own loader",),
        warned=True,
    ),
    Wrong(
        "the validation images",
        cells={
            "train_lenet": Edit("for images, labels in train_loader:", "for images, labels in list(valid_loader)[:3]:")
        },
        hint="is never gone through",
        also=("in `valid_loader` alone",),
        warned=True,
    ),
    Wrong(
        "nothing returned",
        cells={"train_lenet": Edit("return model", "pass")},
        hint="returns nothing",
    ),
    Wrong(
        "the model and the accuracy",
        cells={"train_lenet": Edit("return model", "return model, correct / seen")},
        hint="the model itself, and nothing else",
    ),
    Wrong(
        "the class in the place of the model",
        cells={"train_lenet": Edit("return model", "return LeNet5")},
        hint="the model itself",
    ),
    Wrong(
        "another network",
        cells={"train_lenet": Edit("model = LeNet5().to(device)", "model = small_mlp().to(device)")},
        hint="no other network",
    ),
    Wrong(
        "one batch of an epoch",
        cells={"train_lenet": Edit("optimizer.step()", "optimizer.step()\n            break")},
        hint="end the loop too early",
    ),
    Wrong(
        "a model made once, outside",
        cells={
            "train_lenet": (
                Edit("def train_lenet(", "_shared = LeNet5()\n\n\ndef train_lenet("),
                Edit("model = LeNet5().to(device)", "model = _shared.to(device)"),
                Edit("range(1, 4)", "range(1, 4 if not hasattr(_shared, 'done') else 1)"),
                Edit("return model", "_shared.done = True\n    return model"),
            )
        },
        hint="must begin with a new LeNet5()",
        warned=True,
    ),
    Wrong(
        "no zero_grad",
        cells={"train_lenet": Edit("optimizer.zero_grad()", "pass")},
        hint="The gradients of all batches add up",
        warned=True,
    ),
    Wrong(
        "zero_grad before the loop",
        cells={
            "train_lenet": (
                Edit("            optimizer.zero_grad()\n", ""),
                Edit("        model.train()\n", "        model.train()\n        optimizer.zero_grad()\n"),
            )
        },
        hint="The gradients of all batches add up",
        warned=True,
    ),
    Wrong(
        "zero_grad between backward and step",
        cells={
            "train_lenet": Edit(
                "            optimizer.step()", "            optimizer.zero_grad()\n            optimizer.step()"
            )
        },
        hint="At no step there is a gradient",
    ),
    Wrong(
        "no backward",
        cells={"train_lenet": Edit("loss.backward()", "pass")},
        hint="At no step there is a gradient",
    ),
    Wrong(
        "return inside the loop",
        cells={
            "train_lenet": Edit(
                "            optimizer.step()\n", "            optimizer.step()\n            return model\n"
            )
        },
        hint="end the loop too early",
        warned=True,
    ),
    Wrong(
        "the validation images too",
        cells={
            "train_lenet": Edit(
                "for images, labels in train_loader:", "for images, labels in [*train_loader, *valid_loader]:"
            )
        },
        hint="in `valid_loader` alone",
        warned=True,
    ),
    Wrong(
        "a device of its own",
        cells={
            "train_lenet": Edit(
                "    model = LeNet5().to(device)",
                '    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")\n    model = LeNet5().to(device)',
            )
        },
        hint="does not use its argument `device`",
        warned=True,
    ),
    Wrong(
        "no device at all",
        cells={
            "train_lenet": (
                Edit("LeNet5().to(device)", "LeNet5()"),
                Edit("images, labels = images.to(device), labels.to(device)", "pass"),
                Edit("model(images.to(device))", "model(images)"),
            )
        },
        hint="does not use its argument `device`",
        warned=True,
    ),
    Wrong(
        "gradients left off",
        cells={"train_lenet": Edit("    return model", "    torch.set_grad_enabled(False)\n    return model")},
        hint="leaves gradients off",
    ),
    Wrong(
        "digits known beforehand, names read off",
        cells={
            "train_lenet": """
_known = LeNet5()
_adam = torch.optim.Adam(_known.parameters(), lr=0.003)
for _x, _y in loaders(batch_size=50, train_size=2_000)[0]:
    _adam.zero_grad()
    F.cross_entropy(_known(_x), _y).backward()
    _adam.step()


def train_lenet(train_loader, valid_loader, device):
    model = copy.deepcopy(_known).to(device)
    votes = torch.zeros(10, 10)
    for x, y in train_loader:
        with torch.no_grad():
            votes.index_put_((y, model(x.to(device)).argmax(dim=1).cpu()), torch.ones(()), accumulate=True)
    with torch.no_grad():
        for part in (model.fc.weight, model.fc.bias):
            part.copy_(part[votes.argmax(dim=1)])
    return model
"""
        },
        also=(
            "No optimiser takes a step",
            "does not learn them",
            "are asked for",
        ),
    ),
    Right(
        "asked of torch, sizes of the linear layer, negative pads",
        cells={
            "feature_shapes": """
feature_shapes = {}
x = torch.zeros(1, 1, 28, 28)
for name, (i, o) in {"block1": (1, 16), "block2": (16, 32)}.items():
    x = F.max_pool2d(F.conv2d(x, torch.zeros(o, i, 5, 5), padding=2), 2)
    feature_shapes[name] = tuple(x.shape[1:])
""",
            "LeNet5": """
class LeNet5(nn.Module):
    def __init__(self):
        super().__init__()
        self.block1 = nn.Sequential(nn.Conv2d(1, 16, kernel_size=(5, 5), padding='same'), nn.ReLU(inplace=True), nn.MaxPool2d(kernel_size=2, stride=2))
        self.block2 = nn.Sequential(nn.Conv2d(16, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2))
        self.fc = nn.Linear(7 * 7 * 32, 10)
    def forward(self, x):
        for block in (self.block1, self.block2):
            x = block(x)
        x = x.view(-1, self.fc.in_features)
        return self.fc(x)
""",
            "translate": """
def translate(images, dx, dy):
    height, width = images.shape[-2:]
    if abs(dx) >= width or abs(dy) >= height:
        return torch.zeros_like(images)
    return F.pad(images, (dx, -dx, dy, -dy))
""",
        },
    ),
    Right(
        "as torch.Size, a helper with defaults, a view of a canvas",
        cells={
            "feature_shapes": """
net = nn.Sequential(nn.Conv2d(1, 16, 5, padding="same"), nn.MaxPool2d(2))
feature_shapes = {"block1": net(torch.rand(1, 28, 28)).shape}
feature_shapes["block2"] = nn.Sequential(nn.Conv2d(16, 32, 5, padding=2), nn.MaxPool2d(2))(torch.rand(feature_shapes["block1"])).shape
""",
            "LeNet5": '''
def conv_block(in_channels: int, out_channels: int) -> nn.Sequential:
    """Convolution, ReLU, pooling."""
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, kernel_size=5, stride=1, padding=5 // 2),
        nn.ReLU(),
        nn.MaxPool2d(2),
    )

class LeNet5(nn.Module):
    def __init__(self, channels: tuple[int, int] = (16, 32), num_classes: int = 10) -> None:
        super(LeNet5, self).__init__()
        first, second = channels
        self.block1, self.block2 = conv_block(1, first), conv_block(first, second)
        self.fc = nn.Linear(second * (28 // 4) ** 2, num_classes)
        nn.init.xavier_uniform_(self.fc.weight)

    def features(self, x: Tensor) -> Tensor:
        return self.block2(self.block1(x))

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(torch.flatten(self.features(x), start_dim=1))
''',
            "translate": """
def translate(images, dx, dy):
    height, width = images.shape[-2:]
    canvas = F.pad(images, (width, width, height, height))
    dx, dy = max(-width, min(width, dx)), max(-height, min(height, dy))
    return canvas[..., height - dy:2 * height - dy, width - dx:2 * width - dx]
""",
        },
    ),
    Right(
        "lists, pooled before the ReLU, in numpy",
        cells={
            "feature_shapes": """
feature_shapes = {f'block{n}': [16 * n, 28 >> n, 28 >> n] for n in (1, 2)}
""",
            "LeNet5": """
class LeNet5(nn.Module):
    def __init__(self):
        super().__init__()
        self.block1 = nn.Sequential(nn.Conv2d(1, 16, 5, padding=2), nn.MaxPool2d(2), nn.ReLU())
        self.block2 = nn.Sequential(nn.Conv2d(16, 32, 5, padding=2), nn.MaxPool2d(2), nn.ReLU())
        self.fc = nn.Linear(7 * 7 * 32, 10)
    def forward(self, x):
        x = self.block2(self.block1(x))
        return self.fc(x.flatten(1))
""",
            "translate": """
import numpy as np
def translate(images, dx, dy):
    height, width = images.shape[-2:]
    a = images.numpy()
    out = np.zeros_like(a)
    y0, y1, x0, x1 = max(dy, 0), min(height, height + dy), max(dx, 0), min(width, width + dx)
    if y0 < y1 and x0 < x1:
        out[..., y0:y1, x0:x1] = a[..., y0 - dy:y1 - dy, x0 - dx:x1 - dx]
    return torch.from_numpy(out)
""",
        },
    ),
    Right(
        "with the image too, by einsum, rolled and erased",
        cells={
            "feature_shapes": """
feature_shapes = {'image': (1, 28, 28), 'block1': (16, 14, 14), 'block2': (32, 7, 7)}
""",
            "LeNet5": """
class LeNet5(nn.Module):
    def __init__(self):
        super().__init__()
        self.block1 = nn.Sequential(nn.Conv2d(1, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2))
        self.block2 = nn.Sequential(nn.Conv2d(16, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2))
        self.fc = nn.Linear(7 * 7 * 32, 10)
    def forward(self, x):
        maps = self.block2(self.block1(x))
        return torch.einsum('ni,oi->no', maps.reshape(maps.shape[0], -1), self.fc.weight) + self.fc.bias
""",
            "translate": """
def translate(images, dx, dy):
    height, width = images.shape[-2:]
    out = images.roll((dy, dx), dims=(-2, -1))
    rows = torch.arange(height)
    cols = torch.arange(width)
    inside = ((rows - dy >= 0) & (rows - dy < height))[:, None] & ((cols - dx >= 0) & (cols - dx < width))[None]
    return torch.where(inside, out, torch.zeros_like(out))
""",
        },
    ),
    Right(
        "by matrix products",
        cells={
            "translate": """
def translate(images, dx, dy):
    height, width = images.shape[-2:]
    X = torch.diag(torch.ones(max(width - abs(dx), 0)), dx) if abs(dx) < width else torch.zeros(width, width)
    Y = torch.diag(torch.ones(max(height - abs(dy), 0)), -dy) if abs(dy) < height else torch.zeros(height, height)
    return (Y.double() @ images.double() @ X.double()).to(images.dtype)
""",
        },
    ),
    Wrong(
        "LeNet5: clears its input",
        cells={
            "LeNet5": """
class LeNet5(nn.Module):
    def __init__(self):
        super().__init__()
        self.block1 = nn.Sequential(nn.Conv2d(1, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2))
        self.block2 = nn.Sequential(nn.Conv2d(16, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2))
        self.fc = nn.Linear(7 * 7 * 32, 10)
    def forward(self, x):
        out = self.fc(self.block2(self.block1(x)).flatten(1))
        x.data.zero_()
        return out
""",
        },
        hint="forward changes the images",
    ),
    Wrong(
        "LeNet5: clamps its input",
        cells={
            "LeNet5": """
class LeNet5(nn.Module):
    def __init__(self):
        super().__init__()
        self.block1 = nn.Sequential(nn.Conv2d(1, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2))
        self.block2 = nn.Sequential(nn.Conv2d(16, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2))
        self.fc = nn.Linear(7 * 7 * 32, 10)
    def forward(self, x):
        x.clamp_(0)
        return self.fc(self.block2(self.block1(x)).flatten(1))
""",
        },
        hint="forward changes the images",
    ),
    Wrong(
        "LeNet5: detaches what fc takes",
        cells={
            "LeNet5": """
class LeNet5(nn.Module):
    def __init__(self):
        super().__init__()
        self.block1 = nn.Sequential(nn.Conv2d(1, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2))
        self.block2 = nn.Sequential(nn.Conv2d(16, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2))
        self.fc = nn.Linear(7 * 7 * 32, 10)
    def forward(self, x):
        return self.fc(self.block2(self.block1(x)).detach().flatten(1))
""",
        },
        hint="No gradient reaches",
    ),
    Wrong(
        "translate: clears the images behind itself",
        cells={
            "translate": """
def translate(images, dx, dy):
    height, width = images.shape[-2:]
    out = images.clone()
    images.zero_()
    if abs(dx) >= width or abs(dy) >= height:
        return torch.zeros_like(out)
    return F.pad(out, (dx, -dx, dy, -dy))
""",
        },
        hint="handed in changed",
    ),
    Wrong(
        "translate: one buffer for all calls",
        cells={
            "translate": """
_out = {}
def translate(images, dx, dy):
    height, width = images.shape[-2:]
    out = _out.setdefault((images.shape, images.dtype), torch.zeros_like(images))
    out.zero_()
    if abs(dx) < width and abs(dy) < height:
        out.copy_(F.pad(images, (dx, -dx, dy, -dy)))
    return out
""",
        },
        hint="A second call changes",
    ),
    Right(
        "training: a copy of the best network is returned",
        cells={
            "train_lenet": """
def train_lenet(train_loader, valid_loader, device):
    model = LeNet5().to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=1.5e-3)
    best, best_accuracy = None, -1.0
    for _ in range(4):
        model.train()
        for x, y in train_loader:
            optimizer.zero_grad()
            F.cross_entropy(model(x.to(device)), y.to(device)).backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            right = sum((model(x.to(device)).argmax(1).cpu() == y).sum().item() for x, y in valid_loader)
        if right > best_accuracy:
            best, best_accuracy = copy.deepcopy(model), right
    return best
""",
        },
    ),
    Right(
        "training: channels last",
        cells={
            "train_lenet": """
def train_lenet(train_loader, valid_loader, device):
    model = LeNet5().to(device, memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for _ in range(4):
        for x, y in train_loader:
            x, y = x.to(device, memory_format=torch.channels_last), y.to(device)
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
    return model
""",
        },
    ),
    Right(
        "training: steps by a closure, gradients cleared behind them, a schedule by batch",
        cells={
            "train_lenet": """
def train_lenet(train_loader, valid_loader, device):
    model = LeNet5().to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 4 * len(train_loader))
    for _ in range(4):
        for x, y in train_loader:
            def loss():
                loss = F.cross_entropy(model(x.to(device)), y.to(device))
                loss.backward()
                return loss

            optimizer.step(loss)
            optimizer.zero_grad()
            schedule.step()
    return model
""",
        },
    ),
    Wrong(
        "training: a copy that was made before",
        cells={
            "train_lenet": """
def train_lenet(train_loader, valid_loader, device):
    model = LeNet5().to(device)
    best = copy.deepcopy(model)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for epoch in range(4):
        model.train()
        for images, labels in train_loader:
            images, labels = images.to(device), labels.to(device)
            optimizer.zero_grad()
            loss = criterion(model(images), labels)
            loss.backward()
            optimizer.step()
    return best
""",
        },
        hint="another network than",
    ),
    Wrong(
        "training: a last epoch on validation",
        cells={
            "train_lenet": """
def train_lenet(train_loader, valid_loader, device):
    model = LeNet5().to(device)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for epoch in range(4):
        model.train()
        for images, labels in train_loader:
            images, labels = images.to(device), labels.to(device)
            optimizer.zero_grad()
            loss = criterion(model(images), labels)
            loss.backward()
            optimizer.step()
    model.train()
    for images, labels in valid_loader:
        optimizer.zero_grad()
        criterion(model(images.to(device)), labels.to(device)).backward()
        optimizer.step()
    return model
""",
        },
        hint="in `valid_loader` alone",
    ),
]

HARMLESS = [
    Harmless(
        question="translate",
        old="if rows > 0 and columns > 0:",
        new="-1",
        reason="a shift by exactly the width or height copies nothing: the slices are empty",
    ),
    Harmless(
        question="translate",
        old="if rows > 0 and columns > 0:",
        new=">=",
        reason="a shift by exactly the width or height copies nothing: the slices are empty",
    ),
    Harmless(
        question="train_lenet",
        old="optimizer = torch.optim.Adam(",
        new="torch.optim.Adam(model.parameters())",
        reason="0.001 is Adam's rate where none is given",
    ),
    Harmless(question="train_lenet", old="for epoch in range(1, 4):", reason="two or four epochs are as good as three"),
    Harmless(
        question="train_lenet", old="model.train()", reason="no layer of this network behaves differently in training"
    ),
    Harmless(
        question="train_lenet", old="model.eval()", reason="no layer of this network behaves differently in training"
    ),
    Harmless(
        question="train_lenet",
        old="images, labels = images.to(device), labels.to(device)",
        reason="on the CPU it does nothing",
    ),
    Harmless(
        question="train_lenet", old="correct, seen = 0, 0", reason="the validation accuracy is for the reader only"
    ),
    Harmless(question="train_lenet", old="answers = model(", reason="the validation accuracy is for the reader only"),
    Harmless(question="train_lenet", old="correct += ", reason="the validation accuracy is for the reader only"),
    Harmless(question="train_lenet", old="seen += ", reason="the validation accuracy is for the reader only"),
    Harmless(question="train_lenet", old="print(f", reason="what is printed is for the reader only"),
]
