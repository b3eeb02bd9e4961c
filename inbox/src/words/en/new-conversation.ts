/** The texts of the dialogs for a new conversation. */
export const newConversation = {
  title: { single: "New message", group: "New group message" },
  description: {
    single: "Texts go to this one person.",
    group: "Everybody is in one conversation: each sees who else is in it, and replies go to all.",
  },
  from: "From",
  noLine: {
    single: "No line of yours can send this. Ask an administrator for one.",
    group: "No line of yours can do group messages. Ask an administrator for one.",
  },
  noLines: "The lines could not be loaded.",
  people: { single: "To", group: "People" },
  peoplePlaceholder: "Name or number",
  count: (chosen: number, limit: number) => `${chosen} of ${limit}`,
  nobody: "No contact is called so. Type a whole number to text it.",
  added: (name: string) => `${name} added`,
  removed: (name: string) => `${name} removed`,
  needsMore: "Add a second person, or use New message for one.",
  remove: (name: string) => `Remove ${name}`,
  name: "Group name (optional)",
  nameHint: "Only you and your colleagues see it.",
  text: "Message",
  tooMany: (limit: number, over: number) =>
    `This line's carrier takes ${limit} people at most. Take out ${over === 1 ? "one" : over}.`,
  exists: {
    single: "You have a conversation with this person already.",
    group: "You have this group already.",
  },
  willOpen: "There is a conversation with exactly these people. Send opens it with your text; nothing is sent yet.",
  problem: {
    chosen: "Added already",
    contactChosen: "Added already by another number",
    doNotDisturb: "Does not want messages",
    country: "Group messages reach numbers of the US and Canada only",
    full: (limit: number) => `${limit} people at most with this line`,
    single: "One person only. Use a group message for several.",
    notMine: "You can text your own contacts only",
  },
  /** Why a conversation was not created. */
  refusal: {
    people: (limit: number) => `${limit} people are the most in a group. Take some out.`,
    carrier: (limit: number) =>
      `This line's carrier takes ${limit} people at most. Take some out, or choose another line.`,
    number: (name: string) => `${name} cannot be in this conversation: the number cannot be texted from this line.`,
    anyNumber: "One of the numbers cannot be texted from this line.",
    line: "You are no longer among the users of this line. Choose another one, or ask an administrator.",
    notMine: (name: string) => `${name} is no contact of yours. You can text your own contacts only.`,
    permission: "Your role does not let you start conversations. Ask an administrator.",
    hidden: "There is a conversation with exactly these people, and you do not see it. Ask a colleague.",
    optedOut: "Nobody would get a text: everybody opted out (STOP).",
    doNotDisturb: "Nobody would get a text: nobody here wants messages.",
    unreachable: "There is no connection. Nothing was sent; your text is still here.",
    busy: "Partyline is busy. Nothing was sent; try again in a moment.",
  },
};
