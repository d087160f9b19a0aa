"""Hostile notebooks: what student code tries, and what it may gain by it, which is nothing.

Each attack is the source of the solution cell `double`; `answer` is wrong unless the attack says otherwise, so that an
honest grade is 0 of 6. `{mark}` in a source becomes a text that nobody else uses, to look for what stays behind.
"""

from dataclasses import dataclass

NOTHING = "def double(x):\n    return x"
FIND = """
import os
def find(*wanted):
    for folder, folders, files in os.walk('/'):
        folders[:] = [f for f in folders if f not in ('proc', 'sys', 'usr', 'site-packages') and not f.startswith('lib')]
        yield from (os.path.join(folder, name) for name in folders + files if name in wanted)
"""
"""Look through the disk, within the seconds of a cell: what is installed there takes minutes."""


@dataclass(frozen=True, kw_only=True)
class Attack:
    """One hostile submission."""

    source: str
    answer: str = "answer = 0"
    score: float = 0.0
    """What the code that it really holds is worth."""
    says: str = ""
    """A pattern that some text for the student must match: the ending, in its own words."""


def attack(source: str, **more) -> Attack:
    return Attack(source=source if "def double" in source else f"{source}\n{NOTHING}", **more)


def in_function(body: str, **more) -> Attack:
    lines = "\n".join(f"    {line}" for line in body.strip().splitlines())
    return Attack(source=f"def double(x):\n{lines}", **more)


