"""Known answers to mask_rcnn: right ones that must pass, and wrong ones that must lose points."""

from autograder.validate.answers import Edit, Harmless, Right, Wrong

ANSWERS = [
    # Right, each in its own style
    Right(
        "in plain Python",
        cells={
            "masks_to_boxes": """
def masks_to_boxes(masks):
    result = []
    for mask in masks:
        points = mask.nonzero().tolist()
        if not points:
            raise ValueError("an empty mask")
        ys = [y for y, x in points]
        xs = [x for y, x in points]
        result.append([min(xs), min(ys), max(xs), max(ys)])
    return torch.tensor(result, dtype=torch.float32).reshape(-1, 4)
""",
            "build_segmenter": """
def build_segmenter(num_classes, pretrained=True):
    network = base_segmenter(pretrained=pretrained)
    heads = network.roi_heads
    heads.mask_predictor = MaskRCNNPredictor(heads.mask_predictor[0].weight.shape[0], 32, num_classes)
    heads.box_predictor = FastRCNNPredictor(heads.box_predictor.bbox_pred.in_features, num_classes)
    return network
""",
            "semantic_mask": """
def semantic_mask(prediction, image_size, score_threshold=0.5, mask_threshold=0.5):
    height, width = image_size
    rows = [[0] * width for _ in range(height)]
    best = [[-1.0] * width for _ in range(height)]
    for label, score, mask in zip(prediction["labels"], prediction["scores"], prediction["masks"]):
        if score < score_threshold:
            continue
        for y, x in (mask[0] >= mask_threshold).nonzero().tolist():
            if score.item() > best[y][x]:
                best[y][x] = score.item()
                rows[y][x] = label.item()
    return torch.tensor(rows)
""",
            "mean_iou": """
def mean_iou(predicted, target, num_classes):
    pairs = list(zip(predicted.flatten().tolist(), target.flatten().tolist()))
    values = []
    for c in range(num_classes):
        both = sum(1 for p, t in pairs if p == c and t == c)
        either = sum(1 for p, t in pairs if p == c or t == c)
        if either:
            values.append(both / either)
    return sum(values) / len(values)
""",
            "finetune_segmenter": """
def finetune_segmenter(model, loader, device):
    model = model.to(device)
    model.train()
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.02, momentum=0.9)
    means = []
    for epoch in range(5):
        losses = []
        for images, targets in loader:
            moved = [{k: v.to(device) if isinstance(v, Tensor) else v for k, v in t.items()} for t in targets]
            loss = torch.zeros((), device=device)
            for part in model([image.to(device) for image in images], moved).values():
                loss = loss + part
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(float(loss))
        means.append(sum(losses) / len(losses))
    return means
""",
        },
    ),
    Right(
        "with whole tensors at once",
        cells={
            "masks_to_boxes": """
def masks_to_boxes(masks: Tensor) -> Tensor:
    if len(masks) == 0:
        return torch.zeros(0, 4)
    columns, rows = masks.any(dim=1), masks.any(dim=2)
    if not bool(rows.any(dim=1).all()):
        raise ValueError("every mask needs a pixel")
    columns, rows = columns.float(), rows.float()
    x1, y1 = columns.argmax(dim=1), rows.argmax(dim=1)
    x2 = masks.shape[2] - 1 - columns.flip(1).argmax(dim=1)
    y2 = masks.shape[1] - 1 - rows.flip(1).argmax(dim=1)
    return torch.stack([x1, y1, x2, y2], dim=1).to(torch.float32)
""",
            "build_segmenter": """
def build_segmenter(num_classes: int, pretrained: bool = True) -> MaskRCNN:
    model = base_segmenter(pretrained)
    box, mask = model.roi_heads.box_predictor, model.roi_heads.mask_predictor
    setattr(model.roi_heads, "box_predictor", FastRCNNPredictor(in_channels=box.cls_score.in_features, num_classes=num_classes))
    setattr(
        model.roi_heads,
        "mask_predictor",
        MaskRCNNPredictor(in_channels=mask.conv5_mask.in_channels, dim_reduced=256, num_classes=num_classes),
    )
    return model
""",
            "semantic_mask": """
def semantic_mask(prediction, image_size, score_threshold=0.5, mask_threshold=0.5):
    keep = prediction["scores"] >= score_threshold
    scores, labels = prediction["scores"][keep], prediction["labels"][keep]
    covers = prediction["masks"][keep].squeeze(1) >= mask_threshold
    if len(scores) == 0:
        return torch.zeros(*image_size).long()
    weight = torch.where(covers, scores[:, None, None], torch.tensor(-1.0))
    best, who = weight.max(dim=0)
    return torch.where(best >= 0, labels[who], torch.zeros_like(who))
""",
            "mean_iou": """
def mean_iou(predicted: Tensor, target: Tensor, num_classes: int) -> float:
    table = torch.bincount(num_classes * target.flatten() + predicted.flatten(), minlength=num_classes**2)
    table = table.view(num_classes, num_classes).double()
    both = table.diag()
    union = table.sum(0) + table.sum(1) - both
    return (both[union > 0] / union[union > 0]).mean().item()
""",
            "finetune_segmenter": """
def finetune_segmenter(model: MaskRCNN, loader: DataLoader, device: torch.device) -> list[float]:
    model.to(device)
    model.train()
    optimizer = torch.optim.Adam(model.parameters(), lr=8e-4)
    history = []
    for epoch in range(6):
        total, count = 0.0, 0
        for images, targets in loader:
            parts = model([i.to(device) for i in images], [{k: v.to(device) for k, v in t.items()} for t in targets])
            loss = sum(parts.values(), start=torch.zeros((), device=device))
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimizer.step()
            total, count = total + loss.detach().item(), count + 1
        history.append(total / count)
    model.eval()
    return history
""",
        },
    ),
    Right(
        "with library functions",
        cells={
            "masks_to_boxes": """
def masks_to_boxes(masks: Tensor) -> Tensor:
    import torchvision

    for mask in masks:
        if not mask.any():
            raise ValueError("this mask is empty")
    return torchvision.ops.masks_to_boxes(masks)
""",
            "build_segmenter": Edit("in_channels, 64, num_classes", "in_channels, in_channels, num_classes"),
            "semantic_mask": """
def semantic_mask(prediction, image_size, score_threshold=0.5, mask_threshold=0.5):
    order = torch.argsort(prediction["scores"], descending=True)
    result = torch.zeros(image_size[0], image_size[1], dtype=torch.long)
    for n in order.tolist():
        if prediction["scores"][n] < score_threshold:
            break
        free = result == 0
        result = torch.where(free & ~(prediction["masks"][n].squeeze(0) < mask_threshold), prediction["labels"][n], result)
    return result
""",
            "mean_iou": """
def mean_iou(predicted: Tensor, target: Tensor, num_classes: int) -> float:
    from torch.nn import functional as F

    a = F.one_hot(predicted, num_classes).flatten(0, 1).bool()
    b = F.one_hot(target, num_classes).flatten(0, 1).bool()
    iou = (a & b).sum(0).double() / (a | b).sum(0)
    return float(iou.nanmean())
""",
            "finetune_segmenter": (
                Edit(
                    "torch.optim.AdamW(model.parameters(), lr=0.001)",
                    "torch.optim.AdamW(model.parameters(), lr=0.0015)",
                ),
                Edit("for _ in range(5):", "for epoch in range(6):"),
            ),
        },
    ),
    Right(
        "other kinds of values, helpers in the cell",
        cells={
            "masks_to_boxes": """
class EmptyMask(ValueError):
    pass


def ends(line):
    places = line.nonzero().squeeze(1)
    if places.numel() == 0:
        raise EmptyMask
    return places[0].item(), places[-1].item()


def masks_to_boxes(masks):
    boxes = torch.empty((masks.shape[0], 4))
    for n in range(masks.size(0)):
        x1, x2 = ends(torch.any(masks[n], 0))
        y1, y2 = ends(torch.any(masks[n], 1))
        boxes[n] = torch.tensor([x1, y1, x2, y2], dtype=torch.float)
    return boxes
""",
            "build_segmenter": """
def build_segmenter(num_classes, pretrained=True):
    model = detectors.mask_rcnn(WEIGHTS, pretrained=pretrained)
    for weight in model.backbone.parameters():
        weight.requires_grad = False
    parts = {
        "box_predictor": FastRCNNPredictor(model.roi_heads.box_head.fc7.out_features, num_classes),
        "mask_predictor": MaskRCNNPredictor(model.roi_heads.mask_predictor.conv5_mask.in_channels, 128, num_classes),
    }
    for name, part in parts.items():
        model.roi_heads.add_module(name, part)
    return model.to(device)
""",
            "semantic_mask": """
import numpy as np


def semantic_mask(prediction, image_size, score_threshold=0.5, mask_threshold=0.5):
    classes = np.zeros(tuple(image_size), dtype=np.int64)
    found = zip(prediction["scores"].tolist(), prediction["labels"].tolist(), prediction["masks"].numpy())
    for score, label, mask in sorted(found, key=lambda one: one[0]):
        if score >= score_threshold:
            classes = np.where(mask[0] >= mask_threshold, label, classes)
    return torch.from_numpy(classes)
""",
            "mean_iou": """
import numpy as np


def mean_iou(predicted, target, num_classes):
    present = torch.unique(torch.cat([predicted.flatten(), target.flatten()]))
    ious = [((predicted == c) & (target == c)).sum() / ((predicted == c) | (target == c)).sum() for c in present]
    return np.mean([iou.item() for iou in ious])
""",
        },
    ),
    Right(
        "from few lines of others",
        cells={
            "mean_iou": """
def mean_iou(predicted, target, num_classes):
    def one(number):
        p, t = (predicted == number).sum(), (target == number).sum()
        both = ((predicted == number) & (target == number)).sum()
        return float(both) / float(p + t - both) if p + t else None

    values = [value for value in map(one, range(num_classes)) if value is not None]
    return sum(values) / max(1, len(values))
""",
            "semantic_mask": """
def semantic_mask(prediction, image_size, score_threshold=0.5, mask_threshold=0.5):
    scores, order = prediction["scores"].sort(descending=True, stable=True)
    result = torch.full(image_size, -1, dtype=torch.int64)
    for score, n in zip(scores, order):
        if score < score_threshold:
            break
        mask = prediction["masks"][n].squeeze(0).ge(mask_threshold)
        result.masked_fill_(mask.logical_and(result.eq(-1)), int(prediction["labels"][n]))
    return result.clamp_(min=0)
""",
        },
    ),
    Right(  # as the playground invites
        "the body frozen, the network asked for its parts",
        cells={
            "finetune_segmenter": """
def finetune_segmenter(model, loader, device):
    model.to(device)
    for weight in model.backbone.body.parameters():
        weight.requires_grad_(False)
    assert isinstance(model, MaskRCNN) and model.roi_heads.mask_predictor.conv5_mask.in_channels == 64
    groups = [
        {"params": model.backbone.fpn.parameters(), "lr": 5e-4},
        {"params": model.rpn.parameters(), "lr": 5e-4},
        {"params": model.roi_heads.parameters()},
    ]
    optimizer = torch.optim.AdamW(groups, lr=1.5e-3)
    losses = torch.zeros(8)
    for epoch in range(8):
        model.train()
        for images, targets in loader:
            optimizer.zero_grad()
            moved = [{name: value.to(device) for name, value in target.items()} for target in targets]
            found = model([image.to(device) for image in images], targets=moved)
            loss = torch.stack(list(found.values())).sum()
            loss.backward()
            optimizer.step()
            losses[epoch] += loss.detach().cpu() / len(loader)
    return tuple(losses.tolist())
"""
        },
    ),
    # masks_to_boxes
    Wrong(
        "boxes: x and y swapped",
        cells={
            "masks_to_boxes": Edit(
                "[columns.min(), rows.min(), columns.max(), rows.max()]",
                "[rows.min(), columns.min(), rows.max(), columns.max()]",
            )
        },
        hint="x and y are swapped",
        warned=True,
    ),
    Wrong(
        "boxes: one behind the last pixel",
        cells={"masks_to_boxes": Edit("columns.max(), rows.max()]", "columns.max() + 1, rows.max() + 1]")},
        hint="not one behind",
        warned=True,
    ),
    Wrong(
        "boxes: width and height",
        cells={
            "masks_to_boxes": Edit(
                "columns.max(), rows.max()]", "columns.max() - columns.min(), rows.max() - rows.min()]"
            )
        },
        hint="two corners",
    ),
    Wrong(
        "boxes: x1, x2, y1, y2",
        cells={
            "masks_to_boxes": Edit(
                "[columns.min(), rows.min(), columns.max(), rows.max()]",
                "[columns.min(), columns.max(), rows.min(), rows.max()]",
            )
        },
        hint="(x1, y1, x2, y2)",
    ),
    Wrong(
        "boxes: torchvision's as it is",
        cells={"masks_to_boxes": "from torchvision.ops import masks_to_boxes"},
        hint="raises nothing",
        warned=True,
    ),
    Wrong(
        "boxes: torch's own error for an empty mask",
        cells={
            "masks_to_boxes": """
def masks_to_boxes(masks):
    boxes = torch.zeros(len(masks), 4)
    for index, mask in enumerate(masks):
        rows, columns = torch.where(mask)
        boxes[index] = torch.stack([columns.min(), rows.min(), columns.max(), rows.max()])
    return boxes
"""
        },
        hint="no other exception",
        warned=True,
    ),
    Wrong(
        "boxes: only the first mask is asked whether it is empty",
        cells={"masks_to_boxes": Edit("if len(rows) == 0:", "if index == 0 and len(rows) == 0:")},
        hint="no other exception",
        also=("depends on its place",),
    ),
    Wrong(
        "boxes: an empty mask left out",
        cells={"masks_to_boxes": Edit('raise ValueError(f"mask {index} has no pixel, so it has no box")', "continue")},
        hint="raises nothing",
    ),
    Wrong(
        "boxes: an empty mask is asserted",
        cells={
            "masks_to_boxes": Edit(
                'raise ValueError(f"mask {index} has no pixel, so it has no box")', 'assert False, "an empty mask"'
            )
        },
        hint="no other exception",
    ),
    Wrong(
        "boxes: the masks are used up",
        cells={"masks_to_boxes": Edit("    return boxes", "    masks.zero_()\n    return boxes")},
        hint="are changed",
    ),
    Wrong(
        "boxes: squeezed",
        cells={"masks_to_boxes": Edit("return boxes", "return boxes.squeeze()")},
        hint="must have shape",
    ),
    Wrong(
        "boxes: the first mask left out",
        cells={"masks_to_boxes": Edit("return boxes", "return boxes[1:]")},
        hint="must have shape",
    ),
    Wrong(
        "boxes: in the opposite order",
        cells={"masks_to_boxes": Edit("return boxes", "return boxes.flip(0)")},
        also=("another order than the masks",),
    ),
    Wrong(
        "boxes: in float64",
        cells={"masks_to_boxes": Edit("return boxes", "return boxes.double()")},
        hint="float32",
    ),
    Wrong(
        "boxes: whole numbers",
        cells={"masks_to_boxes": Edit("torch.zeros(len(masks), 4)", "torch.zeros(len(masks), 4, dtype=torch.int64)")},
        hint="float32",
    ),
    Wrong(
        "boxes: the box of the example",
        cells={
            "masks_to_boxes": "def masks_to_boxes(masks):\n    return torch.tensor([[1.0, 1.0, 3.0, 2.0]]).repeat(len(masks), 1)\n"
        },
        also=("ValueError",),
    ),
    Wrong(
        "boxes: stacked, so that no masks fail",
        cells={
            "masks_to_boxes": """
def masks_to_boxes(masks):
    boxes = []
    for mask in masks:
        rows, columns = torch.where(mask)
        if len(rows) == 0:
            raise ValueError("empty")
        boxes.append(torch.stack([columns.min(), rows.min(), columns.max(), rows.max()]).float())
    return torch.stack(boxes)
"""
        },
        hint="raises an exception there",
    ),
    # build_segmenter
    Wrong(
        "build: mask predictor forgotten",
        cells={
            "build_segmenter": Edit(
                "    model.roi_heads.mask_predictor = MaskRCNNPredictor(in_channels, 64, num_classes)\n", ""
            )
        },
        hint="replace mask_predictor as well",
        warned=True,
    ),
    Wrong(
        "build: box predictor forgotten",
        cells={
            "build_segmenter": Edit(
                "    model.roi_heads.box_predictor = FastRCNNPredictor(in_features, num_classes)\n", ""
            )
        },
        hint="replace box_predictor",
    ),
    Wrong(
        "build: background counted twice",
        cells={
            "build_segmenter": (
                Edit("FastRCNNPredictor(in_features, num_classes)", "FastRCNNPredictor(in_features, num_classes + 1)"),
                Edit(
                    "MaskRCNNPredictor(in_channels, 64, num_classes)",
                    "MaskRCNNPredictor(in_channels, 64, num_classes + 1)",
                ),
            )
        },
        hint="includes it",
        warned=True,
    ),
    Wrong(
        "build: background counted twice by the box head",
        cells={
            "build_segmenter": Edit(
                "FastRCNNPredictor(in_features, num_classes)", "FastRCNNPredictor(in_features, num_classes + 1)"
            )
        },
        hint="includes it",
    ),
    Wrong(
        "build: the tutorial's 256 channels",
        cells={"build_segmenter": Edit("MaskRCNNPredictor(in_channels, 64,", "MaskRCNNPredictor(256, 256,")},
        hint="channels go into",
    ),
    Wrong(
        "build: never pretrained",
        cells={"build_segmenter": Edit("base_segmenter(pretrained)", "base_segmenter(False)")},
        hint="hand `pretrained` on",
    ),
    Wrong(
        "build: always pretrained",
        cells={"build_segmenter": Edit("base_segmenter(pretrained)", "base_segmenter()")},
        hint="pretrained=False",
    ),
    Wrong(
        "build: nothing returned",
        cells={"build_segmenter": Edit("    return model", "    model.train()")},
        hint="returns nothing",
    ),
    Wrong(
        "build: always eleven classes",
        cells={
            "build_segmenter": (
                Edit("FastRCNNPredictor(in_features, num_classes)", "FastRCNNPredictor(in_features, 11)"),
                Edit("MaskRCNNPredictor(in_channels, 64, num_classes)", "MaskRCNNPredictor(in_channels, 64, 11)"),
            )
        },
        hint="`num_classes` scores",
    ),
    Wrong(
        "build: neither predictor replaced",
        cells={
            "build_segmenter": "def build_segmenter(num_classes, pretrained=True):\n    return base_segmenter(pretrained)\n"
        },
        hint="Both predictors",
    ),
    Wrong(
        "build: the notebook's one base for all",
        cells={"build_segmenter": Edit("model = base_segmenter(pretrained)", "model = base")},
        hint="second call",
        also=("pretrained=False",),
    ),
    Wrong(
        "build: the arguments of the mask predictor mixed up",
        cells={
            "build_segmenter": Edit(
                "MaskRCNNPredictor(in_channels, 64, num_classes)", "MaskRCNNPredictor(in_channels, num_classes, 64)"
            )
        },
        hint="`num_classes` masks",
    ),
    Wrong(
        "build: numbers of the large network",
        cells={"build_segmenter": Edit("FastRCNNPredictor(in_features,", "FastRCNNPredictor(1024,")},
        hint="numbers go into",
    ),
    Wrong(
        "build: the network and its width",
        cells={"build_segmenter": Edit("    return model", "    return model, in_channels")},
        hint="nothing else",
    ),
    Wrong(
        "build: the box head replaced as well",
        cells={
            "build_segmenter": Edit(
                "    return model",
                "    from torchvision.models.detection.faster_rcnn import TwoMLPHead\n\n    model.roi_heads.box_head = TwoMLPHead(64 * 7 * 7, 128)\n    return model",
            )
        },
        hint="nothing else",
    ),
    Wrong(
        "build: mask head replaced by a predictor",
        cells={"build_segmenter": Edit("model.roi_heads.mask_predictor = Mask", "model.roi_heads.mask_head = Mask")},
        also=("still that of the base", "are missing", "Some of the pretrained weights"),
    ),
    # semantic_mask
    Wrong(
        "semantic: the lowest score wins",
        cells={"semantic_mask": Edit("argsort()", "argsort(descending=True)")},
        hint="surest one last",
        warned=True,
    ),
    Wrong(
        "semantic: the last of the list wins",
        cells={"semantic_mask": Edit('prediction["scores"].argsort()', 'range(len(prediction["scores"]))')},
        hint="last instance of the list",
        warned=True,
    ),
    Wrong(
        "semantic: best first taken for granted",
        cells={"semantic_mask": Edit('prediction["scores"].argsort()', 'reversed(range(len(prediction["scores"])))')},
        hint="first instance of the list",
        warned=True,
    ),
    Wrong(
        "semantic: the largest mask value wins",
        cells={
            "semantic_mask": """
def semantic_mask(prediction, image_size, score_threshold=0.5, mask_threshold=0.5):
    keep = prediction["scores"] >= score_threshold
    if not keep.any():
        return torch.zeros(image_size, dtype=torch.int64)
    best, who = prediction["masks"][keep][:, 0].max(dim=0)
    return torch.where(best >= mask_threshold, prediction["labels"][keep][who], 0)
"""
        },
        hint="surest one last",
        also=("largest mask value wins",),
        warned=True,
    ),
    Wrong(
        "semantic: all instances",
        cells={"semantic_mask": Edit('if prediction["scores"][index] >= score_threshold:', "if True:")},
        hint="below score_threshold",
        warned=True,
    ),
    Wrong(
        "semantic: masks always from one half on",
        cells={"semantic_mask": Edit(">= mask_threshold", ">= 0.5")},
        hint="mask_threshold is not used",
    ),
    Wrong(
        "semantic: scores always from one half on",
        cells={"semantic_mask": Edit(">= score_threshold", ">= 0.5")},
        hint="score_threshold",
    ),
    Wrong(
        "semantic: the thresholds mixed up",
        cells={
            "semantic_mask": (
                Edit(">= score_threshold", ">= mask_threshold"),
                Edit(
                    'prediction["masks"][index, 0] >= mask_threshold',
                    'prediction["masks"][index, 0] >= score_threshold',
                ),
            )
        },
        hint="mixed up",
        also=("below score_threshold",),
    ),
    Wrong(
        "semantic: above, not at least, for masks",
        cells={"semantic_mask": Edit(">= mask_threshold", "> mask_threshold")},
        hint="use >=",
    ),
    Wrong(
        "semantic: above, not at least, for scores",
        cells={"semantic_mask": Edit(">= score_threshold", "> score_threshold")},
        hint="use >=",
    ),
    Wrong(
        "semantic: numbers of instances",
        cells={"semantic_mask": Edit('prediction["labels"][index]', "index")},
        hint="not its number in the list",
    ),
    Wrong(
        "semantic: labels from 0",
        cells={"semantic_mask": Edit('prediction["labels"][index]', 'prediction["labels"][index] - 1')},
        hint="counted from 0",
    ),
    Wrong(
        "semantic: labels added up",
        cells={"semantic_mask": Edit("classes[covered] = prediction", "classes[covered] += prediction")},
        hint="added up",
    ),
    Wrong(
        "semantic: the larger label wins",
        cells={"semantic_mask": Edit('prediction["scores"].argsort()', 'prediction["labels"].argsort()')},
        hint="surest one last",
        also=("larger label wins",),
    ),
    Wrong(
        "semantic: the prediction is changed",
        cells={
            "semantic_mask": Edit(
                'covered = prediction["masks"][index, 0] >= mask_threshold',
                'covered = prediction["masks"][index, 0].round_() >= 0.5',
            )
        },
        also=("is changed", "mask_threshold is not used", "Neither", "exactly mask_threshold"),
    ),
    Wrong(
        "semantic: class 1 left out",
        cells={
            "semantic_mask": Edit(
                'if prediction["scores"][index] >= score_threshold:',
                'if prediction["scores"][index] >= score_threshold and prediction["labels"][index] > 1:',
            )
        },
        hint="Instances of class 1",
    ),
    Wrong(
        "semantic: the surest alone",
        cells={"semantic_mask": Edit('prediction["scores"].argsort()', 'prediction["scores"].argsort()[-1:]')},
        hint="Only the surest",
    ),
    Wrong(
        "semantic: all masks squeezed",
        cells={
            "semantic_mask": (
                Edit(
                    "    classes = torch.zeros", '    masks = prediction["masks"].squeeze()\n    classes = torch.zeros'
                ),
                Edit('prediction["masks"][index, 0]', "masks[index]"),
            )
        },
    ),
    Wrong(
        "semantic: width before height",
        cells={"semantic_mask": Edit("return classes", "return classes.T")},
        hint="must have shape",
    ),
    Wrong(
        "semantic: other usual thresholds",
        cells={"semantic_mask": (Edit("score_threshold: float = 0.5", "score_threshold: float = 0.7"))},
        hint="score_threshold is 0.5",
    ),
    Wrong(
        "semantic: floats",
        cells={"semantic_mask": Edit("torch.zeros(image_size, dtype=torch.int64)", "torch.zeros(image_size)")},
        hint="int64",
    ),
    Wrong(
        "semantic: one channel too many",
        cells={"semantic_mask": Edit("return classes", "return classes[None]")},
        hint="shape",
    ),
    Wrong(
        "semantic: always 128×128",
        cells={"semantic_mask": Edit("torch.zeros(image_size, dtype", "torch.zeros((128, 128), dtype")},
    ),
    Wrong(
        "semantic: nothing found is not thought of",
        cells={
            "semantic_mask": """
def semantic_mask(prediction, image_size, score_threshold=0.5, mask_threshold=0.5):
    keep = prediction["scores"] >= score_threshold
    covers = prediction["masks"][keep][:, 0] >= mask_threshold
    weight = covers * prediction["scores"][keep][:, None, None]
    best, who = weight.max(dim=0)
    return torch.where(best > 0, prediction["labels"][keep][who], 0)
"""
        },
        hint="raises an exception there",
    ),
    # mean_iou
    Wrong(
        "iou: the part of right pixels",
        cells={
            "mean_iou": "def mean_iou(predicted, target, num_classes):\n    return (predicted == target).float().mean().item()\n"
        },
        hint="part of right pixels",
        warned=True,
    ),
    Wrong(
        "iou: absent classes as 0",
        cells={"mean_iou": Edit("sum(overlaps) / len(overlaps)", "sum(overlaps) / num_classes")},
        hint="counted as 0",
        warned=True,
    ),
    Wrong(
        "iou: absent classes as 1",
        cells={
            "mean_iou": (
                Edit("        if union > 0:\n            overlaps", "        overlaps"),
                Edit(
                    "(ours & theirs).sum().item() / union)", "((ours & theirs).sum().item() + 1e-9) / (union + 1e-9))"
                ),
            )
        },
        hint="counted as 1",
        warned=True,
    ),
    Wrong(
        "iou: classes of the target only",
        cells={"mean_iou": Edit("if union > 0:", "if theirs.any():")},
        hint="left out: it counts with 0",
    ),
    Wrong(
        "iou: classes of the prediction only",
        cells={"mean_iou": Edit("if union > 0:", "if ours.any():")},
        hint="left out: it counts with 0",
    ),
    Wrong(
        "iou: classes of both only",
        cells={"mean_iou": Edit("if union > 0:", "if (ours & theirs).any():")},
        hint="that both have",
    ),
    Wrong(
        "iou: without the background",
        cells={"mean_iou": Edit("range(num_classes)", "range(1, num_classes)")},
        hint="background is left out",
    ),
    Wrong(
        "iou: without the last class",
        cells={"mean_iou": Edit("range(num_classes)", "range(num_classes - 1)")},
        hint="last class",
    ),
    Wrong(
        "iou: the sum for the union",
        cells={"mean_iou": Edit("(ours | theirs).sum().item()", "(ours.sum() + theirs.sum()).item()")},
        hint="counted twice",
    ),
    Wrong(
        "iou: Dice",
        cells={
            "mean_iou": (
                Edit("(ours | theirs).sum().item()", "(ours.sum() + theirs.sum()).item()"),
                Edit("(ours & theirs).sum().item() / union", "2 * (ours & theirs).sum().item() / union"),
            )
        },
        hint="Dice",
    ),
    Wrong(
        "iou: over the target's pixels",
        cells={"mean_iou": Edit("(ours | theirs).sum().item()", "theirs.sum().item()")},
        hint="target's pixels",
        also=("that only the prediction has",),
    ),
    Wrong(
        "iou: all classes together",
        cells={
            "mean_iou": """
def mean_iou(predicted, target, num_classes):
    both = union = 0
    for number in range(num_classes):
        both += ((predicted == number) & (target == number)).sum().item()
        union += ((predicted == number) | (target == number)).sum().item()
    return both / union
"""
        },
        hint="counted together",
    ),
    Wrong(
        "iou: in percent",
        cells={"mean_iou": Edit("sum(overlaps) / len(overlaps)", "100 * sum(overlaps) / len(overlaps)")},
        hint="in percent",
    ),
    Wrong(
        "iou: the sum",
        cells={"mean_iou": Edit("sum(overlaps) / len(overlaps)", "sum(overlaps)")},
        also=("This is the sum", "Divide by the number of classes"),
    ),
    Wrong(
        "iou: over the predicted pixels",
        cells={"mean_iou": Edit("(ours | theirs).sum().item()", "ours.sum().item()")},
        hint="predicted pixels",
        also=("that only the prediction has",),
    ),
    Wrong(
        "iou: always eleven classes, absent ones 0",
        cells={"mean_iou": (Edit("range(num_classes)", "range(11)"), Edit("len(overlaps)", "11"))},
        also=("counted as 0",),
        hint="Eleven classes",
    ),
    Wrong(
        "iou: the maps are changed",
        cells={"mean_iou": Edit("    overlaps = []\n", "    overlaps = []\n    target[target != predicted] = 0\n")},
    ),
    Wrong(
        "iou: the first map cleared in the end",
        cells={
            "mean_iou": Edit(
                "    return sum(overlaps) / len(overlaps)",
                "    predicted.zero_()\n    return sum(overlaps) / len(overlaps)",
            )
        },
        hint="are changed",
    ),
    Wrong(
        "iou: a tensor",
        cells={"mean_iou": Edit("sum(overlaps) / len(overlaps)", "torch.tensor(sum(overlaps) / len(overlaps))")},
        hint=".item()",
    ),
    # finetune_segmenter
    Wrong(
        "finetune: no step",
        cells={"finetune_segmenter": Edit("            optimizer.step()\n", "")},
        hint="must follow backward",
        also=("worth half", "Does the loss fall"),
        warned=True,
    ),
    Wrong(
        "finetune: gradients add up",
        cells={"finetune_segmenter": Edit("            optimizer.zero_grad()\n", "")},
        hint="Gradients add up",
        also=("worth half", "Does the loss fall"),
        warned=True,
    ),
    Wrong(
        "finetune: mode left as it was",
        cells={"finetune_segmenter": Edit("model.to(device).train()", "model.to(device)")},
        hint="model.train()",
        warned=True,
    ),
    Wrong(
        "finetune: the masks' loss left out",
        cells={
            "finetune_segmenter": Edit(
                "sum(model(images, targets).values())",
                'sum(part for name, part in model(images, targets).items() if name != "loss_mask")',
            )
        },
        hint="masks is left out",
        also=("worth half", "Does the loss fall"),
    ),
    Wrong(
        "finetune: the losses averaged",
        cells={
            "finetune_segmenter": Edit(
                "sum(model(images, targets).values())", "sum(model(images, targets).values()) / 5"
            )
        },
        hint="add them up",
    ),
    Wrong(
        "finetune: the sum of the losses",
        cells={"finetune_segmenter": Edit("history.append(total / len(loader))", "history.append(total)")},
        hint="divide by their number",
    ),
    Wrong(
        "finetune: the last batch's loss",
        cells={"finetune_segmenter": Edit("history.append(total / len(loader))", "history.append(loss.item())")},
        hint="last batch",
    ),
    Wrong(
        "finetune: the sum goes on",
        cells={
            "finetune_segmenter": (
                Edit("    history = []\n", "    history = []\n    total = 0.0\n"),
                Edit("        total = 0.0\n", ""),
            )
        },
        hint="begin at 0 in each",
    ),
    Wrong(
        "finetune: return inside the epoch",
        cells={
            "finetune_segmenter": Edit(
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
            "finetune_segmenter": (
                Edit("            total += loss.item()\n", "            history.append(loss.item())\n"),
                Edit("        history.append(total / len(loader))\n", ""),
            )
        },
        hint="a number for each batch",
    ),
    Wrong(
        "finetune: one epoch",
        cells={"finetune_segmenter": Edit("range(5)", "range(1)")},
        hint="asked for",
    ),
    Wrong(
        "finetune: the notebook's own scenes",
        cells={"finetune_segmenter": Edit("    history = []\n", "    loader, history = train_loader, []\n")},
        hint="use the argument `loader`",
        also=("of the argument `loader`",),
    ),
    Wrong(
        "finetune: another model is trained",
        cells={
            "finetune_segmenter": Edit(
                "    model.to(device).train()", "    model = build_segmenter(11).to(device)\n    model.train()"
            )
        },
        hint="never called",
        also=("worth half", "Does the loss fall"),
    ),
    Right(
        "any and argmax, a mask head of another width, argmax over scores, nanmean",
        cells={
            "masks_to_boxes": """
def masks_to_boxes(masks):
    n, h, w = masks.shape
    rows, cols = masks.any(dim=2), masks.any(dim=1)
    if not bool(rows.any(dim=1).all()):
        raise ValueError
    y1, x1 = rows.float().argmax(1), cols.float().argmax(1)
    y2, x2 = h - 1 - rows.flip(1).float().argmax(1), w - 1 - cols.flip(1).float().argmax(1)
    return torch.stack([x1, y1, x2, y2], dim=1).float()
""",
            "build_segmenter": """
def build_segmenter(num_classes, pretrained=True):
    model = base_segmenter(pretrained)
    heads = model.roi_heads
    heads.box_predictor = FastRCNNPredictor(heads.box_predictor.cls_score.in_features, num_classes)
    heads.mask_predictor = MaskRCNNPredictor(heads.mask_predictor.conv5_mask.in_channels, 32, num_classes)
    return model
""",
            "semantic_mask": """
def semantic_mask(prediction, image_size, score_threshold=0.5, mask_threshold=0.5):
    scores, labels, masks = (prediction[k] for k in ("scores", "labels", "masks"))
    if len(scores) == 0:
        return torch.zeros(*image_size, dtype=torch.long)
    claims = (masks[:, 0] >= mask_threshold) & (scores >= score_threshold)[:, None, None]
    strength = torch.where(claims, scores[:, None, None], torch.tensor(-1.0))
    best, who = strength.max(dim=0)
    return torch.where(best >= 0, labels[who], torch.tensor(0))
""",
            "mean_iou": """
def mean_iou(predicted, target, num_classes):
    p = torch.nn.functional.one_hot(predicted, num_classes).bool().flatten(0, 1)
    t = torch.nn.functional.one_hot(target, num_classes).bool().flatten(0, 1)
    return torch.nanmean((p & t).sum(0) / (p | t).sum(0)).item()
""",
        },
    ),
    Right(
        "in numpy throughout",
        cells={
            "masks_to_boxes": """
import numpy as np
def masks_to_boxes(masks):
    boxes = []
    for m in masks.numpy():
        ys, xs = np.nonzero(m)
        if ys.size == 0:
            raise ValueError(f"empty mask")
        boxes.append([xs.min(), ys.min(), xs.max(), ys.max()])
    return torch.tensor(np.array(boxes, dtype=np.float32).reshape(-1, 4))
""",
            "semantic_mask": """
import numpy as np
def semantic_mask(prediction, image_size, score_threshold=0.5, mask_threshold=0.5):
    out = np.zeros(image_size, dtype=np.int64)
    s = prediction["scores"].numpy()
    for i in np.argsort(s, kind="stable"):
        if s[i] >= score_threshold:
            out[prediction["masks"][i, 0].numpy() >= mask_threshold] = int(prediction["labels"][i])
    return torch.from_numpy(out)
""",
            "mean_iou": """
import numpy as np
def mean_iou(predicted, target, num_classes):
    p, t = predicted.numpy(), target.numpy()
    with np.errstate(invalid="ignore"):
        ious = [np.logical_and(p == c, t == c).sum() / np.logical_or(p == c, t == c).sum() for c in range(num_classes)]
    return float(np.nanmean(ious))
""",
        },
    ),
    Right(
        "an exception of its own, the surest first, sets of pixels",
        cells={
            "masks_to_boxes": """
class EmptyMask(ValueError):
    pass

def masks_to_boxes(masks):
    result = torch.empty(len(masks), 4)
    for row, mask in zip(result, masks):
        y, x = torch.where(mask)
        if not len(y):
            raise EmptyMask("no pixel")
        row[:] = torch.tensor([x.min(), y.min(), x.max(), y.max()])
    return result
""",
            "build_segmenter": """
def build_segmenter(num_classes, pretrained=True):
    model = base_segmenter(pretrained)
    heads = model.roi_heads
    heads.box_predictor = FastRCNNPredictor(heads.box_predictor.cls_score.in_features, num_classes)
    heads.mask_predictor = MaskRCNNPredictor(heads.mask_predictor.conv5_mask.in_channels, heads.mask_predictor.conv5_mask.out_channels, num_classes)
    return model
""",
            "semantic_mask": """
def semantic_mask(prediction, image_size, score_threshold=0.5, mask_threshold=0.5):
    H, W = image_size
    canvas = torch.zeros(H, W, dtype=torch.int64)
    free = torch.ones(H, W, dtype=torch.bool)
    order = sorted(range(len(prediction["scores"])), key=lambda n: -prediction["scores"][n].item())
    for n in order:
        if prediction["scores"][n] < score_threshold:
            break
        mine = free & (prediction["masks"][n].squeeze(0) >= mask_threshold)
        canvas = canvas.masked_fill(mine, int(prediction["labels"][n]))
        free &= ~mine
    return canvas
""",
            "mean_iou": """
def mean_iou(predicted, target, num_classes):
    import statistics
    pixels = lambda m, c: set(map(tuple, (m == c).nonzero().tolist()))
    values = []
    for c in range(num_classes):
        a, b = pixels(predicted, c), pixels(target, c)
        if a | b:
            values.append(len(a & b) / len(a | b))
    return statistics.mean(values)
""",
        },
    ),
    Right(
        "on a grid, sorted by key, a confusion matrix",
        cells={
            "masks_to_boxes": """
def masks_to_boxes(masks):
    ys = torch.arange(masks.shape[1])[None, :, None].expand_as(masks)
    xs = torch.arange(masks.shape[2])[None, None, :].expand_as(masks)
    if len(masks) and (masks.sum(dim=(1, 2)) == 0).any():
        raise ValueError("empty")
    big = 10**6
    lo = lambda t: torch.where(masks, t, big).amin(dim=(1, 2))
    hi = lambda t: torch.where(masks, t, -1).amax(dim=(1, 2))
    return torch.stack([lo(xs), lo(ys), hi(xs), hi(ys)], dim=1).to(torch.float32)
""",
            "semantic_mask": """
def semantic_mask(prediction, image_size, score_threshold=0.5, mask_threshold=0.5):
    result = prediction["labels"].new_zeros(tuple(image_size))
    rows = zip(prediction["scores"].tolist(), prediction["labels"].tolist(), prediction["masks"])
    for score, label, mask in sorted(rows, key=lambda r: r[0]):
        result[(mask[0] >= mask_threshold) & (score >= score_threshold)] = label
    return result
""",
            "mean_iou": """
def mean_iou(predicted, target, num_classes):
    c = torch.bincount((target * num_classes + predicted).flatten(), minlength=num_classes**2).view(num_classes, num_classes).double()
    inter = c.diag()
    union = c.sum(0) + c.sum(1) - inter
    return (inter[union > 0] / union[union > 0]).mean().item()
""",
        },
    ),
    Right(
        "an exception rethrown",
        cells={
            "masks_to_boxes": """
def masks_to_boxes(masks):
    out = torch.zeros((masks.shape[0], 4), dtype=torch.float32)
    for i in range(masks.shape[0]):
        where = masks[i].nonzero()
        try:
            y1, x1 = where.min(dim=0).values
            y2, x2 = where.max(dim=0).values
        except (IndexError, RuntimeError) as error:
            raise ValueError(f"mask {i} is empty") from error
        out[i] = torch.stack([x1, y1, x2, y2])
    return out
""",
        },
    ),
    Wrong(
        "build_segmenter: freezes everything",
        cells={
            "build_segmenter": """
def build_segmenter(num_classes, pretrained=True):
    model = base_segmenter(pretrained)
    heads = model.roi_heads
    heads.box_predictor = FastRCNNPredictor(heads.box_predictor.cls_score.in_features, num_classes)
    heads.mask_predictor = MaskRCNNPredictor(heads.mask_predictor.conv5_mask.in_channels, 64, num_classes)
    return model.requires_grad_(False)
""",
        },
        hint="new predictor is frozen",
    ),
    Wrong(
        "semantic_mask: sorts the prediction",
        cells={
            "semantic_mask": """
def semantic_mask(prediction, image_size, score_threshold=0.5, mask_threshold=0.5):
    order = prediction["scores"].argsort()
    for k in list(prediction):
        prediction[k] = prediction[k][order]
    out = torch.zeros(image_size, dtype=torch.int64)
    for i in prediction["scores"].argsort():
        if prediction["scores"][i] >= score_threshold:
            out[prediction["masks"][i, 0] >= mask_threshold] = prediction["labels"][i]
    return out
""",
        },
        hint="prediction that was given is changed",
    ),
    Wrong(
        "semantic_mask: takes the boxes out of the prediction",
        cells={
            "semantic_mask": """
def semantic_mask(prediction, image_size, score_threshold=0.5, mask_threshold=0.5):
    prediction.pop("boxes")
    out = torch.zeros(image_size, dtype=torch.int64)
    for i in prediction["scores"].argsort():
        if prediction["scores"][i] >= score_threshold:
            out[prediction["masks"][i, 0] >= mask_threshold] = prediction["labels"][i]
    return out
""",
        },
        hint="prediction that was given is changed",
    ),
    Wrong(
        "masks_to_boxes: erases a pixel",
        cells={
            "masks_to_boxes": """
def masks_to_boxes(masks):
    boxes = torch.zeros(len(masks), 4)
    for n, mask in enumerate(masks):
        ys, xs = torch.where(mask)
        if len(ys) == 0:
            raise ValueError("empty")
        mask[ys[0], xs[0]] = False
        boxes[n] = torch.stack([xs.min(), ys.min(), xs.max(), ys.max()])
    return boxes
""",
        },
        hint="masks that were given are changed",
    ),
    Wrong(
        "mean_iou: a list for all calls",
        cells={
            "mean_iou": """
ious = []
def mean_iou(predicted, target, num_classes):
    for c in range(num_classes):
        p, t = predicted == c, target == c
        union = (p | t).sum().item()
        if union:
            ious.append((p & t).sum().item() / union)
    return sum(ious) / len(ious)
""",
        },
        hint="call before",
    ),
    Wrong(
        "mean_iou: returns inside the loop",
        cells={
            "mean_iou": """
def mean_iou(predicted, target, num_classes):
    ious = []
    for c in range(num_classes):
        p, t = predicted == c, target == c
        union = (p | t).sum().item()
        if union:
            return (p & t).sum().item() / union
    return sum(ious) / len(ious)
""",
        },
        hint="first class is counted",
    ),
    Wrong(
        "semantic: the ranks for an order",
        cells={"semantic_mask": Edit('prediction["scores"].argsort()', 'prediction["scores"].argsort().argsort()')},
        hint="ranks of the scores",
    ),
    Wrong(
        "semantic: the ranks for an order, downwards",
        cells={
            "semantic_mask": Edit(
                'prediction["scores"].argsort()',
                'prediction["scores"].argsort(descending=True).argsort(descending=True)',
            )
        },
        hint="counted from above",
    ),
    Wrong(
        "semantic: a canvas for each size, kept",
        cells={
            "semantic_mask": """
canvases = {}


def semantic_mask(prediction, image_size, score_threshold=0.5, mask_threshold=0.5):
    canvas = canvases.setdefault(tuple(image_size), torch.zeros(image_size, dtype=torch.int64))
    for i in prediction["scores"].argsort():
        if prediction["scores"][i] >= score_threshold:
            canvas[prediction["masks"][i, 0] >= mask_threshold] = prediction["labels"][i]
    return canvas
""",
        },
        hint="begin with zeros in each call",
    ),
    Wrong(
        "semantic: a canvas from a cached function",
        cells={
            "semantic_mask": """
import functools


@functools.lru_cache
def nothing(height, width):
    return torch.zeros(height, width, dtype=torch.int64)


def semantic_mask(prediction, image_size, score_threshold=0.5, mask_threshold=0.5):
    canvas = nothing(*image_size)
    for i in prediction["scores"].argsort():
        if prediction["scores"][i] >= score_threshold:
            canvas[prediction["masks"][i, 0] >= mask_threshold] = prediction["labels"][i]
    return canvas
""",
        },
        hint="begin with zeros in each call",
    ),
    Wrong(
        "boxes: a list in a default argument",
        cells={
            "masks_to_boxes": """
def masks_to_boxes(masks, boxes=[]):
    for mask in masks:
        y, x = torch.where(mask)
        if not len(y):
            raise ValueError("a mask without a pixel")
        boxes.append([x.min(), y.min(), x.max(), y.max()])
    return torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4)
""",
        },
        hint="nothing may be kept from call to call",
        also=("must have shape",),
    ),
    Wrong(
        "boxes: greatest and least kept for each number of masks",
        cells={
            "masks_to_boxes": """
known = {}


def masks_to_boxes(masks):
    least, greatest = known.setdefault(len(masks), (torch.full((len(masks), 2), 1e6), torch.zeros(len(masks), 2)))
    for n, mask in enumerate(masks):
        places = mask.nonzero().flip(1).float()
        if not len(places):
            raise ValueError("a mask without a pixel")
        least[n] = torch.minimum(least[n], places.amin(0))
        greatest[n] = torch.maximum(greatest[n], places.amax(0))
    return torch.cat([least, greatest], dim=1)
""",
        },
        hint="nothing may be kept from call to call",
    ),
    Wrong(
        "finetune_segmenter: a first batch is taken before the loop",
        cells={
            "finetune_segmenter": Edit(
                "        for images, targets in loader:",
                "        batches = iter(loader)\n        next(batches)\n        for images, targets in batches:",
            )
        },
        hint="The first batch is left out",
        also=("This is the loss of", "at finding"),
    ),
    Wrong(
        "finetune_segmenter: two passes in each epoch",
        cells={
            "finetune_segmenter": Edit(
                "        for images, targets in loader:",
                "        for images, targets in [batch for _ in range(2) for batch in loader]:",
            )
        },
        hint="each pass is an epoch",
    ),
    Wrong(
        "finetune_segmenter: a step behind each epoch",
        cells={
            "finetune_segmenter": (
                Edit("            optimizer.step()\n", ""),
                Edit("        history.append", "        optimizer.step()\n        history.append"),
            )
        },
        hint="change once in an epoch",
        also=("at finding",),
    ),
    Wrong(
        "finetune_segmenter: one iterator for all epochs",
        cells={
            "finetune_segmenter": (
                Edit("    for _ in range(5):", "    batches = iter(loader)\n    for _ in range(5):"),
                Edit("in loader:", "in batches:"),
            )
        },
        hint="an iterator used up",
        also=("at finding",),
    ),
]

HARMLESS = [
    Harmless("masks_to_boxes", "torch.zeros(len(masks), 4)", new="torch.ones", reason="each row is written over"),
    Harmless("build_segmenter", "MaskRCNNPredictor(in_channels, 64", new="65", reason="any width between will do"),
    Harmless("build_segmenter", "MaskRCNNPredictor(in_channels, 64", new="63", reason="any width between will do"),
    Harmless("semantic_mask", "[index, 0]", new="-1", reason="of one channel the last is the first"),
    Harmless(
        "finetune_segmenter",
        "torch.optim.AdamW(model.parameters(), lr=0.001)",
        new="torch.optim.AdamW(model.parameters())",
        reason="0.001 is the rate that AdamW takes by itself",
    ),
    Harmless("finetune_segmenter", "for _ in range(5):", reason="how many epochs is the student's choice"),
    Harmless(
        "finetune_segmenter", "targets = [{name", new="pass", reason="without a GPU there is nowhere to move them to"
    ),
    Harmless(
        "finetune_segmenter", "images = [image", new="pass", reason="without a GPU there is nowhere to move them to"
    ),
]
