"""Hold the material of `mlp`: students get MNIST whatever state the files are in, or one sentence that says what to do."""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import torch

from autograder.checks.preparation import Preparation
from autograder.course import load_course
from autograder.sandbox.outside.zygote_process import ZygoteProcess
from autograder.sandbox.shared.config import SandboxConfig

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "source" / "mlp"
PACKED = ROOT / "data" / "MNIST" / "raw"
IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


def load(name: str) -> ModuleType:
    """Load a support file as what the others import it as."""
    spec = importlib.util.spec_from_file_location(name, SOURCE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


mnist_files, digits = map(load, ("mnist_files", "digits"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A data folder with the two packed training files, as a student finds it."""
    raw = tmp_path / "data" / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name in (IMAGES, LABELS):
        shutil.copy(PACKED / f"{name}.gz", raw)
        (raw / f"{name}.gz").chmod(0o644)
    return tmp_path / "data"


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """No network; the addresses that were asked for."""
    asked: list[str] = []

    def refuse(url: str, *_: object) -> None:
        asked.append(url)
        raise OSError("Name or service not known")

    monkeypatch.setattr(mnist_files, "download_url", refuse)
    return asked


@pytest.fixture(scope="module")
def unpacked() -> Iterator[Path]:
    """A data folder that is unpacked once; anyone may read it."""
    folder = Path(tempfile.mkdtemp(prefix="mlp-material-"))
    folder.chmod(0o755)
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name in (IMAGES, LABELS):
        shutil.copy(PACKED / f"{name}.gz", raw)
    digits.training_digits(folder)
    yield folder
    shutil.rmtree(folder)


class TestTrainingDigits:
    def test_sixty_thousand_images_and_labels(self, root, offline):
        images, labels = digits.training_digits(root)
        assert (images.dtype, images.shape) == (torch.uint8, (60_000, 28, 28))
        assert (labels.dtype, labels.shape) == (torch.int64, (60_000,))
        assert labels[:5].tolist() == [5, 0, 4, 1, 9]
        assert torch.bincount(labels).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
        assert offline == []

    def test_nothing_of_the_test_images_is_wanted_and_nothing_is_left_behind(self, root, offline):
        digits.training_digits(root)
        left = {path.name for path in (root / "MNIST" / "raw").iterdir()}
        assert left == {IMAGES, LABELS, f"{IMAGES}.gz", f"{LABELS}.gz"}

    def test_unpacked_files_are_enough(self, unpacked, tmp_path, offline):
        raw = tmp_path / "MNIST" / "raw"
        raw.mkdir(parents=True)
        for name in (IMAGES, LABELS):
            (raw / name).symlink_to(unpacked / "MNIST" / "raw" / name)
        assert len(digits.training_digits(tmp_path).labels) == 60_000
        assert offline == []

    def test_half_an_unpacked_file_is_unpacked_again(self, root, offline):
        half = root / "MNIST" / "raw" / IMAGES
        half.write_bytes(b"half of it")
        assert len(digits.training_digits(root).images) == 60_000
        assert half.stat().st_size == 47_040_016

    def test_found_in_a_folder_above_the_working_directory(self, root, offline, monkeypatch):
        deep = root.parent / "week3" / "mlp"
        deep.mkdir(parents=True)
        monkeypatch.chdir(deep)
        digits.training_digits()
        assert (root / "MNIST" / "raw" / LABELS).is_file()


class TestWhatIsWrong:
    def test_a_missing_file(self, tmp_path, offline):
        with pytest.raises(digits.DigitsError) as caught:
            digits.training_digits(tmp_path / "data")
        sentence = str(caught.value)
        assert f"{tmp_path / 'data' / 'MNIST' / 'raw' / IMAGES}.gz is missing" in sentence
        assert "Name or service not known" in sentence
        assert "put a good copy of" in sentence
        assert "\n" not in sentence
        assert len(offline) == len(mnist_files._TrainingDigits.mirrors)

    def test_a_damaged_file(self, root, offline):
        packed = root / "MNIST" / "raw" / f"{LABELS}.gz"
        packed.write_bytes(packed.read_bytes()[:-100])
        with pytest.raises(digits.DigitsError, match=rf"{LABELS}\.gz is damaged \(its MD5 sum is wrong\)"):
            digits.training_digits(root)
        assert packed.is_file()

    def test_a_damaged_file_is_replaced_by_a_good_download(self, root, monkeypatch):
        packed = root / "MNIST" / "raw" / f"{LABELS}.gz"
        packed.write_bytes(b"no longer what it was")
        monkeypatch.setattr(
            mnist_files,
            "download_url",
            lambda url, folder, name, md5: shutil.copyfile(PACKED / name, Path(folder) / name),
        )
        assert len(digits.training_digits(root).labels) == 60_000
        assert packed.read_bytes() == (PACKED / packed.name).read_bytes()

    def test_the_network_timeout_is_what_it_was(self, tmp_path, offline):
        import socket

        before = socket.getdefaulttimeout()
        with pytest.raises(digits.DigitsError):
            digits.training_digits(tmp_path)
        assert socket.getdefaulttimeout() == before


READ = """
import encodings.hex_codec, os, sys  # torchvision wants that codec, which nobody could load
sys.path.insert(0, sys.argv[1])
import digits
if os.geteuid() == 0 and sys.argv[3] == "as nobody":
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
images, labels = digits.training_digits(sys.argv[2])
print(int(images.sum()), int(labels.sum()))
"""
SUMS = "1567298545 267236"


def read_elsewhere(folder: Path, who: str = "as oneself") -> "subprocess.Popen[str]":
    """Read the digits in a process of its own; root, whom no mode of a folder stops, can do so "as nobody"."""
    command = [sys.executable, "-c", READ, str(SOURCE), str(folder), who]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        command, env=environment, cwd="/", stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


class TestOthersAtTheSameFolder:
    @pytest.mark.parametrize("state", ["unpacked", "packed"])
    def test_a_folder_that_cannot_be_written(self, unpacked, tmp_path, state):
        folder = unpacked
        if state == "packed":
            folder = Path(tempfile.mkdtemp(prefix="mlp-material-"))
            raw = folder / "MNIST" / "raw"
            raw.mkdir(parents=True)
            for name in (IMAGES, LABELS):
                shutil.copy(PACKED / f"{name}.gz", raw)
            folder.chmod(0o755)
        raw = folder / "MNIST" / "raw"
        before = sorted(path.name for path in raw.iterdir())
        raw.chmod(0o555)
        try:
            printed, errors = read_elsewhere(folder, "as nobody").communicate(timeout=120)
            assert printed.strip() == SUMS, errors
            assert sorted(path.name for path in raw.iterdir()) == before
        finally:
            raw.chmod(0o755)
            if folder != unpacked:
                shutil.rmtree(folder)

    def test_two_that_unpack_at_once(self, root):
        readers = [read_elsewhere(root), read_elsewhere(root)]
        results = [reader.communicate(timeout=120) for reader in readers]
        assert [printed.strip() for printed, _ in results] == [SUMS, SUMS], results


class TestLoaders:
    def test_batches_and_sizes(self, unpacked):
        train, valid = digits.loaders(root=unpacked)
        assert (len(train.dataset), len(valid.dataset), len(train)) == (50_000, 10_000, 391)
        images, labels = next(iter(train))
        assert (images.dtype, images.shape) == (torch.float32, (128, 1, 28, 28))
        assert (labels.dtype, labels.shape) == (torch.int64, (128,))

    def test_the_global_seed_decides_the_order_of_training(self, unpacked):
        def first_labels(seed: int) -> list[int]:
            train, _ = digits.loaders(root=unpacked)
            torch.manual_seed(seed)
            return next(iter(train))[1].tolist()

        assert first_labels(3) == first_labels(3)
        assert first_labels(3) != first_labels(4)

    def test_the_split_depends_on_its_seed_alone(self, unpacked):
        def split(seed: int) -> torch.Tensor:
            torch.rand(3)
            return digits.loaders(seed=seed, root=unpacked)[1].dataset.tensors[1]

        assert torch.equal(split(0), split(0))
        assert not torch.equal(split(0), split(1))

    def test_no_digit_is_on_both_sides_and_none_is_lost(self, unpacked):
        train, valid = digits.loaders(valid_size=20_000, root=unpacked)
        together = torch.cat([train.dataset.tensors[1], valid.dataset.tensors[1]])
        assert torch.equal(torch.bincount(together), torch.bincount(digits.training_digits(unpacked).labels))
        sums = torch.cat([side.dataset.tensors[0].double().sum(dim=(1, 2, 3)) for side in (train, valid)])
        whole = digits.normalise(digits.training_digits(unpacked).images).double().sum(dim=(1, 2, 3))
        assert torch.equal(sums.sort().values, whole.sort().values)

    def test_validation_keeps_its_order_and_leaves_the_generator_of_the_split_alone(self, unpacked):
        _, valid = digits.loaders(root=unpacked)
        assert torch.equal(next(iter(valid))[1], next(iter(valid))[1])
        torch.manual_seed(0)
        expected = torch.rand(1)
        torch.manual_seed(0)
        digits.loaders(root=unpacked)
        assert torch.equal(torch.rand(1), expected)

    @pytest.mark.parametrize("valid_size", [0, -1, 60_000])
    def test_a_split_that_leaves_one_side_empty(self, unpacked, valid_size):
        with pytest.raises(ValueError, match=rf"valid_size is {valid_size}; it must lie between 1 and 59999"):
            digits.loaders(valid_size=valid_size, root=unpacked)


def test_normalised_training_pixels_have_mean_0_and_deviation_1(unpacked):
    pixels = digits.normalise(digits.training_digits(unpacked).images)
    assert pixels.shape == (60_000, 1, 28, 28)
    assert abs(pixels.mean().item()) < 1e-3
    assert abs(pixels.std().item() - 1) < 1e-3


class TestWhereTheFilesGo:
    def test_who_has_digits_has_what_digits_imports(self):
        folders = [path.parent for path in ROOT.glob("source/*/digits.py")]
        assert len(folders) == 5
        assert {(folder / "mnist_files.py").resolve() for folder in folders} == {SOURCE / "mnist_files.py"}

    def test_a_students_process_imports_both(self, limits):
        course = load_course(ROOT)
        files = Preparation(course, course.assignment("mlp")).sandbox_config(isolated=True).support
        options = {"seconds": 60, "keep": None, "resolve": None}
        with ZygoteProcess(SandboxConfig(support=files)) as zygote:
            zygote.wait_until_ready()
            process = zygote.sandbox().start(limits, 20)
            process.request("cell", "<cell 0>", "import digits\nmade_in = digits.DigitsError.__module__", **options)
            assert process.request("name", "made_in", **options) == "mnist_files"
            process.close()
