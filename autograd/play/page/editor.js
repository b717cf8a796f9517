// The editor: a plain text area, with the numbers of its lines beside it and the place of a mistake behind it.

const INDENT = 4;

export class Editor {
  constructor(area, numbers, marks, changed) {
    Object.assign(this, { area, numbers, marks, changed });
    area.addEventListener("input", () => this.renew());
    area.addEventListener("scroll", () => this.scroll());
    area.addEventListener("keydown", (event) => this.key(event));
  }

  get text() {
    return this.area.value;
  }

  set text(text) {
    this.area.value = text;
    this.area.scrollTo(0, 0);
    this.mark(null);
    this.count();
  }

  // Puts in another text as if it had been typed, so that it can be undone.
  replace(text) {
    const focused = document.activeElement;
    this.area.focus();
    this.area.select();
    document.execCommand("insertText", false, text); // old, but nothing else can be undone
    this.area.setSelectionRange(0, 0);
    this.area.scrollTo(0, 0);
    focused.focus();
  }

  renew() {
    this.mark(null);
    this.count();
    this.changed();
  }

  count() {
    const lines = this.text.split("\n").length;
    if (this.numbers.childElementCount !== lines) {
      this.numbers.replaceChildren(...Array.from({ length: lines }, (_, i) => made("div", i + 1)));
    }
    this.area.rows = Math.min(Math.max(lines, 6), 28);
    this.scroll();
  }

  scroll() {
    const { scrollTop, scrollLeft } = this.area;
    this.numbers.style.transform = `translateY(${-scrollTop}px)`;
    this.marks.style.transform = `translate(${-scrollLeft}px, ${-scrollTop}px)`;
  }

  // Marks a line, and in it the word at a column; both count from 1. Nothing is marked for null.
  mark(place) {
    this.numbers.querySelector(".wrong")?.classList.remove("wrong");
    this.marks.replaceChildren();
    if (!place) return;
    const line = this.text.split("\n")[place.line - 1] ?? "";
    const word = line.slice(place.column - 1).match(/^(\w+|.)?/su)[0] || " ";
    const row = made("div", "");
    row.style.marginTop = `calc(${place.line - 1} * var(--line))`;
    row.append(made("span", line.slice(0, place.column - 1)), made("mark", word));
    this.marks.append(row);
    this.numbers.children[place.line - 1]?.classList.add("wrong");
  }

  // Puts the cursor at a place.
  select({ line, column }) {
    const lines = this.text.split("\n").slice(0, line - 1);
    const offset = lines.reduce((sum, one) => sum + one.length + 1, 0) + column - 1;
    this.area.focus();
    this.area.setSelectionRange(offset, offset);
  }

  // A new line is indented as the one before, and more behind a colon. The Tab key leaves the editor, as everywhere.
  key(event) {
    if (event.key !== "Enter" || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.isComposing) return;
    const before = this.text.slice(0, this.area.selectionStart).split("\n").pop();
    const indent = before.match(/^ */)[0].length + (/:\s*(#.*)?$/.test(before) ? INDENT : 0);
    if (!indent) return;
    event.preventDefault();
    document.execCommand("insertText", false, `\n${" ".repeat(indent)}`);
  }
}

function made(tag, text) {
  return Object.assign(document.createElement(tag), { textContent: text });
}
