/**
 * The notifications of this browser: whether it may show them and for whom, the service worker that does, and the push
 * subscription by which they come without a page.
 */

import { signal } from "@preact/signals";
import { rest } from "../api/client.ts";
import type { Sid } from "../api/types.ts";
import { to } from "../navigation/routes.ts";
import { type Preferences, preferences, setPreferences } from "../person/preferences.ts";
import { isConversationSid, type Notice } from "./notice.ts";
import { type PushApi, subscribe, unsubscribe } from "./push-subscription.ts";

/**
 * - `home-screen`: iPhones and iPads permit it to apps on the home screen alone.
 * - `denied`: the person, or who manages the browser, has decided against it.
 */
export type Permission = "unsupported" | "home-screen" | "default" | "granted" | "denied";
/** `unavailable`: this browser has no push service, or the person's role has no notifications. */
export type PushState = "off" | "on" | "unavailable" | "failed";

export const permission = signal<Permission>(readPermission());
export const pushState = signal<PushState>("off");

/** How often the subscription is renewed while a page is open, in milliseconds. It lasts a week. */
const RENEWAL = 12 * 3600_000;

const api: PushApi = {
  readKey: async () => (await request("GET", "Key")).public_key,
  list: async () => (await request("GET")).push_subscriptions,
  create: (form) => rest.request({ method: "POST", path: "/v1/PushSubscriptions", form }),
  remove: (sid) => request("DELETE", sid),
};

function request(method: "GET" | "DELETE", ...segments: string[]) {
  return rest.request({ method, path: ["/v1/PushSubscriptions", ...segments].join("/") });
}

function readPermission(): Permission {
  if ("Notification" in window && "serviceWorker" in navigator) return Notification.permission;
  return "standalone" in navigator && !navigator.standalone ? "home-screen" : "unsupported";
}

/** Whether this browser notifies of the messages of a user. */
export function isNotified(user: Sid): boolean {
  return preferences.value.notifiedUser === user && permission.value === "granted";
}

// --- choices of the person

/** Notify a user from now on. Call it while a press is handled: the browser asks the person then. */
export async function switchOn(user: Sid): Promise<void> {
  permission.value = await Notification.requestPermission();
  if (permission.value !== "granted") return;
  // Whether texts are shown is for each person to choose.
  const isAnother = preferences.peek().notifiedUser !== user;
  await choose(user, { notifiedUser: user, ...(isAnother && { notifyWithText: false }) });
}

export async function switchOff(user: Sid): Promise<void> {
  await choose(user, { notifiedUser: null });
}

/** Change what notifications are about and what they show. */
export async function choose(user: Sid, changes: Partial<Preferences>): Promise<void> {
  setPreferences(changes);
  await arrange(user);
}

// --- with the session

/** Notify a user while they are signed in, if they have chosen so. Returns what ends it. */
export function watchNotifications(user: Sid): () => void {
  if (!("serviceWorker" in navigator)) return () => {};
  const stop = new AbortController();
  navigator.serviceWorker.addEventListener("message", openConversation, { signal: stop.signal });
  navigator.serviceWorker.startMessages();
  void navigator.permissions?.query({ name: "notifications" }).then((status) => {
    const look = () => {
      permission.value = readPermission();
      void arrange(user);
    };
    status.addEventListener("change", look, { signal: stop.signal });
  });
  const renew = () => void arrange(user, { ifAvailable: true });
  const timer = setInterval(renew, RENEWAL);
  renew();
  return () => {
    stop.abort();
    clearInterval(timer);
  };
}

function openConversation({ data }: MessageEvent): void {
  if (data?.kind === "open" && isConversationSid(data.conversation)) location.hash = to.conversation(data.conversation);
}

/** The session has ended: nothing of its person stays on the screen, and nothing more comes if they have signed out. */
export async function endNotifications(isOver: boolean): Promise<void> {
  pushState.value = "off";
  const registration = await navigator.serviceWorker?.getRegistration();
  for (const shown of (await registration?.getNotifications()) ?? []) shown.close();
  // Its subscription ends with it. The server has ended it with the session.
  if (isOver) await registration?.unregister();
}

/** Make the worker and the subscription what the person has chosen last, in one tab at a time. */
async function arrange(user: Sid, options: LockOptions = {}): Promise<void> {
  await navigator.locks.request("partyline-inbox.notifications", options, async (lock) => {
    if (!lock) return;
    try {
      pushState.value = await (isNotified(user) ? arrangePush() : removePush());
    } catch {
      pushState.value = "failed";
    }
  });
}

async function arrangePush(): Promise<PushState> {
  const registration = await register(preferences.peek().notifyWithText);
  if (!registration.pushManager) return "unavailable";
  try {
    await subscribe(registration.pushManager, api, preferences.peek().alerts);
    return "on";
  } catch (error) {
    if (error instanceof DOMException || (error as { status?: number }).status === 403) return "unavailable";
    throw error;
  }
}

async function removePush(): Promise<PushState> {
  const registration = await navigator.serviceWorker?.getRegistration();
  if (registration?.pushManager) await unsubscribe(registration.pushManager, api);
  await registration?.unregister();
  return "off";
}

// --- the worker

type PolicyFactory = {
  createPolicy: (
    name: string,
    rules: { createScriptURL: (url: string) => string },
  ) => { createScriptURL: (url: string) => string };
};
// The policy for contents admits this one. Browsers without trusted types take the address as it is.
const policy = (window as { trustedTypes?: PolicyFactory }).trustedTypes?.createPolicy("service-worker", {
  createScriptURL: (url) => url,
});

/** Register the worker. Its address says what notifications may show. */
async function register(showsText: boolean): Promise<ServiceWorkerRegistration> {
  const address = showsText ? "./sw.js?text" : "./sw.js";
  const registration = await navigator.serviceWorker.register(policy?.createScriptURL(address) ?? address);
  await findWorker(registration);
  return registration;
}

/** Wait for the newest worker. What is said to one that only begins, or that another takes the place of, is lost. */
async function findWorker(registration: ServiceWorkerRegistration): Promise<ServiceWorker | null> {
  for (;;) {
    const worker = registration.installing ?? registration.waiting ?? registration.active;
    if (!worker || worker.state === "activated") return worker;
    await new Promise((resolve) => worker.addEventListener("statechange", resolve, { once: true }));
  }
}

/** Have the worker show a notice. */
export async function showNotice(notice: Notice): Promise<void> {
  const registration = await navigator.serviceWorker.getRegistration();
  const worker = registration && (await findWorker(registration));
  worker?.postMessage(notice);
}

/** Take the notification of a conversation from the screen: it has been read. */
export async function withdrawNotice(conversation: Sid): Promise<void> {
  const registration = await navigator.serviceWorker?.getRegistration();
  for (const shown of (await registration?.getNotifications({ tag: conversation })) ?? []) shown.close();
}
