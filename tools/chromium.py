"""The system's Chromium, as tests and the demo start it: headless, quiet, with fake devices."""

import shutil

QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DEVICES = (
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream=fps=10",  # five people on two cores
    "--autoplay-policy=no-user-gesture-required",
)


def executable() -> str:
    """Where Chromium is; raises RuntimeError with the command that installs it."""
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        found = shutil.which(name)
        if found:
            return found
    raise RuntimeError("Chromium is missing. Run: sh tools/test_programs.sh chromium")
