// A new text of a phone: who gets it, and what it says.

import { composer } from "./composer.js";
import { backButton, el, fill } from "./dom.js";
import { NO_LINE, numberParts } from "./labels.js";
import { capitalized, carrierOf, isLine, lineNumbers, parse } from "./numbers.js";

const ONE_LINE =
  "A text to a line alone. If the line starts no conversation with it, the inbox has it under Unrouted texts.";

/**
 * @param {any} phone
 * @param {{ neighbours: () => string[], onBack: () => void, onSent: (others: string[]) => void }} actions
 */
export function newTextView(phone, { neighbours, onBack, onSent }) {
  const hint = el("p", { class: "hint", role: "status" });
  const chosen = recipients(phone.number, neighbours, () => {
    hint.textContent = hintOf(chosen.all());
  });
  const box = composer({
    label: `New text from ${phone.label}`,
    before: [hint],
    onSend: async (text, files) => {
      if (!chosen.take()) throw new Error(`“${chosen.typed()}” is no phone number.`);
      if (!chosen.all().length) throw new Error("Choose who gets it.");
      const sent = await phone.send(chosen.all(), text, files);
      onSent([...sent.to].sort());
    },
  });
  const view = el("div", { class: "view" });
  fill(
    view,
    el("div", { class: "screen-top" }, backButton("Back to all threads", onBack), el("h3", {}, "New text")),
    chosen.node,
    box.node,
  );
  return { node: view, update: chosen.update, focus: chosen.focus };
}

function hintOf(numbers) {
  if (!numbers.length) return "";
  if (!numbers.some(isLine)) return NO_LINE;
  return numbers.length === 1 ? ONE_LINE : "";
}

// The lines and the phones to choose from, and a field for any other number. A button stays where it is when it is
// chosen.
function recipients(own, neighbours, onChange) {
  const chosen = new Set();
  const buttons = new Map();
  const carriers = new Map();
  const carrierList = el("ul", { class: "carriers" });
  const others = el("ul", { class: "chips" });
  const entry = el("input", {
    type: "tel",
    placeholder: "Another number",
    "aria-label": "Add a recipient's number",
    autocomplete: "off",
  });
  const offer = (number) => {
    if (number === own || buttons.has(number)) return;
    const button = el("button", { type: "button", class: "chip", "aria-pressed": "false" }, numberParts(number));
    button.addEventListener("click", () => choose(number, !chosen.has(number)));
    buttons.set(number, button);
    (isLine(number) ? linesOf(carrierOf(number)) : others).append(el("li", {}, button));
  };
  const linesOf = (carrier) => {
    if (!carriers.has(carrier)) {
      const lines = el("ul", { class: "chips" });
      carriers.set(carrier, lines);
      carrierList.append(el("li", {}, el("span", { class: `tag ${carrier}` }, capitalized(carrier)), lines));
    }
    return carriers.get(carrier);
  };
  const choose = (number, isOn) => {
    if (isOn) chosen.add(number);
    else chosen.delete(number);
    buttons.get(number).setAttribute("aria-pressed", String(isOn));
    onChange();
  };
  // Whether everything that was typed is a number.
  const take = () => {
    const numbers = entry.value.split(/[,;]/).filter((part) => part.trim());
    const parsed = numbers.map(parse);
    const isGood = !parsed.includes(null);
    entry.setAttribute("aria-invalid", String(!isGood));
    if (!isGood) return false;
    for (const number of parsed.filter((one) => one !== own)) {
      offer(number);
      choose(number, true);
    }
    entry.value = "";
    return true;
  };
  entry.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== ",") return;
    event.preventDefault();
    take();
  });
  const add = el("button", { type: "button", class: "chip", onclick: take }, "Add");
  return {
    node: el(
      "div",
      { class: "to" },
      group("Your lines", el("p", { class: "about" }, "Numbers of your company, answered in the inbox."), carrierList),
      group("Other phones", others),
      el("div", { class: "entry" }, entry, add),
    ),
    update() {
      for (const number of [...lineNumbers(), ...neighbours()]) offer(number);
    },
    take,
    all: () => [...chosen],
    typed: () => entry.value,
    focus: () => (buttons.values().next().value ?? entry).focus(),
  };
}

let groups = 0;

function group(name, ...content) {
  const id = `recipients-${++groups}`;
  return el("div", { role: "group", "aria-labelledby": id }, el("h4", { id }, name), content);
}
