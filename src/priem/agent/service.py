"""A service that starts with the computer: systemd's on Linux, the Task Scheduler's on Windows. Nothing of our own
watches over the process where the system does it better."""

import getpass
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.sax.saxutils import escape

from priem.agent.folder import Folder, shutting
from priem.errors import AskOperator
from priem.texts import Text, text

UNIT = """[Unit]
Description=Priem: the agent beside IDENT's database
After=network-online.target
Wants=network-online.target

[Service]
Type=exec
ExecStart={python} -m priem.agent run --home {home}
User={user}
Restart=always
RestartSec=5
TimeoutStopSec=20
MemoryMax=256M
LimitCORE=0
Nice=10

ReadWritePaths={home}
UMask=0077
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
"""
TASK = """<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.3" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo><Description>Priem: the agent beside IDENT's database</Description></RegistrationInfo>
  <Triggers>
    <BootTrigger><Enabled>true</Enabled><Delay>PT30S</Delay></BootTrigger>
    <TimeTrigger>
      <Repetition><Interval>PT5M</Interval><StopAtDurationEnd>false</StopAtDurationEnd></Repetition>
      <StartBoundary>2026-01-01T00:00:00</StartBoundary><Enabled>true</Enabled>
    </TimeTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author"><UserId>S-1-5-18</UserId><RunLevel>LeastPrivilege</RunLevel></Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <StartWhenAvailable>true</StartWhenAvailable>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Priority>8</Priority>
    <RestartOnFailure><Interval>PT1M</Interval><Count>999</Count></RestartOnFailure>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>{python}</Command>
      <Arguments>-m priem.agent run --home "{home}"</Arguments>
    </Exec>
  </Actions>
</Task>
"""
NAME = "priem-agent"
UNITS = Path("/etc/systemd/system")
NOBODY = "/usr/sbin/nologin"
Run = Callable[..., None]


def install(folder: Folder, *, write: bool) -> Iterator[Text | str]:
    """Says what it would write, or what it has written. Raises AskOperator where it may not."""
    if sys.platform == "win32":
        yield from install_task(folder, write=write)
    else:
        yield from install_unit(folder, write=write, units=UNITS)


def unit(folder: Folder) -> str:
    return UNIT.format(python=quoted(sys.executable), home=quoted(str(folder.path.absolute())), user=own_user())


def own_user() -> str:
    """Never root: whoever installs as root gets a user that has nothing but the agent's folder."""
    user = getpass.getuser()
    return NAME if user == "root" else user


def quoted(path: str) -> str:
    """As systemd reads it."""
    escaped = path.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"' if " " in path or escaped != path else path


def install_unit(folder: Folder, *, write: bool, units: Path, run: Run | None = None) -> Iterator[Text | str]:
    if not write:
        yield unit(folder)
        yield text("Nothing is written yet: priem agent install --write does it, as root.")
        return
    do, file, home = run or run_it, units / f"{NAME}.service", str(folder.path.absolute())
    try:
        file.write_text(unit(folder), encoding="utf-8")
    except OSError as error:
        raise AskOperator(
            text("The service cannot be written to {path}.", path=file),
            text("Run it as root: sudo priem agent install --write."),
        ) from error
    yield text("Written: {path}.", path=file)
    if own_user() == NAME:
        if not is_user(NAME):
            do("useradd", "--system", "--user-group", "--no-create-home", "--home-dir", home, "--shell", NOBODY, NAME)
        do("chown", "--recursive", f"{NAME}:", home)
    do("systemctl", "daemon-reload")
    do("systemctl", "enable", f"{NAME}.service")
    do("systemctl", "restart", f"{NAME}.service")
    yield text("The service runs and starts with the computer. Look at it: systemctl status {name}.", name=NAME)


def is_user(name: str) -> bool:
    import pwd  # noqa: PLC0415 - Windows has none

    return name in (one.pw_name for one in pwd.getpwall())


def task(folder: Folder) -> str:
    python = Path(sys.executable)
    windowless = python.with_name("pythonw.exe")
    return TASK.format(
        python=escape(str(windowless if windowless.exists() else python)), home=escape(str(folder.path.absolute()))
    )


def install_task(folder: Folder, *, write: bool, run: Run | None = None) -> Iterator[Text | str]:
    """First the folder is closed to everybody but the system and its administrators: whoever could change the task's
    file before it is read would run as the system."""
    do, file = run or run_it, folder.path / "task.xml"
    for command in (
        shutting(folder.path, to_owner=False),
        ("schtasks", "/Create", "/TN", NAME, "/XML", str(file), "/F"),
        ("schtasks", "/Run", "/TN", NAME),
    ):
        yield " ".join(f'"{word}"' if " " in word else word for word in command)
        if write:
            do(*command)
        if command[0] == "icacls":
            file.write_text(task(folder), encoding="utf-16")
            yield text("Written: {path}.", path=file)
    if write:
        yield text("The task runs and starts with the computer. Look at it in the Task Scheduler: {name}.", name=NAME)
    else:
        yield text(
            "Nothing is switched on yet: run these commands, or priem agent install --write, as an administrator."
        )


def run_it(*command: str) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - commands of the system, our own words
    except (OSError, subprocess.CalledProcessError) as error:
        raise AskOperator(
            text("{command} did not succeed.", command=" ".join(command[:2])), text("Run it as an administrator.")
        ) from error
