/**
 * Every text of the inbox in English. A text with values is a function of them. Another language is another module with
 * the same keys: the compiler checks them.
 */

const PLURAL = new Intl.PluralRules("en");

/** Choose by number: `plural(2, "person", "people")` is "2 people". */
export function plural(count: number, one: string, other: string): string {
  return `${count.toLocaleString("en")} ${PLURAL.select(count) === "one" ? one : other}`;
}

export const en = {
  app: {
    name: "Partyline",
    loading: "Loading…",
    retry: "Try again",
    close: "Close",
    cancel: "Cancel",
    save: "Save",
    back: "Back",
    more: "More",
    skipToContent: "Skip to the conversation",
    navigation: "Sections",
    inbox: "Inbox",
    contacts: "Contacts",
    settings: "Settings",
    signOut: "Sign out",
    account: (name: string) => `Account of ${name}`,
    failed: "Something went wrong.",
    notFound: "Not found",
    notFoundText: "It does not exist, or you do not see it.",
  },
  session: {
    title: "Sign in to Partyline",
    text: "Group texting for your team.",
    signIn: "Sign in",
    ended: "Your session has ended.",
    endedText: "Sign in again to go on. What you were writing is still here.",
    noAccess: "You have no access",
    noAccessText: "You are signed in, but no role here is yours. Ask an administrator.",
    unreachable: "Partyline does not answer",
    unreachableText: "Check your connection, then try again.",
  },
  time: {
    today: "Today",
    yesterday: "Yesterday",
  },
  delivery: {
    waiting: "waiting",
    sent: "sent",
    delivered: "delivered",
    partlyDelivered: "delivered to some",
    failed: "not delivered",
    partlyFailed: "not delivered to everyone",
  },
  list: {
    title: "Inbox",
    label: "Conversations",
    views: "Which conversations",
    view: {
      all: "All",
      mine: "Mine",
      unassigned: "Unassigned",
      unread: "Unread",
      done: "Done",
    },
    search: "Search names and numbers",
    searchLabel: "Search conversations",
    clearSearch: "Clear the search",
    allLines: "All lines",
    line: "Line",
    lineFilter: "Line of the conversations",
    new: "New",
    newMessage: "Message",
    newMessageHint: "To one person",
    newGroup: "Group message",
    newGroupHint: "One conversation with everybody in it",
    noMembers: "Nobody yet",
    noMessages: "No messages yet",
    unknown: "Unknown",
    file: "File",
    you: "You",
    byYou: (text: string) => `You: ${text}`,
    by: (name: string, text: string) => `${name}: ${text}`,
    unread: (count: number) => plural(count, "unread message", "unread messages"),
    assignedTo: (name: string) => `Assigned to ${name}`,
    muted: "Muted",
    closed: "Closed",
    choose: "Choose a conversation",
    chooseText: "Its messages appear here.",
    loadingMore: "Loading more conversations…",
    failed: "The conversations could not be loaded",
    failedText: "Check your connection, then try again.",
    empty: {
      all: { title: "No conversations yet", text: "Start one, or wait until somebody texts one of your lines." },
      mine: { title: "Nothing is assigned to you", text: "Take a conversation from Unassigned, or ask a colleague." },
      unassigned: { title: "Everything is assigned", text: "No open conversation waits for somebody." },
      unread: { title: "All read", text: "New messages appear here." },
      done: { title: "Nothing is done yet", text: "A conversation that you set aside moves here." },
      limited: { title: "No conversations yet", text: "You see conversations of your own contacts." },
      search: { title: "Nothing found", text: "Try the beginning of a name, or the last digits of a number." },
    },
  },
  connection: {
    offline: "You are offline. Messages are sent when you are back.",
    connecting: "Connecting…",
    waiting: (since: string) => `No live connection since ${since}. Trying again…`,
  },
};

export type Words = typeof en;
