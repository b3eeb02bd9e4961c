import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { LiveEvent } from "../../../clients/javascript/live.js";
import { CONVERSATION } from "../support/answers.ts";
import { type FakeLive, LiveBrowser } from "../support/fake-live.ts";

const OTHER = `CH${"2".repeat(32)}`;
let browser: LiveBrowser;

function added(index: number, conversation = CONVERSATION): LiveEvent {
  return { type: "onMessageAdded", conversation, parameters: { Index: String(index), ConversationSid: conversation } };
}
const indexes = (events: LiveEvent[]) => events.map((event) => ("parameters" in event ? event.parameters.Index : null));
const flush = () => vi.advanceTimersByTimeAsync(0);
/** The only connection that is not closed. */
function current(): FakeLive {
  const [connection, ...others] = browser.current;
  expect(others).toEqual([]);
  if (!connection) throw new Error("no connection");
  return connection;
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"] });
  browser = new LiveBrowser();
});
afterEach(() => {
  for (const { hub } of browser.tabs) hub.stop();
  vi.useRealTimers();
});

describe("25 tabs", () => {
  it("have one connection, and all get its events and its state", async () => {
    for (let count = 0; count < 25; count += 1) browser.open();
    await flush();
    current().report("open");
    current().say(added(0));
    await flush();
    expect(browser.connections).toHaveLength(1);
    for (const tab of browser.tabs) {
      expect(tab.kind).toBe("open");
      expect(indexes(tab.events)).toEqual(["0"]);
      expect(tab.openings).toBe(1);
    }
  });

  it("are followed together: what any of them shows", async () => {
    const [one, two] = [browser.open(), browser.open()];
    await flush();
    const endOne = one.hub.follow(CONVERSATION, 4);
    const endTwo = two.hub.follow(CONVERSATION, 4);
    two.hub.follow(OTHER, 0);
    await flush();
    expect([...current().followed.keys()]).toEqual([CONVERSATION, OTHER]);
    endOne();
    await flush();
    expect(current().followed.has(CONVERSATION)).toBe(true);
    endTwo();
    endTwo();
    await flush();
    expect([...current().followed.keys()]).toEqual([OTHER]);
  });

  it("each get what they lack, though another one is further on", async () => {
    const [one, two] = [browser.open(), browser.open()];
    await flush();
    one.hub.follow(CONVERSATION, 4);
    current().say(added(5));
    two.hub.follow(CONVERSATION, 3);
    await flush();
    expect(current().followed.get(CONVERSATION)).toBe(3);
  });

  it("say together who is writing", async () => {
    const [, two] = [browser.open(), browser.open()];
    await flush();
    two.hub.typing(CONVERSATION);
    await flush();
    expect(current().typed).toEqual([CONVERSATION]);
  });
});

describe("a tab that joins later", () => {
  it("learns the state, and reads nothing again for it", async () => {
    browser.open();
    await flush();
    current().report("open");
    const late = browser.open();
    await flush();
    expect(late.kind).toBe("open");
    expect(late.openings).toBe(0);
  });
});

describe("a tab that is closed", () => {
  it("is not followed for any more", async () => {
    const [, two] = [browser.open(), browser.open()];
    await flush();
    two.hub.follow(OTHER, 0);
    await flush();
    two.kill();
    await flush();
    expect([...current().followed.keys()]).toEqual([]);
  });

  it("is replaced at once if it led, and the next one goes on from where the tabs are", async () => {
    const [one, two, three] = [browser.open(), browser.open(), browser.open()];
    await flush();
    current().report("open");
    three.hub.follow(CONVERSATION, 4);
    await flush();
    current().say(added(5));
    await flush();
    one.kill();
    browser.connections[0]?.close();
    await flush();
    current().report("open");
    await flush();
    expect(current().followed).toEqual(new Map([[CONVERSATION, 5]]));
    expect([two.kind, three.kind]).toEqual(["open", "open"]);
    expect([two.openings, three.openings]).toEqual([2, 2]);
  });
});

describe("a leader that is frozen", () => {
  it("is replaced within two seconds", async () => {
    const [one, two] = [browser.open(), browser.open()];
    await vi.advanceTimersByTimeAsync(5_000);
    expect(browser.connections).toHaveLength(1);
    one.isFrozen = true;
    await vi.advanceTimersByTimeAsync(2_000);
    expect(browser.connections).toHaveLength(2);
    browser.connections[1]?.report("open");
    expect(two.kind).toBe("open");
  });

  it("follows the others when it is awake again", async () => {
    const [one, two] = [browser.open(), browser.open()];
    one.isFrozen = true;
    await vi.advanceTimersByTimeAsync(2_000);
    one.isFrozen = false;
    await flush();
    current().report("open");
    current().say(added(7));
    await flush();
    expect(indexes(one.events)).toEqual(["7"]);
    two.kill();
    browser.connections[1]?.close();
    await flush();
    current().report("open");
    expect(one.kind).toBe("open");
  });

  it("is not looked for by tabs in the background", async () => {
    const [one, two] = [browser.open(), browser.open()];
    await flush();
    two.isVisible = false;
    one.isFrozen = true;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(browser.connections).toHaveLength(1);
  });
});

describe("a leader in the background", () => {
  it("leaves it to a visible tab to connect again", async () => {
    const [one] = [browser.open(), browser.open()];
    await flush();
    current().report("open");
    one.isVisible = false;
    current().report("waiting");
    await vi.advanceTimersByTimeAsync(1_000);
    expect(browser.connections).toHaveLength(2);
    expect(browser.connections[0]?.isClosed).toBe(true);
  });
});

describe("the network", () => {
  it("makes the connection anew at once when it is back, from where it was", async () => {
    const tab = browser.open();
    await flush();
    current().report("open");
    tab.hub.follow(CONVERSATION, 4);
    current().say(added(5));
    browser.isOnline = false;
    tab.hub.setOnline(false);
    expect(tab.kind).toBe("offline");
    current().report("waiting");
    const { since } = tab.states.at(-1) ?? {};
    await vi.advanceTimersByTimeAsync(300_000);
    tab.hub.setOnline(true);
    expect(tab.states.at(-1)).toEqual({ kind: "connecting", since });
    current().report("open");
    expect(tab.kind).toBe("open");
    expect(current().followed).toEqual(new Map([[CONVERSATION, 5]]));
    expect(tab.openings).toBe(2);
  });

  it("is not missed where the connection opens without it, as to this machine", async () => {
    const tab = browser.open();
    await flush();
    tab.hub.setOnline(false);
    current().report("open");
    expect(tab.kind).toBe("open");
    tab.hub.setOnline(true);
    expect(tab.openings).toBe(1);
  });
});

describe("tokens", () => {
  it("are fresh after the first, since one may be what the connection was refused for", async () => {
    const tab = browser.open();
    await flush();
    tab.hub.setOnline(false);
    tab.hub.setOnline(true);
    expect(browser.tokens[0]).toBe(false);
    expect(browser.tokens.slice(1).every(Boolean)).toBe(true);
  });
});
