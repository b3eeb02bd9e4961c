// Talking to the simulation and, with credentials added on the way, to the API.

async function ask(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Error("The local process does not answer.");
  }
  const body = await response.json().catch(() => null);
  if (!response.ok) throw new Error(body?.message ?? `${response.status} ${response.statusText}`);
  return body;
}

/** @param {unknown} error */
export const messageOf = (error) => (error instanceof Error ? error.message : String(error));

export const lines = () => ask("/lines");
export const threads = (number) => ask(`/handsets/${encodeURIComponent(number)}/threads`);

export const write = (number, to, text, media = []) =>
  ask(`/handsets/${encodeURIComponent(number)}/messages`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ to, text, media }),
  });

// A file as it is: to the network of handsets, or to the API.
const upload = (path) => (file) =>
  ask(path, { method: "POST", headers: { "Content-Type": file.type || "application/octet-stream" }, body: file });

export const attach = (number) => upload(`/handsets/${encodeURIComponent(number)}/media`);

export const uploadTo = (service, name) =>
  upload(`/agent/v1/Services/${service}/Media?${new URLSearchParams({ Filename: name })}`);

export const mediaUrl = (service, sid) => `/agent/v1/Services/${service}/Media/${sid}/Content`;

export const api = (path) => ask(`/agent/v1/${path}`);

// An access token for live events.
export const token = async () => (await ask("/agent/token", { method: "POST" })).token;

export const post = (path, form) => ask(`/agent/v1/${path}`, { method: "POST", body: new URLSearchParams(form) });

// Calls `onEvent` for everything that happens and `onState` with whether we are listening.
export function listen(onEvent, onState) {
  const source = new EventSource("/events");
  source.onopen = () => onState(true);
  source.onerror = () => onState(false);
  source.onmessage = (message) => onEvent(JSON.parse(message.data));
}
