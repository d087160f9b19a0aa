"""Known answers to faster_rcnn: right ones that must pass, and wrong ones that must lose points."""

from autograder.validate.answers import Edit, Harmless, Right, Wrong

ANSWERS = [
    Right(
        "with torchvision's own kinds of tensors",
        cells={
            "DetectionDataset": """
from torchvision import tv_tensors
from torchvision.transforms import v2

class DetectionDataset(Dataset):
    def __init__(self, scenes, transform=None):
        self.scenes = scenes
        self.transform = transform or v2.ToDtype(torch.float32, scale=True)

    def __len__(self):
        return len(self.scenes)

    def __getitem__(self, index):
        scene = self.scenes[index]
        size = scene.image.shape[-2:]
        boxes = tv_tensors.BoundingBoxes(scene.boxes, format="XYWH", canvas_size=size)
        boxes = v2.functional.convert_bounding_box_format(boxes, new_format="XYXY")
        area = (scene.boxes[:, 2] * scene.boxes[:, 3]).float()
        return self.transform(tv_tensors.Image(scene.image)), {
            "boxes": boxes.float(), "labels": scene.digits + 1, "image_id": index, "area": area,
            "iscrowd": torch.zeros_like(scene.digits),
        }
""",
        },
    ),
    # Right, each in its own style
    Right(
        "with loops",
        cells={
            "box_iou": """
def box_iou(boxes1, boxes2):
    result = torch.zeros(len(boxes1), len(boxes2))
    for i, (ax1, ay1, ax2, ay2) in enumerate(boxes1.tolist()):
        for j, (bx1, by1, bx2, by2) in enumerate(boxes2.tolist()):
            width = min(ax2, bx2) - max(ax1, bx1)
            height = min(ay2, by2) - max(ay1, by1)
            if width > 0 and height > 0:
                both = width * height
                result[i, j] = both / ((ax2 - ax1) * (ay2 - ay1) + (bx2 - bx1) * (by2 - by1) - both)
    return result
""",
            "DetectionDataset": """
class DetectionDataset(Dataset):
    def __init__(self, scenes):
        self.samples = [(s.image, s.boxes, s.digits) for s in scenes]

    def __len__(self):
        return len(self.samples)

    def __getitem__(self, index):
        image, boxes, digits = self.samples[index]
        corners = boxes.clone().to(torch.float32)
        corners[:, 2:] += corners[:, :2]
        area = (corners[:, 2] - corners[:, 0]) * (corners[:, 3] - corners[:, 1])
        crowd = torch.zeros_like(digits)
        return image.div(255.0), dict(boxes=corners, labels=digits.add(1), image_id=index, area=area, iscrowd=crowd)
""",
            "collate": """
def collate(batch):
    images, targets = [], []
    for image, target in batch:
        images.append(image)
        targets.append(target)
    return images, targets
""",
            "build_detector": """
def build_detector(num_classes, pretrained=True):
    model = base_detector(pretrained=pretrained)
    old = model.roi_heads.box_predictor.cls_score
    model.roi_heads.box_predictor = FastRCNNPredictor(old.weight.shape[1], num_classes)
    return model
""",
            "finetune": """
def finetune(model, loader, device):
    model = model.to(device)
    model.train()
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.01, momentum=0.9)
    means = []
    for epoch in range(6):
        losses = []
        for images, targets in loader:
            on_device = []
            for target in targets:
                on_device.append({k: v.to(device) if isinstance(v, Tensor) else v for k, v in target.items()})
            parts = model([image.to(device) for image in images], on_device)
            loss = parts["loss_classifier"] + sum(v for k, v in parts.items() if k != "loss_classifier")
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(float(loss))
        means.append(sum(losses) / len(losses))
    return means
""",
            "predict": """
@torch.no_grad()
def predict(model, image, score_threshold=0.5):
    model.eval()
    device = next(iter(model.parameters())).device
    result = model(image[None].to(device))[0]
    keep = torch.nonzero(result["scores"] >= score_threshold).flatten()
    return {"boxes": result["boxes"][keep].cpu(), "labels": result["labels"][keep].cpu(), "scores": result["scores"][keep].cpu()}
""",
        },
    ),
    Right(
        "with torchvision's own functions",
        cells={
            "box_iou": """
def box_iou(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    import torchvision

    proper1 = ((boxes1[:, 2:] - boxes1[:, :2]) > 0).all(dim=1)
    proper2 = ((boxes2[:, 2:] - boxes2[:, :2]) > 0).all(dim=1)
    iou = torchvision.ops.box_iou(boxes1, boxes2)
    return torch.nan_to_num(iou) * (proper1[:, None] & proper2)
""",
            "DetectionDataset": """
class DetectionDataset(Dataset):
    def __init__(self, scenes: list[Scene]) -> None:
        from torchvision.ops import box_convert

        self.images = [s.image.float() / 255 for s in scenes]
        self.targets = []
        for n, s in enumerate(scenes):
            boxes = box_convert(s.boxes.float(), "xywh", "xyxy")
            self.targets.append(
                {
                    "boxes": boxes,
                    "labels": (s.digits + 1).long(),
                    "image_id": torch.tensor([n]),
                    "area": (s.boxes[:, 2] * s.boxes[:, 3]).float(),
                    "iscrowd": torch.zeros(len(boxes)).long(),
                }
            )

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Tensor, dict[str, Tensor]]:
        return self.images[index], self.targets[index]
""",
            "collate": """
def collate(batch):
    return tuple(map(list, zip(*batch)))
""",
            "build_detector": """
def build_detector(num_classes: int, pretrained: bool = True) -> FasterRCNN:
    detector = base_detector(pretrained)
    heads = detector.roi_heads
    heads.box_predictor = FastRCNNPredictor(in_channels=heads.box_head.fc7.out_features, num_classes=num_classes)
    return detector
""",
            "finetune": """
def finetune(model: FasterRCNN, loader: DataLoader, device: torch.device) -> list[float]:
    model.to(device)
    model.train()
    epochs = 6
    head = [p for n, p in model.named_parameters() if "box_predictor" in n]
    rest = [p for n, p in model.named_parameters() if "box_predictor" not in n]
    optimizer = torch.optim.Adam([{"params": head, "lr": 2e-3}, {"params": rest, "lr": 1e-3}])
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs * len(loader))
    history = []
    for _ in range(epochs):
        total, count = 0.0, 0
        for images, targets in loader:
            losses = model([i.to(device) for i in images], [{k: v.to(device) for k, v in t.items()} for t in targets])
            loss = sum(losses.values(), start=torch.zeros((), device=device))
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimizer.step()
            schedule.step()
            total, count = total + loss.detach().item(), count + 1
        history.append(total / count)
    return history
""",
            "predict": """
def predict(model: FasterRCNN, image: Tensor, score_threshold: float = 0.5) -> dict[str, Tensor]:
    was_training = model.training
    model.train(False)
    with torch.inference_mode():
        (result,) = model([image.to(next(model.parameters()).device)])
    model.train(was_training)
    mask = ~(result["scores"] < score_threshold)
    return {key: value[mask].detach().to("cpu").clone() for key, value in result.items()}
""",
        },
    ),
    Right(
        "by broadcasting, in few lines",
        cells={
            "box_iou": """
def box_iou(boxes1, boxes2):
    a, b = boxes1.unsqueeze(1), boxes2.unsqueeze(0)
    w = (torch.min(a[..., 2], b[..., 2]) - torch.max(a[..., 0], b[..., 0])).clamp(0)
    h = (torch.min(a[..., 3], b[..., 3]) - torch.max(a[..., 1], b[..., 1])).clamp(0)
    area = lambda x: torch.relu(x[..., 2] - x[..., 0]) * torch.relu(x[..., 3] - x[..., 1])
    inter = w * h
    return inter / (area(a) + area(b) - inter).clamp(min=1e-9)
""",
            "DetectionDataset": Edit(
                "left, top, width, height = scene.boxes.float().unbind(dim=1)",
                "left, top, width, height = (scene.boxes[:, n].to(torch.float32) for n in range(4))",
            ),
            "collate": "collate = lambda batch: ([x for x, _ in batch], [t for _, t in batch])",
            "finetune": (
                Edit(
                    "torch.optim.AdamW(model.parameters(), lr=0.001)", "torch.optim.Adam(model.parameters(), lr=0.0008)"
                ),
                Edit("for _ in range(6):", "for _ in range(8):"),
                Edit(
                    "loss = sum(model(images, targets).values())",
                    "loss = 0\n            for part in model(images, targets).values():\n                loss = loss + part",
                ),
            ),
            "predict": Edit("with torch.no_grad():", "with torch.inference_mode():"),
        },
    ),
    Right(  # the task leaves the choice: the body that was pretrained is good enough for the thresholds
        "the predictor alone",
        cells={
            "finetune": Edit(
                "torch.optim.AdamW(model.parameters(), lr=0.001)",
                "torch.optim.AdamW(model.roi_heads.box_predictor.parameters(), lr=0.001)",
            )
        },
    ),
    Right(  # the text invites it
        "the body frozen, the network asked for its parts",
        cells={
            "finetune": """
def move(targets, device):
    return [{key: value.to(device) for key, value in target.items()} for target in targets]


def finetune(model, loader, device):
    model.to(device)
    for weight in model.backbone.body.parameters():
        weight.requires_grad_(False)
    assert model.roi_heads.box_predictor.cls_score.in_features == 128 and isinstance(model, FasterRCNN)
    groups = [
        {"params": model.backbone.fpn.parameters(), "lr": 5e-4},
        {"params": model.rpn.parameters(), "lr": 5e-4},
        {"params": model.roi_heads.parameters()},
    ]
    optimizer = torch.optim.AdamW(groups, lr=1.5e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=[1e-3, 1e-3, 3e-3], total_steps=8 * len(loader))
    losses = torch.zeros(8)
    for epoch in range(8):
        model.train()
        for images, targets in loader:
            optimizer.zero_grad()
            found = model([image.to(device) for image in images], targets=move(targets, device))
            loss = torch.stack(list(found.values())).sum()
            loss.backward()
            torch.nn.utils.clip_grad_value_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            losses[epoch] += loss.detach().cpu() / len(loader)
    model.eval()
    return losses.tolist()
"""
        },
    ),
    Right(
        "other kinds of values, helpers in the cell",
        cells={
            "box_iou": """
def area(boxes):
    return torch.prod(torch.clamp_min(boxes[:, 2:] - boxes[:, :2], 0), 1)


def box_iou(boxes1, boxes2):
    both = []
    for box in boxes1:
        sides = torch.min(box[2:], boxes2[:, 2:]) - torch.max(box[:2], boxes2[:, :2])
        both.append(torch.nn.functional.relu(sides).prod(1))
    inter = torch.stack(both) if both else torch.zeros(0, len(boxes2))
    return (inter / (area(boxes1)[:, None] + area(boxes2) - inter + 1e-6)).double()
""",
            "DetectionDataset": """
from collections import OrderedDict, namedtuple

Sample = namedtuple("Sample", "image target")


class DetectionDataset(torch.utils.data.Dataset):
    def __init__(self, scenes):
        super().__init__()
        self._scenes = tuple(scenes)

    def __len__(self):
        return len(self._scenes)

    def __getitem__(self, index):
        scene = self._scenes[index]
        boxes = []
        for mask in scene.masks:
            rows, columns = mask.nonzero(as_tuple=True)
            boxes.append([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
        target = OrderedDict()
        target["boxes"] = torch.as_tensor(boxes, dtype=torch.float32)
        target["labels"] = torch.as_tensor([int(digit) + 1 for digit in scene.digits], dtype=torch.int64)
        target["image_id"] = torch.tensor([index], dtype=torch.int32)
        target["area"] = scene.boxes[:, 2] * scene.boxes[:, 3]
        target["iscrowd"] = torch.zeros(len(boxes), dtype=torch.uint8)
        return Sample(scene.image.to(torch.float32).div_(255), target)
""",
            "collate": """
from collections import namedtuple

Batch = namedtuple("Batch", ["images", "targets"])


def collate(batch):
    return Batch(tuple(sample[0] for sample in batch), tuple(sample[1] for sample in batch))
""",
            "build_detector": """
def build_detector(num_classes, pretrained=True):
    model = detectors.faster_rcnn(WEIGHTS, pretrained=pretrained)
    for weight in model.backbone.parameters():
        weight.requires_grad = False
    width = model.roi_heads.box_head.fc7.out_features
    model.roi_heads.box_predictor = FastRCNNPredictor(width, num_classes)
    return model.to(device)
""",
            "predict": """
from collections import defaultdict


@torch.inference_mode()
def predict(model, image, score_threshold=0.5):
    model.eval()
    [result] = model(image.unsqueeze(0).to(next(model.parameters()).device))
    kept = defaultdict(list)
    for box, label, score in zip(result["boxes"], result["labels"], result["scores"]):
        if score.item() >= score_threshold:
            kept["boxes"].append(box)
            kept["labels"].append(label)
            kept["scores"].append(score)
    if not kept["scores"]:
        return {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.int64), "scores": torch.zeros(0)}
    return {name: torch.stack(values).cpu() for name, values in kept.items()}
""",
        },
    ),
    Right(  # the guide of torchvision does so, with gradients gathered over two batches
        "a step for each two batches",
        cells={
            "finetune": """
def finetune(model, loader, device):
    model.train().to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.001)
    history = []
    for epoch in range(10):
        epoch_losses = []
        optimizer.zero_grad()
        for step, (images, targets) in enumerate(loader, start=1):
            images = list(image.to(device) for image in images)
            targets = [{k: v.to(device) for k, v in t.items()} for t in targets]
            loss = sum(loss for loss in model(images, targets).values())
            loss.backward()
            if step % 2 == 0 or step == len(loader):
                optimizer.step()
                optimizer.zero_grad()
            epoch_losses.append(loss.item())
        history.append(sum(epoch_losses) / len(epoch_losses))
    return tuple(history)
"""
        },
    ),
    # box_iou
    Wrong(
        "iou: negative sides multiplied",
        cells={
            "box_iou": Edit(
                "(bottom_right - top_left).clamp(min=0).prod(dim=2)", "(bottom_right - top_left).prod(dim=2)"
            )
        },
        hint="clamp",
        warned=True,
    ),
    Wrong("iou: union without subtracting", cells={"box_iou": Edit(" - intersection\n", "\n")}, hint="counted twice"),
    Wrong(
        "iou: nan for boxes without an area",
        cells={
            "box_iou": Edit(
                "torch.where(union > 0, intersection / union, torch.zeros_like(union))", "intersection / union"
            )
        },
        hint="nan",
        warned=True,
    ),
    Wrong(
        "iou: one more pixel",
        cells={
            "box_iou": (
                Edit("(bottom_right - top_left)", "(bottom_right - top_left + 1)"),
                Edit("(boxes1[:, 2:] - boxes1[:, :2])", "(boxes1[:, 2:] - boxes1[:, :2] + 1)"),
                Edit("(boxes2[:, 2:] - boxes2[:, :2])", "(boxes2[:, 2:] - boxes2[:, :2] + 1)"),
            )
        },
        hint="add 1",
    ),
    Wrong(
        "iou: the intersection's area",
        cells={
            "box_iou": Edit(
                "return torch.where(union > 0, intersection / union, torch.zeros_like(union))", "return intersection"
            )
        },
        hint="divide by that of the union",
    ),
    Wrong(
        "iou: over the smaller box",
        cells={
            "box_iou": Edit(
                "union = area1[:, None] + area2[None, :] - intersection",
                "union = torch.minimum(area1[:, None], area2[None, :])",
            )
        },
        hint="smaller box",
    ),
    Wrong(
        "iou: pairs of equal rank only",
        cells={
            "box_iou": """
def box_iou(boxes1, boxes2):
    n = min(len(boxes1), len(boxes2))
    a, b = boxes1[:n], boxes2[:n]
    inter = (torch.minimum(a[:, 2:], b[:, 2:]) - torch.maximum(a[:, :2], b[:, :2])).clamp(min=0).prod(dim=1)
    areas = (a[:, 2:] - a[:, :2]).prod(dim=1) + (b[:, 2:] - b[:, :2]).prod(dim=1)
    return inter / (areas - inter)
"""
        },
        hint="must have shape",
        also=("nan",),
    ),
    Wrong("iou: torchvision's as it is", cells={"box_iou": "from torchvision.ops import box_iou"}, hint="nan"),
    Wrong(
        "iou: areas of upside-down boxes not clamped",
        cells={
            "box_iou": (
                Edit(
                    "(boxes1[:, 2:] - boxes1[:, :2]).clamp(min=0).prod(dim=1)",
                    "(boxes1[:, 2:] - boxes1[:, :2]).prod(dim=1)",
                ),
                Edit(
                    "intersection = (bottom_right - top_left).clamp(min=0).prod(dim=2)",
                    "intersection = (bottom_right - top_left).abs().prod(dim=2)",
                ),
            )
        },
        hint="clamp",
    ),
    Wrong(
        "iou: boxes below one pixel ignored",
        cells={"box_iou": Edit("torch.where(union > 0,", "torch.where(union > 1,")},
        hint="must not depend on the unit",
    ),
    Wrong(
        "iou: the boxes changed in place",
        cells={
            "box_iou": (
                Edit(
                    "    area1 = (boxes1[:, 2:] - boxes1[:, :2]).clamp(min=0).prod(dim=1)\n",
                    "    boxes1[:, 2:] -= boxes1[:, :2]\n    area1 = boxes1[:, 2:].clamp(min=0).prod(dim=1)\n",
                )
            )
        },
        hint="are changed",
    ),
    Wrong(
        "iou: over the area of the first box",
        cells={
            "box_iou": Edit("area1[:, None] + area2[None, :] - intersection", "area1[:, None].expand_as(intersection)")
        },
        hint="`boxes1` alone",
    ),
    Wrong(
        "iou: the other way round",
        cells={
            "box_iou": Edit(
                "torch.where(union > 0, intersection / union, torch.zeros_like(union))",
                "torch.where((area1[:, None] > 0) & (area2 > 0), union / intersection, torch.zeros_like(union))",
            )
        },
        hint="must be finite",
    ),
    Wrong(
        "iou: columns and rows exchanged",
        cells={"box_iou": Edit("torch.zeros_like(union))", "torch.zeros_like(union)).T")},
        hint="must have shape",
    ),
    Wrong(
        "iou: in percent",
        cells={"box_iou": Edit("intersection / union,", "100 * intersection / union,")},
        hint="in percent",
    ),
    Wrong(
        "iou: other columns of the second set",
        cells={"box_iou": Edit("boxes2[None, :, 2:]", "boxes2[None, :, 1:3]")},
    ),
    # DetectionDataset
    Wrong(
        "dataset: boxes left as width and height",
        cells={"DetectionDataset": Edit("[left, top, left + width, top + height]", "[left, top, width, height]")},
        hint="left + width",
        warned=True,
    ),
    Wrong(
        "dataset: labels from 0",
        cells={"DetectionDataset": Edit("scene.digits + 1", "scene.digits")},
        hint="background",
        warned=True,
    ),
    Wrong(
        "dataset: pixels from 0 to 255",
        cells={"DetectionDataset": Edit("scene.image.float() / 255", "scene.image.float()")},
        hint="255",
        warned=True,
    ),
    Wrong(
        "dataset: boxes one pixel short",
        cells={"DetectionDataset": Edit("left + width, top + height", "left + width - 1, top + height - 1")},
        hint="one too small",
    ),
    Wrong(
        "dataset: x and y swapped",
        cells={
            "DetectionDataset": Edit(
                "[left, top, left + width, top + height]", "[top, left, top + height, left + width]"
            )
        },
        hint="x and y are swapped",
    ),
    Wrong(
        "dataset: no area", cells={"DetectionDataset": Edit('            "area": width * height,\n', "")}, hint="area"
    ),
    Wrong(
        "dataset: area of another kind",
        cells={"DetectionDataset": Edit("width * height,", "width + height,")},
        hint="width times height",
    ),
    Wrong(
        "dataset: everything is a crowd",
        cells={
            "DetectionDataset": Edit(
                "torch.zeros(len(scene.digits), dtype=torch.int64)", "torch.ones(len(scene.digits), dtype=torch.int64)"
            )
        },
        hint="iscrowd",
    ),
    Wrong(
        "dataset: one id for all",
        cells={"DetectionDataset": Edit("torch.tensor(index)", "torch.tensor(0)")},
        hint="`image_id` is the index",
    ),
    Wrong(
        "dataset: boxes are whole numbers",
        cells={"DetectionDataset": Edit("scene.boxes.float().unbind(dim=1)", "scene.boxes.unbind(dim=1)")},
        hint="float32",
    ),
    Wrong(
        "dataset: the scene's boxes changed in place",
        cells={
            "DetectionDataset": (
                Edit(
                    "        left, top, width, height = scene.boxes.float().unbind(dim=1)\n",
                    "        scene.boxes[:, 2:] += scene.boxes[:, :2]\n        left, top, right, bottom = scene.boxes.float().unbind(dim=1)\n        width, height = right - left, bottom - top\n",
                ),
                Edit("left + width, top + height]", "right, bottom]"),
            )
        },
        hint="changed",
    ),
    Wrong(
        "dataset: always the first scene",
        cells={"DetectionDataset": Edit("self.scenes[index]", "self.scenes[0]")},
        hint="another scene",
    ),
    Wrong(
        "dataset: the scene before",
        cells={"DetectionDataset": Edit("self.scenes[index]", "self.scenes[index - 1]")},
        hint="another scene",
    ),
    Wrong(
        "dataset: divided by the largest pixel",
        cells={"DetectionDataset": Edit("scene.image.float() / 255", "scene.image / scene.image.max()")},
        hint="largest value",
    ),
    Wrong(
        "dataset: image moved to [-1, 1]",
        cells={"DetectionDataset": Edit("scene.image.float() / 255", "scene.image.float() / 127.5 - 1")},
        hint="[-1, 1]",
    ),
    Wrong(
        "dataset: rows and columns swapped",
        cells={"DetectionDataset": Edit("scene.image.float() / 255", "scene.image.float().transpose(1, 2) / 255")},
        hint="must have shape",
        also=("swapped",),
    ),
    Wrong(
        "dataset: channels last",
        cells={"DetectionDataset": Edit("scene.image.float() / 255", "scene.image.permute(1, 2, 0) / 255")},
        hint="must have shape",
        also=("Channels come first",),
    ),
    Wrong(
        "dataset: zero keeps its label",
        cells={"DetectionDataset": Edit("scene.digits + 1", "torch.where(scene.digits == 0, 10, scene.digits)")},
        hint="label d + 1",
    ),
    Wrong(
        "dataset: squeezed",
        cells={
            "DetectionDataset": Edit(
                "[left, top, left + width, top + height], dim=1)",
                "[left, top, left + width, top + height], dim=1).squeeze()",
            )
        },
        hint="must have shape",
    ),
    Wrong(
        "dataset: changed where it is made",
        cells={
            "DetectionDataset": (
                Edit(
                    "        self.scenes = scenes\n",
                    "        self.scenes = scenes\n        for scene in scenes:\n            scene.digits.add_(1)\n",
                ),
                Edit("scene.digits + 1", "scene.digits"),
            )
        },
        hint="was changed",
    ),
    Wrong(
        "dataset: numbered from 1",
        cells={"DetectionDataset": Edit("torch.tensor(index)", "torch.tensor(index + 1)")},
        hint="`image_id` is the index",
    ),
    Wrong(
        "dataset: the number of digits for a length",
        cells={"DetectionDataset": Edit("return len(self.scenes)", "return sum(len(s.digits) for s in self.scenes)")},
        hint="number of scenes",
    ),
    Wrong(
        "dataset: target first",
        cells={
            "DetectionDataset": Edit(
                "return scene.image.float() / 255, target", "return target, scene.image.float() / 255"
            )
        },
        hint="The image comes first",
    ),
    Wrong(
        "dataset: x1, x2, y1, y2",
        cells={
            "DetectionDataset": Edit(
                "[left, top, left + width, top + height]", "[left, left + width, top, top + height]"
            )
        },
        hint="not (x1, x2, y1, y2)",
    ),
    # collate
    Wrong(
        "collate: images stacked",
        cells={
            "collate": "def collate(batch):\n    images, targets = zip(*batch)\n    return torch.stack(images), list(targets)\n"
        },
        hint="stacked",
        warned=True,
    ),
    Wrong(
        "collate: images stacked when they can be",
        cells={
            "collate": "def collate(batch):\n    images, targets = zip(*batch)\n    same = len({image.shape for image in images}) == 1\n    return (torch.stack(images) if same else list(images)), list(targets)\n"
        },
        hint="stacked",
    ),
    Wrong(
        "collate: the batch as it is",
        cells={"collate": "def collate(batch):\n    return batch\n"},
        hint="as it came",
    ),
    Wrong(
        "collate: an iterator",
        cells={"collate": "def collate(batch):\n    return zip(*batch)\n"},
        hint="list of images and a list of targets",
    ),
    Wrong(
        "collate: the last sample left out",
        cells={"collate": Edit("zip(*batch)", "zip(*batch[:-1])")},
        hint="left out",
    ),
    Wrong(
        "collate: sorted by size",
        cells={"collate": Edit("zip(*batch)", "zip(*sorted(batch, key=lambda sample: sample[0].shape[1]))")},
    ),
    Wrong(
        "collate: targets first",
        cells={"collate": Edit("return list(images), list(targets)", "return list(targets), list(images)")},
        hint="Images come first",
    ),
    # build_detector
    Wrong(
        "build: background counted twice",
        cells={
            "build_detector": Edit(
                "FastRCNNPredictor(in_features, num_classes)", "FastRCNNPredictor(in_features, num_classes + 1)"
            )
        },
        hint="includes it",
        warned=True,
    ),
    Wrong(
        "build: predictor not replaced",
        cells={
            "build_detector": "def build_detector(num_classes, pretrained=True):\n    return base_detector(pretrained)\n"
        },
        hint="replace",
        warned=True,
    ),
    Wrong(
        "build: always eleven classes",
        cells={
            "build_detector": Edit("FastRCNNPredictor(in_features, num_classes)", "FastRCNNPredictor(in_features, 11)")
        },
        hint="`num_classes` scores",
    ),
    Wrong(
        "build: the notebook's one base for all",
        cells={"build_detector": Edit("model = base_detector(pretrained)", "model = base")},
        hint="second call",
        also=("pretrained=False",),
    ),
    Wrong(
        "build: torchvision's 1024 numbers",
        cells={
            "build_detector": Edit(
                "FastRCNNPredictor(in_features, num_classes)", "FastRCNNPredictor(1024, num_classes)"
            )
        },
        hint="go into",
    ),
    Wrong(
        "build: the network and its width",
        cells={"build_detector": Edit("return model", "return model, in_features")},
        hint="nothing else",
    ),
    Wrong(
        "build: the box head replaced as well",
        cells={
            "build_detector": Edit(
                "    return model",
                "    from torchvision.models.detection.faster_rcnn import TwoMLPHead\n\n    model.roi_heads.box_head = TwoMLPHead(64 * 7 * 7, 128)\n    return model",
            )
        },
        hint="nothing else",
    ),
    Wrong(
        "build: never pretrained",
        cells={"build_detector": Edit("base_detector(pretrained)", "base_detector(False)")},
        hint="hand `pretrained` on",
    ),
    Wrong(
        "build: always pretrained",
        cells={"build_detector": Edit("base_detector(pretrained)", "base_detector()")},
        hint="pretrained=False",
    ),
    Wrong(
        "build: scores only",
        cells={
            "build_detector": Edit(
                "model.roi_heads.box_predictor = FastRCNNPredictor(in_features, num_classes)",
                "model.roi_heads.box_predictor.cls_score = torch.nn.Linear(in_features, num_classes)",
            )
        },
        hint="each class",
    ),
    Wrong(
        "build: nothing returned",
        cells={"build_detector": Edit("    return model", "    model.train()")},
        hint="returns nothing",
    ),
    # finetune
    Wrong(
        "finetune: no step",
        cells={"finetune": Edit("            optimizer.step()\n", "")},
        hint="must follow backward",
        also=("worth half", "Does the loss fall"),
        warned=True,
    ),
    Wrong(
        "finetune: no backward",
        cells={"finetune": Edit("            loss.backward()\n", "")},
        hint="call loss.backward()",
        also=("worth half", "Does the loss fall"),
    ),
    Wrong(
        "finetune: gradients add up",
        cells={"finetune": Edit("            optimizer.zero_grad()\n", "")},
        hint="Gradients add up",
        also=("worth half", "Does the loss fall"),
        warned=True,
    ),
    Wrong(
        "finetune: gradients cleared once in an epoch",
        cells={
            "finetune": (
                Edit("            optimizer.zero_grad()\n", ""),
                Edit("        total = 0.0\n", "        total = 0.0\n        optimizer.zero_grad()\n"),
            )
        },
        hint="Gradients add up",
        also=("worth half", "Does the loss fall"),
    ),
    Wrong(
        "finetune: gradients cleared before the step",
        cells={
            "finetune": (
                Edit("            optimizer.zero_grad()\n", ""),
                Edit(
                    "            optimizer.step()\n",
                    "            optimizer.zero_grad()\n            optimizer.step()\n",
                ),
            )
        },
        hint="before gradients are cleared",
        also=("worth half", "Does the loss fall"),
    ),
    Wrong(
        "finetune: return inside the epoch",
        cells={
            "finetune": Edit(
                "            total += loss.item()\n", "            total += loss.item()\n            return [total]\n"
            )
        },
        hint="Not every batch",
        also=("worth half", "Does the loss fall"),
        warned=True,
    ),
    Wrong(
        "finetune: a loss for each batch",
        cells={
            "finetune": (
                Edit("            total += loss.item()\n", "            history.append(loss.item())\n"),
                Edit("        history.append(total / len(loader))\n", ""),
            )
        },
        hint="a number for each batch",
    ),
    Wrong(
        "finetune: the sum goes on",
        cells={
            "finetune": (
                Edit("    history = []\n", "    history = []\n    total = 0.0\n"),
                Edit("        total = 0.0\n", ""),
            )
        },
        hint="begin at 0 in each",
    ),
    Wrong(
        "finetune: the losses averaged",
        cells={"finetune": Edit("sum(model(images, targets).values())", "sum(model(images, targets).values()) / 4")},
        hint="add them up",
    ),
    Wrong(
        "finetune: divided by the number of images",
        cells={"finetune": Edit("total / len(loader)", "total / len(loader.dataset)")},
        hint="number of images",
    ),
    Wrong(
        "finetune: one history for all calls",
        cells={
            "finetune": (
                Edit(
                    "def finetune(model: FasterRCNN, loader: DataLoader, device: torch.device)",
                    "history = []\n\n\ndef finetune(model: FasterRCNN, loader: DataLoader, device: torch.device)",
                ),
                Edit("    history = []\n", ""),
            )
        },
        hint="an earlier call",
    ),
    Wrong(
        "finetune: the last batch left out",
        cells={"finetune": Edit("for images, targets in loader:", "for images, targets in list(loader)[:-1]:")},
        hint="Not every batch",
    ),
    Wrong(
        "finetune: nothing returned",
        cells={"finetune": Edit("    return history", "    print(history)")},
        hint="must be a list",
    ),
    Wrong(
        "finetune: losses that are tensors",
        cells={"finetune": Edit("total += loss.item()", "total += loss.detach()")},
        hint=".item()",
    ),
    Wrong(
        "finetune: mode left as it was",
        cells={"finetune": Edit("model.to(device).train()", "model.to(device)")},
        hint="model.train()",
        warned=True,
    ),
    Wrong(
        "finetune: the sum of the losses",
        cells={"finetune": Edit("history.append(total / len(loader))", "history.append(total)")},
        hint="divide by their number",
    ),
    Wrong(
        "finetune: the last batch's loss",
        cells={"finetune": Edit("history.append(total / len(loader))", "history.append(loss.item())")},
        hint="last batch",
    ),
    Wrong(
        "finetune: the classifier's loss only",
        cells={"finetune": Edit("sum(model(images, targets).values())", 'model(images, targets)["loss_classifier"]')},
        hint="add up all",
        also=("Does the loss fall", "worth half"),
    ),
    Wrong(
        "finetune: the notebook's own scenes",
        cells={
            "finetune": (
                Edit(
                    "    history = []\n",
                    "    loader = DataLoader(DetectionDataset(train_scenes), batch_size=4, shuffle=True, collate_fn=collate)\n    history = []\n",
                ),
            )
        },
        hint="use the argument `loader`",
        also=("of the argument `loader`",),
    ),
    Wrong("finetune: one epoch", cells={"finetune": Edit("range(6)", "range(1)")}, hint="average precision of"),
    Wrong(
        "finetune: a rate far too high",
        cells={"finetune": Edit("lr=0.001", "lr=0.5")},
        also=("average precision of", "must be finite"),
    ),
    Wrong(
        "finetune: another model is trained",
        cells={
            "finetune": Edit(
                "    model.to(device).train()", "    model = build_detector(11).to(device)\n    model.train()"
            )
        },
        hint="never called",
        also=("worth half", "Does the loss fall"),
    ),
    # predict
    Wrong(
        "predict: everything",
        cells={"predict": Edit('found["scores"] >= score_threshold', 'found["scores"] >= 0.0')},
        hint="leave out those below",
    ),
    Wrong(
        "predict: above, not at least",
        cells={"predict": Edit('found["scores"] >= score_threshold', 'found["scores"] > score_threshold')},
        hint="use >=",
        warned=True,
    ),
    Wrong(
        "predict: always one half",
        cells={"predict": Edit('found["scores"] >= score_threshold', 'found["scores"] >= 0.5')},
        hint="0.5 is the threshold whatever",
    ),
    Wrong(
        "predict: labels not filtered",
        cells={
            "predict": """
def predict(model, image, score_threshold=0.5):
    model.eval()
    with torch.no_grad():
        found = model([image.to(next(model.parameters()).device)])[0]
    sure = found["scores"] >= score_threshold
    return {"boxes": found["boxes"][sure].cpu(), "labels": found["labels"].cpu(), "scores": found["scores"][sure].cpu()}
"""
        },
        hint="same rows",
    ),
    Wrong(
        "predict: training mode",
        cells={"predict": Edit("    model.eval()\n", "")},
        hint="call model.eval() first",
        warned=True,
    ),
    Wrong(
        "predict: gradients left off",
        cells={
            "predict": Edit("    with torch.no_grad():\n        found", "    torch.set_grad_enabled(False)\n    found")
        },
        hint="stay switched off",
    ),
    Wrong(
        "predict: weights left without gradients",
        cells={"predict": Edit("    model.eval()\n", "    model.eval().requires_grad_(False)\n")},
        hint="cannot be trained",
    ),
    Wrong(
        "predict: the image scaled once more",
        cells={"predict": Edit("[image.to(model_device)]", "[image.to(model_device) / 255]")},
        hint="something else than `image`",
    ),
    Wrong(
        "predict: the image stretched",
        cells={"predict": Edit("[image.to(model_device)]", "[image.to(model_device) / image.max()]")},
        hint="something else than `image`",
    ),
    Wrong(
        "predict: the image changed in place",
        cells={"predict": Edit("    model.eval()\n", "    model.eval()\n    image.clamp_(min=0.3)\n")},
        hint="image that was given is changed",
    ),
    Wrong(
        "predict: the notebook's detector",
        cells={"predict": Edit("    model.eval()\n", "    model = base.eval()\n")},
        hint="was not called",
    ),
    Wrong(
        "predict: class 1 dropped",
        cells={
            "predict": Edit(
                'sure = found["scores"] >= score_threshold',
                'sure = (found["scores"] >= score_threshold) & (found["labels"] > 1)',
            )
        },
    ),
    Wrong(
        "predict: squeezed",
        cells={"predict": Edit("[sure].cpu()", "[sure].squeeze().cpu()")},
        hint="must have shape",
    ),
    Wrong(
        "predict: what is below",
        cells={"predict": Edit('found["scores"] >= score_threshold', 'found["scores"] < score_threshold')},
        hint="below the threshold is returned",
    ),
    Wrong(
        "predict: another usual threshold",
        cells={"predict": Edit("score_threshold: float = 0.5", "score_threshold: float = 0.6")},
        hint="0.5 where none is given",
    ),
    Wrong(
        "predict: boxes and labels only",
        cells={"predict": Edit('("boxes", "labels", "scores")', '("boxes", "labels")')},
        hint="'scores'",
    ),
    Wrong(
        "predict: labels as floats",
        cells={"predict": Edit("[sure].cpu()", "[sure].cpu().float()")},
        hint="int64",
    ),
    Wrong(
        "predict: a tuple",
        cells={
            "predict": Edit(
                'return {name: found[name][sure].cpu() for name in ("boxes", "labels", "scores")}',
                'return tuple(found[name][sure].cpu() for name in ("boxes", "labels", "scores"))',
            )
        },
        hint="must be a dictionary",
    ),
    Wrong(
        "predict: gradients recorded",
        cells={
            "predict": Edit(
                "    with torch.no_grad():\n        found = model([image.to(model_device)])[0]",
                "    found = {name: value.detach() for name, value in model([image.to(model_device)])[0].items()}",
            )
        },
        hint="no_grad",
        warned=True,
    ),
    Wrong(
        "predict: a list of results",
        cells={
            "predict": Edit("found = model([image.to(model_device)])[0]", "found = model([image.to(model_device)])")
        },
    ),
    Wrong(
        "predict: the best one only",
        cells={"predict": Edit("return {name: found[name][sure].cpu()", "return {name: found[name][sure][:1].cpu()")},
        hint="Only the best",
    ),
    Right(
        "torchvision's own, cleaned; box_convert; tuples of zip; in inference mode",
        cells={
            "box_iou": """
def box_iou(boxes1, boxes2):
    import torchvision
    def proper(b):
        return (b[:, 2] > b[:, 0]) & (b[:, 3] > b[:, 1])
    iou = torchvision.ops.box_iou(boxes1, boxes2)
    ok = proper(boxes1)[:, None] & proper(boxes2)[None]
    return torch.where(ok, iou, torch.zeros_like(iou))
""",
            "DetectionDataset": """
import torchvision

class DetectionDataset(Dataset):
    def __init__(self, scenes):
        self.scenes = scenes
    def __len__(self):
        return len(self.scenes)
    def __getitem__(self, index):
        scene = self.scenes[index]
        image = scene.image / 255
        target = dict(boxes=torchvision.ops.box_convert(scene.boxes, 'xywh', 'xyxy').to(torch.float32), labels=scene.digits + 1, image_id=torch.tensor([index]), area=(scene.boxes[:, 2] * scene.boxes[:, 3]).float(), iscrowd=torch.zeros(len(scene.digits), dtype=torch.int64))
        pass
        return image, target
""",
            "collate": """
def collate(batch):
    return tuple(zip(*batch))
""",
            "predict": """
def predict(model, image, score_threshold=0.5):
    model.eval()
    device = next(model.parameters()).device
    with torch.inference_mode():
        (found,) = model([image.to(device)])
    sure = found["scores"] >= score_threshold
    return {k: found[k][sure].cpu().clone() for k in ("boxes", "labels", "scores")}
""",
        },
    ),
    Right(
        "two loops, made in advance, mode restored, a head begun by hand",
        cells={
            "box_iou": """
def box_iou(boxes1, boxes2):
    out = torch.zeros(len(boxes1), len(boxes2))
    for i, a in enumerate(boxes1.tolist()):
        for j, b in enumerate(boxes2.tolist()):
            w = min(a[2], b[2]) - max(a[0], b[0])
            h = min(a[3], b[3]) - max(a[1], b[1])
            if w <= 0 or h <= 0 or a[2] <= a[0] or a[3] <= a[1] or b[2] <= b[0] or b[3] <= b[1]:
                continue
            inter = w * h
            out[i, j] = inter / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - inter)
    return out
""",
            "DetectionDataset": '''
class DetectionDataset(Dataset):
    """Everything is computed once."""
    def __init__(self, scenes: list[Scene]) -> None:
        self.samples = [self._sample(n, s) for n, s in enumerate(scenes)]

    @staticmethod
    def _sample(n, scene):
        left, top, width, height = scene.boxes.float().T
        boxes = torch.stack((left, top, left + width, top + height), dim=-1)
        return scene.image.float().div_(255), {
            "boxes": boxes, "labels": scene.digits.clone().add_(1), "image_id": n,
            "area": width * height, "iscrowd": torch.zeros(len(boxes), dtype=torch.long),
        }

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int):
        return self.samples[index]
''',
            "collate": """
def collate(batch):
    images, targets = [], []
    for pair in batch:
        images.append(pair[0])
        targets.append(pair[1])
    return images, targets
""",
            "predict": """
@torch.no_grad()
def predict(model, image, score_threshold=0.5):
    was = model.training
    where = next(iter(model.parameters())).device
    try:
        out = model.eval()([image.to(where)])[0]
    finally:
        model.train(was)
    mask = out["scores"].ge(score_threshold).nonzero().squeeze(1)
    return {name: value.index_select(0, mask).to("cpu") for name, value in out.items()}
""",
            "build_detector": """
def build_detector(num_classes, pretrained=True):
    model = base_detector(pretrained)
    heads = model.roi_heads
    heads.box_predictor = new = FastRCNNPredictor(heads.box_predictor.cls_score.in_features, num_classes)
    torch.nn.init.normal_(new.cls_score.weight, std=0.01)
    torch.nn.init.zeros_(new.cls_score.bias)
    return model.train()
""",
        },
    ),
    Right(
        "axis by axis, the given corners, counted in numpy",
        cells={
            "box_iou": """
def box_iou(boxes1, boxes2):
    def along(axis):
        low, high = boxes1[:, None, axis], boxes1[:, None, axis + 2]
        low2, high2 = boxes2[None, :, axis], boxes2[None, :, axis + 2]
        return (torch.min(high, high2) - torch.max(low, low2)).clamp_(min=0)
    inter = along(0) * along(1)
    size = lambda b: (b[:, 2:] - b[:, :2]).clamp(min=0).prod(dim=1)
    union = size(boxes1)[:, None] + size(boxes2) - inter
    return torch.nan_to_num(inter / union)
""",
            "DetectionDataset": """
class DetectionDataset(Dataset):
    def __init__(self, scenes):
        self.scenes = scenes
    def __len__(self):
        return len(self.scenes)
    def __getitem__(self, index):
        scene = self.scenes[index]
        image = scene.image / 255
        target = dict(boxes=corners(scene.boxes).float(), labels=scene.digits + 1, image_id=index, area=(scene.boxes[:, 2] * scene.boxes[:, 3]).float(), iscrowd=torch.zeros(len(scene.digits), dtype=torch.int64))
        pass
        return image, target
""",
            "collate": """
def collate(batch):
    return tuple(map(list, zip(*batch)))
""",
            "predict": """
def predict(model, image, score_threshold=0.5):
    model.eval()
    with torch.no_grad():
        out = model([image.to(next(model.parameters()).device)])[0]
    out = {k: v.detach().cpu() for k, v in out.items()}
    n = int((out["scores"].numpy() >= score_threshold).sum())
    return {"boxes": out["boxes"][:n], "labels": out["labels"][:n], "scores": out["scores"][:n]}
""",
        },
    ),
    Right(
        "row by row, with masks too",
        cells={
            "box_iou": """
def box_iou(boxes1, boxes2):
    rows = []
    for box in boxes1:
        lt = torch.maximum(box[:2], boxes2[:, :2]); rb = torch.minimum(box[2:], boxes2[:, 2:])
        wh = (rb - lt).clamp(min=0)
        inter = wh[:, 0] * wh[:, 1]
        area1 = (box[2:] - box[:2]).clamp(min=0).prod()
        area2 = (boxes2[:, 2:] - boxes2[:, :2]).clamp(min=0).prod(1)
        union = area1 + area2 - inter
        rows.append(torch.where(union > 0, inter / union, torch.tensor(0.0)))
    return torch.stack(rows) if rows else torch.zeros(0, len(boxes2))
""",
            "DetectionDataset": """
class DetectionDataset(Dataset):
    def __init__(self, scenes):
        self.scenes = scenes
    def __len__(self):
        return len(self.scenes)
    def __getitem__(self, index):
        scene = self.scenes[index]
        image = scene.image / 255
        target = dict(boxes=corners(scene.boxes).float(), labels=scene.digits + 1, image_id=index, area=(scene.boxes[:, 2] * scene.boxes[:, 3]).float(), iscrowd=torch.zeros(len(scene.digits), dtype=torch.int64))
        target['masks'] = scene.masks.clone()
        return image, target
""",
        },
    ),
    Right(
        "without an area by a small number, an iterator",
        cells={
            "box_iou": """
def box_iou(boxes1, boxes2):
    x1, y1, x2, y2 = boxes1.unsqueeze(1).unbind(-1)
    u1, v1, u2, v2 = boxes2.unsqueeze(0).unbind(-1)
    w = (torch.minimum(x2, u2) - torch.maximum(x1, u1)).relu()
    h = (torch.minimum(y2, v2) - torch.maximum(y1, v1)).relu()
    inter = w * h
    union = (x2 - x1).relu() * (y2 - y1).relu() + (u2 - u1).relu() * (v2 - v1).relu() - inter
    return inter / union.clamp(min=1e-12)
""",
            "DetectionDataset": """
from functools import cached_property
class DetectionDataset(Dataset):
    def __init__(self, scenes):
        super().__init__()
        self._scenes = tuple(scenes)
    def __len__(self):
        return len(self._scenes)
    def __iter__(self):
        return (self[i] for i in range(len(self)))
    def __getitem__(self, index):
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        s = self._scenes[index]
        boxes = s.boxes.clone().float()
        boxes[:, 2:] += boxes[:, :2]
        w, h = (boxes[:, 2:] - boxes[:, :2]).unbind(1)
        return s.image.to(torch.float32) / 255.0, {"boxes": boxes, "labels": 1 + s.digits, "image_id": torch.as_tensor(index), "area": w * h, "iscrowd": s.digits * 0}
""",
        },
    ),
    Wrong(
        "DetectionDataset: the areas of the masks",
        cells={
            "DetectionDataset": """
class DetectionDataset(Dataset):
    def __init__(self, scenes):
        self.scenes = scenes
    def __len__(self):
        return len(self.scenes)
    def __getitem__(self, index):
        scene = self.scenes[index]
        image = scene.image / 255
        target = dict(boxes=corners(scene.boxes).float(), labels=scene.digits + 1, image_id=index, area=scene.masks.sum(dim=(1, 2)).float(), iscrowd=torch.zeros(len(scene.digits), dtype=torch.int64))
        pass
        return image, target
""",
        },
        hint="of the mask's pixels",
    ),
    Wrong(
        "collate: empties the batch",
        cells={
            "collate": """
def collate(batch):
    images, targets = [], []
    while batch:
        image, target = batch.pop(0)
        images.append(image)
        targets.append(target)
    return images, targets
""",
        },
        hint="batch that was handed in was changed",
    ),
    Wrong(
        "build_detector: freezes everything",
        cells={
            "build_detector": """
def build_detector(num_classes, pretrained=True):
    model = base_detector(pretrained)
    model.roi_heads.box_predictor = FastRCNNPredictor(model.roi_heads.box_predictor.cls_score.in_features, num_classes)
    return model.requires_grad_(False)
""",
        },
        hint="new predictor is frozen",
    ),
    Wrong(
        "box_iou: a table for each size, kept",
        cells={
            "box_iou": """
tables = {}


def box_iou(boxes1, boxes2):
    table = tables.setdefault((len(boxes1), len(boxes2)), torch.zeros(len(boxes1), len(boxes2)))
    for i, a in enumerate(boxes1):
        for j, b in enumerate(boxes2):
            w, h = torch.minimum(a[2:], b[2:]) - torch.maximum(a[:2], b[:2])
            if w > 0 and h > 0:
                table[i, j] = w * h / ((a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod() - w * h)
    return table
""",
        },
        hint="nothing may be kept from call to call",
    ),
    Wrong(
        "collate: lists in default arguments",
        cells={
            "collate": """
def collate(batch, images=[], targets=[]):
    for image, target in batch:
        images.append(image)
        targets.append(target)
    return images, targets
""",
        },
        hint="begin with empty lists",
    ),
    Wrong(
        "predict: scores sorted, boxes and labels by the ranks",
        cells={
            "predict": """
def predict(model, image, score_threshold=0.5):
    model.eval()
    with torch.no_grad():
        found = model([image.to(next(model.parameters()).device)])[0]
    ranks = found["scores"].argsort().argsort()
    scores = found["scores"].sort(descending=True)[0]
    keep = scores >= score_threshold
    return {
        "boxes": found["boxes"][ranks][keep].cpu(),
        "labels": found["labels"][ranks][keep].cpu(),
        "scores": scores[keep].cpu(),
    }
""",
        },
        hint="no longer belong together",
    ),
    Wrong(
        "predict: only the scores are sorted, upwards",
        cells={
            "predict": """
def predict(model, image, score_threshold=0.5):
    model.eval()
    with torch.no_grad():
        found = model([image.to(next(model.parameters()).device)])[0]
    keep = found["scores"] >= score_threshold
    found = {name: found[name][keep].cpu() for name in ("boxes", "labels", "scores")}
    return {**found, "scores": found["scores"].sort()[0]}
""",
        },
        hint="no longer belong together",
    ),
    Wrong(
        "finetune: a first batch is taken before the loop",
        cells={
            "finetune": Edit(
                "        for images, targets in loader:",
                "        batches = iter(loader)\n        next(batches)\n        for images, targets in batches:",
            )
        },
        hint="The first batch is left out",
        also=("This is the loss of", "at finding"),
    ),
    Wrong(
        "finetune: two passes in each epoch",
        cells={
            "finetune": Edit(
                "        for images, targets in loader:",
                "        for images, targets in [batch for _ in range(2) for batch in loader]:",
            )
        },
        hint="each pass is an epoch",
    ),
    Wrong(
        "finetune: a step behind each epoch",
        cells={
            "finetune": (
                Edit("            optimizer.step()\n", ""),
                Edit("        history.append", "        optimizer.step()\n        history.append"),
            )
        },
        hint="change once in an epoch",
        also=("at finding",),
    ),
    Wrong(
        "finetune: one iterator for all epochs",
        cells={
            "finetune": (
                Edit("    for _ in range(6):", "    batches = iter(loader)\n    for _ in range(6):"),
                Edit("in loader:", "in batches:"),
            )
        },
        hint="an iterator used up",
        also=("at finding",),
    ),
]

HARMLESS = [
    Harmless(
        "box_iou", "area1 = ", new="-1)", reason="a box upside down intersects nothing: 0, whatever its area is called"
    ),
    Harmless(
        "box_iou", "area2 = ", new="-1)", reason="a box upside down intersects nothing: 0, whatever its area is called"
    ),
    Harmless("predict", "[image.to(model_device)])[0]", new="[ -1]", reason="of one result the last is the first"),
    Harmless(
        "finetune",
        "torch.optim.AdamW(model.parameters(), lr=0.001)",
        new="torch.optim.AdamW(model.parameters())",
        reason="0.001 is the rate that AdamW takes by itself",
    ),
    Harmless("finetune", "for _ in range(6):", reason="how many epochs is the student's choice"),
    Harmless("finetune", "targets = [{name", new="pass", reason="without a GPU there is nowhere to move them to"),
    Harmless("finetune", "images = [image", new="pass", reason="without a GPU there is nowhere to move them to"),
]
