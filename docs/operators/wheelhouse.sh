#!/bin/sh
# Collect into a folder what a machine without network lacks to run `autograder accept gpu`, or install from there.
#
#     sh docs/operators/wheelhouse.sh collect build/wheelhouse              # here, with network: `make wheelhouse`
#     sh docs/operators/wheelhouse.sh install build/wheelhouse build/gpu    # there, into a virtual environment build/gpu
#
# There: Linux, x86-64, Python 3.12 (VERSION, when collecting, names another) with torch, torchvision, numpy, pytest, msgpack, rich, jinja2, matplotlib and
# safetensors. PYTHON names the interpreter (default: python3). Nothing that is installed there is touched.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
python=${PYTHON:-python3}
version=${VERSION:-3.12}
what=${1:?collect or install}
house=${2:?a folder for the wheels}

case $what in
collect)
    rm -rf "$house"
    mkdir -p "$house/lib"
    # Each named with its needs; none of them needs torch
    "$python" -m pip download --quiet --dest "$house" --constraint "$root/requirements.lock" --only-binary=:all: \
        --python-version "$version" --implementation cp --abi "cp$(echo "$version" | tr -d .)" --abi abi3 --abi none \
        --platform manylinux_2_28_x86_64 --platform manylinux_2_17_x86_64 --platform manylinux2014_x86_64 \
        ipython msgspec pyseccomp pyyaml nvidia-ml-py tqdm
    "$python" -m pip wheel --quiet --no-deps --wheel-dir "$house" "$root"
    library=$(ls /usr/lib/x86_64-linux-gnu/libseccomp.so.2 /usr/lib64/libseccomp.so.2 2>/dev/null | head -n 1)
    [ -n "$library" ] || { echo "libseccomp.so.2 is not here; apt install libseccomp2" >&2; exit 2; }
    cp -L "$library" "$house/lib/"
    [ "$(du -sk "$house" | cut -f1)" -lt 40960 ] || { echo "$house holds more than 40 MB" >&2; exit 1; }
    if ls "$house" | grep -Eq '^(torch|nvidia_c|triton)'; then echo "torch came along" >&2; exit 1; fi
    ;;
install)
    to=${3:?a folder for the virtual environment}
    "$python" -m venv --system-site-packages "$to"
    "$to/bin/python" -m pip install --quiet --no-index --no-deps "$house"/*.whl
    cp "$house/lib/libseccomp.so.2" "$to/lib/"
    echo "$to/bin/autograder accept gpu --output DIR"
    ;;
*)
    echo "collect or install, and not $what" >&2
    exit 2
    ;;
esac
