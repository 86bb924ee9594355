"""The commands: `strideload ...`. Each reads its words, asks the part that knows, and prints.

Modules are imported where they are used, so that `strideload day` does not wait for a web server to load.
"""

import json
import os
import sys
from datetime import date as Date
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from strideload import __version__
from strideload.errors import StrideloadError

app = typer.Typer(
    help="Running load from a pod on the shoe: every step measured, every day summed, nothing hidden.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Folder = Annotated[
    Path | None,
    typer.Option(
        "--dir",
        envvar="STRIDELOAD_DIR",
        help="The folder of store and settings; by default the user's data folder.",
        file_okay=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]
Runner = Annotated[str | None, typer.Option("--runner", help="Whose; by default the runner of the settings.")]


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"strideload {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


@app.command()
def demo(
    once: Annotated[bool, typer.Option("--once", help="Print the day's summary and end.")] = False,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Of the page; 0 takes a free one.")
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--dir", help="A folder to keep the demo in; by default one that is removed.", file_okay=False
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Another seed is another runner.")] = 1,
) -> None:
    """A season of training and a pod that runs now, through every real part. Needs no hardware."""
    from strideload import demo as demo_

    demo_.demo(once=once, port=port, folder=folder, seed=seed, say=_say, progress=_progress)


@app.command()
def up(
    folder: Folder = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Of the page on 127.0.0.1.")] = None,
    lan: Annotated[
        bool, typer.Option("--lan", help="Let pods on the network in, by TLS and a password each.")
    ] = False,
    page_lan: Annotated[
        bool,
        typer.Option("--page-lan", help="Show the page on the network, by HTTPS, to whoever logs in."),
    ] = False,
    log_level: Annotated[
        str | None, typer.Option(help="debug, info, warning or error; by default as the settings say.")
    ] = None,
) -> None:
    """Collect from pods and serve the page, until Ctrl-C."""
    from strideload.up import up as up_

    up_(_settings(folder), port=port, lan=lan, page_lan=page_lan, level=_level(log_level), say=_say)


@app.command()
def replay(
    file: Annotated[Path, typer.Argument(help="A recording, .npz or .csv.")],
    folder: Folder = None,
    start: Annotated[
        str | None, typer.Option(help="When it began, UTC, as 2026-11-22T07:30:00; by default it ends now.")
    ] = None,
    foot: Annotated[str, typer.Option(help="left, right or unknown.")] = "unknown",
    runner: Runner = None,
    as_json: AsJson = False,
) -> None:
    """Play a recording through chip, firmware, broker and collector into the store."""
    from strideload import replay as replay_

    result = replay_.replay(
        _settings(folder), file, start=_utc(start), foot=_foot(foot), runner=runner, progress=_progress
    )
    print(json.dumps(result.as_dict()) if as_json else result.in_words())


@app.command("import")
def import_(
    source: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="A folder copied off a pod, or its drive or card.")
    ],
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Put the pages of a folder that was copied off a pod into the store. The folder is only read.

    Exit code 1 when no whole page was found.
    """
    from strideload.import_folder import import_folder

    imported = import_folder(_settings(folder), source, _progress)
    print(json.dumps(imported.as_dict()) if as_json else imported.in_words())
    if not imported.pages:
        raise typer.Exit(1)


@app.command()
def detect(
    file: Annotated[Path, typer.Argument(help="A recording, .npz or .csv.")],
    as_json: AsJson = False,
) -> None:
    """Find the steps of a recording with the detector that runs in the shoe."""
    from strideload import detect as detect_
    from strideload.recording import read

    with _progress("Detecting") as advance:
        detection = detect_.detect(read(file), advance)
    lines = detect_.json_lines(detection) if as_json else detect_.in_words(detection)
    for line in lines:
        print(line)


@app.command()
def simulate(
    out: Annotated[
        Path | None, typer.Option("--out", help="Write a recording (.npz or .csv) instead of running a pod.")
    ] = None,
    plan: Annotated[
        str | None, typer.Option(help="Activities, minutes and km/h, as stand:0.5,walk:2@5,run:20@10.5")
    ] = None,
    rate_hz: Annotated[
        float, typer.Option("--rate", min=100, max=1667, help="Samples a second of --out.")
    ] = 416.0,
    seed: Annotated[int, typer.Option(help="Another seed is another runner.")] = 1,
    folder: Folder = None,
) -> None:
    """Run a simulated pod for the host that is up, until Ctrl-C; or write a recording with its true contacts."""
    if out is not None:
        from strideload.simulate import recording

        with _progress("Writing") as advance:
            words = recording.write(out, plan or recording.PLAN, rate_hz, seed, advance)
        print(words)
    else:
        from strideload.simulate import at_home

        at_home.run(_settings(folder), plan, seed, _say)


@app.command()
def day(
    date: Annotated[
        str | None, typer.Option(help="As 2026-11-22; by default today where the runner is.")
    ] = None,
    runner: Runner = None,
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """One day's load."""
    from strideload import days, report_day
    from strideload.load.day import to_json

    settings = _settings(folder)
    on = _date(date) if date else None
    with _store(settings) as store:
        store.derive()
        who = _known_runner(store, runner or settings.runner.id)
        summary = days.day_of(store, who, on or days.today(store, who))
    if as_json:
        print(json.dumps(to_json(summary), allow_nan=False))
    else:
        report_day.show(summary)


