"""Known answers to faster_rcnn: right ones that must pass, and wrong ones that must lose points."""

from autograder.validate.answers import Edit, Harmless, Right, Wrong

ANSWERS = [
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
                "torch.optim.AdamW((model.roi_heads.box_predictor if hasattr(model, 'roi_heads') else model).parameters(), lr=0.001)",
            )
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
    ),
    Wrong("iou: union without subtracting", cells={"box_iou": Edit(" - intersection\n", "\n")}, hint=""),
    Wrong(
        "iou: nan for boxes without an area",
        cells={
            "box_iou": Edit(
                "torch.where(union > 0, intersection / union, torch.zeros_like(union))", "intersection / union"
            )
        },
        hint="nan",
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
    ),
    Wrong("iou: torchvision's as it is", cells={"box_iou": "from torchvision.ops import box_iou"}),
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
    ),
    Wrong(
        "iou: boxes below one pixel ignored",
        cells={"box_iou": Edit("torch.where(union > 0,", "torch.where(union > 1,")},
        hint="must not depend on the unit",
    ),
    # DetectionDataset
    Wrong(
        "dataset: boxes left as width and height",
        cells={"DetectionDataset": Edit("[left, top, left + width, top + height]", "[left, top, width, height]")},
        hint="left + width",
    ),
    Wrong(
        "dataset: labels from 0",
        cells={"DetectionDataset": Edit("scene.digits + 1", "scene.digits")},
        hint="background",
    ),
    Wrong(
        "dataset: pixels from 0 to 255",
        cells={"DetectionDataset": Edit("scene.image.float() / 255", "scene.image.float()")},
        hint="255",
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
        hint="swapped",
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
        hint="index",
    ),
    Wrong(
        "dataset: boxes are whole numbers",
        cells={"DetectionDataset": Edit("scene.boxes.float().unbind(dim=1)", "scene.boxes.unbind(dim=1)")},
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
    Wrong("dataset: always the first scene", cells={"DetectionDataset": Edit("self.scenes[index]", "self.scenes[0]")}),
    # collate
    Wrong(
        "collate: images stacked",
        cells={
            "collate": "def collate(batch):\n    images, targets = zip(*batch)\n    return torch.stack(images), list(targets)\n"
        },
    ),
    Wrong(
        "collate: images stacked when they can be",
        cells={
            "collate": "def collate(batch):\n    images, targets = zip(*batch)\n    same = len({image.shape for image in images}) == 1\n    return (torch.stack(images) if same else list(images)), list(targets)\n"
        },
        hint="list",
    ),
    Wrong("collate: the batch as it is", cells={"collate": "def collate(batch):\n    return batch\n"}),
    Wrong(
        "collate: targets first",
        cells={"collate": Edit("return list(images), list(targets)", "return list(targets), list(images)")},
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
    ),
    Wrong(
        "build: predictor not replaced",
        cells={
            "build_detector": "def build_detector(num_classes, pretrained=True):\n    return base_detector(pretrained)\n"
        },
        hint="replace",
    ),
    Wrong(
        "build: always eleven classes",
        cells={
            "build_detector": Edit("FastRCNNPredictor(in_features, num_classes)", "FastRCNNPredictor(in_features, 11)")
        },
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
    Wrong("finetune: no step", cells={"finetune": Edit("            optimizer.step()\n", "")}, hint="did not change"),
    Wrong("finetune: gradients add up", cells={"finetune": Edit("            optimizer.zero_grad()\n", "")}),
    Wrong(
        "finetune: mode left as it was",
        cells={"finetune": Edit("model.to(device).train()", "model.to(device)")},
        hint="model.train()",
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
    ),
    Wrong("finetune: one epoch", cells={"finetune": Edit("range(6)", "range(1)")}),
    Wrong("finetune: a rate far too high", cells={"finetune": Edit("lr=0.001", "lr=0.5")}),
    Wrong(
        "finetune: another model is trained",
        cells={
            "finetune": Edit(
                "    model.to(device).train()", "    model = build_detector(11).to(device)\n    model.train()"
            )
        },
        hint="did not change",
    ),
    # predict
    Wrong(
        "predict: everything",
        cells={"predict": Edit('found["scores"] >= score_threshold', 'found["scores"] >= 0.0')},
        hint="threshold",
    ),
    Wrong(
        "predict: above, not at least",
        cells={"predict": Edit('found["scores"] >= score_threshold', 'found["scores"] > score_threshold')},
        hint="use >=",
    ),
    Wrong(
        "predict: always one half",
        cells={"predict": Edit('found["scores"] >= score_threshold', 'found["scores"] >= 0.5')},
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
    Wrong("predict: training mode", cells={"predict": Edit("    model.eval()\n", "")}),
    Wrong(
        "predict: gradients recorded",
        cells={
            "predict": Edit(
                "    with torch.no_grad():\n        found = model([image.to(model_device)])[0]",
                "    found = {name: value.detach() for name, value in model([image.to(model_device)])[0].items()}",
            )
        },
        hint="no_grad",
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
