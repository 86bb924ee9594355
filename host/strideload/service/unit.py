"""The systemd unit of a host: what it runs, as whom, and what it may not do."""

import os
import pwd
import sys
from pathlib import Path
from typing import Final, NamedTuple

from platformdirs import user_data_path

import strideload
from strideload.service.systemd import ServiceError, command, quoted

NAME: Final = "strideload.service"
STATE_NAME: Final = (
    "strideload"  # systemd makes a folder of this name for a user that lives as long as the service
)
OWN_FOLDER: Final = Path("/var/lib") / STATE_NAME
HIDDEN: Final = (Path("/home"), Path("/root"), Path("/run/user"))  # by ProtectHome

TEMPLATE: Final = """\
# Runs the Strideload host from boot on. Made by `strideload service install`, which writes it anew.
[Unit]
Description=Strideload, the host
Wants=network-online.target
After=network-online.target
# Five starts in ten minutes that fail: something is to be mended first, and `strideload service status` says so.
StartLimitIntervalSec=10min
StartLimitBurst=5

[Service]
Type=notify
NotifyAccess=main
ExecStart={command}
{identity}
UMask=0077
Restart=on-failure
RestartSec=5
# The host says every second that its threads live.
WatchdogSec=2min
# A new version may have to bring a large store up to date first.
TimeoutStartSec=5min
TimeoutStopSec=1min
# The host ends its broker itself, after the last page is stored.
KillMode=mixed

MemoryMax={memory_mb}M
TasksMax=128
LimitCORE=0

NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
PrivateTmp=yes
PrivateDevices=yes
DevicePolicy=closed
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectProc=invisible
ProcSubset=pid
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
RemoveIPC=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
# Reading whether the clock is synchronised; without it no pod gets the time, so ProtectClock cannot stand here. To set
# the clock takes a capability, and there is none.
SystemCallFilter=adjtimex clock_adjtime
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
"""

# It takes 120 MB when idle. The rest is for what the collector (64 MB) and the broker (64 MB) may hold, for a rebuild
# and a report; one that takes more than this has a defect, and the computer is not to suffer from it.
MEMORY_MB: Final = 768

OWN_IDENTITY: Final = f"""\
DynamicUser=yes
StateDirectory={STATE_NAME}
StateDirectoryMode=0700
ProtectHome=yes"""

ACCOUNT_IDENTITY: Final = """\
User={account}
ReadWritePaths={folder}
ProtectHome=read-only"""


class Plan(NamedTuple):
    """What is to run. `account`: as whom, None: as a user that systemd makes up for the time that it runs."""

    folder: Path
    account: str | None
    lan: bool
    port: int | None
    page_lan: bool = False


def plan(
    folder: Path | None, account: str | None, *, lan: bool, port: int | None, page_lan: bool = False
) -> Plan:
    """By default it runs as whoever is behind sudo or is not root, with their folder. ServiceError.

    A user of its own has a folder of its own. `refusal` says whether such a plan can be installed.
    """
    folder = folder and folder.expanduser().absolute()
    who = account or _person()
    if who is None:
        if folder is not None and folder != OWN_FOLDER:
            raise ServiceError(
                f"A user of the service's own has its folder at {OWN_FOLDER}; say with --account whose {folder} is."
            )
        return Plan(OWN_FOLDER, None, lan, port, page_lan)
    try:
        home = Path(pwd.getpwnam(who).pw_dir)
    except KeyError:
        raise ServiceError(f"There is no user {who!r} on this computer.") from None
    if who == "root":
        raise ServiceError("The host needs no root; say with --account as whom it is to run.")
    return Plan(folder or _data_folder(who, home), who, lan, port, page_lan)


def text(plan: Plan) -> str:
    """The unit's file. StrideloadError: a path cannot stand there."""
    words = [sys.executable, "-P", "-m", "strideload.cli", "up", "--dir", str(plan.folder)]
    words += ["--lan"] if plan.lan else []
    words += ["--page-lan"] if plan.page_lan else []
    words += [] if plan.port is None else ["--port", str(plan.port)]
    identity = OWN_IDENTITY
    if plan.account is not None:
        identity = ACCOUNT_IDENTITY.format(account=plan.account, folder=quoted(str(plan.folder)))
    return TEMPLATE.format(command=command(*words), identity=identity, memory_mb=MEMORY_MB)


def _person() -> str | None:
    """Who types the command; None: root itself."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid()).pw_name
    behind = os.environ.get("SUDO_USER", "root")
    return None if behind == "root" else behind


def _data_folder(who: str, home: Path) -> Path:
    """Where that user's store is, if no folder is named."""
    if who == pwd.getpwuid(os.geteuid()).pw_name:
        return user_data_path("strideload", appauthor=False).absolute()
    return home / ".local/share/strideload"


def refusal(plan: Plan) -> str | None:
    """Why the plan would not run here; None: nothing is known against it."""
    if plan.account is not None:
        return None
    for place in (Path(sys.executable).absolute(), Path(sys.executable).resolve(), Path(strideload.__file__)):
        if any(hidden in place.parents for hidden in HIDDEN):
            return (
                f"{place} lies where a user of the service's own cannot read: put Strideload outside of "
                f"{', '.join(map(str, HIDDEN))}, or say with --account as whom it is to run."
            )
    return None