class Paper(StrEnum):
    A4 = "a4"
    LETTER = "letter"


class Units(StrEnum):
    KM = "km"
    MILES = "miles"


@app.command()
def report(
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="The PDF; one that is there is replaced.")
    ],
    first: Annotated[
        str | None,
        typer.Option("--from", help="First day, as 2026-10-12; by default six weeks before the last."),
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", help="Last day; by default today where the runner is.")
    ] = None,
    runner: Runner = None,
    paper: Annotated[Paper, typer.Option(help="Size of the page.")] = Paper.A4,
    units: Annotated[Units | None, typer.Option(help="Of distances; by default the runner's.")] = None,
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """A report for a physiotherapist: an accessible PDF of one to three pages on up to a year."""
    from strideload import whole_file
    from strideload.report import pdf
    from strideload.report.joined import report_of
    from strideload.report.sections.summary import conclusion

    first_day = None if first is None else _date(first, "--from")
    last_day = None if last is None else _date(last, "--to")
    settings = _settings(folder)
    with _store(settings) as store:
        store.derive()
        who = _known_runner(store, runner or settings.runner.id)
        content = report_of(store, who, first_day, last_day)
        of_distances = units.value if units else store.accounts.units_of(who)
    made = pdf.make(content, paper.value, of_distances)
    whole_file.write(out, [made.data])
    if as_json:
        said = {"file": str(out), "pages": made.pages, "from": f"{content.first}", "to": f"{content.last}"}
        print(json.dumps(said))
    else:
        print(f"{out}: {conclusion(content, made.pages)}")


@app.command()
def activity(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="FIT or GPX, gzipped or not.")],
    runner: Runner = None,
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Take watches' files: the runs that pods recorded meanwhile have a distance by them.

    Exit code 1 when none was taken.
    """
    from strideload import activity_file
    from strideload.runner import activities

    settings = _settings(folder)
    taken: list[dict[str, Any]] = []
    with _store_and_runner(settings) as store:
        store.derive()
        who = _known_runner(store, runner or settings.runner.id)
        for file in files:
            try:
                one = activities.take(store, who, activity_file.read_file(file))
            except activity_file.ActivityFileError as error:
                print(f"strideload: {error}", file=sys.stderr)
                continue
            taken.append(
                {"file": str(file), "new": one.is_new, "runs": [run.start_utc_us for run in one.runs]}
            )
            if not as_json:
                print(one.in_words())
    if as_json:
        print(json.dumps(taken))
    if not taken:
        raise typer.Exit(1)


@app.command()
def export(
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            metavar="FILE",
            help="name.json, one document; or name.zip, CSV files. One there is replaced.",
        ),
    ],
    runner: Runner = None,
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """All that is a runner's, into one file: days, runs, steps, symptoms with their history, and what else was said."""
    from strideload.export import formats

    settings = _settings(folder)
    with _store(settings) as store:
        store.derive()
        who = _known_runner(store, runner or settings.runner.id)
        formats.write(store, who, out)
    size = out.stat().st_size
    if as_json:
        print(json.dumps({"file": str(out), "bytes": size, "runner": who}))
    else:
        print(
            f"{out}: all that is {who}'s, {size / 1e6:.1f} MB. It holds what was said of pain: keep it well."
        )


