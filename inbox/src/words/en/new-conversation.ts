/** The texts of the dialogs for a new conversation. */
export const newConversation = {
  title: { single: "New message", group: "New group message" },
  description: {
    single: "Texts go to this one person.",
    group: "Everybody is in one conversation: each sees who else is in it, and replies go to all.",
  },
  from: "From",
  noLine: "No line of yours can send this. Ask an administrator for one.",
  people: { single: "To", group: "People" },
  peoplePlaceholder: "Name or number",
  count: (chosen: number, limit: number) => `${chosen} of ${limit}`,
  nobody: "No contact is called so. Type a whole number to text it.",
  added: (name: string) => `${name} added`,
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
  },
};