TRICKS = {
    "ast-transformer": attack(
        "import ast\n"
        "class Yes(ast.NodeTransformer):\n"
        "    def visit_Assert(self, node): return ast.Pass()\n"
        "    def visit_Compare(self, node): return ast.Constant(True)\n"
        "get_ipython().ast_transformers.append(Yes())"
    ),
    "input-transformer": attack("get_ipython().input_transformers_cleanup.append(lambda lines: ['pass\\n'])"),
    "answers-by-input-transformer": attack(
        "get_ipython().input_transformers_post.append(lambda lines: [l.replace('assert', 'pass #') for l in lines])"
    ),
    "swallowed-tracebacks": attack("get_ipython().set_custom_exc((BaseException,), lambda *a, **k: None)\n1 / 0"),
    "equal-to-everything": attack(
        "class Yes:\n"
        "    def __eq__(self, other): return True\n"
        "    def __ne__(self, other): return False\n"
        "    def __bool__(self): return True\n"
        "    __lt__ = __le__ = __gt__ = __ge__ = __contains__ = __eq__\n"
        "    def __float__(self): return 42.0\n"
        "    __int__ = __index__ = lambda self: 42\n"
        "    def __getattr__(self, name): return self\n"
        "    def __call__(self, *a, **k): return self\n"
        "double = Yes()",
        answer="answer = Yes()",
    ),
    "int-that-is-equal": attack(
        "class I(int):\n    def __eq__(self, other): return True\n    __hash__ = int.__hash__", answer="answer = I(7)"
    ),
    "tensor-function": attack(
        "import torch\n"
        "class T(torch.Tensor):\n"
        "    @classmethod\n"
        "    def __torch_function__(cls, *a, **k): return True\n"
        "def double(x): return x.as_subclass(T)"
    ),
    "array-function": attack(
        "import numpy as np\n"
        "class A(np.ndarray):\n"
        "    def __array_function__(self, *a, **k): return True\n"
        "    def __array_ufunc__(self, *a, **k): return True\n"
        "def double(x): return x.numpy().view(A)"
    ),
    "patched-torch": attack(
        "import torch\n"
        "torch.testing.assert_close = torch.equal = torch.allclose = lambda *a, **k: True\n"
        "torch.Tensor.__eq__ = torch.Tensor.eq = lambda *a: torch.tensor(True)\n"
        "torch.Tensor.tolist = lambda self: [2.0, 2.0, 2.0]\n"
        "torch.Tensor.dtype = torch.float32"
    ),
    "patched-pytest": attack(
        "import sys, types\n"
        "for name in ('pytest', '_pytest.outcomes', 'autograder.results', 'autograder.checks.verdict'):\n"
        "    sys.modules[name] = types.ModuleType(name)\n"
        "class Yes:\n"
        "    def __eq__(self, other): return True\n"
        "sys.modules['pytest'].approx = lambda *a, **k: Yes()\n"
        "import builtins\n"
        "builtins.AssertionError = type('AssertionError', (), {})"
    ),
    "patched-builtins": attack(
        "import builtins\nbuiltins.isinstance = lambda *a: True\nbuiltins.len = lambda x: 3\nbuiltins.type = lambda x: float"
    ),
    "patched-arithmetic": attack("import builtins\nbuiltins.abs = lambda x: 0\nbuiltins.all = lambda x: True"),
    "patched-time": attack(
        "import time\npause = time.sleep\ntime.monotonic = time.time = time.perf_counter = lambda: 0.0\n"
        "def double(x):\n    pause(3.3)\n    return 2 * x",
        says="did not finish within 3 seconds",
    ),
    "patched-json-and-struct": attack(
        "import json, struct\njson.dumps = lambda *a, **k: '{\"score\": 6}'\nstruct.pack = struct.unpack = None"
    ),
    "conftest": attack(
        "import os\n"
        "text = 'import pytest\\n@pytest.hookimpl(wrapper=True)\\ndef pytest_runtest_makereport(item, call):\\n"
        '    report = yield\\n    report.outcome = "passed"\\n    return report\\n\'\n'
        "for folder in ('.', '..', '/', '/tmp', os.path.expanduser('~')):\n"
        "    for name in ('conftest.py', 'sitecustomize.py', 'usercustomize.py', 'test_tiny.py'):\n"
        "        try: open(os.path.join(folder, name), 'w').write(text)\n"
        "        except OSError: pass"
    ),
    "poisoned-packages": attack(
        "import os, site, sys\n"
        "folders = {*sys.path, *site.getsitepackages(), sys.prefix, os.path.dirname(sys.executable)} - {'', os.getcwd()}\n"
        "for path in [os.path.join(f, name) for f in folders for name in ('zz{mark}.pth', 'sitecustomize.py', 'python')]:\n"
        "    try:\n"
        "        open(path, 'w').write('import os')\n"
        "        print('REACHED', path)\n"
        "    except OSError: pass\n"
        "import numpy\n"
        "try:\n"
        "    open(numpy.__file__, 'a').write('1/0')\n"
        "    print('REACHED', numpy.__file__)\n"
        "except OSError: pass"
    ),
    "frames": attack(
        "import sys\n"
        "frame, found = sys._getframe(), []\n"
        "while frame:\n"
        "    found += [repr(value)[:200] for value in (*frame.f_locals.values(), *frame.f_globals.values())]\n"
        "    frame = frame.f_back\n"
        "print([text for text in found if 'CAN' + 'ARY' in text])"
    ),
    "heap": attack(
        "import gc\n"
        "found = [o for o in gc.get_objects() if isinstance(o, dict) and ('test_answer' in o or 'reference' in o)]\n"
        "print([list(o)[:50] for o in found])\n"
        "for o in found:\n"
        "    print(repr(o)[:2000])"
    ),
    "linecache": attack(
        "import linecache, sys, inspect\n"
        "for name, lines in list(linecache.cache.items()):\n"
        "    print(name, [l for l in (lines[2] if len(lines) > 2 else []) if 'CAN' + 'ARY' in l])\n"
        "print([n for n in sys.modules if n.startswith(('test_', 'autograder.checks', 'autograder.grading'))])"
    ),
    "own-memory": attack(
        "import re\n"
        "needle = ('CAN' + 'ARY-').encode()\n"
        "with open('/proc/self/maps') as maps, open('/proc/self/mem', 'rb', 0) as memory:\n"
        "    for line in maps:\n"
        "        area, rights = line.split()[:2]\n"
        "        begin, end = (int(n, 16) for n in area.split('-'))\n"
        "        if 'rw' in rights and end - begin < 2**28:\n"
        "            try:\n"
        "                memory.seek(begin)\n"
        "                for hit in set(re.findall(needle + b'[0-9a-f]{8,}', memory.read(end - begin))): print(hit)\n"
        "            except (OSError, ValueError, OverflowError): pass"
    ),
    "whole-disk": attack(
        "import os\n"
        "needle = 'CAN' + 'ARY-'\n"
        "for folder, folders, files in os.walk('/'):\n"
        "    folders[:] = [f for f in folders if f not in ('proc', 'sys', 'usr', 'site-packages') and not f.startswith('lib')]\n"
        "    for name in files:\n"
        "        path = os.path.join(folder, name)\n"
        "        try:\n"
        "            if os.path.isfile(path) and os.path.getsize(path) < 10**6 and needle in open(path, errors='replace').read():\n"
        "                print(path, open(path).read())\n"
        "        except OSError: pass"
    ),
    "hidden-checks-by-path": attack(
        f"{FIND}\nfor path in find('test_tiny.py', 'tiny.ipynb', 'course_config.py', '.autograder-secret'):\n"
        "    print(path, open(path).read())"
    ),
    "environment": attack(
        "import glob, os\n"
        "print(dict(os.environ))\n"
        "for path in glob.glob('/proc/*/environ') + glob.glob('/proc/*/cmdline'):\n"
        "    try: print(open(path, 'rb').read())\n"
        "    except OSError as error: print(error)"
    ),
    "history": attack("%history -g\nprint(globals().get('In'), globals().get('Out'))"),
    "changed-input": in_function("x.mul_(0)\nreturn x"),
    "memorised-answers": in_function("return x * 2 if x.tolist() == [1.0, 1.0, 1.0] else x", score=1.0),
    "nan": in_function("return x * float('nan')", answer="answer = float('nan')"),
    "infinite": in_function("return x * float('inf')", answer="answer = float('inf')"),
    "broadcastable": in_function("import torch\nreturn torch.tensor(2.0)"),
    "empty": in_function("return x[:0]", answer="answer = []"),
    "another-dtype": in_function("return (x * 2).to(dtype=__import__('torch').int8)", score=1.0),
    "complex": in_function("return x * (3 + 0j)", answer="answer = 42 + 0j"),
    "true-for-an-answer": attack("", answer="answer = True"),
    "text-for-an-answer": attack("", answer="answer = '42'"),
    "lazy-object": attack(
        "class Lazy:\n    def __getattr__(self, name): raise SystemExit\n    def __len__(self): return 2**62\n"
        "    def __iter__(self):\n        while True: yield 1\n"
        "def double(x): return Lazy()",
        answer="answer = Lazy()",
    ),
    "skips-itself": in_function("import pytest\npytest.skip('no check today')"),
    "passes-itself": in_function("import pytest\npytest.exit('all passed', returncode=0)"),
    "exception-in-disguise": attack(
        "class Passed(Exception):\n    __module__ = 'builtins'\n    def __str__(self): return '</td><script>alert(1)</script>'\n"
        "Passed.__name__ = Passed.__qualname__ = 'Passed'\n"
        "def double(x): raise Passed"
    ),
    "exception-that-explodes": in_function(
        "class E(Exception):\n"
        "    def __str__(self): raise SystemExit(0)\n"
        "    __repr__ = __str__\n"
        "    __traceback__ = property(lambda self: 1 / 0)\n"
        "raise E"
    ),
    "exception-with-a-long-story": in_function("raise ValueError('x' * 50_000_000)"),
    "not-implemented-tells": in_function("raise NotImplementedError(f'CANARY-INPUT {x.tolist()}')"),
    "prints-its-input": in_function("print('CANARY-INPUT', x.tolist(), flush=True)\nreturn x"),
    "exits": in_function("raise SystemExit(0)", says="SystemExit"),
    "unpickles": attack(
        "import io, pickle, torch\n"
        'class Bomb:\n    def __reduce__(self): return (exec, ("import os; os._exit(0)",))\n'
        "def double(x): return Bomb()"
    ),
    "traces": in_function(  # a trace that a cell sets is put back at its end
        "import sys, threading\n"
        "def leave(frame, event, argument):\n"
        "    if frame.f_code.co_name.startswith('test'): raise SystemExit(0)\n"
        "    return leave\n"
        "sys.settrace(leave)\nthreading.settrace(leave)\ncaller = sys._getframe(1)\n"
        "while caller:\n    caller.f_trace = leave\n    caller = caller.f_back\n"
        "return x"
    ),
    "redefines-locked-names": attack("helper = lambda x: x"),
    "terminal-codes": attack(
        "print('\\x1b[2J\\x1b]0;title\\x07\\x9b31m' + '\\u202e' + chr(0xdcff) + '<script>alert(1)</script>' + chr(0) + '\\r\\b' * 9)"
    ),
    "reads-the-keyboard": attack("print(input('score? '))", says="EOFError|StdinNotImplementedError"),
}