@app.command()
def share(
    to_file: Annotated[Path, typer.Option("--to-file", help="The file to write, .html.", dir_okay=False)],
    first: Annotated[
        str | None, typer.Option("--from", help="First day, as 2026-11-22; by default six weeks back.")
    ] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last day; by default today.")] = None,
    runner: Runner = None,
    passphrase_stdin: Annotated[
        bool, typer.Option("--passphrase-stdin", help="Read the passphrase from standard input, one line.")
    ] = False,
    folder: Folder = None,
) -> None:
    """Write days as an encrypted file, which any browser opens with the passphrase.

    Asks for the passphrase, and does not show it.
    """
    from strideload import runners
    from strideload import share as share_

    settings = _settings(folder)
    from_date, to_date = (_date(first, "--from") if first else None), (_date(last, "--to") if last else None)
    passphrase = runners.read_password(passphrase_stdin, "passphrase")
    with _store(settings) as store:
        store.derive()
        print(share_.write(store, runner or settings.runner.id, from_date, to_date, passphrase, to_file))


@app.command()
def rebuild(folder: Folder = None, as_json: AsJson = False) -> None:
    """Derive all sessions and steps anew from the pages."""
    with _store(_settings(folder)) as store, _progress("Rebuilding") as advance:
        sessions = store.rebuild(advance)
        digest = store.derived_digest()
    if as_json:
        print(json.dumps({"sessions": sessions, "digest": digest}))
    else:
        print(f"Rebuilt from their pages: {sessions} sessions. Digest {digest}")


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The file to write, such as strideload.backup.tar.gz.")],
    replace: Annotated[bool, typer.Option("--replace", help="Replace a file of that name.")] = False,
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Write store, settings, users and certificates into one file, also while the host runs, and read it back.

    It holds passwords and keys, and the pods connect again to what is restored from it.
    """
    from strideload.service.backup import backup as backup_

    with _progress("Backing up") as advance:
        made = backup_(_settings(folder), file, replace=replace, advance=advance)
    print(json.dumps(made.as_dict()) if as_json else made.in_words())


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file that `strideload backup` wrote.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Keep what the folder has aside, and restore.")
    ] = False,
    keep_access: Annotated[
        bool, typer.Option("--keep-access", help="Let log-ins, tokens and links of the backup hold again.")
    ] = False,
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Look a backup through and make it this host's folder. Refused while the host runs.

    Log-ins, tokens and links of the backup end: they may have been ended since.
    """
    from strideload.service.restore import restore as restore_
    from strideload.settings import state_folder

    with _progress("Restoring") as advance:
        restored = restore_(
            file, state_folder(folder), replace=replace, advance=advance, keep_access=keep_access
        )
    print(json.dumps(restored.as_dict()) if as_json else restored.in_words())


@app.command()
def doctor(folder: Folder = None, as_json: AsJson = False) -> None:
    """Look at settings, store, broker, clock and disk, and say in words what is wrong."""
    from strideload import doctor as doctor_

    findings = doctor_.examine(folder)
    print(doctor_.to_json(findings) if as_json else doctor_.in_words(findings))
    if any(not finding.good for finding in findings):
        raise typer.Exit(1)


service_app = typer.Typer(help="The host as a service of this computer (systemd).", no_args_is_help=True)
app.add_typer(service_app, name="service")


