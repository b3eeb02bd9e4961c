// One phone: its threads, one of them open, and a new text.

import { attachment, composer, el, fill, log } from "./dom.js";
import * as net from "./net.js";
import { carrierOf, clock, hue, lineNumbers, note, parse, pretty } from "./numbers.js";

// What became of a text at one of our numbers, in words, with a colour.
const ARRIVALS = {
  held: ["waiting", "waiting"],
  underway: ["sending", "waiting"],
  delivered: ["delivered", "good"],
  dropped: ["dropped", "bad"],
  lost: ["not delivered", "bad"],
};

export class Phone {
  constructor(number, { neighbours, onRemove, onRead }) {
    this.number = number;
    this.label = pretty(number);
    this.neighbours = neighbours;
    this.onRead = onRead;
    this.threads = [];
    this.seen = new Map();
    this.view = { name: "threads" };
    this.screen = el("div", { class: "screen" });
    const about = note(number);
    this.node = el(
      "section",
      { class: "phone", "aria-label": `Phone ${this.label}` },
      el(
        "header",
        { class: "phone-top" },
        el("h2", {}, this.label, about ? el("small", {}, about) : null),
        el(
          "button",
          {
            type: "button",
            class: "quiet",
            title: "Put this phone away",
            "aria-label": `Put phone ${this.label} away`,
            onclick: onRemove,
          },
          "×",
        ),
      ),
      this.screen,
    );
    this.show({ name: "threads" });
  }

  // Whether a text passes this phone.
  concerns(event) {
    return event.from === this.number || event.to?.includes(this.number) || event.recipient === this.number;
  }

  get unread() {
    return this.threads.filter((thread) => this.isUnread(thread)).length;
  }

  isUnread(thread) {
    // Who writes into a thread has read what came before.
    const answered = thread.messages.slice(
      0,
      thread.messages.findLastIndex((message) => message.direction === "outbound") + 1,
    );
    return received(thread.messages) > Math.max(this.seen.get(key(thread.with)) ?? 0, received(answered));
  }

  get isVisible() {
    return this.node.isConnected && this.node.offsetParent !== null;
  }

  markRead(others, messages) {
    if (this.seen.get(key(others)) === received(messages)) return;
    this.seen.set(key(others), received(messages));
    this.onRead();
  }

  async refresh() {
    this.threads = await net.threads(this.number);
    this.update?.();
  }

  show(view) {
    this.view = view;
    this.screen.dataset.view = view.name;
    if (view.name === "thread") this.showThread(view.with);
    else if (view.name === "new") this.showNew();
    else this.showThreads();
  }

  showThreads() {
    const list = el("ul", { class: "thread-list", "aria-label": "Threads" });
    this.update = () => {
      fill(
        list,
        this.threads.map((thread) => this.row(thread)),
      );
      if (!this.threads.length) fill(list, el("li", { class: "empty" }, "No texts yet."));
    };
    fill(
      this.screen,
      el("div", { class: "screen-top" }, el("h3", {}, "Messages")),
      list,
      el("button", { type: "button", class: "primary", onclick: () => this.show({ name: "new" }) }, "New text"),
    );
    this.update();
  }

  row(thread) {
    const last = thread.messages.at(-1);
    const unread = this.isUnread(thread);
    const who = last.direction === "outbound" ? "You: " : thread.with.length > 1 ? `${pretty(last.from)}: ` : "";
    return el(
      "li",
      {},
      el(
        "button",
        {
          type: "button",
          class: unread ? "row unread" : "row",
          onclick: () => this.show({ name: "thread", with: thread.with }),
        },
        el("span", { class: "row-title" }, names(thread.with.map(pretty))),
        el("time", {}, clock(last.at)),
        el("span", { class: "row-text" }, who + (last.subject || last.text || "attachment")),
        unread ? el("span", { class: "hidden" }, "unread") : null,
      ),
    );
  }

  showThread(others) {
    const texts = log(`Texts with ${others.map(pretty).join(", ")}`);
    let drawn = "";
    this.update = () => {
      const messages = this.threads.find((thread) => key(thread.with) === key(others))?.messages ?? [];
      if (this.isVisible) this.markRead(others, messages);
      const now = JSON.stringify(messages);
      if (now === drawn) return;
      drawn = now;
      texts.fill(messages.map((message) => this.bubble(message, others)));
    };
    const box = composer({
      label: `Text from ${this.label} to ${others.map(pretty).join(", ")}`,
      placeholder: "Text message",
      onSend: async (text, files) => net.write(this.number, others, text, await this.attach(files)),
    });
    fill(
      this.screen,
      el(
        "div",
        { class: "screen-top" },
        el(
          "button",
          {
            type: "button",
            class: "quiet",
            "aria-label": "Back to all threads",
            onclick: () => this.show({ name: "threads" }),
          },
          "‹",
        ),
        el(
          "ul",
          { class: "members", "aria-label": "In this thread" },
          others.map((number) => el("li", {}, chip(number))),
        ),
      ),
      texts.node,
      box,
    );
    this.update();
  }