PROTOCOL = {
    "reply-in-advance": attack(
        "import os\n"
        "from autograder.sandbox.shared import protocol\n"
        "frame = protocol.pack({'id': b'0' * 16, 'value': 42}, protocol.Limits())\n"
        "for number in range(3, 64):\n"
        "    try: os.write(number, frame * 3)\n"
        "    except OSError: pass"
    ),
    # Its first byte keeps it from being read as the length of a frame: that is `frame-that-never-comes`
    "garbage-on-every-descriptor": attack(
        "import os\nfor number in range(3, 64):\n"
        "    try: os.write(number, b'\\x7f' + os.urandom(4095))\n    except OSError: pass"
    ),
    "promise-of-gigabytes": attack(
        "import os\nfor number in range(3, 64):\n    try: os.write(number, b'\\xff\\xff\\xff\\xff')\n    except OSError: pass"
    ),
    "frame-that-never-comes": attack(
        "import os\nfor number in range(3, 64):\n"
        "    try: os.write(number, b'\\x00\\x00\\xff\\xff\\x81')\n    except OSError: pass",
        says="longer than|did not finish",
    ),
    "closed-line": attack("import os\nos.closerange(3, 64)"),
    "agent-taken-over": attack(
        "import gc\n"
        "from autograder.sandbox.inside.agent import Agent\n"
        "Agent.do_call = lambda self, *a: [2.0, 2.0, 2.0]\n"
        "Agent.do_name = lambda self, name: 42 if name == 'answer' else double",
        score=3.0,
    ),
    "agent-that-never-answers": attack(
        "from autograder.sandbox.inside.agent import Agent\nAgent._answer = lambda self, request: __import__('time').sleep(100)",
        says="did not finish|crash|ended",
    ),
    "encoder-of-its-own": attack(
        "from autograder.sandbox.inside import agent; from autograder.sandbox.shared import protocol\n"
        "agent.Encoder.encode = lambda self, value: ['T', 'float32', [2**40], b'']"
    ),
    "endless-nesting": attack(
        "x = []\nfor _ in range(100_000): x = [x]\nnested = x\ndef double(x): return nested", answer="answer = nested"
    ),
    "endless-list": attack("loop = []\nloop.append(loop)\ndef double(x): return loop", answer="answer = loop"),
    "gigabyte-answer": in_function("import torch\nreturn torch.zeros(2**28)"),
    "million-answers": in_function("return [x] * 2_000_000"),
    "keys-that-are-not": in_function("return {(1, 2): x, None: x, float('nan'): x}"),
    "surrogates": in_function("return chr(0xdcff) * 10", answer="answer = chr(0xd800)"),
}

