"""GPUs through the real bindings, against a small library of our own."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pynvml
import pytest

from collect.helpers import of, samples, write_tree
from jipyo.collect.gpu import Gpu, GpuOptions
from jipyo.collect.gpu.processes import GpuUser, identify_user
from jipyo.model.errors import CollectError

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = 1_795_400_000_000
HERE = Path(__file__).parent
FIRST = 'gpu="0",modelName="NVIDIA RTX 4000 Ada Generation",pci_bus_id="00000000:01:00.0"'
LABELS = f'{{UUID="GPU-fake-0",device="nvidia0",{FIRST}}}'


def header() -> Path | None:
    spec = find_spec("nvidia")
    roots = [Path(root) for root in spec.submodule_search_locations or ()] if spec else []
    return next((found for root in roots for found in root.rglob("nvml.h")), None)


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    """Our library, loaded under the name that the bindings look for."""
    compiler, nvml_h = shutil.which("cc") or shutil.which("gcc"), header()
    if compiler is None or nvml_h is None:
        pytest.skip("no C compiler, or no nvml.h (package nvidia-nvml-dev)")
    out = tmp_path_factory.mktemp("nvml") / "libnvidia-ml.so.1"
    options = ["-shared", "-fPIC", "-Wall", "-Werror", f"-I{nvml_h.parent}"]
    name = "-Wl,-soname,libnvidia-ml.so.1"
    source = str(HERE / "fake_nvml.c")
    subprocess.run([compiler, *options, name, "-o", str(out), source], check=True)
    # Once it is loaded, the dynamic linker finds it by its soname wherever it lies.
    return ctypes.CDLL(str(out), mode=ctypes.RTLD_GLOBAL)


@pytest.fixture
def fake(library: ctypes.CDLL) -> Iterator[ctypes.CDLL]:
    library.fake_reset()
    yield library
    library.fake_reset()


def who(proc: str, pid: int) -> GpuUser:
    return {101: GpuUser("vllm", "llama-3"), 102: GpuUser("vllm", "llama-3")}.get(
        pid, GpuUser("x", "")
    )


def gpus() -> Gpu:
    return Gpu(GpuOptions(), who=who)


def test_figures_have_the_names_labels_and_units_of_dcgm_exporter(fake: ctypes.CDLL) -> None:
    found = samples(gpus().collect(NOW))
    expected = {
        "DCGM_FI_DEV_GPU_UTIL": 80.0,
        "DCGM_FI_DEV_MEM_COPY_UTIL": 40.0,
        "DCGM_FI_DEV_FB_TOTAL": 20480.0,  # MiB
        "DCGM_FI_DEV_FB_USED": 5120.0,
        "DCGM_FI_DEV_FB_RESERVED": 512.0,
        "DCGM_FI_DEV_FB_FREE": 14848.0,
        "DCGM_FI_DEV_GPU_TEMP": 71.0,
        "DCGM_FI_DEV_MEMORY_TEMP": 64.0,
        "DCGM_FI_DEV_SHUTDOWN_TEMP": 99.0,
        "DCGM_FI_DEV_POWER_USAGE": 98.123,  # W
        "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION": 123456789012.0,  # mJ
        "DCGM_FI_DEV_SM_CLOCK": 2175.0,
        "DCGM_FI_DEV_CLOCKS_EVENT_REASONS": 4.0,
        "DCGM_FI_DEV_THERMAL_VIOLATION": 2e9,  # ns
        "DCGM_FI_DEV_CORRECTABLE_REMAPPED_ROWS": 3.0,
        "DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS": 1.0,
        "DCGM_FI_DEV_ROW_REMAP_FAILURE": 1.0,
        "DCGM_FI_DEV_XID_ERRORS": 0.0,
        "jipyo_gpu_nvlink_transmit_bytes_total": 10240.0,
        "jipyo_gpu_up": 1.0,
    }
    assert {name: found.get(name + LABELS) for name in expected} == expected
    other = LABELS.replace("GPU-fake-0", "GPU-fake-1").replace("nvidia0", "nvidia1")
    other = other.replace('gpu="0"', 'gpu="1"').replace(":01:", ":02:")
    assert found["DCGM_FI_DEV_GPU_UTIL" + other] == 81


def test_a_field_that_is_refused_costs_only_itself(fake: ctypes.CDLL) -> None:
    families = gpus().collect(NOW)
    assert of(families, "DCGM_FI_DEV_FAN_SPEED") == {}  # NotSupported
    assert of(families, "DCGM_FI_DEV_ENC_UTIL") == {}  # not in the library at all
    assert len(of(families, "DCGM_FI_DEV_GPU_UTIL")) == 2


def test_a_gpu_that_gives_hardly_anything_gives_what_it_can(fake: ctypes.CDLL) -> None:
    fake.fake_bare(1)
    found = samples(gpus().collect(NOW))
    assert found["DCGM_FI_DEV_GPU_UTIL" + LABELS] == 80.0
    assert "DCGM_FI_DEV_POWER_USAGE" + LABELS not in found


def test_an_older_driver_counts_what_it_reserves_as_used(fake: ctypes.CDLL) -> None:
    fake.fake_refuse_v2(1)
    found = samples(gpus().collect(NOW))
    assert found["DCGM_FI_DEV_FB_USED" + LABELS] == 6144.0
    assert "DCGM_FI_DEV_FB_RESERVED" + LABELS not in found


def test_memory_is_summed_by_program_and_model(fake: ctypes.CDLL) -> None:
    found = of(gpus().collect(NOW), "jipyo_gpu_process_memory_used_bytes")
    by_gpu = {series: value for series, value in found.items() if 'gpu="0"' in series}
    ((series, value),) = by_gpu.items()
    assert value == 5 << 30
    assert 'model="llama-3"' in series
    assert 'process="vllm"' in series


def test_parts_of_a_gpu_made_by_mig_have_sizes_of_their_own(fake: ctypes.CDLL) -> None:
    fake.fake_mig(0, 1)
    found = of(gpus().collect(NOW), "DCGM_FI_DEV_FB_USED")
    parts = sorted(series for series in found if 'gpu="0"' in series)
    assert [found[series] for series in parts] == [1024.0, 1024.0]
    assert 'GPU_I_ID="7",GPU_I_PROFILE="1g.5gb"' in parts[0]
    assert 'GPU_I_ID="8"' in parts[1]


def test_the_last_xid_stays_until_another_comes(fake: ctypes.CDLL) -> None:
    gpu = gpus()
    gpu.collect(NOW)
    fake.fake_xid(1, 79)
    for _ in range(2):
        found = of(gpu.collect(NOW), "DCGM_FI_DEV_XID_ERRORS")
        assert sorted(found.values()) == [0.0, 79.0]


def test_a_gpu_that_is_lost_reads_as_down_and_comes_back(fake: ctypes.CDLL) -> None:
    gpu = gpus()
    gpu.collect(NOW)
    fake.fake_lose(0, 1)
    for _ in range(2):
        families = gpu.collect(NOW)
        assert sorted(of(families, "jipyo_gpu_up").values()) == [0.0, 1.0]
        assert len(of(families, "DCGM_FI_DEV_POWER_USAGE")) == 1
    fake.fake_lose(0, 0)
    families = gpu.collect(NOW)
    assert sorted(of(families, "jipyo_gpu_up").values()) == [1.0, 1.0]
    assert len(of(families, "DCGM_FI_DEV_POWER_USAGE")) == 2


def test_a_driver_that_goes_away_is_an_error_and_comes_back(fake: ctypes.CDLL) -> None:
    gpu = gpus()
    gpu.collect(NOW)
    fake.fake_lose(0, 1)
    gpu.collect(NOW)
    fake.fake_no_driver(1)
    with pytest.raises(CollectError) as caught:
        gpu.collect(NOW)
    assert caught.value.key == "collect.gpu_lost"
    fake.fake_reset()
    assert of(gpu.collect(NOW), "jipyo_gpu_up")


def test_without_a_driver_there_is_silently_nothing(fake: ctypes.CDLL) -> None:
    fake.fake_no_driver(1)
    assert gpus().collect(NOW) is None


def test_without_the_library_there_is_silently_nothing() -> None:
    class NoLibrary:
        """The bindings where the library cannot be loaded."""

        def __getattr__(self, name: str) -> object:
            return getattr(pynvml, name)

        def nvmlInit(self) -> None:  # noqa: N802 - the bindings' name
            raise pynvml.NVMLError(pynvml.NVML_ERROR_LIBRARY_NOT_FOUND)

    assert Gpu(nvml=NoLibrary()).collect(NOW) is None


def test_a_driver_that_does_not_fit_its_library_is_told(fake: ctypes.CDLL) -> None:
    fake.fake_mismatch(1)
    with pytest.raises(CollectError) as caught:
        gpus().collect(NOW)
    assert caught.value.key == "collect.gpu_driver"


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (
            "/usr/bin/python3 -m vllm.entrypoints.openai --model meta/llama-3",
            ("python3", "llama-3"),
        ),
        ("/opt/venv/bin/vllm serve Qwen/Qwen3-8B --port 8000", ("vllm", "Qwen3-8B")),
        ("vllm serve /models/a --served-model-name=prod", ("vllm", "prod")),
        ("llama-server -m /models/gemma.gguf", ("llama-server", "gemma.gguf")),
        ("text-generation-server --model-id x/y", ("text-generation-server", "y")),
        ("python3 -m http.server", ("python3", "")),
        ("/usr/lib/xorg/Xorg", ("Xorg", "")),
    ],
)
def test_the_model_is_read_from_the_command(
    tmp_path: Path, command: str, expected: tuple[str, str]
) -> None:
    write_tree(tmp_path, {"7/cmdline": command.replace(" ", "\0") + "\0"})
    assert identify_user(str(tmp_path), 7) == GpuUser(*expected)


def test_a_process_in_another_namespace_is_unknown(tmp_path: Path) -> None:
    assert identify_user(str(tmp_path), 7) == GpuUser("unknown", "")


@pytest.mark.gpu
def test_a_real_gpu_is_collected_and_its_programs_fill_its_memory() -> None:
    families = Gpu().collect(NOW)
    used = sum(of(families, "DCGM_FI_DEV_FB_USED").values()) * (1 << 20)
    assert sum(of(families, "DCGM_FI_DEV_GPU_TEMP").values()) > 0
    users = sum(of(families, "jipyo_gpu_process_memory_used_bytes").values())
    if users:
        assert users == pytest.approx(used, rel=0.02)
