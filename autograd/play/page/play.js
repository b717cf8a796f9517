// The page: what is typed is asked of Python, and what Python answers is shown.
import { Editor } from "./editor.js";
import { fragmentOf, settingsOf } from "./links.js";
import { Practice } from "./exercise.js";
import { Python } from "./python.js";
import { Steps } from "./steps.js";
import { EXAMPLES, TEXTS } from "./texts.js";

// After the last key it takes so many milliseconds until Python is asked; so long may a program run before it can be
// stopped, and before it is stopped for a newer one.
const PAUSE = 30;
const PATIENCE = 500;
const LONG = 2500;

const VIEWS = ["draw", "explain", "practise", "grade"];
const at = (id) => document.getElementById(id);

// Texts -----------------------------------------------------------------------------------------------

let language = languageOf(stored("language")) ?? navigator.languages.map(languageOf).find(Boolean) ?? "en";

function languageOf(name) {
  const short = name?.slice(0, 2).toLowerCase();
  return short in TEXTS ? short : undefined;
}

function said(name, places = {}) {
  return TEXTS[language][name].replace(/{(\w+)}/g, (_, place) => places[place]);
}

// Puts a text into an element, which is said again when the language changes.
function write(it, name) {
  it.dataset.text = name;
  it.textContent = said(name);
}

function speak() {
  document.documentElement.lang = language;
  document.title = said("title");
  at("language").value = language;
  for (const it of document.querySelectorAll("[data-text]")) it.textContent = said(it.dataset.text);
  for (const it of document.querySelectorAll("[data-label]")) it.setAttribute("aria-label", said(it.dataset.label));
  at("text").setAttribute("aria-label", said("editor"));
  at("example").replaceChildren(
    new Option(said("choose"), ""),
    ...Object.keys(EXAMPLES).map((name) => new Option(said(`example ${name}`), name)),
  );
  tellExample();
  tellState();
}

// The example that the editor has, if it is one.
function tellExample() {
  at("example").value = Object.keys(EXAMPLES).find((name) => EXAMPLES[name] === at("text").value) ?? "";
}

// What is kept of the last visit, where the browser keeps anything.
function stored(name, text) {
  try {
    if (text !== undefined) localStorage.setItem(`autograd.${name}`, text);
    return localStorage.getItem(`autograd.${name}`);
  } catch {
    return null;
  }
}

// Python ----------------------------------------------------------------------------------------------

let view = "draw";
let isChosen = false; // the view, by its tab and for the text that is there
let state = { name: "loading", why: "" };
let timer = 0;
let patience = 0;
let began = 0;
let answers = 0;
let isLinkBad = false;

const steps = new Steps(at("view"));
const editor = new Editor(at("text"), at("numbers"), at("marks"), () => {
  stored("text", editor.text);
  if (location.hash) history.replaceState(null, "", location.pathname + location.search); // what is here now is another text
  tellExample();
  isLinkBad = false;
  isChosen = false;
  clearTimeout(timer);
  timer = setTimeout(ask, PAUSE);
});

const practice = new Practice(at("questions"), {
  said,
  steps,
  mark: (text, place, answers) => python.ask({ do: "mark", text, place, answers, language }),
});

const python = new Python((name, why = "") => {
  performance.mark(name); // for whoever measures
  if (name === "ready") keep();
  document.documentElement.dataset.state = name;
  clearTimeout(patience);
  at("stop").hidden = true;
  state = { name, why };
  if (name === "running") {
    began = performance.now();
    patience = setTimeout(() => {
      at("stop").hidden = false;
      tellState();
    }, PATIENCE);
  }
  tellState();
});

// What runs is told as soon as it can be stopped.
function tellState() {
  const isTold = { loading: true, failed: true, running: !at("stop").hidden }[state.name];
  at("state").textContent = isTold ? said(state.name, state) : "";
}

async function ask() {
  clearTimeout(timer);
  if (python.isRunning && performance.now() - began > LONG) python.stop(); // a loop without end that is being mended
  const text = editor.text;
  document.documentElement.toggleAttribute("data-waiting", true);
  const reply = await python.ask({ do: view, text, language, level: at("grade-level").value }, "view");
  if (reply) show(reply, text);
}

function show(reply, text) {
  const { kind, html, title = "", printed } = reply;
  document.documentElement.toggleAttribute("data-waiting", text !== editor.text);
  at("output").hidden = !printed;
  at("printed").textContent = printed ?? "";
  tellMistake(kind === "mistake" || kind === "broken" ? reply : null);
  document.documentElement.toggleAttribute("data-old", kind !== "made");
  tellNote({ class: "is a class", nothing: "nothing to draw", "nothing to grade": "no class", stopped: "stopped" }[kind]);
  document.documentElement.dataset.answer = `${++answers} ${kind}`; // for tests
  if (kind === "class" && view === "draw" && !isChosen) return choose("grade");
  // What was there before stays, but no verdict on another class.
  if (view === "grade" && !["made", "mistake"].includes(kind)) clear();
  if (kind !== "made") return;
  document.title = title ? `${title} · ${said("title")}` : said("title");
  if (view === "practise") {
    steps.showStill(html);
    practice.show(text, reply);
  } else steps.show(html);
  if (view === "grade") tellVerdict(reply);
  performance.mark("shown");
}