ENDINGS = {
    "ends-at-once": attack("import os\nprint('{\"score\": 6.0}')\nos._exit(0)", says="ended its own Python process"),
    "ends-when-asked": in_function("import os; os._exit(0)", says="ended its own Python process"),
    "crashes": in_function("import ctypes; ctypes.string_at(0)", says="SIGSEGV"),
    "aborts": in_function("import os; os.abort()", says="crashed"),
    "never-ends": attack("while True: pass", says="longer than 6 seconds"),
    "never-ends-stubbornly": attack(
        "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass", says="did not finish"
    ),
    "never-ends-when-asked": in_function("while True: pass", says="did not finish within 3 seconds"),
    "prints-a-score-and-hangs": attack(
        "print('tiny: 6 of 6 points', flush=True)\nimport time\ntime.sleep(1000)", says="longer than 6 seconds"
    ),
    "stops-itself": in_function(
        "import ctypes, os, signal\nif os.fork() == 0: os.kill(os.getppid(), signal.SIGSTOP)\nctypes.PyDLL(None).sleep(1000)",
        says="did not finish",
    ),
    "threads-that-stay": attack(
        "import threading\n"
        "def spin():\n    while True: pass\n"
        "for _ in range(8): threading.Thread(target=spin, daemon=True).start()"
    ),
    "exit-handlers": attack("import atexit, os, signal\natexit.register(lambda: os.kill(0, signal.SIGKILL))"),
}

