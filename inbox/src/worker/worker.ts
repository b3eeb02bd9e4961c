/**
 * The service worker: it shows notifications, and opens the conversation of one that is pressed. It keeps nothing, and
 * answers no requests.
 *
 * Notices come from the push service, and from pages, which know sooner. Its address says what notifications may show:
 * `sw.js?text` the sender and the text, `sw.js` neither.
 */

import { describeNotice, isConversationSid, type Notice, parseNotice } from "../notifications/notice.ts";

declare const self: ServiceWorkerGlobalScope;

const showsText = new URL(self.location.href).searchParams.has("text");
/** The tag of what is about no conversation. */
const GENERAL = "general";

self.addEventListener("install", () => void self.skipWaiting());
self.addEventListener("push", (event) => event.waitUntil(receive(event.data)));
self.addEventListener("message", (event) => event.waitUntil(show(parseNotice(event.data))));
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.tag));
});

/** Show what was pushed, unless a page is in sight: that one decides by itself. */
async function receive(data: PushMessageData | null): Promise<void> {
  const pages = await findPages();
  if (!pages.some(({ visibilityState }) => visibilityState === "visible")) await show(parseNotice(parse(data)));
}

function parse(data: PushMessageData | null): unknown {
  try {
    return data?.json();
  } catch {
    return null;
  }
}

/** Show a notice in the place of an older one of its conversation. One that is shown already, or a newer one, stays. */
async function show(notice: Notice | null): Promise<void> {
  const tag = notice?.conversation_sid ?? GENERAL;
  const index = notice?.index ?? -1;
  const [shown] = await self.registration.getNotifications({ tag });
  if (shown && notice && (shown.data?.index ?? -1) >= index) return;
  const { title, body } = describeNotice(notice, showsText);
  const options: NotificationOptions & { renotify: boolean } = {
    body,
    tag,
    // Newer news are news.
    renotify: true,
    icon: "icons/icon-192.png",
    badge: "icons/badge.png",
    data: { index },
  };
  await self.registration.showNotification(title, options);
}

/** Bring a page to the front and have it open a conversation, or open one. */
async function open(tag: string): Promise<void> {
  const conversation = isConversationSid(tag) ? tag : null;
  const pages = await findPages();
  const page = pages.find(({ visibilityState }) => visibilityState === "visible") ?? pages[0];
  if (!page) {
    const place = conversation ? `#/c/${conversation}` : "";
    await self.clients.openWindow(new URL(place, self.registration.scope));
    return;
  }
  page.postMessage({ kind: "open", conversation });
  // A browser may refuse to; then the page has opened it behind others.
  await page.focus().catch(() => {});
}

/** The open pages of the app, the one that was used last first. Others of the origin, such as the phones, are not. */
async function findPages(): Promise<readonly WindowClient[]> {
  const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  return pages.filter(({ url }) => url.startsWith(self.registration.scope));
}
