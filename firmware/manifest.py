"""The pod frozen into a MicroPython of one's own, where its bytecode takes no RAM. docs/pod.md says how.

MicroPython's build reads this, from a clone. main.py and the settings stay on the flash, where `pod install` puts them.
"""

include("$(PORT_DIR)/boards/manifest.py")
package(
    "strideload_pod",
    (
        "__init__.py",
        "boards/__init__.py",
        "boards/flat_toml.py",
        "boards/mqtt.py",
        "boards/ntp.py",
        "boards/on_micropython.py",
        "boards/port_esp32.py",
        "boards/port_rp2.py",
        "boards/whole_blocks.py",
        "boards/wlan_client.py",
        "capture.py",
        "check.py",
        "cue.py",
        "detector.py",
        "imu.py",
        "lamp.py",
        "lent.py",
        "log.py",
        "lsm6ds_fields.py",
        "motor.py",
        "page.py",
        "pod.py",
        "rest.py",
        "segments.py",
        "settings.py",
        "sync.py",
    ),
    base_path=".",
    opt=3,
)