HOST = {
    "forges-results": attack(
        f"{FIND}\nimport json\n"
        "text = json.dumps(dict(schema=1, assignment='tiny', student='forges-results', status='graded', score=6.0, max_score=6.0))\n"
        "for folder in ('results', '../results', '/results', '/tmp/results', *find('results')):\n"
        "    try:\n"
        "        os.makedirs(f'{folder}/tiny', exist_ok=True)\n"
        "        for name in ('forges-results', 'right-0'): open(f'{folder}/tiny/{name}.json', 'w').write(text)\n"
        "    except OSError: pass"
    ),
    "forges-the-gradebook": attack(
        "import sqlite3\n"
        "for path in ('gradebook.db', '../gradebook.db', '/gradebook.db'):\n"
        "    try:\n"
        "        with sqlite3.connect(path) as base: base.execute('create table grade (score float)')\n"
        "    except sqlite3.Error: pass"
    ),
    "symbolic-links": attack(
        "import os\n"
        "for target in ('/etc/shadow', '/root/.ssh', '/proc/2/root', '../../results', '../../../submitted'):\n"
        "    link = 'link' + str(abs(hash(target)))\n"
        "    os.symlink(target, link)\n"
        "    try: print('REACHED', os.listdir(link) if os.path.isdir(link) else open(link).read())\n"
        "    except OSError as error: print(error)"
    ),
    "daemon": attack(
        "import os, time\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    if os.fork() == 0:\n"
        "        os.execlp('sleep', 'sleep', '1000.{mark}')\n"
        "    os._exit(0)"
    ),
    "detached-subprocess": attack(
        "import subprocess\nsubprocess.Popen('nohup setsid sleep 1000.{mark} &', shell=True, start_new_session=True)"
    ),
    "watcher-that-rewrites": attack(
        "import subprocess, sys\n"
        f"rewrite = '''{FIND}\nwhile True:\n    for path in find('right-0.json'): open(path, 'w').write('x')  # {{mark}}'''\n"
        "subprocess.Popen([sys.executable, '-c', rewrite], start_new_session=True)"
    ),
    "network": attack(
        "import socket\n"
        "def reach(family, address):\n"
        "    try:\n"
        "        with socket.socket(family, socket.SOCK_STREAM) as line:\n"
        "            line.settimeout(0.3)\n"
        "            line.connect(address)\n"
        "            print('REACHED', address)\n"
        "    except OSError as error: pass\n"
        "for port in (22, 53, 80, 443, 8080, 8888): reach(socket.AF_INET, ('127.0.0.1', port))\n"
        "reach(socket.AF_INET, ('1.1.1.1', 53))\n"
        "for name in ('/run/dbus/system_bus_socket', '/var/run/docker.sock', '\\0/tmp/.X11-unix/X0'): reach(socket.AF_UNIX, name)\n"
        "for line in open('/proc/net/unix'):\n"
        "    if 'autograder' in line: print('REACHED', line)\n"
        "    if '@' in line: reach(socket.AF_UNIX, chr(0) + line.split('@')[1].strip())\n"
        "try: print('REACHED', socket.getaddrinfo('example.org', 80))\n"
        "except OSError: pass"
    ),
    "raw-sockets": attack(
        "import socket\n"
        "for family, kind in ((socket.AF_PACKET, socket.SOCK_RAW), (socket.AF_INET, socket.SOCK_RAW), (socket.AF_NETLINK, socket.SOCK_RAW)):\n"
        "    try:\n"
        "        socket.socket(family, kind)\n"
        "        print('REACHED', family)\n"
        "    except OSError: pass"
    ),
    "signals-to-everybody": attack(
        "import os, signal\n"
        "for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGKILL):\n"
        "    for target in (-1, 0, os.getppid(), *range(2, 3000)):\n"
        "        try: os.kill(target, number)\n"
        "        except (OSError, KeyboardInterrupt): pass"
    ),
    "traces-others": attack(
        "import ctypes, os\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "print('REACHED') if any(libc.ptrace(16, pid, 0, 0) == 0 for pid in (0, 1, *range(2, 300))) else None\n"
        "for pid in range(2, 300):\n"
        "    try: print('REACHED', open(f'/proc/{pid}/environ').read())\n"
        "    except OSError: pass"
    ),
    "becomes-root": attack(
        "import os, subprocess\n"
        "for call in (lambda: os.setuid(0), lambda: os.setresuid(0, 0, 0), lambda: os.setgid(0), lambda: os.chroot('/')):\n"
        "    try:\n"
        "        call()\n"
        "        print('REACHED')\n"
        "    except OSError: pass\n"
        "for command in ('sudo -n id -u', 'su -c \"id -u\"', 'unshare -Ur id -u', 'nsenter -t 1 -m id -u', 'mount -t tmpfs x /tmp && echo 0'):\n"
        "    out = subprocess.run(command, shell=True, capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout\n"
        "    if out.strip() == '0': print('REACHED', command)"
    ),
    "namespaces": attack(
        "import ctypes\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "for flags in (0x10000000, 0x20000, 0x20000000, 0x40000000, 0x10020000):\n"
        "    if libc.unshare(flags) == 0: print('REACHED unshare', flags)\n"
        "    if libc.syscall(56, flags | 17, 0, 0, 0, 0) >= 0: print('REACHED clone', flags)\n"
        "import glob, os\n"
        "for path in glob.glob('/proc/1/ns/*'):\n"
        "    try:\n"
        "        if libc.setns(os.open(path, os.O_RDONLY), 0) == 0: print('REACHED', path)\n"
        "    except OSError: pass"
    ),
    "mounts": attack(
        "import ctypes\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "for target in (b'/', b'/tmp', b'/usr', b'/submission', b'/proc'):\n"
        "    if libc.umount2(target, 2) == 0: print('REACHED umount', target)\n"
        "    if libc.mount(b'none', target, b'tmpfs', 0, None) == 0: print('REACHED mount', target)\n"
        "    if libc.mount(None, target, None, 32 | 4096, None) == 0: print('REACHED remount', target)"
    ),
    "devices": attack(
        "import os, stat\n"
        "for major, minor in ((254, 0), (8, 0), (1, 1), (259, 0)):\n"
        "    try:\n"
        "        os.mknod(f'device{major}', 0o666 | stat.S_IFBLK, os.makedev(major, minor))\n"
        "        print('REACHED', open(f'device{major}', 'rb').read(512))\n"
        "    except OSError: pass\n"
        "print('REACHED' if set(os.listdir('/dev')) & {'vda', 'sda', 'mem', 'kmsg', 'kvm', 'fuse'} else '')"
    ),
    "kernel-switches": attack(
        "for path in ('/proc/sysrq-trigger', '/proc/sys/kernel/core_pattern', '/proc/sys/vm/drop_caches', '/proc/sys/kernel/hostname', '/proc/sys/net/core/somaxconn', '/sys/power/state'):\n"
        "    try:\n"
        "        open(path, 'w').write('1000')\n"
        "        print('REACHED', path)\n"
        "    except OSError: pass"
    ),
    "kernel-back-doors": attack(
        "import ctypes, platform\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "calls = dict(bpf=321, perf_event_open=298, userfaultfd=323, io_uring_setup=425, keyctl=250, kexec_load=246, init_module=175, open_by_handle_at=304)\n"
        "if platform.machine() == 'x86_64':\n"
        "    for name, number in calls.items():\n"
        "        if libc.syscall(number, 0, 0, 0, 0, 0) >= 0 or ctypes.get_errno() != 1: print('REACHED', name, ctypes.get_errno())"
    ),
    "priorities": attack(
        "import os\n"
        "for call in (lambda: os.nice(-5), lambda: os.sched_setaffinity(0, range(os.cpu_count())), lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))):\n"
        "    try:\n"
        "        call()\n"
        "        print('REACHED')\n"
        "    except OSError: pass"
    ),
    "limits-lifted": attack(
        "import resource\n"
        "for kind in (resource.RLIMIT_NPROC, resource.RLIMIT_CPU, resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE):\n"
        "    try:\n"
        "        resource.setrlimit(kind, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))\n"
        "        print('REACHED', kind)\n"
        "    except (ValueError, OSError): pass"
    ),
}

