"""On a GPU, too, a submission reaches only its own device and share, and leaves nothing there."""

from pathlib import Path

import pytest

from autograder.grading.devices import choose_devices
from autograder.sandbox.outside.process import Raised
from autograder.sandbox.outside.zygote_process import ZygoteProcess
from autograder.sandbox.shared.config import SandboxConfig

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(choose_devices("auto").kind != "cuda", reason="needs a CUDA device"),
]
SHARE = 0.1


@pytest.fixture(scope="module")
def warm():
    [gpu, *_] = choose_devices("cuda").gpus
    with ZygoteProcess(SandboxConfig(gpu=gpu, gpu_share=SHARE, libraries=("torch",))) as zygote:
        zygote.wait_until_ready()
        yield zygote


@pytest.fixture
def ask(warm, limits):
    """Run a cell in a fresh process and return the value of `result`."""

    def ask(source: str) -> object:
        process = warm.sandbox().start(limits, 20)
        try:
            for operation, arguments in (("cell", ("<cell 0>", source)), ("name", ("result",))):
                value = process.request(operation, *arguments, seconds=120, keep=None, resolve=None)
            return value
        finally:
            process.close()

    return ask


def test_a_submission_computes_on_the_gpu(ask):
    source = "import torch\nx = torch.eye(64, device='cuda') * 3\nresult = float((x @ x).sum())"
    assert ask(source) == 64 * 9.0


def test_only_the_assigned_device_is_there(ask):
    source = "import os, re\nresult = sorted(n for n in os.listdir('/dev') if re.fullmatch('nvidia[0-9]+', n))"
    [gpu, *_] = choose_devices("cuda").gpus
    assert ask(source) == [Path(gpu.nodes[0]).name]


def test_more_than_its_share_of_memory_is_refused(ask):
    source = (
        "import torch\n"
        "total = torch.cuda.mem_get_info()[1]\n"
        f"blocks = torch.empty(int(total * {2 * SHARE}), dtype=torch.uint8, device='cuda')\nresult = 0"
    )
    with pytest.raises(Raised) as caught:
        ask(source)
    assert caught.value.types[0] == "torch.OutOfMemoryError"


def test_its_memory_is_free_again_afterwards(ask):
    free = "import torch\ntorch.zeros(1, device='cuda')\nresult = torch.cuda.mem_get_info()[0]"
    before = ask(free)
    ask("import torch\nblock = torch.zeros(200_000_000, device='cuda')\nresult = 0")
    assert ask(free) >= before - 2**20


def test_the_successor_finds_nothing_in_the_memory_it_gets(ask):
    ask("import torch\nblock = torch.full((50_000_000,), 12345.678, device='cuda')\nresult = 0")
    source = "import torch\nresult = int((torch.empty(100_000_000, device='cuda') == 12345.678).sum())"
    assert ask(source) == 0


def test_the_sandbox_leaves_other_gpus_alone_when_the_student_asks_for_them(ask):
    source = (
        "import os\nos.environ['CUDA_VISIBLE_DEVICES'] = '0,1,2,3,4,5,6,7'\n"
        "import torch\nresult = torch.cuda.device_count()"
    )
    assert ask(source) == 1
