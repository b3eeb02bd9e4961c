/** CSV files that the API answers in parts: the contacts, and the rejected rows of an import. */

import { ApiError } from "../../../clients/javascript/rest.js";
import type { Sid } from "../api/types.ts";
import { API_URL, accessToken } from "../session/session.ts";
import { parseAfter } from "./parts.ts";

/** Have the browser save all contacts. */
export async function downloadContacts(): Promise<void> {
  save(await readParts("/v1/Contacts/Export"), "contacts.csv");
}

/** Have the browser save the rejected rows of an import, as a file that can be mended and imported again. */
export async function downloadRejected(contactImport: Sid): Promise<void> {
  save(await readParts(`/v1/Contacts/Imports/${contactImport}/Rejected`), "rejected.csv");
}

/** Read all parts, which one after the other are one file. */
async function readParts(path: string): Promise<Blob> {
  const parts: string[] = [];
  let after: string | null = "";
  while (after !== null) {
    const query: string = after ? `?After=${encodeURIComponent(after)}` : "";
    const answer: Response = await fetch(`${API_URL}${path}${query}`, {
      headers: { Authorization: `Bearer ${await accessToken()}` },
    });
    if (!answer.ok) throw new ApiError(answer.statusText, { status: answer.status });
    parts.push(await answer.text());
    after = parseAfter(answer.headers.get("Link"));
  }
  return new Blob(parts, { type: "text/csv" });
}

function save(content: Blob, name: string): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
