"""What is installed holds everything that runs: texts, queries, pages, not only Python."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.rules.source import ROOT, SRC, project_files


@pytest.mark.slow
def test_the_wheel_holds_every_file_of_the_product(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")

    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())

    ours = {path.relative_to(SRC.parent).as_posix() for path in project_files() if path.is_relative_to(SRC)}
    assert ours - packed == set()
    assert "priem/locale/ru/LC_MESSAGES/django.mo" in packed
