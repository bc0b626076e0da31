"""What a phone's camera reads from a picture of a QR code."""

from __future__ import annotations

import subprocess


def read(picture: bytes, kind: str = "png") -> str:
    """`kind`: `png` or `pbm`."""
    command = ["zbarimg", "--quiet", "--raw", "--oneshot", "-Sdisable", "-Sqrcode.enable", f"{kind}:-"]
    return subprocess.run(command, input=picture, capture_output=True, check=True).stdout.decode().rstrip("\n")
