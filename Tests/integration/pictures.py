"""Small real clips, made once per run: access units to stream and files to upload."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from sensor import CLIP, CONFIG, KEY, frame

RATE = 10
_DELIMITER = b"\x00\x00\x00\x01\x09"
# Smaller is no JPEG that anybody would send.
STILL_JPEG = b"\xff\xd8\xff\xe0" + b"still" * 40


class Clip:
    """H.264 in which something moves; without B-frames, so that any number of pictures from the beginning is a clip, too."""

    def __init__(self, folder: Path, name: str, source: str, pictures: int, *options: str) -> None:
        self.width, self.height = (int(number) for number in source.split("size=")[1].split(":")[0].split("x"))
        stream, file = folder / f"{name}.h264", folder / f"{name}.mp4"
        encoding = ["-frames:v", str(pictures), "-c:v", "libx264", "-bf", "0", "-g", str(RATE), "-pix_fmt", "yuv420p", *options]
        made = ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", source, *encoding, "-x264-params", "aud=1", str(stream)]
        subprocess.run(made, check=True, stdin=subprocess.DEVNULL)
        subprocess.run(
            ["ffmpeg", "-v", "error", "-y", "-r", str(RATE), "-i", str(stream), "-c", "copy", str(file)], check=True, stdin=subprocess.DEVNULL)
        self.units = [_DELIMITER + unit for unit in stream.read_bytes().split(_DELIMITER)[1:]]
        assert len(self.units) == pictures
        self.file = file.read_bytes()
        self.seconds = pictures / RATE

    @property
    def frames(self) -> int:
        """The codec's configuration is frame 0, the pictures follow."""
        return len(self.units) + 1

    def message(self, stream: int, sequence: int) -> bytes:
        if sequence == 0:
            configuration = {"codec": "avc1.42001f", "width": self.width, "height": self.height}
            return frame(CLIP, stream, 0, json.dumps(configuration).encode(), CONFIG)
        index = sequence - 1
        return frame(
            CLIP, stream, sequence, self.units[index], KEY if index % RATE == 0 else 0, timestamp=index * 1_000_000 // RATE,
            duration=1_000_000 // RATE)

    def opening(self) -> dict:
        """What `clip.open` says of it."""
        return {"tracks": [{"track": 0, "kind": "video", "codec": "avc1.42001f", "width": self.width, "height": self.height}], "pre_roll_ms": 0}


def small(folder: Path) -> Clip:
    return Clip(folder, "small", f"testsrc2=size=96x72:rate={RATE}", 20)


def heavy(folder: Path) -> Clip:
    """Takes a core some hundred milliseconds to process."""
    return Clip(folder, "heavy", f"testsrc2=size=1280x720:rate={RATE}", 120, "-preset", "ultrafast")


def large(folder: Path) -> Clip:
    """Some megabytes."""
    return Clip(folder, "large", f"testsrc2=size=320x240:rate={RATE},noise=alls=100:allf=t", 40, "-preset", "ultrafast", "-qp", "8")


def count_pictures(clip: bytes, folder: Path) -> int:
    """How many a player shows."""
    path = folder / "counted"
    path.write_bytes(clip)
    out = subprocess.run(
        ["ffprobe", "-v", "error", "-count_frames", "-select_streams", "v:0", "-show_entries", "stream=nb_read_frames", "-of", "csv=p=0", str(path)],
        check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert not out.stderr, out.stderr
    return int(out.stdout.strip().rstrip(","))