@service_app.command("install")
def service_install(
    lan: Annotated[
        bool, typer.Option("--lan", help="Let pods on the network in, by TLS and a password each.")
    ] = False,
    page_lan: Annotated[
        bool,
        typer.Option("--page-lan", help="Show the page on the network, by HTTPS, to whoever logs in."),
    ] = False,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Of the page on 127.0.0.1.")] = None,
    account: Annotated[
        str | None,
        typer.Option(help="As whom it runs; by default who is behind sudo, for root a user of its own."),
    ] = None,
    print_only: Annotated[bool, typer.Option("--print", help="Print the unit, and change nothing.")] = False,
    folder: Folder = None,
) -> None:
    """Run the host from boot on, as a hardened systemd service. Needs root."""
    from strideload.service import installing, unit

    if print_only:
        plan = unit.plan(folder, account, lan=lan, port=port, page_lan=page_lan)
        refused = unit.refusal(plan)
        if refused is not None:
            print(f"# This would not be installed: {refused}", file=sys.stderr)
        print(unit.text(plan), end="")
    else:
        print(installing.install(folder, account, lan=lan, port=port, page_lan=page_lan))


@service_app.command("remove")
def service_remove(
    print_only: Annotated[
        bool, typer.Option("--print", help="Name the unit's file, and change nothing.")
    ] = False,
) -> None:
    """Stop the service and take it out of the boot. Store, settings and keys stay. Needs root."""
    from strideload.service import installing

    print(installing.unit_file() if print_only else installing.remove())


@service_app.command("status")
def service_status(as_json: AsJson = False) -> None:
    """Whether the service runs, and whether it starts at boot. Exit code 1 when it does not run."""
    from strideload.service import installing

    found = installing.status()
    print(found.as_json() if as_json else found.in_words())
    if not found.running:
        raise typer.Exit(1)


@app.command()
def asyncapi() -> None:
    """Print the AsyncAPI document of all topics, as docs/asyncapi.json has it."""
    from strideload.asyncapi import as_json

    print(as_json(), end="")


home_app = typer.Typer(help="What home dashboards are told of runners.", no_args_is_help=True)
app.add_typer(home_app, name="home")


@home_app.command("share")
def home_share(
    runner: Runner = None,
    symptoms: Annotated[
        bool,
        typer.Option("--symptoms/--no-symptoms", help="Symptoms as well, and pain can be entered there."),
    ] = False,
    folder: Folder = None,
) -> None:
    """Opt a runner in: name and load are told to home dashboards from now on; symptoms only if you say so."""
    from strideload.home_sharing import share

    print(share(_settings(folder), runner, symptoms=symptoms))


@home_app.command("stop")
def home_stop(runner: Runner = None, folder: Folder = None) -> None:
    """Opt a runner out: all that was told of that runner is taken away."""
    from strideload.home_sharing import stop

    print(stop(_settings(folder), runner))


@home_app.command("list")
def home_list(folder: Folder = None, as_json: AsJson = False) -> None:
    """Who is told of at home, and under which id in topics."""
    from strideload.home_sharing import as_dicts, in_words, shared

    found = shared(_settings(folder))
    print(json.dumps(as_dicts(found)) if as_json else in_words(found))


pod_app = typer.Typer(help="Pods of this host.", no_args_is_help=True)
app.add_typer(pod_app, name="pod")


@pod_app.command("add")
def pod_add(
    pod: Annotated[str, typer.Argument(help="The pod's id, 16 hex digits.")],
    foot: Annotated[
        str | None, typer.Option(help="left, right or unknown; by default as it is, at first unknown.")
    ] = None,
    runner: Annotated[
        str | None, typer.Option(help="Whose; by default as it is, at first the runner of the settings.")
    ] = None,
    new_password: Annotated[
        bool, typer.Option("--new-password", help="Give a pod that was added before another password.")
    ] = False,
    folder: Folder = None,
) -> None:
    """Let a pod in over `up --lan`: prints the settings.toml that goes onto it, with a password of its own.

    A pod that was added before keeps its password. A new one is refused while `strideload up` runs.
    """
    from strideload import pods

    side = None if foot is None else _foot(foot)
    added = pods.add(_settings(folder), pod, side, runner, new_password=new_password)
    print(added.toml, end="")
    for note in added.notes:
        print(note, file=sys.stderr)


