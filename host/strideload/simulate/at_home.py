"""A simulated pod for the user's own host: its pages say that they are simulated, wherever they are shown."""

from collections.abc import Callable

from strideload.collect.broker import address_of_running
from strideload.errors import StrideloadError
from strideload.host import BROKER_FOLDER, is_running, open_kept
from strideload.settings import Settings
from strideload.simulate import live
from strideload.simulate.pod_folder import write_settings

UID = bytes.fromhex("5311000000000001")
ODR_HZ = 833


def run(settings: Settings, plan: str | None, seed: int, say: Callable[[str], None]) -> None:
    """Run until SIGINT or SIGTERM. StrideloadError: no host is up in this folder."""
    if not is_running(settings.folder):
        raise StrideloadError(
            f"No host is up in {settings.folder}; start `strideload up` in another terminal first."
        )
    with open_kept(settings) as store:
        store_id = store.store_id
    folder = settings.folder / "simulated-pod"
    address = address_of_running(settings, settings.folder / BROKER_FOLDER)
    write_settings(folder, UID, store_id, address, {"STRIDELOAD_ODR_HZ": ODR_HZ})
    say(f"Simulated pod {UID.hex()} runs; its page is the host's. Ctrl-C ends it.")
    live.run(folder, seed, plan or live.LIVE_PLAN, day_seed=seed)
