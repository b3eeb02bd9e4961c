// The other side: conversations of the API, read and written with the account's credentials. Live events say
// when to read again, and who is typing.

import { attachment, composer, el, fill, log } from "./dom.js";
import { connect } from "./live.js";
import * as net from "./net.js";
import { clock, hue, pretty } from "./numbers.js";
import { chip, names } from "./phone.js";

// How often to read without an event: with a live connection, and without one.
const SLOW_MS = 30000;
const POLL_MS = 2000;
// Of what happens at once is read once.
const QUIET_MS = 80;
// A typing event is repeated within this time while typing goes on.
const TYPING_MS = 6000;
// Participants in the list of conversations: of how many, and for how long they are believed.
const NAMED = 12;
const MEMBERS_MS = 10000;
const SETTLED = new Set(["delivered", "undelivered", "failed", "read"]);
const MARKS = { like: "👍", dislike: "👎", love: "❤️", laugh: "😂", emphasis: "‼️", question: "❓", sticker: "sticker" };
const MOODS = { delivered: "good", read: "good", failed: "bad", undelivered: "bad" };

export class Agent {
  constructor() {
    this.label = "Agent";
    /** Draws the view that is shown; each view sets its own. */
    this.update = () => {};
    this.conversations = [];
    this.chosen = null;
    this.members = new Map();
    // The last message of a conversation, by its SID.
    this.latest = new Map();
    // Of which conversations members are being read for the list.
    this.awaited = new Set();
    this.receipts = new Map();
    this.writing = new Map();
    this.isLive = false;
    this.problem = el("p", { class: "problem", role: "status", hidden: true });
    this.screen = el("div", { class: "screen" });
    this.node = el(
      "section",
      { class: "agent", "aria-label": "Agent" },
      el("header", { class: "phone-top" }, el("h2", {}, "Agent", el("small", {}, "through the API"))),
      this.problem,
      this.screen,
    );
    this.showList();
    // Once it is on the page: what is not shown is not read.
    setTimeout(() => this.poll());
    this.live = connect({
      url: new URL("/live", location.href.replace(/^http/, "ws")).href,
      token: net.token,
      onEvent: (event) => this.happened(event),
      onState: (state) => this.connected(state),
    });
  }

  connected(state) {
    this.isLive = state === "open";
    // Of the time without a connection only messages are delivered later.
    if (this.isLive) this.refresh();
  }

  happened(event) {
    const { type, conversation, parameters } = event;
    if (type === "typing") {
      this.typing(event);
      return;
    }
    if (type === "onMessageAdded") {
      this.stopped(conversation, parameters.Author);
      this.latest.set(conversation, { author: parameters.Author, body: parameters.Body });
      // A row of the list has its names and its text at once. They are read again, since they are of this moment.
      const known = this.members.get(conversation)?.participants ?? rosterOf(parameters);
      if (known.length) this.members.set(conversation, { of: null, at: 0, participants: known });
      this.update();
    }
    if (type === "onConversationStateUpdated") {
      for (const one of [this.current, ...this.conversations])
        if (one?.sid === conversation) one.state = parameters.StateTo;
      this.update();
    }
    clearTimeout(this.quiet);
    this.quiet = setTimeout(() => this.refresh(), QUIET_MS);
  }

  typing({ conversation, identity }) {
    this.stopped(conversation, identity);
    const timer = setTimeout(() => this.stopped(conversation, identity), TYPING_MS);
    this.writing.set(`${conversation} ${identity}`, { conversation, identity, timer });
    this.update();
  }

  stopped(conversation, identity) {
    const key = `${conversation} ${identity}`;
    clearTimeout(this.writing.get(key)?.timer);
    if (this.writing.delete(key)) this.update();
  }

  async poll() {
    if (!document.hidden && this.node.offsetParent !== null) await this.refresh();
    setTimeout(() => this.poll(), this.isLive ? SLOW_MS : POLL_MS);
  }

  // One refresh at a time; a call during one waits for the next.
  async refresh() {
    if (this.busy) {
      this.again = true;
      return;
    }
    this.busy = true;
    try {
      await this.read();
      this.problem.hidden = true;
    } catch (error) {
      this.problem.textContent = net.messageOf(error);
      this.problem.hidden = false;
    } finally {
      this.busy = false;
    }
    if (this.again) {
      this.again = false;
      await this.refresh();
    }
  }

  async read() {
    const sid = this.chosen;
    if (!sid) {
      const { conversations } = await net.api("Conversations?PageSize=50");
      this.conversations = conversations;
      this.known = true;
      for (const one of conversations.slice(0, NAMED))
        if (this.isStale(one) && !this.awaited.has(one.sid)) this.readSummary(one);
    } else {
      const [{ messages }, conversation] = await Promise.all([
        net.api(`Conversations/${sid}/Messages?Order=desc&PageSize=50`),
        net.api(`Conversations/${sid}`),
        this.readMembers(sid),
      ]);
      if (this.current?.sid === sid) Object.assign(this.current, conversation);
      this.messages = messages.reverse();
      await Promise.all(
        messages.filter((one) => one.delivery && !this.isSettled(one)).map((one) => this.readReceipts(sid, one.sid)),
      );
    }
    if (sid === this.chosen) this.update();
  }

