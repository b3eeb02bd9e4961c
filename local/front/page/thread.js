// One thread of a phone: its texts, and the next one.

import { composer } from "./composer.js";
import { attachment, backButton, el, fill, log } from "./dom.js";
import { inRow, member, NO_LINE } from "./labels.js";
import { clock, hue, isLine, pretty } from "./numbers.js";
import { outcomes } from "./outcomes.js";
import { keyOfThread } from "./unread.js";

/**
 * @param {any} phone
 * @param {string[]} others
 * @param {() => void} onBack
 */
export function threadView(phone, others, onBack) {
  const names = others.map(pretty).join(", ");
  const texts = log(`Texts with ${names}`, (message, before) => bubble(message, others.length > 1, before));
  const box = composer({
    label: `Text from ${phone.label} to ${names}`,
    onSend: (text, files) => phone.send(others, text, files),
  });
  const members = el("ul", { class: "members", "aria-label": "In this thread" });
  const hint = el("p", { class: "hint" });
  const view = el("div", { class: "view" });
  fill(
    view,
    el("div", { class: "screen-top" }, backButton("Back to all threads", onBack), members),
    hint,
    texts.node,
    box.node,
  );
  fill(
    members,
    others.map((number) => el("li", {}, member(number))),
  );
  return {
    node: view,
    update() {
      const thread = phone.threads.find((one) => keyOfThread(one.with) === keyOfThread(others));
      if (thread && phone.isVisible) phone.markRead(thread);
      hint.textContent = others.some(isLine) ? "" : NO_LINE;
      texts.fill((thread?.messages ?? []).map((message) => [message.id, message]));
    },
    focus: box.focus,
  };
}

const status = ({ words, mood, lines }) => el("span", { class: `status ${mood}` }, words, inRow(lines));

// Of a text that is shown already only its outcomes can change.
function bubble(message, isGroup, before) {
  const mine = message.direction === "outbound";
  const under = el(
    "span",
    { class: "under" },
    el("time", { dateTime: message.at }, clock(message.at)),
    mine ? outcomes(message.arrivals).map(status) : null,
  );
  if (before) {
    before.lastElementChild.replaceWith(under);
    return before;
  }
  const said = [message.subject, message.text].filter(Boolean).join("\n");
  return el(
    "li",
    { class: `bubble ${mine ? "mine" : "theirs"}` },
    mine || !isGroup ? null : el("span", { class: `author ${hue(message.from)}` }, pretty(message.from)),
    el("span", { class: "said" }, message.media.map(attachment), said),
    under,
  );
}
