"""Known answers to batchnorm: right ones that must pass, and wrong ones that must lose points."""

from autograder.validate.answers import Edit, Harmless, Right, Wrong

ANSWERS = [
    Right(
        "with layers that have names of their own",
        cells={
            "LeNet5BN": """
from collections import OrderedDict

class LeNet5BN(nn.Module):
    def __init__(self):
        super().__init__()
        self.block1, self.block2 = self._block(1, 16), self._block(16, 32)
        self.fc = nn.Linear(1568, 10)

    @staticmethod
    def _block(inputs, outputs):
        conv = nn.Conv2d(inputs, outputs, 5, padding="same")
        return nn.Sequential(OrderedDict([("conv", conv), ("norm", nn.BatchNorm2d(outputs)), ("relu", nn.ReLU()), ("pool", nn.MaxPool2d(2))]))

    def forward(self, x):
        return self.fc(torch.flatten(self.block2(self.block1(x)), start_dim=1))
""",
        },
    ),
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
    Right(
        "a class for the statistics and a function of its own that is called batch_norm",
        cells={
            "batch_norm_2d": """
class BatchNormStatistics:
    def __init__(self, x):
        self.mean, self.var = x.mean((0, 2, 3), keepdim=True), x.var((0, 2, 3), correction=0, keepdim=True)
        self.n = x[:, 0].numel()

def my_batch_norm(x, mean, var, gamma, beta, eps):
    return gamma.reshape(1, -1, 1, 1) * torch.rsqrt(var + eps) * (x - mean) + beta.reshape(1, -1, 1, 1)

def batch_norm_2d(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if not training:
        return my_batch_norm(x, running_mean[:, None, None], running_var[:, None, None], gamma, beta, eps)
    s = BatchNormStatistics(x)
    running_mean[:] = (1 - momentum) * running_mean + momentum * s.mean.detach().squeeze()
    running_var[...] = (1 - momentum) * running_var + momentum * s.var.data.squeeze() * s.n / (s.n - 1)
    return my_batch_norm(x, s.mean, s.var, gamma, beta, eps)
"""
        },
    ),
    Right(
        "a gradient written by hand",
        cells={
            "batch_norm_2d": """
class Normalise(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, mean, var, eps, training):
        inv = 1 / torch.sqrt(var + eps)
        hat = (x - mean) * inv
        ctx.save_for_backward(hat, inv)
        ctx.training = training
        return hat
    @staticmethod
    def backward(ctx, g):
        hat, inv = ctx.saved_tensors
        if not ctx.training:
            return g * inv, None, None, None, None
        d = (0, 2, 3)
        return inv * (g - g.mean(d, keepdim=True) - hat * (g * hat).mean(d, keepdim=True)), None, None, None, None

def batch_norm_2d(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    d = (0, 2, 3)
    if training:
        m = x.detach().mean(d); v = ((x.detach() - m.view(1, -1, 1, 1)) ** 2).mean(d)
        n = x.shape[0] * x.shape[2] * x.shape[3]
        running_mean.copy_(running_mean * (1 - momentum) + m * momentum)
        running_var.copy_(running_var * (1 - momentum) + v * (n / (n - 1)) * momentum)
    else:
        m, v = running_mean, running_var
    hat = Normalise.apply(x, m.view(1, -1, 1, 1), v.view(1, -1, 1, 1), eps, training)
    return hat * gamma.view(1, -1, 1, 1) + beta.view(1, -1, 1, 1)
"""
        },
    ),
    Right(
        "rows of pixels, the variance as mean of squares minus square of the mean",
        cells={
            "batch_norm_2d": """
def batch_norm_2d(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    rows = torch.permute(x, (0, 2, 3, 1)).reshape(-1, x.size(1))
    if training:
        mean = rows.mean(0)
        var = (rows ** 2).mean(0) - mean ** 2
        running_mean += momentum * (mean.detach() - running_mean)
        running_var.sub_(momentum * running_var).add_(momentum * torch.var(rows.detach(), 0))
    else:
        mean, var = running_mean.detach(), running_var.detach()
    y = (rows - mean) / torch.sqrt(var + eps) * gamma + beta
    return y.reshape(x.size(0), x.size(2), x.size(3), x.size(1)).permute(0, 3, 1, 2)
"""
        },
    ),
    Right(
        "the standard deviation squared, new data for the running tensors",
        cells={
            "batch_norm_2d": """
def batch_norm_2d(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    C = x.shape[1]
    if training:
        std, mean = torch.std_mean(x, dim=[0, 2, 3], unbiased=False)
        var = std.pow(2)
        with torch.no_grad():
            n = x.numel() / C
            running_mean.data = (1 - momentum) * running_mean + momentum * mean
            running_var.data = (1 - momentum) * running_var + momentum * var * n / (n - 1)
    else:
        mean, var = running_mean, running_var
    b = lambda t: t.view(1, C, 1, 1).expand_as(x)
    return torch.addcmul(b(beta), b(gamma), (x - b(mean)) / torch.sqrt(b(var) + eps))
"""
        },
    ),
    Right(
        "every epoch of every run in one list; the gradient through all three ways, one by one",
        cells={
            "best_run": """
def best_run(runs):
    reached = [(loss, name, epoch) for name, run in runs.items() for epoch, loss in enumerate(run["valid"], start=1)]
    loss, name, epoch = sorted(reached)[0]
    return name, epoch, loss - runs[name]["train"][epoch - 1]
""",
            "batch_norm_2d_backward": """
def batch_norm_2d_backward(grad_y, x, gamma, eps=1e-5):
    n = x.shape[0] * x.shape[2] * x.shape[3]
    g, c = gamma[None, :, None, None], (0, 2, 3)
    mu = x.mean(c, keepdim=True)
    var = ((x - mu) ** 2).mean(c, keepdim=True)
    dxhat = grad_y * g
    dvar = (dxhat * (x - mu) * -0.5 * (var + eps) ** -1.5).sum(c, keepdim=True)
    dmu = (-dxhat / torch.sqrt(var + eps)).sum(c, keepdim=True) + dvar * (-2 * (x - mu)).mean(c, keepdim=True)
    dx = dxhat / torch.sqrt(var + eps) + dvar * 2 * (x - mu) / n + dmu / n
    return dx, (grad_y * (x - mu) / torch.sqrt(var + eps)).sum(c), grad_y.sum(c)
""",
        },
    ),
    Right(
        "numpy's argmin, a float of numpy's; einsum, channels as rows, a list",
        cells={
            "best_run": """
import numpy as np

def best_run(runs):
    lowest = {name: np.min(losses["valid"]) for name, losses in runs.items()}
    best = min(lowest, key=lowest.get)
    at = np.argmin(runs[best]["valid"])
    return [best, at + 1, np.float64(runs[best]["valid"][at]) - runs[best]["train"][at]]
""",
            "batch_norm_2d_backward": """
def batch_norm_2d_backward(grad_y, x, gamma, eps=1e-5):
    n, c, h, w = x.shape
    rows, g = (t.transpose(0, 1).reshape(c, -1) for t in (x, grad_y))
    var, mean = torch.var_mean(rows, dim=1, correction=0, keepdim=True)
    inv = (var + eps).rsqrt()
    hat = (rows - mean) * inv
    m = rows.shape[1]
    dbeta, dgamma = g.sum(1), torch.einsum("cm,cm->c", g, hat)
    dx = gamma[:, None] * inv / m * (m * g - dbeta[:, None] - hat * dgamma[:, None])
    return [dx.reshape(c, n, h, w).transpose(0, 1), dgamma, dbeta]
""",
        },
    ),
    Right(
        "a loop that remembers the best so far, with tensors",
        cells={
            "best_run": """
def best_run(runs):
    best = float("inf")
    for name in runs:
        valid = torch.tensor(runs[name]["valid"], dtype=torch.float64)
        loss, epoch = valid.min(dim=0)
        if loss < best:
            best = loss.item()
            answer = (name, epoch.item() + 1, best - runs[name]["train"][epoch])
    return answer
""",
        },
    ),
    # batch_norm_2d
    Wrong(
        "biased variance in running_var",
        cells={"batch_norm_2d": Edit("momentum * var * n / (n - 1)", "momentum * var")},
        hint="takes the unbiased variance",
        warned=True,
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
        warned=True,
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
        warned=True,
    ),
    Wrong(
        "running_var not in place",
        cells={"batch_norm_2d": Edit("running_var.mul_(1", "running_var = running_var.mul(1")},
        hint="running_var did not change",
        warned=True,
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
        warned=True,
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
        warned=True,
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
        warned=True,
    ),
    Wrong(
        "variance detached",
        cells={
            "batch_norm_2d": Edit(
                "x.var(dim=(0, 2, 3), unbiased=False)", "x.detach().var(dim=(0, 2, 3), unbiased=False)"
            )
        },
        hint="does not flow through the variance",
        warned=True,
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
        warned=True,
    ),
    Wrong(
        "the running statistics keep the graph",
        cells={"batch_norm_2d": Edit("with torch.no_grad():", "if True:")},
        hint="hang on to the graph",
        warned=True,
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
        warned=True,
    ),
    Wrong(
        "PyTorch's own function",
        cells={
            "batch_norm_2d": """
def batch_norm_2d(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    return F.batch_norm(x, running_mean, running_var, gamma, beta, training, momentum, eps)
""",
        },
        hint="a normalisation of PyTorch's own",
        warned=True,
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
        hint="a normalisation of PyTorch's own",
        warned=True,
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
        hint="must have shape",
        also=("No gradient comes out",),
    ),
    Wrong(
        "PyTorch's own by its inner name",
        cells={
            "batch_norm_2d": """
def batch_norm_2d(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    return torch.native_batch_norm(x, gamma, beta, running_mean, running_var, training, momentum, eps)[0]
"""
        },
        hint="a normalisation of PyTorch's own",
        warned=True,
    ),
    Wrong(
        "PyTorch's own, straight from the operators",
        cells={
            "batch_norm_2d": """
def batch_norm_2d(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    return torch.ops.aten._native_batch_norm_legit(x, gamma, beta, running_mean, running_var, training, momentum, eps)[0]
"""
        },
        hint="a normalisation of PyTorch's own",
        warned=True,
    ),
    Wrong(
        "PyTorch's own inside an autograd.Function",
        cells={
            "batch_norm_2d": """
class _F(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, g, b, m, v, t, mo, e):
        with torch.enable_grad():
            inp = [z.detach().requires_grad_() for z in (x, g, b)]
            out = F.batch_norm(inp[0], m, v, inp[1], inp[2], t, mo, e)
        ctx.inp, ctx.out = inp, out
        return out.detach()
    @staticmethod
    def backward(ctx, grad):
        return (*torch.autograd.grad(ctx.out, ctx.inp, grad), None, None, None, None, None)

def batch_norm_2d(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    return _F.apply(x, gamma, beta, running_mean, running_var, training, momentum, eps)
"""
        },
        hint="a normalisation of PyTorch's own",
        warned=True,
    ),
    Wrong(
        "layer normalisation of what was transposed",
        cells={
            "batch_norm_2d": """
def batch_norm_2d(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):

    if training:
        n = x.numel() // x.shape[1]
        with torch.no_grad():
            running_mean.mul_(1 - momentum).add_(momentum * x.mean((0, 2, 3)))
            running_var.mul_(1 - momentum).add_(momentum * x.var((0, 2, 3)))

        y = F.layer_norm(x.transpose(0, 1).flatten(1), (n,), eps=eps).view(x.shape[1], x.shape[0], *x.shape[2:]).transpose(0, 1)
    else:
        y = (x - running_mean.view(1, -1, 1, 1)) / (running_var.view(1, -1, 1, 1) + eps).sqrt()
    return gamma.view(1, -1, 1, 1) * y + beta.view(1, -1, 1, 1)
"""
        },
        hint="a normalisation of PyTorch's own",
        warned=True,
    ),
    Wrong(
        "PyTorch's own in another thread",
        cells={
            "batch_norm_2d": """
import threading
def batch_norm_2d(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    out = []
    t = threading.Thread(target=lambda: out.append(torch.native_batch_norm(x, gamma, beta, running_mean, running_var, training, momentum, eps)[0]))
    t.start(); t.join()
    return out[0]
"""
        },
        hint="a normalisation of PyTorch's own",
        warned=True,
    ),
    Wrong(
        "PyTorch's own, written in Python",
        cells={
            "batch_norm_2d": """
from torch._decomp.decompositions import native_batch_norm as nbn
def batch_norm_2d(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    return nbn(x, gamma, beta, running_mean, running_var, training, momentum, eps)[0]
"""
        },
        hint="a normalisation of PyTorch's own",
        warned=True,
    ),
    Wrong(
        "PyTorch's own, with those who watch sent away",
        cells={
            "batch_norm_2d": """
from torch.utils._python_dispatch import _disable_current_modes
def batch_norm_2d(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    with _disable_current_modes():
        return F.batch_norm(x, running_mean, running_var, gamma, beta, training, momentum, eps)
"""
        },
        hint="a normalisation of PyTorch's own",
        warned=True,
    ),
    Wrong(
        "torchvision's frozen one",
        cells={
            "batch_norm_2d": """
import torchvision
def batch_norm_2d(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        m, v = x.mean((0, 2, 3)), x.var((0, 2, 3), unbiased=False)
        n = x.numel() // x.shape[1]
        with torch.no_grad():
            running_mean.mul_(1 - momentum).add_(momentum * m)
            running_var.mul_(1 - momentum).add_(momentum * v * n / (n - 1))
    else:
        m, v = running_mean, running_var
    f = torchvision.ops.FrozenBatchNorm2d(x.shape[1], eps)
    f.weight, f.bias, f.running_mean, f.running_var = gamma, beta, m, v
    return f(x)
"""
        },
        hint="a normalisation of PyTorch's own",
        warned=True,
    ),
    Wrong(
        "the factor upside down",
        cells={"batch_norm_2d": Edit("var * n / (n - 1)", "var * (n - 1) / n")},
        hint="not (n - 1) / n",
        warned=True,
    ),
    Wrong(
        "n is the number of images",
        cells={"batch_norm_2d": Edit("n = x.numel() // x.shape[1]", "n = x.shape[0]")},
        hint="not the number of images",
    ),
    Wrong(
        "the unbiased variance corrected once more",
        cells={"batch_norm_2d": Edit("momentum * var * n", "momentum * x.var(dim=(0, 2, 3)) * n")},
        hint="corrected once more",
        warned=True,
    ),
    Wrong(
        "the standard deviation in running_var",
        cells={"batch_norm_2d": Edit("momentum * var * n / (n - 1)", "momentum * x.std(dim=(0, 2, 3))")},
        hint="not the standard deviation",
        warned=True,
    ),
    Wrong(
        "the argument training ignored",
        cells={"batch_norm_2d": Edit("if training:", "if True:")},
        hint="must stay as they are",
        warned=True,
    ),
    Wrong(
        "gamma forgotten",
        cells={"batch_norm_2d": Edit("return gamma.view(shape) * normalised", "return normalised")},
        hint="gamma is missing",
        warned=True,
    ),
    Wrong(
        "beta forgotten",
        cells={"batch_norm_2d": Edit(" * normalised + beta.view(shape)", " * normalised")},
        hint="beta is missing",
        warned=True,
    ),
    Wrong(
        "double precision returned",
        cells={"batch_norm_2d": Edit("return gamma", "return 1.0 * gamma.double()")},
        hint="must have dtype torch.float32",
        warned=True,
    ),
    Wrong(
        "the mean not subtracted",
        cells={"batch_norm_2d": Edit("(x - mean.view(shape)) /", "x /")},
        hint="The mean is not subtracted",
        warned=True,
    ),
    Wrong(
        "x returned",
        cells={"batch_norm_2d": Edit("return gamma.view(shape) * normalised + beta.view(shape)", "return x")},
        hint="The result is x itself",
        also=("gamma and beta are missing", "No gradient comes"),
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
        warned=True,
    ),
    Wrong(
        "in block1 alone",
        cells={"LeNet5BN": Edit("            nn.BatchNorm2d(32),\n", "")},
        hint="block2 has no batch normalisation",
        warned=True,
    ),
    Wrong(
        "without bias",
        cells={
            "LeNet5BN": Edit("nn.Conv2d(1, 16, kernel_size=5, padding=2)", "nn.Conv2d(1, 16, 5, padding=2, bias=False)")
        },
        hint="block1.0 has no bias",
        warned=True,
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
        hint="no dropout here",
    ),
    Wrong(
        "squeeze instead of flatten",
        cells={"LeNet5BN": Edit("return self.fc(x)", "return self.fc(x).squeeze()")},
        hint="of a batch of 1",
        warned=True,
    ),
    Wrong(
        "InstanceNorm2d",
        cells={"LeNet5BN": Edit("nn.BatchNorm2d(16)", "nn.InstanceNorm2d(16, affine=True, track_running_stats=True)")},
        hint="block1 normalises each map of each image by itself",
    ),
    Wrong(
        "one batch normalisation for all networks",
        cells={
            "LeNet5BN": (
                Edit("class LeNet5BN(nn.Module):", "_BN = nn.BatchNorm2d(16)\n\n\nclass LeNet5BN(nn.Module):"),
                Edit("nn.BatchNorm2d(16),", "_BN,"),
            )
        },
        hint="share their weights",
    ),
    Wrong(
        "mean pooling",
        cells={
            "LeNet5BN": """
class LeNet5BN(nn.Module):
    def __init__(self):
        super().__init__()
        self.block1 = nn.Sequential(nn.Conv2d(1, 16, 5, padding=2), nn.BatchNorm2d(16), nn.ReLU(), nn.AvgPool2d(2))
        self.block2 = nn.Sequential(nn.Conv2d(16, 32, 5, padding=2), nn.BatchNorm2d(32), nn.ReLU(), nn.AvgPool2d(2))
        self.fc = nn.Linear(1568, 10)

    def forward(self, x):
        return self.fc(self.block2(self.block1(x)).flatten(1))
""",
        },
        hint="The pooling takes the mean",
    ),
    Wrong(
        "no padding",
        cells={
            "LeNet5BN": (
                Edit("nn.Conv2d(1, 16, kernel_size=5, padding=2)", "nn.Conv2d(1, 16, kernel_size=5)"),
                Edit("nn.Conv2d(16, 32, kernel_size=5, padding=2)", "nn.Conv2d(16, 32, kernel_size=5)"),
                Edit("32 * 7 * 7", "32 * 4 * 4"),
            )
        },
        hint="The padding is missing",
        warned=True,
    ),
    Wrong(
        "the second normalisation of the first's size",
        cells={"LeNet5BN": Edit("nn.BatchNorm2d(32)", "nn.BatchNorm2d(16)")},
        hint="block2's batch normalisation has 32 channels",
        warned=True,
    ),
    Wrong(
        "forward without gradients",
        cells={"LeNet5BN": Edit("def forward(self", "@torch.no_grad()\n    def forward(self")},
        hint="No gradient flows back",
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
    Wrong("one gamma and one beta for a layer", cells={"added_parameters": "added_parameters = 4"}, hint="of its own"),
    Wrong("block2 alone", cells={"added_parameters": "added_parameters = 64"}, hint="block2 alone"),
    # train_lenet_bn
    Wrong(
        "trained in evaluation mode",
        cells={"train_lenet_bn": Edit("        model.train()\n", "        model.eval()\n")},
        hint="trained in evaluation mode",
        warned=True,
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
        hint="is never gone through",
        also=("the notebook's own loader",),
        warned=True,
    ),
    Wrong(
        "learns from the validation images",
        cells={"train_lenet_bn": Edit("for images, labels in train_loader:", "for images, labels in valid_loader:")},
        hint="is never gone through",
        also=("in `valid_loader` alone",),
    ),
    Wrong(
        "not trained",
        cells={
            "train_lenet_bn": "def train_lenet_bn(train_loader, valid_loader, device):\n    return LeNet5BN().to(device)"
        },
        hint="No optimiser takes a step",
        also=("does not learn them", "are asked for"),
    ),
    Wrong(
        "statistics, but no step",
        cells={"train_lenet_bn": Edit("            optimizer.step()\n", "")},
        hint="No optimiser takes a step",
        also=("does not learn them", "are asked for"),
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
    Wrong(
        "no zero_grad",
        cells={"train_lenet_bn": Edit("optimizer.zero_grad()", "pass")},
        hint="The gradients of all batches add up",
    ),
    Wrong(
        "return inside the loop",
        cells={
            "train_lenet_bn": Edit(
                "            optimizer.step()\n", "            optimizer.step()\n            return model\n"
            )
        },
        hint="end the loop too early",
    ),
    Wrong(
        "the validation images too",
        cells={
            "train_lenet_bn": Edit(
                "for images, labels in train_loader:", "for images, labels in [*train_loader, *valid_loader]:"
            )
        },
        hint="in `valid_loader` alone",
    ),
    Wrong(
        "a model made once, outside",
        cells={
            "train_lenet_bn": (
                Edit("def train_lenet_bn(", "_shared = LeNet5BN()\n\n\ndef train_lenet_bn("),
                Edit("model = LeNet5BN().to(device)", "model = _shared.to(device)"),
            )
        },
        hint="must begin with a new LeNet5BN()",
        warned=True,
    ),
    Wrong(
        "a device of its own",
        cells={
            "train_lenet_bn": Edit(
                "    model = LeNet5BN().to(device)",
                '    device = torch.device("cpu")\n    model = LeNet5BN().to(device)',
            )
        },
        hint="does not use its argument `device`",
        warned=True,
    ),
    Wrong(
        "gradients left off",
        cells={"train_lenet_bn": Edit("    return model", "    torch.set_grad_enabled(False)\n    return model")},
        hint="leaves gradients off",
    ),
    Wrong(
        "the model and the accuracy",
        cells={"train_lenet_bn": Edit("    return model", "    return model, correct / seen")},
        hint="the model itself, and nothing else",
    ),
    # best_run
    Wrong(
        "best on the training digits",
        cells={"best_run": Edit('min(runs[name]["valid"]))', 'min(runs[name]["train"]))')},
        hint="knows by heart says nothing about others",
        warned=True,
    ),
    Wrong(
        "the smallest gap",
        cells={"best_run": Edit('min(runs[name]["valid"]))', 'runs[name]["valid"][-1] - runs[name]["train"][-1])')},
        hint="has the smallest gap",
        warned=True,
    ),
    Wrong(
        "best after the last epoch",
        cells={"best_run": Edit('min(runs[name]["valid"]))', 'runs[name]["valid"][-1])')},
        hint="best after its last epoch",
        warned=True,
    ),
    Wrong(
        "best on the average",
        cells={"best_run": Edit('min(runs[name]["valid"]))', 'sum(runs[name]["valid"]) / len(runs[name]["valid"]))')},
        hint="on the average over its epochs",
    ),
    Wrong(
        "the highest loss",
        cells={"best_run": (Edit("min(runs, key=lambda name: min(", "max(runs, key=lambda name: max("),)},
        hint="lower is better",
        warned=True,
    ),
    Wrong(
        "epochs counted from 0",
        cells={"best_run": Edit("name, place + 1,", "name, place,")},
        hint="counted from 1",
        warned=True,
    ),
    Wrong(
        "all epochs",
        cells={"best_run": Edit("name, place + 1,", "name, len(valid),")},
        hint="This is the last epoch",
        warned=True,
    ),
    Wrong(
        "where the training loss is lowest",
        cells={"best_run": Edit("place = valid.index(min(valid))", "place = train.index(min(train))")},
        hint="where the training loss is lowest",
    ),
    Wrong(
        "where the gap is smallest",
        cells={
            "best_run": Edit(
                "place = valid.index(min(valid))",
                "gaps = [abs(v - t) for v, t in zip(valid, train)]\n    place = gaps.index(min(gaps))",
            )
        },
        hint="where the gap is smallest",
    ),
    Wrong(
        "before the first rise",
        cells={
            "best_run": Edit(
                "place = valid.index(min(valid))",
                "place = next((e for e in range(len(valid) - 1) if valid[e + 1] > valid[e]), len(valid) - 1)",
            )
        },
        hint="rises for the first time",
        warned=True,
    ),
    Wrong(
        "training minus others",
        cells={"best_run": Edit("valid[place] - train[place]", "train[place] - valid[place]")},
        hint="sign is the wrong way round",
        warned=True,
    ),
    Wrong(
        "never negative",
        cells={"best_run": Edit("valid[place] - train[place]", "abs(valid[place] - train[place])")},
        hint="no abs",
    ),
    Wrong(
        "the loss on others alone",
        cells={"best_run": Edit("valid[place] - train[place]", "valid[place]")},
        hint="This is the loss on others",
        warned=True,
    ),
    Wrong(
        "the training loss alone",
        cells={"best_run": Edit("valid[place] - train[place]", "train[place]")},
        hint="This is the training loss",
        warned=True,
    ),
    Wrong(
        "the gap at the end",
        cells={"best_run": Edit("valid[place] - train[place]", "valid[-1] - train[-1]")},
        hint="the gap after the last epoch",
        warned=True,
    ),
    Wrong(
        "the lowest of both",
        cells={"best_run": Edit("valid[place] - train[place]", "min(valid) - min(train)")},
        hint="of the same epoch",
    ),
    Wrong(
        "a ratio",
        cells={"best_run": Edit("valid[place] - train[place]", "valid[place] / train[place]")},
        hint="no ratio",
        warned=True,
    ),
    Wrong(
        "the name alone",
        cells={"best_run": Edit("return name, place + 1, valid[place] - train[place]", "return name")},
        hint="must be a list or a tuple of 3 values",
        warned=True,
    ),
    # batch_norm_2d_backward
    Wrong(
        "mean and variance taken for constants",
        cells={"batch_norm_2d_backward": Edit("(h - through_mean - through_variance) / s", "h / s")},
        hint="two of its three ways are missing",
        warned=True,
    ),
    Wrong(
        "the variance taken for a constant",
        cells={"batch_norm_2d_backward": Edit("(h - through_mean - through_variance)", "(h - through_mean)")},
        hint="the variance depends on x too",
        warned=True,
    ),
    Wrong(
        "the mean taken for a constant",
        cells={"batch_norm_2d_backward": Edit("(h - through_mean - through_variance)", "(h - through_variance)")},
        hint="the mean depends on x too",
        warned=True,
    ),
    Wrong(
        "sums in place of means",
        cells={
            "batch_norm_2d_backward": (
                Edit("h.mean(dim=channel", "h.sum(dim=channel"),
                Edit("(h * normalised).mean(", "(h * normalised).sum("),
            )
        },
        hint="the factor 1/n is missing",
        warned=True,
    ),
    Wrong(
        "one sum in place of a mean",
        cells={"batch_norm_2d_backward": Edit("h.mean(dim=channel", "h.sum(dim=channel")},
        hint="one of the two sums lacks its factor",
    ),
    Wrong(
        "a wrong sign",
        cells={"batch_norm_2d_backward": Edit("- through_variance)", "+ through_variance)")},
        hint="a sign is wrong",
    ),
    Wrong(
        "the unbiased variance, way back",
        cells={"batch_norm_2d_backward": Edit("unbiased=False, ", "")},
        hint="In grad_gamma the unbiased variance",
        warned=True,
    ),
    Wrong(
        "divided by n - 1",
        cells={
            "batch_norm_2d_backward": Edit(
                "(h * normalised).mean(dim=channel, keepdim=True)",
                "(h * normalised).sum(dim=channel, keepdim=True) / (x.numel() / x.shape[1] - 1)",
            )
        },
        hint="comes from the unbiased variance",
    ),
    Wrong(
        "gamma forgotten, way back",
        cells={"batch_norm_2d_backward": Edit("h = gamma.view(column) * grad_y", "h = grad_y")},
        hint="In grad_x gamma is missing",
        warned=True,
    ),
    Wrong(
        "not divided by s",
        cells={
            "batch_norm_2d_backward": Edit(
                "(h - through_mean - through_variance) / s", "(h - through_mean - through_variance)"
            )
        },
        hint="the factor 1/s is missing",
    ),
    Wrong(
        "divided by s twice",
        cells={
            "batch_norm_2d_backward": Edit(
                "(h - through_mean - through_variance) / s", "(h - through_mean - through_variance) / s**2"
            )
        },
        hint="divided by the variance",
    ),
    Wrong(
        "deviations where normalised ones are due",
        cells={
            "batch_norm_2d_backward": Edit(
                "through_variance = normalised * (h * normalised)", "through_variance = (x - mean) * (h * (x - mean))"
            )
        },
        hint="In the last term of grad_x stands x - mean",
    ),
    Wrong(
        "one deviation where a normalised one is due",
        cells={
            "batch_norm_2d_backward": Edit(
                "through_variance = normalised * (h * normalised)", "through_variance = normalised * (h * (x - mean))"
            )
        },
        hint="both are x̂",
    ),
    *(
        Wrong(
            f"sums over {dims}",
            cells={
                "batch_norm_2d_backward": (
                    Edit("mean = x.mean(dim=channel", f"over = {dims}\n    mean = x.mean(dim=over"),
                    Edit("x.var(dim=channel", "x.var(dim=over"),
                    Edit("h.mean(dim=channel", "h.mean(dim=over"),
                    Edit("(h * normalised).mean(dim=channel", "(h * normalised).mean(dim=over"),
                    Edit(
                        "(grad_y * normalised).sum(dim=channel)",
                        "(grad_y * (x - x.mean(channel, keepdim=True)) / (x.var(channel, unbiased=False, keepdim=True) "
                        "+ eps).sqrt()).sum(dim=channel)",
                    ),
                )
            },
            hint=hint,
        )
        for dims, hint in (
            ((0,), "each pixel has sums of its own"),
            ((1, 2, 3), "each image has sums of its own"),
            ((2, 3), "each map of each image has sums of its own"),
            ((0, 1, 2, 3), "all channels share their sums"),
        )
    ),
    Wrong(
        "grad_gamma over the images alone",
        cells={
            "batch_norm_2d_backward": Edit("(grad_y * normalised).sum(dim=channel)", "(grad_y * normalised).sum(0)")
        },
        hint="`grad_gamma` must have shape",
        warned=True,
    ),
    Wrong(
        "grad_gamma a mean",
        cells={"batch_norm_2d_backward": Edit("(grad_y * normalised).sum(", "(grad_y * normalised).mean(")},
        hint="grad_gamma is a sum",
        warned=True,
    ),
    Wrong(
        "grad_gamma of x",
        cells={"batch_norm_2d_backward": Edit("(grad_y * normalised).sum(", "(grad_y * x).sum(")},
        hint="In grad_gamma stands x where",
    ),
    Wrong(
        "grad_gamma of the deviations",
        cells={"batch_norm_2d_backward": Edit("(grad_y * normalised).sum(", "(grad_y * (x - mean)).sum(")},
        hint="In grad_gamma stands x - mean",
    ),
    Wrong(
        "grad_gamma times gamma",
        cells={
            "batch_norm_2d_backward": Edit(
                "grad_gamma = (grad_y * normalised).sum(dim=channel)",
                "grad_gamma = gamma * (grad_y * normalised).sum(dim=channel)",
            )
        },
        hint="grad_gamma must not be multiplied by gamma",
    ),
    Wrong(
        "grad_beta a mean",
        cells={"batch_norm_2d_backward": Edit("grad_beta = grad_y.sum(", "grad_beta = grad_y.mean(")},
        hint="grad_beta is a sum",
        warned=True,
    ),
    Wrong(
        "grad_beta times gamma",
        cells={"batch_norm_2d_backward": Edit("grad_beta = grad_y.sum(", "grad_beta = gamma * grad_y.sum(")},
        hint="grad_beta must not be multiplied by gamma",
    ),
    Wrong(
        "gamma and beta exchanged",
        cells={"batch_norm_2d_backward": Edit("/ s, grad_gamma, grad_beta", "/ s, grad_beta, grad_gamma")},
        hint="have changed places",
        warned=True,
    ),
    Wrong(
        "eps forgotten on the way back",
        cells={
            "batch_norm_2d_backward": Edit(
                "torch.sqrt(x.var(dim=channel, unbiased=False, keepdim=True) + eps)",
                "torch.sqrt(x.var(dim=channel, unbiased=False, keepdim=True))",
            )
        },
        hint="eps is a parameter",
    ),
    Wrong(
        "eps always 1e-5 on the way back",
        cells={"batch_norm_2d_backward": Edit("keepdim=True) + eps)", "keepdim=True) + 1e-5)")},
        hint="eps is a parameter",
        warned=True,
    ),
    Wrong(
        "single precision returned",
        cells={"batch_norm_2d_backward": Edit("/ s, grad_gamma,", "/ s, grad_gamma.float(),")},
        hint="must have dtype torch.float64",
        warned=True,
    ),
    Wrong(
        "the gradient of y to x instead, added to nothing",
        cells={"batch_norm_2d_backward": Edit("return (h -", "return x + (h -")},
        hint="must add up to 0",
    ),
    Right(
        "var_mean and lerp_, pooled before the ReLU, a sum of twice the channels, the least of all",
        cells={
            "batch_norm_2d": """
def batch_norm_2d(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    shape = (1, -1, 1, 1)
    if training:
        var, mean = torch.var_mean(x, dim=(0, 2, 3), correction=0)
        n = x.numel() / x.shape[1]
        with torch.no_grad():
            running_mean.lerp_(mean, momentum)
            running_var.lerp_(var * n / (n - 1), momentum)
    else:
        mean, var = running_mean, running_var
    return (x - mean.view(shape)) * (var.view(shape) + eps).rsqrt() * gamma.view(shape) + beta.view(shape)
""",
            "LeNet5BN": """
class LeNet5BN(nn.Module):
    def __init__(self):
        super().__init__()
        self.block1 = nn.Sequential(nn.Conv2d(1, 16, 5, padding=2), nn.BatchNorm2d(16), nn.MaxPool2d(2), nn.ReLU())
        self.block2 = nn.Sequential(nn.Conv2d(16, 32, 5, padding=2), nn.BatchNorm2d(32), nn.MaxPool2d(2), nn.ReLU())
        self.fc = nn.Linear(7 * 7 * 32, 10)
    def forward(self, x):
        x = self.block2(self.block1(x))
        return self.fc(x.flatten(1))
""",
            "added_parameters": """
added_parameters = sum(2 * c for c in (16, 32))
""",
            "best_run": """
def best_run(runs):
    valid, name, epoch = min((v, name, e) for name, run in runs.items() for e, v in enumerate(run['valid'], 1))
    return name, epoch, valid - runs[name]['train'][epoch - 1]
""",
        },
    ),
    Right(
        "channels last, a LeNet into which layers are put, counted in modules, in numpy",
        cells={
            "batch_norm_2d": """
def batch_norm_2d(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    y = x.permute(0, 2, 3, 1)
    if training:
        flat = y.reshape(-1, y.shape[-1])
        mean = flat.mean(0)
        var = ((flat - mean) ** 2).mean(0)
        running_mean[:] = (1 - momentum) * running_mean + momentum * mean.detach()
        running_var[:] = (1 - momentum) * running_var + momentum * flat.detach().var(0)
    else:
        mean, var = running_mean, running_var
    y = (y - mean) / torch.sqrt(var + eps) * gamma + beta
    return y.permute(0, 3, 1, 2)
""",
            "LeNet5BN": """
class LeNet5(nn.Module):
    def __init__(self):
        super().__init__()
        self.block1 = nn.Sequential(nn.Conv2d(1, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2))
        self.block2 = nn.Sequential(nn.Conv2d(16, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2))
        self.fc = nn.Linear(32 * 7 * 7, 10)

    def forward(self, x):
        return self.fc(self.block2(self.block1(x)).flatten(start_dim=1))


class LeNet5BN(LeNet5):
    def __init__(self):
        super().__init__()
        self.block1.insert(1, nn.BatchNorm2d(16))
        self.block2.insert(1, nn.BatchNorm2d(32))
""",
            "added_parameters": """
added_parameters = sum(p.numel() for mod in LeNet5BN().modules() if isinstance(mod, nn.BatchNorm2d) for p in mod.parameters() if p.requires_grad)
print(added_parameters)
""",
            "best_run": """
import numpy as np
def best_run(runs):
    name = min(runs, key=lambda n: np.min(runs[n]['valid']))
    i = int(np.argmin(runs[name]['valid']))
    return name, i + 1, float(np.subtract(runs[name]['valid'], runs[name]['train'])[i])
""",
        },
    ),
    Right(
        "one channel at a time, the difference, sorted by a dataclass",
        cells={
            "batch_norm_2d": """
def batch_norm_2d(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    outs = []
    for c in range(x.shape[1]):
        xc = x[:, c]
        if training:
            mu, sigma2 = xc.mean(), xc.var(unbiased=False)
            with torch.no_grad():
                running_mean[c] = (1 - momentum) * running_mean[c] + momentum * mu
                running_var[c] = (1 - momentum) * running_var[c] + momentum * xc.var(unbiased=True)
        else:
            mu, sigma2 = running_mean[c], running_var[c]
        outs.append(gamma[c] * (xc - mu) / (sigma2 + eps) ** 0.5 + beta[c])
    return torch.stack(outs, dim=1)
""",
            "LeNet5BN": """
class LeNet5BN(nn.Module):
    def __init__(self):
        super().__init__()
        self.block1 = nn.Sequential(nn.Conv2d(1, 16, 5, padding=2), nn.BatchNorm2d(num_features=16, eps=1e-5, momentum=0.1, affine=True, track_running_stats=True), nn.ReLU(), nn.MaxPool2d(2))
        self.block2 = nn.Sequential(nn.Conv2d(16, 32, 5, padding=2), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2))
        self.fc = nn.Linear(7 * 7 * 32, 10)
    def forward(self, x):
        x = self.block2(self.block1(x))
        return self.fc(x.flatten(1))
""",
            "added_parameters": """
added_parameters = sum(p.numel() for p in LeNet5BN().parameters()) - 28_938
assert added_parameters > 0
""",
            "best_run": """
from dataclasses import dataclass

@dataclass(order=True)
class Point:
    valid: float
    name: str
    epoch: int
    gap: float

def best_run(runs):
    points = [Point(v, n, e, v - t) for n, run in runs.items() for e, (t, v) in enumerate(zip(run['train'], run['valid']), start=1)]
    first = sorted(points)[0]
    return first.name, first.epoch, first.gap
""",
        },
    ),
    Right(
        "by einsum, in pandas",
        cells={
            "batch_norm_2d": """
def batch_norm_2d(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    N, C, H, W = x.shape
    n = N * H * W
    if training:
        mean = torch.einsum('nchw->c', x) / n
        centred = x - mean[None, :, None, None]
        var = torch.einsum('nchw,nchw->c', centred, centred) / n
        with torch.no_grad():
            running_mean += momentum * (mean - running_mean)
            running_var += momentum * (var * n / (n - 1) - running_var)
    else:
        mean, var = running_mean.clone(), running_var.clone()
    scale = gamma / torch.sqrt(var + eps)
    return torch.einsum('nchw,c->nchw', x, scale) + (beta - mean * scale)[None, :, None, None]
""",
            "best_run": """
import pandas as pd
def best_run(runs):
    frame = pd.concat({name: pd.DataFrame(run) for name, run in runs.items()}).astype(float)
    name, i = frame["valid"].idxmin()
    row = frame.loc[(name, i)]
    return name, int(i) + 1, float(row["valid"] - row["train"])
""",
        },
    ),
    Right(
        "into out=, loops from infinity",
        cells={
            "batch_norm_2d": """
def _statistics(x):
    mean = x.mean(dim=(0, 2, 3))
    return mean, x.sub(mean.view(1, -1, 1, 1)).square().mean(dim=(0, 2, 3))

@torch.no_grad()
def _update(running, new, m):
    torch.add(running * (1 - m), new, alpha=m, out=running)

def batch_norm_2d(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    mean, var = _statistics(x) if training else (running_mean, running_var)
    if training:
        _update(running_mean, mean, momentum)
        _update(running_var, x.var((0, 2, 3)), momentum)
    y = x - mean.reshape(1, -1, 1, 1)
    y = y / (var.reshape(1, -1, 1, 1) + eps).sqrt()
    return torch.addcmul(beta.reshape(1, -1, 1, 1), y, gamma.reshape(1, -1, 1, 1))
""",
            "best_run": """
def best_run(runs):
    best, answer = float("inf"), None
    for name in runs:
        for i in range(len(runs[name]["valid"])):
            if runs[name]["valid"][i] < best:
                best = runs[name]["valid"][i]
                answer = [name, i + 1, best - runs[name]["train"][i]]
    return tuple(answer)
""",
        },
    ),
    Wrong(
        "batch_norm_2d: makes gamma positive",
        cells={
            "batch_norm_2d": """
def batch_norm_2d(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        mean = x.mean((0, 2, 3))
        var = x.var((0, 2, 3), unbiased=False)
        with torch.no_grad():
            running_mean.mul_(1 - momentum).add_(momentum * mean)
            running_var.mul_(1 - momentum).add_(momentum * x.var((0, 2, 3)))
    else:
        mean = running_mean
        var = running_var
    mean, var = mean.view(1, -1, 1, 1), var.view(1, -1, 1, 1)
    gamma.data.abs_()
    return gamma.view(1, -1, 1, 1) * (x - mean) / torch.sqrt(var + eps) + beta.view(1, -1, 1, 1)
""",
        },
        hint="gamma or beta was changed",
    ),
    Wrong(
        "batch_norm_2d: clears beta",
        cells={
            "batch_norm_2d": """
def batch_norm_2d(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        mean = x.mean((0, 2, 3))
        var = x.var((0, 2, 3), unbiased=False)
        with torch.no_grad():
            running_mean.mul_(1 - momentum).add_(momentum * mean)
            running_var.mul_(1 - momentum).add_(momentum * x.var((0, 2, 3)))
    else:
        mean = running_mean
        var = running_var
    mean, var = mean.view(1, -1, 1, 1), var.view(1, -1, 1, 1)
    out = gamma.view(1, -1, 1, 1) * (x - mean) / torch.sqrt(var + eps) + beta.view(1, -1, 1, 1)
    beta.data.zero_()
    return out
""",
        },
        hint="gamma or beta was changed",
    ),
    Wrong(
        "LeNet5BN: clears its input",
        cells={
            "LeNet5BN": """
class LeNet5BN(nn.Module):
    def __init__(self):
        super().__init__()
        self.block1 = nn.Sequential(nn.Conv2d(1, 16, 5, padding=2), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2))
        self.block2 = nn.Sequential(nn.Conv2d(16, 32, 5, padding=2), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2))
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
        "LeNet5BN: detaches what fc takes",
        cells={
            "LeNet5BN": """
class LeNet5BN(nn.Module):
    def __init__(self):
        super().__init__()
        self.block1 = nn.Sequential(nn.Conv2d(1, 16, 5, padding=2), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2))
        self.block2 = nn.Sequential(nn.Conv2d(16, 32, 5, padding=2), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2))
        self.fc = nn.Linear(7 * 7 * 32, 10)
    def forward(self, x):
        return self.fc(self.block2(self.block1(x)).detach().flatten(1))
""",
        },
        hint="No gradient reaches",
    ),
    Wrong(
        "best_run: sorts the losses",
        cells={
            "best_run": """
def best_run(runs):
    name = min(runs, key=lambda n: min(runs[n]["valid"]))
    at = runs[name]["valid"].index(min(runs[name]["valid"]))
    gap = runs[name]["valid"][at] - runs[name]["train"][at]
    for run in runs.values():
        run["valid"].sort()
    return name, at + 1, gap
""",
        },
        hint="handed in were changed",
    ),
    Wrong(
        "best_run: empties the runs",
        cells={
            "best_run": """
def best_run(runs):
    best = None
    while runs:
        name, run = runs.popitem()
        v = min(run["valid"]); i = run["valid"].index(v)
        if best is None or v < best[0]:
            best = (v, name, i + 1, v - run["train"][i])
    return best[1:]
""",
        },
        hint="handed in were changed",
    ),
    Wrong(
        "best_run: notes its best in the runs",
        cells={
            "best_run": """
def best_run(runs):
    for run in runs.values():
        run["best"] = min(run["valid"])
    name = min(runs, key=lambda n: runs[n]["best"])
    at = runs[name]["valid"].index(runs[name]["best"])
    return name, at + 1, runs[name]["best"] - runs[name]["train"][at]
""",
        },
        hint="handed in were changed",
    ),
    Wrong(
        "best_run: begins with a loss of 1",
        cells={
            "best_run": """
def best_run(runs):
    best, answer = 1.0, ("", 0, 0.0)
    for name, run in runs.items():
        for i, v in enumerate(run["valid"]):
            if v < best:
                best, answer = v, (name, i + 1, v - run["train"][i])
    return answer
""",
        },
        hint="any size",
    ),
    Wrong(
        "best_run: stops with the shortest run",
        cells={
            "best_run": """
def best_run(runs):
    best = None
    for e, vs in enumerate(zip(*(r['valid'] for r in runs.values())), 1):
        for n, v in zip(runs, vs):
            if best is None or v < best[0]:
                best = (v, n, e)
    v, n, e = best
    return n, e, v - runs[n]['train'][e - 1]
""",
        },
        hint="epochs that all runs have",
    ),
    Wrong(
        "best_run: the least gap of all epochs",
        cells={
            "best_run": """
def best_run(runs):
    v, n, e = min((v - t, n, e) for n, r in runs.items() for e, (t, v) in enumerate(zip(r['train'], r['valid']), 1))
    return n, e, v
""",
        },
        hint="the gap is smallest of all",
        also=("rises for the first time",),
    ),
    Wrong(
        "best_run: the best of all calls",
        cells={
            "best_run": """
best = {"valid": float("inf")}

def best_run(runs):
    for name, run in runs.items():
        for epoch, (train, valid) in enumerate(zip(run["train"], run["valid"]), start=1):
            if valid < best["valid"]:
                best.update(valid=valid, answer=(name, epoch, valid - train))
    return best["answer"]
""",
        },
        hint="of an earlier call",
    ),
    Wrong(
        "best_run: a list of all epochs in a default argument",
        cells={
            "best_run": """
def best_run(runs, points=[]):
    for name, run in runs.items():
        points += [(valid, name, epoch, valid - train) for epoch, (train, valid) in enumerate(zip(run["train"], run["valid"]), 1)]
    return min(points)[1:]
""",
        },
        hint="of an earlier call",
    ),
    Wrong(
        "best_run: the best epoch of each name kept",
        cells={
            "best_run": """
found = {}

def best_run(runs):
    for name, run in runs.items():
        if name not in found:
            epoch = min(range(len(run["valid"])), key=run["valid"].__getitem__)
            found[name] = run["valid"][epoch], epoch + 1, run["valid"][epoch] - run["train"][epoch]
    name = min(runs, key=lambda name: found[name][0])
    return name, *found[name][1:]
""",
        },
        hint="of an earlier call",
    ),
    Right(
        "training: averaged weights, statistics renewed from the training digits",
        cells={
            "train_lenet_bn": """
def train_lenet_bn(train_loader, valid_loader, device):
    from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn, update_bn
    model = LeNet5BN().to(device)
    average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.95))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for _ in range(3):
        model.train()
        for x, y in train_loader:
            optimizer.zero_grad()
            F.cross_entropy(model(x.to(device)), y.to(device)).backward()
            optimizer.step()
            average.update_parameters(model)
    update_bn(train_loader, average, device=device)
    return average.module
""",
        },
    ),
    Right(
        "training: the dataset in larger batches",
        cells={
            "train_lenet_bn": """
def train_lenet_bn(train_loader, valid_loader, device):
    loader = DataLoader(train_loader.dataset, batch_size=min(64, len(train_loader.dataset)), shuffle=True, drop_last=True)
    model = LeNet5BN().to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for _ in range(3):
        model.train()
        for x, y in loader:
            optimizer.zero_grad()
            F.cross_entropy(model(x.to(device)), y.to(device)).backward()
            optimizer.step()
    return model
""",
        },
    ),
    Wrong(
        "training: a last epoch on validation",
        cells={
            "train_lenet_bn": """
def train_lenet_bn(train_loader, valid_loader, device):
    model = LeNet5BN().to(device)
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
        model.eval()
        with torch.no_grad():
            accuracy = sum((model(x.to(device)).argmax(1).cpu() == y).sum().item() for x, y in valid_loader) / len(valid_loader.dataset)
        print(f"{accuracy:.2%}")
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
    Harmless("batch_norm_2d", "n = x.numel() // x.shape[1]", new="/ x.shape", reason="the same number, as a float"),
    Harmless("train_lenet_bn", "for epoch in range(1, 4):", reason="two or four epochs are as good as three"),
    Harmless("train_lenet_bn", "correct, seen = 0, 0", reason="the validation accuracy is for the reader only"),
    Harmless("train_lenet_bn", "answers = model(", reason="the validation accuracy is for the reader only"),
    Harmless("train_lenet_bn", "correct += ", reason="the validation accuracy is for the reader only"),
    Harmless("train_lenet_bn", "seen += ", reason="the validation accuracy is for the reader only"),
    Harmless("train_lenet_bn", "print(f", reason="what is printed is for the reader only"),
]
