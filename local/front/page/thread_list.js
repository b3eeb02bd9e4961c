// The first view of a phone: its threads, the latest first.

import { el, fill, keyed } from "./dom.js";
import { inRow } from "./labels.js";
import { clock, pretty } from "./numbers.js";
import { keyOfThread } from "./unread.js";

/**
 * @param {object} phone
 * @param {any[]} phone.threads
 * @param {(thread: any) => boolean} phone.isUnread
 * @param {{ onOpen: (others: string[]) => void, onNew: () => void }} actions
 */
export function threadListView(phone, { onOpen, onNew }) {
  const list = el("ul", { class: "thread-list", "aria-label": "Threads" });
  const empty = el(
    "p",
    { class: "empty" },
    el("strong", {}, "No texts yet"),
    "Text one of your lines, and it comes to the inbox.",
  );
  const rows = keyed(list, ({ thread, unread }) => row(thread, unread, () => onOpen(thread.with)));
  const newText = el("button", { type: "button", class: "primary", onclick: onNew }, "New text");
  const view = el("div", { class: "view" });
  fill(view, el("div", { class: "screen-top" }, el("h3", {}, "Messages")), empty, list, newText);
  return {
    node: view,
    update() {
      empty.hidden = phone.threads.length > 0;
      list.hidden = !phone.threads.length;
      rows(
        phone.threads.map((thread) => {
          const shown = { with: thread.with, messages: thread.messages.slice(-1) };
          return [keyOfThread(thread.with), { thread: shown, unread: phone.isUnread(thread) }];
        }),
      );
    },
    /** @param {string[] | null} [others] the thread that one comes back from */
    focus(others) {
      const place = phone.threads.findIndex((thread) => others && keyOfThread(thread.with) === keyOfThread(others));
      (list.children[place]?.firstElementChild ?? newText).focus();
    },
  };
}

function row(thread, unread, onclick) {
  const last = thread.messages.at(-1);
  const who = last.direction === "outbound" ? "You: " : thread.with.length > 1 ? `${pretty(last.from)}: ` : "";
  return el(
    "li",
    {},
    el(
      "button",
      { type: "button", class: unread ? "row unread" : "row", onclick },
      el("span", { class: "row-title" }, inRow(thread.with)),
      el("time", { dateTime: last.at }, clock(last.at)),
      el("span", { class: "row-text" }, who + (last.subject || last.text || "Attachment")),
      unread ? el("span", { class: "hidden" }, "unread") : null,
    ),
  );
}
