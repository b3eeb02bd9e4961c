// The page: phones side by side with the agent, or one at a time behind tabs where there is no room.

import { Agent } from "./agent.js";
import { el, fill } from "./dom.js";
import * as net from "./net.js";
import { carrierOf, lineNumbers, note, parsePhone, pretty, setLines, specialNumbers } from "./numbers.js";
import { Phone } from "./phone.js";

const STORAGE_KEY = "partyline-phones";
const FIRST = ["+12065550150", "+12065550151", "+12065550152"];

/** @returns {any} the element of an id that index.html has */
const byId = (id) => document.getElementById(id);
const panes = byId("panes");
const tabs = byId("tabs");

let phones = [];
let current = null;
const agent = new Agent();

function remembered() {
  try {
    const numbers = JSON.parse(localStorage.getItem(STORAGE_KEY) ?? "null");
    if (Array.isArray(numbers) && numbers.length)
      return numbers.filter((number) => parsePhone(String(number)) === number);
  } catch {
    // Nothing usable is remembered.
  }
  return FIRST;
}

function remember() {
  try {
    localStorage.setItem(STORAGE_KEY, JSON.stringify(phones.map((phone) => phone.number)));
  } catch {
    // A browser that keeps nothing starts with the first phones again.
  }
}

function showMessage(message) {
  byId("notice").textContent = message;
  byId("notice").hidden = !message;
}

function select(pane) {
  current = pane;
  draw();
  if (pane === agent) agent.refresh();
  else pane.update();
}

function draw() {
  const all = [...phones, agent];
  if (!all.includes(current)) current = all[0];
  all.forEach((pane, place) => {
    pane.node.id = `pane-${place}`;
    pane.node.classList.toggle("current", pane === current);
  });
  const order = [...panes.children];
  if (order.length !== all.length || order.some((node, place) => node !== all[place].node))
    fill(
      panes,
      all.map((pane) => pane.node),
    );
  const focused = tabs.contains(document.activeElement);
  fill(
    tabs,
    all.map((pane, place) => tab(pane, place)),
  );
  if (focused) tabs.querySelector("[aria-selected=true]").focus();
}

function tab(pane, place) {
  const chosen = pane === current;
  return el(
    "button",
    {
      type: "button",
      role: "tab",
      "aria-selected": String(chosen),
      "aria-controls": `pane-${place}`,
      tabIndex: chosen ? 0 : -1,
      onclick: () => select(pane),
      onkeydown: (event) => walk(event, place),
    },
    pane === agent ? "Agent" : pane.number.slice(-4),
    pane.unread ? el("span", { class: "badge", "aria-label": `${pane.unread} unread` }, String(pane.unread)) : null,
  );
}

function walk(event, place) {
  const all = [...phones, agent];
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (step) select(all[(place + step + all.length) % all.length]);
}

function add(number) {
  const phone = new Phone(number, {
    neighbours: () => phones.map((other) => other.number),
    onRead: () => setTimeout(draw),
    onRemove: () => {
      phones = phones.filter((other) => other !== phone);
      remember();
      draw();
    },
  });
  phones.push(phone);
  return phone;
}

async function refresh(chosen) {
  try {
    await Promise.all(chosen.map((phone) => phone.refresh()));
    showMessage("");
  } catch (error) {
    showMessage(net.messageOf(error));
  }
  draw();
}

// Much happens at once when a text goes round: everything concerned is read again once it is quiet.
const waiting = new Set();
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
function happened(event) {
  for (const phone of phones)
    if (event.type === "reset" || event.type === "arrival" || phone.concerns(event)) waiting.add(phone);
  clearTimeout(timer);
  timer = setTimeout(() => {
    refresh([...waiting]);
    waiting.clear();
    agent.refresh();
  }, 80);
}

async function readLines() {
  setLines(await net.lines());
  fill(
    byId("lines"),
    lineNumbers().map((number) =>
      el(
        "li",
        { class: "chip still" },
        pretty(number),
        el("small", { class: `tag ${carrierOf(number)}` }, carrierOf(number)),
      ),
    ),
  );
  fill(
    byId("known-numbers"),
    specialNumbers().map((number) => el("option", { value: number }, note(number))),
  );
}

byId("add").addEventListener("submit", async (event) => {
  event.preventDefault();
  const field = byId("add-number");
  const number = parsePhone(field.value);
  const known = phones.find((phone) => phone.number === number);
  if (!number) return showMessage(`“${field.value}” is no phone number: write it as +12065550150.`);
  if (carrierOf(number)) return showMessage(`${pretty(number)} is one of your lines. The agent answers it.`);
  field.value = "";
  const phone = known ?? add(number);
  remember();
  select(phone);
  phone.node.scrollIntoView({ block: "nearest", inline: "nearest" });
  await refresh([phone]);
});

async function begin() {
  try {
    await readLines();
  } catch (error) {
    showMessage(net.messageOf(error));
  }
  for (const number of remembered()) if (!carrierOf(number)) add(number);
  draw();
  net.listen(happened, (live) => {
    byId("live").textContent = live ? "live" : "reconnecting";
    byId("live").parentElement.dataset.live = live;
    if (live) refresh(phones);
  });
}

begin();