function tellMistake(mistake) {
  at("mistake").hidden = !mistake;
  at("message").textContent = mistake?.message ?? "";
  at("place").hidden = !mistake?.line;
  if (mistake?.line) {
    at("place").textContent = said("place", mistake);
    at("place").onclick = () => editor.select(mistake);
  }
  editor.mark(mistake?.line ? mistake : null);
}

// The mistakes of a class, above the table of all checks.
function tellVerdict({ mistakes, ok }) {
  const named = mistakes.map((text) => Object.assign(document.createElement("li"), { textContent: text }));
  at("mistakes").replaceChildren(...named);
  at("told").hidden = false;
  at("found").textContent = said(mistakes.length ? "mistakes" : ok ? "no mistakes" : "unknown mistakes");
}

async function renewExercise() {
  const reply = await python.ask({ do: "exercise", level: at("level").value }, "exercise");
  if (reply?.text) editor.replace(reply.text);
}

function tellNote(name) {
  const told = name ?? (isLinkBad ? "bad link" : undefined);
  at("note").hidden = !told;
  if (told) write(at("note"), told);
}

// Views -----------------------------------------------------------------------------------------------

function choose(name) {
  view = name;
  for (const each of VIEWS) {
    const tab = at(`tab-${each}`);
    tab.setAttribute("aria-selected", each === name);
    tab.tabIndex = each === name ? 0 : -1;
  }
  at("panel").setAttribute("aria-labelledby", `tab-${name}`);
  clear();
  at("verdict").hidden = name !== "grade";
  at("exercise").hidden = name !== "practise";
  ask();
}

function clear() {
  steps.clear();
  practice.clear();
  at("told").hidden = true;
}

at("tabs").addEventListener("click", (event) => {
  const tab = event.target.closest("[role=tab]");
  if (!tab) return;
  isChosen = true;
  choose(tab.id.replace("tab-", ""));
});
at("tabs").addEventListener("keydown", (event) => {
  const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!by) return;
  event.preventDefault();
  event.stopPropagation();
  isChosen = true;
  choose(VIEWS.at((VIEWS.indexOf(view) + by) % VIEWS.length));
  at(`tab-${view}`).focus();
});

// Links and the other controls ------------------------------------------------------------------------

async function open() {
  let settings = {};
  isLinkBad = false;
  try {
    settings = await settingsOf(location.hash);
  } catch {
    isLinkBad = true;
  }
  const asked = languageOf(settings.language);
  if (asked && asked !== language) {
    language = asked;
    speak();
  }
  const text = settings.program ?? stored("text") ?? EXAMPLES.E3;
  view = VIEWS.includes(settings.view) ? settings.view : "draw";
  editor.text = text.replace(/\r\n?/g, "\n");
  tellExample();
  isChosen = false;
  choose(view);
  tellNote(); // of a bad link, before Python is here
}

at("copy").addEventListener("click", async () => {
  const fragment = await fragmentOf(editor.text, view === "draw" ? {} : { view });
  history.replaceState(null, "", fragment);
  let name = "copied";
  try {
    await navigator.clipboard.writeText(location.href);
  } catch {
    name = "not copied";
  }
  write(at("copy"), name);
  setTimeout(() => write(at("copy"), "copy"), 2000);
});
at("language").addEventListener("change", () => {
  language = at("language").value;
  stored("language", language);
  speak();
  ask();
});
at("example").addEventListener("change", () => {
  const text = EXAMPLES[at("example").value];
  if (text === undefined) return;
  editor.replace(text);
  if (view === "grade") choose("draw"); // from where a class comes back
});
at("grade-level").addEventListener("change", ask);
at("new").addEventListener("click", renewExercise);
at("level").addEventListener("change", () => {
  if (!practice.isBegun) renewExercise();
});

at("stop").addEventListener("click", () => python.stop());
addEventListener("hashchange", open);
document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "Enter") {
    event.preventDefault();
    ask();
  } else steps.key(event);
});

// Without a network -----------------------------------------------------------------------------------

let isKept = false;

// Has all files kept once Python is here, so that they are not fetched twice at the same time.
async function keep() {
  if (isKept || !navigator.serviceWorker) return;
  isKept = true;
  try {
    const registration = await navigator.serviceWorker.register("offline.js");
    await navigator.serviceWorker.ready;
    write(at("kept"), "kept");
    const tell = () => (at("update").hidden = !(registration.waiting && navigator.serviceWorker.controller));
    registration.addEventListener("updatefound", () => registration.installing.addEventListener("statechange", tell));
    tell();
    at("reload").addEventListener("click", () => {
      navigator.serviceWorker.addEventListener("controllerchange", () => location.reload());
      registration.waiting.postMessage("take over");
    });
  } catch {
    // as in a private window: then the page needs the network
  }
}

at("state").classList.remove("late");
speak();
open();
