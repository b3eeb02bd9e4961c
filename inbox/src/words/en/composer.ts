import { join, plural } from "../plural.ts";

/** The texts of the place to write. */
export const composer = {
  label: "Write a message",
  modes: "Who reads it",
  mode: { text: "Text", note: "Note" },
  textField: "Write a text",
  noteField: "Write a note. Only your colleagues see it.",
  send: "Send",
  saveNote: "Save the note",
  noteFailed: (reason: string) => `The note was not saved. ${reason}`,
  writeNote: "Write a note",
  writeText: "Write a text",
  line: "Line to send from",
  from: (label: string) => `From ${label}`,
  initializing: "Sent as soon as the conversation is ready.",
  offline: "Sent when you are back online.",
  cost: {
    texts: (count: number) => plural(count, "text", "texts"),
    total: (count: number, total: string) => `${plural(count, "text", "texts")}, ${total}`,
    product: (count: number, price: string, total: string) => `${plural(count, "text", "texts")} × ${price} = ${total}`,
    label: "What it costs",
  },
  left: (count: number) => `${plural(count, "character", "characters")} left`,
  tooLong: (over: number) => `${plural(over, "character", "characters")} too many`,
  readOnly: {
    closed: "This conversation is closed. No more texts can be sent in it.",
    noMember: "You can read this conversation, but not write in it: there is no line in it, and you are not a member.",
    noPermission: "Your role lets you read this conversation, but not write texts in it.",
    noLine: (numbers: string[]) =>
      `You can read this conversation, but you are not among the users of ${join(numbers)}. Ask an administrator.`,
    tooLarge: (carrier: string, limit: number, count: number) =>
      `You can read this conversation, but not write in it: ${carrier} takes ${limit} people at most, and these are ${count}.`,
    nobodyLeft: {
      optedOut: (names: string[]) => `Nobody would get a text: ${join(names)} opted out (STOP).`,
      doNotDisturb: (names: string[]) =>
        `Nobody would get a text: ${join(names)} ${names.length > 1 ? "do" : "does"} not want messages.`,
      mixed: (names: string[]) => `Nobody would get a text: ${join(names)} opted out or do not want messages.`,
    },
  },
  files: {
    label: "Files",
    add: "Add files",
    remove: (name: string) => `Remove ${name}`,
    drop: "Drop files here. Nothing is sent before you press Send.",
    kind: (name: string) => `${name} cannot be sent: web pages and programs are refused.`,
    empty: (name: string) => `${name} is empty.`,
    large: (name: string, size: string, most: string) =>
      `${name} is too large: ${size}, and at most ${most} can be sent.`,
    tooMany: (most: number) => `At most ${plural(most, "file goes", "files go")} with a text of this line.`,
    together: (most: string) => `These files are too large together: this line's carrier takes ${most} at most.`,
  },
  snippets: {
    label: "Snippets",
    open: "Insert a snippet (/)",
    found: (count: number) => `${plural(count, "snippet", "snippets")}. Arrow keys choose, Enter inserts.`,
    none: "There are no snippets yet. They are written in the settings.",
  },
  later: {
    open: "Send later",
    needsText: "Write a text first",
    tomorrow: "Tomorrow",
    monday: "Monday",
    choose: "Choose a time…",
    title: "Send later",
    description: "It is sent within a minute of that time, to those who are in the conversation then.",
    time: "Date and time",
    tooEarly: "Choose a time that is at least two minutes ahead.",
    tooLate: "Choose a time within the next 35 days.",
    schedule: "Schedule",
    scheduled: (when: string) => `Scheduled for ${when}`,
    waiting: (count: number, when: string) =>
      count === 1 ? `1 text waits to be sent: ${when}` : `${count} texts wait to be sent, the next one ${when}`,
    show: "Show",
    listTitle: "Scheduled texts",
    empty: "No text waits to be sent.",
    failed: "The scheduled texts could not be loaded",
    by: (name: string) => `by ${name}`,
    files: (count: number) => plural(count, "file", "files"),
    text: "Text",
    change: "Change",
    cancel: "Do not send",
    sendNow: "Send now",
    changed: "Changed",
    canceled: "It will not be sent.",
  },
  newFromThis: "New group from this one",
  missing: {
    optedOut: (names: string[]) => `${join(names)} opted out (STOP) and ${names.length > 1 ? "get" : "gets"} nothing.`,
    doNotDisturb: (names: string[]) =>
      `${join(names)} ${names.length > 1 ? "do" : "does"} not want messages and ${names.length > 1 ? "get" : "gets"} nothing.`,
    newWithout: (names: string[], isGroup: boolean) =>
      `New ${isGroup ? "group" : "message"} without ${names.length > 2 ? "them" : join(names)}`,
  },
  confirm: {
    title: "Send this text?",
    without: (names: string[]) =>
      `The phones will show it in another thread, one without ${join(names)}. The others see nothing new in the thread that they have.`,
    answered: (names: string[]) => `${join(names)} wrote here while you were writing.`,
    send: "Send anyway",
    back: "Back to my text",
  },
};
