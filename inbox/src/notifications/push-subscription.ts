/** The push subscription of this browser, here and at the server (docs/push.md). */

export type Scope = "mine" | "all";
type Listed = { sid: string; endpoint: string };

/** The requests of `PushSubscriptions`. */
export type PushApi = {
  readKey: () => Promise<string>;
  list: () => Promise<Listed[]>;
  create: (form: { Endpoint: string; P256dh: string; Auth: string; Scope: Scope }) => Promise<unknown>;
  remove: (sid: string) => Promise<unknown>;
};

/**
 * Subscribe, or renew what there is, for the person who is signed in. Rejects with a DOMException where the browser
 * cannot.
 */
export async function subscribe(manager: PushManager, api: PushApi, scope: Scope): Promise<void> {
  const [key, listed, held] = await Promise.all([api.readKey(), api.list(), manager.getSubscription()]);
  const isOurs = listed.some(({ endpoint }) => endpoint === held?.endpoint);
  // One that is not listed is another person's, or has ended.
  if (held && !(isOurs && isOfKey(held, key))) await held.unsubscribe();
  const subscription = await manager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  const { endpoint = "", keys } = subscription.toJSON();
  await api.create({ Endpoint: endpoint, P256dh: keys?.p256dh ?? "", Auth: keys?.auth ?? "", Scope: scope });
}

/** End the subscription of this browser, if there is one. */
export async function unsubscribe(manager: PushManager, api: PushApi): Promise<void> {
  const held = await manager.getSubscription();
  if (!held) return;
  // First here: then nothing is shown any more, whatever the server answers.
  await held.unsubscribe();
  const ours = (await api.list()).find(({ endpoint }) => endpoint === held.endpoint);
  if (ours) await api.remove(ours.sid);
}

function isOfKey({ options }: PushSubscription, key: string): boolean {
  const bytes = new Uint8Array(options.applicationServerKey ?? new ArrayBuffer(0));
  const held = btoa(String.fromCharCode(...bytes));
  return held.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "") === key;
}
