// Talking to the simulation.

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

const handset = (number, part) => `/handsets/${encodeURIComponent(number)}/${part}`;

export const lines = () => ask("/lines");
export const threads = (number) => ask(handset(number, "threads"));

export const write = (number, to, text, media) =>
  ask(handset(number, "messages"), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ to, text, media }),
  });

/** Upload a file that `number` is about to send; the result has its `url`. */
export const attach = (number, file) =>
  ask(handset(number, "media"), {
    method: "POST",
    headers: { "Content-Type": file.type || "application/octet-stream" },
    body: file,
  });

// Calls `onEvent` for everything that happens and `onState` with whether we are listening.
export function listen(onEvent, onState) {
  const source = new EventSource("/events");
  source.onopen = () => onState(true);
  source.onerror = () => onState(false);
  source.onmessage = (message) => onEvent(JSON.parse(message.data));
}
