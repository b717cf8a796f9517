// Steps through the list of steps at the end of the page: lights up the card and the edges of a step, and shows
// each number from its step on. Without this script the page is the whole picture, with the list below it.
"use strict";

// A step stays for so many milliseconds, and longer for each character of its line.
const STEP = 1000;
const CHARACTER = 25;

// The picture is scaled to fit its box between these; one that would become smaller keeps its size and scrolls. The
// smallest is meant for texts of this size in pixels.
const SMALLEST = 0.65;
const FONT = 13;
const LARGEST = 1.6;

// A swipe is at least so long in pixels, twice as wide as high, and takes at most so many milliseconds.
const SWIPE = 40;
const SWIFT = 800;

// A finger meets what is within half of this, in pixels.
const FINGER = 44;

const [picture, controls, slider, place, line, hints, all] = [
  "picture",
  "controls",
  "slider",
  "place",
  "line",
  "hints",
  "all",
].map((id) => document.getElementById(id));
const svg = picture.querySelector("svg");
const calm = matchMedia("(prefers-reduced-motion: reduce)");

const elements = (ids) => ids.split(" ").map((id) => document.getElementById(id)).filter(Boolean);

// Steps -----------------------------------------------------------------------------------------------

// Step 0, before all others, lights up nothing.
const steps = [{ text: line.textContent, said: "", pass: "", lights: [], changes: [] }];
const stepsOf = new Map(); // by the card: its forward and its backward step
const states = new Map(); // by the element: the text that it has, and how it looks, after the steps read so far

const HIDDEN = { look: "unseen" };

// A change knows what was before, so that a step takes no longer in a page of many.
function change(element, state) {
  const before = states.get(element) ?? HIDDEN;
  states.set(element, state);
  return { element, before, after: state };
}

for (const item of all.querySelectorAll("li")) {
  const { pass, said, numbers } = item.parentElement.dataset;
  const lights = elements(item.dataset.lights);
  const changes = elements(item.dataset.shows).map((it) => change(it, { look: "" }));
  for (const [id, text] of Object.entries(JSON.parse(item.dataset.numbers))) {
    const card = document.getElementById(id);
    // On another card than that of the step it is what has arrived so far.
    const look = card === lights[0] ? "" : "sofar";
    for (const number of card?.querySelectorAll(numbers) ?? []) changes.push(change(number, { text, look }));
  }
  const { formula } = item.dataset;
  steps.push({ item, pass, said, lights, changes, formula, text: item.textContent });
  stepsOf.set(lights[0], [...(stepsOf.get(lights[0]) ?? []), steps.length - 1]);
}
const end = steps.length - 1;

let now = 0; // the step that is shown
let timer = 0; // that of the next step while the page plays

function paint(element, { text, look }) {
  element.classList.toggle("unseen", look === "unseen");
  element.classList.toggle("sofar", look === "sofar");
  if (text !== undefined && element.textContent !== text) element.textContent = text;
}

function walk(step) {
  while (now < step) steps[++now].changes.forEach(({ element, after }) => paint(element, after));
  while (now > step) [...steps[now--].changes].reverse().forEach(({ element, before }) => paint(element, before));
}

function show(step) {
  point([]);
  unlight();
  const { item, pass, said, text, lights } = steps[step];
  // What asks where things are comes first: after a change the browser would have to lay out all of them again.
  if (lights.length) center(lights[0]);
  const turns = pass === "backward" ? lights.map(turn) : [];
  walk(step);
  picture.dataset.pass = line.dataset.pass = pass;
  lights.forEach((element) => element.classList.add("lit"));
  turns.forEach((apply) => apply?.());
  item?.setAttribute("aria-current", "step");
  tell(text);
  const { place: words } = controls.dataset;
  place.textContent = words.replace("{now}", now).replace("{end}", end) + (said && ` · ${said}`);
  slider.value = now;
  slider.setAttribute("aria-valuetext", place.textContent);
  for (const [id, idle] of [["first", now === 0], ["back", now === 0], ["forward", now === end], ["last", now === end]]) {
    document.getElementById(id).setAttribute("aria-disabled", idle); // and not disabled, which would lose the focus
  }
}

