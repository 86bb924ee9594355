// A MicroPython board on a serial line: `node board.mjs FOLDER`. The line is stdin and stdout, as bytes; FOLDER is its flash.
// The REPL is MicroPython's own, friendly and raw. Raw paste is answered as not supported, which this build cannot do. A soft
// reset begins anew with the same flash, and runs main.py unless the REPL is raw. FOLDER is written when the line ends, and at
// every soft reset.
import { loadMicroPython } from "@micropython/micropython-webassembly-pyscript/micropython.mjs";
import fs from "node:fs";
import path from "node:path";

const [folder] = process.argv.slice(2);
const SYSTEM = new Set(["dev", "proc", "tmp", "home"]);
const FORCED_EXIT = 0x100;
const CTRL_A = 1;
const CTRL_B = 2;
const RAW_PASTE = [5, 65, 1];

function send(bytes) {
  let at = 0;
  while (at < bytes.length) {
    try {
      at += fs.writeSync(1, bytes, at);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
}

function copyIn(FS, from, to) {
  for (const entry of fs.readdirSync(from, { withFileTypes: true })) {
    const target = `${to}/${entry.name}`;
    if (entry.isDirectory()) {
      FS.mkdir(target);
      copyIn(FS, path.join(from, entry.name), target);
    } else {
      FS.writeFile(target, fs.readFileSync(path.join(from, entry.name)));
    }
  }
}

function copyOut(FS, from, to) {
  fs.rmSync(to, { recursive: true, force: true });
  fs.mkdirSync(to, { recursive: true });
  for (const name of FS.readdir(from || "/")) {
    if (name === "." || name === ".." || (from === "" && SYSTEM.has(name))) continue;
    const source = `${from}/${name}`;
    const target = path.join(to, name);
    if (FS.isDir(FS.stat(source).mode)) copyOut(FS, source, target);
    else fs.writeFileSync(target, FS.readFile(source));
  }
}

async function start() {
  const python = await loadMicroPython({ heapsize: 4 * 1024 * 1024, linebuffer: false, stdout: send });
  copyIn(python.FS, folder, "");
  python.FS.chdir("/");
  python.runPython("import sys\nsys.path[:] = ['', '/lib']\n");
  return python;
}

let raw = false;
let python = await start();
python.replInit();
let chain = Promise.resolve();
let pending = [];

async function take(byte) {
  pending.push(byte);
  if (raw && RAW_PASTE.slice(0, pending.length).every((value, i) => value === pending[i])) {
    if (pending.length < RAW_PASTE.length) return;
    pending = [];
    send(Buffer.from("R\x00"));
    return;
  }
  const bytes = pending;
  pending = [];
  for (const one of bytes) await feed(one);
}

async function feed(byte) {
  if (byte === CTRL_A) raw = true;
  if (byte === CTRL_B) raw = false;
  const answer = python.replProcessChar(byte);
  if (!(answer & FORCED_EXIT)) return;
  copyOut(python.FS, "", folder);
  send(Buffer.from("\r\nMPY: soft reboot\r\n"));
  python = await start();
  if (!raw && fs.existsSync(path.join(folder, "main.py"))) {
    try {
      python.runPython("with open('main.py') as file:\n    exec(file.read(), {'__name__': '__main__'})\n");
    } catch (error) {
      send(Buffer.from(`${error.message}\r\n`));
    }
  }
  python.replInit();
  if (raw) python.replProcessChar(CTRL_A);
}

process.stdin.on("data", (chunk) => {
  chain = chain.then(async () => {
    for (const byte of chunk) await take(byte);
  });
});
process.stdin.on("end", () => {
  chain = chain.then(() => copyOut(python.FS, "", folder));
});
