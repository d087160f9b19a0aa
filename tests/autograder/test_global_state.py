"""What a cell leaves behind for the whole process is nobody's loss: neither another cell's nor a check's."""

import pytest
from test_process import ask, run

EXPRESSIONS = {
    "torch.is_grad_enabled()": "torch.set_grad_enabled(False)",
    "torch.is_inference_mode_enabled()": "kept = torch.inference_mode(); kept.__enter__()",
    "torch.is_autocast_enabled('cpu')": "torch.autocast('cpu').__enter__()",
    "str(torch.get_default_dtype())": "torch.set_default_dtype(torch.float64)",
    "str(torch.zeros(1).device)": "torch.set_default_device('meta')",
    "torch.get_num_threads()": "torch.set_num_threads(2)",
    "torch.are_deterministic_algorithms_enabled()": "torch.use_deterministic_algorithms(True)",
    "torch.is_anomaly_enabled()": "torch.autograd.set_detect_anomaly(True)",
    "torch.get_float32_matmul_precision()": "torch.set_float32_matmul_precision('medium')",
    "torch.backends.cudnn.benchmark": "torch.backends.cudnn.benchmark = True",
    "str(np.geterr())": "np.seterr(all='raise')",
    "np.get_printoptions()['precision']": "np.set_printoptions(precision=2)",
    "len(warnings.filters)": "warnings.filterwarnings('error')",
    "os.getcwd()": "os.mkdir('elsewhere'); os.chdir('elsewhere')",
    "sys.getrecursionlimit()": "sys.setrecursionlimit(200)",
    "gc.isenabled()": "gc.disable()",
    "sys.stdout.closed": "sys.stdout = open(os.devnull); sys.stdout.close()",
    "matplotlib.rcParams['figure.dpi']": "matplotlib.rcParams['figure.dpi'] = 7",
    "matplotlib.rcParams['font.family'][0]": "matplotlib.rcParams['font.family'].insert(0, 'cursive')",
}
IMPORTS = "import gc, os, sys, warnings\nimport matplotlib, numpy as np, torch\n"
OURS, THEIRS = True, False


@pytest.fixture
def fresh(start_process):
    """A process in which no setting was kept before."""
    start_process().close()
    return start_process()


def value(process, expression: str) -> object:
    """Return what a check finds, and within it nothing is put back."""
    run(process, f"{IMPORTS}def look():\n    return {expression}")
    return ask(process, "call", ask(process, "name", "look"), (), {})


@pytest.mark.parametrize(("expression", "change"), EXPRESSIONS.items(), ids=EXPRESSIONS)
def test_what_a_students_cell_changes_is_put_back_before_the_next(process, expression, change):
    before = value(process, expression)
    run(process, f"{IMPORTS}{change}\nseen = {expression}")
    assert ask(process, "name", "seen") != before, "the change is none: this test shows nothing"
    assert value(process, expression) == before


def test_a_cell_that_fails_leaves_nothing_behind_either(process):
    with pytest.raises(Exception, match="on the way"):
        run(process, f"{IMPORTS}torch.set_grad_enabled(False)\nraise ValueError('on the way')")
    assert value(process, "torch.is_grad_enabled()") is True


def test_what_our_own_cells_set_is_what_is_put_back(fresh):
    ask(fresh, "cell", "<cell 0>", f"{IMPORTS}torch.set_default_dtype(torch.float64)", OURS)
    run(fresh, "torch.set_default_dtype(torch.float16)")
    assert value(fresh, "str(torch.get_default_dtype())") == "torch.float64"
    fresh.close()


def test_within_a_check_the_state_is_the_answers_and_the_next_check_begins_anew(process):
    run(
        process,
        f"{IMPORTS}def careless():\n    torch.set_grad_enabled(False)\ndef look():\n    return torch.is_grad_enabled()",
    )
    careless, look = (ask(process, "name", name) for name in ("careless", "look"))
    ask(process, "call", careless, (), {})
    assert ask(process, "call", look, (), {}) is False
    ask(process, "seed", 1)
    assert ask(process, "call", ask(process, "name", "look"), (), {}) is True


def test_a_higher_recursion_limit_stays_for_the_functions_that_need_it(fresh):
    run(fresh, "import sys\nsys.setrecursionlimit(9_000)")
    assert value(fresh, "sys.getrecursionlimit()") == 9_000
    fresh.close()


@pytest.mark.parametrize(
    "source",
    [
        *(f"import matplotlib\nmatplotlib.use({name!r})" for name in ("TkAgg", "QtAgg", "WebAgg", "nbagg", "svg")),
        "import matplotlib\nmatplotlib.use(backend='module://ipympl.backend_nbagg', force=True)",
        "import matplotlib.pyplot as plt\nplt.switch_backend('GTK3Agg')",
        *(f"%matplotlib {name}" for name in ("inline", "tk", "qt", "widget", "notebook", "ipympl", "osx")),
    ],
)
def test_a_plot_is_drawn_whatever_backend_it_asks_for(process, source):
    run(process, f"{source}\nimport matplotlib.pyplot as plt\nplt.plot([1]); plt.show()\ndrawn = True")
    assert ask(process, "name", "drawn") is True
    run(process, "del drawn")


@pytest.mark.parametrize(
    "compiled",
    ["torch.compile(net, backend='eager')", "torch.compile(mode='max-autotune')(net)", "(net.compile(), net)[1]"],
)
def test_a_compiled_network_is_the_network(process, compiled):
    run(process, f"import torch\nnet = torch.nn.Linear(2, 1)\ncompiled = {compiled}\nx = torch.ones(1, 2)")
    run(process, "same = torch.equal(compiled(x), net(x))\nkeys = list(compiled.state_dict())")
    assert ask(process, "name", "same") is True
    assert ask(process, "name", "keys") == ["weight", "bias"]
    run(process, "inner = getattr(compiled, '_orig_mod', compiled) is net")
    assert ask(process, "name", "inner") is True


def test_a_compiled_function_is_the_function(process):
    run(process, "import torch\n@torch.compile\ndef double(x):\n    return 2 * x")
    assert ask(process, "call", ask(process, "name", "double"), (3,), {}) == 6