  bubble(message, others) {
    const mine = message.direction === "outbound";
    const media = message.media.map((url) => attachment(url));
    return el(
      "li",
      { class: `bubble ${mine ? "mine" : "theirs"}` },
      mine ? null : el("span", { class: `author ${hue(message.from)}` }, pretty(message.from)),
      el("span", { class: "said" }, media, [message.subject, message.text].filter(Boolean).join("\n")),
      el("span", { class: "under" }, el("time", {}, clock(message.at)), mine ? arrivals(message, others) : null),
    );
  }

  async attach(files) {
    const hosted = await Promise.all(files.map(net.attach(this.number)));
    return hosted.map(({ url }) => url);
  }

  showNew() {
    const chosen = new Set();
    const picked = el("ul", { class: "picked", "aria-label": "Recipients" });
    const offered = el("div", { class: "offered", role: "group", "aria-label": "Suggestions" });
    const entry = el("input", {
      type: "tel",
      placeholder: "Add a number",
      "aria-label": "Add a recipient's number",
      autocomplete: "off",
    });
    const hint = el(
      "p",
      { class: "hint", role: "status" },
      "None of these is a number of Partyline, so Partyline will not get this text.",
    );
    const draw = () => {
      hint.hidden = !chosen.size || [...chosen].some(carrierOf);
      fill(
        picked,
        [...chosen].map((number) =>
          el(
            "li",
            {},
            el(
              "button",
              {
                type: "button",
                class: "chip on",
                "aria-label": `Leave out ${pretty(number)}`,
                onclick: () => toggle(number),
              },
              pretty(number),
              " ×",
            ),
          ),
        ),
      );
      const rest = [...lineNumbers(), ...this.neighbours()].filter(
        (number) => number !== this.number && !chosen.has(number),
      );
      fill(
        offered,
        rest.map((number) =>
          el("button", { type: "button", class: "chip", onclick: () => toggle(number) }, pretty(number), tag(number)),
        ),
      );
    };
    const toggle = (number) => {
      if (!chosen.delete(number)) chosen.add(number);
      draw();
    };
    const take = () => {
      for (const typed of entry.value.split(/[,;]/).filter((part) => part.trim())) {
        const number = parse(typed);
        if (!number) return false;
        if (number !== this.number) chosen.add(number);
      }
      entry.value = "";
      draw();
      return true;
    };
    entry.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === ",") {
        event.preventDefault();
        entry.setAttribute("aria-invalid", String(!take()));
      }
    });
    const box = composer({
      label: `New text from ${this.label}`,
      placeholder: "Text message",
      onSend: async (text, files) => {
        if (!take()) throw new Error(`“${entry.value}” is no phone number.`);
        if (!chosen.size) throw new Error("Choose who gets it.");
        const sent = await net.write(this.number, [...chosen], text, await this.attach(files));
        await this.refresh();
        this.show({ name: "thread", with: [...sent.to].sort() });
      },
    });
    this.update = draw;
    fill(
      this.screen,
      el(
        "div",
        { class: "screen-top" },
        el(
          "button",
          {
            type: "button",
            class: "quiet",
            "aria-label": "Back to all threads",
            onclick: () => this.show({ name: "threads" }),
          },
          "‹",
        ),
        el("h3", {}, "New text"),
      ),
      el("div", { class: "to" }, picked, entry, hint, offered),
      box,
    );
    draw();
    if (this.node.isConnected) entry.focus();
  }
}

const received = (messages) => messages.filter((message) => message.direction === "inbound").length;

const key = (numbers) => [...numbers].sort().join();

function tag(number) {
  const about = note(number);
  return about ? el("small", { class: carrierOf(number) ? `tag ${carrierOf(number)}` : "tag" }, about) : null;
}

// Names in a row, of which none is broken over two lines.
export function names(list) {
  return list.flatMap((name, place) => [place ? ", " : null, el("span", { class: "whole" }, name)]);
}

export function chip(number) {
  return el("span", { class: "chip still" }, pretty(number), tag(number));
}

// What became of a text at each of our own numbers in it. One alone needs no number.
function arrivals(message, others) {
  const ours = others.filter((number) => message.arrivals[number]);
  return ours.map((number) => {
    const [word, mood] = ARRIVALS[message.arrivals[number]];
    const title = `${pretty(number)} at ${carrierOf(number) ?? "its carrier"}: ${word}`;
    return el("span", { class: `status ${mood}`, title }, ours.length > 1 ? `${word} to ${number.slice(-4)}` : word);
  });
}
