// Runs script.py of a folder under MicroPython: `node run.mjs FOLDER HEAP_BYTES`.
// The folder is copied into MicroPython's own file system, and what the script leaves in `out/` is copied back.
// A failing script gives its Python traceback on stderr and exit code 1.
import { loadMicroPython } from "@micropython/micropython-webassembly-pyscript/micropython.mjs";
import fs from "node:fs";
import path from "node:path";

const [folder, heapBytes] = process.argv.slice(2);

function copyIn(FS, from, to) {
  for (const entry of fs.readdirSync(from, { withFileTypes: true })) {
    const source = path.join(from, entry.name);
    const target = `${to}/${entry.name}`;
    if (entry.isDirectory()) {
      FS.mkdir(target);
      copyIn(FS, source, target);
    } else {
      FS.writeFile(target, fs.readFileSync(source));
    }
  }
}

function copyOut(FS, from, to) {
  fs.mkdirSync(to, { recursive: true });
  for (const name of FS.readdir(from)) {
    if (name === "." || name === "..") continue;
    const source = `${from}/${name}`;
    const target = path.join(to, name);
    if (FS.isDir(FS.stat(source).mode)) copyOut(FS, source, target);
    else fs.writeFileSync(target, FS.readFile(source));
  }
}

try {
  const python = await loadMicroPython({
    heapsize: Number(heapBytes),
    linebuffer: false,
    stdout: (bytes) => fs.writeSync(1, bytes),
  });
  const { FS } = python;
  FS.mkdir("/run");
  copyIn(FS, folder, "/run");
  FS.mkdir("/run/out");
  FS.chdir("/run");
  python.runPython("import sys\nsys.path[:] = ['/run']\n" + "import script\n");
  copyOut(FS, "/run/out", path.join(folder, "out"));
} catch (error) {
  // The package is one minified line, which Node would print with an error that nobody catches.
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
