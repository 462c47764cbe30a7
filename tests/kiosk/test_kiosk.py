"""The touchscreen drawn for real: a Kivy under a display of its own, in a process of its own."""

import shutil
import subprocess
import sys
from pathlib import Path

DRAWN = Path(__file__).parent / "drawn.py"
INSTALL = "sudo apt-get install -y xvfb xauth libgl1-mesa-dri"


def test_touchscreen_when_drawn_under_xvfb_then_everything_in_drawn_py_holds() -> None:
    assert shutil.which("xvfb-run"), f"the touchscreen cannot be drawn here; run: {INSTALL}"
    command = ["xvfb-run", "-a", sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", str(DRAWN)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
