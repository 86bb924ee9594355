"""A systemd unit that starts the pod of a folder on this computer."""

import sys
from pathlib import Path
from typing import Final

from strideload.service.systemd import command, quoted
from strideload.simulate.live import main_py
from strideload_pod.boards.on_linux import EX_CONFIG

NAME: Final = "strideload-pod.service"

TEMPLATE: Final = """\
# Starts the pod of this folder. Made by `strideload pod install`.
[Unit]
Description=Strideload, the pod

[Service]
Environment={folder}
ExecStart={command}
Restart=always
RestartSec=5
# Settings that are no pod's: main.py said why, and starting once more mends nothing.
RestartPreventExitStatus={not_again}
# What the chip still has is read and the last page written.
KillSignal=SIGTERM
TimeoutStopSec=30

[Install]
WantedBy=default.target
"""


def write(folder: Path) -> Path:
    """The unit's file in the pod's folder."""
    file = folder / NAME
    file.write_text(
        TEMPLATE.format(
            not_again=EX_CONFIG,
            folder=quoted(f"STRIDELOAD_POD_DIR={folder.resolve()}"),
            command=command(sys.executable, "-P", str(main_py().resolve())),
        ),
        encoding="utf-8",
    )
    return file


def how_to_start(file: Path) -> list[str]:
    return [
        "The firmware of this installation runs here; nothing was copied. To start it now and with the computer:",
        f"  systemctl --user enable --now {file}",
        "  loginctl enable-linger",
        "It needs the I2C bus turned on, and you in the groups i2c and gpio.",
    ]
