"""Where figures come from: without that, they say nothing."""

import os
import platform
from pathlib import Path


def machine() -> str:
    """`Intel(R) Xeon(R) Processor, 2 cores, Linux 6.1, Python 3.11.2`."""
    release = platform.release().partition("-")[0]
    return f"{processor()}, {os.cpu_count()} cores, {platform.system()} {release}, Python {platform.python_version()}"


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