function unlight() {
  const { item, lights } = steps[now];
  item?.removeAttribute("aria-current");
  for (const element of lights) {
    element.classList.remove("lit");
    turnBack(element);
  }
}

function tell(text) {
  line.replaceChildren(...text.split(/(?<=; |\n)/).map(span));
}

function span(text) {
  return Object.assign(document.createElement("span"), { textContent: text });
}

function center(element) {
  const [box, it] = [picture, element].map((one) => one.getBoundingClientRect());
  picture.scrollBy({
    left: it.left + it.width / 2 - box.left - box.width / 2,
    top: it.top + it.height / 2 - box.top - box.height / 2,
    behavior: calm.matches ? "auto" : "smooth",
  });
}

function reveal(element) {
  const [box, it] = [picture, element].map((one) => one.getBoundingClientRect());
  const isSeen = box.left <= it.left && it.right <= box.right && box.top <= it.top && it.bottom <= box.bottom;
  if (!isSeen) center(element);
}

function fit() {
  const { width, height } = svg.viewBox.baseVal;
  const room = parseFloat(getComputedStyle(picture).maxHeight);
  const scale = Math.min(LARGEST, picture.clientWidth / width, room / height);
  const smallest = (SMALLEST * FONT) / parseFloat(svg.getAttribute("font-size"));
  svg.style.width = `${Math.floor(width * (scale < smallest ? 1 : scale))}px`;
  all.style.setProperty("--picture", `${picture.offsetHeight}px`);
}

// Arrows that turn ------------------------------------------------------------------------------------

const turned = new Map(); // by the path of an edge: how it was drawn

// The arrow of an edge points at the operand, along the same path: its head goes to where the path leaves the card of
// the operand, the path is cut by the length of the head there, and goes on to where the tip was. Returns what does it.
function turn(path) {
  const head = path.nextElementSibling;
  const hasFlow = document.getElementById(`${path.id}-flow`);
  if (path.tagName !== "path" || head?.tagName !== "polygon" || hasFlow) return null;
  const d = path.getAttribute("d");
  const length = path.getTotalLength();
  if (!length) return null;
  const at = (where) => path.getPointAtLength(where);
  const to = at(length);
  const ahead = direction(at(Math.max(0, length - 1)), to);
  const corners = [...head.points];
  const along = (corner) => (corner.x - to.x) * ahead.x + (corner.y - to.y) * ahead.y;
  const tip = corners.reduce((one, other) => (along(other) > along(one) ? other : one));
  const long = along(tip) - Math.min(...corners.map(along));
  const begin = exit(at, length);
  const from = at(begin);
  const back = direction(at(Math.min(begin + long, length)), from);
  const angle = Math.atan2(back.y, back.x) - Math.atan2(ahead.y, ahead.x);
  const [sine, cosine] = [Math.sin(angle), Math.cos(angle)];
  const points = corners.map(({ x, y }) => {
    const [right, down] = [x - tip.x, y - tip.y];
    return `${from.x + cosine * right - sine * down},${from.y + sine * right + cosine * down}`;
  });
  return () => {
    turned.set(path, { d, points: head.getAttribute("points") });
    head.setAttribute("points", points.join(" ")); // a transform would take twice the time in a large picture
    path.setAttribute("d", `${d}L${tip.x},${tip.y}`);
    path.style.strokeDasharray = `0 ${begin + long} ${length + long}`;
  };
}

// How far along a path the card ends that it begins in or at.
function exit(at, length) {
  const start = at(0);
  const card = [...boxes()].find(([it, box]) => isAround(box, start) && isIn(it, start))?.[0];
  if (!card) return 0;
  let [inside, outside] = [0, length];
  while (outside - inside > 0.1) {
    const middle = (inside + outside) / 2;
    if (isIn(card, at(middle))) inside = middle;
    else outside = middle;
  }
  return outside;
}

function isIn(card, { x, y }) {
  const [left, top] = corner(card);
  const point = new DOMPoint(x - left, y - top);
  return [...card.children].some((shape) => shape.isPointInFill?.(point));
}

