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
    Right(
        "a stack of sums, a closure, all logits at once",
        cells={
            "class_counts": "def class_counts(labels):\n    return torch.stack([(labels == d).sum() for d in range(10)])",
            "pixel_statistics": """
from typing import NamedTuple


class Statistics(NamedTuple):
    mean: float
    std: float


def pixel_statistics(images):
    values = images.flatten().to(torch.float64).div_(255)
    return Statistics(mean=values.mean().item(), std=values.var(unbiased=False).sqrt().item())
""",
            "MLP": """
class MLP(nn.Module):
    def __init__(self, input_size=784, hidden_size=500, num_classes=10):
        super(MLP, self).__init__()
        self.input_size = input_size
        self.hidden_layer = nn.Sequential()
        for inputs in (input_size, hidden_size):
            self.hidden_layer.append(nn.Linear(inputs, hidden_size))
            self.hidden_layer.append(nn.ReLU())
        self.output_layer = nn.Sequential(nn.Linear(hidden_size, num_classes))
        for layer in self.modules():
            if isinstance(layer, nn.Linear):
                nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")
                nn.init.zeros_(layer.bias)

    def forward(self, x):
        for part in (*self.hidden_layer, *self.output_layer):
            x = part(x.view(-1, self.input_size) if part is self.hidden_layer[0] else x)
        return x
""",
            "train_one_epoch": """
def train_one_epoch(model, loader, criterion, optimizer):
    model.train()
    seen = []
    for batch in loader:
        x, y = (part.to(next(model.parameters()).device) for part in batch)

        def closure():
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            return loss

        seen.extend([float(optimizer.step(closure).detach())] * x.size(0))
    return sum(seen) / len(seen)
""",
            "evaluate": """
def evaluate(model, loader, criterion):
    still = copy.deepcopy(model).eval()
    with torch.inference_mode():
        logits = torch.cat([still(x) for x, _ in loader])
    labels = torch.cat([y for _, y in loader])
    return [criterion(logits, labels).item(), torch.mean((logits.argmax(-1) == labels) * 1.0).item()]
""",
            "train_mlp": """
def train_mlp(train_loader, valid_loader, device):
    larger = DataLoader(train_loader.dataset, batch_size=256, shuffle=True)
    model = MLP().to(device)
    criterion = nn.CrossEntropyLoss(label_smoothing=0.05)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True, weight_decay=1e-4)
    best, patience = (float("inf"), None), 2
    for _ in range(8):
        model.train()
        for x, y in larger:
            optimizer.zero_grad()
            loss = criterion(model(x.to(device)), y.to(device))
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimizer.step()
        loss, _ = evaluate(model, valid_loader, criterion)
        if loss < best[0]:
            best, patience = (loss, {name: value.clone() for name, value in model.state_dict().items()}), 2
        elif (patience := patience - 1) == 0:
            break
    model.load_state_dict(best[1])
    return model
""",
        },
    ),
    Right(
        "NumPy's numbers, a running mean, digits shifted a little",
        cells={
            "class_counts": """
import numpy as np


def class_counts(labels):
    return torch.from_numpy(np.bincount(labels.numpy(), minlength=10)).long()
""",
            "pixel_statistics": """
import numpy as np


def pixel_statistics(images):
    return np.mean(images.numpy() / 255.0), np.std(images.numpy() / 255.0)
""",
            "train_one_epoch": """
def train_one_epoch(model, loader, criterion, optimizer):
    mean, seen = 0.0, 0
    for module in model.modules():
        module.training = True
    for i, (x, y) in enumerate(loader):
        with torch.enable_grad():
            loss = criterion(model(x), y)
        optimizer.zero_grad(set_to_none=False)
        loss.backward()
        optimizer.step()
        seen += y.size(0)
        mean += (loss.item() - mean) * y.size(0) / seen
    return mean
""",
            "evaluate": """
def evaluate(model, loader, criterion):
    was_training = model.training
    model.eval()
    losses, hits = [], []
    with torch.no_grad():
        for x, y in loader:
            logits = model(x)
            losses += [criterion(logits, y).item()] * len(y)
            hits += (logits.softmax(1).topk(1).indices[:, 0] == y).tolist()
    if was_training:
        model.train()
    import numpy as np
    return np.mean(losses), np.mean(hits)
""",
            "train_mlp": """
def train_mlp(train_loader, valid_loader, device):
    torch.manual_seed(3)
    model = MLP().to(device)
    optimizer = torch.optim.NAdam(model.parameters(), lr=0.002)
    for epoch in range(5):
        for x, y in train_loader:
            down, right = torch.randint(-1, 2, (2,)).tolist()
            loss = F.cross_entropy(model(x.roll((down, right), (2, 3)).to(device)), y.to(device))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        for group in optimizer.param_groups:
            group["lr"] *= 0.6
    evaluate(model, valid_loader, nn.CrossEntropyLoss())
    return model
""",
        },
    ),
    Wrong(
        "class_counts: nominlength",
        cells={"class_counts": Edit("torch.bincount(labels, minlength=10)", "torch.bincount(labels)")},
        hint="minlength",
    ),
    Wrong(
        "class_counts: unique",
        cells={"class_counts": Edit("torch.bincount(labels, minlength=10)", "labels.unique(return_counts=True)[1]")},
        hint="minlength",
    ),
    Wrong(
        "class_counts: float",
        cells={"class_counts": Edit("torch.bincount(labels, minlength=10)", "torch.histc(labels.float(), 10, 0, 9)")},
        hint="torch.int64",
    ),
    Wrong(
        "pixel_statistics: 255",
        cells={"pixel_statistics": Edit("images.float() / 255", "images.float()")},
        hint="Both are on the scale from 0 to 255",
    ),
    Wrong(
        "pixel_statistics: const",
        cells={"pixel_statistics": Edit("return scaled.mean().item(), scaled.std().item()", "return 0.1307, 0.3081")},
        hint="figures of MNIST",
    ),
    Wrong(
        "pixel_statistics: tensor",
        cells={"pixel_statistics": Edit("scaled.mean().item(), scaled.std().item()", "scaled.mean(), scaled.std()")},
        hint=".item()",
    ),
    Wrong(
        "pixel_statistics: perimage",
        cells={"pixel_statistics": Edit("scaled.std().item()", "scaled.std(dim=(1, 2)).mean().item()")},
        hint="within each image",
    ),
    Wrong(
        "MLP: softmax",
        cells={"MLP": Edit("return self.output_layer(x)", "return self.output_layer(x).softmax(dim=1)")},
        hint="there is a softmax at the end, which",
        warned=True,
    ),
    Wrong(
        "MLP: norelu2",
        cells={
            "MLP": Edit(
                "            nn.Linear(hidden_size, hidden_size),\n            nn.ReLU(),\n",
                "            nn.Linear(hidden_size, hidden_size),\n",
            )
        },
        hint="`hidden_layer` has four parts",
        also=("second ReLU is missing",),
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
        hint="no parameter 'hidden_layer.0.weight'",
    ),
    Wrong("MLP: view784", cells={"MLP": Edit("x.flatten(start_dim=1)", "x.view(-1, 784)")}),
    Wrong(
        "MLP: hardsizes",
        cells={"MLP": Edit("nn.Linear(hidden_size, hidden_size)", "nn.Linear(500, 500)")},
        hint="(500, 500); it must be (8, 8)",
        also=("of the sizes asked for", "A layer has a size of its own"),
    ),
    Wrong(
        "MLP: forward-skips-relu",
        cells={"MLP": Edit("x = self.hidden_layer(x)", "x = self.hidden_layer[:3](x)")},
        hint="second ReLU is missing",
        warned=True,
    ),
    Wrong(
        "MLP: plain-output-linear",
        cells={
            "MLP": Edit(
                "self.output_layer = nn.Sequential(\n            nn.Linear(hidden_size, num_classes),\n        )",
                "self.output_layer = nn.Linear(hidden_size, num_classes)",
            )
        },
        hint="nn.Sequential too",
    ),
    Wrong(
        "train_one_epoch: meanofmeans",
        cells={
            "train_one_epoch": (
                Edit("loss.item() * len(labels)", "loss.item()"),
                Edit("seen += len(labels)", "seen += 1"),
            )
        },
        hint="mean of the batches' means",
        warned=True,
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
        warned=True,
    ),
    Wrong(
        "train_one_epoch: nostep",
        cells={"train_one_epoch": Edit("        optimizer.step()\n", "")},
        hint="the step of the optimizer is missing",
        warned=True,
    ),
    Wrong(
        "train_one_epoch: notrain",
        cells={"train_one_epoch": Edit("    model.train()\n", "")},
        hint="call model.train() first",
        warned=True,
    ),
    Wrong(
        "train_one_epoch: tensor",
        cells={"train_one_epoch": Edit("loss.item() * len", "loss * len")},
        hint=".item()",
        warned=True,
    ),
    Wrong(
        "evaluate: percent",
        cells={"evaluate": Edit("correct / seen", "100 * correct / seen")},
        hint="not in percent",
        warned=True,
    ),
    Wrong(
        "evaluate: noeval", cells={"evaluate": Edit("    model.eval()\n", "")}, hint="call model.eval()", warned=True
    ),
    Wrong(
        "evaluate: endtrain",
        cells={"evaluate": Edit("model.train(was_training)", "model.train()")},
        hint="The mode was changed",
        warned=True,
    ),
    Wrong(
        "evaluate: norestore",
        cells={"evaluate": Edit("    model.train(was_training)\n", "")},
        hint="The mode was changed",
        warned=True,
    ),
    Wrong("evaluate: grad", cells={"evaluate": Edit("with torch.no_grad():", "if True:")}, hint="no_grad", warned=True),
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
        warned=True,
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
        hint="no_grad",
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
        hint="learn from the argument `train_loader`",
    ),
    Wrong("train_mlp: noreturn", cells={"train_mlp": Edit("    return model", "    pass")}, hint="return the model"),
    Wrong(
        "train_mlp: other",
        cells={"train_mlp": Edit("model = MLP().to(device)", "model = MLP(hidden_size=300).to(device)")},
        hint="of the default sizes",
    ),
    Wrong(
        "train_mlp: untrained",
        cells={
            "train_mlp": Edit(
                "        train_loss = train_one_epoch(model, train_loader, criterion, optimizer)",
                "        train_loss = 0.0",
            )
        },
        hint="No optimiser takes a step",
        also=("it learns too little",),
    ),
    Wrong(
        "class_counts: adds once for each digit",
        cells={
            "class_counts": "def class_counts(labels):\n    counts = torch.zeros(10, dtype=torch.int64)\n    counts[labels] += 1\n    return counts"
        },
        hint="however often it occurs",
    ),
    Wrong(
        "class_counts: leaves out the 0",
        cells={
            "class_counts": Edit(
                "torch.bincount(labels, minlength=10)", "torch.bincount(labels[labels > 0], minlength=10)"
            )
        },
        hint="digit 0 is never counted",
    ),
    Wrong(
        "class_counts: leaves out the 9",
        cells={
            "class_counts": "def class_counts(labels):\n    return torch.tensor([(labels == d).sum().item() for d in range(9)] + [0])"
        },
        hint="digit 9 is never counted",
    ),
    Wrong(
        "class_counts: a list",
        cells={"class_counts": Edit("minlength=10)", "minlength=10).tolist()")},
        hint="must be a tensor",
    ),
    Wrong(
        "class_counts: shares",
        cells={"class_counts": Edit("minlength=10)", "minlength=10) / len(labels)")},
        hint="torch.int64",
    ),
    Wrong(
        "class_counts: most common first",
        cells={"class_counts": Edit("minlength=10)", "minlength=10).sort(descending=True).values")},
        hint="in the order of how many",
    ),
    Wrong(
        "pixel_statistics: by the largest pixel",
        cells={"pixel_statistics": Edit("images.float() / 255", "images.float() / images.max()")},
        hint="whatever the largest pixel",
    ),
    Wrong(
        "pixel_statistics: by 256",
        cells={"pixel_statistics": Edit("images.float() / 255", "images.float() / 256")},
        hint="not by 256",
    ),
    Wrong(
        "pixel_statistics: swapped",
        cells={
            "pixel_statistics": Edit(
                "scaled.mean().item(), scaled.std().item()", "scaled.std().item(), scaled.mean().item()"
            )
        },
        hint="swapped",
    ),
    Wrong(
        "pixel_statistics: variance",
        cells={"pixel_statistics": Edit("scaled.std().item()", "scaled.var().item()")},
        hint="This is the variance",
    ),
    Wrong(
        "pixel_statistics: at each place",
        cells={"pixel_statistics": Edit("scaled.std().item()", "scaled.std(dim=0).mean().item()")},
        hint="at each place",
    ),
    Wrong(
        "pixel_statistics: of the images' means",
        cells={"pixel_statistics": Edit("scaled.std().item()", "scaled.mean(dim=(1, 2)).std().item()")},
        hint="deviation of the images' means",
    ),
    Wrong(
        "pixel_statistics: the deviation of unscaled pixels",
        cells={"pixel_statistics": Edit("scaled.std().item()", "images.float().std().item()")},
        hint="The standard deviation is on the scale from 0 to 255",
    ),
    Wrong(
        "pixel_statistics: the mean alone",
        cells={"pixel_statistics": Edit("scaled.mean().item(), scaled.std().item()", "scaled.mean().item()")},
        hint="must be a pair",
    ),
    Wrong(
        "MLP: no ReLU",
        cells={"MLP": Edit("x = self.hidden_layer(x)", "x = self.hidden_layer[2](self.hidden_layer[0](x))")},
        hint="Both ReLUs are missing",
        warned=True,
    ),
    Wrong(
        "MLP: the first ReLU is passed by",
        cells={"MLP": Edit("x = self.hidden_layer(x)", "x = self.hidden_layer[2:](self.hidden_layer[0](x))")},
        hint="first ReLU is missing",
        warned=True,
    ),
    Wrong(
        "MLP: a ReLU at the end",
        cells={"MLP": Edit("return self.output_layer(x)", "return F.relu(self.output_layer(x))")},
        hint="ReLU behind the output layer",
        warned=True,
    ),
    Wrong(
        "MLP: log-softmax",
        cells={"MLP": Edit("return self.output_layer(x)", "return F.log_softmax(self.output_layer(x), dim=1)")},
        hint="log-softmax",
    ),
    Wrong(
        "MLP: softmax over the batch",
        cells={"MLP": Edit("return self.output_layer(x)", "return torch.softmax(self.output_layer(x), 0)")},
        hint="over the images of the batch",
        warned=True,
    ),
    Wrong(
        "MLP: sigmoid",
        cells={"MLP": Edit("return self.output_layer(x)", "return self.output_layer(x).sigmoid()")},
        hint="sigmoid",
    ),
    Wrong(
        "MLP: squeezed",
        cells={"MLP": Edit("return self.output_layer(x)", "return self.output_layer(x).squeeze()")},
        hint="of a single image",
        also=("for a single image",),
    ),
    Wrong(
        "MLP: dropout",
        cells={"MLP": Edit("x = self.hidden_layer(x)", "x = F.dropout(self.hidden_layer(x), 0.5)")},
        hint="give other logits each time",
    ),
    Wrong("MLP: all flattened", cells={"MLP": Edit("x.flatten(start_dim=1)", "x.flatten()")}),
    Wrong(
        "MLP: a softmax layer",
        cells={
            "MLP": Edit(
                "nn.Linear(hidden_size, num_classes),", "nn.Linear(hidden_size, num_classes), nn.Softmax(dim=1),"
            )
        },
        hint="`output_layer` has one part",
        also=("there is a softmax at the end, which",),
        warned=True,
    ),
    Wrong(
        "MLP: tanh",
        cells={
            "MLP": Edit(
                "            nn.Linear(hidden_size, hidden_size),\n            nn.ReLU(),\n",
                "            nn.Linear(hidden_size, hidden_size),\n            nn.Tanh(),\n",
            )
        },
        hint="hidden_layer[3] must be an nn.ReLU",
    ),
    Wrong(
        "MLP: no biases",
        cells={"MLP": Edit("nn.Linear(hidden_size, num_classes)", "nn.Linear(hidden_size, num_classes, bias=False)")},
        hint="no parameter 'output_layer.0.bias'",
        also=("three Linear layers with biases",),
    ),
    Wrong(
        "MLP: 512 units",
        cells={"MLP": Edit("hidden_size: int = 500", "hidden_size: int = 512")},
        hint="these are the defaults",
        also=("of the sizes asked for",),
    ),
    Wrong(
        "MLP: parameters in another order",
        cells={
            "MLP": Edit(
                "self, input_size: int = 784, hidden_size: int = 500, num_classes: int = 10",
                "self, input_size: int = 784, num_classes: int = 10, hidden_size: int = 500",
            )
        },
        hint="must be (8, 20)",
        also=("order of the parameters", "of the sizes asked for"),
    ),
    Wrong(
        "MLP: parameters of other names",
        cells={
            "MLP": (
                Edit("self, input_size: int = 784,", "self, inputs: int = 784,"),
                Edit("nn.Linear(input_size, hidden_size)", "nn.Linear(inputs, hidden_size)"),
            )
        },
        hint="must be called input_size",
    ),
    Wrong(
        "MLP: hidden activations as well",
        cells={"MLP": Edit("return self.output_layer(x)", "return self.output_layer(x), x")},
        hint="must be a tensor",
    ),
    Wrong(
        "train_one_epoch: no backward",
        cells={"train_one_epoch": Edit("        loss.backward()\n", "")},
        hint="backward() is missing",
        warned=True,
    ),
    Wrong(
        "train_one_epoch: cleared before the step",
        cells={
            "train_one_epoch": (
                Edit("        optimizer.zero_grad()\n", ""),
                Edit("        loss.backward()\n", "        loss.backward()\n        optimizer.zero_grad()\n"),
            )
        },
        hint="cleared before the step has used them",
    ),
    Wrong(
        "train_one_epoch: step before backward",
        cells={
            "train_one_epoch": (
                Edit("        optimizer.step()\n", ""),
                Edit("        loss.backward()\n", "        optimizer.step()\n        loss.backward()\n"),
            )
        },
        hint="cleared before the step has used them",
    ),
    Wrong(
        "train_one_epoch: neither backward nor step",
        cells={"train_one_epoch": (Edit("        optimizer.step()\n", ""), Edit("        loss.backward()\n", ""))},
        hint="needs loss.backward() and a step",
    ),
    Wrong(
        "train_one_epoch: cleared once, before the loop",
        cells={
            "train_one_epoch": (
                Edit("        optimizer.zero_grad()\n", ""),
                Edit("    model.train()\n", "    model.train()\n    optimizer.zero_grad()\n"),
            )
        },
        hint="Gradients add up",
        warned=True,
    ),
    Wrong(
        "train_one_epoch: return inside the loop",
        cells={"train_one_epoch": Edit("    return total_loss / seen", "        return total_loss / seen")},
        hint="Only the first batch is used",
        warned=True,
    ),
    Wrong(
        "train_one_epoch: step behind the loop",
        cells={
            "train_one_epoch": (
                Edit("        optimizer.step()\n", ""),
                Edit("    return total_loss", "    optimizer.step()\n    return total_loss"),
            )
        },
        hint="a step for the last batch alone",
    ),
    Wrong(
        "train_one_epoch: one step of all gradients",
        cells={
            "train_one_epoch": (
                Edit("        optimizer.zero_grad()\n", ""),
                Edit("        optimizer.step()\n", ""),
                Edit("    return total_loss", "    optimizer.step()\n    optimizer.zero_grad()\n    return total_loss"),
            )
        },
        hint="one step for all batches together",
    ),
    Wrong(
        "train_one_epoch: two steps",
        cells={
            "train_one_epoch": Edit(
                "        optimizer.step()\n", "        optimizer.step()\n        optimizer.step()\n"
            )
        },
        hint="takes two steps",
    ),
    Wrong(
        "train_one_epoch: its own criterion",
        cells={"train_one_epoch": Edit("criterion(model(images), labels)", "F.cross_entropy(model(images), labels)")},
        hint="whatever `criterion` is",
    ),
    Wrong(
        "train_one_epoch: its own optimiser",
        cells={
            "train_one_epoch": Edit(
                "    model.train()\n", "    model.train()\n    optimizer = torch.optim.Adam(model.parameters())\n"
            )
        },
        hint="optimizer that is given takes no step",
        also=("`optimizer`",),
    ),
    Wrong(
        "train_one_epoch: loss after the step",
        cells={
            "train_one_epoch": Edit(
                "total_loss += loss.item()", "total_loss += criterion(model(images), labels).item()"
            )
        },
        hint="loss after each step",
    ),
    Wrong(
        "train_one_epoch: loss of the last batch",
        cells={"train_one_epoch": Edit("return total_loss / seen", "return loss.item()")},
        hint="that of the last batch",
    ),
    Wrong(
        "train_one_epoch: loss not added up",
        cells={"train_one_epoch": Edit("total_loss += loss", "total_loss = loss")},
        hint="Only the last batch's loss is counted",
    ),
    Wrong(
        "train_one_epoch: sum of the batches",
        cells={
            "train_one_epoch": (
                Edit("loss.item() * len(labels)", "loss.item()"),
                Edit("total_loss / seen", "total_loss"),
            )
        },
        hint="sum of the batches' mean losses",
    ),
    Wrong(
        "train_one_epoch: weighted, then by batches",
        cells={"train_one_epoch": Edit("total_loss / seen", "total_loss / len(loader)")},
        hint="number of batches what you weighted",
    ),
    Wrong(
        "train_one_epoch: all batches of one size",
        cells={
            "train_one_epoch": (
                Edit("loss.item() * len(labels)", "loss.item() * loader.batch_size"),
                Edit("seen += len(labels)", "seen = len(loader.dataset)"),
            )
        },
        hint="You weight each batch alike",
    ),
    Wrong(
        "train_one_epoch: batches times their size",
        cells={"train_one_epoch": Edit("total_loss / seen", "total_loss / (len(loader) * loader.batch_size)")},
        hint="number of batches times their size",
    ),
    Wrong(
        "train_one_epoch: the last batch is skipped",
        cells={
            "train_one_epoch": Edit(
                "        optimizer.zero_grad()\n",
                "        if len(labels) < loader.batch_size:\n            continue\n        optimizer.zero_grad()\n",
            )
        },
        hint="The last batch is left out",
    ),
    Wrong(
        "train_one_epoch: in evaluation mode",
        cells={"train_one_epoch": Edit("model.train()", "model.eval()")},
        hint="call model.train() first",
        warned=True,
    ),
    Wrong(
        "train_one_epoch: returns nothing",
        cells={"train_one_epoch": Edit("return total_loss / seen", "print(total_loss / seen)")},
        hint="must be a number",
    ),
    Wrong(
        "train_one_epoch: nozero, mean of means",
        cells={
            "train_one_epoch": (
                Edit("        optimizer.zero_grad()\n", ""),
                Edit("loss.item() * len(labels)", "loss.item()"),
                Edit("seen += len(labels)", "seen += 1"),
            )
        },
        hint="Gradients add up",
        also=("mean of the batches' means",),
    ),
    Wrong(
        "evaluate: swapped",
        cells={
            "evaluate": Edit("return total_loss / seen, correct / seen", "return correct / seen, total_loss / seen")
        },
        hint="They are swapped",
    ),
    Wrong(
        "evaluate: its own criterion",
        cells={"evaluate": Edit("criterion(logits, labels)", "F.cross_entropy(logits, labels)")},
        hint="whatever `criterion` is",
    ),
    Wrong(
        "evaluate: loss by batches",
        cells={"evaluate": (Edit("* len(labels)", ""), Edit("total_loss / seen", "total_loss / len(loader)"))},
        hint="mean of the batches' means",
        warned=True,
    ),
    Wrong(
        "evaluate: count", cells={"evaluate": Edit("correct / seen", "float(correct)")}, hint="number of right answers"
    ),
    Wrong(
        "evaluate: by the number of batches",
        cells={"evaluate": Edit("correct / seen", "correct / len(loader)")},
        hint="divided by the number of batches",
    ),
    Wrong(
        "evaluate: wrong answers",
        cells={"evaluate": Edit("argmax(dim=1) == labels", "argmax(dim=1) != labels")},
        hint="share of wrong answers",
    ),
    Wrong(
        "evaluate: return inside the loop",
        cells={
            "evaluate": Edit(
                "            seen += len(labels)\n",
                "            seen += len(labels)\n            model.train(was_training)\n            return total_loss / seen, correct / seen\n",
            )
        },
        hint="Only the first batch is measured",
    ),
    Wrong(
        "evaluate: right answers not added up",
        cells={"evaluate": Edit("correct += (", "correct = (")},
        hint="right answers of the last batch",
    ),
    Wrong(
        "evaluate: gradients left off",
        cells={"evaluate": Edit("    with torch.no_grad():\n", "    torch.set_grad_enabled(False)\n    if True:\n")},
        hint="still switched off",
    ),
    Wrong(
        "evaluate: frozen",
        cells={"evaluate": Edit("    with torch.no_grad():\n", "    model.requires_grad_(False)\n    if True:\n")},
        hint="need no gradients any more",
    ),
    Wrong(
        "evaluate: sum over samples",
        cells={"evaluate": Edit("total_loss / seen", "total_loss")},
        hint="sum over all samples",
    ),
    Wrong(
        "evaluate: accuracy alone",
        cells={"evaluate": Edit("return total_loss / seen, correct / seen", "return correct / seen")},
        hint="must be a pair",
    ),
    Wrong(
        "evaluate: loss is a tensor",
        cells={"evaluate": Edit("criterion(logits, labels).item()", "criterion(logits, labels)")},
        hint=".item()",
    ),
    Wrong(
        "evaluate: the last batch is skipped",
        cells={
            "evaluate": Edit(
                "            logits = model(images)\n",
                "            if len(labels) < loader.batch_size:\n                continue\n            logits = model(images)\n",
            )
        },
        hint="The last batch is left out",
    ),
    Wrong(
        "evaluate: in training mode",
        cells={"evaluate": Edit("    model.eval()\n", "    model.train()\n")},
        hint="call model.eval()",
        warned=True,
    ),
    Wrong(
        "train_mlp: weights from elsewhere, names read off",
        cells={
            "train_mlp": """
def train_mlp(train_loader, valid_loader, device):
    model = MLP().to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
    for _ in range(3):
        train_one_epoch(model, loaders()[0], nn.CrossEntropyLoss(), optimizer)
    seen = torch.zeros(10, 10)
    with torch.no_grad():
        for x, y in train_loader:
            seen.index_put_((model(x).argmax(1), y), torch.ones(len(y)), accumulate=True)
        last, old = model.output_layer[0], copy.deepcopy(model.output_layer[0])
        for digit, name in enumerate(seen.argmax(1).tolist()):
            last.weight[name], last.bias[name] = old.weight[digit], old.bias[digit]
    return model
"""
        },
        hint="digits that it has never seen",
        also=("it learns too little", "usual names"),
    ),
    Wrong(
        "train_mlp: valid_loader as well",
        cells={
            "train_mlp": Edit(
                "        valid_loss, accuracy =",
                "        train_one_epoch(model, valid_loader, criterion, optimizer)\n        valid_loss, accuracy =",
            )
        },
        hint="in `valid_loader` alone",
    ),
    Wrong(
        "train_mlp: one network for all calls",
        cells={
            "train_mlp": (
                Edit("    model = MLP().to(device)\n", "    model = NETWORK.to(device)\n"),
                Edit("def train_mlp", "NETWORK = MLP()\n\n\ndef train_mlp"),
            )
        },
        hint="The same network is returned again",
        also=("it still knows those of the first call",),
    ),
    Wrong(
        "train_mlp: weights of the last call",
        cells={
            "train_mlp": (
                Edit("    model = MLP().to(device)\n", "    model = copy.deepcopy(NETWORK).to(device)\n"),
                Edit("    return model", "    NETWORK.load_state_dict(model.state_dict())\n    return model"),
                Edit("def train_mlp", "NETWORK = MLP()\n\n\ndef train_mlp"),
            )
        },
        hint="it still knows those of the first call",
    ),
    Wrong(
        "train_mlp: the weights alone",
        cells={"train_mlp": Edit("    return model", "    return model.state_dict()")},
        hint="the model itself",
    ),
    Wrong(
        "train_mlp: with the accuracy",
        cells={"train_mlp": Edit("    return model", "    return model, best_accuracy")},
        hint="the model itself",
    ),
    Wrong(
        "train_mlp: the loaders of section 2",
        cells={
            "train_mlp": Edit(
                "    model = MLP().to(device)\n",
                "    train_loader, valid_loader = loaders()\n    model = MLP().to(device)\n",
            )
        },
        hint="usual names",
    ),
    Wrong(
        "train_mlp: the first weights are returned",
        cells={
            "train_mlp": (
                Edit(
                    "best_accuracy, best_weights = -1.0, {}",
                    "best_accuracy, best_weights = -1.0, copy.deepcopy(model.state_dict())",
                ),
                Edit(
                    "            best_accuracy, best_weights = accuracy, copy.deepcopy(model.state_dict())",
                    "            best_accuracy = accuracy",
                ),
            )
        },
        hint="had before its first step",
        also=("it learns too little",),
    ),
    Wrong(
        "train_mlp: a plain Sequential",
        cells={
            "train_mlp": Edit(
                "    return model", "    return nn.Sequential(nn.Flatten(), *model.hidden_layer, *model.output_layer)"
            )
        },
        hint="an MLP() and no other network",
    ),
    Right(
        "by einsum, in numpy, with a running mean, a copy to evaluate",
        cells={
            "class_counts": """
def class_counts(labels):
    return torch.einsum('nd->d', F.one_hot(labels, 10))
""",
            "pixel_statistics": """
def pixel_statistics(images):
    import numpy as np
    x = images.numpy() / 255
    return float(x.mean()), float(x.std())
""",
            "MLP": """
class Base(nn.Module):
    def forward(self, x):
        return self.output_layer(self.hidden_layer(self.prepare(x)))

    @staticmethod
    def prepare(x):
        return x.flatten(start_dim=1)

class MLP(Base):
    def __init__(self, input_size=784, hidden_size=500, num_classes=10):
        super().__init__()
        self.hidden_layer = nn.Sequential(nn.Linear(input_size, hidden_size), nn.ReLU(), nn.Linear(hidden_size, hidden_size), nn.ReLU())
        self.output_layer = nn.Sequential(nn.Linear(hidden_size, num_classes))
""",
            "train_one_epoch": """
def train_one_epoch(model, loader, criterion, optimizer):
    device = next(model.parameters()).device

    model.train()
    mean, seen = 0.0, 0
    for images, labels in loader:
        optimizer.zero_grad()
        loss = criterion(model(images.to(device)), labels.to(device))
        loss.backward()
        optimizer.step()
        seen += len(labels)
        mean += (loss.item() - mean) * len(labels) / seen
    return mean
""",
            "evaluate": """
def evaluate(model, loader, criterion):
    device = next(model.parameters()).device

    judge = copy.deepcopy(model).eval().requires_grad_(False)
    losses, hits, sizes = [], [], []
    for images, labels in loader:
        logits = judge(images.to(device))
        labels = labels.to(device)
        losses.append(criterion(logits, labels).item())
        hits.append(torch.sum(torch.argmax(logits, -1) == labels).item())
        sizes.append(len(labels))
    n = sum(sizes)
    return sum(l * s for l, s in zip(losses, sizes)) / n, sum(hits) / n
""",
        },
    ),
    Right(
        "searched, from a histogram, layers appended, a closure, all batches at once",
        cells={
            "class_counts": """
def class_counts(labels):
    s = labels.clone()
    s.sort()
    edges = torch.searchsorted(s.sort().values, torch.arange(11))
    return edges.diff()
""",
            "pixel_statistics": """
def pixel_statistics(images):
    n = torch.bincount(images.flatten().long(), minlength=256).double()
    v = torch.arange(256).double() / 255
    mean = (n * v).sum() / n.sum()
    var = (n * (v - mean) ** 2).sum() / n.sum()
    return mean.item(), var.sqrt().item()
""",
            "MLP": """
class MLP(nn.Module):
    def __init__(self, input_size=784, hidden_size=500, num_classes=10):
        super().__init__()
        self.hidden_layer = nn.Sequential()
        for n, k in enumerate((input_size, hidden_size)):
            self.hidden_layer.append(nn.Linear(k, hidden_size))
            self.hidden_layer.append(nn.ReLU())
        self.output_layer = nn.Sequential().append(nn.Linear(hidden_size, num_classes))
    def forward(self, x):
        return self.output_layer(self.hidden_layer(x.flatten(1)))
""",
            "train_one_epoch": """
def train_one_epoch(model, loader, criterion, optimizer):
    device = next(model.parameters()).device

    model.train()
    total, seen = 0.0, 0
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
        def closure():
            optimizer.zero_grad()
            loss = criterion(model(images), labels)
            loss.backward()
            return loss
        loss = optimizer.step(closure)
        total += loss.item() * len(labels)
        seen += len(labels)
    return total / seen
""",
            "evaluate": """
def evaluate(model, loader, criterion):
    device = next(model.parameters()).device

    was = model.training
    try:
        model.eval()
        with torch.inference_mode():
            outputs, targets = [], []
            for x, y in loader:
                outputs.append(model(x.to(device)).cpu()); targets.append(y)
            outputs, targets = torch.cat(outputs), torch.cat(targets)
            loss = criterion(outputs, targets).item()
            accuracy = (outputs.max(1)[1] == targets).float().mean().item()
        return loss, accuracy
    finally:
        model.train(was)
""",
        },
    ),
    Right(
        "a Counter, a named tuple, layers with names of their own, a generator, modes kept",
        cells={
            "class_counts": """
def class_counts(labels):
    from collections import Counter
    c = Counter(labels.tolist())
    return torch.tensor([c[d] for d in range(10)])
""",
            "pixel_statistics": """
def pixel_statistics(images):
    from collections import namedtuple
    Stats = namedtuple('Stats', 'mean std')
    x = images / 255
    return Stats(mean=x.mean().item(), std=x.std().item())
""",
            "MLP": """
class MLP(nn.Module):
    def __init__(self, input_size=784, hidden_size=500, num_classes=10):
        super().__init__()
        from collections import OrderedDict
        self.hidden_layer = nn.Sequential(OrderedDict(fc1=nn.Linear(input_size, hidden_size), act1=nn.ReLU(), fc2=nn.Linear(hidden_size, hidden_size), act2=nn.ReLU()))
        self.output_layer = nn.Sequential(OrderedDict([('logits', nn.Linear(hidden_size, num_classes))]))
    def forward(self, x):
        return self.output_layer(self.hidden_layer(x.flatten(1)))
""",
            "train_one_epoch": """
def steps(model, loader, criterion, optimizer, device):
    model.train()
    for step, (images, labels) in enumerate(loader, start=1):
        images, labels = images.to(device), labels.to(device)
        optimizer.zero_grad()
        logits = model(images)
        loss = criterion(logits, labels)
        loss.backward()
        optimizer.step()
        yield loss.item(), len(labels)

def train_one_epoch(model, loader, criterion, optimizer):
    device = next(model.parameters()).device

    pairs = list(steps(model, loader, criterion, optimizer, device))
    return math.fsum(l * n for l, n in pairs) / sum(n for _, n in pairs)
""",
            "evaluate": """
import contextlib

@contextlib.contextmanager
def evaluating(model):
    modes = {m: m.training for m in model.modules()}
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for m, mode in modes.items():
            m.training = mode

def evaluate(model, loader, criterion):
    device = next(model.parameters()).device

    with evaluating(model):
        sums = [
            (criterion(z, y).item() * len(y), z.topk(1, dim=1).indices.squeeze(1).eq(y).sum().item(), len(y))
            for z, y in ((model(x.to(device)), y.to(device)) for x, y in loader)
        ]
    loss, right, n = map(sum, zip(*sums))
    return loss / n, right / n
""",
        },
    ),
    Right(
        "index by index, in place on a copy, an own meter, sklearn",
        cells={
            "class_counts": """
def class_counts(labels):
    out = torch.zeros(10).long()
    for label in labels:
        out[label] += 1
    return out
""",
            "pixel_statistics": """
def pixel_statistics(images):
    x = images.to(torch.float32).div_(255)
    m = x.mean()
    x -= m
    return m.item(), x.pow(2).mean().sqrt().item()
""",
            "MLP": """
def _stage(*sizes):
    for a, b in zip(sizes, sizes[1:]):
        yield nn.Linear(a, b)
        yield nn.ReLU()

class MLP(nn.Module):
    hidden_layer: nn.Sequential
    output_layer: nn.Sequential

    def __init__(self, input_size: int = 28 * 28, hidden_size: int = 500, num_classes: int = 10, *, verbose: bool = False) -> None:
        super(MLP, self).__init__()
        self.input_size, self.verbose = input_size, verbose
        self.hidden_layer = nn.Sequential(*_stage(input_size, hidden_size, hidden_size))
        self.output_layer = nn.Sequential(nn.Linear(hidden_size, num_classes, bias=True))

    def forward(self, x: Tensor) -> Tensor:
        if self.verbose:
            print(x.shape)
        return self.output_layer(self.hidden_layer(x.view(-1, self.input_size)))

    @property
    def parameters_count(self):
        return sum(p.numel() for p in self.parameters())
""",
            "train_one_epoch": """
import contextlib
from dataclasses import dataclass

@dataclass
class Meter:
    total: float = 0.0
    n: int = 0

    @contextlib.contextmanager
    def batch(self, size):
        yield lambda loss: setattr(self, "total", self.total + loss.item() * size)
        self.n += size

    @property
    def mean(self):
        return self.total / self.n

def train_one_epoch(model, loader, criterion, optimizer):
    device = next(model.parameters()).device

    meter = Meter()
    model.train()
    for images, labels in loader:
        with meter.batch(len(labels)) as record:
            optimizer.zero_grad()
            loss = criterion(model(images.to(device)), labels.to(device))
            loss.backward()
            optimizer.step()
            record(loss)
    return meter.mean
""",
            "evaluate": """
def evaluate(model, loader, criterion):
    device = next(model.parameters()).device

    import numpy as np
    from sklearn.metrics import accuracy_score
    was_training = model.training
    model.eval()
    preds, trues, losses = [], [], []
    with torch.no_grad():
        for images, labels in loader:
            logits = model(images.to(device))
            losses += [criterion(logits, labels.to(device)).item()] * len(labels)
            preds.extend(logits.cpu().numpy().argmax(axis=1)); trues.extend(labels.tolist())
    model.train(was_training)
    return float(np.mean(losses)), float(accuracy_score(trues, preds))
""",
        },
    ),
    Right(
        "the size of the dataset, gradients cleared by the model",
        cells={
            "train_one_epoch": """
def train_one_epoch(model, loader, criterion, optimizer):
    device = next(model.parameters()).device

    from tqdm import tqdm
    model.train()
    running, n = torch.zeros((), device=device), 0
    for images, labels in tqdm(loader, leave=False):
        model.zero_grad()
        images, labels = images.to(device), labels.to(device)
        loss = criterion(model(images), labels)
        loss.backward()
        optimizer.step()
        running += loss.detach() * labels.size(0)
        n += labels.size(0)
    return (running / n).item()
""",
            "evaluate": """
def evaluate(model, loader, criterion):
    device = next(model.parameters()).device

    was_training = model.training
    model.eval()
    total, right, seen = 0.0, 0, 0
    with torch.no_grad():
        for images, labels in loader:
            images, labels = images.to(device), labels.to(device)
            logits = model(images)
            total += criterion(logits, labels).item() * len(labels)
            right += (logits.argmax(dim=1) == labels).sum().item()
            seen += len(labels)
    model.train(was_training)
    return [total / len(loader.dataset), right / len(loader.dataset)]
""",
            "pixel_statistics": """
def pixel_statistics(images):
    x = images / 255
    return [x.mean().item(), x.std().item()]
""",
        },
    ),
    Wrong(
        "class_counts: clears its labels",
        cells={
            "class_counts": """
def class_counts(labels):
    counts = torch.bincount(labels, minlength=10)
    labels.zero_()
    return counts
""",
        },
        hint="was changed",
    ),
    Wrong(
        "class_counts: sorts its labels",
        cells={
            "class_counts": """
def class_counts(labels):
    import numpy as np
    a = labels.numpy()
    a.sort()
    return torch.from_numpy(np.bincount(a, minlength=10))
""",
        },
        hint="was changed",
    ),
    Wrong(
        "class_counts: counts from 1 to 10",
        cells={
            "class_counts": """
def class_counts(labels):
    return torch.stack([(labels == d).sum() for d in range(1, 11)])
""",
        },
        hint="the digits begin at 0",
    ),
    Wrong(
        "class_counts: a default that is kept",
        cells={
            "class_counts": """
def class_counts(labels, out=torch.zeros(10, dtype=torch.int64)):
    for label in labels:
        out[label] += 1
    return out
""",
        },
        hint="start from zeros",
    ),
    Wrong(
        "pixel_statistics: clears its images",
        cells={
            "pixel_statistics": """
def pixel_statistics(images):
    a = images.numpy()
    x = a / 255
    a[...] = 0
    return float(x.mean()), float(x.std())
""",
        },
        hint="was changed",
    ),
    Wrong(
        "pixel_statistics: divides with //",
        cells={
            "pixel_statistics": """
def pixel_statistics(images):
    x = (images // 255).float()
    return x.mean().item(), x.std().item()
""",
        },
        hint="whole numbers",
    ),
    Wrong(
        "pixel_statistics: without the paper",
        cells={
            "pixel_statistics": """
def pixel_statistics(images):
    x = images[images > 0].float() / 255
    return x.mean().item(), x.std().item()
""",
        },
        hint="paper counts too",
    ),
    Wrong(
        "pixel_statistics: of one image",
        cells={
            "pixel_statistics": """
def pixel_statistics(images):
    x = images[0].float() / 255
    return x.mean().item(), x.std().item()
""",
        },
        hint="first image alone",
    ),
    Wrong(
        "MLP: clears its input",
        cells={
            "MLP": """
class MLP(nn.Module):
    def __init__(self, input_size=784, hidden_size=500, num_classes=10):
        super().__init__()
        self.hidden_layer = nn.Sequential(nn.Linear(input_size, hidden_size), nn.ReLU(), nn.Linear(hidden_size, hidden_size), nn.ReLU())
        self.output_layer = nn.Sequential(nn.Linear(hidden_size, num_classes))
    def forward(self, x):
        out = self.output_layer(self.hidden_layer(x.flatten(1)))
        x.data.zero_()
        return out
""",
        },
        hint="forward changes the images",
    ),
    Wrong(
        "MLP: clamps its input",
        cells={
            "MLP": """
class MLP(nn.Module):
    def __init__(self, input_size=784, hidden_size=500, num_classes=10):
        super().__init__()
        self.hidden_layer = nn.Sequential(nn.Linear(input_size, hidden_size), nn.ReLU(), nn.Linear(hidden_size, hidden_size), nn.ReLU())
        self.output_layer = nn.Sequential(nn.Linear(hidden_size, num_classes))
    def forward(self, x):
        x = x.flatten(1)
        x -= 0
        x.clamp_(min=0)
        return self.output_layer(self.hidden_layer(x))
""",
        },
        hint="forward changes the images",
    ),
    Wrong(
        "MLP: under no_grad",
        cells={
            "MLP": """
class MLP(nn.Module):
    def __init__(self, input_size=784, hidden_size=500, num_classes=10):
        super().__init__()
        self.hidden_layer = nn.Sequential(nn.Linear(input_size, hidden_size), nn.ReLU(), nn.Linear(hidden_size, hidden_size), nn.ReLU())
        self.output_layer = nn.Sequential(nn.Linear(hidden_size, num_classes))
    def forward(self, x):
        with torch.no_grad():
            return self.output_layer(self.hidden_layer(x.flatten(1)))
""",
        },
        hint="No gradient reaches",
    ),
    Wrong(
        "MLP: detaches the hidden layers",
        cells={
            "MLP": """
class MLP(nn.Module):
    def __init__(self, input_size=784, hidden_size=500, num_classes=10):
        super().__init__()
        self.hidden_layer = nn.Sequential(nn.Linear(input_size, hidden_size), nn.ReLU(), nn.Linear(hidden_size, hidden_size), nn.ReLU())
        self.output_layer = nn.Sequential(nn.Linear(hidden_size, num_classes))
    def forward(self, x):
        return self.output_layer(self.hidden_layer(x.flatten(1)).detach())
""",
        },
        hint="No gradient reaches",
    ),
    Wrong(
        "MLP: networks share their layers",
        cells={
            "MLP": """
class MLP(nn.Module):
    _cache = {}
    def __init__(self, input_size=784, hidden_size=500, num_classes=10):
        super().__init__()
        key = (input_size, hidden_size, num_classes)
        if key not in MLP._cache:
            MLP._cache[key] = (nn.Sequential(nn.Linear(input_size, hidden_size), nn.ReLU(), nn.Linear(hidden_size, hidden_size), nn.ReLU()), nn.Sequential(nn.Linear(hidden_size, num_classes)))
        self.hidden_layer, self.output_layer = MLP._cache[key]
    def forward(self, x):
        return self.output_layer(self.hidden_layer(x.flatten(1)))
""",
        },
        hint="share their weights",
    ),
    Wrong(
        "MLP: with dropout between the layers",
        cells={
            "MLP": """
class MLP(nn.Module):
    def __init__(self, input_size=784, hidden_size=500, num_classes=10):
        super().__init__()
        self.hidden_layer = nn.Sequential(nn.Linear(input_size, hidden_size), nn.ReLU(), nn.Dropout(0.5), nn.Linear(hidden_size, hidden_size), nn.ReLU())
        self.output_layer = nn.Sequential(nn.Linear(hidden_size, num_classes))
    def forward(self, x):
        return self.output_layer(self.hidden_layer(x.flatten(1)))
""",
        },
        hint="four parts",
        also=("draws at random",),
    ),
    Wrong(
        "MLP: normalises its batch",
        cells={
            "MLP": """
class MLP(nn.Module):
    def __init__(self, input_size=784, hidden_size=500, num_classes=10):
        super().__init__()
        self.hidden_layer = nn.Sequential(nn.Linear(input_size, hidden_size), nn.ReLU(), nn.Linear(hidden_size, hidden_size), nn.ReLU())
        self.output_layer = nn.Sequential(nn.Linear(hidden_size, num_classes))
    def forward(self, x):
        x = x.flatten(1)
        x = (x - x.mean()) / x.std()
        return self.output_layer(self.hidden_layer(x))
""",
        },
        hint="",
    ),
    Wrong(
        "train_one_epoch: flattens the images",
        cells={
            "train_one_epoch": """
def train_one_epoch(model, loader, criterion, optimizer):
    device = next(model.parameters()).device

    model.train()
    total, seen = 0.0, 0
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
        optimizer.zero_grad()
        loss = criterion(model(images.view(len(images), -1)), labels)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(labels)
        seen += len(labels)
    return total / seen
""",
        },
        hint="flattened images",
    ),
    Wrong(
        "train_one_epoch: hands probabilities to the criterion",
        cells={
            "train_one_epoch": """
def train_one_epoch(model, loader, criterion, optimizer):
    device = next(model.parameters()).device

    model.train()
    total, seen = 0.0, 0
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
        optimizer.zero_grad()
        loss = criterion(model(images).softmax(1), labels)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(labels)
        seen += len(labels)
    return total / seen
""",
        },
        hint="without a softmax",
    ),
    Wrong(
        "train_one_epoch: adds a penalty of its own",
        cells={
            "train_one_epoch": """
def train_one_epoch(model, loader, criterion, optimizer):
    device = next(model.parameters()).device

    model.train()
    total, seen = 0.0, 0
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
        optimizer.zero_grad()
        loss = criterion(model(images), labels)
        (loss + 0.1 * sum(p.pow(2).sum() for p in model.parameters())).backward()
        optimizer.step()
        total += loss.item() * len(labels)
        seen += len(labels)
    return total / seen
""",
        },
        hint="",
    ),
    Wrong(
        "train_one_epoch: hands labels first to the criterion",
        cells={
            "train_one_epoch": """
def train_one_epoch(model, loader, criterion, optimizer):
    device = next(model.parameters()).device

    model.train()
    total, seen = 0.0, 0
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
        optimizer.zero_grad()
        loss = criterion(labels, model(images))
        loss.backward()
        optimizer.step()
        total += loss.item() * len(labels)
        seen += len(labels)
    return total / seen
""",
        },
        hint="NotImplementedError",
    ),
    Wrong(
        "evaluate: flattens the images",
        cells={
            "evaluate": """
def evaluate(model, loader, criterion):
    device = next(model.parameters()).device

    was_training = model.training
    model.eval()
    total, right, seen = 0.0, 0, 0
    with torch.no_grad():
        for images, labels in loader:
            images, labels = images.to(device), labels.to(device)
            logits = model(images.view(images.size(0), -1))
            total += criterion(logits, labels).item() * len(labels)
            right += (logits.argmax(dim=1) == labels).sum().item()
            seen += len(labels)
    model.train(was_training)
    return total / seen, right / seen
""",
        },
        hint="flattened images",
    ),
    Wrong(
        "evaluate: restores the mode of the outermost module",
        cells={
            "evaluate": """
def evaluate(model, loader, criterion):
    device = next(model.parameters()).device

    was_training = model.training
    model.eval()
    total, right, seen = 0.0, 0, 0
    with torch.no_grad():
        for images, labels in loader:
            images, labels = images.to(device), labels.to(device)
            logits = model(images)
            total += criterion(logits, labels).item() * len(labels)
            right += (logits.argmax(dim=1) == labels).sum().item()
            seen += len(labels)
    model.training = was_training
    return total / seen, right / seen
""",
        },
        hint="The mode was changed",
    ),
    Right(
        "steps by a closure, modes by a context manager, averaged weights",
        cells={
            "train_one_epoch": """
def train_one_epoch(model, loader, criterion, optimizer):
    device = next(model.parameters()).device
    model.train()
    total, count = 0.0, 0
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)

        def closure():
            optimizer.zero_grad()
            loss = criterion(model(images), labels)
            loss.backward()
            return loss

        total += float(optimizer.step(closure)) * len(labels)
        count += len(labels)
    return total / count
""",
            "evaluate": """
from contextlib import contextmanager

@contextmanager
def in_eval_mode(network):
    modes = {module: module.training for module in network.modules()}
    network.eval()
    try:
        yield
    finally:
        for module, mode in modes.items():
            module.training = mode

def evaluate(model, loader, criterion):
    device = next(model.parameters()).device
    loss_sum = hits = n = 0
    with in_eval_mode(model), torch.no_grad():
        for x, y in loader:
            x, y = x.to(device), y.to(device)
            logits = model(x)
            loss_sum += float(criterion(logits, y)) * y.shape[0]
            hits += int(logits.max(dim=1).indices.eq(y).sum())
            n += y.shape[0]
    return loss_sum / n, hits / n
""",
            "train_mlp": """
def train_mlp(train_loader, valid_loader, device):
    from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
    model = MLP().to(device)
    average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.98))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for _ in range(4):
        model.train()
        for images, labels in train_loader:
            images, labels = images.to(device), labels.to(device)
            loss = F.cross_entropy(model(images), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            average.update_parameters(model)
    return average.module
""",
        },
    ),
    Right(
        "scaled gradients where there is CUDA, gradients off by a switch, a plateau",
        cells={
            "train_one_epoch": """
def train_one_epoch(model, loader, criterion, optimizer):
    device = next(model.parameters()).device
    amp = device.type == "cuda"
    scaler = torch.amp.GradScaler(device.type, enabled=amp)
    model.train()
    running, n = 0.0, 0
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast(device.type, enabled=amp):
            loss = criterion(model(images), labels)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        running += loss.item() * labels.numel()
        n += labels.numel()
    return running / n
""",
            "evaluate": """
def evaluate(model, loader, criterion):
    device = next(model.parameters()).device
    was_training, had_grad = model.training, torch.is_grad_enabled()
    model.eval()
    torch.set_grad_enabled(False)
    try:
        totals = torch.zeros(3, dtype=torch.float64)
        for x, y in loader:
            out = model(x.to(device)).cpu()
            guess = out.topk(1, dim=1)[1].squeeze(1)
            totals += torch.tensor([criterion(out, y).item() * len(y), (guess == y).sum().item(), len(y)], dtype=torch.float64)
    finally:
        torch.set_grad_enabled(had_grad)
        if was_training:
            model.train()
    return (totals[0] / totals[2]).item(), (totals[1] / totals[2]).item()
""",
            "train_mlp": """
def train_mlp(train_loader, valid_loader, device):
    model = MLP().to(device)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.NAdam(model.parameters(), lr=1e-3)
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.3, patience=0)
    best_loss, best_state, bad = float("inf"), copy.deepcopy(model.state_dict()), 0
    for epoch in range(12):
        train_one_epoch(model, train_loader, criterion, optimizer)
        valid_loss, _ = evaluate(model, valid_loader, criterion)
        plateau.step(valid_loss)
        if valid_loss < best_loss:
            best_loss, best_state, bad = valid_loss, copy.deepcopy(model.state_dict()), 0
        else:
            bad += 1
            if bad == 2:
                break
    model.load_state_dict(best_state)
    return model
""",
        },
    ),
    Right(
        "a running mean, all logits at once, cosine and clipping",
        cells={
            "train_one_epoch": """
def train_one_epoch(model, loader, criterion, optimizer):
    try:
        from tqdm.auto import tqdm
        bar = tqdm(loader, leave=False)
    except ImportError:
        bar = loader
    device = next(model.parameters()).device
    model.train()
    mean, n = 0.0, 0
    for x, y in bar:
        x, y = x.to(device), y.to(device)
        model.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        n += len(y)
        mean += (loss.item() - mean) * len(y) / n  # a running mean
    return mean
""",
            "evaluate": """
@torch.inference_mode()
def evaluate(model, loader, criterion):
    device = next(model.parameters()).device
    before = model.training
    model.eval()
    outputs, targets = [], []
    for x, y in loader:
        outputs.append(model(x.to(device)))
        targets.append(y.to(device))
    outputs, targets = torch.cat(outputs), torch.cat(targets)
    model.train(before)
    return criterion(outputs, targets).item(), (outputs.argmax(1) == targets).float().mean().item()
""",
            "train_mlp": """
def train_mlp(train_loader, valid_loader, device):
    from functools import partial
    make_optimizer = partial(torch.optim.AdamW, lr=2e-3, weight_decay=0.01)
    network = MLP()
    network.to(device)
    opt = make_optimizer(network.parameters())
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=5)
    loss_fn = nn.CrossEntropyLoss(label_smoothing=0.05)
    best, best_accuracy = None, -1.0

    def fit_epoch():
        network.train()
        for images, labels in train_loader:
            opt.zero_grad()
            loss = loss_fn(network(images.to(device)), labels.to(device))
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            opt.step()
        schedule.step()

    for _ in range(5):
        fit_epoch()
        _, accuracy = evaluate(network, valid_loader, loss_fn)
        if accuracy > best_accuracy:
            best_accuracy, best = accuracy, {k: v.detach().clone() for k, v in network.state_dict().items()}
    network.load_state_dict(best)
    return network.eval()
""",
        },
    ),
    Wrong(
        "train_one_epoch: a first batch is taken before the loop",
        cells={
            "train_one_epoch": Edit(
                "    for images, labels in loader:",
                "    batches = iter(loader)\n    next(batches)\n    for images, labels in batches:",
            )
        },
        hint="The first batch is left out",
    ),
    Wrong(
        "train_one_epoch: two passes",
        cells={
            "train_one_epoch": Edit(
                "    for images, labels in loader:", "    for images, labels in [*loader, *loader]:"
            )
        },
        hint="an epoch is one pass",
    ),
    Wrong(
        "train_one_epoch: two passes, the loss of the last",
        cells={
            "train_one_epoch": """
def train_one_epoch(model, loader, criterion, optimizer):
    model.train()
    for _ in range(2):
        total, seen = 0.0, 0
        for images, labels in loader:
            optimizer.zero_grad()
            loss = criterion(model(images), labels)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(labels)
            seen += len(labels)
    return total / seen
""",
        },
        hint="an epoch is one pass",
    ),
    Wrong(
        "train_one_epoch: measures in a second pass",
        cells={
            "train_one_epoch": """
def train_one_epoch(model, loader, criterion, optimizer):
    model.train()
    for images, labels in loader:
        optimizer.zero_grad()
        criterion(model(images), labels).backward()
        optimizer.step()
    return evaluate(model, loader, criterion)[0]
""",
        },
        hint="another pass behind the epoch",
    ),
    Wrong(
        "train_one_epoch: clips the gradients",
        cells={
            "train_one_epoch": Edit(
                "        optimizer.step()\n",
                "        nn.utils.clip_grad_norm_(model.parameters(), 0.1)\n        optimizer.step()\n",
            )
        },
        hint="made smaller before the step",
    ),
    Wrong(
        "train_one_epoch: backward of the sum",
        cells={"train_one_epoch": Edit("loss.backward()", "(loss * len(labels)).backward()")},
        hint="the sum over the batch",
    ),
    Wrong(
        "train_one_epoch: another criterion",
        cells={"train_one_epoch": Edit("criterion(model(images), labels)", "F.nll_loss(model(images), labels)")},
        hint="never called",
        also=("whatever `criterion` is",),
    ),
    Wrong(
        "train_one_epoch: calls the model without gradients",
        cells={
            "train_one_epoch": (
                Edit(
                    "        loss = criterion(model(images), labels)\n",
                    "        with torch.no_grad():\n"
                    "            loss = criterion(model(images), labels)\n"
                    "        loss.requires_grad_()\n",
                )
            )
        },
        hint="called under torch.no_grad()",
    ),
    Wrong(
        "train_one_epoch: losses kept in a default argument",
        cells={
            "train_one_epoch": """
def train_one_epoch(model, loader, criterion, optimizer, losses=[], sizes=[]):
    model.train()
    for images, labels in loader:
        optimizer.zero_grad()
        loss = criterion(model(images), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item() * len(labels))
        sizes.append(len(labels))
    return sum(losses) / sum(sizes)
""",
        },
        hint="begin at 0 in each call",
    ),
    Wrong(
        "evaluate: a first batch is taken before the loop",
        cells={
            "evaluate": Edit(
                "        for images, labels in loader:",
                "        batches = iter(loader)\n        next(batches)\n        for images, labels in batches:",
            )
        },
        hint="The first batch is left out",
    ),
    Wrong(
        "evaluate: whole division",
        cells={"evaluate": Edit("correct / seen", "correct // seen")},
        hint="divide with /, not //",
    ),
    Wrong(
        "evaluate: the largest logits for answers",
        cells={"evaluate": Edit("logits.argmax(dim=1) == labels", "logits.max(dim=1).values == labels")},
        hint="compare `logits.argmax(dim=1)`",
    ),
    Wrong(
        "evaluate: logits kept from call to call",
        cells={
            "evaluate": """
logits, labels = [], []


def evaluate(model, loader, criterion):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        for x, y in loader:
            logits.append(model(x))
            labels.append(y)
    model.train(was_training)
    z, y = torch.cat(logits), torch.cat(labels)
    return criterion(z, y).item(), (z.argmax(dim=1) == y).float().mean().item()
""",
        },
        hint="begin at 0 in each call",
    ),
    Wrong(
        "train_mlp: a last epoch on validation",
        cells={
            "train_mlp": """
def train_mlp(train_loader, valid_loader, device):
    model = MLP().to(device)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for epoch in range(3):
        model.train()
        for images, labels in train_loader:
            images, labels = images.to(device), labels.to(device)
            optimizer.zero_grad()
            loss = criterion(model(images), labels)
            loss.backward()
            optimizer.step()
        evaluate(model, valid_loader, criterion)
    train_one_epoch(model, valid_loader, criterion, optimizer)
    return model
""",
        },
        hint="in `valid_loader` alone",
    ),
    Wrong(
        "train_mlp: returns a copy made before",
        cells={
            "train_mlp": """
def train_mlp(train_loader, valid_loader, device):
    model = MLP().to(device)
    best = copy.deepcopy(model)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for epoch in range(3):
        model.train()
        for images, labels in train_loader:
            images, labels = images.to(device), labels.to(device)
            optimizer.zero_grad()
            loss = criterion(model(images), labels)
            loss.backward()
            optimizer.step()
        evaluate(model, valid_loader, criterion)
    return best
""",
        },
        hint="has never learned",
        also=("learns too little",),
    ),
    Wrong(
        "train_mlp: no backward",
        cells={
            "train_mlp": """
def train_mlp(train_loader, valid_loader, device):
    model = MLP().to(device)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for epoch in range(3):
        model.train()
        for images, labels in train_loader:
            images, labels = images.to(device), labels.to(device)
            optimizer.zero_grad()
            loss = criterion(model(images), labels)
            optimizer.step()
        evaluate(model, valid_loader, criterion)
    return model
""",
        },
        hint="At no step there is a gradient",
        also=("learns too little",),
    ),
    Wrong(
        "train_mlp: one step for each epoch",
        cells={
            "train_mlp": """
def train_mlp(train_loader, valid_loader, device):
    model = MLP().to(device)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for epoch in range(3):
        model.train()
        for images, labels in train_loader:
            images, labels = images.to(device), labels.to(device)
            optimizer.zero_grad()
            loss = criterion(model(images), labels)
            loss.backward()
        optimizer.step()
        evaluate(model, valid_loader, criterion)
    return model
""",
        },
        hint="fewer steps than batches",
        also=("learns too little",),
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
