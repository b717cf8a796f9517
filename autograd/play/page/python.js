// The page's side of Python: requests to the worker, of which the newest of a kind wins; and how it is stopped.

export class Python {
  // `tell` is called with "loading", "ready", "running" and "failed", and with why it failed.
  constructor(tell) {
    this.tell = tell;
    this.waiting = []; // requests that are not sent yet: one at a time is with the worker
    this.sent = null;
    this.count = 0;
    this.start();
  }

  start() {
    this.isReady = false;
    this.worker = new Worker("worker.js", { type: "module" });
    this.worker.onmessage = ({ data }) => this.hear(data);
    this.worker.onerror = (event) => this.fail(event.message ?? "");
    this.tell("loading");
  }

  // The reply, or null where a newer request of the same kind has come, or Python was stopped. A kind that is empty has
  // no newer ones.
  ask(request, kind) {
    return new Promise((answered) => {
      if (kind) {
        this.waiting.filter((one) => one.kind === kind).forEach((one) => one.answered(null));
        this.waiting = this.waiting.filter((one) => one.kind !== kind);
      }
      this.waiting.push({ id: ++this.count, request: JSON.stringify(request), kind, answered });
      this.send();
    });
  }

  send() {
    if (!this.isReady || this.sent || !this.waiting.length) return;
    this.sent = this.waiting.shift();
    this.worker.postMessage({ id: this.sent.id, request: this.sent.request });
    this.tell("running");
  }

  hear({ ready, failed, broken, id, reply }) {
    if (failed !== undefined) return this.fail(failed);
    if (ready) this.isReady = true;
    if (id !== undefined && id === this.sent?.id) {
      const { answered, kind } = this.sent;
      this.sent = null;
      if (broken === undefined) {
        const isOld = kind && this.waiting.some((one) => one.kind === kind);
        answered(isOld ? null : JSON.parse(reply));
      } else {
        answered({ kind: "broken", message: broken });
        return this.restart();
      }
    }
    this.tell("ready");
    this.send();
  }

  fail(why) {
    this.worker.terminate();
    this.isReady = false;
    this.tell("failed", why);
  }

  // Ends what runs, and starts again; what waits is asked then.
  stop() {
    this.sent?.answered({ kind: "stopped" });
    this.sent = null;
    this.restart();
  }

  restart() {
    this.worker.terminate();
    this.start();
  }

  get isRunning() {
    return this.sent !== null;
  }
}
