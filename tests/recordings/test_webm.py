"""What a strict decode makes of the muxer's files when frames come at odd moments."""

from pathlib import Path

import pytest

from recordings.webm import Muxer
from tests.recordings import media


def webm(moments: list[int]) -> bytes:
    frames = media.vp8(len(moments) / 30)[: len(moments)]
    muxer = Muxer("vp8", 320, 180)
    parts = [
        muxer.add(frame.data, at, 100, frame.keyframe)
        for frame, at in zip(frames, moments, strict=True)
    ]
    return b"".join([*parts, muxer.close()])


@pytest.mark.parametrize(
    "extra",
    [
        pytest.param([5162, 5221, 5678], id="late and early"),
        pytest.param([5101, 5102, 5103, 5104], id="a burst"),
        pytest.param([5100, 5100, 5101], id="at one time"),
    ],
)
def test_an_irregular_camera_decodes_in_silence(tmp_path: Path, extra: list[int]) -> None:
    """ffmpeg takes the first regular frames for a frame rate and then complained of the rest."""
    path = tmp_path / "odd.webm"
    path.write_bytes(webm([at * 100 for at in range(51)] + extra))
    media.strict(path)