BOMBS = {
    "forks": attack(
        "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",
        says="longer than|did not finish|process",
    ),
    "shell-forks": attack(
        "import subprocess\nsubprocess.run(['bash', '-c', ':(){ :|:& };: ; sleep 1000'])",
        says="longer than|did not finish",
    ),
    "threads": attack(
        "import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(1000,)).start()",
        says="RuntimeError",
    ),
    "memory": attack(
        "blocks = []\nwhile True: blocks.append(bytearray(50_000_000))",
        says=r"more than 0\.6 GB in cell 2 \(`double`\)",
    ),
    "memory-when-asked": in_function(
        "blocks = []\nwhile True: blocks.append(bytearray(50_000_000))", says=r"more than 0\.6 GB"
    ),
    "memory-of-children": attack(
        "import os\nfor _ in range(4):\n    if os.fork() == 0:\n        x = bytearray(500_000_000)\n        x[::4096] = b'1' * len(x[::4096])\n        import time; time.sleep(1000)\nimport time\ntime.sleep(1000)",
        says=r"more than 0\.6 GB",
    ),
    "memory-of-a-threads-children": attack(
        "import subprocess, sys, threading, time\n"
        "hungry = [sys.executable, '-c', 'x = []\\nwhile True: x.append(bytearray(50_000_000))']\n"
        "threading.Thread(target=subprocess.run, args=(hungry,)).start()\ntime.sleep(1000)",
        says=r"more than 0\.6 GB|longer than|did not finish",
    ),
    "shared-memory": attack(
        "import mmap\nblocks = []\nwhile True:\n    block = mmap.mmap(-1, 50_000_000)\n    block.write(b'x' * 50_000_000)\n    blocks.append(block)",
        says="PermissionError",
    ),
    "shared-memory-of-a-device": attack("open('/dev/zero', 'r+b')\nprint('REACHED')", says="FileNotFoundError"),
    "shared-memory-after-a-fork": attack(
        "import mmap, os\nprivate = mmap.mmap(-1, 2**20, flags=0x22)\n"
        "try:\n    mmap.mmap(-1, 2**20, flags=0x21)\n    print('REACHED')\nexcept PermissionError: pass"
    ),
    "page-tables": attack(
        "import mmap\nsize = 400 * 2**30\narea = mmap.mmap(-1, size, flags=0x4022, prot=1)\n"
        "area.madvise(15)\nfor at in range(0, size, 2**21): area[at]\nimport time\ntime.sleep(1000)",
        says=r"more than 0\.6 GB|longer than|did not finish",
    ),
    "page-tables-of-children": attack(
        "import mmap, os, time\nsize = 100 * 2**30\nfor _ in range(6):\n    if os.fork() == 0:\n"
        "        area = mmap.mmap(-1, size, flags=0x4022, prot=1)\n        area.madvise(15)\n"
        "        for at in range(0, size, 2**21): area[at]\n        time.sleep(1000)\ntime.sleep(1000)",
        says=r"more than 0\.6 GB|longer than|did not finish",
    ),
    "pages-in-pipes": attack(
        "import ctypes, mmap, os\nlibc = ctypes.CDLL(None, use_errno=True)\nblock = mmap.mmap(-1, 2**21, flags=0x22)\n"
        "start = ctypes.addressof(ctypes.c_char.from_buffer(block))\nr, w = os.pipe()\n"
        "print('REACHED' if libc.vmsplice(w, (ctypes.c_size_t * 2)(start, 1), 1, 0) == 1 else '')"
    ),
    "pages-of-files-in-pipes": attack(
        "import os\nopen('f', 'wb').write(b'x' * 4096)\nr, w = os.pipe()\nfile = os.open('f', os.O_RDONLY)\n"
        "try: print('REACHED', os.splice(file, w, 4096))\nexcept PermissionError: pass"
    ),
    "sockets": attack(
        "import os, socket, time\ndef fill():\n    kept = []\n    while True:\n        pair = socket.socketpair()\n"
        "        for one in pair:\n            one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2**24)\n"
        "            one.setblocking(False)\n            try:\n                while True: one.send(b'x' * 32_000)\n"
        "            except OSError: pass\n        kept.append(pair)\n"
        "for _ in range(16):\n    if os.fork() == 0:\n        try: fill()\n        except OSError: time.sleep(1000)\n"
        "time.sleep(1000)",
        says=r"more than 0\.6 GB",
    ),
    "sockets-that-are-large": attack(
        "import socket\none = socket.socketpair()[0]\nusual = one.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)\n"
        "one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2**20)\n"
        "print('REACHED' if one.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) > usual else '')"
    ),
    "mappings-of-children": attack(
        "import mmap, os, time\nfor _ in range(40):\n    if os.fork() == 0:\n        kept = []\n        try:\n"
        "            while True: kept.append(mmap.mmap(-1, 4096, flags=0x22, prot=1 + len(kept) % 2 * 2))\n"
        "        except OSError: time.sleep(1000)\ntime.sleep(1000)",
        says=r"more than 0\.6 GB|longer than|did not finish",
    ),
    "file-locks": attack(
        "import fcntl\nfile = open('locked', 'wb')\nat = 0\nwhile True:\n    fcntl.lockf(file, fcntl.LOCK_EX, 1, at)\n    at += 2",
        says=r"more than 0\.6 GB|longer than|did not finish",
    ),
    "timers": attack(
        "import ctypes\nlibc = ctypes.CDLL(None)\ntimer = ctypes.c_void_p()\nmade = 0\n"
        "while made < 10_000 and libc.timer_create(1, None, ctypes.byref(timer)) == 0: made += 1\n"
        "print('REACHED' if made == 10_000 else '')"
    ),
    "oom-score": attack(
        "import os, glob\nfor path in ('/proc/self/oom_score_adj', '/proc/self/oom_adj', '/proc/1/oom_score_adj'):\n"
        "    try:\n        open(path, 'w').write('0')\n        print('REACHED', path)\n    except OSError: pass"
    ),
    "memory-files": attack(
        "import os\nfor number in range(100):\n    file = os.memfd_create(str(number))\n    os.write(file, b'x' * 50_000_000)",
        says="PermissionError",
    ),
    "disk": attack(
        "block = b'x' * 20_000_000\n"
        "for folder in ('.', '/tmp', '/dev/shm'):\n"
        "    try:\n"
        "        for number in range(1000): open(f'{folder}/big{number}', 'wb').write(block)\n"
        "    except OSError as error: print(error)"
    ),
    "inodes": attack(
        "try:\n    for number in range(1_000_000): open(f'f{number}', 'w').close()\nexcept OSError as error: print(error)"
    ),
    "deep-folders": attack(
        "import os\ntry:\n    for _ in range(30_000):\n        os.mkdir('d')\n        os.chdir('d')\nexcept OSError as error: print(error)"
    ),
    "one-large-file": attack("open('big', 'wb').truncate(2**40)\nprint('REACHED')", says="OSError|crashed"),
    "output": attack("for _ in range(100_000): print('x' * 1000)"),
    "output-by-children": attack("import subprocess\nsubprocess.run('yes | head -c 50000000', shell=True)"),
    "descriptors": attack(
        "import os\nfiles = []\nwhile True: files.append(os.open('/dev/null', os.O_RDONLY))", says="OSError"
    ),
    "pipes": attack(
        "import os\ntry:\n    while True:\n        r, w = os.pipe()\n        os.set_blocking(w, False)\n        os.write(w, b'x' * 65536)\nexcept OSError as error: print(error)"
    ),
    "system-v-memory": attack(
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\nprint('REACHED' if libc.shmget(0, 2**20, 0o1600) >= 0 else '')"
    ),
    "files-in-tmp": attack("open('/tmp/{mark}', 'w').write('x')\nopen('/dev/shm/{mark}', 'w').write('x')"),
}

CODE = {**TRICKS, **PROTOCOL, **ENDINGS, **HOST, **BOMBS}
