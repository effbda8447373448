"""Where it was measured."""

import gc
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("pyarrow", "numpy", "pydantic-monty", "wordfreq")


def machine(lexicon: str) -> dict[str, str]:
    """Return what a reader of the table must know about the machine, by name."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    loads = " ".join(f"{load:.1f}" for load in os.getloadavg()) if hasattr(os, "getloadavg") else "unknown"
    return {
        "CPU": f"{_processor()}, {cores} cores",
        "system": f"{platform.system()} {platform.release()}, load before the start {loads}",
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "packages": ", ".join(f"{name} {_version(name)}" for name in PACKAGES),
        "GC": f"off on both sides unless said; on is Python's default {gc.get_threshold()}",
        "lexicon": lexicon,
    }


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"
