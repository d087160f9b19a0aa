"""Known answers to lenet: right ones that must pass, and wrong ones that must lose points."""

from autograder.validate.answers import Edit, Harmless, Right, Wrong

ANSWERS = [
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
        hint="number of its kernels",
    ),
    Wrong(
        "a list instead of a dict",
        cells={"feature_shapes": "feature_shapes = [(16, 14, 14), (32, 7, 7)]"},
        hint="must be a dict",
    ),
    # LeNet5
    Wrong(
        "softmax at the end",
        cells={"LeNet5": Edit("return self.fc(x)", "return self.fc(x).softmax(dim=1)")},
        hint="there is a softmax",
    ),
    Wrong(
        "ReLU at the end",
        cells={"LeNet5": Edit("return self.fc(x)", "return F.relu(self.fc(x))")},
        hint="a ReLU behind fc",
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
        hint="all numbers of block2's maps",
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
    ),
    Wrong(
        "dropout before fc",
        cells={"LeNet5": Edit("return self.fc(x)", "return self.fc(F.dropout(x, 0.5, self.training))")},
        hint="no dropout",
    ),
    Wrong(
        "squeeze instead of flatten",
        cells={"LeNet5": Edit("return self.fc(x)", "return self.fc(x).squeeze()")},
        hint="the result of forward",
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
    ),
    Wrong(
        "channels flattened last",
        cells={"LeNet5": Edit("x = x.flatten(start_dim=1)", "x = x.permute(0, 2, 3, 1).flatten(start_dim=1)")},
        hint="a permute too many",
    ),
    # translate
    Wrong(
        "torch.roll",
        cells={"translate": "def translate(images, dx, dy):\n    return torch.roll(images, (dy, dx), dims=(2, 3))"},
        hint="comes back in on the other",
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
        hint="shifted by dx=1, dy=0 is",
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
        hint="shifted by dx=-1, dy=0 is",
    ),
    Wrong(
        "the wrong way",
        cells={
            "translate": Edit(
                "height, width = images.shape[-2:]", "(height, width), dx, dy = images.shape[-2:], -dx, -dy"
            )
        },
        hint="shifted by dx=1, dy=0 is",
    ),
    Wrong(
        "upwards where it should be downwards",
        cells={"translate": Edit("height, width = images.shape[-2:]", "(height, width), dy = images.shape[-2:], -dy")},
        hint="shifted by dx=0, dy=1 is",
    ),
    Wrong(
        "works on the public check only: one direction at a time",
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
        hint="Only the first image",
    ),
    Wrong(
        "in place",
        cells={"translate": Edit("return moved", "images.copy_(moved)\n    return images")},
        hint="that were handed in changed",
    ),
    Wrong(
        "always float32",
        cells={"translate": Edit("torch.zeros_like(images)", "torch.zeros(images.shape)")},
        hint="must have dtype",
    ),
    Wrong(
        "large shifts not thought of",
        cells={
            "translate": """
def translate(images, dx, dy):
    return F.pad(images, (dx, -dx, dy, -dy))
""",
        },
    ),
    Wrong(
        "a modulus for large shifts",
        cells={
            "translate": Edit(
                "height, width = images.shape[-2:]",
                "(height, width) = images.shape[-2:]\n    dx, dy = dx % width if dx > 0 else dx, dy",
            )
        },
        hint="must leave nothing but zeros",
    ),
    Wrong(
        "square images only",
        cells={"translate": Edit("height, width = images.shape[-2:]", "height = width = images.shape[-1]")},
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
        "no step",
        cells={"train_lenet": Edit("optimizer.step()", "pass")},
        hint="95% are asked for",
    ),
    Wrong(
        "a rate far too high",
        cells={"train_lenet": Edit("lr=0.001", "lr=0.1")},
        hint="95% are asked for",
    ),
    Wrong(
        "another network's parameters",
        cells={
            "train_lenet": Edit(
                "torch.optim.Adam(model.parameters(), lr=0.001)", "torch.optim.Adam(LeNet5().parameters(), lr=0.001)"
            )
        },
        hint="95% are asked for",
    ),
    Wrong(
        "the notebook's own loader",
        cells={"train_lenet": Edit("in train_loader:", "in globals()['train_loader']:")},
        hint="learned from the notebook's own loader",
    ),
    Wrong(
        "the validation images",
        cells={
            "train_lenet": Edit("for images, labels in train_loader:", "for images, labels in list(valid_loader)[:3]:")
        },
        hint="not on `valid_loader`",
    ),
    Wrong(
        "nothing returned",
        cells={"train_lenet": Edit("return model", "pass")},
        hint="returns nothing",
    ),
    Wrong(
        "the model and the accuracy",
        cells={"train_lenet": Edit("return model", "return model, correct / seen")},
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
        hint="95% are asked for",
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
        hint="train a new network",
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
