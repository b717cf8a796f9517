// The practice: a field for each gradient, which is marked as soon as it is filled in.

export class Practice {
  // `mark` asks Python about an answer, `said` has the texts, and `steps` the picture.
  constructor(host, { mark, said, steps }) {
    Object.assign(this, { host, mark, said, steps });
    this.answers = {}; // what was typed, by the place of the node
    this.text = null;
  }

  // Shows what is asked of a text; answers stay where it is the same text, as in another language.
  show(text, { questions }) {
    if (text !== this.text) this.answers = {};
    this.text = text;
    this.right = new Set();
    this.all = questions.length;
    this.score = made("p", { className: "score", role: "status" });
    const list = made("ol", {}, questions.map((question) => this.row(question)));
    this.host.replaceChildren(made("p", { textContent: this.said("task") }), this.score, list);
    this.tell();
    for (const { place } of questions) if (this.answers[place]) this.judge(place, true);
  }

  row({ place, asked, card }) {
    const field = made("input", { id: `answer-${place}`, autocomplete: "off", spellcheck: false, value: this.answers[place] ?? "" });
    field.setAttribute("inputmode", "text"); // signs and fractions, which the keys for numbers lack on many phones
    const told = made("div", { id: `told-${place}`, className: "told" });
    told.setAttribute("role", "status");
    field.setAttribute("aria-describedby", told.id);
    const row = made("li", {}, [made("label", {}, [made("span", { textContent: `${asked} = ` }), field]), told]);
    Object.assign(row.dataset, { place, card });
    field.addEventListener("input", () => {
      this.answers[place] = field.value;
      this.judge(place, false);
    });
    field.addEventListener("change", () => this.judge(place, true));
    field.addEventListener("focus", () => this.steps.light(card));
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      this.judge(place, true);
      row.nextElementSibling?.querySelector("input").focus();
    });
    return row;
  }

  // An answer that is being typed is told to be right, but not yet to be wrong.
  async judge(place, isWhole) {
    const typed = this.answers[place] ?? "";
    const mark = typed.trim() ? await this.mark(this.text, place, this.answers) : {};
    if ((this.answers[place] ?? "") !== typed || mark?.kind === undefined && typed.trim()) return; // typed on, or stopped
    const row = this.host.querySelector(`[data-place="${place}"]`);
    if (!row) return;
    const told = row.querySelector(".told");
    const isRight = mark.verdict === "right";
    this.right[isRight ? "add" : "delete"](place);
    row.className = isRight ? "right" : isWhole && mark.verdict ? "wrong" : "";
    told.replaceChildren(...(row.className ? this.verdict(mark) : []));
    this.steps.reveal(row.dataset.card, isRight);
    this.tell();
  }

  verdict({ verdict, mistake, steps }) {
    const right = verdict === "right";
    const found = [made("strong", { textContent: `${right ? "✓" : "✗"} ${this.said(verdict)}` })];
    if (mistake) found.push(made("p", { textContent: mistake }));
    const lines = steps.map((line) => made("p", { textContent: line }));
    // Whoever is wrong may want to try again before the step gives it away.
    if (right) found.push(...lines);
    else if (lines.length) found.push(made("details", {}, [made("summary", { textContent: this.said("why") }), ...lines]));
    return found;
  }

  tell() {
    const places = { right: this.right.size, all: this.all };
    this.score.textContent = this.said(places.right === places.all ? "done" : "score", places);
  }

  // Whether there are answers that would be lost with another exercise.
  get isBegun() {
    return this.right?.size < this.all && Object.values(this.answers).some((typed) => typed.trim());
  }

  clear() {
    this.host.replaceChildren();
  }
}

function made(tag, properties, children = []) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}
