"""What a board's own boot does, for MicroPython for Unix: `FOLDER SCRIPT` becomes the flash, and SCRIPT on it runs.

The modules in /fakes stand before those of this port, as on a board its own would; /lib is for libraries.
"""

import os
import sys

import vfs

folder, script = sys.argv[1:]
vfs.umount("/")
vfs.mount(vfs.VfsPosix(folder), "/")
os.chdir("/")
sys.path[:] = ["/fakes", "", "/lib"]
__import__(script)
