/**
 * The addresses inside the app. They are behind the `#` of the page, so that the page works below any path; there is
 * never a token or a text of a customer in them.
 *
 * Anyone can write a link, and what is in it becomes a part of the paths that are asked for: only a SID does, never `..`.
 */

export const routes = {
  inbox: "/",
  conversation: /^\/c\/(?<conversation>CH[0-9a-f]{32})(?:\/(?<index>\d{1,9}))?\/?$/,
  contacts: "/contacts",
  contactImport: /^\/contacts\/import(?:\/(?<contactImport>CI[0-9a-f]{32}))?\/?$/,
  contact: /^\/contacts\/(?<contact>CT[0-9a-f]{32})\/?$/,
  settings: "/settings/:section?",
} as const;

/** Build addresses of the routes. */
export const to = {
  inbox: () => "/",
  /** A conversation; with an index, that message of it. */
  conversation: (sid: string, index?: number) => (index === undefined ? `/c/${sid}` : `/c/${sid}/${index}`),
  contacts: () => "/contacts",
  contactImport: (sid?: string) => (sid ? `/contacts/import/${sid}` : "/contacts/import"),
  contact: (sid: string) => `/contacts/${sid}`,
  settings: (section?: string) => (section ? `/settings/${section}` : "/settings"),
};
