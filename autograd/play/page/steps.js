// The picture and its steps: the page that Python made, in a part of this page of its own.
import { STYLE, step } from "./stepper.js";

// What is different here: the page around the picture scrolls.
const HERE = `
:host { display: block; container-type: inline-size; }
h1 { display: none; }
#picture { max-height: max(14rem, calc(100vh - 19rem)); }
.still { --light: var(--gradient); }
.still > svg { max-width: max(100%, 44rem); }
.autograd-html .autograd-table .w { min-width: clamp(5.5em, 16cqw, 14em); }
.autograd-html .autograd-table td.w + td.w { overflow-wrap: anywhere; }
.autograd-html .autograd-table caption { position: sticky; left: 0; max-width: 100cqw; }
.autograd-html pre { white-space: pre-wrap; }
#line { min-height: 5.5rem; }
@container (max-width: 44rem) {
  .autograd-html .autograd-table :is(th, td) { padding-right: 0.75em; font-size: 0.875rem; }
}
@media (max-width: 56rem) {
  #picture { position: static; max-height: 65vh; }
  #line { min-height: 8rem; }
}
`;

// What is typed into is not the keyboard of the steps.
const OWN_KEYS = "input, textarea, select, button, [role=tab], summary, pre, a";

export class Steps {
  constructor(host) {
    this.root = host.attachShadow({ mode: "open" });
    this.ending = new AbortController();
    this.stepper = null;
  }

  // Shows another page, with its steps if it has some; a reader who is on the way stays at the same step.
  show(html) {
    const before = this.stepper;
    const now = before && before.now() < before.end ? before.now() : Infinity;
    this.fill(html);
    if (!this.root.getElementById("controls")) return;
    const { signal } = this.ending;
    const listen = (where) => (type, heard, options) => where.addEventListener(type, heard, { ...options, signal });
    const inside = {
      getElementById: (id) => this.root.getElementById(id),
      createElement: (tag) => document.createElement(tag),
      addEventListener: (type, heard, options) => {
        listen(this.root)(type, heard, options);
        if (type === "keydown") this.keys.push(heard);
      },
    };
    this.stepper = step(inside, listen(window));
    this.stepper.go(Math.min(now, this.stepper.end));
  }

  // Shows the picture of a page alone, without its gradients.
  showStill(html) {
    this.fill(html);
    this.gradients = this.root.querySelector('ol[data-pass="backward"]').dataset.numbers;
    this.prefix = this.gradients.match(/^\.(\w+)-/)[1];
    for (const id of ["controls", "line", "hints", "all"]) this.root.getElementById(id)?.remove();
    for (const it of this.root.querySelectorAll(this.gradients)) it.classList.add("unseen");
    const picture = this.root.getElementById("picture");
    picture.removeAttribute("aria-describedby");
    picture.dataset.pass = "backward"; // the colour of what is lit
    picture.classList.add("still");
  }

  fill(html) {
    this.clear();
    const page = new DOMParser().parseFromString(html, "text/html");
    page.querySelectorAll("script").forEach((script) => script.remove());
    const style = document.createElement("style");
    style.textContent = STYLE + HERE;
    this.root.replaceChildren(style, ...page.body.childNodes);
  }

  light(card) {
    this.root.querySelectorAll(".lit").forEach((it) => it.classList.remove("lit"));
    this.card(card)?.classList.add("lit");
  }

  // Shows or hides the gradient on a card.
  reveal(card, isSeen) {
    for (const it of this.card(card)?.querySelectorAll(this.gradients) ?? []) it.classList.toggle("unseen", !isSeen);
  }

  card(name) {
    return this.root.getElementById(`${this.prefix}-${name}`);
  }

  clear() {
    this.ending.abort();
    this.ending = new AbortController();
    this.stepper = null;
    this.keys = [];
    this.root.replaceChildren();
  }

  // A key that was pressed outside: the steps take it if nothing else does.
  key(event) {
    if (!this.stepper || event.composedPath().includes(this.root) || event.target.closest(OWN_KEYS)) return;
    this.keys.forEach((heard) => heard(event));
  }
}
