"""Student code computes on a GPU where there is one and it is wished for, else on the CPU."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tiny_course import REPOSITORY, answers, submit

from autograder.checks.surroundings import checks_environment
from autograder.errors import AutograderError
from autograder.grading import devices
from autograder.grading.devices import Devices, choose_devices, find_gpus
from autograder.grading.job import Finished, Job
from autograder.grading.local import LocalEngine
from autograder.sandbox.shared.config import SandboxConfig
from autograder.sandbox.shared.gpu import Gpu, open_gpu_files, require_no_cuda

HAS_GPU = choose_devices("auto").kind == "cuda"
WHERE = "def double(x):\n    assert torch.cuda.is_available() is {gpu}\n    return (x.to('{device}') * 2)"


def grade(course, device: str, *, gpu: bool):
    notebook = submit(course, f"on-{device}-{gpu}", *answers(WHERE.format(device=device, gpu=gpu)))
    job = Job(root=course, assignment="tiny", student="somebody", notebook=notebook, device=device)
    return next(
        event.result
        for event in LocalEngine(workers=1, devices=choose_devices(device)).run([job])
        if isinstance(event, Finished)
    )


def test_the_cpu_can_always_be_chosen():
    assert choose_devices("cpu").kind == "cpu"


@pytest.mark.skipif(HAS_GPU, reason="there is a GPU here")
def test_a_wish_for_a_gpu_that_is_not_there_is_one_sentence():
    assert choose_devices("auto").kind == "cpu"
    with pytest.raises(AutograderError, match="use --device cpu"):
        choose_devices("cuda")


@pytest.mark.parametrize(
    ("cores", "gpus", "share", "slots"),
    [(64, (0, 1), 0.25, 8), (64, (0,), 0.3, 3), (64, (0,), 1.0, 1), (6, (0, 1), 0.25, 6), (3, (), 0.25, 3)],
)
def test_a_submission_has_a_share_of_a_gpu_and_a_core_to_itself(monkeypatch, cores, gpus, share, slots):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)))
    assert Devices(gpus=tuple(Gpu(number=number) for number in gpus)).slots(share) == slots


def test_on_the_cpu_the_student_sees_no_gpu(built_course):
    result = grade(built_course, "cpu", gpu=False)
    assert (result.score, result.device) == (6.0, "cpu")


@pytest.mark.gpu
@pytest.mark.skipif(not HAS_GPU, reason="needs a CUDA device")
def test_on_a_gpu_the_student_computes_there_and_the_score_is_the_same(built_course):
    result = grade(built_course, "cuda", gpu=True)
    assert (result.score, result.device) == (6.0, "cuda")


def described(number: int, uuid: str, pci: str = "", name: str = "NVIDIA H100 80GB HBM3") -> dict:
    return {"number": number, "uuid": uuid, "pci": pci, "name": name}


@pytest.fixture
def host(tmp_path):
    """A driver's folder with four GPUs, and their device files: here the file's number is the place on the bus."""
    driver, devices = tmp_path / "nvidia", tmp_path / "dev"
    devices.mkdir()
    for minor in range(4):
        folder = driver / "gpus" / f"0000:{0x10 + minor:02x}:00.0"
        folder.mkdir(parents=True)
        text = f"Model: \t\t NVIDIA H100\nGPU UUID: \t GPU-uuid-{minor}\nBus Location: \t {folder.name}\nDevice Minor: \t {minor}\n"
        (folder / "information").write_text(text)
        (devices / f"nvidia{minor}").touch()
    (devices / "nvidiactl").touch()
    return {"driver": driver, "devices": devices}


def nodes(gpus) -> list[list[str]]:
    return [[path.rpartition("/")[2] for path in gpu.nodes] for gpu in gpus]


def test_a_gpus_file_is_found_by_its_place_on_the_bus_and_not_by_cudas_number(host):
    seen = [described(0, "uuid-3", "0000:13:00.0"), described(1, "uuid-1", "0000:11:00.0")]
    gpus = find_gpus(seen, "3,1", **host)
    assert nodes(gpus) == [["nvidia3"], ["nvidia1"]]
    assert [gpu.uuid for gpu in gpus] == ["GPU-uuid-3", "GPU-uuid-1"]


def test_a_torch_that_does_not_say_the_place_is_believed_by_the_uuid(host):
    assert nodes(find_gpus([described(0, "uuid-2")], "GPU-uuid-2", **host)) == [["nvidia2"]]


def test_where_the_driver_shows_nothing_the_files_are_taken_in_their_order(host, tmp_path):
    for minor in (0, 1, 3):
        (host["devices"] / f"nvidia{minor}").unlink()
    assert nodes(find_gpus([described(0, "")], None, driver=tmp_path / "none", devices=host["devices"])) == [
        ["nvidia2"]
    ]


INSTANCE = described(0, "uuid-1", "0000:11:00.0", "NVIDIA H100 80GB HBM3 MIG 1g.10gb")


def add_instance(host, number: int, *minors: int) -> None:
    place = host["driver"] / "capabilities" / "gpu1" / "mig" / f"gi{number}"
    (place / "ci0").mkdir(parents=True)
    (host["devices"] / "nvidia-caps").mkdir(exist_ok=True)
    for folder, minor in zip((place, place / "ci0"), minors, strict=True):
        (folder / "access").write_text(f"DeviceFileMinor: {minor}\nDeviceFileMode: 292\n")
        (host["devices"] / "nvidia-caps" / f"nvidia-cap{minor}").touch()


def test_an_instance_of_a_partitioned_gpu_has_its_own_files_and_name(host):
    add_instance(host, 7, 66, 67)
    [gpu] = find_gpus([INSTANCE], "MIG-abc", **host)
    assert (gpu.uuid, nodes([gpu])) == ("MIG-abc", [["nvidia1", "nvidia-cap66", "nvidia-cap67"]])


def test_a_partitioned_gpu_whose_other_instances_could_be_reached_is_refused(host):
    add_instance(host, 7, 66, 67)
    add_instance(host, 8, 75, 76)
    with pytest.raises(AutograderError, match="student code must reach one alone; grade in a container"):
        find_gpus([INSTANCE], "MIG-abc", **host)


def test_the_box_names_a_gpu_as_every_process_does():
    known, unknown = Gpu(number=1, uuid="GPU-a", nodes=("/dev/nvidia3",)), Gpu(number=1)
    assert [gpu.visible(isolated=True) for gpu in (known, unknown)] == ["GPU-a", "0"]
    assert [gpu.visible(isolated=False) for gpu in (known, unknown)] == ["GPU-a", "1"]
    assert [gpu.device_files()[0] for gpu in (known, unknown)] == [Path("/dev/nvidia3"), Path("/dev/nvidia1")]
    config = SandboxConfig(gpu=known)
    assert SandboxConfig.from_json(config.to_json()) == config


def test_a_driver_that_does_not_answer_is_one_sentence(monkeypatch):
    monkeypatch.setattr(devices, "_PROBE", "import time; time.sleep(60)")
    monkeypatch.setattr(devices, "_PROBE_SECONDS", 0.2)
    with pytest.raises(AutograderError, match=r"gave no answer in 0.2 seconds\); use --device cpu"):
        choose_devices("cuda")


@pytest.mark.skipif(HAS_GPU, reason="there is a GPU here")
def test_a_variable_that_hides_every_gpu_is_named(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    with pytest.raises(AutograderError, match="CUDA_VISIBLE_DEVICES is '-1'"):
        choose_devices("cuda")


def test_checks_and_reference_see_no_gpu_for_their_process_is_forked():
    assert checks_environment({"CUDA_VISIBLE_DEVICES": "3", "CUDA_HOME": "/c"})["CUDA_VISIBLE_DEVICES"] == ""


def test_a_zygote_that_holds_a_gpus_file_open_is_refused_since_its_forks_could_not_use_cuda(tmp_path, monkeypatch):
    monkeypatch.setattr("autograder.sandbox.shared.gpu._PREFIX", f"{tmp_path}/nvidia")
    require_no_cuda(open_gpu_files(), ("torch",))
    with (tmp_path / "nvidiactl").open("w"):
        assert open_gpu_files() == [f"{tmp_path}/nvidiactl"]
        with pytest.raises(OSError, match="starts CUDA as soon as it is imported"):
            require_no_cuda(open_gpu_files(), ("torch",))


def test_the_gpu_tests_ask_for_fixtures_that_exist():
    """They are skipped before their fixtures are looked for: without a GPU nobody would see one that is missing."""
    files = [str(path) for path in sorted(Path(__file__).parent.rglob("test_*.py")) if "mark.gpu" in path.read_text()]
    assert len(files) >= 2
    command = [sys.executable, "-m", "pytest", "-p", "gpu_fixtures", "--collect-only", "-q", "-s", "-m", "gpu", *files]
    command += ["-W", "ignore::pytest.PytestConfigWarning"]  # pytest-timeout is not everywhere
    around = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}
    done = subprocess.run(command, check=False, cwd=REPOSITORY, env=around, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "fixtures that are missing: none" in done.stdout