  // Read what a row of the list shows. The list does not wait for it, and a failure is repeated by the next reading.
  async readSummary({ sid, date_updated: updated }) {
    this.awaited.add(sid);
    const latest = net.api(`Conversations/${sid}/Messages?Order=desc&PageSize=1`);
    await Promise.all([
      this.readMembers(sid, updated),
      latest.then(({ messages }) => this.latest.set(sid, messages[0])),
    ]).catch(() => null);
    this.awaited.delete(sid);
    this.update();
  }

  async readMembers(sid, of) {
    const { participants } = await net.api(`Conversations/${sid}/Participants?PageSize=100`);
    this.members.set(sid, { of, at: Date.now(), participants });
  }

  isStale(conversation) {
    const known = this.members.get(conversation.sid);
    return known?.of !== conversation.date_updated || Date.now() - known.at > MEMBERS_MS;
  }

  async readReceipts(conversation, message) {
    const { delivery_receipts: receipts } = await net.api(`Conversations/${conversation}/Messages/${message}/Receipts`);
    this.receipts.set(message, receipts);
  }

  isSettled(message) {
    const known = this.receipts.get(message.sid);
    return known?.length >= message.delivery.total && known.every((receipt) => SETTLED.has(receipt.status));
  }

  participants(sid) {
    return this.members.get(sid)?.participants ?? [];
  }

  title(conversation) {
    const name = nameOf(conversation);
    const members = this.participants(conversation.sid).map(short);
    return name
      ? [name]
      : members.length
        ? names(members)
        : [this.awaited.has(conversation.sid) ? "New conversation" : conversation.sid];
  }

  about(conversation) {
    const latest = this.latest.get(conversation.sid);
    if (latest) return `${pretty(latest.author ?? "")}: ${latest.body || "attachment"}`;
    const members = this.members.get(conversation.sid)?.participants;
    if (!members) return "";
    return members.length === 1 ? "1 participant" : `${members.length} participants`;
  }

  showList() {
    this.chosen = this.current = null;
    const list = el("ul", { class: "thread-list", "aria-label": "Conversations" });
    this.update = () => {
      fill(
        list,
        this.conversations.map((one) => this.row(one)),
      );
      if (!this.conversations.length)
        fill(
          list,
          el(
            "li",
            { class: "empty" },
            this.known ? "No conversations yet. Text one of your lines from a phone." : "Reading…",
          ),
        );
    };
    fill(this.screen, el("div", { class: "screen-top" }, el("h3", {}, "Conversations")), list);
    this.update();
  }

  row(one) {
    return el(
      "li",
      {},
      el(
        "button",
        { type: "button", class: "row", onclick: () => this.open(one) },
        el("span", { class: "row-title" }, this.title(one)),
        el("time", {}, clock(one.date_updated ?? one.date_created)),
        el("span", { class: "row-text" }, this.about(one)),
        one.state === "active" ? null : el("span", { class: "state" }, one.state),
      ),
    );
  }

  open(conversation) {
    this.chosen = conversation.sid;
    this.current = conversation;
    /** @type {any[]} */
    this.messages = [];
    const heading = el("h3", { title: conversation.sid }, nameOf(conversation) ?? "Conversation");
    const members = el("ul", { class: "members", "aria-label": "Participants" });
    const messages = log("Messages");
    messages.fill([el("li", { class: "empty" }, "Reading…")]);
    const author = el("select", { "aria-label": "Write as" });
    const state = el("span", { class: "state" });
    const typing = el("p", { class: "typing", role: "status" });
    let drawn = "";
    let offered = "";
    this.update = () => {
      state.textContent = conversation.state;
      state.hidden = conversation.state === "active";
      // Nothing more is written into what is closed.
      box.hidden = conversation.state === "closed";
      typing.textContent = typists([...this.writing.values()].filter((one) => one.conversation === conversation.sid));
      const participants = this.participants(conversation.sid);
      const now = JSON.stringify([
        conversation.friendly_name,
        conversation.unique_name,
        participants,
        this.messages,
        this.messages.map((one) => this.receipts.get(one.sid)),
      ]);
      if (now === drawn) return;
      drawn = now;
      fill(heading, nameOf(conversation) ?? "Conversation");
      fill(
        members,
        participants.map((one) => el("li", {}, member(one))),
      );
      messages.fill(
        this.messages.length
          ? this.messages.map((one) => this.bubble(one, participants))
          : [el("li", { class: "empty" }, "No messages yet.")],
      );
      const authors = participants.map(authorOf).filter((one) => one !== null);
      if (JSON.stringify(authors) === offered) return;
      offered = JSON.stringify(authors);
      const before = author.value;
      fill(
        author,
        authors.map(({ value, label }) => el("option", { value }, label)),
      );
      if (authors.some(({ value }) => value === before)) author.value = before;
    };
    const box = composer({
      label: "Message to the conversation",
      placeholder: "Message",
      before: [el("label", { class: "as" }, "Write as ", author)],
      onSend: async (text, files) => {
        if (!author.value)
          throw new Error("Nobody in it can write: add a participant with an identity or a projected number.");
        const uploads = await Promise.all(
          files.map((file) => net.uploadTo(conversation.chat_service_sid, file.name)(file)),
        );
        const form = [["Author", author.value], ["Body", text], ...uploads.map(({ sid }) => ["MediaSid", sid])];
        await net.post(`Conversations/${conversation.sid}/Messages`, form);
        await this.refresh();
      },
    });
    fill(
      this.screen,
      el(
        "div",
        { class: "screen-top" },
        el(
          "button",
          { type: "button", class: "quiet", "aria-label": "Back to all conversations", onclick: () => this.back() },
          "‹",
        ),
        el("div", {}, heading, members),
        state,
      ),
      messages.node,
      typing,
      box,
    );
    this.refresh();
  }

