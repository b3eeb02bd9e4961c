// The phones side by side: as many as there is room for, and a button for each where there is not room for all.

import { el, keyed } from "./dom.js";
import { pretty } from "./numbers.js";

// Pixels. A phone is at least this wide, as on the narrowest screen.
const NARROWEST = 280;
const GAP = 16;

export class RowOfPhones {
  /**
   * @param {any} main where the phones are shown
   * @param {any} nav where they are chosen
   */
  constructor(main, nav) {
    this.main = main;
    this.nav = nav;
    /** @type {any[]} */
    this.phones = [];
    // The phones by when they were last chosen, the latest first.
    /** @type {any[]} */
    this.latest = [];
    this.empty = el("p", { class: "empty" }, "No phones. Add one by its number.");
    main.append(this.empty);
    this.buttons = keyed(nav.firstElementChild, (one) => this.button(one));
    new ResizeObserver(() => this.draw()).observe(main);
  }

  add(phone) {
    this.phones.push(phone);
    this.latest.push(phone);
    this.main.append(phone.node);
  }

  remove(phone) {
    this.phones = this.phones.filter((other) => other !== phone);
    this.latest = this.latest.filter((other) => other !== phone);
    phone.node.remove();
    this.draw();
  }

  choose(phone) {
    this.latest = [phone, ...this.latest.filter((other) => other !== phone)];
    this.draw();
  }

  draw() {
    const room = Math.max(1, Math.floor((this.main.clientWidth - GAP) / (NARROWEST + GAP)));
    const shown = new Set(this.latest.slice(0, room));
    for (const phone of this.phones) {
      const appears = phone.node.hidden && shown.has(phone);
      phone.node.hidden = !shown.has(phone);
      // What came into an open thread meanwhile is read now.
      if (appears) phone.update();
    }
    this.empty.hidden = this.phones.length > 0;
    this.main.classList.toggle("single", room === 1);
    this.nav.hidden = this.phones.length <= room;
    this.buttons(
      this.phones.map((phone) => [
        phone.number,
        { number: phone.number, unread: phone.unread, isShown: shown.has(phone) },
      ]),
    );
  }

  button({ number, unread, isShown }) {
    return el(
      "li",
      {},
      el(
        "button",
        {
          type: "button",
          "aria-pressed": String(isShown),
          onclick: () => this.choose(this.phones.find((phone) => phone.number === number)),
        },
        pretty(number),
        unread ? el("span", { class: "badge" }, String(unread), el("span", { class: "hidden" }, " unread")) : null,
      ),
    );
  }
}
