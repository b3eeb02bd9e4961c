import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

type Module = typeof import("../../src/session/session.ts");

let app: Module;
/** What the server answers to `GET /session` and to `POST /session/token`, when a test lets it. */
let answers: Record<"session" | "token", PromiseWithResolvers<Response>>;

const answer = (status: number, body: unknown = {}) => new Response(JSON.stringify(body), { status });
const tokenOf = (identity: string) => answer(200, { token: "t", identity, date_expires: "2126-11-28T13:00:00Z" });
const sessionOf = (identity: string) => answer(200, { user: { identity } });
const flush = () => new Promise((resolve) => setTimeout(resolve, 0));

beforeEach(async () => {
  vi.stubGlobal("document", { baseURI: "https://texts.example/prod/inbox/" });
  answers = { session: Promise.withResolvers(), token: Promise.withResolvers() };
  vi.stubGlobal("fetch", (url: string) => answers[url.endsWith("/token") ? "token" : "session"].promise);
  vi.resetModules();
  app = await import("../../src/session/session.ts");
});
afterEach(() => {
  vi.unstubAllGlobals();
});

async function signIn(): Promise<void> {
  answers.session.resolve(sessionOf("ben"));
  answers.token.resolve(tokenOf("ben"));
  await app.loadSession();
  answers.token = Promise.withResolvers();
}

describe("a session", () => {
  it.each([
    [401, "ended"],
    [403, "no-access"],
  ])("that the server refuses with %i is %s", async (status, kind) => {
    await signIn();
    expect(app.sessionState.value.kind).toBe("signed-in");
    answers.token.resolve(answer(status));
    await expect(app.refreshToken()).rejects.toBeInstanceOf(app.SessionEndedError);
    expect(app.sessionState.value.kind).toBe(kind);
  });

  it("goes on when the server does not answer as it should", async () => {
    await signIn();
    answers.token.resolve(answer(500));
    await expect(app.refreshToken()).rejects.toThrow("500");
    expect(app.sessionState.value.kind).toBe("signed-in");
  });
});

describe("a token", () => {
  it("is forgotten when the session has ended in another tab", async () => {
    await signIn();
    await expect(app.accessToken()).resolves.toBe("t");
    app.sessionState.value = { kind: "signed-out" };
    answers.token.resolve(answer(401));
    await expect(app.accessToken()).rejects.toBeInstanceOf(app.SessionEndedError);
  });

  it("that comes after the session has ended is not kept", async () => {
    await signIn();
    const asked = app.refreshToken();
    app.sessionState.value = { kind: "signed-out" };
    answers.token.resolve(tokenOf("ben"));
    await expect(asked).rejects.toBeInstanceOf(app.SessionEndedError);
  });

  it("of who was signed in before is not used for who is now", async () => {
    answers.token.resolve(tokenOf("ann"));
    answers.session.resolve(answer(500));
    await app.loadSession();
    await app.accessToken();
    [answers.session, answers.token] = [Promise.withResolvers(), Promise.withResolvers()];
    answers.session.resolve(sessionOf("ben"));
    await app.retrySession();
    answers.token.resolve(answer(200, { token: "ben's", identity: "ben", date_expires: "2126-11-28T13:00:00Z" }));
    await expect(app.accessToken()).resolves.toBe("ben's");
  });
});

describe("a page that opens", () => {
  it.each(["session", "token"] as const)(
    "says that there is no access, whatever is answered beside %s",
    async (first) => {
      const loading = app.loadSession();
      answers[first].resolve(answer(403));
      await flush();
      expect(app.sessionState.value.kind).toBe("no-access");
      // The first answer has taken the cookie away.
      answers[first === "token" ? "session" : "token"].resolve(answer(401));
      await loading;
      await flush();
      expect(app.sessionState.value.kind).toBe("no-access");
    },
  );
});
