"""SoftHSM, a PKCS#11 token in software. Its library reads its configuration and its tokens once in
a process: all tests of a process share one folder, and their tokens are there before it is loaded.
"""

import os
import shutil
import subprocess
from pathlib import Path

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
PIN = "123456"
TOKENS = ("court", "issuing")


def make(folder: Path) -> None:
    """Fresh tokens in `folder`, which this process and its children use from now on."""
    assert shutil.which("softhsm2-util"), "the package softhsm2 is missing"
    (folder / "tokens").mkdir()
    configuration = folder / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {folder / 'tokens'}\n")
    os.environ["SOFTHSM2_CONF"] = str(configuration)
    for label in TOKENS:
        command = f"softhsm2-util --init-token --free --label {label} --pin {PIN} --so-pin 12345678"
        subprocess.run(command.split(), check=True, capture_output=True)
