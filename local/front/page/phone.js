// One phone: its threads, one of them open, or a new text.

import { el, fill } from "./dom.js";
import * as net from "./net.js";
import { newTextView } from "./new_text.js";
import { pretty, specialty } from "./numbers.js";
import { threadView } from "./thread.js";
import { threadListView } from "./thread_list.js";
import { ReadMarks } from "./unread.js";

export class Phone {
  constructor(number, { neighbours, onRemove, onRead }) {
    this.number = number;
    this.label = pretty(number);
    this.neighbours = neighbours;
    this.onRead = onRead;
    this.threads = [];
    this.marks = new ReadMarks();
    this.screen = el("div", { class: "screen" });
    const about = specialty(number);
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
    this.showThreads();
  }

  // Whether a text passes this phone.
  concerns(event) {
    return event.from === this.number || event.to?.includes(this.number) || event.recipient === this.number;
  }

  get unread() {
    return this.threads.filter((thread) => this.isUnread(thread)).length;
  }

  isUnread(thread) {
    return this.marks.isUnread(thread);
  }

  get isVisible() {
    return this.node.isConnected && this.node.offsetParent !== null;
  }

  markRead(thread) {
    if (this.marks.mark(thread)) this.onRead();
  }

  async refresh() {
    this.threads = await net.threads(this.number);
    this.update();
  }

  update() {
    this.view.update();
  }

  async send(others, text, files) {
    const hosted = await Promise.all(files.map((file) => net.attach(this.number, file)));
    const sent = await net.write(
      this.number,
      others,
      text,
      hosted.map(({ url }) => url),
    );
    await this.refresh();
    return sent;
  }

  show(view) {
    this.view = view;
    fill(this.screen, view.node);
    view.update();
  }

  showThreads() {
    this.show(
      threadListView(this, {
        onOpen: (others) => this.showThread(others),
        onNew: () => this.showNewText(),
      }),
    );
  }

  showThread(others) {
    this.show(threadView(this, others, () => this.back(others)));
    this.view.focus();
  }

  showNewText() {
    this.show(
      newTextView(this, {
        neighbours: this.neighbours,
        onBack: () => this.back(null),
        onSent: (others) => this.showThread(others),
      }),
    );
    this.view.focus();
  }

  back(others) {
    this.showThreads();
    this.view.focus(others);
  }
}
