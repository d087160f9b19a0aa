"""Known answers to batchnorm: right ones that must pass, and wrong ones that must lose points."""

from autograder.validate.answers import Edit, Harmless, Right, Wrong

ANSWERS = [
    Right(
        "with keepdim, a Sequential at once, momentum in place of Adam",
        cells={
            "batch_norm_2d": """
def batch_norm_2d(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        mu = x.mean((0, 2, 3), keepdim=True)
        centred = x - mu
        variance = (centred ** 2).mean((0, 2, 3), keepdim=True)
        running_mean += momentum * (mu.detach().flatten() - running_mean)
        running_var += momentum * (x.detach().var((0, 2, 3)) - running_var)
    else:
        centred, variance = x - running_mean[None, :, None, None], running_var[None, :, None, None]
    return centred * (variance + eps).rsqrt() * gamma[None, :, None, None] + beta[None, :, None, None]
""",
            "LeNet5BN": """
class LeNet5BN(nn.Module):
    def __init__(self):
        super().__init__()
        def block(inputs, outputs):
            convolution = nn.Conv2d(inputs, outputs, 5, 1, "same")
            return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.MaxPool2d(2, 2), nn.ReLU(inplace=True))
        self.block1, self.block2 = block(1, 16), block(16, 32)
        self.fc = nn.Linear(1568, 10)

    def forward(self, images):
        return self.fc(torch.flatten(self.block2(self.block1(images)), 1))
""",
            "added_parameters": """
added_parameters = sum(p.numel() for m in LeNet5BN().modules() if isinstance(m, nn.BatchNorm2d) for p in m.parameters())
""",
            "train_lenet_bn": """
def train_one_epoch(model, loader, criterion, optimizer):
    model.train()
    for x, y in loader:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()


def train_lenet_bn(train_loader, valid_loader, device):
    net = LeNet5BN().to(device)
    sgd = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9)
    for _ in range(3):
        train_one_epoch(net, ((x.to(device), y.to(device)) for x, y in train_loader), F.cross_entropy, sgd)
    return net
""",
        },
    ),
    Right(
        "channel by channel, measured on the training images too, the best epoch kept",
        cells={
            "batch_norm_2d": """
def batch_norm_2d(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    channels = []
    for c in range(x.shape[1]):
        one = x[:, c]
        n = one.numel()
        if training:
            mean = one.sum() / n
            var = ((one - mean) ** 2).sum() / n
            running_mean[c] = (1 - momentum) * running_mean[c] + momentum * mean.item()
            running_var[c] = (1 - momentum) * running_var[c] + momentum * var.item() * n / (n - 1)
        else:
            mean, var = running_mean[c], running_var[c]
        channels.append((one - mean) / (var + eps) ** 0.5 * gamma[c] + beta[c])
    return torch.stack(channels, dim=1)
""",
            "LeNet5BN": """
class LeNet5BN(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.block1 = nn.Sequential()
        for layer in (nn.Conv2d(1, 16, 5, padding=2), nn.BatchNorm2d(num_features=16), nn.ReLU(), nn.MaxPool2d(2)):
            self.block1.append(layer)
        self.block2 = nn.Sequential()
        for layer in (nn.Conv2d(16, 32, 5, padding=2), nn.BatchNorm2d(num_features=32), nn.ReLU(), nn.MaxPool2d(2)):
            self.block2.append(layer)
        self.fc = nn.Linear(in_features=7 * 7 * 32, out_features=10)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.block2(self.block1(x)).reshape(x.shape[0], -1))
""",
            "added_parameters": "added_parameters = 96",
            "train_lenet_bn": """
def accuracy_of(model, loader, device):
    was = model.training
    model.eval()
    with torch.inference_mode():
        hits = [(model(x.to(device)).argmax(-1) == y.to(device)).float().mean().item() for x, y in loader]
    model.train(was)
    return sum(hits) / len(hits)


def train_lenet_bn(train_loader, valid_loader, device):
    model = LeNet5BN().to(device)
    criterion = nn.CrossEntropyLoss(label_smoothing=0.05)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.002)
    best = -1
    for epoch in range(3):
        for x, y in train_loader:
            loss = criterion(model(x.to(device)), y.to(device))
            loss.backward()
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        print(accuracy_of(model, train_loader, device))
        hits = accuracy_of(model, valid_loader, device)
        if hits >= best:
            best, weights = hits, copy.deepcopy(model.state_dict())
    model.load_state_dict(weights)
    return model
""",
        },
    ),
    Right(
        "flattened to one row for each channel, by lerp, with a falling rate",
        cells={
            "batch_norm_2d": """
def batch_norm_2d(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    rows = x.transpose(0, 1).flatten(1)
    if training:
        var, mean = torch.var_mean(rows, dim=1, correction=0)
        running_mean.lerp_(mean.detach(), momentum)
        running_var.copy_(torch.lerp(running_var, rows.detach().var(dim=1), momentum))
    else:
        mean, var = running_mean.clone(), running_var.clone()
    scale = gamma / torch.sqrt(var + eps)
    shift = beta - scale * mean
    return torch.einsum("nchw,c->nchw", x, scale) + shift.reshape(-1, 1, 1)
""",
            "LeNet5BN": """
class LeNet5BN(nn.Module):
    def __init__(self):
        nn.Module.__init__(self)
        for number, (before, after) in enumerate([(1, 16), (16, 32)], start=1):
            layers = nn.Conv2d(before, after, 5, padding=2), nn.BatchNorm2d(after), nn.ReLU()
            setattr(self, f"block{number}", nn.Sequential(*layers, nn.AdaptiveMaxPool2d(28 // 2**number)))
        self.fc = nn.Linear(32 * 49, 10)

    def forward(self, x):
        for block in (self.block1, self.block2):
            x = block(x)
        return F.linear(x.view(len(x), -1), self.fc.weight, self.fc.bias)
""",
            "added_parameters": "added_parameters = 2 * (16 + 32)",
            "train_lenet_bn": """
def train_lenet_bn(train_loader, valid_loader, device):
    torch.manual_seed(7)
    model = LeNet5BN()
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
    # batch_norm_2d
    Wrong(
        "biased variance in running_var",
        cells={"batch_norm_2d": Edit("momentum * var * n / (n - 1)", "momentum * var")},
        hint="takes the unbiased variance",
    ),
    Wrong(
        "unbiased variance in the normalisation",
        cells={
            "batch_norm_2d": (
                Edit("unbiased=False", "unbiased=True"),
                Edit("momentum * var * n / (n - 1)", "momentum * var"),
            )
        },
        hint="normalised with its biased variance",
    ),
    Wrong(
        "new tensors instead of in place",
        cells={
            "batch_norm_2d": (
                Edit("running_mean.mul_(1", "running_mean = running_mean.mul(1"),
                Edit("running_var.mul_(1", "running_var = running_var.mul(1"),
            )
        },
        hint="in place",
    ),
    Wrong(
        "running_var not in place",
        cells={"batch_norm_2d": Edit("running_var.mul_(1", "running_var = running_var.mul(1")},
        hint="running_var did not change",
    ),
    Wrong(
        "updates in evaluation mode too",
        cells={
            "batch_norm_2d": """
def batch_norm_2d(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    shape = (1, -1, 1, 1)
    mean, var = x.mean((0, 2, 3)), x.var((0, 2, 3), unbiased=False)
    with torch.no_grad():
        running_mean.mul_(1 - momentum).add_(momentum * mean)
        running_var.mul_(1 - momentum).add_(momentum * x.var((0, 2, 3)))
    if not training:
        mean, var = running_mean, running_var
    return gamma.view(shape) * (x - mean.view(shape)) / (var.view(shape) + eps).sqrt() + beta.view(shape)
""",
        },
        hint="must stay as they are",
    ),
    Wrong(
        "momentum the wrong way round",
        cells={
            "batch_norm_2d": (
                Edit(
                    "running_mean.mul_(1 - momentum).add_(momentum *",
                    "running_mean.mul_(momentum).add_((1 - momentum) *",
                ),
                Edit(
                    "running_var.mul_(1 - momentum).add_(momentum *", "running_var.mul_(momentum).add_((1 - momentum) *"
                ),
            )
        },
        hint="wrong way round",
    ),
    Wrong(
        "momentum always 0.1",
        cells={
            "batch_norm_2d": (
                Edit("running_mean.mul_(1 - momentum).add_(momentum *", "running_mean.mul_(0.9).add_(0.1 *"),
                Edit("running_var.mul_(1 - momentum).add_(momentum *", "running_var.mul_(0.9).add_(0.1 *"),
            )
        },
        hint="use its value, not always 0.1",
    ),
    Wrong(
        "the old value is not made smaller",
        cells={"batch_norm_2d": Edit("running_mean.mul_(1 - momentum).add_", "running_mean.add_")},
        hint="multiplied by 1 - momentum",
    ),
    Wrong(
        "eps outside of the root",
        cells={
            "batch_norm_2d": Edit("torch.sqrt(var.view(shape) + eps)", "(torch.sqrt(var.view(shape)) + eps)"),
        },
        hint="outside of the root",
    ),
    Wrong(
        "eps forgotten",
        cells={"batch_norm_2d": Edit("torch.sqrt(var.view(shape) + eps)", "torch.sqrt(var.view(shape))")},
        hint="eps is a parameter",
    ),
    Wrong(
        "eps always 1e-5",
        cells={"batch_norm_2d": Edit("torch.sqrt(var.view(shape) + eps)", "torch.sqrt(var.view(shape) + 1e-5)")},
        hint="eps is a parameter",
    ),
    Wrong(
        "divided by the variance",
        cells={"batch_norm_2d": Edit("torch.sqrt(var.view(shape) + eps)", "(var.view(shape) + eps)")},
        hint="Divide by the standard deviation",
    ),
    Wrong(
        "each pixel by itself",
        cells={
            "batch_norm_2d": """
def batch_norm_2d(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    shape = (1, -1, 1, 1)
    if training:
        mean, var = x.mean(0, keepdim=True), x.var(0, unbiased=False, keepdim=True)
        running_mean.mul_(1 - momentum).add_(momentum * x.detach().mean((0, 2, 3)))
        running_var.mul_(1 - momentum).add_(momentum * x.detach().var((0, 2, 3)))
    else:
        mean, var = running_mean.view(shape), running_var.view(shape)
    return gamma.view(shape) * (x - mean) / (var + eps).sqrt() + beta.view(shape)
""",
        },
        hint="Each pixel has statistics of its own",
    ),
    Wrong(
        "each image by itself",
        cells={
            "batch_norm_2d": """
def batch_norm_2d(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    shape = (1, -1, 1, 1)
    if training:
        mean, var = x.mean((1, 2, 3), keepdim=True), x.var((1, 2, 3), unbiased=False, keepdim=True)
        running_mean.mul_(1 - momentum).add_(momentum * x.detach().mean((0, 2, 3)))
        running_var.mul_(1 - momentum).add_(momentum * x.detach().var((0, 2, 3)))
    else:
        mean, var = running_mean.view(shape), running_var.view(shape)
    return gamma.view(shape) * (x - mean) / (var + eps).sqrt() + beta.view(shape)
""",
        },
        hint="layer normalisation",
    ),
    Wrong(
        "each map by itself",
        cells={
            "batch_norm_2d": """
def batch_norm_2d(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    shape = (1, -1, 1, 1)
    if training:
        mean, var = x.mean((2, 3), keepdim=True), x.var((2, 3), unbiased=False, keepdim=True)
        running_mean.mul_(1 - momentum).add_(momentum * x.detach().mean((0, 2, 3)))
        running_var.mul_(1 - momentum).add_(momentum * x.detach().var((0, 2, 3)))
    else:
        mean, var = running_mean.view(shape), running_var.view(shape)
    return gamma.view(shape) * (x - mean) / (var + eps).sqrt() + beta.view(shape)
""",
        },
        hint="instance normalisation",
    ),
    Wrong(
        "all channels together",
        cells={
            "batch_norm_2d": (
                Edit("mean = x.mean(dim=(0, 2, 3))", "mean = x.mean().expand(x.shape[1])"),
                Edit("var = x.var(dim=(0, 2, 3), unbiased=False)", "var = x.var(unbiased=False).expand(x.shape[1])"),
            )
        },
        hint="All channels share one mean",
    ),
    Wrong(
        "gamma and beta along the columns",
        cells={
            "batch_norm_2d": Edit(
                "return gamma.view(shape) * normalised + beta.view(shape)", "return gamma * normalised + beta"
            )
        },
    ),
    Wrong(
        "gamma and beta forgotten",
        cells={"batch_norm_2d": Edit("return gamma.view(shape) * normalised + beta.view(shape)", "return normalised")},
        hint="gamma and beta are missing",
    ),
    Wrong(
        "batch statistics in evaluation mode",
        cells={
            "batch_norm_2d": Edit(
                "mean, var = running_mean, running_var",
                "mean, var = x.mean(dim=(0, 2, 3)), x.var(dim=(0, 2, 3), unbiased=False)",
            )
        },
        hint="the running statistics normalise",
    ),
    Wrong(
        "running statistics in training mode",
        cells={
            "batch_norm_2d": Edit(
                "    else:\n        mean, var = running_mean", "    if True:\n        mean, var = running_mean"
            )
        },
        hint="In training mode the batch's own statistics",
    ),
    Wrong(
        "mean and variance detached",
        cells={
            "batch_norm_2d": (
                Edit("x.mean(dim=(0, 2, 3))", "x.mean(dim=(0, 2, 3)).detach()"),
                Edit("x.var(dim=(0, 2, 3), unbiased=False)", "x.var(dim=(0, 2, 3), unbiased=False).detach()"),
            )
        },
        hint="does not flow through mean and variance",
    ),
    Wrong(
        "variance detached",
        cells={
            "batch_norm_2d": Edit(
                "x.var(dim=(0, 2, 3), unbiased=False)", "x.detach().var(dim=(0, 2, 3), unbiased=False)"
            )
        },
        hint="does not flow through the variance",
    ),
    Wrong(
        "all of it under no_grad",
        cells={
            "batch_norm_2d": """
@torch.no_grad()
def batch_norm_2d(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    shape = (1, -1, 1, 1)
    mean, var = running_mean, running_var
    if training:
        mean, var = x.mean((0, 2, 3)), x.var((0, 2, 3), unbiased=False)
        running_mean.mul_(1 - momentum).add_(momentum * mean)
        running_var.mul_(1 - momentum).add_(momentum * x.var((0, 2, 3)))
    return gamma.view(shape) * (x - mean.view(shape)) / (var.view(shape) + eps).sqrt() + beta.view(shape)
""",
        },
        hint="No gradient comes out",
    ),
    Wrong(
        "the running statistics keep the graph",
        cells={"batch_norm_2d": Edit("with torch.no_grad():", "if True:")},
        hint="hang on to the graph",
    ),
    Wrong(
        "x is changed in place",
        cells={
            "batch_norm_2d": Edit(
                "normalised = (x - mean.view(shape)) / torch.sqrt(var.view(shape) + eps)",
                "x -= mean.view(shape)\n    normalised = x / torch.sqrt(var.view(shape) + eps)",
            )
        },
        hint="x itself was changed",
    ),
    Wrong(
        "PyTorch's own function",
        cells={
            "batch_norm_2d": """
def batch_norm_2d(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    return F.batch_norm(x, running_mean, running_var, gamma, beta, training, momentum, eps)
""",
        },
        hint="PyTorch's own batch normalisation",
    ),
    Wrong(
        "PyTorch's own module",
        cells={
            "batch_norm_2d": """
def batch_norm_2d(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    layer = nn.BatchNorm2d(x.shape[1], eps=eps, momentum=momentum)
    layer.running_mean, layer.running_var = running_mean, running_var
    layer.weight.data, layer.bias.data = gamma, beta
    return layer.train(training)(x)
""",
        },
        hint="PyTorch's own batch normalisation",
    ),
    Wrong(
        "the example of the docstring",
        cells={
            "batch_norm_2d": """
def batch_norm_2d(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    running_mean.fill_(0.2)
    running_var.fill_(1.1)
    return torch.tensor([-1.0, 1.0]).view(2, 1, 1, 1)
""",
        },
    ),
    # LeNet5BN
    Wrong(
        "behind the ReLU",
        cells={
            "LeNet5BN": """
class LeNet5BN(nn.Module):
    def __init__(self):
        super().__init__()
        self.block1 = nn.Sequential(nn.Conv2d(1, 16, 5, padding=2), nn.ReLU(), nn.BatchNorm2d(16), nn.MaxPool2d(2))
        self.block2 = nn.Sequential(nn.Conv2d(16, 32, 5, padding=2), nn.ReLU(), nn.BatchNorm2d(32), nn.MaxPool2d(2))
        self.fc = nn.Linear(1568, 10)

    def forward(self, x):
        return self.fc(self.block2(self.block1(x)).flatten(1))
""",
        },
        hint="directly behind the convolution",
    ),
    Wrong(
        "in block1 alone",
        cells={"LeNet5BN": Edit("            nn.BatchNorm2d(32),\n", "")},
        hint="block2 has no batch normalisation",
    ),
    Wrong(
        "without bias",
        cells={
            "LeNet5BN": Edit("nn.Conv2d(1, 16, kernel_size=5, padding=2)", "nn.Conv2d(1, 16, 5, padding=2, bias=False)")
        },
        hint="block1.0 has no bias",
    ),
    Wrong(
        "without running statistics",
        cells={"LeNet5BN": Edit("nn.BatchNorm2d(16)", "nn.BatchNorm2d(16, track_running_stats=False)")},
        hint="keeps running statistics",
    ),
    Wrong(
        "without gamma and beta",
        cells={"LeNet5BN": Edit("nn.BatchNorm2d(16)", "nn.BatchNorm2d(16, affine=False)")},
        hint="must learn gamma and beta",
    ),
    Wrong(
        "another momentum",
        cells={"LeNet5BN": Edit("nn.BatchNorm2d(32)", "nn.BatchNorm2d(32, momentum=0.9)")},
        hint="leave momentum",
    ),
    Wrong(
        "ReLU of block1 forgotten",
        cells={
            "LeNet5BN": Edit(
                "nn.BatchNorm2d(16),\n            nn.ReLU(),",
                "nn.BatchNorm2d(16),",
            )
        },
        hint="The ReLU of block1 is missing",
    ),
    Wrong(
        "normalisation that is not used",
        cells={"LeNet5BN": Edit("x = self.block2(x)", "x = self.block2[3](self.block2[2](self.block2[0](x)))")},
        hint="it is not used",
    ),
    Wrong(
        "softmax at the end",
        cells={"LeNet5BN": Edit("return self.fc(x)", "return self.fc(x).softmax(dim=1)")},
        hint="there is a softmax",
    ),
    Wrong(
        "always in evaluation mode",
        cells={"LeNet5BN": Edit("x = self.block1(x)", "x = self.eval().block1(x)")},
        hint="forward must not call eval",
    ),
    Wrong(
        "always in training mode",
        cells={"LeNet5BN": Edit("x = self.block1(x)", "x = self.train().block1(x)")},
        hint="In evaluation mode the running statistics",
    ),
    Wrong(
        "with dropout",
        cells={"LeNet5BN": Edit("return self.fc(x)", "return self.fc(F.dropout(x, 0.5, self.training))")},
        hint="dropout has no place",
    ),
    Wrong(
        "squeeze instead of flatten",
        cells={"LeNet5BN": Edit("return self.fc(x)", "return self.fc(x).squeeze()")},
        hint="of a batch of 1",
    ),
    # added_parameters
    Wrong("running statistics counted", cells={"added_parameters": "added_parameters = 192"}, hint="buffers"),
    Wrong("the counters as well", cells={"added_parameters": "added_parameters = 194"}, hint="num_batches_tracked"),
    Wrong("gamma alone", cells={"added_parameters": "added_parameters = 16 + 32"}, hint="a gamma and a beta"),
    Wrong("block1 alone", cells={"added_parameters": "added_parameters = 32"}, hint="block1 alone"),
    Wrong(
        "all parameters",
        cells={"added_parameters": "added_parameters = sum(p.numel() for p in LeNet5BN().parameters())"},
        hint="how many more",
    ),
    Wrong("a float", cells={"added_parameters": "added_parameters = 96.0"}, hint="whole number"),
    # train_lenet_bn
    Wrong(
        "trained in evaluation mode",
        cells={"train_lenet_bn": Edit("        model.train()\n", "        model.eval()\n")},
        hint="trained in evaluation mode",
    ),
    Wrong(
        "in evaluation mode after the first epoch",
        cells={
            "train_lenet_bn": Edit(
                "    for epoch in range(1, 4):\n        model.train()\n",
                "    model.train()\n    for epoch in range(1, 4):\n",
            )
        },
        hint="in each epoch",
    ),
    Wrong(
        "measured in training mode",
        cells={"train_lenet_bn": Edit("        model.eval()\n", "")},
        hint="Call model.eval() before you measure",
    ),
    Wrong(
        "the notebook's own loader",
        cells={
            "train_lenet_bn": """
def train_lenet_bn(train_loader, valid_loader, device):
    mine, _ = loaders(batch_size=100, train_size=3_000)
    model = LeNet5BN().to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.002)
    for epoch in range(4):
        for x, y in mine:
            optimizer.zero_grad()
            F.cross_entropy(model(x.to(device)), y.to(device)).backward()
            optimizer.step()
    return model
""",
        },
        hint="the notebook's own loader",
    ),
    Wrong(
        "learns from the validation images",
        cells={"train_lenet_bn": Edit("for images, labels in train_loader:", "for images, labels in valid_loader:")},
        hint="on `train_loader` and not on `valid_loader`",
    ),
    Wrong(
        "not trained",
        cells={
            "train_lenet_bn": "def train_lenet_bn(train_loader, valid_loader, device):\n    return LeNet5BN().to(device)"
        },
        hint="those of a new network",
    ),
    Wrong(
        "statistics, but no step",
        cells={"train_lenet_bn": Edit("            optimizer.step()\n", "")},
        hint="are asked for",
    ),
    Wrong(
        "plain SGD with a small rate",
        cells={
            "train_lenet_bn": Edit(
                "torch.optim.Adam(model.parameters(), lr=0.001)", "torch.optim.SGD(model.parameters(), lr=0.003)"
            )
        },
        hint="worth half the points",
    ),
    Wrong(
        "returns nothing",
        cells={"train_lenet_bn": Edit("    return model", "    model.eval()")},
        hint="returns nothing",
    ),
    Wrong(
        "returns another network",
        cells={"train_lenet_bn": Edit("    return model", "    return nn.Sequential(model, nn.Identity())")},
        hint="no other network",
    ),
]

HARMLESS = [
    Harmless("batch_norm_2d", "n = x.numel() // x.shape[1]", new="/ x.shape", reason="the same number, as a float"),
    Harmless("train_lenet_bn", "for epoch in range(1, 4):", reason="two or four epochs are as good as three"),
    Harmless("train_lenet_bn", "correct, seen = 0, 0", reason="the validation accuracy is for the reader only"),
    Harmless("train_lenet_bn", "answers = model(", reason="the validation accuracy is for the reader only"),
    Harmless("train_lenet_bn", "correct += ", reason="the validation accuracy is for the reader only"),
    Harmless("train_lenet_bn", "seen += ", reason="the validation accuracy is for the reader only"),
    Harmless("train_lenet_bn", "print(f", reason="what is printed is for the reader only"),
]
