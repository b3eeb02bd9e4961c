import { beforeEach, expect, test } from "vitest";
import { type PushApi, type Scope, subscribe, unsubscribe } from "../../src/notifications/push-subscription.ts";

const KEY = "BOr_-w";
const OTHER_KEY = "AAAA";

/** A browser with a push service: what it was asked is in `calls`. */
class FakeManager {
  held: PushSubscription | null = null;
  calls: string[] = [];
  #count = 0;

  hold(endpoint: string, key: string): void {
    const bytes = Uint8Array.from(atob(key.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
    this.held = {
      endpoint,
      options: { applicationServerKey: bytes.buffer, userVisibleOnly: true },
      toJSON: () => ({ endpoint, keys: { p256dh: "p", auth: "a" } }),
      unsubscribe: async () => {
        this.calls.push(`unsubscribe ${endpoint}`);
        this.held = null;
        return true;
      },
    } as unknown as PushSubscription;
  }

  async getSubscription() {
    return this.held;
  }

  async subscribe({ applicationServerKey }: PushSubscriptionOptionsInit) {
    this.calls.push(`subscribe ${applicationServerKey}`);
    this.#count += 1;
    if (!this.held) this.hold(`new ${this.#count}`, applicationServerKey as string);
    return this.held;
  }
}

class FakeApi implements PushApi {
  listed: { sid: string; endpoint: string }[] = [];
  calls: unknown[] = [];
  readKey = async () => KEY;
  list = async () => this.listed;
  create = async (form: { Endpoint: string; P256dh: string; Auth: string; Scope: Scope }) => this.calls.push(form);
  remove = async (sid: string) => this.calls.push(sid);
}

let browser: FakeManager;
let api: FakeApi;
const manager = () => browser as unknown as PushManager;
const form = (Endpoint: string, Scope: Scope) => ({ Endpoint, P256dh: "p", Auth: "a", Scope });

beforeEach(() => {
  browser = new FakeManager();
  api = new FakeApi();
});

test("a browser without a subscription gets one, with the key of the stack", async () => {
  await subscribe(manager(), api, "mine");
  expect(browser.calls).toEqual([`subscribe ${KEY}`]);
  expect(api.calls).toEqual([form("new 1", "mine")]);
});

test("the person's own is renewed, with another scope if they have chosen so", async () => {
  browser.hold("held", KEY);
  api.listed = [{ sid: "WP1", endpoint: "held" }];
  await subscribe(manager(), api, "all");
  expect(browser.calls).toEqual([`subscribe ${KEY}`]);
  expect(api.calls).toEqual([form("held", "all")]);
});

test("one of another person, or one that has ended, is given up", async () => {
  browser.hold("held", KEY);
  api.listed = [{ sid: "WP1", endpoint: "of another browser" }];
  await subscribe(manager(), api, "mine");
  expect(browser.calls).toEqual(["unsubscribe held", `subscribe ${KEY}`]);
  expect(api.calls).toEqual([form("new 1", "mine")]);
});

test("so is one for another stack's key", async () => {
  browser.hold("held", OTHER_KEY);
  api.listed = [{ sid: "WP1", endpoint: "held" }];
  await subscribe(manager(), api, "mine");
  expect(browser.calls).toEqual(["unsubscribe held", `subscribe ${KEY}`]);
});

test("it ends here and at the server", async () => {
  browser.hold("held", KEY);
  api.listed = [{ sid: "WP1", endpoint: "held" }];
  await unsubscribe(manager(), api);
  expect(browser.calls).toEqual(["unsubscribe held"]);
  expect(api.calls).toEqual(["WP1"]);
});

test("it ends here also if the server does not answer", async () => {
  browser.hold("held", KEY);
  api.list = () => Promise.reject(new Error("no answer"));
  await expect(unsubscribe(manager(), api)).rejects.toThrow("no answer");
  expect(browser.held).toBeNull();
});

test("without one there is nothing to ask", async () => {
  api.list = () => Promise.reject(new Error("asked"));
  await unsubscribe(manager(), api);
  expect(browser.calls).toEqual([]);
});
