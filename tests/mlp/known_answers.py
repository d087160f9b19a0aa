"""Known answers to mlp: right ones that must pass, and wrong ones that must lose points."""

from autograder.validate.answers import Edit, Harmless, Right, Wrong

ANSWERS = [
    Right(
        "plain loops, SGD with momentum",
        cells={
            "class_counts": """
def class_counts(labels):
    counts = [0] * 10
    for label in labels.tolist():
        counts[label] += 1
    return torch.tensor(counts)
""",
            "pixel_statistics": """
def pixel_statistics(images):
    pixels = images.double().flatten() / 255
    mean = pixels.sum() / pixels.numel()
    return float(mean), float(((pixels - mean) ** 2).mean() ** 0.5)
""",
            "MLP": """
class MLP(nn.Module):
    def __init__(self, input_size=784, hidden_size=500, num_classes=10):
        super().__init__()
        first, second = nn.Linear(input_size, hidden_size), nn.Linear(hidden_size, hidden_size)
        self.hidden_layer = nn.Sequential(first, nn.ReLU(inplace=True), second, nn.ReLU(inplace=True))
        self.output_layer = nn.Sequential(nn.Linear(hidden_size, num_classes))

    def forward(self, x):
        return self.output_layer(self.hidden_layer(x.reshape(x.shape[0], -1)))
""",
            "train_one_epoch": """
def train_one_epoch(model, loader, criterion, optimizer):
    model.train(True)
    losses, sizes = [], []
    for x, y in loader:
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(float(loss))
        sizes.append(y.shape[0])
    return sum(a * b for a, b in zip(losses, sizes)) / sum(sizes)
""",
            "evaluate": """
def evaluate(model, loader, criterion):
    mode = model.training
    model.train(False)
    loss, right, n = 0.0, 0, 0
    with torch.inference_mode():
        for x, y in loader:
            z = model(x)
            loss += float(criterion(z, y)) * x.shape[0]
            right += int((z.max(dim=1).indices == y).sum())
            n += x.shape[0]
    model.train(mode)
    return loss / n, right / n
""",
            "train_mlp": """
def train_mlp(train_loader, valid_loader, device):
    model = MLP()
    model.to(device)
    optimizer = torch.optim.SGD(model.parameters(), lro, momentum=0.9)
    for _ in range(4):
        train_one_epoch(model, train_loader, nn.CrossEntropyLoss(), optimizer)
    return model


lro = 0.05
""",
        },
    ),
    Right(
        "functional, with a schedule",
        cells={
            "class_counts": "def class_counts(labels):\n    return F.one_hot(labels, 10).sum(dim=0)",
            "pixel_statistics": """
def pixel_statistics(images):
    std, mean = torch.std_mean(images.to(torch.float64) / 255.0)
    return mean.item(), std.item()
""",
            "MLP": """
class MLP(nn.Module):
    def __init__(self, input_size=784, hidden_size=500, num_classes=10):
        super().__init__()
        layers = []
        for size in (input_size, hidden_size):
            layers += [nn.Linear(size, hidden_size), nn.ReLU()]
        self.hidden_layer = nn.Sequential(*layers)
        self.output_layer = nn.Sequential(nn.Linear(hidden_size, num_classes))

    def forward(self, x):
        flat = torch.flatten(x, 1)
        return nn.Sequential(self.hidden_layer, self.output_layer)(flat)
""",
            "train_one_epoch": """
def train_one_epoch(model, loader, criterion, optimizer):
    model.train()
    total, count = torch.zeros(()), 0
    for images, labels in loader:
        for parameter in model.parameters():
            parameter.grad = None
        loss = criterion(model(images), labels)
        loss.backward()
        optimizer.step()
        total = total + loss.detach() * labels.numel()
        count += labels.numel()
    return (total / count).item()
""",
            "evaluate": """
@torch.no_grad()
def evaluate(model, loader, criterion):
    before = model.training
    try:
        model.eval()
        results = [(criterion(model(x), y) * len(y), (model(x).argmax(1) == y).float().sum(), len(y)) for x, y in loader]
    finally:
        model.train(before)
    loss, right, count = (sum(column) for column in zip(*results))
    return (loss / count).item(), (right / count).item()
""",
            "train_mlp": """
def train_mlp(train_loader, valid_loader, device):
    model = MLP().to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.003)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.003, epochs=3, steps_per_epoch=len(train_loader))
    for _ in range(3):
        for x, y in train_loader:
            optimizer.zero_grad(set_to_none=True)
            F.cross_entropy(model(x.to(device)), y.to(device)).backward()
            optimizer.step()
            schedule.step()
    return model.eval()
""",
        },
    ),
    Right(
        "RMSprop, best epoch kept",
        cells={
            "class_counts": "def class_counts(labels):\n    return (labels[:, None] == torch.arange(10)).sum(0)",
            "pixel_statistics": """
def pixel_statistics(images):
    scaled = images.numpy() / 255
    return float(scaled.mean()), float(scaled.std())
""",
            "MLP": Edit("x = x.flatten(start_dim=1)", "x = x if x.dim() == 2 else nn.Flatten()(x)"),
            "train_one_epoch": (
                Edit("optimizer.zero_grad()", "model.zero_grad()"),
                Edit("total_loss += loss.item() * len(labels)", "total_loss += loss.item() * images.shape[0]"),
            ),
            "evaluate": (
                Edit("with torch.no_grad():", "with torch.set_grad_enabled(False):"),
                Edit("(logits.argmax(dim=1) == labels).sum().item()", "logits.argmax(dim=1).eq(labels).sum().item()"),
            ),
            "train_mlp": Edit(
                "torch.optim.Adam(model.parameters(), lr=0.001)", "torch.optim.RMSprop(model.parameters(), lr=0.0005)"
            ),
        },
    ),
    Wrong(
        "class_counts: nominlength",
        cells={"class_counts": Edit("torch.bincount(labels, minlength=10)", "torch.bincount(labels)")},
    ),
    Wrong(
        "class_counts: unique",
        cells={"class_counts": Edit("torch.bincount(labels, minlength=10)", "labels.unique(return_counts=True)[1]")},
    ),
    Wrong(
        "class_counts: float",
        cells={"class_counts": Edit("torch.bincount(labels, minlength=10)", "torch.histc(labels.float(), 10, 0, 9)")},
    ),
    Wrong(
        "pixel_statistics: 255", cells={"pixel_statistics": Edit("images.float() / 255", "images.float()")}, hint="255"
    ),
    Wrong(
        "pixel_statistics: const",
        cells={"pixel_statistics": Edit("return scaled.mean().item(), scaled.std().item()", "return 0.1307, 0.3081")},
    ),
    Wrong(
        "pixel_statistics: tensor",
        cells={"pixel_statistics": Edit("scaled.mean().item(), scaled.std().item()", "scaled.mean(), scaled.std()")},
    ),
    Wrong(
        "pixel_statistics: perimage",
        cells={"pixel_statistics": Edit("scaled.std().item()", "scaled.std(dim=(1, 2)).mean().item()")},
    ),
    Wrong(
        "MLP: softmax",
        cells={"MLP": Edit("return self.output_layer(x)", "return self.output_layer(x).softmax(dim=1)")},
        hint="softmax",
    ),
    Wrong(
        "MLP: norelu2",
        cells={
            "MLP": Edit(
                "            nn.Linear(hidden_size, hidden_size),\n            nn.ReLU(),\n",
                "            nn.Linear(hidden_size, hidden_size),\n",
            )
        },
    ),
    Wrong(
        "MLP: names",
        cells={
            "MLP": """
class MLP(nn.Module):
    \"\"\"A multi-layer perceptron: two hidden layers with ReLU, one output layer.

    input_size: numbers in one flattened image.
    hidden_size: units in each of the two hidden layers.
    num_classes: logits that come out.

    >>> MLP()(torch.rand(5, 1, 28, 28)).shape
    torch.Size([5, 10])
    >>> MLP(input_size=20, hidden_size=8, num_classes=3)(torch.rand(5, 20)).shape
    torch.Size([5, 3])
    \"\"\"

    def __init__(
        self, input_size: int = 784, hidden_size: int = 500, num_classes: int = 10
    ) -> None:
        super().__init__()
        self.hidden = nn.Sequential(
            nn.Linear(input_size, hidden_size),
            nn.ReLU(),
            nn.Linear(hidden_size, hidden_size),
            nn.ReLU(),
        )
        self.output = nn.Sequential(
            nn.Linear(hidden_size, num_classes),
        )

    def forward(self, x: Tensor) -> Tensor:
        \"\"\"Return the logits, float32 [N, num_classes].

        x: float32, either flat [N, input_size] or images [N, 1, H, W] with H · W = input_size.
        \"\"\"
        x = x.flatten(start_dim=1)
        x = self.hidden(x)
        return self.output(x)
"""
        },
    ),
    Wrong("MLP: view784", cells={"MLP": Edit("x.flatten(start_dim=1)", "x.view(-1, 784)")}),
    Wrong("MLP: hardsizes", cells={"MLP": Edit("nn.Linear(hidden_size, hidden_size)", "nn.Linear(500, 500)")}),
    Wrong("MLP: forward-skips-relu", cells={"MLP": Edit("x = self.hidden_layer(x)", "x = self.hidden_layer[:3](x)")}),
    Wrong(
        "MLP: plain-output-linear",
        cells={
            "MLP": Edit(
                "self.output_layer = nn.Sequential(\n            nn.Linear(hidden_size, num_classes),\n        )",
                "self.output_layer = nn.Linear(hidden_size, num_classes)",
            )
        },
    ),
    Wrong(
        "train_one_epoch: meanofmeans",
        cells={
            "train_one_epoch": (
                Edit("loss.item() * len(labels)", "loss.item()"),
                Edit("seen += len(labels)", "seen += 1"),
            )
        },
        hint="mean of the batches",
    ),
    Wrong(
        "train_one_epoch: lendataset-slip",
        cells={
            "train_one_epoch": (
                Edit("loss.item() * len(labels)", "loss.item()"),
                Edit("total_loss / seen", "total_loss / len(loader.dataset)"),
            )
        },
        hint="weight each by the batch",
    ),
    Wrong(
        "train_one_epoch: sum",
        cells={"train_one_epoch": Edit("total_loss / seen", "total_loss")},
        hint="sum over all samples",
    ),
    Wrong(
        "train_one_epoch: nozero",
        cells={"train_one_epoch": Edit("        optimizer.zero_grad()\n", "")},
        hint="Gradients add up",
    ),
    Wrong(
        "train_one_epoch: nostep",
        cells={"train_one_epoch": Edit("        optimizer.step()\n", "")},
        hint="optimizer.step()",
    ),
    Wrong("train_one_epoch: notrain", cells={"train_one_epoch": Edit("    model.train()\n", "")}, hint="model.train()"),
    Wrong("train_one_epoch: tensor", cells={"train_one_epoch": Edit("loss.item() * len", "loss * len")}),
    Wrong(
        "evaluate: percent", cells={"evaluate": Edit("correct / seen", "100 * correct / seen")}, hint="not in percent"
    ),
    Wrong("evaluate: noeval", cells={"evaluate": Edit("    model.eval()\n", "")}, hint="model.eval()"),
    Wrong(
        "evaluate: endtrain",
        cells={"evaluate": Edit("model.train(was_training)", "model.train()")},
        hint="The mode was changed",
    ),
    Wrong(
        "evaluate: norestore",
        cells={"evaluate": Edit("    model.train(was_training)\n", "")},
        hint="The mode was changed",
    ),
    Wrong("evaluate: grad", cells={"evaluate": Edit("with torch.no_grad():", "if True:")}, hint="no_grad"),
    Wrong(
        "evaluate: batchmeans",
        cells={
            "evaluate": (
                Edit("* len(labels)", ""),
                Edit(
                    "(logits.argmax(dim=1) == labels).sum().item()",
                    "(logits.argmax(dim=1) == labels).float().mean().item()",
                ),
                Edit("seen += len(labels)", "seen += 1"),
            )
        },
        hint="averaged the accuracies of batches",
    ),
    Wrong(
        "evaluate: backward",
        cells={
            "evaluate": (
                Edit("with torch.no_grad():", "if True:"),
                Edit(
                    "            total_loss +=",
                    "            criterion(logits, labels).backward()\n            total_loss +=",
                ),
            )
        },
    ),
    Wrong(
        "train_mlp: sgd01",
        cells={
            "train_mlp": Edit(
                "torch.optim.Adam(model.parameters(), lr=0.001)", "torch.optim.SGD(model.parameters(), lr=0.01)"
            )
        },
        hint="digits that it has never seen",
    ),
    Wrong(
        "train_mlp: globals",
        cells={
            "train_mlp": Edit(
                "train_one_epoch(model, train_loader,", "train_one_epoch(model, globals()['train_loader'],"
            )
        },
        hint="train_loader",
    ),
    Wrong("train_mlp: noreturn", cells={"train_mlp": Edit("    return model", "    pass")}, hint="return the model"),
    Wrong(
        "train_mlp: other",
        cells={"train_mlp": Edit("model = MLP().to(device)", "model = MLP(hidden_size=300).to(device)")},
        hint="must have shape [500, 784]",
    ),
    Wrong(
        "train_mlp: untrained",
        cells={
            "train_mlp": Edit(
                "        train_loss = train_one_epoch(model, train_loader, criterion, optimizer)",
                "        train_loss = 0.0",
            )
        },
    ),
]

HARMLESS = [
    Harmless("train_one_epoch", "images, labels = images.to(device)", new="pass", reason="on the CPU it does nothing"),
    Harmless("evaluate", "images, labels = images.to(device)", new="pass", reason="on the CPU it does nothing"),
    Harmless("train_mlp", "best_accuracy, best_weights = -1.0, {}", reason="anything below 0 does"),
    Harmless("train_mlp", "for epoch in range(1, 4):", reason="two or four epochs are as good as three"),
    Harmless("train_mlp", "print(f", reason="what is printed is for the reader only"),
]
SHOWN = [
    # The text says how the mode is restored; the questions before train_mlp are tried out in a training run that is shown
    "model.train(was_training)",
    "model = MLP().to(device)",
    "criterion = nn.CrossEntropyLoss()",
    "optimizer = torch.optim.Adam(model.parameters(), lr=0.001)",
    "for epoch in range(1, 4):",
    "train_loss = train_one_epoch(model, train_loader, criterion, optimizer)",
]
