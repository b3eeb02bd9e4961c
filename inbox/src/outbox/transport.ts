/** The requests of the outbox: each is made once, since the outbox repeats them itself, also after a reload. */

import { ApiError, Rest } from "../../../clients/javascript/rest.js";
import { conversationPath } from "../api/reads.ts";
import type { Sid } from "../api/types.ts";
import { API_URL, accessToken, refreshToken } from "../session/session.ts";
import type { EntryFile, SentAnswer, StoredEntry } from "./entry.ts";
import type { Transport } from "./outbox.ts";

const UNAUTHORIZED = 401;
/** Milliseconds that a slow connection may take to carry a file. */
const UPLOAD_TIMEOUT = 5 * 60_000;

/** A client that makes each request once. The token is new whenever the API has refused one. */
function buildRest(): Rest {
  let isFirst = true;
  const token = () => {
    if (!isFirst) return refreshToken();
    isFirst = false;
    return accessToken();
  };
  return new Rest({ url: API_URL, token, attempts: 1 });
}

export function buildTransport(): Transport {
  const rest = buildRest();
  return {
    post: (entry, signal) => post(rest, entry, signal),
    upload: async (file, content, onProgress, signal) => {
      const form = { token: await accessToken(), file, content, onProgress, signal };
      const first = await upload(form);
      // It was refused before anything was done.
      const answer = first.status === UNAUTHORIZED ? await upload({ ...form, token: await refreshToken() }) : first;
      return readSid(answer);
    },
  };
}

function post(rest: Rest, entry: StoredEntry, signal: AbortSignal): Promise<SentAnswer> {
  const form = {
    Author: entry.author,
    Body: entry.body || null,
    MediaSid: entry.files.map(({ sid }) => sid),
    Attributes: { client_ref: entry.key },
    SendAt: entry.send_at,
  };
  const path = conversationPath(entry.conversation, "Messages");
  return rest.request({ method: "POST", path, form, key: entry.key, signal });
}

type Upload = {
  token: string;
  file: EntryFile;
  content: Blob;
  onProgress: (share: number) => void;
  signal: AbortSignal;
};

/** Upload by XMLHttpRequest, since `fetch` does not say how much it has sent. */
function upload({ token, file, content, onProgress, signal }: Upload): Promise<XMLHttpRequest> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `${API_URL}/v1/Media?${new URLSearchParams({ Filename: file.name })}`);
    request.timeout = UPLOAD_TIMEOUT;
    request.setRequestHeader("Authorization", `Bearer ${token}`);
    request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
    request.setRequestHeader("Idempotency-Key", file.key);
    request.upload.onprogress = ({ loaded, total }) => onProgress(total ? loaded / total : 1);
    request.onload = () => resolve(request);
    request.onerror = request.ontimeout = () => reject(new ApiError("no answer"));
    const stop = () => {
      request.abort();
      reject(signal.reason);
    };
    signal.addEventListener("abort", stop, { once: true });
    request.onloadend = () => signal.removeEventListener("abort", stop);
    if (signal.aborted) stop();
    else request.send(content);
  });
}

function readSid(request: XMLHttpRequest): Sid {
  const body = parse(request.responseText);
  if (request.status < 300 && typeof body.sid === "string") return body.sid;
  const retryAfter = request.getResponseHeader("Retry-After");
  throw new ApiError(String(body.message ?? request.statusText), {
    status: request.status,
    code: Number(body.code ?? 0),
    details: (body.details ?? {}) as Record<string, unknown>,
    retryAfter: retryAfter && /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : null,
  });
}

function parse(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text);
  } catch {
    // Not every server on the way answers in JSON.
    return {};
  }
}