// Where the coordinates of a card begin.
function corner(card) {
  const { e, f } = card.transform.baseVal.consolidate()?.matrix ?? { e: 0, f: 0 };
  return [e, f];
}

let known; // the boxes of all cards, which stay where they are

function boxes() {
  known ??= new Map([...stepsOf.keys()].map((card) => {
    const [[left, top], { x, y, width, height }] = [corner(card), card.getBBox()];
    return [card, { left: left + x, top: top + y, right: left + x + width, bottom: top + y + height }];
  }));
  return known;
}

function isAround({ left, top, right, bottom }, { x, y }) {
  return left <= x && x <= right && top <= y && y <= bottom;
}

function turnBack(path) {
  if (!turned.has(path)) return;
  const { d, points } = turned.get(path);
  path.setAttribute("d", d);
  path.style.strokeDasharray = "";
  path.nextElementSibling.setAttribute("points", points);
  turned.delete(path);
}

function direction(from, to) {
  const [x, y] = [to.x - from.x, to.y - from.y];
  const length = Math.hypot(x, y) || 1;
  return { x: x / length, y: y / length };
}

// Pointing --------------------------------------------------------------------------------------------

let pointed = []; // steps of one card: it, its edges and its lines in the list stand out

function point(at) {
  if (at.join() === pointed.join()) return;
  for (const element of pointedElements()) element.classList.remove("pointed");
  pointed = at;
  for (const element of pointedElements()) element.classList.add("pointed");
  line.classList.toggle("pointing", at.length > 0);
  tell(at.length ? toldOf(at) : steps[now].text);
}

function pointedElements() {
  return pointed.flatMap((step) => [steps[step].item, ...steps[step].lights]);
}

// What has been told of a card so far: before its step no more than its formula.
function toldOf(at) {
  const reached = at.filter((step) => step <= now);
  return reached.length ? reached.map((step) => steps[step].text).join("\n") : steps[at[0]].formula;
}

function cardAt(event) {
  const inside = event.target.closest?.("g[id]");
  if (stepsOf.has(inside)) return inside;
  if (event.type !== "click" || !picture.contains(event.target)) return undefined;
  const far = (it) => {
    const box = it.getBoundingClientRect();
    const outside = (place, one, other) => Math.max(one, Math.min(place, other)) - place;
    const reach = (size) => Math.max(0, FINGER - size) / 2;
    const [x, y] = [outside(event.clientX, box.left, box.right), outside(event.clientY, box.top, box.bottom)];
    return Math.abs(x) <= reach(box.width) && Math.abs(y) <= reach(box.height) ? Math.hypot(x, y) : Infinity;
  };
  const near = [...stepsOf.keys()].map((it) => [far(it), it]).filter(([distance]) => distance < Infinity);
  return near.sort(([one], [other]) => one - other)[0]?.[1];
}

// A card has two steps: that of the pass that is shown.
function stepAt(card) {
  const [first, second] = stepsOf.get(card);
  return steps[now].pass === "backward" ? (second ?? first) : first;
}

picture.addEventListener("pointerover", (event) => {
  if (event.pointerType !== "touch") point(stepsOf.get(cardAt(event)) ?? []); // a tap is a click
});
picture.addEventListener("pointerleave", () => point([]));
picture.addEventListener("click", (event) => {
  const card = cardAt(event);
  if (card) go(stepAt(card));
});

const stepOfItem = new Map(steps.map(({ item }, step) => [item, step]));
const itemAt = (event) => stepOfItem.get(event.target.closest?.("li"));

all.addEventListener("pointerover", (event) => {
  const step = event.pointerType === "touch" ? undefined : itemAt(event);
  point(step === undefined ? [] : [step]);
  if (step) reveal(steps[step].lights[0]);
});
all.addEventListener("pointerleave", () => point([]));
all.addEventListener("click", (event) => {
  if (itemAt(event) !== undefined && getSelection().isCollapsed) go(itemAt(event));
});

// By keyboard: up and down in the picture go from card to card, in the list from line to line; Enter goes there.
const pointers = {
  ArrowDown: (inList) => pointNext(1, inList),
  ArrowUp: (inList) => pointNext(-1, inList),
  Enter: (inList) => go(inList || pointed.length === 1 ? pointed[0] : stepAt(steps[pointed[0]].lights[0])),
  Escape: () => point([]),
};

