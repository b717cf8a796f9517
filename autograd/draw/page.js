// Steps through the list of steps at the end of the page: lights up the card and the edges of a step, and shows
// each number from its step on. Without this script the page is the whole picture, with the list below it.
"use strict";

// A step stays for so many milliseconds, and longer for each character of its line.
const STEP = 1000;
const CHARACTER = 25;

// The picture is scaled to fit its box between these; one that would become smaller keeps its size and scrolls.
const SMALLEST = 0.8;
const LARGEST = 1.6;

const [picture, controls, slider, place, line, all] = ["picture", "controls", "slider", "place", "line", "all"].map(
  (id) => document.getElementById(id),
);
const svg = picture.querySelector("svg");
const calm = matchMedia("(prefers-reduced-motion: reduce)");

const elements = (ids) => ids.split(" ").filter(Boolean).map((id) => document.getElementById(id));

// Step 0, before all others, lights up nothing.
const steps = [{ text: line.textContent, pass: "", lights: [], numbers: [] }];
for (const item of all.querySelectorAll("li")) {
  const { pass, shows } = item.parentElement.dataset;
  steps.push({
    item,
    pass,
    text: item.textContent,
    lights: elements(item.dataset.lights),
    numbers: elements(item.dataset.shows).flatMap((it) => (it.matches(shows) ? [it] : [...it.querySelectorAll(shows)])),
  });
}
const end = steps.length - 1;

let now = 0; // the step that is shown
let timer = 0; // that of the next step while the page plays

function show(step) {
  const { item, pass, text, lights } = steps[step];
  steps[now].item?.removeAttribute("aria-current");
  steps[now].lights.forEach((element) => element.classList.remove("lit"));
  now = step;
  steps.forEach(({ numbers }, i) => numbers.forEach((number) => number.classList.toggle("unseen", i > now)));
  lights.forEach((element) => element.classList.add("lit"));
  item?.setAttribute("aria-current", "step");
  picture.dataset.pass = line.dataset.pass = pass;
  line.replaceChildren(...text.split(/(?<=; )/).map(span));
  place.textContent = `step ${now} of ${end}${pass && ` · ${pass}`}`;
  slider.value = now;
  slider.setAttribute("aria-valuetext", place.textContent);
  for (const [id, idle] of [["first", now === 0], ["back", now === 0], ["forward", now === end], ["last", now === end]]) {
    document.getElementById(id).setAttribute("aria-disabled", idle); // and not disabled, which would lose the focus
  }
  if (lights.length) center(lights[0]);
}

function span(text) {
  return Object.assign(document.createElement("span"), { textContent: text });
}

function center(card) {
  const [box, it] = [picture, card].map((element) => element.getBoundingClientRect());
  picture.scrollBy({
    left: it.left + it.width / 2 - box.left - box.width / 2,
    top: it.top + it.height / 2 - box.top - box.height / 2,
    behavior: calm.matches ? "auto" : "smooth",
  });
}

function fit() {
  const { width, height } = svg.viewBox.baseVal;
  const room = parseFloat(getComputedStyle(picture).maxHeight);
  const scale = Math.min(LARGEST, picture.clientWidth / width, room / height);
  svg.style.width = `${Math.floor(width * (scale < SMALLEST ? 1 : scale))}px`;
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
  document.getElementById("play").setAttribute("aria-label", timer ? "Pause" : "Play");
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
  if (event.key in keys) {
    event.preventDefault();
    actions[keys[event.key]]();
  } else if (!controls.contains(event.target)) stop();
});
document.addEventListener("pointerdown", (event) => {
  if (!controls.contains(event.target)) stop();
});

// Paper gets the whole picture and the whole list.
let unprinted;
addEventListener("beforeprint", () => {
  unprinted = now;
  go(end);
  steps[end].lights.forEach((element) => element.classList.remove("lit"));
  all.open = true;
});
addEventListener("afterprint", () => show(unprinted));

controls.hidden = line.hidden = all.open = false;
addEventListener("resize", fit);
fit();
show(now);
if (!calm.matches) play();
