// Python in WebAssembly, without a browser: node pyodide.mjs PYODIDE PROGRAM [FOLDER ...]
//
// PYODIDE is the folder of npm's package pyodide. The program may import what is in the other folders, which are called
// /0, /1 … there. Standard output is the program's. An exception, and what ends Pyodide itself, is told on standard
// error and by the exit status 1; a program that leaves `status` chooses another one.
import { readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [pyodide, program, ...folders] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(join(pyodide, "pyodide.mjs")));
const places = folders.map((_, number) => `/${number}`);
const python = await loadPyodide({ env: { HOME: "/home", PYTHONPATH: places.join(":"), AUTOGRAD_LANGUAGE: "en" } });
places.forEach((place, number) => python.mountNodeFS(place, realpathSync(folders[number])));
try {
  // Python has looked for these folders before they were there.
  python.runPython("import importlib; importlib.invalidate_caches()");
  const names = python.toPy({ __name__: "__main__" });
  python.runPython(readFileSync(program, "utf8"), { filename: "program_in_pyodide.py", globals: names });
  process.exitCode = names.get("status") ?? 0;
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