To = Annotated[
    str | None,
    typer.Option(
        "--to", metavar="PLACE", help="The pod's drive, serial port or folder; by default the one here."
    ),
]
AnyPod = Annotated[str | None, typer.Argument(metavar="[POD]", help="The pod's id, 16 hex digits.")]


@pod_app.command("install")
def pod_install(
    board: Annotated[
        str | None, typer.Option(help="pico-w, pico-2-w, feather-esp32-s3 or linux; by default as found.")
    ] = None,
    to: To = None,
    foot: Annotated[str | None, typer.Option(help="left, right or unknown.")] = None,
    runner: Runner = None,
    wifi: Annotated[str | None, typer.Option("--wifi", help="Name of the Wi-Fi that the pod uses.")] = None,
    wifi_password_file: Annotated[
        Path | None,
        typer.Option(
            help="File with its password and nothing else, empty for an open network; or STRIDELOAD_WIFI_PASSWORD in "
            "the environment."
        ),
    ] = None,
    no_wifi: Annotated[bool, typer.Option("--no-wifi", help="A pod without Wi-Fi, read by cable.")] = False,
    broker_host: Annotated[
        str | None, typer.Option(help="Name or address by which the pod reaches the broker.")
    ] = None,
    broker_user: Annotated[str | None, typer.Option(help="The pod's user at a broker of your own.")] = None,
    broker_password_file: Annotated[
        Path | None, typer.Option(help="Its password there; or STRIDELOAD_POD_PASSWORD in the environment.")
    ] = None,
    chip: Annotated[str | None, typer.Option(help="LSM6DSO32 or LSM6DSOX.")] = None,
    more: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Any other setting of the pod.")
    ] = None,
    libraries: Annotated[
        Path | None, typer.Option(help="Folder of libraries; by default those installed here.")
    ] = None,
    with_libraries: Annotated[
        bool, typer.Option("--with-libraries/--no-libraries", help="Leave the pod's libraries as they are.")
    ] = True,
    mpy_cross: Annotated[
        Path | None, typer.Option(help="Compiler for the board; CircuitPython gets sources without one.")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace settings that stand there otherwise.")
    ] = False,
    anyway: Annotated[
        bool,
        typer.Option(
            "--anyway",
            help="Even if its log has pages that this host has not got, or it is another board than --board.",
        ),
    ] = False,
    check: Annotated[bool, typer.Option("--check/--no-check", help="Look at the pod afterwards.")] = True,
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Put firmware, libraries and settings onto a pod, pair it with this host, and check it.

    On a terminal it asks for what is missing. A pod's settings and its log stay.
    """
    from strideload.pod import finding, installing, serial_port

    asks = sys.stdin.isatty() and sys.stdout.isatty() and not as_json
    wishes = installing.Wishes(
        foot=None if foot is None else _foot(foot),
        runner=runner,
        wifi=wifi,
        no_wifi=no_wifi,
        wifi_password=_secret("STRIDELOAD_WIFI_PASSWORD", wifi_password_file),
        broker_host=broker_host,
        broker_user=broker_user,
        broker_password=_secret("STRIDELOAD_POD_PASSWORD", broker_password_file),
        chip=chip,
        more=dict(map(_pair, more or [])),
        libraries=libraries,
        with_libraries=with_libraries,
        mpy_cross=mpy_cross,
        replace=replace,
        anyway=anyway,
        check=check,
    )
    settings = _settings(folder)
    target = finding.target(to, board, finding.drives(), serial_port.ports())
    with finding.found(target, board, anyway) as found:
        done = installing.install(
            settings,
            found,
            wishes,
            installing.Terminal() if asks else None,
            _silence if as_json else _say,
            _progress,
        )
    print(done.as_json() if as_json else done.in_words())
    if not done.good:
        raise typer.Exit(1)


@pod_app.command("check")
def pod_check(pod: AnyPod = None, to: To = None, folder: Folder = None, as_json: AsJson = False) -> None:
    """Look at a pod that is plugged in or is this computer: chip, 1 g, noise, rate, log, battery, time, broker.

    Lay it still. It does not record meanwhile.
    """
    from strideload import doctor as doctor_
    from strideload.collect.clock import synchronised_utc_ms
    from strideload.pod import checking, finding, report, serial_port

    settings = _settings(folder)
    with finding.found(finding.target_to_ask(to, finding.drives(), serial_port.ports()), None) as found:
        if pod is not None and found.pod != pod:
            raise StrideloadError(f"The pod at {found.place.where} is {found.pod}, not {pod}.")
        said = checking.check(found)
    findings = report.findings(said, _store_id(settings), synchronised_utc_ms())
    print(report.to_json(said, findings) if as_json else doctor_.in_words(findings))
    if any(not finding.good for finding in findings):
        raise typer.Exit(1)


@pod_app.command("logs")
def pod_logs(
    pod: AnyPod = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="PORT", help="Show the console of the pod at a serial port.")
    ] = None,
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """What a pod said of itself: state, faults, gaps and sessions; with --to what it prints, until Ctrl-C."""
    import time

    from strideload.pod import logs as logs_

    if to is not None:
        logs_.follow(to, _say)
    with _store(_settings(folder)) as store:
        found = logs_.logs(store, pod)
    if as_json:
        print(json.dumps([one.as_dict() for one in found]))
    else:
        print("\n".join(one.in_words(time.time_ns() // 1000) for one in found))


PodId = Annotated[str, typer.Argument(help="The pod's id, 16 hex digits.")]


@pod_app.command("list")
def pod_list(folder: Folder = None, as_json: AsJson = False) -> None:
    """The pods that were added or have reported, and how far their settings have come."""
    from strideload import pod_settings

    with _store(_settings(folder)) as store:
        found = pod_settings.known_pods(store)
    if as_json:
        print(pod_settings.to_json(found))
    else:
        print("\n".join(map(pod_settings.in_words, found)) or "No pod was added or has reported yet.")


@pod_app.command("set")
def pod_set(
    pod: PodId,
    odr_hz: Annotated[int | None, typer.Option(help="Samples a second: 104, 208, 416, 833 or 1667.")] = None,
    range_g: Annotated[int | None, typer.Option(help="Full scale of acceleration, ± g.")] = None,
    gyro_dps: Annotated[
        int | None, typer.Option(help="Full scale of rotation, degrees a second; 0 turns it off.")
    ] = None,
    raw: Annotated[bool | None, typer.Option(help="Keep raw samples beside the steps.")] = None,
    raw_gives_way: Annotated[
        bool | None, typer.Option(help="When there is no room, raw samples go before steps.")
    ] = None,
    recording: Annotated[
        str | None, typer.Option(help="auto (motion begins and ends it), on or off.")
    ] = None,
    own: Annotated[
        list[str] | None,
        typer.Option(
            "--own", metavar="NAME", help="Take back what was set: the pod's own holds, as --own odr-hz."
        ),
    ] = None,
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Change what a pod is set to. What is not named stays; the pod takes it when it next connects."""
    from strideload import pod_settings

    with _store(_settings(folder)) as store:
        found = pod_settings.change(
            store,
            pod,
            own or (),
            odr_hz=odr_hz,
            range_g=range_g,
            gyro_dps=gyro_dps,
            raw=raw,
            raw_gives_way=raw_gives_way,
            recording=recording,
        )
    print(pod_settings.to_json(found) if as_json else pod_settings.in_words(found))


