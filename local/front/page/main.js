// The page: simulated phones side by side, and what happens on their network.

import { el, fill } from "./dom.js";
import * as net from "./net.js";
import { isLine, parsePhone, pretty, setLines, specialNumbers, specialty } from "./numbers.js";
import { Phone } from "./phone.js";
import { RowOfPhones } from "./row_of_phones.js";

const STORAGE_KEY = "partyline-phones";
const FIRST = ["+12065550150", "+12065550151", "+12065550152"];

/** @returns {any} the element of an id that index.html has */
const byId = (id) => document.getElementById(id);
const row = new RowOfPhones(byId("phones"), byId("switch"));

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
    localStorage.setItem(STORAGE_KEY, JSON.stringify(row.phones.map((phone) => phone.number)));
  } catch {
    // A browser that keeps nothing starts with the first phones again.
  }
}

function showMessage(node, message) {
  node.textContent = message;
  node.hidden = !message;
}

function add(number) {
  const phone = new Phone(number, {
    neighbours: () => row.phones.map((other) => other.number),
    onRead: () => setTimeout(() => row.draw()),
    onRemove: () => {
      row.remove(phone);
      remember();
      byId("add-number").focus();
    },
  });
  row.add(phone);
  return phone;
}

async function refresh(chosen) {
  try {
    await Promise.all(chosen.map((phone) => phone.refresh()));
    showMessage(byId("notice"), "");
  } catch (error) {
    showMessage(byId("notice"), net.messageOf(error));
  }
  row.draw();
}

// Much happens at once when a text goes round: everything concerned is read again once it is quiet.
const waiting = new Set();
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
function happened(event) {
  for (const phone of row.phones)
    if (event.type === "reset" || event.type === "arrival" || phone.concerns(event)) waiting.add(phone);
  clearTimeout(timer);
  timer = setTimeout(() => {
    refresh([...waiting]);
    waiting.clear();
  }, 80);
}

const field = byId("add-number");

function problemOf(typed, number) {
  if (!number) return `“${typed}” is no phone number. Write it as 206-555-0160 or +12065550160.`;
  return isLine(number) ? `${pretty(number)} is one of your lines. It is answered in the inbox.` : "";
}

field.addEventListener("input", () => {
  showMessage(byId("add-problem"), "");
  field.removeAttribute("aria-invalid");
});

byId("add").addEventListener("submit", async (event) => {
  event.preventDefault();
  const number = parsePhone(field.value);
  const problem = problemOf(field.value, number);
  showMessage(byId("add-problem"), problem);
  field.setAttribute("aria-invalid", String(Boolean(problem)));
  if (problem || !number) return;
  field.value = "";
  const phone = row.phones.find((one) => one.number === number) ?? add(number);
  remember();
  row.choose(phone);
  await refresh([phone]);
});

async function begin() {
  try {
    setLines(await net.lines());
  } catch (error) {
    showMessage(byId("notice"), net.messageOf(error));
  }
  fill(
    byId("known-numbers"),
    specialNumbers().map((number) => el("option", { value: number }, specialty(number))),
  );
  for (const number of remembered()) if (!isLine(number)) add(number);
  row.draw();
  net.listen(happened, (live) => {
    byId("live").textContent = live ? "live" : "reconnecting";
    byId("live").parentElement.dataset.live = live;
    if (live) refresh(row.phones);
  });
}

begin();
