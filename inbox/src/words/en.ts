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
  connection: {
    offline: "You are offline. Messages are sent when you are back.",
    connecting: "Connecting…",
    waiting: (since: string) => `No live connection since ${since}. Trying again…`,
  },
};

export type Words = typeof en;