  back() {
    this.showList();
    this.refresh();
  }

  bubble(message, participants) {
    const sender = participants.find((one) => one.sid === message.participant_sid);
    const tapback = tapbackOf(message);
    if (tapback) return this.tapback(message, tapback);
    const inside = sender ? authorOf(sender) !== null : !message.author?.startsWith("+");
    const media = (message.media ?? []).map((one) => this.attachment(one));
    return el(
      "li",
      { class: `bubble ${inside ? "mine" : "theirs"}` },
      el("span", { class: `author ${hue(message.author ?? "")}` }, pretty(message.author ?? "")),
      el("span", { class: "said" }, media, message.body ?? ""),
      el("span", { class: "under" }, el("time", {}, clock(message.date_created)), this.statuses(message, participants)),
    );
  }

  // A reaction, beside a few words of what it is about, if that is among the messages read.
  tapback(message, { kind, emoji, removed, message_sid: sid }) {
    const about = this.messages.find((one) => one.sid === sid);
    return el(
      "li",
      { class: "tapback", title: message.body },
      el("span", { class: `author ${hue(message.author ?? "")}` }, pretty(message.author ?? "")),
      removed ? el("span", {}, "takes back") : null,
      el("span", { class: "mark" }, emoji ?? MARKS[kind] ?? kind),
      about ? el("q", {}, about.body || "attachment") : null,
      el("time", {}, clock(message.date_created)),
    );
  }

  // A file that is here is shown; of others it is said what became of them.
  attachment({ sid, state, error, filename, content_type: type }) {
    if (state === "ready") {
      const shown = attachment(net.mediaUrl(this.current.chat_service_sid, sid), type);
      return error ? el("span", { class: "attachment" }, shown, " not on every handset") : shown;
    }
    return el("span", { class: "attachment" }, `${filename ?? type ?? "attachment"}: ${error ?? state}`);
  }

  statuses(message, participants) {
    const receipts = message.delivery ? (this.receipts.get(message.sid) ?? []) : [];
    return receipts.map((receipt) => {
      const to = participants.find((one) => one.sid === receipt.participant_sid);
      const number = to?.messaging_binding?.address ?? "former member";
      const code = receipt.error_code ? ` ${receipt.error_code}` : "";
      // The API has no word for a text that has not left yet.
      const status = receipt.status ?? "queued";
      const title = `${pretty(number)}: ${status}${code}`;
      return el(
        "span",
        { class: `status ${MOODS[status] ?? "waiting"}`, title },
        `${number.slice(-4)} ${status}${code}`,
      );
    });
  }
}

function typists(those) {
  const who = those.map(({ identity }) => identity).join(", ");
  return who && `${who} ${those.length === 1 ? "is" : "are"} typing…`;
}

const nameOf = (conversation) => conversation.friendly_name || conversation.unique_name || null;

function tapbackOf(message) {
  try {
    return JSON.parse(message.attributes)?.tapback;
  } catch {
    return null;
  }
}

// The members with a number, as the event of a message names them.
const rosterOf = ({ Roster: roster }) =>
  JSON.parse(roster ?? "[]").map(({ identity, ...numbers }) => ({ identity, messaging_binding: numbers }));

const binding = (participant) => participant.messaging_binding ?? {};

// The author as which a participant can write; null for a native one, which writes from a phone.
function authorOf(participant) {
  const { projected_address: projected } = binding(participant);
  if (!participant.identity && !projected) return null;
  const number = projected ? pretty(projected) : null;
  return {
    value: participant.identity ?? projected,
    label: participant.identity ? (number ? `${participant.identity} (${number})` : participant.identity) : number,
  };
}

function short(participant) {
  const { address, projected_address: projected } = binding(participant);
  return participant.identity ?? pretty(address ?? projected ?? participant.sid);
}

function member(participant) {
  const { address, projected_address: projected, proxy_address: proxy } = binding(participant);
  const number = address ?? projected;
  const kind = proxy ? `behind ${pretty(proxy)}` : null;
  if (!number)
    return el(
      "span",
      { class: "chip still" },
      participant.identity ?? participant.sid,
      el("small", { class: "tag" }, "chat"),
    );
  const shown = chip(number);
  if (participant.identity) shown.prepend(`${participant.identity} · `);
  if (kind) shown.append(el("small", { class: "tag" }, kind));
  return shown;
}