@pod_app.command("mark")
def pod_mark(
    pod: PodId,
    code: Annotated[int, typer.Argument(help="What the mark means to you, 0 to 4294967295.")] = 0,
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Have a pod that is in reach mark this moment."""
    from strideload import pod_settings
    from strideload.host import is_running

    settings = _settings(folder)
    if not is_running(settings.folder):
        raise StrideloadError("Only `strideload up` reaches pods, and it does not run here: start it first.")
    with _store(settings) as store:
        found = pod_settings.mark(store, pod, code)
    print(
        pod_settings.to_json(found)
        if as_json
        else f"Mark {code} was asked for; a pod that is connected makes it within seconds, and the day shows it."
    )


@pod_app.command("cue")
def pod_cue(
    pod: PodId,
    on: Annotated[bool, typer.Option("--on", help="Begin the programme.")] = False,
    off: Annotated[bool, typer.Option("--off", help="End it.")] = False,
    show: Annotated[bool, typer.Option("--show", help="Say how things stand.")] = False,
    percent: Annotated[
        float | None, typer.Option(help="With --on: target over your own cadence, 0 to 10; by default 7.")
    ] = None,
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Cue the cadence a little above the runner's own, less from run to run. Off by default."""
    from strideload import cueing

    if on + off + show != 1:
        raise StrideloadError("Say one of --on, --off and --show.")
    if percent is not None and not on:
        raise StrideloadError("--percent belongs to --on.")
    with _store(_settings(folder)) as store:
        if on or show:
            store.derive()
            store.end_others_cues()
        if on:
            found = cueing.switch_on(store, pod, *([] if percent is None else [percent]))
        else:
            found = (cueing.switch_off if off else cueing.show)(store, pod)
    print(cueing.to_json(found) if as_json else cueing.in_words(found))


runner_app = typer.Typer(help="Runners of this house.", no_args_is_help=True)
app.add_typer(runner_app, name="runner")

Login = Annotated[str | None, typer.Option("--login", help="The name to log in by.")]
FromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input, one line.")
]


