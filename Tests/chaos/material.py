"""Small real clips, made once per run."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

import paths  # noqa: F401
from plan import FRAME_COUNTS
from sensor import CLIP, CONFIG, KEY, frame

WIDTH, HEIGHT, RATE = 96, 72, 10
CODEC = "avc1.42001f"
_MICROSECONDS = 1_000_000 // RATE
_DELIMITER = b"\x00\x00\x00\x01\x09"
# The first moves all over, so that an alert is due; in the second nothing happens, so that none is.
_PICTURES = {True: f"testsrc2=size={WIDTH}x{HEIGHT}:rate={RATE}", False: f"smptebars=size={WIDTH}x{HEIGHT}:rate={RATE}"}


@dataclass(frozen=True)
class Material:
    # By whether it moves: an access unit each.
    units: dict[bool, list[bytes]]
    # By whether it moves and the number of pictures: an MP4 file.
    files: dict[tuple[bool, int], bytes]

    def message(self, moves: bool, stream: int, sequence: int) -> bytes:
        """The codec's configuration is number 0, the access units follow."""
        if sequence == 0:
            return frame(CLIP, stream, 0, json.dumps({"codec": CODEC, "width": WIDTH, "height": HEIGHT}).encode(), CONFIG)
        index = sequence - 1
        return frame(CLIP, stream, sequence, self.units[moves][index], KEY if index % RATE == 0 else 0, timestamp=index * _MICROSECONDS,
                     duration=_MICROSECONDS)


def make(folder: Path) -> Material:
    units: dict[bool, list[bytes]] = {}
    files: dict[tuple[bool, int], bytes] = {}
    for moves in (True, False):
        stream = folder / f"{moves}.h264"
        _encode(moves, max(FRAME_COUNTS), stream, "-x264-params", "aud=1")
        units[moves] = [_DELIMITER + unit for unit in stream.read_bytes().split(_DELIMITER)[1:]]
        for count in FRAME_COUNTS:
            file = folder / f"{moves}-{count}.mp4"
            _encode(moves, count, file)
            files[moves, count] = file.read_bytes()
    return Material(units, files)


def _encode(moves: bool, count: int, file: Path, *options: str) -> None:
    # Without B-frames any number of access units from the beginning is a clip.
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", _PICTURES[moves], "-frames:v", str(count), "-c:v", "libx264", "-bf", "0",
         "-g", str(RATE), "-pix_fmt", "yuv420p", *options, str(file)],
        check=True, stdin=subprocess.DEVNULL)


def count_packets(clip: bytes, scratch: Path) -> int:
    """Pictures in a file. 0 when it cannot be read to its end without a complaint."""
    scratch.write_bytes(clip)
    try:
        out = subprocess.run(
            ["ffprobe", "-v", "error", "-count_packets", "-select_streams", "v:0", "-show_entries", "stream=nb_read_packets", "-of", "csv=p=0",
             str(scratch)],
            capture_output=True, text=True, stdin=subprocess.DEVNULL)
    finally:
        scratch.unlink()
    text = out.stdout.strip().rstrip(",")
    return int(text) if out.returncode == 0 and not out.stderr and text.isdigit() else 0
