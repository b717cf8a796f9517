// Python, beside the page: it answers requests one after the other, and may be ended at any time.
import { loadPyodide } from "./pyodide/pyodide.mjs";

// What a program could reach other places with, or what is stored for this one. It gets none of it, for programs come
// with links from anybody. Python is loaded by then, and needs none of it either.
const KEPT_FROM_PROGRAMS = [
  "fetch",
  "XMLHttpRequest",
  "WebSocket",
  "WebSocketStream",
  "WebTransport",
  "EventSource",
  "BroadcastChannel",
  "Worker",
  "SharedWorker",
  "importScripts",
  "caches",
  "indexedDB",
  "cookieStore",
  "navigator",
  "postMessage",
  "close",
];

const post = self.postMessage.bind(self);

function confine() {
  for (const name of KEPT_FROM_PROGRAMS) {
    for (let it = self; it; it = Object.getPrototypeOf(it)) delete it[name];
    Object.defineProperty(self, name, { value: undefined });
  }
}

try {
  const [python, archive] = await Promise.all([
    loadPyodide({ fullStdLib: false, stdin: () => null }),
    fetch("autograd.zip").then((response) => {
      if (!response.ok) throw new Error(`autograd.zip: ${response.status}`);
      return response.arrayBuffer();
    }),
  ]);
  python.unpackArchive(archive, "zip");
  const answers = python.pyimport("autograd.play.answers");
  answers.warm_up();
  confine();
  self.onmessage = ({ data: { id, request } }) => {
    try {
      post({ id, reply: answers.answer(request) });
    } catch (error) {
      post({ id, broken: String(error) }); // Python itself has failed, and a new one is needed
    }
  };
  post({ ready: true });
} catch (error) {
  post({ failed: String(error) });
}