function pointNext(by, inList) {
  const places = inList ? steps.map((_, step) => [step]).slice(1) : [...stepsOf.values()];
  const from = pointed.length ? pointed[0] : now;
  const at = places.findIndex((some) => some.includes(from));
  const next = places[Math.min(Math.max(pointed.length || at < 0 ? at + by : at, 0), places.length - 1)];
  point(next);
  center(steps[next[0]].lights[0]);
  if (inList) steps[next[0]].item.scrollIntoView({ block: "nearest" });
}

// Playing ---------------------------------------------------------------------------------------------

function play() {
  if (now === end) show(0);
  wait();
  tellPlaying();
}

function wait() {
  timer = setTimeout(() => {
    show(now + 1);
    if (now < end) wait();
    else stop();
  }, STEP + CHARACTER * line.textContent.length);
}

function stop() {
  clearTimeout(timer);
  timer = 0;
  tellPlaying();
}

function tellPlaying() {
  controls.classList.toggle("playing", timer !== 0);
  document.getElementById("play").setAttribute("aria-label", timer ? controls.dataset.pause : controls.dataset.play);
}

// Controls --------------------------------------------------------------------------------------------

function go(step) {
  stop();
  show(Math.min(Math.max(step, 0), end));
}

const actions = {
  first: () => go(0),
  back: () => go(now - 1),
  play: () => (timer ? stop() : play()),
  forward: () => go(now + 1),
  last: () => go(end),
};
const keys = { Home: "first", ArrowLeft: "back", " ": "play", ArrowRight: "forward", End: "last" };

for (const [id, action] of Object.entries(actions)) document.getElementById(id).addEventListener("click", action);
slider.addEventListener("input", () => go(Number(slider.value)));

document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  if (event.key === " " ? event.target.closest("button, summary") : event.target === slider) return; // which know it
  const inList = all.open && all.contains(event.target);
  const points = event.key in pointers && (event.key !== "Enter" || pointed.length);
  if (event.key in keys) {
    event.preventDefault();
    actions[keys[event.key]]();
  } else if (points && (inList || event.target === picture)) {
    event.preventDefault();
    stop();
    pointers[event.key](inList);
  } else if (!controls.contains(event.target)) stop();
});
document.addEventListener("pointerdown", (event) => {
  if (!controls.contains(event.target)) stop();
});

// Swipes ----------------------------------------------------------------------------------------------

let touch = null; // where one finger has come down, when, and where the picture was

document.addEventListener("touchstart", ({ touches, target, timeStamp }) => {
  const zoomed = (visualViewport?.scale ?? 1) > 1.01; // then a finger moves the page
  const alone = touches.length === 1 && target !== slider && !zoomed;
  const [{ clientX: x, clientY: y }] = touches;
  touch = alone ? { x, y, timeStamp, left: picture.scrollLeft, inside: picture.contains(target) } : null;
}, { passive: true });
document.addEventListener("touchcancel", () => {
  touch = null;
});
document.addEventListener("touchend", ({ changedTouches, touches, timeStamp }) => {
  if (!touch || touches.length) return;
  const [{ clientX, clientY }] = changedTouches;
  const [x, y] = [clientX - touch.x, clientY - touch.y];
  const scrolled = touch.inside && Math.abs(picture.scrollLeft - touch.left) > 1;
  const swept = Math.abs(x) >= SWIPE && Math.abs(x) > 2 * Math.abs(y) && timeStamp - touch.timeStamp <= SWIFT;
  touch = null;
  if (swept && !scrolled) go(now + (x < 0 ? 1 : -1));
});

// Paper gets the whole picture and the whole list.
let unprinted;
addEventListener("beforeprint", () => {
  unprinted = now;
  go(end);
  unlight();
  all.open = true;
});
addEventListener("afterprint", () => show(unprinted));

for (const element of states.keys()) paint(element, HIDDEN);
controls.hidden = line.hidden = hints.hidden = all.open = false;
addEventListener("resize", fit);
fit();
show(0);