@runner_app.command("add")
def runner_add(
    name: Annotated[str, typer.Argument(help="As the page shows it.")],
    runner: Annotated[
        str | None, typer.Option("--id", help="Up to 40 letters, digits, - or _; by default drawn.")
    ] = None,
    zone: Annotated[
        str | None, typer.Option("--time-zone", help="As Europe/Berlin; by default this computer's.")
    ] = None,
    login: Login = None,
    password_stdin: FromStdin = False,
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Add a runner. With --login asks for a password as well, which is not shown."""
    from strideload import runners

    if password_stdin and login is None:
        raise StrideloadError("--password-stdin goes with --login.")
    settings = _settings(folder)
    password = None if login is None else runners.read_password(password_stdin)
    with _store_and_runner(settings) as store:
        found = runners.add(store, name, zone or settings.time_zone(), runner, login, password)
    print(runners.to_json([found]) if as_json else runners.in_words(found))


@runner_app.command("list")
def runner_list(folder: Folder = None, as_json: AsJson = False) -> None:
    """The runners of this house, and who of them can log in."""
    from strideload import runners

    with _store(_settings(folder)) as store:
        found = store.accounts.all()
    if as_json:
        print(runners.to_json(found))
    else:
        print("\n".join(map(runners.in_words, found)) or runners.NOBODY)


@runner_app.command("password")
def runner_password(
    runner: Annotated[
        str | None, typer.Argument(metavar="[RUNNER]", help="The id; by default the runner of the settings.")
    ] = None,
    login: Login = None,
    password_stdin: FromStdin = False,
    folder: Folder = None,
) -> None:
    """Set a runner's password. Asks for it, and does not show it; whoever was logged in is logged out."""
    from strideload import runners

    settings = _settings(folder)
    with _store_and_runner(settings) as store:
        who = runners.require(store, runner or settings.runner.id, login)
        found = runners.set_password(store, who, login, runners.read_password(password_stdin))
    print(runners.in_words(found))


@runner_app.command("erase")
def runner_erase(
    runner: Annotated[str, typer.Argument(help="The id; `strideload runner list` has them.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Erase all of a runner for good: diary, steps, pages, log-ins. What a pod sends again of it stays away.

    Asks for the runner's name first. Backups and exports are untouched.
    """
    from strideload import erase, runners
    from strideload.host import is_running

    settings = _settings(folder)
    with _store(settings) as store:
        found = runners.require_known(store, runner)
        if not yes:
            runners.confirm(f"Erase all of {found.name} for good? Type the name", found.name)
        store.derive()
        erased = erase.erase(store, runner, settings.runner.id if is_running(settings.folder) else None)
    print(json.dumps(vars(erased)) if as_json else erase.in_words(erased))


def _settings(folder: Path | None) -> Any:
    from strideload.settings import load_settings

    return load_settings(folder)


def _store(settings: Any) -> Any:
    """The store of a folder, made when it is missing, with the runners that it has."""
    from strideload.host import make_folder, open_kept

    make_folder(settings)
    return open_kept(settings)


def _store_and_runner(settings: Any) -> Any:
    """The same with the runner of the settings, who is made when there is none."""
    from strideload.host import make_folder, open_home

    make_folder(settings)
    return open_home(settings)


def _store_id(settings: Any) -> str | None:
    """This host's own; None while it has no store."""
    where = settings.store_url()
    if isinstance(where, Path) and not where.exists():
        return None
    with _store(settings) as store:
        return store.store_id


def _known_runner(store: Any, runner: str) -> str:
    """The same. StrideloadError: the store has none of that name."""
    from strideload.runners import require_known

    return require_known(store, runner).runner


def _secret(variable: str, file: Path | None) -> str | None:
    """Of the environment, else of a file that holds nothing else."""
    from_environment = os.environ.get(variable)
    if from_environment or file is None:
        return from_environment or None
    try:
        return file.read_text(encoding="utf-8").strip("\r\n")
    except UnicodeDecodeError:
        raise StrideloadError(f"{file} is not UTF-8 text.") from None


def _pair(text: str) -> tuple[str, str | int]:
    """KEY=VALUE of a pod's settings; digits alone are a number."""
    key, equals, value = text.partition("=")
    if not equals or not key.startswith("STRIDELOAD_"):
        raise StrideloadError(f"--set takes STRIDELOAD_...=VALUE (docs/pod.md has the keys), not {text!r}.")
    return key, int(value) if value.isdecimal() and value.isascii() else value


def _say(text: str) -> None:
    print(text, flush=True)


def _silence(text: str) -> None:
    pass


def _progress(title: str) -> Any:
    """A progress bar on a terminal, silence elsewhere; gives a function from 0..1."""
    from strideload.progress import progress

    return progress(title)


def _utc(text: str | None) -> datetime | None:
    from datetime import UTC

    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise StrideloadError(
            f"--start is no time: {text!r}. Write it as 2026-11-22T07:30:00 (UTC)."
        ) from None
    try:
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        moment = datetime.min.replace(tzinfo=UTC)
    if not 2000 <= moment.year < 2200:
        raise StrideloadError(f"--start is no time that a pod knows: {text!r}. Pods date from 2000 to 2199.")
    return moment


def _date(text: str, option: str = "--date") -> Date:
    try:
        return Date.fromisoformat(text)
    except ValueError:
        raise StrideloadError(f"{option} is no date: {text!r}. Write it as 2026-11-22.") from None


def _level(text: str | None) -> Any:
    from strideload.logs import LEVELS

    if text is not None and text not in LEVELS:
        raise StrideloadError(f"--log-level is {', '.join(LEVELS[:-1])} or {LEVELS[-1]}, not {text!r}.")
    return text


def _foot(text: str) -> Any:
    if text not in ("left", "right", "unknown"):
        raise StrideloadError(f"--foot is left, right or unknown, not {text!r}.")
    return text


def main() -> None:
    """The console script: errors a user can meet are one sentence and exit code 1."""
    os.umask(0o077)  # what a runner records is nobody else's
    try:
        app(prog_name="strideload")
    except StrideloadError as error:
        print(f"strideload: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()  # the reader has gone, as with `| head`
        sys.exit(1)
    except OSError as error:
        print(f"strideload: {error.filename or 'the system'}: {error.strerror or error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
